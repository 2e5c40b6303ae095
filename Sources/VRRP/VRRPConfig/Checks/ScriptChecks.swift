// Whether scripts exist, can run, and cannot be changed by others while they run as root.
// keepalived.conf(5): SCRIPTS, enable_script_security.

import ConfigLanguage

/// Checks of commands.
struct ScriptChecks {
    private let configuration: VRRPConfiguration
    private let surroundings: VRRPSurroundings

    /// Checks of a configuration in a world.
    init(_ configuration: VRRPConfiguration, _ surroundings: VRRPSurroundings) {
        self.configuration = configuration
        self.surroundings = surroundings
    }

    /// Looks at every command once.
    func run(_ remarks: inout Remarks) {
        var seen: Set<String> = []
        var runsAsRoot = false
        for (command, purpose, place) in commands {
            guard let program = command.arguments.first else { continue }
            let isRoot = command.user == "root" || (command.user == nil && surroundings.isRoot)
            guard seen.insert("\(program) \(isRoot)").inserted else { continue }
            guard let path = find(program) else {
                remarks.warn(
                    "the script '\(program)' of \(purpose) is not there: every run will fail",
                    at: place)
                continue
            }
            guard let file = surroundings.scriptFile(path) else { continue }
            if !file.isExecutable {
                remarks.warn(
                    "the script '\(path)' of \(purpose) cannot be executed: every run will fail",
                    at: place)
            }
            guard isRoot else { continue }
            runsAsRoot = true
            guard let part = file.writablePart else { continue }
            if configuration.global.enforcesScriptSecurity {
                remarks.distrust(
                    "the script '\(path)' of \(purpose) runs as root, but others can write "
                        + "'\(part)': it will not be run (enable_script_security)", at: place)
            } else {
                remarks.distrust(
                    "the script '\(path)' of \(purpose) runs as root, and others can write "
                        + "'\(part)': whoever can write it becomes root; 'enable_script_security' "
                        + "refuses to run it", at: place)
            }
        }
        if runsAsRoot, !configuration.global.enforcesScriptSecurity {
            remarks.distrust(
                "scripts run as root and nothing secures them: name a 'script_user', or write "
                    + "'enable_script_security'", at: nil)
        }
    }

    /// The path of a program; a name without a slash is looked for where the system keeps programs.
    private func find(_ program: String) -> String? {
        if program.contains("/") {
            return surroundings.scriptFile(program) == nil ? nil : program
        }
        let path = surroundings.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        for directory in path.split(separator: ":") {
            let candidate = "\(directory)/\(program)"
            if surroundings.scriptFile(candidate) != nil { return candidate }
        }
        return nil
    }

    private var commands: [(ScriptCommand, String, SourceLocation?)] {
        let global = configuration.global
        var all: [(ScriptCommand?, String, SourceLocation?)] = [
            (global.startupScript, "startup_script", nil),
            (global.shutdownScript, "shutdown_script", nil),
            (global.notifyFifo?.script, "notify_fifo_script", nil),
            (global.vrrpNotifyFifo?.script, "vrrp_notify_fifo_script", nil),
        ]
        all += configuration.scripts.map { script in
            (script.command, "vrrp_script '\(script.name)'", script.place.location)
        }
        for instance in configuration.instances {
            let place = instance.place.location
            all += instance.notify.commands.map { ($0, "'\(instance.name)'", place) }
        }
        for group in configuration.syncGroups {
            let place = group.place.location
            all += group.notify.commands.map { ($0, "'\(group.name)'", place) }
        }
        return all.compactMap { command, purpose, place in command.map { ($0, purpose, place) } }
    }
}

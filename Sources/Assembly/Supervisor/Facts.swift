// What configurations and conditions may ask about this program and this start.

import ConfigLanguage
import Kernel
import Logs

/// Facts about the program.
enum Facts {
    /// What the program can do, however it is started. A name stands here only when the feature
    /// works: configurations decide by it what they use.
    static let ofProgram = ConfigurationFacts(
        version: ProgramVersion(Version.compatibility),
        features: [
            "ACCEPT4", "CPU_AFFINITY", "EPOLL", "GETADDRINFO", "LINUX_SPLICE", "THREAD", "TPROXY",
        ],
        enabledOptions: ["EPOLL", "FAST-FORWARD", "GETADDRINFO", "REUSEPORT", "SPLICE"])

    /// The same with what the command line switched off.
    static func of(_ options: Options) -> ConfigurationFacts {
        var facts = ofProgram
        if options.avoidsReusePort { facts.enabledOptions.remove("REUSEPORT") }
        if options.avoidsSplice { facts.enabledOptions.subtract(["SPLICE", "FAST-FORWARD"]) }
        if options.trustsServers { facts.enabledOptions.insert("SERVER-SSL-VERIFY-NONE") }
        return facts
    }

    /// The environment the process was started with. A reload begins from it again, not from what
    /// `setenv` lines of the files before have made of it.
    private static let environmentAtStart = environmentNow

    /// The environment as it is, with what the present configuration has made of it.
    static var environmentNow: [String: String] {
        var values: [String: String] = [:]
        for entry in ProcessEnvironment.entries {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
        return values
    }

    /// The process's environment with what the program adds to it while files are read.
    static func environment(_ options: Options) -> Environment {
        var values = environmentAtStart
        values["HAPROXY_STARTUP_VERSION"] = Version.compatibility
        values["HAPROXY_BRANCH"] = Version.branch
        values["HAPROXY_LOCALPEER"] = options.localPeer ?? CurrentProcess.hostName
        values.merge(StandardFormat.variables) { $1 }
        return Environment(values)
    }
}

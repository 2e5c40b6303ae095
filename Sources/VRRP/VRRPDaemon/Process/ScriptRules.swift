// Under which conditions commands of the configuration run: as whom, by which path, and whether
// they may run at all. keepalived.conf(5): script_user, enable_script_security, use_symlink_paths.

import Kernel
import VRRPConfig
import VRRPTracking

/// Makes commands that can be run out of configured ones.
struct ScriptRules {
    /// `enable_script_security`.
    let enforcesSecurity: Bool
    /// `use_symlink_paths`.
    let keepsLinks: Bool
    private let log: DaemonLog

    init(_ global: GlobalDefinitions, _ log: DaemonLog) {
        enforcesSecurity = global.enforcesScriptSecurity
        keepsLinks = global.keepsSymbolicLinks
        self.log = log
    }

    /// The command with the account it runs under; nil, and a line, where there is no such account
    /// or the command is not secure enough.
    func runnable(_ command: VRRPConfig.ScriptCommand) -> VRRPTracking.ScriptCommand? {
        guard let made = account(command) else { return nil }
        if let flaw = flaw(of: made) {
            log.say(
                .error, "script \(made.name) is not run: \(flaw) (enable_script_security)")
            return nil
        }
        return made
    }

    /// What makes a command too insecure to be run; nil where it may run.
    func flaw(of command: VRRPTracking.ScriptCommand) -> ScriptFlaw? {
        guard enforcesSecurity, let file = command.file,
            ScriptSecurity.runsAsRoot(file, identity: command.identity)
        else { return nil }
        return ScriptSecurity.flaw(of: file)
    }

    /// The command under its account, secure or not; nil, and a line, where there is no account.
    func account(_ command: VRRPConfig.ScriptCommand) -> VRRPTracking.ScriptCommand? {
        guard let user = command.user else {
            return VRRPTracking.ScriptCommand(words: command.arguments, keepsLinks: keepsLinks)
        }
        guard let account = UserAccount(named: user) else {
            log.say(.error, "no user \(user) for script \(command.arguments.first ?? "")")
            return nil
        }
        var groupID: UInt32?
        if let group = command.group {
            guard let found = GroupAccount(named: group) else {
                log.say(.error, "no group \(group) for script \(command.arguments.first ?? "")")
                return nil
            }
            groupID = found.id
        }
        return VRRPTracking.ScriptCommand(
            words: command.arguments, identity: ProcessIdentity(account, groupID: groupID),
            keepsLinks: keepsLinks)
    }
}

// Under which conditions commands of the configuration run: as whom, by which path, and whether
// they may run at all. keepalived.conf(5): script_user, enable_script_security, use_symlink_paths.

import Kernel
import VRRPConfig
import VRRPTracking

/// Makes commands that can be run out of configured ones. Accounts are looked up once, which may
/// ask a server: at load, not while addresses move.
final class ScriptRules {
    /// `enable_script_security`.
    let enforcesSecurity: Bool
    /// `use_symlink_paths`.
    let keepsLinks: Bool
    private let log: DaemonLog
    /// What is known of accounts and hosts already, and what is looked up.
    let book: NameBook
    /// What was found of each account; nil inside for one that is not there.
    private var accounts: [Account: ProcessIdentity?] = [:]

    private struct Account: Hashable {
        var user: String
        var group: String?
    }

    init(_ global: GlobalDefinitions, _ log: DaemonLog, _ book: NameBook = NameBook()) {
        self.book = book
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
        let key = Account(user: user, group: command.group)
        let known = accounts[key] ?? identity(key, for: command.arguments.first ?? "")
        accounts[key] = .some(known)
        guard let known else { return nil }
        return VRRPTracking.ScriptCommand(
            words: command.arguments, identity: known, keepsLinks: keepsLinks)
    }

    private func identity(_ wanted: Account, for script: String) -> ProcessIdentity? {
        guard let account = book.user(named: wanted.user) else {
            log.say(.error, "no user \(wanted.user) for script \(script)")
            return nil
        }
        var groupID: UInt32?
        if let group = wanted.group {
            guard let found = book.group(named: group) else {
                log.say(.error, "no group \(group) for script \(script)")
                return nil
            }
            groupID = found.id
        }
        return book.identity(of: account, groupID: groupID)
    }
}

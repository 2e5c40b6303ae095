// What stands behind the names in a configuration, each looked up once: a server of accounts or of
// host names may be slow, and the loop does not wait for it where the reading of the file has
// asked already.

import Addresses
import Kernel
import Synchronization
import VRRPConfig

/// Accounts and hosts that were looked up. Any thread may ask.
final class NameBook: Sendable {
    private struct Rights: Hashable {
        var user: String
        var groupID: UInt32
    }

    private struct Entries {
        /// Nil inside for one that is not there, here and below.
        var users: [String: UserAccount?] = [:]
        var groups: [String: GroupAccount?] = [:]
        var hosts: [String: IPAddress?] = [:]
        var identities: [Rights: ProcessIdentity] = [:]
        var lookUps = 0
    }

    private let entries = Mutex(Entries())

    /// How often the system was asked.
    var lookUps: Int { entries.withLock { $0.lookUps } }

    /// The user of that name; nil when there is none.
    func user(named name: String) -> UserAccount? {
        known(\.users[name]) { UserAccount(named: name) }
    }

    /// The group of that name; nil when there is none.
    func group(named name: String) -> GroupAccount? {
        known(\.groups[name]) { GroupAccount(named: name) }
    }

    /// The address of a host written as an address or a name; nil when the name has none.
    func address(of host: String) -> IPAddress? {
        known(\.hosts[host]) {
            IPAddress(host) ?? NameResolution.address(of: host, family: nil)
        }
    }

    /// A user with all groups that it is in, the first of them as wanted or its own.
    func identity(of user: UserAccount, groupID: UInt32?) -> ProcessIdentity {
        let rights = Rights(user: user.name, groupID: groupID ?? user.groupID)
        return known(\.identities[rights]) { ProcessIdentity(user, groupID: groupID) }
    }

    /// Looks up everything that the daemon asks for when it follows a configuration.
    func lookAhead(_ configuration: VRRPConfiguration) {
        for command in configuration.commands {
            guard let user = command.user.flatMap({ self.user(named: $0) }) else { continue }
            _ = identity(of: user, groupID: command.group.flatMap { group(named: $0)?.id })
        }
        let global = configuration.global
        for fifo in [global.notifyFifo, global.vrrpNotifyFifo].compactMap({ $0 }) {
            _ = fifo.user.flatMap { user(named: $0) }
            _ = fifo.group.flatMap { group(named: $0) }
        }
        if !global.mail.recipients.isEmpty { _ = address(of: global.mail.host) }
    }

    /// What is known, or is found now. Nobody waits for another's question meanwhile.
    private func known<Found: Sendable>(
        _ entry: WritableKeyPath<Entries, Found?> & Sendable, _ find: () -> Found
    ) -> Found {
        if let known = entries.withLock({ $0[keyPath: entry] }) { return known }
        let found = find()
        entries.withLock {
            $0[keyPath: entry] = .some(found)
            $0.lookUps += 1
        }
        return found
    }
}

// The accounts that a configuration names, each looked up once: a server of accounts may be slow,
// and the loop does not wait for it where the reading of the file has asked already.

import Kernel
import Synchronization

/// Accounts that were looked up. Any thread may ask.
final class AccountBook: Sendable {
    private struct Entries {
        /// Nil inside for one that is not there.
        var users: [String: UserAccount?] = [:]
        var groups: [String: GroupAccount?] = [:]
    }

    private let entries = Mutex(Entries())

    /// The user of that name; nil when there is none.
    func user(named name: String) -> UserAccount? {
        if let known = entries.withLock({ $0.users[name] }) { return known }
        let found = UserAccount(named: name)
        entries.withLock { $0.users[name] = .some(found) }
        return found
    }

    /// The group of that name; nil when there is none.
    func group(named name: String) -> GroupAccount? {
        if let known = entries.withLock({ $0.groups[name] }) { return known }
        let found = GroupAccount(named: name)
        entries.withLock { $0.groups[name] = .some(found) }
        return found
    }
}

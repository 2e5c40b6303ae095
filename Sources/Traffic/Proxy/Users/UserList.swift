// The users of a `userlist` section, with their groups and what proves who they are (configuration
// manual: userlists). Built once at load; workers look users up by name without counting
// references.

import Samples
import Structures

/// The users of a `userlist` section.
public final class UserList: Sendable {
    /// A user as the section has it.
    public struct User: Sendable {
        /// The name.
        public let name: [UInt8]
        /// The password, or its hash as of crypt(3); nil where nothing proves who it is.
        public let password: [UInt8]?
        /// Whether the password stands as it is.
        public let isPlain: Bool
        /// The groups the user is in.
        public let groups: [String]

        /// A user from its parts.
        public init(name: [UInt8], password: [UInt8]?, isPlain: Bool, groups: [String]) {
            self.name = name
            self.password = password
            self.isPlain = isPlain
            self.groups = groups
        }
    }

    /// The section's name.
    public let name: String
    /// The users, in their order.
    public let users: [User]
    /// The groups, with or without users.
    public let groups: [String]
    private let table: UserTable

    /// A list from its parts; of users with the same name the last one counts.
    public init(name: String, users: [User], groups: [String]) {
        self.name = name
        self.users = users
        self.groups = groups
        table = UserTable(users)
    }

    /// The position of the user with that name and that password; nil where there is none.
    public func user(
        _ name: Span<UInt8>, password: Span<UInt8>, _ check: PasswordCheck
    ) -> Int? {
        table.user(name, password: password, check)
    }

    /// How many groups a user is in.
    public func groupCount(of user: Int) -> Int { table.groupCount(of: user) }

    /// The name of one of a user's groups, copied into `scratch`.
    public func group(
        _ position: Int, of user: Int, _ scratch: inout SampleScratch
    ) -> Sample? {
        table.group(position, of: user, &scratch)
    }
}

/// The users of a list as workers look them up.
private struct UserTable: ~Copyable, Sendable {
    private struct Row: BitwiseCopyable {
        var password = TextRange.empty
        var hasPassword = false
        var isPlain = false
        var firstGroup: UInt32 = 0
        var groupCount: UInt32 = 0
    }

    private var texts = TextStore()
    private var index = TextIndex()
    private var rows = FlatList<Row>()
    private var groups = FlatList<TextRange>()

    init(_ users: [UserList.User]) {
        for user in users {
            let key = texts.add(user.name.span)
            index.insert(key, UInt32(rows.count), in: texts)
            var row = Row(
                hasPassword: user.password != nil, isPlain: user.isPlain,
                firstGroup: UInt32(groups.count), groupCount: UInt32(user.groups.count))
            let password = user.password ?? []
            row.password = texts.add(password.span)
            rows.append(row)
            for group in user.groups {
                let name = group.anyBytes
                groups.append(texts.add(name.span))
            }
        }
    }

    func user(_ name: Span<UInt8>, password: Span<UInt8>, _ check: PasswordCheck) -> Int? {
        guard let position = index.find(name, in: texts) else { return nil }
        let row = rows[Int(position)]
        guard row.hasPassword else { return nil }
        let known = texts[row.password]
        let isRight =
            row.isPlain
            ? password.isSameInConstantTime(as: known) : check.matches(password, hash: known)
        return isRight ? Int(position) : nil
    }

    func groupCount(of user: Int) -> Int { Int(rows[user].groupCount) }

    func group(_ position: Int, of user: Int, _ scratch: inout SampleScratch) -> Sample? {
        let row = rows[user]
        precondition(position >= 0 && position < Int(row.groupCount))
        return scratch.copy(texts[groups[Int(row.firstGroup) &+ position]])
    }
}

extension Span where Element == UInt8 {
    /// Whether both are the same text; how long that takes says nothing of where they differ.
    fileprivate func isSameInConstantTime(as known: Span<UInt8>) -> Bool {
        if count != known.count { return false }
        var difference: UInt8 = 0
        for index in 0..<count { difference |= self[index] ^ known[index] }
        return difference == 0
    }
}

// Users and groups: looking them up and becoming them.

import CLinux
import Glibc

/// A user of the system.
public struct UserAccount: Equatable, Sendable {
    public let name: String
    public let id: UInt32
    /// The group the user logs in with.
    public let groupID: UInt32

    /// The user of this name; nil when there is none.
    public init?(named wanted: String) {
        // Safety: the pointers are those that the call is to have.
        let found = unsafe Self.find { unsafe getpwnam_r(wanted, $0, $1, $2, $3) }
        guard let found else { return nil }
        self = found
    }

    /// The user of this number; nil when there is none.
    public init?(id wanted: UInt32) {
        // Safety: as above.
        let found = unsafe Self.find { unsafe getpwuid_r(wanted, $0, $1, $2, $3) }
        guard let found else { return nil }
        self = found
    }

    /// Asks by one of the calls: entry, room for its texts and its size, what was found.
    private static func find(
        _ look: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> UserAccount? {
        // Safety: the entry and the room for its texts live until they are copied.
        unsafe AccountLookup.find { room, size in
            var entry = unsafe passwd()
            var result: UnsafeMutablePointer<passwd>?
            let status = unsafe look(&entry, room, size, &result)
            return (status, unsafe result == nil ? nil : unsafe UserAccount(entry))
        }
    }

    private init(_ entry: passwd) {
        // Safety: `pw_name` is a zero-ended text that lives as long as the entry.
        name = unsafe String(cString: entry.pw_name)
        id = unsafe entry.pw_uid
        groupID = unsafe entry.pw_gid
    }
}

/// A group of the system.
public struct GroupAccount: Equatable, Sendable {
    public let id: UInt32

    private init(id: UInt32) { self.id = id }

    /// The group of this name; nil when there is none.
    public init?(named wanted: String) {
        // Safety: the entry and the room for its texts live until its number is copied.
        let found = unsafe AccountLookup.find { room, size in
            var entry = unsafe group()
            var result: UnsafeMutablePointer<group>?
            let status = unsafe getgrnam_r(wanted, &entry, room, size, &result)
            return (status, unsafe result == nil ? nil : GroupAccount(id: entry.gr_gid))
        }
        guard let found else { return nil }
        self = found
    }
}

/// Look-ups by any thread, each with room of its own for the texts of the entry.
private enum AccountLookup {
    /// Bytes of room, at most: a group with very many members.
    static let mostBytes = 1 << 22

    /// Asks with more and more room until the entry fits.
    static func find<Found>(
        _ look: (UnsafeMutablePointer<CChar>, Int) -> (status: Int32, found: Found?)
    ) -> Found? {
        var size = 4096
        while size <= mostBytes {
            // Safety: the room is used for the duration of the call.
            let answer = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) {
                unsafe look($0.baseAddress!, size)
            }
            if answer.status != ERANGE { return answer.found }
            size *= 4
        }
        return nil
    }
}

extension CurrentProcess {
    /// The effective user.
    public static var userID: UInt32 { geteuid() }

    /// The effective group.
    public static var groupID: UInt32 { getegid() }

    /// Whether the process may do everything.
    public static var isRoot: Bool { geteuid() == 0 }

    /// Becomes a member of this group, with it as its real, effective and saved group.
    public static func becomeGroup(_ id: UInt32) throws(Errno) {
        if setgid(id) < 0 { throw Errno.last }
    }

    /// Becomes this user for good: real, effective and saved.
    public static func becomeUser(_ id: UInt32) throws(Errno) {
        if setuid(id) < 0 { throw Errno.last }
    }

    /// Whether the process belongs to groups beyond its own.
    public static var hasSupplementaryGroups: Bool { getgroups(0, nil) > 0 }

    /// Leaves every supplementary group and joins these.
    public static func setSupplementaryGroups(_ ids: [UInt32]) throws(Errno) {
        // Safety: the pointer covers `count` numbers for the duration of the call.
        let status = unsafe ids.withUnsafeBufferPointer {
            unsafe CLinux.setgroups($0.count, $0.baseAddress)
        }
        if status < 0 { throw Errno.last }
    }

    /// Joins the supplementary groups the group file gives a user.
    public static func joinGroups(ofUser name: String, with group: UInt32) throws(Errno) {
        // Safety: the name is read during the call only.
        if unsafe CLinux.initgroups(name, group) < 0 { throw Errno.last }
    }
}

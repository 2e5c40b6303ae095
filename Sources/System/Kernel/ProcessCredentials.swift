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
        // Safety: the entry is valid until the next lookup; it is copied at once. Lookups are made
        // by the main thread only.
        guard let entry = unsafe getpwnam(wanted) else { return nil }
        unsafe self.init(entry.pointee)
    }

    /// The user of this number; nil when there is none.
    public init?(id wanted: UInt32) {
        // Safety: as above.
        guard let entry = unsafe getpwuid(wanted) else { return nil }
        unsafe self.init(entry.pointee)
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

    /// The group of this name; nil when there is none.
    public init?(named wanted: String) {
        // Safety: the entry is valid until the next lookup; its number is copied at once.
        guard let entry = unsafe getgrnam(wanted) else { return nil }
        id = unsafe entry.pointee.gr_gid
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

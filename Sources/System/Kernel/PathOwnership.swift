// Who owns what a path names and who may change it, without following links.

import CLinux
import Glibc

/// What stands at a path, as far as it matters for who may change it.
public struct PathEntry: Equatable, Sendable {
    /// What it is; a link has the path it points at.
    public enum Kind: Equatable, Sendable {
        case directory, file, other
        case link(to: String)
    }

    /// What it is.
    public let kind: Kind
    /// Whose it is.
    public let userID: UInt32
    /// Whose group it has.
    public let groupID: UInt32
    /// Permission bits with set-user, set-group and sticky: the low twelve.
    public let mode: UInt32

    public init(kind: Kind, userID: UInt32, groupID: UInt32, mode: UInt32) {
        self.kind = kind
        self.userID = userID
        self.groupID = groupID
        self.mode = mode
    }

    /// What is at a path itself; nil when there is nothing or it cannot be seen.
    public init?(at path: String) {
        var status = stat()
        // Safety: the path is read and `status` filled during the call only.
        if unsafe lstat(path, &status) < 0 { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: kind = .directory
        case S_IFREG: kind = .file
        case S_IFLNK:
            var room = [CChar](repeating: 0, count: Int(PATH_MAX))
            // Safety: the call writes at most `count` bytes into the array that is alive here.
            let length = unsafe readlink(path, &room, room.count)
            if length <= 0 { return nil }
            let bytes = room[..<length].map(UInt8.init(bitPattern:))
            kind = .link(to: String(decoding: bytes, as: UTF8.self))
        default: kind = .other
        }
        userID = status.st_uid
        groupID = status.st_gid
        mode = UInt32(status.st_mode) & 0o7777
    }
}

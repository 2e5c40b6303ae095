// inotify(7): hearing of changes to directories and files. Control path only.

import CLinux
import Glibc

/// What happened to a watched directory or file.
public struct FileChanges: OptionSet, Hashable, Sendable {
    /// The kernel's bits.
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A file that was open for writing was closed.
    public static let written = FileChanges(rawValue: 0x008)
    /// A name left the directory for another.
    public static let movedAway = FileChanges(rawValue: 0x040)
    /// A name came into the directory from another, or by a rename in it.
    public static let movedHere = FileChanges(rawValue: 0x080)
    /// A name was made in the directory.
    public static let created = FileChanges(rawValue: 0x100)
    /// A name was removed from the directory.
    public static let removed = FileChanges(rawValue: 0x200)
    /// What is watched was itself removed.
    public static let selfRemoved = FileChanges(rawValue: 0x400)
    /// What is watched was itself given another name.
    public static let selfMoved = FileChanges(rawValue: 0x800)
    /// Events were lost; comes without a watch.
    public static let overflow = FileChanges(rawValue: 0x4000)
    /// The watch is over.
    public static let ended = FileChanges(rawValue: 0x8000)

    /// All that can be asked for.
    public static let all: FileChanges = [
        .written, .movedAway, .movedHere, .created, .removed, .selfRemoved, .selfMoved,
    ]
}

/// One event.
public struct FileEvent: Equatable, Sendable {
    /// The number ``Inotify/watch(_:for:)`` gave; -1 for an overflow.
    public let watch: Int32
    /// What happened.
    public let changes: FileChanges
    /// The name in a watched directory; empty for what is watched itself.
    public let name: String
}

/// An inotify instance.
public struct Inotify: ~Copyable {
    private let descriptor: Descriptor
    /// Bytes taken from the kernel at once: room for some hundred events.
    private static let roomBytes = 16384

    public init() throws(Errno) {
        let number = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        if number < 0 { throw Errno.last }
        descriptor = Descriptor(owning: number)
    }

    /// The number to watch for reading.
    public var number: Int32 { descriptor.number }

    /// Watches what a path names, links followed; the same thing has the same number again.
    public func watch(_ path: String, for changes: FileChanges) throws(Errno) -> Int32 {
        // Safety: the path is read during the call only.
        let watch = unsafe inotify_add_watch(descriptor.number, path, changes.rawValue)
        if watch < 0 { throw Errno.last }
        return watch
    }

    /// Ends a watch; one that is over already is no error.
    public func unwatch(_ watch: Int32) {
        _ = inotify_rm_watch(descriptor.number, watch)
    }

    /// The events that have arrived, as many as one read gives.
    public func read() -> [FileEvent] {
        var bytes: [UInt8] = []
        guard case .bytes = descriptor.read(appendingTo: &bytes, atMost: Inotify.roomBytes) else {
            return []
        }
        return Inotify.events(in: bytes.span)
    }

    /// Events as the kernel writes them: watch(4) changes(4) cookie(4) length(4) name(length).
    static func events(in bytes: Span<UInt8>) -> [FileEvent] {
        var events: [FileEvent] = []
        var start = 0
        while start + 16 <= bytes.count {
            let length = Int(word(bytes, start + 12))
            if length > bytes.count - start - 16 { break }
            var name: [UInt8] = []
            for index in start + 16..<start + 16 + length {
                if bytes[index] == 0 { break }
                name.append(bytes[index])
            }
            events.append(
                FileEvent(
                    watch: Int32(bitPattern: word(bytes, start)),
                    changes: FileChanges(rawValue: word(bytes, start + 4)),
                    name: String(decoding: name, as: UTF8.self)))
            start += 16 + length
        }
        return events
    }

    private static func word(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
        UInt32(
            littleEndian: UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
                | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24)
    }
}

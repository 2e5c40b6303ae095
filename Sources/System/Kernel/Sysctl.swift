// Kernel parameters below /proc/sys by path, and a record that puts back what was changed. Those of
// the network belong to the calling thread's network namespace.

import CLinux
import Glibc

/// Reads and writes kernel parameters.
public enum Sysctl {
    /// Reads a parameter without its line end.
    ///
    /// - Parameter path: below /proc/sys, such as `net/ipv4/conf/eth0/arp_ignore`.
    public static func read(_ path: String) throws(Errno) -> String {
        do {
            let bytes = try Files.read("/proc/sys/\(path)", atMost: 4096)
            return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        } catch {
            switch error {
            case .failed(let failure): throw failure
            case .tooLong: throw Errno(EFBIG)
            }
        }
    }

    /// Writes a parameter.
    public static func write(_ value: String, to path: String) throws(Errno) {
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open("/proc/sys/\(path)", O_WRONLY | O_CLOEXEC, 0)
        if number < 0 { throw Errno.last }
        let descriptor = Descriptor(owning: number)
        try Files.writeAll(Array(value.utf8).span, to: descriptor)
    }

    /// A parameter of an interface, `net/ipv4/conf/NAME/PARAMETER`; names may hold dots and slashes
    /// do not occur in them.
    public static func path(ipv4 parameter: String, of interface: String) -> String {
        "net/ipv4/conf/\(interface)/\(parameter)"
    }

    /// The same for IPv6.
    public static func path(ipv6 parameter: String, of interface: String) -> String {
        "net/ipv6/conf/\(interface)/\(parameter)"
    }
}

/// What parameters were before they were changed.
public struct SysctlRecord: Equatable, Sendable {
    /// One changed parameter.
    public struct Entry: Equatable, Sendable {
        /// Below /proc/sys.
        public let path: String
        /// What it was.
        public let old: String
        /// What it was set to.
        public let new: String
    }

    /// In the order of the changes, one for each path.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// Sets a parameter and remembers what it was the first time; nothing is written where it holds
    /// already.
    public mutating func set(_ value: String, at path: String) throws(Errno) {
        let now = try Sysctl.read(path)
        if now == value { return }
        try Sysctl.write(value, to: path)
        if let index = entries.firstIndex(where: { $0.path == path }) {
            entries[index] = Entry(path: path, old: entries[index].old, new: value)
        } else {
            entries.append(Entry(path: path, old: now, new: value))
        }
    }

    /// Puts everything back, the last change first, and forgets it. A parameter that somebody else
    /// has changed since stays as it is; so does one whose interface is gone.
    public mutating func restore() {
        for entry in entries.reversed() {
            guard let now = try? Sysctl.read(entry.path), now == entry.new else { continue }
            try? Sysctl.write(entry.old, to: entry.path)
        }
        entries = []
    }
}

// The file that tells scripts which process to signal. Opened before the process loses the right to
// or the view of it, written when the number is known, left in place at the end as HAProxy does.

import Kernel

/// An open pid file.
public struct PidFile: ~Copyable {
    private let descriptor: Descriptor

    /// Creates or empties the file.
    public init(path: String) throws(Errno) {
        descriptor = try Files.create(path)
    }

    /// Writes processes, one a line, and closes the file.
    public consuming func write(_ processes: [ProcessID]) throws(Errno) {
        let text = Array(processes.map { "\($0)\n" }.joined().utf8)
        try Files.writeAll(text.span, to: descriptor)
    }
}

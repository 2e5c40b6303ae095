// Network namespaces without a name: the kernel takes them away with the last process and the last
// descriptor within, so a laboratory leaves nothing behind however it ends.

import CLinux
import Glibc

/// Why the laboratory could not do what it was told.
public struct LabFailure: Error, CustomStringConvertible {
    /// What happened.
    public let description: String

    /// A failure with its reason.
    public init(_ description: String) { self.description = description }

    /// A failed system call, with the reason of this thread's `errno`.
    static func ofSystem(_ call: String) -> LabFailure {
        // Safety: the text is the C library's own and is copied at once.
        LabFailure("\(call): \(unsafe String(cString: strerror(errno)))")
    }
}

/// One network namespace. It lives as long as this object and the processes within.
public final class NetworkNamespace: Sendable {
    /// The descriptor that holds it.
    private let number: Int32

    /// A new namespace with nothing in it but a loopback link that is down.
    public init() throws(LabFailure) {
        number = martlet_lab_new_namespace()
        if number < 0 { throw LabFailure.ofSystem("a network namespace") }
    }

    deinit { close(number) }

    /// Where other programs find it while this process lives.
    public var path: String { "/proc/\(getpid())/fd/\(number)" }

    /// Runs a closure on this thread, within the namespace: sockets made and programs started there
    /// stay there.
    public func enter<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let home = martlet_lab_namespace()
        precondition(home >= 0, "no descriptor is left")
        defer { close(home) }
        precondition(martlet_lab_enter(number) == 0, "the namespace cannot be entered")
        defer { precondition(martlet_lab_enter(home) == 0, "no way home") }
        return try body()
    }
}

// The owner of one file descriptor.

import CLinux
import Glibc

/// Owns one file descriptor and closes it when it ends.
@frozen
public struct Descriptor: ~Copyable {
    /// The number, or -1 for none.
    public let number: Int32

    /// Takes ownership of an open descriptor (or -1).
    @inlinable @inline(__always)
    public init(owning number: Int32) { self.number = number }

    /// The descriptor that is none.
    @inlinable @inline(__always)
    public init() { number = -1 }

    @inlinable
    deinit {
        if number >= 0 { _ = Glibc.close(number) }
    }

    @inlinable @inline(__always)
    public var isOpen: Bool { number >= 0 }

    /// Gives up ownership; the caller closes the number.
    @inlinable
    public consuming func surrender() -> Int32 {
        let number = self.number
        discard self
        return number
    }

    /// Closes now.
    @inlinable
    public consuming func close() {}

    /// Takes the descriptor away, leaving none.
    @inlinable
    public mutating func take() -> Descriptor {
        var taken = Descriptor()
        swap(&taken, &self)
        return taken
    }
}

/// What a read did.
@frozen
public enum ReadResult: Equatable, Sendable {
    /// That many bytes, at least one.
    case bytes(Int)
    /// Nothing to read now.
    case wouldBlock
    /// The other side will send nothing more.
    case ended
    case failed(Errno)
}

/// What a write did.
@frozen
public enum WriteResult: Equatable, Sendable {
    /// That many bytes, possibly fewer than offered.
    case bytes(Int)
    /// No room now.
    case wouldBlock
    case failed(Errno)
}

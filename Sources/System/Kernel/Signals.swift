// Signals as values and as a descriptor. They are blocked in every thread and read from a
// signalfd by the main thread, so no handler ever interrupts anything.

import CLinux
import Glibc

/// A signal.
public struct Signal: Hashable, Sendable {
    /// The number on this machine.
    public let number: Int32

    public init(_ number: Int32) { self.number = number }

    public static let hangUp = Signal(SIGHUP)
    public static let interrupt = Signal(SIGINT)
    public static let quit = Signal(SIGQUIT)
    public static let terminate = Signal(SIGTERM)
    public static let user1 = Signal(SIGUSR1)
    public static let user2 = Signal(SIGUSR2)
    public static let terminalInput = Signal(SIGTTIN)
    public static let terminalOutput = Signal(SIGTTOU)
    public static let child = Signal(SIGCHLD)
    public static let brokenPipe = Signal(SIGPIPE)
    public static let kill = Signal(SIGKILL)

    /// Makes the process take no notice of the signal.
    public func ignore() {
        _ = martlet_ignore_signal(number)
    }

    /// Gives the signal its default effect.
    public func restoreDefault() {
        _ = martlet_default_signal(number)
    }

    /// Blocks signals in the calling thread and in every thread it starts from now on.
    public static func block(_ signals: [Signal]) {
        let numbers = signals.map(\.number)
        // Safety: the pointer covers `count` numbers for the duration of the call.
        let status = unsafe numbers.withUnsafeBufferPointer {
            unsafe martlet_block_signals($0.baseAddress, $0.count)
        }
        precondition(status == 0, "blocking known signals cannot fail")
    }

    /// Unblocks everything in the calling thread, as a new program expects to find it.
    public static func unblockAll() {
        _ = martlet_unblock_all_signals()
    }
}

/// A signal that arrived.
public struct SignalArrival: Equatable, Sendable {
    public let signal: Signal
    /// Who sent it; zero is the kernel.
    public let sender: Int32
}

/// A descriptor from which blocked signals are read.
public struct SignalDescriptor: ~Copyable {
    private let descriptor: Descriptor

    /// Blocks the signals in this thread and opens a descriptor that receives them.
    public init(receiving signals: [Signal]) throws(Errno) {
        Signal.block(signals)
        let numbers = signals.map(\.number)
        // Safety: the pointer covers `count` numbers for the duration of the call.
        let number = unsafe numbers.withUnsafeBufferPointer {
            unsafe martlet_signalfd($0.baseAddress, $0.count)
        }
        if number < 0 { throw Errno.last }
        descriptor = Descriptor(owning: number)
    }

    /// The number to watch for reading.
    public var number: Int32 { descriptor.number }

    /// The next signal that arrived; nil when there is none.
    public func next() -> SignalArrival? {
        var entry = signalfd_siginfo()
        let bytes = MemoryLayout<signalfd_siginfo>.size
        while true {
            // Safety: the kernel writes whole entries of exactly this size, or nothing.
            let got = unsafe read(descriptor.number, &entry, bytes)
            if got == bytes { break }
            if got < 0 && errno == EINTR { continue }
            return nil
        }
        return SignalArrival(
            signal: Signal(Int32(entry.ssi_signo)), sender: Int32(bitPattern: entry.ssi_pid))
    }
}

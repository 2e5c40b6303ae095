// epoll behind a small owner. Sockets of streams are registered once, edge-triggered for both
// directions, and never modified; listeners are level-triggered and exclusive.

import CLinux
import Glibc

/// What happened on a descriptor.
@frozen
public struct PollEvents: OptionSet, Sendable {
    public let rawValue: UInt32

    @inlinable @inline(__always)
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable public static var readable: PollEvents { PollEvents(rawValue: 0x001) }
    @inlinable public static var writable: PollEvents { PollEvents(rawValue: 0x004) }
    @inlinable public static var error: PollEvents { PollEvents(rawValue: 0x008) }
    @inlinable public static var hangUp: PollEvents { PollEvents(rawValue: 0x010) }
    /// The other side has shut its sending direction.
    @inlinable public static var peerEnded: PollEvents { PollEvents(rawValue: 0x2000) }
    /// Only one of the pollers that watch the descriptor is woken.
    @inlinable public static var exclusive: PollEvents { PollEvents(rawValue: 1 << 28) }
    /// Report changes, not states.
    @inlinable public static var edge: PollEvents { PollEvents(rawValue: 1 << 31) }

    /// The one registration of a stream's socket.
    @inlinable public static var stream: PollEvents {
        PollEvents(rawValue: 0x001 | 0x004 | 0x2000 | 1 << 31)
    }
}

/// An epoll instance with room for a batch of events.
@safe
public struct Poller: ~Copyable {
    private let descriptor: Descriptor
    private let events: UnsafeMutablePointer<epoll_event>
    /// Events taken from the kernel at once, at most.
    public let batch: Int

    public init(batch: Int = 200) throws(Errno) {
        let number = epoll_create1(Int32(EPOLL_CLOEXEC))
        if number < 0 { throw Errno.last }
        descriptor = Descriptor(owning: number)
        // Safety: owned by this value, freed in `deinit`.
        unsafe events = .allocate(capacity: batch)
        self.batch = batch
    }

    // Safety: allocated by the initializer, given back once, and nothing outlives the poller.
    deinit { unsafe events.deallocate() }

    /// Watches a descriptor; `data` comes back with each of its events.
    public mutating func add(_ number: Int32, _ wanted: PollEvents, data: UInt64) throws(Errno) {
        try control(EPOLL_CTL_ADD, number, wanted, data)
    }

    /// Changes what is watched. Not for streams' sockets.
    public mutating func modify(_ number: Int32, _ wanted: PollEvents, data: UInt64) throws(Errno) {
        try control(EPOLL_CTL_MOD, number, wanted, data)
    }

    /// Stops watching. Closing a descriptor does the same by itself.
    public mutating func remove(_ number: Int32) throws(Errno) {
        try control(EPOLL_CTL_DEL, number, [], 0)
    }

    /// Waits for events and returns how many there are.
    ///
    /// - Parameter milliseconds: 0 polls, -1 waits for ever.
    public mutating func wait(milliseconds: Int32) -> Int {
        // Safety: `events` has room for `batch` entries.
        let count = unsafe epoll_wait(
            descriptor.number, events, Int32(truncatingIfNeeded: batch), milliseconds)
        return count > 0 ? Int(count) : 0
    }

    /// The same with a wait in nanoseconds, within the slack of the thread; -1 waits for ever.
    public mutating func wait(nanoseconds: Int64) -> Int {
        // Safety: `events` has room for `batch` entries.
        let count = unsafe martlet_epoll_wait(
            descriptor.number, events, Int32(truncatingIfNeeded: batch), nanoseconds)
        return count > 0 ? Int(count) : 0
    }

    /// The event at an index below what a wait returned.
    @inline(__always)
    public func event(at index: Int) -> (events: PollEvents, data: UInt64) {
        precondition(index >= 0 && index < batch)
        // Safety: the index is inside the block; `wait` filled it.
        return unsafe (PollEvents(rawValue: events[index].events), events[index].data.u64)
    }

    private func control(
        _ operation: Int32, _ number: Int32, _ wanted: PollEvents, _ data: UInt64
    ) throws(Errno) {
        // Safety: the union is written as the 64-bit word it is read as; `event` lives for the
        // duration of the call.
        var event = unsafe epoll_event(events: wanted.rawValue, data: epoll_data_t(u64: data))
        if unsafe epoll_ctl(descriptor.number, operation, number, &event) < 0 { throw Errno.last }
    }
}

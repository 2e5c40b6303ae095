// Work that was interrupted because its budget was spent, or that must not run inside another
// object's event. Taken up once a turn, in order, a bounded number at a time.

import Structures

/// A worker's queue of handles to be driven again.
///
/// Bound: the owner queues a live object at most once (it keeps a flag), so the queue is never
/// longer than the number of live objects.
@frozen
public struct RunQueue: ~Copyable {
    @usableFromInline var waiting: [Handle] = []
    @usableFromInline var position = 0

    public init(reserve: Int) { waiting.reserveCapacity(reserve) }

    @inlinable @inline(__always)
    public var isEmpty: Bool { position == waiting.count }

    /// Number of waiting handles.
    @inlinable
    public var count: Int { waiting.count &- position }

    @inlinable
    public mutating func push(_ handle: Handle) { waiting.append(handle) }

    /// The next handle, or nil when none waits.
    @inlinable
    public mutating func pop() -> Handle? {
        guard position < waiting.count else { return nil }
        let handle = waiting[position]
        position &+= 1
        if position == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            position = 0
        } else if position >= 4096 {
            waiting.removeFirst(position)
            position = 0
        }
        return handle
    }
}

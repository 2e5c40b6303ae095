// How other threads hand work to the control loop, bounded so that a stuck loop cannot fill memory.

import Kernel
import Synchronization

/// The inbox of a control loop. Any thread may post.
public final class Postbox: Sendable {
    /// Something the loop's thread is to do.
    public typealias Work = @Sendable (ControlLoop) -> Void

    private let work = Mutex<[Work]>([])
    private let wakeUp: WakeUp
    /// How much work may wait.
    public let limit: Int

    init(limit: Int) throws(Errno) {
        wakeUp = try WakeUp()
        self.limit = limit
    }

    var number: Int32 { wakeUp.number }

    /// Leaves work for the loop's thread; false when too much waits already.
    @discardableResult
    public func post(_ body: @escaping Work) -> Bool {
        let (isAccepted, isFirst) = work.withLock { queue in
            if queue.count >= limit { return (false, false) }
            queue.append(body)
            return (true, queue.count == 1)
        }
        if isFirst { wakeUp.signal() }
        return isAccepted
    }

    /// Takes all work in order; the loop's thread.
    func takeAll() -> [Work] {
        wakeUp.clear()
        return work.withLock { queue in
            let taken = queue
            queue = []
            return taken
        }
    }
}

/// A value of the loop's thread that other threads may carry but not open.
///
/// Safety: the value is only reached through ``value(on:)``, which demands the loop it was wrapped
/// on, and a loop is only ever in the hands of its own thread.
public struct LoopBound<Value>: @unchecked Sendable {
    private let value: Value
    private let loop: ObjectIdentifier

    public init(_ value: Value, on loop: ControlLoop) {
        self.value = value
        self.loop = ObjectIdentifier(loop)
    }

    /// The value, for whoever holds its loop.
    public func value(on loop: ControlLoop) -> Value {
        precondition(ObjectIdentifier(loop) == self.loop, "the value belongs to another loop")
        return value
    }
}

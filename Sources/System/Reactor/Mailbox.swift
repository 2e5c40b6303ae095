// How other threads speak to a worker: small values in a queue, and an eventfd to wake it.

import Kernel
import Synchronization

/// A worker's inbox.
///
/// Bound: a message is posted by a stream that waits (one each), an accepted connection (bounded
/// by the connection limit) or an admin command (bounded by the admin connections), so the queue
/// holds at most as many messages as those limits allow together.
public final class Mailbox<Message: Sendable>: Sendable {
    private struct Queue {
        var messages: [Message] = []
        var isClosed = false
    }
    private let queue = Mutex(Queue())
    private let wakeUp: WakeUp

    public init() throws(Errno) { wakeUp = try WakeUp() }

    /// The descriptor that becomes readable when there is mail.
    public var number: Int32 { wakeUp.number }

    /// Leaves a message; any thread. False, and nothing left, once the mailbox is closed.
    @discardableResult
    public func post(_ message: Message) -> Bool {
        let count = queue.withLock { queue -> Int in
            if queue.isClosed { return 0 }
            queue.messages.append(message)
            return queue.messages.count
        }
        if count == 1 { wakeUp.signal() }
        return count > 0
    }

    /// Wakes the worker without a message.
    public func nudge() { wakeUp.signal() }

    /// Takes all messages in order; the worker's thread.
    public func takeAll() -> [Message] {
        wakeUp.clear()
        return queue.withLock { queue in
            let taken = queue.messages
            queue.messages = []
            return taken
        }
    }

    /// Takes all messages and refuses further ones; the worker's thread.
    public func close() -> [Message] {
        queue.withLock { queue in
            let taken = queue.messages
            queue.messages = []
            queue.isClosed = true
            return taken
        }
    }
}

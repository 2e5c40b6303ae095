// How other threads speak to a worker: small values in a queue, and an eventfd to wake it.

import Kernel
import Synchronization

/// A worker's inbox.
///
/// Bound: a message is posted by a stream that waits (one each), an accepted connection (bounded
/// by the connection limit) or an admin command (bounded by the admin connections), so the queue
/// holds at most as many messages as those limits allow together.
public final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    private let wakeUp: WakeUp

    public init() throws(Errno) { wakeUp = try WakeUp() }

    /// The descriptor that becomes readable when there is mail.
    public var number: Int32 { wakeUp.number }

    /// Leaves a message; any thread.
    public func post(_ message: Message) {
        let wasEmpty = messages.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// Wakes the worker without a message.
    public func nudge() { wakeUp.signal() }

    /// Takes all messages in order; the worker's thread.
    public func takeAll() -> [Message] {
        wakeUp.clear()
        return messages.withLock { queue in
            let taken = queue
            queue = []
            return taken
        }
    }
}

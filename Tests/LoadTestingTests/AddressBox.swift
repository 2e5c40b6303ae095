// Hands one word from a thread to the test that waits for it.

import Glibc
import Synchronization

@testable import Kernel

/// A place for one word.
final class AddressBox: Sendable {
    private let word = Mutex<String?>(nil)
    private let wakeUp: WakeUp

    init() throws { wakeUp = try WakeUp() }

    func put(_ value: String) {
        word.withLock { $0 = value }
        wakeUp.signal()
    }

    /// Waits for the word.
    func take() -> String {
        var wait = pollfd(fd: wakeUp.number, events: Int16(POLLIN), revents: 0)
        poll(&wait, 1, 20_000)
        return word.withLock { $0 } ?? "nothing within 20 seconds"
    }
}

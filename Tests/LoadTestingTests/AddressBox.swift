// Hands one word from a thread to the test that waits for it.

import Glibc
import Synchronization

/// A place for one word.
final class AddressBox: Sendable {
    private let word = Mutex<String?>(nil)

    func put(_ value: String) { word.withLock { $0 = value } }

    /// Waits for the word.
    func take() -> String {
        while true {
            if let value = word.withLock({ $0 }) { return value }
            usleep(500)
        }
    }
}

/// Waits for a thread's end.
func join(_ thread: pthread_t) { pthread_join(thread, nil) }

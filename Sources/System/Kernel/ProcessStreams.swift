// Writing text to the standard streams, without a buffer in between that a fork would double.

import Glibc

/// A standard stream that can be written.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Writes the whole text; gives up silently when nobody can take it any more.
    ///
    /// A stream that was made non-blocking by whoever shares it is waited for, a second at most.
    public func write(_ text: String) {
        var bytes = text.anyBytes[...]
        var waits = 0
        while !bytes.isEmpty {
            // Safety: the pointer covers `count` bytes for the duration of the call.
            let put = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(rawValue, buffer.baseAddress, buffer.count)
            }
            if put > 0 {
                bytes = bytes.dropFirst(put)
            } else if put < 0 && errno == EAGAIN && waits < 100 {
                waits += 1
                usleep(10_000)
            } else if put < 0 && errno != EINTR {
                return
            }
        }
    }
}

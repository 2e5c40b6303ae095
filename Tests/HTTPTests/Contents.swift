// Buffers as text, since a noncopyable value cannot stand inside an expectation.

import Bytes

/// The bytes of a buffer as text.
func contents(_ buffer: borrowing Buffer) -> String {
    var bytes: [UInt8] = []
    for index in 0..<buffer.count { bytes.append(buffer.span[index]) }
    return String(decoding: bytes, as: UTF8.self)
}

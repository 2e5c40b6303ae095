// Lines for standard output and standard error, written at once.

import Glibc

/// Prints a line at once, whatever standard output is.
func say(_ line: String) { put(line, on: 1) }

/// Prints a line of progress or complaint.
func complain(_ line: String) { put(line, on: 2) }

/// The path of a program in the folder of this one.
func siblingPath(_ name: String) -> String {
    var bytes = [CChar](repeating: 0, count: 4096)
    // Safety: the buffer is as long as it says.
    let length = unsafe readlink("/proc/self/exe", &bytes, bytes.count)
    guard length > 0 else { return name }
    let own = String(decoding: bytes[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return name }
    return own[...slash] + name
}

private func put(_ line: String, on number: Int32) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
        // Safety: the buffer is read only for the call.
        let put = unsafe bytes.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) }
        guard put > 0 else { return }
        bytes = bytes.dropFirst(put)
    }
}

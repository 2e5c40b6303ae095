// Ports for programs that are told where to listen, and ports where nobody does.

import Glibc
import Synchronization

/// Ports that nobody uses. They are not among those that the kernel gives to clients, who would
/// take them at any moment, and each is given out once, so that tests that run at the same time
/// do not meet.
public enum FreePorts {
    /// Why there was no port.
    public struct Shortage: Error {}

    /// The first and how many: below what the kernel gives to clients (from 32768 on).
    private static let first = 12_000
    private static let range = 20_000
    /// Several processes of tests begin at different places.
    private static let next = Atomic(Int.random(in: 0..<range))

    /// The first of some ports in a row.
    public static func take(_ count: Int = 1) throws(Shortage) -> Int {
        for _ in 0..<1000 {
            let place = next.wrappingAdd(count, ordering: .relaxed).oldValue % range
            // A row that would go over the end is left out, and nobody else gets its parts.
            if place + count > range { continue }
            let port = first + place
            if (port..<(port + count)).allSatisfy(isFree) { return port }
        }
        throw Shortage()
    }

    /// Whether a socket of every address can be bound to it.
    private static func isFree(_ port: Int) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        // Safety: the address lives for the duration of the call.
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound == 0
    }
}

// TCP on the loopback interface: a port that nobody else can have, and clients of its addresses.

import Glibc

/// A port of 127.0.0.1 that stays reserved for programs which share ports, as proxies do.
final class ReservedPort {
    /// The number.
    let number: UInt16
    private let descriptor: Int32

    init() {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, socklen_t(MemoryLayout<Int32>.size))
        let status = withAddress(1, 0) { bind(descriptor, $0, $1) }
        precondition(status == 0, "no port is free")
        number = portOf(descriptor)
    }

    deinit { Glibc.close(descriptor) }
}

extension WireSocket {
    /// Connects from 127.0.0.`host` to a port of 127.0.0.1; nil when nobody accepts there.
    convenience init?(port: UInt16, from host: UInt8) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isBound = withAddress(host, 0) { bind(descriptor, $0, $1) == 0 }
        guard isBound, withAddress(1, port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        self.init(adopting: descriptor)
    }

    /// The port on this side, or 0 where there is none.
    var localPort: UInt16 { withDescriptor { portOf($0) } }
}

private func portOf(_ descriptor: Int32) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(descriptor, $0, &length)
        }
    }
    guard status == 0, address.sin_family == sa_family_t(AF_INET) else { return 0 }
    return address.sin_port.bigEndian
}

private func withAddress<Result>(
    _ host: UInt8, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = (0x7f00_0000 | UInt32(host)).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

// What the kernel says of connections and addresses.

import Addresses
import Glibc
import Kernel
import Testing

@Suite struct SocketFiguresTests {
    /// A listening socket on the loopback interface.
    private static func listener() throws -> Descriptor {
        let listener = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        try listener.bind(to: RawSocketAddress(IPSocketAddress(.loopbackV4, port: 0)))
        try listener.listen(backlog: 5)
        return listener
    }

    /// A connection to a listening socket.
    private static func connection(to listener: borrowing Descriptor) throws -> Descriptor {
        let client = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        _ = try client.connect(to: listener.localAddress())
        return client
    }

    @Test func `a TCP connection has figures`() throws {
        let listener = try Self.listener()
        let client = try Self.connection(to: listener)
        let found = client.transportFigures()
        let figures = try #require(found)
        // A second over loopback would be a very long time.
        #expect(figures.roundTripMicroseconds < 1_000_000)
        #expect(figures.variationMicroseconds < 1_000_000)
        #expect(figures.lost == 0 && figures.retransmitted == 0)
        #expect(figures.selectivelyAcknowledged == 0 && figures.forwardAcknowledged == 0)
        #expect(figures.reordering > 0)
        #expect(figures.unacknowledged < 10)
    }

    @Test func `a UNIX socket has none`() throws {
        let socket = try Descriptor.socket(family: AF_UNIX, type: Int32(SOCK_STREAM.rawValue))
        let figures = socket.transportFigures()
        #expect(figures.map { $0.lost } == nil)
    }

    @Test func `an untranslated destination is the local one or unknown`() throws {
        let listener = try Self.listener()
        let client = try Self.connection(to: listener)
        let local = try client.localAddress().ip
        let wanted = client.originalDestination(isIPv6: false)?.ip
        #expect(wanted == nil || wanted?.address == local?.address)
    }

    @Test func `loopback addresses are the machine's own, others are not`() {
        #expect(LocalAddresses.hold(.loopbackV4))
        #expect(LocalAddresses.hold(IPAddress("127.1.2.3")!))
        // Addresses for documentation (RFC 5737, RFC 3849).
        #expect(!LocalAddresses.hold(IPAddress("192.0.2.77")!))
        #expect(!LocalAddresses.hold(IPAddress("2001:db8::77")!))
    }
}

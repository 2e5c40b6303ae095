// Socket addresses of all families.

import Addresses
import Glibc
import Testing

@Suite struct SocketAddressTests {
    @Test func `a connection's address takes 24 bytes and is trivial`() {
        #expect(MemoryLayout<IPSocketAddress>.stride == 24)
        func needsTrivial(_: (some BitwiseCopyable).Type) {}
        needsTrivial(IPSocketAddress.self)
    }

    @Test(arguments: ["1.2.3.4", "::", "fe80::1", "::ffff:1.2.3.4"])
    func `IP addresses survive the kernel's form`(text: String) throws {
        let address = IPSocketAddress(try #require(IPAddress(text)), port: 0x1234, scope: 0)
        var bytes = [UInt8](repeating: 0xAA, count: 28)
        var target = bytes.mutableSpan
        let count = address.writeSockaddr(into: &target)
        #expect(count == (address.address.family == .v4 ? 16 : 28))
        #expect(bytes[2] == 0x12 && bytes[3] == 0x34)
        #expect(IPSocketAddress(sockaddr: bytes.span.extracting(0..<count)) == address)
        #expect(SocketAddress(sockaddr: bytes.span.extracting(0..<count)) == .ip(address))
    }

    @Test func `the kernel's form is what the C library calls it`() throws {
        let address = IPSocketAddress(try #require(IPAddress("fe80::1")), port: 80, scope: 7)
        var bytes = [UInt8](repeating: 0, count: 28)
        var target = bytes.mutableSpan
        address.writeSockaddr(into: &target)
        let native = bytes.withUnsafeBytes { $0.loadUnaligned(as: sockaddr_in6.self) }
        #expect(Int32(native.sin6_family) == AF_INET6)
        #expect(native.sin6_port == UInt16(80).bigEndian)
        #expect(native.sin6_scope_id == 7)
        #expect(IPSocketAddress(sockaddr: bytes.span)?.scope == 7)
        let four = IPSocketAddress(.loopbackV4, port: 443)
        target = bytes.mutableSpan
        four.writeSockaddr(into: &target)
        let nativeFour = bytes.withUnsafeBytes { $0.loadUnaligned(as: sockaddr_in.self) }
        #expect(Int32(nativeFour.sin_family) == AF_INET)
        #expect(nativeFour.sin_addr.s_addr == UInt32(0x7F00_0001).bigEndian)
    }

    @Test func `short and foreign bytes are no address`() {
        #expect(SocketAddress(sockaddr: [UInt8]().span) == nil)
        #expect(SocketAddress(sockaddr: [1].span) == nil)
        #expect(SocketAddress(sockaddr: [2, 0, 0, 80, 1, 2, 3].span) == nil)
        #expect(SocketAddress(sockaddr: [UInt8](repeating: 16, count: 28).span) == nil)
    }

    @Test(arguments: [
        (UNIXSocketAddress.Kind.path, "/run/x.sock", 14), (.path, "relative", 11),
        (.abstract, "name", 110), (.abstractShort, "name", 7), (.unnamed, "", 2),
    ])
    func `UNIX addresses survive the kernel's form`(
        kind: UNIXSocketAddress.Kind, name: String, length: Int
    ) throws {
        let address = try #require(UNIXSocketAddress(kind, name: Array(name.utf8)))
        var bytes = [UInt8](repeating: 0xAA, count: SocketAddress.longestSockaddrBytes)
        var target = bytes.mutableSpan
        #expect(SocketAddress.unix(address).writeSockaddr(into: &target) == length)
        #expect(UNIXSocketAddress(sockaddr: bytes.span.extracting(0..<length)) == address)
    }

    @Test func `UNIX names are at most 107 bytes and hold no zero`() {
        #expect(UNIXSocketAddress(.path, name: Array(repeating: 0x61, count: 107)) != nil)
        #expect(UNIXSocketAddress(.path, name: Array(repeating: 0x61, count: 108)) == nil)
        #expect(UNIXSocketAddress(.path, name: [0x61, 0]) == nil)
    }

    @Test func `text has brackets for IPv6 only`() throws {
        #expect(IPSocketAddress(.loopbackV4, port: 80).description == "127.0.0.1:80")
        #expect(IPSocketAddress(.loopbackV6, port: 65535).description == "[::1]:65535")
        let longest = try #require(IPAddress("1111:2222:3333:4444:5555:6666:7777:8888"))
        #expect(IPSocketAddress(longest, port: 65535).description.utf8.count == 47)
    }
}

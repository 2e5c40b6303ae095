// IPv4 and IPv6 addresses and prefixes as text and as bytes.

import Addresses
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("0:0:0:1:0:0:0:0", "0:0:0:1::"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::ffff:102:304", "::ffff:1.2.3.4"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("fe80::00ab", "fe80::ab"),
    ])
    func `reads every RFC 4291 form and writes RFC 5952`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1..2.3",
        ":", ":::", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::2", "12345::", "g::", "1:",
        ":1", "::1%lo", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7:8::",
        "::1.2.3.4:5", "0x7f.0.0.1", "é",
    ])
    func `refuses what is no address in full`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `any address survives text and back`() {
        var generator = SplitMix(seed: 0xADD2_E555)
        for _ in 0..<2000 {
            let sparse = generator.next() & generator.next()
            let address =
                generator.next() & 1 == 0
                ? IPAddress(v4: UInt32(truncatingIfNeeded: generator.next()))
                : IPAddress(v6High: sparse & 0xFFFF_0000_FFFF, low: generator.next() & sparse)
            #expect(IPAddress(address.description) == address, "seed ADD2E555: \(address)")
        }
    }

    @Test func `any bytes parse or fail without a trap`() {
        var generator = SplitMix(seed: 0xBAD_7E87)
        let alphabet = Array("0123456789abcdefF:.%[]/- g".utf8)
        for _ in 0..<20_000 {
            let count = Int(generator.next() % 48)
            let bytes = (0..<count).map { _ in
                alphabet[Int(generator.next() % UInt64(alphabet.count))]
            }
            if let address = IPAddress(text: bytes.span) {
                #expect(IPAddress(address.description) == address)
            }
        }
    }

    @Test func `kinds of address are recognised`() throws {
        #expect(try #require(IPAddress("127.3.4.5")).isLoopback)
        #expect(IPAddress.loopbackV6.isLoopback)
        #expect(IPAddress.anyV4.isUnspecified && IPAddress.anyV6.isUnspecified)
        #expect(try #require(IPAddress("224.0.0.18")).isMulticast)
        #expect(try #require(IPAddress("ff02::1")).isMulticast)
        #expect(try #require(IPAddress("::ffff:9.8.7.6")).unmapped == IPAddress("9.8.7.6"))
        #expect(try #require(IPAddress("1.2.3.4")) < #require(IPAddress("::")))
    }

    @Test func `bytes are in network order`() throws {
        let four = try #require(IPAddress("1.2.3.4"))
        #expect((0..<4).map { four.byte(at: $0) } == [1, 2, 3, 4])
        let six = try #require(IPAddress("102:304:506:708:90a:b0c:d0e:f10"))
        #expect((0..<16).map { six.byte(at: $0) } == Array(1...16))
        #expect(IPAddress(networkOrder: [1, 2, 3, 4].span) == four)
        #expect(IPAddress(networkOrder: Array(1...16).span) == six)
        #expect(IPAddress(networkOrder: [1, 2, 3].span) == nil)
    }

    @Test func `prefixes hold their network and nothing else`() throws {
        let net = try #require(Prefix("10.1.2.3/8"))
        #expect(net.description == "10.0.0.0/8")
        #expect(net.contains(try #require(IPAddress("10.255.0.1"))))
        #expect(!net.contains(try #require(IPAddress("11.0.0.1"))))
        #expect(!net.contains(.anyV6))
        #expect(Prefix("192.168.1.7/255.255.255.0")?.description == "192.168.1.0/24")
        #expect(Prefix("1.2.3.4/255.0.255.0") == nil)
        #expect(Prefix("1.2.3.4/33") == nil)
        #expect(Prefix("1.2.3.4")?.length == 32)
        #expect(Prefix("2001:db8:ffff::/33")?.description == "2001:db8:8000::/33")
        #expect(Prefix("::1/128")?.contains(.loopbackV6) == true)
        #expect(Prefix("::/0")?.contains(.loopbackV6) == true)
        #expect(Prefix("0.0.0.0/0")?.contains(.loopbackV4) == true)
        #expect(Prefix("::/65")?.contains(try #require(IPAddress("::8000:0:0:0"))) == false)
    }
}

/// A small generator with a seed that fits in a test's message.
struct SplitMix {
    var seed: UInt64

    mutating func next() -> UInt64 {
        seed &+= 0x9E37_79B9_7F4A_7C15
        var value = seed
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

// Link-layer addresses: text, virtual routers, multicast groups.

import Addresses
import Testing

@Suite struct MACAddressTests {
    @Test(
        arguments: [
            ("00:00:5e:00:01:07", 0x5E00_0107), ("FF-FF-ff-ff-FF-FF", 0xFFFF_FFFF_FFFF),
            ("2:0:0:0:0:a", 0x0200_0000_000A),
        ] as [(String, UInt64)])
    func `text is read`(text: String, bits: UInt64) {
        #expect(MACAddress(text)?.bits == bits)
    }

    @Test(arguments: [
        "", "00:00:5e:00:01", "00:00:5e:00:01:07:08", "0:0:0:0:0:g", "0:0:0:0:0:", "000:0:0:0:0:0",
    ])
    func `what is none is refused`(text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test func `virtual routers have theirs for each family`() {
        #expect(MACAddress(virtualRouter: 7, family: .v4).description == "00:00:5e:00:01:07")
        #expect(MACAddress(virtualRouter: 255, family: .v6).description == "00:00:5e:00:02:ff")
    }

    @Test func `groups are sent to theirs`() throws {
        let group = try #require(IPAddress("224.128.0.18"))
        #expect(MACAddress(multicast: group).description == "01:00:5e:00:00:12")
        let six = try #require(IPAddress("ff02::1:ff00:100"))
        #expect(MACAddress(multicast: six).description == "33:33:ff:00:01:00")
    }

    @Test func `bytes go both ways, and make an interface identifier`() throws {
        let mac = MACAddress(bits: 0x62BC_584D_9364)
        let bytes = mac.bytes
        let again = MACAddress(bytes.span)
        let short = MACAddress(bytes.span.extracting(0..<5))
        #expect(again == mac && bytes.count == 6 && short == nil)
        // fe80::60bc:58ff:fe4d:9364.
        #expect(mac.interfaceIdentifier == 0x60BC_58FF_FE4D_9364)
    }
}

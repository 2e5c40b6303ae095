// The bytes of advertisements, and what a receiver makes of them.

import Addresses
import Bytes
import Testing

@testable import VRRPProtocol

@Suite struct AdvertisementTests {
    @Test func `a message of version 3 has the layout of the RFC`() {
        let advertisement = Advertisement(
            version: .three, virtualRouter: 51, priority: 100, interval: 1_000_000_000,
            addresses: [IPAddress("10.0.0.100")!])
        var message: [UInt8] = []
        advertisement.encode(
            from: IPAddress("10.0.0.1")!, to: ProtocolNumbers.groupV4, checksum: .messageOnly,
            into: &message)
        #expect(message.prefix(6) == [0x31, 51, 100, 1, 0, 100])
        #expect(message.suffix(4) == [10, 0, 0, 100])
    }
}

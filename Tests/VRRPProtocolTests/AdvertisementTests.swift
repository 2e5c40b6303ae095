// The bytes of advertisements beside those of keepalived, and every reason to drop a packet.

import Addresses
import Bytes
import RandomInputs
import Testing

@testable import VRRPProtocol

@Suite struct AdvertisementTests {
    static let second = ProtocolNumbers.second

    @Test func `version 2 with a password is written as keepalived writes it`() {
        let advertisement = Advertisement(
            version: .two, virtualRouter: 51, priority: 200, interval: Self.second,
            addresses: [address("10.9.0.100"), address("10.9.0.101")],
            authentication: .password(text: "secret1234"))
        #expect(
            encoded(advertisement, to: ProtocolNumbers.groupV4, .pseudoHeader)
                == Array(Captured.version2[20...]))
    }

    @Test(arguments: [
        (ChecksumKind.pseudoHeader, Captured.version3),
        (.messageOnly, Captured.version3MessageOnly),
    ])
    func `version 3 is written as keepalived writes it`(_ kind: ChecksumKind, _ bytes: [UInt8]) {
        let advertisement = Advertisement(
            version: .three, virtualRouter: 52, priority: 150, interval: Self.second / 10,
            addresses: [address("10.9.0.110")])
        #expect(
            encoded(advertisement, to: ProtocolNumbers.groupV4, kind) == Array(bytes[20...]))
    }

    @Test func `unicast counts the peer into the checksum, and the old kind the group`() {
        let advertisement = Advertisement(
            version: .three, virtualRouter: 54, priority: 150, interval: Self.second / 5,
            addresses: [address("10.9.0.120")])
        #expect(
            encoded(advertisement, to: Captured.receiver, .pseudoHeader)
                == Array(Captured.unicast[20...]))
        #expect(
            encoded(advertisement, to: Captured.receiver, .groupPseudoHeader)
                == encoded(advertisement, to: ProtocolNumbers.groupV4, .pseudoHeader))
    }

    @Test(arguments: [ChecksumKind.pseudoHeader, .messageOnly])
    func `IPv6 always has a pseudo header`(_ kind: ChecksumKind) {
        let advertisement = Advertisement(
            version: .three, virtualRouter: 53, priority: 150, interval: Self.second / 10,
            addresses: [address("fe80::100"), address("fd09::100")])
        var message: [UInt8] = []
        advertisement.encode(
            from: Captured.source6, to: ProtocolNumbers.groupV6, checksum: kind, into: &message)
        #expect(message == Captured.version6)
    }

    @Test func `intervals are written in the steps and limits of the version`() {
        func field(_ version: VRRPVersion, _ interval: UInt64) -> [UInt8] {
            let advertisement = Advertisement(
                version: version, virtualRouter: 1, priority: 1, interval: interval, addresses: [])
            return Array(encoded(advertisement, to: ProtocolNumbers.groupV4, .messageOnly)[4...5])
        }
        #expect(field(.two, Self.second / 2) == [0, 1])
        #expect(field(.two, 1000 * Self.second) == [0, 255])
        #expect(field(.three, 0) == [0, 1])
        #expect(field(.three, 100 * Self.second) == [0x0F, 0xFF])
        #expect(field(.three, 40_950_000_000) == [0x0F, 0xFF])
    }

    @Test func `hardware addresses follow from the number and the family`() {
        #expect(
            ProtocolNumbers.hardwareAddress(ofVirtualRouter: 7, .v4) == [0, 0, 0x5E, 0, 1, 7])
        #expect(
            ProtocolNumbers.hardwareAddress(ofVirtualRouter: 7, .v6) == [0, 0, 0x5E, 0, 2, 7])
    }

    @Test func `whatever is written is read back`() throws {
        var random = Seeded.fresh()
        for _ in 0..<500 {
            let version: VRRPVersion = random.next(below: 2) == 0 ? .two : .three
            let family: IPAddress.Family =
                version == .three && random.next(below: 2) == 0 ? .v6 : .v4
            let unit = version == .two ? Self.second : ProtocolNumbers.centisecond
            let advertisement = Advertisement(
                version: version, virtualRouter: UInt8(1 + random.next(below: 255)),
                priority: UInt8(random.next(below: 256)),
                interval: unit * UInt64(1 + random.next(below: 255)),
                addresses: (0..<random.next(below: 256)).map { _ in some(family, &random) })
            let source = some(family, &random)
            let destination = ProtocolNumbers.group(family)
            var message: [UInt8] = []
            let kind: ChecksumKind = random.next(below: 2) == 0 ? .messageOnly : .pseudoHeader
            advertisement.encode(from: source, to: destination, checksum: kind, into: &message)
            let parsed = try ParsedAdvertisement.parse(
                message.span, 0..<message.count,
                PacketEnvelope(source: source, destination: destination, hopLimit: 255))
            #expect(parsed.advertisement == advertisement)
            #expect(parsed.trailer.isEmpty)
        }
    }

    @Test func `no single wrong bit gets through`() {
        var datagram = Captured.version3
        for bit in 20 * 8..<datagram.count * 8 {
            datagram[bit / 8] ^= 1 << (bit % 8)
            var receiver = AdvertisementReceiver(
                rules: rules(.three, 52, Self.second / 10, ["10.9.0.110"]),
                sentChecksum: .pseudoHeader)
            #expect(throws: Rejection.self) { try receiver.receive(datagram: datagram) }
            datagram[bit / 8] ^= 1 << (bit % 8)
        }
    }

    private func some(_ family: IPAddress.Family, _ random: inout Seeded) -> IPAddress {
        family == .v4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
            : IPAddress(v6High: random.next(), low: random.next())
    }

    private func encoded(
        _ advertisement: Advertisement, to destination: IPAddress, _ kind: ChecksumKind
    ) -> [UInt8] {
        var message: [UInt8] = []
        advertisement.encode(
            from: Captured.sender, to: destination, checksum: kind, into: &message)
        return message
    }
}

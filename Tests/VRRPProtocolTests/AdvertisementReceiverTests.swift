// What a receiver accepts from keepalived, and why it drops the rest.

import Addresses
import Bytes
import RandomInputs
import Testing

@testable import VRRPProtocol

@Suite struct AdvertisementReceiverTests {
    static let second = ProtocolNumbers.second

    static func receiver2() -> AdvertisementReceiver {
        AdvertisementReceiver(
            rules: rules(.two, 51, second, ["10.9.0.101", "10.9.0.100"]),
            sentChecksum: .messageOnly)
    }

    static func receiver3() -> AdvertisementReceiver {
        AdvertisementReceiver(
            rules: rules(.three, 52, second / 10, ["10.9.0.110"]), sentChecksum: .pseudoHeader)
    }

    static func unicastReceiver() -> AdvertisementReceiver {
        var rules = rules(.three, 54, second / 5, ["10.9.0.120"])
        rules.isUnicast = true
        rules.peers = [UnicastPeer(Captured.sender)]
        return AdvertisementReceiver(rules: rules, sentChecksum: .pseudoHeader)
    }

    @Test func `packets of keepalived are accepted without a remark`() throws {
        var two = Self.receiver2()
        let accepted = try two.receive(datagram: Captured.version2)
        #expect(accepted.advertisement.priority == 200)
        #expect(accepted.envelope.source == Captured.sender)
        #expect(accepted.notices.isEmpty)
        var three = Self.receiver3()
        #expect(try three.receive(datagram: Captured.version3).notices.isEmpty)
        var unicast = Self.unicastReceiver()
        #expect(try unicast.receive(datagram: Captured.unicast).notices.isEmpty)
        var six = AdvertisementReceiver(
            rules: rules(
                .three, 53, Self.second / 10, ["fe80::100", "fd09::100"], family: .v6),
            sentChecksum: .pseudoHeader)
        let envelope = PacketEnvelope(
            source: Captured.source6, destination: ProtocolNumbers.groupV6, hopLimit: 255)
        let message = Captured.version6
        #expect(
            try six.receive(message.span, 0..<message.count, envelope, wallClock: 0)
                .notices.isEmpty)
    }

    @Test func `the checksum without pseudo header is accepted with a remark`() throws {
        var receiver = Self.receiver3()
        #expect(
            try receiver.receive(datagram: Captured.version3MessageOnly).notices
                == [.checksumDiffers(.messageOnly)])
        receiver.sentChecksum = .messageOnly
        #expect(try receiver.receive(datagram: Captured.version3MessageOnly).notices.isEmpty)
    }

    @Test func `padding of the frame is ignored`() throws {
        var receiver = Self.receiver2()
        let padded = Captured.version2 + [UInt8](repeating: 0xAA, count: 14)
        #expect(try receiver.receive(datagram: padded).notices.isEmpty)
    }

    @Test func `options in the IP header are skipped`() throws {
        var datagram = Captured.version3
        datagram.insert(contentsOf: [1, 1, 1, 0], at: 20)
        datagram[0] = 0x46
        datagram[3] += 4
        var receiver = Self.receiver3()
        #expect(try receiver.receive(datagram: datagram).notices.isEmpty)
    }

    struct Change: Sendable, CustomTestStringConvertible {
        var reason: Rejection
        var name: String
        var packet: [UInt8] = Captured.version2
        var rules: @Sendable (inout ReceiveRules) -> Void = { _ in }
        var bytes: @Sendable (inout [UInt8]) -> Void = { _ in }
        var testDescription: String { name }
    }

    static let changes: [Change] = [
        Change(reason: .tooShort, name: "half an IP header", bytes: { $0.removeSubrange(12...) }),
        Change(
            reason: .tooShort, name: "half a message",
            bytes: {
                $0.removeSubrange(24...)
                $0[3] = 24
            }),
        Change(reason: .ipLength, name: "a header of four bytes", bytes: { $0[0] = 0x41 }),
        Change(reason: .ipLength, name: "more length than bytes", bytes: { $0[3] += 1 }),
        Change(reason: .castMismatch, name: "IP version 5", bytes: { $0[0] = 0x55 }),
        Change(reason: .ipProtocol, name: "another protocol", bytes: { $0[9] = 17 }),
        Change(reason: .version, name: "version 4", bytes: { $0[20] = 0x41 }),
        Change(reason: .version, name: "version 3 at 2", rules: { $0.version = .three }),
        Change(reason: .type, name: "type 2", bytes: { $0[20] = 0x22 }),
        Change(reason: .ttl, name: "TTL 254", bytes: { $0[8] = 254 }),
        Change(reason: .count, name: "a count of 3", bytes: { $0[23] = 3 }),
        Change(
            reason: .excess, name: "bytes behind the message",
            bytes: {
                $0 += [0, 0, 0, 0]
                $0[3] += 4
            }),
        Change(reason: .checksum, name: "a wrong checksum", bytes: { $0[26] ^= 1 }),
        Change(reason: .unknownVRID, name: "another VRID", rules: { $0.virtualRouter = 50 }),
        Change(
            reason: .castMismatch, name: "a group, where unicast is spoken",
            rules: { $0.isUnicast = true }),
        Change(
            reason: .castMismatch, name: "another group",
            rules: { $0.group = address("224.0.0.19") }),
        Change(
            reason: .looped, name: "our own packet",
            rules: { $0.ownAddresses = [Captured.sender] }),
        Change(
            reason: .authType, name: "a password, where none is",
            rules: { $0.authentication = .none }
        ),
        Change(
            reason: .authType, name: "no password, where one is",
            bytes: { change(&$0, 24, to: 0) }),
        Change(
            reason: .authType, name: "an unknown type", bytes: { change(&$0, 24, to: 9) }),
        Change(reason: .authAH, name: "IPsec AH", bytes: { change(&$0, 24, to: 2) }),
        Change(
            reason: .authData, name: "another password",
            rules: { $0.authentication = .password(text: "secret13") }),
        Change(
            reason: .interval, name: "another interval in version 2",
            rules: { $0.interval = 2 * second }),
        Change(
            reason: .addressList, name: "other addresses, where that matters",
            rules: {
                $0.addresses.removeLast()
                $0.addressListRule = .drop
            }),
        Change(
            reason: .ownerIgnores, name: "an owner that listens to nobody",
            rules: { $0.ignoresAll = true }),
        Change(
            reason: .hmacMissing, name: "no trailer, where one must be",
            rules: { $0.trailer = TrailerRules(keys: [], activeKey: 1, window: second) }),
    ]

    /// Changes a byte and corrects the checksum of the message.
    static func change(_ datagram: inout [UInt8], _ index: Int, to value: UInt8) {
        datagram[index] = value
        datagram[26] = 0
        datagram[27] = 0
        var sum = Checksum()
        sum.add(datagram.span, 20..<datagram.count)
        datagram[26] = UInt8(sum.value >> 8)
        datagram[27] = UInt8(sum.value & 0xFF)
    }

    @Test(arguments: changes)
    func `a packet is dropped for its reason`(_ change: Change) {
        var receiver = Self.receiver2()
        change.rules(&receiver.rules)
        var datagram = change.packet
        change.bytes(&datagram)
        #expect(throws: change.reason) { try receiver.receive(datagram: datagram) }
    }

    @Test func `an interval of zero is no interval`() {
        var datagram = Captured.version3MessageOnly
        Self.change(&datagram, 25, to: 0)
        var receiver = Self.receiver3()
        #expect(throws: Rejection.interval) { try receiver.receive(datagram: datagram) }
    }

    @Test func `version 3 remarks on another interval and other addresses`() throws {
        var receiver = Self.receiver3()
        receiver.rules.interval = Self.second
        receiver.rules.addresses = []
        #expect(
            try receiver.receive(datagram: Captured.version3).notices
                == [.intervalDiffers(Self.second / 10), .addressListDiffers])
    }

    @Test func `the addresses of a known sender are checked once where asked`() throws {
        var receiver = Self.receiver3()
        receiver.rules.addresses = []
        receiver.rules.addressListRule = .skipForKnownSender
        #expect(
            try receiver.receive(datagram: Captured.version3).notices == [.addressListDiffers])
        #expect(try receiver.receive(datagram: Captured.version3).notices.isEmpty)
    }

    @Test func `unicast knows its peers and their distance`() throws {
        var receiver = Self.unicastReceiver()
        receiver.rules.checksUnicastSource = true
        #expect(throws: Never.self) { try receiver.receive(datagram: Captured.unicast) }
        receiver.rules.peers = [UnicastPeer(Captured.sender, hopLimits: 1...254)]
        #expect(throws: Rejection.ttl) { try receiver.receive(datagram: Captured.unicast) }
        receiver.rules.peers = [UnicastPeer(address("10.9.0.3"))]
        #expect(throws: Rejection.notAPeer) { try receiver.receive(datagram: Captured.unicast) }
        receiver.rules.checksUnicastSource = false
        #expect(throws: Never.self) { try receiver.receive(datagram: Captured.unicast) }
        receiver.rules.isUnicast = false
        #expect(throws: Rejection.castMismatch) {
            try receiver.receive(datagram: Captured.unicast)
        }
    }

    @Test func `the old checksum of unicast is learnt, unless refused`() throws {
        let advertisement = Advertisement(
            version: .three, virtualRouter: 54, priority: 150, interval: Self.second / 5,
            addresses: [address("10.9.0.120")])
        var message: [UInt8] = []
        advertisement.encode(
            from: Captured.sender, to: Captured.receiver, checksum: .groupPseudoHeader,
            into: &message)
        let datagram = Array(Captured.unicast[..<20]) + message
        var receiver = Self.unicastReceiver()
        #expect(
            try receiver.receive(datagram: datagram).notices
                == [.checksumDiffers(.groupPseudoHeader), .oldChecksumLearnt])
        #expect(receiver.sentChecksum == .groupPseudoHeader)
        receiver = Self.unicastReceiver()
        receiver.rules.oldChecksumRule = .never
        #expect(throws: Rejection.checksum) { try receiver.receive(datagram: datagram) }
    }

    @Test func `a packet that comes again means what it meant, under the rules of the moment`()
        throws
    {
        var random = Seeded(for: "packets that come again")
        let captured = [
            Captured.version3, Captured.version3MessageOnly, Captured.unicast, Captured.version2,
        ]
        for first in [Self.receiver3(), Self.receiver2(), Self.unicastReceiver()] {
            var receiver = first
            for _ in 0..<3000 {
                switch random.next(below: 12) {
                case 0: receiver.rules.ignoresAll.toggle()
                case 1:
                    receiver.rules.ownAddresses =
                        receiver.rules.ownAddresses.isEmpty ? [Captured.sender] : []
                case 2:
                    receiver.rules.addressListRule =
                        receiver.rules.addressListRule == .note ? .drop : .note
                default: break
                }
                var datagram = captured[random.next(below: captured.count)]
                if random.next(below: 3) == 0 {
                    datagram[random.next(below: datagram.count)] ^= UInt8(
                        truncatingIfNeeded: 1 << random.next(below: 8))
                }
                // One that remembers no packet, but what was learnt.
                var fresh = AdvertisementReceiver(
                    rules: receiver.rules, sentChecksum: receiver.sentChecksum)
                func judged(_ receiver: inout AdvertisementReceiver) -> String {
                    do throws(Rejection) {
                        return "\(try receiver.receive(datagram: datagram))"
                    } catch {
                        return "\(error)"
                    }
                }
                #expect(judged(&receiver) == judged(&fresh))
            }
        }
    }

    @Test func `each reason has its counter`() {
        var counters = RejectionCounters()
        for reason in Rejection.allCases { counters.count(reason) }
        counters.count(.ttl)
        #expect(counters[.ttl] == 2 && counters[.checksum] == 1)
        #expect(counters.total == UInt64(Rejection.allCases.count) + 1)
    }
}

// The trailer: codes, keys, and packets that come a second time.

import Addresses
import Bytes
import Testing

@testable import VRRPProtocol

@Suite struct HMACTrailerTests {
    static let second = ProtocolNumbers.second
    static let now = 1_800_000_000 * second
    static let source = address("10.0.0.1")

    static func rules(_ mode: TrailerRules.Mode = .enforce) -> TrailerRules {
        TrailerRules(
            keys: [
                TrailerKey(number: 1, secret: [UInt8](repeating: 1, count: 32)),
                TrailerKey(number: 2, secret: [UInt8](repeating: 2, count: 64)),
            ], activeKey: 1, window: 5 * second, mode: mode)
    }

    static func receiver(_ trailer: TrailerRules?) -> AdvertisementReceiver {
        var rules = ReceiveRules(
            version: .three, family: .v4, virtualRouter: 9, interval: second,
            addresses: [address("10.0.0.100")])
        rules.trailer = trailer
        return AdvertisementReceiver(rules: rules, sentChecksum: .pseudoHeader)
    }

    static func send(_ sender: inout AdvertisementSender, at time: UInt64 = now) -> [UInt8] {
        var message: [UInt8] = []
        let advertisement = Advertisement(
            version: .three, virtualRouter: 9, priority: 100, interval: second,
            addresses: [address("10.0.0.100")])
        #expect(
            sender.encode(
                advertisement, from: source, to: ProtocolNumbers.groupV4, checksum: .pseudoHeader,
                wallClock: time, into: &message))
        return message
    }

    static func receive(
        _ receiver: inout AdvertisementReceiver, _ message: [UInt8],
        from source: IPAddress = source,
        at time: UInt64 = now
    ) throws -> [AdvertisementReceiver.Notice] {
        let envelope = PacketEnvelope(
            source: source, destination: ProtocolNumbers.groupV4, hopLimit: 255)
        return try receiver.receive(
            message.span, 0..<message.count, envelope, wallClock: time
        ).notices
    }

    @Test func `the code is that of RFC 4231`() {
        let key = [UInt8](repeating: 0x0B, count: 20)
        #expect(
            MessageCode.sha256(key: key, Array("Hi There".utf8))
                == bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"))
    }

    @Test func `a signed packet has 28 bytes more and is accepted`() throws {
        var sender = AdvertisementSender(trailer: Self.rules())
        let message = Self.send(&sender)
        #expect(message.count == 12 + HMACTrailer.byteCount)
        #expect(message[12...15] == [1, 1, 0, 0])
        var receiver = Self.receiver(Self.rules())
        #expect(try Self.receive(&receiver, message).isEmpty)
    }

    @Test func `no bit of a signed packet can be changed`() {
        var sender = AdvertisementSender(trailer: Self.rules())
        var message = Self.send(&sender)
        for bit in 0..<message.count * 8 {
            message[bit / 8] ^= 1 << (bit % 8)
            var receiver = Self.receiver(Self.rules())
            #expect(throws: Rejection.self) { try Self.receive(&receiver, message) }
            message[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test func `a packet cannot speak for another sender`() throws {
        var sender = AdvertisementSender(trailer: Self.rules())
        let message = Self.send(&sender)
        let claim = try HMACTrailer.read(message.span, 12)
        #expect(claim.key == 1)
        let keys = Self.rules().keys
        try HMACTrailer.verify(message.span, 12, claim, from: Self.source, keys)
        #expect(throws: Rejection.hmacInvalid) {
            try HMACTrailer.verify(message.span, 12, claim, from: address("10.0.0.2"), keys)
        }
    }

    @Test func `a packet counts once, and older ones no more`() throws {
        var sender = AdvertisementSender(trailer: Self.rules())
        let first = Self.send(&sender)
        let next = Self.send(&sender)
        #expect(first != next)
        var receiver = Self.receiver(Self.rules())
        #expect(throws: Never.self) { try Self.receive(&receiver, next) }
        for message in [first, next] {
            #expect(throws: Rejection.hmacReplay) { try Self.receive(&receiver, message) }
        }
    }

    @Test func `time decides, unless clocks may differ`() throws {
        var sender = AdvertisementSender(trailer: Self.rules())
        let message = Self.send(&sender)
        var receiver = Self.receiver(Self.rules())
        for late in [6 * Self.second, 3600 * Self.second] {
            #expect(throws: Rejection.hmacStale) {
                try Self.receive(&receiver, message, at: Self.now + late)
            }
            #expect(throws: Rejection.hmacStale) {
                try Self.receive(&receiver, message, at: Self.now - late)
            }
        }
        receiver.rules.trailer?.antiReplay = .monotonic
        #expect(try Self.receive(&receiver, message, at: Self.now + 3600 * Self.second).isEmpty)
    }

    @Test func `clocks that drift apart are remarked`() throws {
        var sender = AdvertisementSender(trailer: Self.rules())
        var receiver = Self.receiver(Self.rules())
        #expect(
            try Self.receive(&receiver, Self.send(&sender), at: Self.now + 3 * Self.second)
                == [.clocksDiffer(-3)])
        #expect(
            try Self.receive(&receiver, Self.send(&sender), at: Self.now - 4 * Self.second)
                == [.clocksDiffer(4)])
    }

    @Test func `any known key verifies, so keys can be changed one router at a time`() throws {
        var trailer = Self.rules()
        trailer.activeKey = 2
        var sender = AdvertisementSender(trailer: trailer)
        let message = Self.send(&sender)
        var receiver = Self.receiver(Self.rules())
        #expect(throws: Never.self) { try Self.receive(&receiver, message) }
        var other = Self.rules()
        other.keys.removeLast()
        receiver = Self.receiver(other)
        #expect(throws: Rejection.hmacUnknownKey) { try Self.receive(&receiver, message) }
    }

    @Test func `the modes of a roll-out`() throws {
        var plain = AdvertisementSender()
        var listening = AdvertisementSender(trailer: Self.rules(.receiveOnly))
        var signing = AdvertisementSender(trailer: Self.rules(.permissive))
        #expect(Self.send(&listening).count == Self.send(&plain).count)
        for mode in [TrailerRules.Mode.receiveOnly, .permissive] {
            var receiver = Self.receiver(Self.rules(mode))
            #expect(try Self.receive(&receiver, Self.send(&plain)) == [.unsigned])
            #expect(try Self.receive(&receiver, Self.send(&signing)).isEmpty)
        }
        var strict = Self.receiver(Self.rules(.enforce))
        #expect(throws: Rejection.hmacMissing) {
            try Self.receive(&strict, Self.send(&plain))
        }
        var unaware = Self.receiver(nil)
        #expect(throws: Rejection.excess) { try Self.receive(&unaware, Self.send(&signing)) }
    }

    @Test func `a packet that cannot be signed is not sent`() {
        var trailer = Self.rules()
        trailer.activeKey = 3
        var sender = AdvertisementSender(trailer: trailer)
        var message: [UInt8] = []
        let advertisement = Advertisement(
            version: .two, virtualRouter: 9, priority: 1, interval: Self.second, addresses: [])
        #expect(
            !sender.encode(
                advertisement, from: Self.source, to: ProtocolNumbers.groupV4,
                checksum: .messageOnly, wallClock: 0, into: &message))
    }

    @Test func `sequence numbers only grow, whatever the clock does, and pass their end`() {
        var rules = Self.rules()
        var source = SequenceSource()
        var last = source.next(wallClock: Self.now, rules)
        for time in [Self.now, Self.now - Self.second, Self.now + 1, Self.now + Self.second] {
            let next = source.next(wallClock: time, rules)
            #expect(next &- last < 1 << 63 && next != last)
            last = next
        }
        let end: UInt64 = (1 << 32) * Self.second
        let before = source.next(wallClock: end - 1, rules)
        let after = source.next(wallClock: end + 1, rules)
        #expect(after &- before < 1 << 63 && after != before)
        // 2106 is no event, and neither is the first number after 2038.
        rules.antiReplay = .monotonic
        var late = SequenceSource()
        let time = 3_000_000_000 * Self.second
        #expect(late.next(wallClock: time, rules) == SequenceSource.sequence(time))
    }

    @Test func `a clock that was set back by more than the window is followed`() throws {
        var rules = Self.rules()
        var sender = AdvertisementSender(trailer: rules)
        var receiver = Self.receiver(rules)
        let ahead = Self.now + 3600 * Self.second
        #expect(throws: Never.self) {
            try Self.receive(&receiver, Self.send(&sender, at: ahead), at: ahead)
        }
        // Both clocks are set right: what was remembered of the hour to come is forgotten.
        let message = Self.send(&sender, at: Self.now)
        #expect(throws: Never.self) { try Self.receive(&receiver, message, at: Self.now) }
        #expect(throws: Rejection.hmacReplay) {
            try Self.receive(&receiver, message, at: Self.now)
        }
        // By sequence alone there is no way back.
        rules.antiReplay = .monotonic
        var source = SequenceSource()
        let last = source.next(wallClock: ahead, rules)
        #expect(source.next(wallClock: Self.now, rules) == last + 1)
    }

    @Test func `whole seconds are compared`() throws {
        var sender = AdvertisementSender(trailer: Self.rules())
        let message = Self.send(&sender)
        var receiver = Self.receiver(Self.rules())
        #expect(
            try Self.receive(&receiver, message, at: Self.now + 6 * Self.second - 1)
                == [.clocksDiffer(-5)])
    }

    @Test func `reserved bytes, another kind and another length are malformed`() {
        var sender = AdvertisementSender(trailer: Self.rules())
        let message = Self.send(&sender)
        for (index, value) in [(12, 2), (14, 1), (15, 255)] as [(Int, UInt8)] {
            var changed = message
            changed[index] = value
            #expect(throws: Rejection.hmacMalformed) { try HMACTrailer.read(changed.span, 12) }
        }
        let longer = message + [0]
        #expect(throws: Rejection.hmacMalformed) { try HMACTrailer.read(longer.span, 12) }
    }

    @Test func `what is stale is refused before a code is computed`() {
        var sender = AdvertisementSender(trailer: Self.rules())
        var message = Self.send(&sender)
        message[13] = 77
        var receiver = Self.receiver(Self.rules())
        #expect(throws: Rejection.hmacStale) {
            try Self.receive(&receiver, message, at: Self.now + 60 * Self.second)
        }
        #expect(throws: Rejection.hmacUnknownKey) { try Self.receive(&receiver, message) }
    }

    @Test func `a unicast instance takes signed packets from its peers alone`() throws {
        var rules = Self.receiver(Self.rules()).rules
        rules.isUnicast = true
        rules.peers = [UnicastPeer(address("10.0.0.2"))]
        var receiver = AdvertisementReceiver(rules: rules, sentChecksum: .pseudoHeader)
        for (source, isPeer) in [("10.0.0.2", true), ("10.0.0.3", false)] {
            var sender = AdvertisementSender(trailer: Self.rules())
            var message: [UInt8] = []
            let advertisement = Advertisement(
                version: .three, virtualRouter: 9, priority: 100, interval: Self.second,
                addresses: [address("10.0.0.100")])
            let destination = address("10.0.0.9")
            #expect(
                sender.encode(
                    advertisement, from: address(source), to: destination,
                    checksum: .pseudoHeader, wallClock: Self.now, into: &message))
            let envelope = PacketEnvelope(
                source: address(source), destination: destination, hopLimit: 255)
            let outcome = Result { () throws(Rejection) in
                try receiver.receive(
                    message.span, 0..<message.count, envelope, wallClock: Self.now)
            }
            switch outcome {
            case .success: #expect(isPeer)
            case .failure(let rejection): #expect(!isPeer && rejection == .notAPeer)
            }
        }
    }
}

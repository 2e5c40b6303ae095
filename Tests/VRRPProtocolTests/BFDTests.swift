// BFD: the bytes of its packets, and two sessions against one another over a bad line.

import Bytes
import RandomInputs
import Testing

@testable import VRRPProtocol

@Suite struct BFDPacketTests {
    static var packet: BFDPacket {
        var packet = BFDPacket(
            state: .up, multiplier: 5, myDiscriminator: 0x0102_0304, yourDiscriminator: 7,
            desiredTransmit: 10_000_000, requiredReceive: 20_000_000)
        packet.isPoll = true
        packet.diagnostic = .neighborSignaledDown
        return packet
    }

    @Test func `a packet has the layout of the RFC`() throws {
        let expected = bytes(
            "23 e0 05 18 01020304 00000007 00002710 00004e20 00000000")
        #expect(Self.packet.bytes == expected)
        #expect(try BFDPacket.parse(expected.span) == Self.packet)
    }

    @Test func `packets of keepalived are read, and answered with the final bit`() throws {
        // min_tx 30, min_rx 25, multiplier 4, the first packet after it came up.
        let seen = bytes("20e00418334a4849334a484900007530000061a800000000")
        let packet = try BFDPacket.parse(seen.span)
        #expect(packet.state == .up && packet.isPoll && packet.multiplier == 4)
        #expect(packet.desiredTransmit == 30_000_000 && packet.requiredReceive == 25_000_000)
        #expect(packet.bytes == seen)
        var session = BFDSession(
            settings: BFDSession.Settings(discriminator: 0x334A_4849), seed: 1)
        var effects: [BFDSession.Effect] = []
        session.step(.start, at: 0, into: &effects)
        var first = packet
        first.state = .initializing
        first.isPoll = false
        session.step(.received(first), at: millisecond, into: &effects)
        effects = []
        session.step(.received(packet), at: 2 * millisecond, into: &effects)
        #expect(session.state == .up)
        #expect(session.detectionTime == 4 * 30 * millisecond)
        let isAnswered = effects.contains {
            if case .send(let answer) = $0 { answer.isFinal && !answer.isPoll } else { false }
        }
        #expect(isAnswered)
    }

    @Test(arguments: [
        (BFDPacket.Rejection.version, 0, UInt8(0x43)), (.length, 3, 23), (.length, 3, 25),
        (.multiplier, 2, 0), (.multipoint, 1, 0xE1), (.authentication, 1, 0xE4),
    ])
    func `a packet is dropped for its reason`(
        _ reason: BFDPacket.Rejection, _ index: Int, _ value: UInt8
    ) {
        var bytes = Self.packet.bytes
        bytes[index] = value
        #expect(throws: reason) { try BFDPacket.parse(bytes.span) }
    }

    @Test func `discriminators are there where they must be`() throws {
        var packet = Self.packet
        packet.myDiscriminator = 0
        #expect(throws: BFDPacket.Rejection.myDiscriminator) {
            try BFDPacket.parse(packet.bytes.span)
        }
        packet.myDiscriminator = 1
        packet.yourDiscriminator = 0
        #expect(throws: BFDPacket.Rejection.yourDiscriminator) {
            try BFDPacket.parse(packet.bytes.span)
        }
        packet.state = .down
        #expect(throws: Never.self) { try BFDPacket.parse(packet.bytes.span) }
        let short = Array(packet.bytes.dropLast())
        #expect(throws: BFDPacket.Rejection.tooShort) { try BFDPacket.parse(short.span) }
    }

    @Test func `hops are counted from 255`() {
        #expect(BFDPacket.admits(hopLimit: 255, maximumHops: 0))
        #expect(!BFDPacket.admits(hopLimit: 254, maximumHops: 0))
        #expect(BFDPacket.admits(hopLimit: 250, maximumHops: 5))
        #expect(!BFDPacket.admits(hopLimit: 249, maximumHops: 5))
        #expect(BFDPacket.admits(hopLimit: 0, maximumHops: 255))
    }
}

/// Two sessions and the line between them.
struct BFDLine {
    enum Item {
        case deliver(Int, [UInt8])
        case wake(Int, BFDSession.Timer, UInt64)
    }

    var sessions: [BFDSession]
    var agenda = Agenda<Item>()
    var now: UInt64 = 0
    var random: Seeded
    var lossPercent = 0
    var isCut = false
    var changes: [(time: UInt64, session: Int, state: BFDState, cause: BFDDiagnostic)] = []
    var sentTimes: [[UInt64]] = [[], []]
    var sent: [BFDPacket] = []

    init(_ random: Seeded, _ change: (Int, inout BFDSession.Settings) -> Void = { _, _ in }) {
        self.random = random
        sessions = (0..<2).map { index in
            var settings = BFDSession.Settings(discriminator: UInt32(index + 11))
            change(index, &settings)
            return BFDSession(settings: settings, seed: UInt64(index) + random.seed)
        }
    }

    var states: [BFDState] { sessions.map(\.state) }

    mutating func give(_ index: Int, _ event: BFDSession.Event) {
        var effects: [BFDSession.Effect] = []
        sessions[index].step(event, at: now, into: &effects)
        for effect in effects {
            switch effect {
            case .send(let packet):
                sent.append(packet)
                sentTimes[index].append(now)
                guard !isCut, random.next(below: 100) >= lossPercent else { continue }
                let delay = 100 * microsecond + random.next() % millisecond
                agenda.add(.deliver(1 - index, packet.bytes), at: now + delay)
            case .arm(let timer, let deadline):
                agenda.add(.wake(index, timer, deadline), at: max(deadline, now))
            case .disarm: break
            case .transition(_, let state, let cause):
                changes.append((now, index, state, cause))
            }
        }
    }

    mutating func run(milliseconds: UInt64) {
        let end = now + milliseconds * millisecond
        var steps = 0
        while let time = agenda.nextTime, time <= end {
            steps += 1
            guard steps < 200_000, let (time, item) = agenda.removeFirst() else { break }
            now = time
            switch item {
            case .deliver(let index, let bytes):
                if let packet = try? BFDPacket.parse(bytes.span) { give(index, .received(packet)) }
            case .wake(let index, let timer, let deadline):
                if sessions[index].deadline(of: timer) == deadline { give(index, .timer(timer)) }
            }
        }
        now = end
    }

    mutating func start() {
        give(0, .start)
        give(1, .start)
    }
}

@Suite struct BFDSessionTests {
    @Test func `two sessions come up within three slow packets`() {
        var line = BFDLine(Seeded.fresh())
        line.start()
        line.run(milliseconds: 1500)
        #expect(line.states == [.up, .up])
        #expect(line.sessions[0].remoteDiscriminator == 12)
        #expect(line.sessions[1].remoteDiscriminator == 11)
    }

    @Test func `packets follow at the agreed pace with jitter, never later`() {
        var line = BFDLine(Seeded.fresh()) { index, settings in
            if index == 1 { settings.minimumReceive = 50_000_000 }
        }
        line.start()
        line.run(milliseconds: 3000)
        for (index, interval) in [(0, 50.0), (1, 10.0)] {
            let times = line.sentTimes[index].suffix(40)
            let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) / Double(millisecond) }
            #expect(gaps.allSatisfy { $0 >= interval * 0.74 && $0 <= interval * 1.01 })
            #expect(Set(gaps).count > 20)
        }
        #expect(line.sessions[1].detectionTime == 5 * 50 * millisecond)
        #expect(line.sessions[0].detectionTime == 5 * 10 * millisecond)
    }

    @Test func `a multiplier of one leaves a tenth of the interval`() {
        var line = BFDLine(Seeded.fresh()) { _, settings in settings.multiplier = 1 }
        line.start()
        line.run(milliseconds: 5000)
        let times = line.sentTimes[0].suffix(100)
        let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) / Double(millisecond) }
        #expect(gaps.allSatisfy { $0 <= 9.01 })
    }

    @Test func `a cut line is noticed in the detection time, and its mending too`() {
        var line = BFDLine(Seeded.fresh())
        line.start()
        line.run(milliseconds: 2000)
        line.isCut = true
        let cut = line.now
        line.changes = []
        line.run(milliseconds: 1000)
        #expect(line.states == [.down, .down])
        for change in line.changes {
            #expect(change.cause == .detectionTimeExpired)
            #expect((39...52).contains((change.time - cut) / millisecond))
        }
        line.isCut = false
        line.run(milliseconds: 2500)
        #expect(line.states == [.up, .up])
    }

    @Test func `lost packets do not bring a session down while one in five arrives`() {
        var random = Seeded.fresh()
        for _ in 0..<20 {
            var line = BFDLine(Seeded("\(random.next())")) { _, settings in
                settings.multiplier = 30
            }
            line.start()
            line.run(milliseconds: 2000)
            line.lossPercent = 40
            line.changes = []
            line.run(milliseconds: 3000)
            #expect(line.changes.isEmpty)
        }
    }

    @Test func `whatever the line did, sessions are up when it is good`() {
        var random = Seeded.fresh()
        for _ in 0..<100 {
            let seed = random.next()
            var line = BFDLine(Seeded("\(seed)")) { index, settings in
                settings.isPassive = index == 1 && seed % 3 == 0
                settings.multiplier = UInt8(1 + seed % 7)
            }
            line.start()
            for _ in 0..<5 {
                line.lossPercent = line.random.next(below: 100)
                line.isCut = line.random.next(below: 3) == 0
                if line.random.next(below: 4) == 0 {
                    line.give(0, .stop)
                    line.run(milliseconds: line.random.next() % 500)
                    line.give(0, .start)
                }
                line.run(milliseconds: line.random.next() % 2000)
            }
            line.lossPercent = 0
            line.isCut = false
            line.run(milliseconds: 6000)
            #expect(line.states == [.up, .up], "seed \(seed)")
            line.changes = []
            line.run(milliseconds: 1000)
            #expect(line.changes.isEmpty, "seed \(seed)")
        }
    }

    @Test func `two passive sessions stay silent`() {
        var line = BFDLine(Seeded.fresh()) { _, settings in settings.isPassive = true }
        line.start()
        line.run(milliseconds: 5000)
        #expect(line.sent.isEmpty && line.states == [.down, .down])
    }

    @Test func `a disabled session tells its peer, and comes back`() {
        var line = BFDLine(Seeded.fresh())
        line.start()
        line.run(milliseconds: 2000)
        line.changes = []
        line.give(0, .disable)
        line.run(milliseconds: 5)
        #expect(line.states == [.adminDown, .down])
        #expect(line.changes.last?.cause == .neighborSignaledDown)
        line.run(milliseconds: 5000)
        #expect(line.states == [.adminDown, .down])
        line.give(0, .start)
        line.run(milliseconds: 3000)
        #expect(line.states == [.up, .up])
    }

    @Test func `a slower pace is agreed before it is used, and nobody goes down`() {
        var line = BFDLine(Seeded.fresh())
        line.start()
        line.run(milliseconds: 2000)
        line.changes = []
        line.sent = []
        var settings = line.sessions[0].settings
        settings.minimumTransmit = 200_000_000
        settings.minimumReceive = 5_000_000
        line.give(0, .settingsChanged(settings))
        #expect(line.sessions[0].transmitInterval == 10 * millisecond)
        line.run(milliseconds: 1000)
        #expect(line.sent.contains { $0.isPoll && $0.myDiscriminator == 11 })
        #expect(line.sent.contains { $0.isFinal && $0.myDiscriminator == 12 })
        #expect(line.sessions[0].transmitInterval == 200 * millisecond)
        #expect(line.sessions[1].detectionTime == 1000 * millisecond)
        #expect(line.changes.isEmpty)
    }

    @Test func `packets for another session change nothing`() {
        var line = BFDLine(Seeded.fresh())
        line.start()
        line.run(milliseconds: 2000)
        var packet = BFDPacketTests.packet
        packet.state = .down
        packet.yourDiscriminator = 99
        let before = line.sessions[0].deadline(of: .detect)
        line.give(0, .received(packet))
        #expect(line.states == [.up, .up])
        #expect(line.sessions[0].deadline(of: .detect) == before)
    }
}

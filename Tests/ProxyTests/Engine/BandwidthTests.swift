// Bandwidth limits: the arithmetic under a virtual clock, and streams that are held and go on.

import Glibc
@testable import Proxy
@testable import StickTables
import Testing

/// Numbers that come again: SplitMix64 from the name of a test.
private struct Draws: RandomNumberGenerator {
    private var state: UInt64

    init(for name: String) {
        state = name.utf8.reduce(14_695_981_039_346_656_037) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word &>> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word &>> 31)
    }
}

/// A source without end under a limit, in virtual time.
private struct Greedy {
    var limit: EnabledLimit
    var nextAt: UInt64
    var passed: UInt64 = 0
    var turns = 0

    /// Passes on what is allowed at a moment, if it is time to look.
    mutating func turn(_ now: UInt64) {
        guard now >= nextAt else { return }
        turns += 1
        let room = limit.room(waiting: .max, now: now)
        #expect((room.bytes == 0) == (room.wait > 0))
        passed += UInt64(room.bytes)
        if room.bytes > 0 { limit.charge(Int(room.bytes), now: now) }
        nextAt = room.wait > 0 ? now + room.wait : now
    }
}

@Suite struct BandwidthPaceTests {
    @Test func `a stream gets what its limit says, evenly and in few turns`() {
        var random = Draws(for: "a stream gets what its limit says, evenly and in few turns")
        for _ in 0..<300 {
            let bytes = UInt32.random(
                in: 1...(1 << UInt32.random(in: 1...30, using: &random)), using: &random)
            let period = UInt32.random(
                in: 1...(1 << UInt32.random(in: 1...14, using: &random)), using: &random)
            let least =
                Bool.random(using: &random) ? 0 : UInt32.random(in: 0...bytes, using: &random)
            let portion = Double(BandwidthPace.portion(of: bytes, in: period, atLeast: least))
            let start = UInt64.random(in: 1...1_000_000, using: &random)
            var greedy = Greedy(
                limit: EnabledLimit(
                    number: 1, direction: 1, bytes: bytes, milliseconds: period, leastBytes: least),
                nextAt: start)
            let perMillisecond = Double(bytes) / Double(period)
            var sliceEnd = start
            for step in 1...40 {
                sliceEnd += UInt64.random(in: 1...UInt64(period) + 50, using: &random)
                while greedy.nextAt < sliceEnd { greedy.turn(greedy.nextAt) }
                let due = perMillisecond * Double(sliceEnd - start)
                let passed = Double(greedy.passed)
                let note = "\(bytes) in \(period), at least \(least), step \(step)"
                #expect(passed <= due + 2 * portion + 1, "\(passed) of \(due): \(note)")
                // A timer is a millisecond late at the most.
                #expect(
                    passed >= due - portion - perMillisecond - 1, "\(passed) of \(due): \(note)")
            }
            // One look to pass a portion on, one to find that there is no more.
            let portions = Double(greedy.passed) / portion
            #expect(Double(greedy.turns) <= 2 * portions + 4)
        }
    }

    @Test func `a rest does not save bytes up`() {
        let bytes: UInt32 = 100_000
        var pace = BandwidthPace()
        let portion = BandwidthPace.portion(of: bytes, in: 1000, atLeast: 0)
        #expect(portion == 2000)
        for now: UInt64 in [1, 60_000, 10_000_000] {
            let room = pace.room(portion, of: bytes, in: 1000, waiting: .max, now: now)
            #expect(room == BandwidthRoom(bytes: 4000, wait: 0))
            pace.charge(4000, of: bytes, in: 1000, now: now)
            let next = pace.room(portion, of: bytes, in: 1000, waiting: .max, now: now)
            #expect(next == BandwidthRoom(bytes: 0, wait: 20))
        }
    }

    @Test func `the last bytes of a message need no portion of their own`() {
        var pace = BandwidthPace()
        pace.charge(1500, of: 1000, in: 1000, now: 5000)
        #expect(pace.room(1000, of: 1000, in: 1000, waiting: 500, now: 5000).bytes == 500)
        #expect(pace.room(1000, of: 1000, in: 1000, waiting: 501, now: 5000).bytes == 0)
    }

    @Test func `the largest numbers do no harm`() {
        var limit = EnabledLimit(
            number: 1, direction: 0, bytes: 1, milliseconds: UInt32(Int32.max), leastBytes: .max)
        for now: UInt64 in [0, 1, 1 << 40] {
            let room = limit.room(waiting: .max, now: now)
            limit.charge(Int(room.bytes) + 1, now: now)
            limit.charge(.max, now: now)
            #expect(limit.room(waiting: .max, now: now).wait > 0)
        }
    }

    @Test func `streams that share an entry get equal parts of its limit`() throws {
        var configuration = StickTableConfiguration(name: "t", keyType: .integer, size: 10)
        configuration.store(StickStoredData(.bytesOutRate, periodMilliseconds: 1000))
        let table = StickTable(configuration)
        let key: [UInt8] = [0, 0, 0, 1]
        var streams: [Greedy] = []
        var now: UInt64 = 1000
        // One more stream every five seconds.
        for count in 1...4 {
            let tracked = table.track(key.span, Span(), now: now)
            let entry = try #require(tracked)
            var limit = EnabledLimit(
                number: 1, direction: 1, bytes: 100_000, milliseconds: 0, leastBytes: 0)
            limit.entry = unsafe TrackedEntry(
                table: Unmanaged.passUnretained(table), reference: entry)
            streams.append(Greedy(limit: limit, nextAt: now))
            // The newcomer's first second settles.
            let settled = now + 1000
            while now < settled { step(&streams, &now, table) }
            let before = streams.map(\.passed)
            let end = now + 4000
            while now < end { step(&streams, &now, table) }
            let parts = zip(streams, before).map { $0.passed - $1 }
            #expect((360_000...408_000).contains(parts.reduce(0, +)), "\(parts)")
            for part in parts {
                #expect(Int(part) > 300_000 / count && Int(part) < 440_000 / count, "\(parts)")
            }
        }
        let turns = streams.reduce(0) { $0 + $1.turns }
        #expect(turns < 20 * 4 * 120, "no stream looks much more often than every 20 ms")
        for stream in streams { table.release(stream.limit.entry!.reference, Span(), now: now) }
        #expect(table.facts(key.span, now: now)?.useCount == 0)
    }

    private func step(_ streams: inout [Greedy], _ now: inout UInt64, _ table: StickTable) {
        for index in streams.indices { streams[index].turn(now) }
        let entry = streams[0].limit.entry!.reference
        let rate = table.value(of: .bytesOutRate, at: entry, now: now) ?? 0
        #expect(rate <= 100_000)
        now += 1
    }
}

/// Enables a limit for every stream.
///
/// Safety: a constant.
private final class Enable: Action, @unchecked Sendable {
    private let limit: BandwidthLimit

    init(_ limit: BandwidthLimit) {
        self.limit = limit
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.enable(limit, bytes: 0, milliseconds: 0)
        return .goOn
    }
}

extension ProxyConfiguration {
    /// Limits every stream.
    fileprivate mutating func limit(
        ofRequests: Bool, _ bytes: UInt32, in milliseconds: UInt32, least: UInt32 = 0
    ) {
        let limit = BandwidthLimit(
            "l", ofRequests: ofRequests, bytes: bytes, milliseconds: milliseconds,
            leastBytes: least)
        rules[Int(RuleStep.contentRequest.rawValue)].append(
            Rule(.contentRequest, Enable(limit), if: nil, text: "", place: SourcePlace()))
    }
}

extension EngineTests {
    @Suite struct BandwidthTests {
        @Test func `a response beyond its limit is held, and others are not`() throws {
            let origin = try TestOrigin.text(String(repeating: "x", count: 100_000))
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)])
            var limited = configuration.proxies[0]
            limited.name = "limited"
            limited.limit(ofRequests: false, 7200, in: 3_600_000)
            configuration.proxies.append(limited)
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port("limited"))
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(client.readHead()?.hasPrefix("HTTP/1.1 200") == true)
            let free = try Peer(to: running.port())
            for _ in 0..<20 { #expect(free.get()?.text.utf8.count == 100_000) }
            // Two bytes a second, one portion of one byte in advance.
            var got = client.takePending().count
            while client.isReadable(within: 0), client.read(1) != nil { got += 1 }
            #expect(got < 1000, "\(got) bytes")
            client.close()
        }

        @Test(arguments: [true, false])
        func `a relay is spliced no faster than its limit, to the last byte`(
            usesSplice: Bool
        ) throws {
            let size = 16 << 20
            let origin = try TestOrigin { peer, _ in
                Pattern.send(size, seed: 2, over: peer)
                peer.shutdownSending()
            }
            defer { origin.stop() }
            var configuration = Setup.tcp([Setup.server("s", origin.port)]) {
                $0.limit(ofRequests: false, 160 << 20, in: 1000, least: 100_000)
            }
            configuration.global.usesSplice = usesSplice
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port())
            #expect(Pattern.receive(size, seed: 2, from: client) == nil)
            client.shutdownSending()
            #expect(eventually { running.log.endings == ["--"] })
            #expect(running.frontend().counters.value(.bytesOut) == UInt64(size))
            let spliced = running.engine.live.process.counters.value(.splicedBytes)
            #expect((spliced > UInt64(size) / 2) == usesSplice, "\(spliced) bytes were spliced")
        }

        @Test func `who is held by a limit does not time out`() throws {
            let origin = try TestOrigin.http { request, peer, _ in
                peer.answer(String(repeating: "y", count: 12))
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) {
                    $0.timeouts.client = 100
                    $0.timeouts.server = 100
                    // Portions of three bytes, 300 ms each.
                    $0.limit(ofRequests: false, 10, in: 1000, least: 3)
                })
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == String(repeating: "y", count: 12))
            #expect(eventually { running.log.endings == ["--"] })
        }

        @Test func `a request body under a limit comes whole, and a chunked one too`() throws {
            let body = String(repeating: "z", count: 3000)
            let received = Gate()
            let origin = try TestOrigin { peer, _ in
                for _ in 0..<2 {
                    guard let head = peer.readHead() else { return }
                    if head.contains("transfer-encoding: chunked") {
                        let whole = "bb8\r\n" + body + "\r\n0\r\n\r\n"
                        let bytes = peer.read(whole.utf8.count)
                        #expect(bytes.map { String(decoding: $0, as: UTF8.self) } == whole)
                        received.open()
                    } else {
                        let bytes = peer.read(body.utf8.count)
                        #expect(bytes.map { String(decoding: $0, as: UTF8.self) } == body)
                    }
                    peer.answer("ok")
                }
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) {
                    $0.limit(ofRequests: true, 30_000, in: 1000)
                })
            let client = try Peer(to: running.port())
            client.send(
                "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3000\r\n\r\n\(body)")
            #expect(client.readResponse()?.text == "ok")
            client.send(
                "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "bb8\r\n\(body)\r\n0\r\n\r\n")
            #expect(client.readResponse()?.text == "ok")
            #expect(received.wait())
            #expect(eventually { running.log.endings == ["--", "--"] })
        }
    }
}

// The laboratory itself: what it counts as an outage, what it reads off the wire.

import Addresses
import Testing

@testable import VRRPLab

@Suite struct LabTests {
    /// Rounds of one a millisecond and the answers to some of them, after 0.1 ms each.
    private func outage(answered: (Int) -> Bool, delay: UInt64 = 100_000) -> Double {
        let rounds = (0..<1000).map { UInt64($0) * 1_000_000 }
        let answers = rounds.indices.filter(answered).map {
            ProbeAnswer(time: rounds[$0] + delay, asked: rounds[$0], host: 0)
        }
        return Prober.longestOutage(rounds, answers, from: 0, to: 1_000_000_000)
    }

    @Test func `steady answers are no outage`() { #expect(outage { _ in true } == 0) }

    @Test func `unanswered questions are an outage between two answers`() {
        #expect(outage { $0 < 300 || $0 >= 400 } == 101)
        #expect(outage { $0 < 300 || $0 == 350 || $0 >= 380 } == 51)
    }

    @Test func `what is not over lasts until the end`() {
        #expect(outage { $0 < 500 } == 500.9)
        #expect(outage { _ in false } == 1000)
    }

    @Test func `an answer that comes late is none`() {
        #expect(outage(answered: { _ in true }, delay: 30_000_000) > 0)
    }

    @Test func `a client that does not ask has no outage`() {
        let rounds: [UInt64] = [0, 1, 2, 500, 501].map { $0 * 1_000_000 }
        let answers = rounds.map { ProbeAnswer(time: $0 + 1000, asked: $0, host: 0) }
        #expect(Prober.longestOutage(rounds, answers, from: 0, to: 501_100_000) == 0)
    }

    @Test(arguments: [2, 3] as [UInt8])
    func `a crafted advert is read as it was made`(_ version: UInt8) throws {
        let crafted = CraftedAdvert().with {
            $0.version = version
            $0.interval = version == 2 ? 3 : 300
            $0.priority = 77
        }
        guard case .advert(let seen) = SeenFrame(crafted.frame, host: "A", time: 1) else {
            Issue.record("no advert")
            return
        }
        #expect(seen.version == version && seen.priority == 77 && seen.addressCount == 1)
        #expect(seen.intervalMilliseconds == 3000 && seen.virtualRouterID == 51)
        #expect("\(seen.source)" == "10.9.0.99" && seen.timeToLive == 255)
        #expect(seen.hasChecksum(version == 2 ? .messageOnly : .withPseudoHeader))
        #expect(!seen.hasChecksum(version == 2 ? .withPseudoHeader : .messageOnly))
    }

    @Test func `a crafted advert of IPv6 is read as it was made`() throws {
        let crafted = try CraftedAdvert().with {
            $0.source = try #require(IPAddress("fe80::1"))
            $0.destination = try #require(IPAddress("ff02::12"))
            $0.addresses = [try #require(IPAddress("fe80::100"))]
        }
        guard case .advert(let seen) = SeenFrame(crafted.frame, host: "A", time: 1) else {
            Issue.record("no advert")
            return
        }
        #expect(seen.hasChecksum(.withPseudoHeader) && seen.message.count == 24)
    }

    @Test func `junk holds no sound advert, and is the same again`() {
        var (one, two) = (RandomFrames(seed: 7), RandomFrames(seed: 7))
        for _ in 0..<5000 {
            let frame = one.next()
            #expect(frame == two.next())
            if case .advert(let seen) = SeenFrame(frame, host: "A", time: 1) {
                let isSound = seen.hasChecksum(.withPseudoHeader) && seen.message.count >= 12
                #expect(!isSound || seen.version != 3)
            }
        }
    }

    @Test func `frames of any kind are read without harm`() {
        var random = RandomFrames(seed: 3)
        for length in 0..<120 {
            _ = SeenFrame(Array(random.nextRandom().prefix(length)), host: "A", time: 1)
            for kind: [UInt8] in [[8, 0], [8, 6], [0x86, 0xDD]] {
                var frame = [UInt8](repeating: 0x88, count: length)
                if length >= 14 { frame.replaceSubrange(12..<14, with: kind) }
                if length > 23 { frame[23] = 112 }
                if length > 20, kind[0] == 0x86 { frame[20] = 112 }
                _ = SeenFrame(frame, host: "A", time: 1)
            }
        }
    }

    @Test(.inLaboratory) func `a cut way carries nothing, and a mute one all but VRRP`()
        async throws
    {
        try await inLab { lab in
            let ping = ["ping", "-n", "-c", "5", "-i", "0.1", "-W", "2", lab["B"].address]
            func arrives() throws -> Bool {
                let before = lab["B"].run(["nft", "list", "chain", "inet", "t", "c"]).output
                try lab["A"].send([CraftedAdvert().frame])
                return Lab.wait(seconds: 0.3) {
                    lab["B"].run(["nft", "list", "chain", "inet", "t", "c"]).output != before
                }
            }
            let rules = [
                "add table inet t",
                "add chain inet t c { type filter hook prerouting priority 0; }",
                "add rule inet t c ip protocol 112 counter",
            ]
            for rule in rules { #expect(lab["B"].run(["nft", rule]).status == 0) }
            #expect(lab["A"].run(ping).status == 0)
            #expect(try arrives())
            try lab.mute(["A"], from: ["B"])
            #expect(lab["A"].run(ping).status == 0)
            #expect(try !arrives())
            try lab.partition(["A"], from: ["B"])
            #expect(lab["A"].run(ping).status == 1)
            try lab.heal()
            #expect(lab["A"].run(ping).status == 0)
            #expect(try arrives())
        }
    }
}

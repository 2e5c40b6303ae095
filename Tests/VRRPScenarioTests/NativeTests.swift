// What keepalived has nothing like: the status socket and its commands, metrics, events.

import Foundation
import Glibc
import Testing
import VRRPLab

@Suite(.inLaboratory, .needsOurs) struct NativeTests {
    private static let vip = "10.9.0.100"

    @Test(arguments: Pairing.oursFirst)
    func `hand-over moves the address without an outage worth the name`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            let answer = lab["A"].operate("hand-over")
            #expect(answer.status == 0, "\(answer.output)")
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) {
                    lab.adverts(from: "A", since: moment).contains { $0.priority == 0 }
                }, evidence(lab))
            #expect(lab.outage(since: moment) < 1000)
            Lab.pass(seconds: 0.5)
            #expect(lab.owners(of: Self.vip) == ["B"], evidence(lab))
        }
    }

    @Test(arguments: Pairing.oursFirst)
    func `stay-backup outlasts a reload, and resume ends it`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            #expect(lab["A"].operate("stay-backup").status == 0)
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            lab["A"].reload(RouterConfiguration(InstanceText(priority: 151)).text)
            Lab.pass(seconds: 1)
            #expect(lab.owners(of: Self.vip) == ["B"], evidence(lab))
            #expect(lab["A"].operate("resume").status == 0)
            #expect(Lab.wait(seconds: 4) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.priority == 151 }, evidence(lab)
            )
        }
    }

    @Test(arguments: Pairing.oursFirst)
    func `the status tells who serves`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let table = lab["A"].operate("status")
            #expect(table.status == 0 && table.output.contains("VI_1"), "\(table.output)")
            #expect(table.output.uppercased().contains("MASTER"), "\(table.output)")
            let text = lab["A"].operate("status", "--json").output
            let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
            #expect(json is [String: Any])
            #expect(text.contains("VI_1"), "\(text)")
            #expect(lab["A"].operate("nonsense").status != 0)
        }
    }

    @Test(arguments: Pairing.oursFirst)
    func `metrics and events tell of a move`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let events = "\(lab["A"].folder)/events"
            let configuration = RouterConfiguration(InstanceText(priority: 150)).with {
                $0.global = ["metrics_listen 127.0.0.1:9650", "events_file \(events)"]
            }
            try startBoth(lab, pair, a: configuration)
            func metrics() -> String {
                lab["A"].run(["curl", "-s", "http://127.0.0.1:9650/metrics"]).output
            }
            let before = metrics()
            #expect(before.contains("# TYPE martlet_vrrp_"), "\(before)")
            #expect(before.contains("VI_1"), "\(before)")
            lab["A"].setLinks(up: false)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { metrics() != before })
            lab["A"].setLinks(up: true)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            func moves() throws -> [String] {
                try (readText(events) ?? "").split(separator: "\n").compactMap { line in
                    let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    guard let event = json as? [String: Any],
                        event["event"] as? String == "transition"
                    else { return nil }
                    return (event["to"] as? String)?.uppercased()
                }
            }
            let expected = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER"]
            // The file is written behind what the network sees.
            #expect(
                try Lab.wait(seconds: 2) { try moves() == expected }, "\(readText(events) ?? "")")
        }
    }

    @Test(arguments: Pairing.alone)
    func `a split is counted and told`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let events = "\(lab["A"].folder)/events"
            let configuration = RouterConfiguration(InstanceText(priority: 150)).with {
                $0.global = ["events_file \(events)"]
            }
            try startBoth(lab, pair, a: configuration)
            try lab.partition(["A"], from: ["B", Lab.client])
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            try lab.heal()
            #expect(Lab.wait(seconds: 3) { lab.server() == "A" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 2) { (readText(events) ?? "").contains("split") },
                "\(readText(events) ?? "")")
        }
    }
}

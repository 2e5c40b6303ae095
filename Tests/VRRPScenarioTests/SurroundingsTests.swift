// What is around instances: entries that are there for as long as the daemon runs, interfaces that
// come and go, and people who want mail.

import Foundation
import LoadTesting
import Testing
import VRRPLab

@Suite(.inLaboratory) struct SurroundingsTests {
    private static let vip = "10.9.0.100"

    /// The static entries of a host's configuration, each in its own words.
    private static func entries(_ host: LabHost) -> [Bool] {
        [
            host.run(["ip", "-4", "addr", "show", "dev", "eth0"]).output.contains("10.88.0.1/24"),
            host.run(["ip", "-6", "addr", "show", "dev", "eth0"]).output.contains("fd88::1/64"),
            host.run(["ip", "route", "show", "table", "all"]).output
                .contains("10.89.0.0/24 via 10.88.0.7"),
            host.run(["ip", "rule", "show"]).output.contains("from 10.88.0.0/24 lookup 188"),
        ]
    }

    @Test(arguments: Pairing.all)
    func `static entries are there while the daemon runs, whoever is master`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int, _ route: String) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority)).with {
                    $0.blocks = [
                        "static_ipaddress {", "10.88.0.1/24 dev eth0", "fd88::1/64 dev eth0", "}",
                        "static_routes {", route, "}",
                        "static_rules {", "from 10.88.0.0/24 table 188", "}",
                    ]
                }
            }
            let first = "10.89.0.0/24 via 10.88.0.7 dev eth0"
            try startBoth(
                lab, pair, a: configuration(150, first), b: configuration(100, first))
            let all = [true, true, true, true]
            for host in lab.hosts {
                #expect(Lab.wait(seconds: 3) { Self.entries(host) == all }, evidence(lab))
            }
            // Neither a loss of mastership nor a reload that changes another entry moves them.
            lab["A"].reload(configuration(50, "10.90.0.0/24 via 10.88.0.7 dev eth0").text)
            #expect(Lab.wait(seconds: 4) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 3) {
                    let routes = lab["A"].run(["ip", "route"]).output
                    return routes.contains("10.90.0.0/24") && !routes.contains("10.89.0.0/24")
                }, evidence(lab))
            #expect(Self.entries(lab["A"]) == [true, true, false, true])
            for host in lab.hosts { #expect(host.stop() == 0) }
            for host in lab.hosts {
                #expect(Self.entries(host) == [false, false, false, false], evidence(lab))
            }
        }
    }

    @Test(arguments: Pairing.all)
    func `an interface may come after the start, go, and come again`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            let late = InstanceText(priority: 150).with { $0.link = "late0" }
            let first = RouterConfiguration(late).with { $0.global = ["dynamic_interfaces"] }
            try lab.probe([Self.vip], everyMicroseconds: 5000)
            try lab["A"].start(pair.a, first.text)
            try lab["B"].start(
                pair.b, RouterConfiguration(InstanceText(priority: 100)).text)
            #expect(Lab.wait(seconds: 5) { lab.server() == "B" }, evidence(lab))
            #expect(lab["A"].isRunning)
            for _ in 0..<2 {
                let words = "link add late0 link eth0 type macvlan mode bridge"
                for line in [words, "addr add 10.9.0.61/24 dev late0", "link set late0 up"] {
                    let command = ["ip"] + line.split(separator: " ").map(String.init)
                    #expect(lab["A"].run(command).status == 0)
                }
                #expect(Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
                #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
                #expect(lab["A"].run(["ip", "link", "del", "late0"]).status == 0)
                #expect(Lab.wait(seconds: 5) { lab.server() == "B" }, evidence(lab))
                #expect(lab["A"].isRunning)
            }
        }
    }

    // MARK: Mail

    /// A mail server, as far as one is needed: takes everything and writes down the texts.
    private static let mailServer = """
        #!/bin/sh
        end=$(printf '.\\r')
        printf '220 lab\\r\\n'
        while IFS= read -r line; do
            case "$line" in
            DATA*)
                printf '354 go on\\r\\n'
                while IFS= read -r line && [ "$line" != "$end" ]; do text="$text$line
        "; done
                printf '%s' "$text" >>"$1"
                text=
                printf '250 taken\\r\\n' ;;
            QUIT*) printf '221 bye\\r\\n'; exit ;;
            *) printf '250 yes\\r\\n' ;;
            esac
        done

        """

    /// The subjects of the mails of a sender, in the order they came.
    private static func subjects(_ mails: String, of sender: String) -> [String] {
        var found: [String] = []
        var isTheirs = false
        for line in mails.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("From:") { isTheirs = line.contains(sender) }
            if line.hasPrefix("Subject:"), isTheirs { found.append(String(line.dropFirst(9))) }
        }
        return found
    }

    @Test(arguments: Pairing.all)
    func `people who want mail get one for each change`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let (script, mails) = ("\(lab.folder)/mail.sh", "\(lab.folder)/mails")
            writeFile(script, Self.mailServer)
            let server = try #require(
                lab.startOnClient(
                    ["socat", "TCP-LISTEN:2525,fork,reuseaddr", "EXEC:sh \(script) \(mails)"],
                    output: "mail.log"))
            defer { server.stop() }
            func configuration(_ host: String, _ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).adding("smtp_alert")).with {
                    $0.global = [
                        "notification_email {", "operators@lab.example", "}",
                        "notification_email_from \(host)@lab.example",
                        "smtp_server 10.9.0.1 2525", "smtp_connect_timeout 5",
                    ]
                }
            }
            /// Waits until each host has sent its mails so far. Those that are delivered at the
            /// same time may overtake each other in keepalived.
            func expect(_ a: [String], _ b: [String]) {
                for (sender, program, names) in [
                    ("a@lab.example", pair.a, a), ("b@lab.example", pair.b, b),
                ] {
                    let expected = names.map { "[lab] VRRP Instance VI_1 - Entering \($0) state" }
                    var told: [String] = []
                    let isTold = Lab.wait(seconds: 10) {
                        told = Self.subjects(readText(mails) ?? "", of: sender)
                        return program == .martlet
                            ? told == expected : told.sorted() == expected.sorted()
                    }
                    #expect(isTold, "\(sender) \(program): \(told)")
                }
            }
            try startBoth(lab, pair, a: configuration("a", 150), b: configuration("b", 100))
            // A reload of keepalived drops mails that are on their way.
            expect(["BACKUP", "MASTER"], ["BACKUP"])
            lab["A"].reload(configuration("a", 50).text)
            #expect(Lab.wait(seconds: 4) { lab.server() == "B" }, evidence(lab))
            expect(["BACKUP", "MASTER", "BACKUP"], ["BACKUP", "MASTER"])
            lab["A"].reload(configuration("a", 150).text)
            #expect(Lab.wait(seconds: 4) { lab.server() == "A" }, evidence(lab))
            expect(["BACKUP", "MASTER", "BACKUP", "MASTER"], ["BACKUP", "MASTER", "BACKUP"])
        }
    }
}

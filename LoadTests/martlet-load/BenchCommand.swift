// martlet-load bench: our binary beside other proxies.

import ArgumentParser
import Glibc
import LoadTesting

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure martlet beside haproxy and nginx.",
        discussion: """
            Scenarios:
            \(BenchScenario.all.map { "  \($0.name): \($0.title)" }.joined(separator: "\n"))

            Needs two cores, taskset and setpriv (util-linux), wrk, and the proxies themselves; \
            --callgrind needs valgrind.
            """)

    @Option(name: .shortAndLong, help: "A scenario; all when none is named.")
    var scenario: [String] = []

    @Option(help: "Proxies to run, separated by commas.")
    var peers = Peer.allCases.map(\.rawValue).joined(separator: ",")

    @Option(name: .shortAndLong, help: "Rounds; the median counts.")
    var rounds = 5

    @Option(help: "Seconds of each slice.")
    var seconds = 3

    @Option(help: "The martlet binary; beside martlet-load when not given.")
    var martlet: String?

    @Option(help: "The core of the proxies.")
    var proxyCore = 0

    @Option(help: "The core of the generator and the origins.")
    var loadCore = 1

    @Flag(help: "Generate load with martlet-load instead of wrk.")
    var ownGenerator = false

    @Flag(help: "Count user instructions under callgrind instead of time.")
    var callgrind = false

    @Flag(help: "Report in JSON, with every slice.")
    var json = false

    @Flag(help: "Report in Markdown.")
    var markdown = false

    @Option(help: "Also write the report to PATH.md and PATH.json.")
    var save: String?

    @Flag(help: "Keep the folder with configurations and outputs.")
    var keep = false

    func run() throws {
        var options = BenchOptions()
        options.scenarios = try chosenScenarios()
        options.peers = try chosenPeers()
        options.rounds = max(rounds, 1)
        options.seconds = max(seconds, 1)
        options.proxyCore = proxyCore
        options.loadCore = loadCore
        options.martletPath = martlet ?? siblingPath("martlet")
        options.countsInstructions = callgrind
        options.keepsFolder = keep
        options.usesWrk = !ownGenerator
        if options.usesWrk, !callgrind, findProgram("wrk") == nil {
            throw ValidationError("wrk is not installed; --own-generator does without it")
        }
        ignoreBrokenPipes()
        let bench: Bench
        do {
            bench = try Bench(options) { complain($0) }
        } catch BenchFailure.cannotStart(let reason) {
            throw ValidationError(reason)
        }
        let report = bench.run()
        if let save {
            let isSaved =
                writeFile("\(save).md", report.markdown + "\n")
                && writeFile("\(save).json", report.json.text + "\n")
            if !isSaved { complain("'\(save).md' or '\(save).json' could not be written") }
        }
        if json {
            say(report.json.text)
        } else {
            say(markdown ? report.markdown : report.text)
        }
    }

    private func chosenScenarios() throws -> [BenchScenario] {
        if scenario.isEmpty {
            // Instructions are counted where time is measured; bodies add little to them.
            return BenchScenario.all.filter {
                !callgrind || $0.figure == .timePerRequest
            }
        }
        return try scenario.map { name in
            guard let found = BenchScenario.all.first(where: { $0.name == name }) else {
                throw ValidationError("there is no scenario '\(name)'")
            }
            return found
        }
    }

    private func chosenPeers() throws -> [Peer] {
        try peers.split(separator: ",").map { word in
            guard let peer = Peer(rawValue: String(word)) else {
                throw ValidationError("there is no peer '\(word)'")
            }
            return peer
        }
    }
}

// martlet-load vrrp: our router daemon beside keepalived.

import ArgumentParser
import Glibc
import LoadTesting
import VRRPLab

struct VRRPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vrrp",
        abstract: "Measure martlet-vrrp beside keepalived.",
        discussion: """
            Scenarios:
            \(VRRPMeasurement.allCases.map { "  \($0.rawValue): \($0.title)" }
                .joined(separator: "\n"))

            Needs root, keepalived, ip, nft, taskset and setpriv. Routers and the client are in \
            network namespaces of their own; nothing else on the machine is touched.
            """)

    @Option(name: .shortAndLong, help: "A scenario; all when none is named.")
    var scenario: [String] = []

    @Option(name: .shortAndLong, help: "Rounds; what takes long has fewer.")
    var rounds = 20

    @Option(help: "Programs, separated by commas.")
    var peers = RouterProgram.allCases.map(\.rawValue).joined(separator: ",")

    @Option(help: "The martlet-vrrp binary; beside martlet-load when not given.")
    var martletVRRP: String?

    @Flag(help: "Report in Markdown.")
    var markdown = false

    @Option(help: "Also write the report to PATH.md.")
    var save: String?

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("1 to 1000 rounds") }
    }

    func run() throws {
        guard geteuid() == 0 else { throw ValidationError("only root may make namespaces") }
        if let martletVRRP {
            // Safety: no other thread runs yet; the words are read only for the call.
            unsafe setenv("MARTLET_VRRP", martletVRRP, 1)
        }
        var options = VRRPBenchOptions()
        options.rounds = rounds
        if !scenario.isEmpty {
            options.measurements = try scenario.map { name in
                guard let found = VRRPMeasurement(rawValue: name) else {
                    throw ValidationError("there is no scenario '\(name)'")
                }
                return found
            }
        }
        options.programs = try peers.split(separator: ",").map { word in
            guard let program = RouterProgram(rawValue: String(word)) else {
                throw ValidationError("there is no program '\(word)'")
            }
            return program
        }
        for program in options.programs where program.path == nil {
            complain("\(program) is not there and is left out")
        }
        options.programs.removeAll { $0.path == nil }
        guard !options.programs.isEmpty else { throw ValidationError("no program is there") }
        ignoreBrokenPipes()
        var bench = VRRPBench(options) { complain($0) }
        let report = bench.run()
        let page = report.markdown
        if let save, !writeFile("\(save).md", page + "\n") {
            complain("'\(save).md' could not be written")
        }
        say(markdown ? page : report.text)
        if !report.isGood { throw ExitCode.failure }
    }
}

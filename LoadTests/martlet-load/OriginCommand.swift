// martlet-load origin: a server that says its name.

import ArgumentParser
import Glibc
import Kernel
import LoadTesting

struct OriginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "origin",
        abstract: "Serve as a demo origin that says its name.",
        discussion: """
            Paths:
            \(OriginScript.help.map { "  \($0.path)\n      \($0.what)" }.joined(separator: "\n"))
            """)

    enum TCPMode: String, ExpressibleByArgument, CaseIterable {
        case echo, banner, sink, source
    }

    @Option(help: "The origin's name, carried by every answer.")
    var name = "origin"

    @Option(name: .shortAndLong, help: "An address to listen on; port 0 takes a free one.")
    var listen: [String] = []

    @Option(
        help: "Speak plain TCP instead of HTTP: \(TCPMode.allValueStrings.joined(separator: ", "))."
    )
    var tcp: TCPMode?

    @Option(help: "How many bytes a TCP source sends.")
    var sourceBytes = 1_000_000

    @Option(help: "Threads that share the ports.")
    var threads = 1

    func validate() throws {
        guard !listen.isEmpty else { throw ValidationError("--listen ADDRESS is needed") }
        guard (1...64).contains(threads) else { throw ValidationError("1 to 64 threads") }
    }

    func run() throws {
        var addresses: [RawSocketAddress] = []
        for word in listen {
            guard let address = RawSocketAddress(commandLineWord: word) else {
                throw ValidationError("'\(word)' is not an address")
            }
            addresses.append(address)
        }
        let speaks: OriginProtocol =
            switch tcp {
            case nil: .http
            case .echo: .tcpEcho
            case .banner: .tcpBanner
            case .sink: .tcpSink
            case .source: .tcpSource(sourceBytes)
            }
        ignoreBrokenPipes()
        try serveOrigin(
            name: name, on: addresses, speaking: speaks, threads: threads,
            until: try OriginStop()
        ) { say("origin \(name) listening on \($0.commandLineWord)") }
    }
}

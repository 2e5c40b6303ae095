// martlet-load chaos: misbehaving clients, and what they do to a server.

import ArgumentParser
import Kernel
import LoadTesting

struct ChaosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Send misbehaving clients to a proxy and watch its process.",
        discussion: """
            Behind the proxy a demo origin has to stand. Good clients are among the others; each \
            must get its whole answer. Ends with status 0 when the verdict is good.

            Kinds of clients: \(ChaosBehaviour.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @Argument(help: "Where the proxy listens, HOST:PORT or unix@PATH.")
    var address: String

    @Option(name: .shortAndLong, help: "The process to watch.")
    var pid: Int32?

    @Option(name: .shortAndLong, help: "Clients at once.")
    var clients = 200

    @Option(name: .shortAndLong, help: "Seconds during which clients begin.")
    var duration = 10

    @Option(help: "Kinds of clients, separated by commas; all when not given.")
    var behaviours: String?

    @Option(help: "Repeats a run.")
    var seed: UInt64?

    @Option(help: "Connections to hold afterwards, to use up the proxy's descriptors.")
    var exhaust = 0

    @Option(help: "Seconds that connections may take to end before descriptors are counted.")
    var settle = 5

    @Option(help: "The proxy's statistics socket, to ask for connections that got stuck.")
    var statsSocket: String?

    @Option(help: "Descriptors that may stay open in pools.")
    var allowDescriptors = 500

    func validate() throws {
        guard (1...20_000).contains(clients), (0...60_000).contains(exhaust) else {
            throw ValidationError("1 to 20,000 clients, 0 to 60,000 connections to hold")
        }
    }

    func run() throws {
        guard let address = RawSocketAddress(commandLineWord: address) else {
            throw ValidationError("'\(address)' is not an address")
        }
        var plan = ChaosPlan(address: address)
        plan.pid = pid
        plan.clients = clients
        plan.milliseconds = duration * 1000
        plan.exhaustion = exhaust
        plan.settleMilliseconds = settle * 1000
        plan.allowedDescriptors = allowDescriptors
        if let seed { plan.seed = seed }
        if let statsSocket {
            guard let socket = RawSocketAddress(commandLineWord: "unix@\(statsSocket)") else {
                throw ValidationError("'\(statsSocket)' is not the path of a socket")
            }
            plan.statisticsSocket = socket
        }
        if let behaviours {
            plan.behaviours = try behaviours.split(separator: ",").map { word in
                guard let behaviour = ChaosBehaviour(rawValue: String(word)) else {
                    throw ValidationError("there is no kind of client '\(word)'")
                }
                return behaviour
            }
        }
        raiseDescriptorLimit(to: max(clients, exhaust) + 100)
        complain("seed \(plan.seed)")
        var chaos = try Chaos(plan) { complain($0) }
        let report = chaos.run()
        say(report.text)
        if !report.isGood { throw ExitCode.failure }
    }
}

// What `martlet explain` says of a request is what the live process does with it: drawn
// configurations and requests, each asked of both.

import Addresses
import ConfigLanguage
import Foundation
import Proxy
import ProxyConfig
import Synchronization
import Testing

/// What became of a request, as far as both sides can tell.
private struct Fate: Equatable, CustomStringConvertible {
    var backend: String?
    var server: String?
    var author: String?
    var forwarded: [UInt8] = []
    var reply: [UInt8] = []

    var description: String {
        let forwarded = String(decoding: self.forwarded, as: UTF8.self).debugDescription
        let reply = String(decoding: self.reply, as: UTF8.self).debugDescription
        return "\(backend ?? "?")/\(server ?? "-") \(author ?? "?")\n  \(forwarded)\n  \(reply)"
    }
}

@Suite(.enabled(if: Program.martletServes, "martlet does not serve yet"))
struct ExplainedTests {
    /// Requests to each configuration.
    private static let requests = 10

    /// Configurations that are drawn.
    private static let configurations = 30

    /// How many requests ended how, of all configurations.
    private static let tally = Mutex((requests: 0, served: 0, replied: 0, silent: 0))

    /// `MARTLET_TEST_SEED` repeats what another seed has drawn.
    private static let seed =
        ProcessInfo.processInfo.environment["MARTLET_TEST_SEED"].flatMap(UInt64.init) ?? 20_260_000

    @Test(arguments: 0..<configurations)
    func `an explanation is what the live process does`(_ number: Int) throws {
        let seed = Self.seed &+ UInt64(number)
        let ports = DrawnConfiguration.frontends.map { _ in ReservedPort() }
        let record = ExchangeRecord()
        var origins: [RecordingOrigin] = []
        let live = try RunningProxy(.martlet) { folder in
            origins = startOrigins(folder, record)
            writeLists(folder)
            return DrawnConfiguration(seed: seed, folder: folder, ports: ports.map(\.number)).text
        }
        let text = try String(contentsOfFile: live.folder + "/cfg", encoding: .utf8)
        _ = try load(live.folder + "/cfg")
        var draw = Draw(seed: seed)
        for client in 0..<Self.requests {
            let place = draw.number(DrawnConfiguration.frontends.count)
            let (frontend, mode) = DrawnConfiguration.frontends[place]
            let request = DrawnRequest(&draw, mode)
            let port = ports[place].number
            let host = UInt8(client + 2)
            let socket = try connect(port, from: host)
            let reply = ask(socket, request, isRelay: mode == "tcp")
            // A relay's line is written when both sides have left.
            socket.finish()
            func explain(_ response: [UInt8]?) throws -> Explanation {
                let explanation = try Explainer.explain(
                    ExplainedRequest(
                        bytes: request.bytes,
                        source: IPSocketAddress(
                            IPAddress("127.0.0.\(host)")!, port: socket.localPort),
                        destination: IPSocketAddress(.loopbackV4, port: port), frontend: frontend,
                        response: response),
                    under: try load(live.folder + "/cfg"))
                return try #require(explanation)
            }
            var exchange = record.take().last
            // An origin whose answer is not waited for may be late.
            if reply.isEmpty, exchange == nil, try explain(nil).server != nil {
                exchange = record.next(milliseconds: 2000)
            }
            let explanation = try explain(exchange?.response)
            // The monitor's requests are not logged, nor are clients that are turned away at once.
            let isLogged = !reply.isEmpty && !explanation.asksForMonitor
            let line = logged(live, "127.0.0.\(host):\(socket.localPort)", isNeeded: isLogged)
            #expect(line != nil || !isLogged, "nothing is logged")
            let theirs = Fate(reply, exchange, line)
            var ours = Fate(explanation, frontend)
            if line == nil { (ours.backend, ours.author) = (nil, nil) }
            Self.count(ours)
            let isClosed = reply.isEmpty && exchange == nil
            #expect(!isClosed || explanation.outcome == .closed)
            #expect(
                ours == theirs,
                """
                seed \(seed), request \(client) to \(frontend)
                \(String(decoding: request.bytes, as: UTF8.self).debugDescription)
                explained: \(ours)
                live:      \(theirs)
                \(line ?? [])
                \(text)
                """)
        }
        #expect(live.isRunning)
        withExtendedLifetime(origins) {}
    }

    /// Counts how a request ended; behind the last one it is known whether all ends were met.
    private static func count(_ fate: Fate) {
        let tally = tally.withLock { tally in
            tally.requests += 1
            if fate.reply.isEmpty {
                tally.silent += 1
            } else if fate.server != nil {
                tally.served += 1
            } else {
                tally.replied += 1
            }
            return tally
        }
        guard tally.requests == configurations * requests else { return }
        #expect(tally.served > 100 && tally.replied > 50 && tally.silent > 5, "\(tally)")
    }

    // MARK: The live side

    private func startOrigins(_ folder: String, _ record: ExchangeRecord) -> [RecordingOrigin] {
        let all =
            DrawnConfiguration.backends.map { ($0, true) }
            + DrawnConfiguration.relays.map { ($0, false) }
        return all.flatMap { name, isHTTP in
            (0..<DrawnConfiguration.servers).map { server in
                let name = "\(name)s\(server)"
                return RecordingOrigin(
                    path: "\(folder)/\(name)", name: name, isHTTP: isHTTP, record)
            }
        }
    }

    private func writeLists(_ folder: String) {
        for (name, text) in [
            ("nets", "127.0.0.4/31\n127.0.0.8\n"), ("hosts", "example.org\nOTHER.net\n"),
            ("paths", "/api api\n/a first\n/x ex\nb bee\n"),
            ("names", "example.org one\nwww.example.org two\n"),
        ] {
            try? text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    private func connect(_ port: UInt16, from host: UInt8) throws -> WireSocket {
        for _ in 0..<1000 {
            if let socket = WireSocket(port: port, from: host) { return socket }
            usleep(5000)
        }
        throw RunningProxy.StartFailure(description: "nobody listens on \(port)")
    }

    /// Sends a request and reads until the response is complete, or the connection's end.
    private func ask(_ socket: WireSocket, _ request: DrawnRequest, isRelay: Bool) -> [UInt8] {
        socket.send(request.bytes)
        var reply: [UInt8] = []
        while case .bytes(let bytes) = socket.receive(milliseconds: 8000) {
            reply += bytes
            var reader = WireReader()
            reader.pending = reply
            while !isRelay {
                let next = reader.next(.response(toHead: request.isHead), atEnd: false)
                guard let next else { break }
                if !next.isInterim { return reply }
            }
        }
        return reply
    }

    /// The parts of the line about a client; nil where there is none.
    private func logged(_ live: RunningProxy, _ client: String, isNeeded: Bool) -> [String]? {
        for _ in 0..<(isNeeded ? 400 : 10) {
            let lines = live.log.split(separator: "\n")
            let line = lines.last { $0.hasPrefix("\(client)|") && $0.hasSuffix("|end") }
            if let line { return line.split(separator: "|").map(String.init) }
            usleep(5000)
        }
        return nil
    }

    // MARK: The explained side

    private func load(_ path: String) throws -> Configuration {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let loaded = ConfigurationLoader.load(
            files: [ConfigurationFile(name: path, bytes: Array(bytes))],
            environment: Environment([:]),
            facts: ConfigurationFacts(version: ProgramVersion("3.5-dev0"), features: []),
            surroundings: .system)
        let messages = loaded.diagnostics.entries.map { $0.rendered(processID: 1) }
        return try #require(loaded.configuration, "\(messages.joined(separator: "\n"))")
    }
}

extension Explanation {
    /// Whether the frontend's `monitor-uri` was asked for.
    fileprivate var asksForMonitor: Bool {
        events.contains { if case .fact(let fact) = $0 { fact.kind == .monitor } else { false } }
    }
}

extension Fate {
    /// What became of a live request: what its client got, its exchange with an origin, and the
    /// parts of its log line.
    fileprivate init(_ reply: [UInt8], _ exchange: RecordedExchange?, _ line: [String]?) {
        self.reply = reply
        server = exchange?.server
        forwarded = exchange?.request ?? []
        guard let line else { return }
        backend = line[2]
        let isServed = line[4] == "--" && line[3] != "<NOSRV>"
        author = reply.isEmpty ? "nobody" : isServed ? "server" : "proxy"
    }

    /// What an explanation says.
    fileprivate init(_ explanation: Explanation, _ frontend: String) {
        backend = frontend
        for case .fact(let fact) in explanation.events where fact.kind == .backend {
            backend = fact.name
        }
        server = explanation.server?.name
        author = explanation.author.rawValue
        forwarded = explanation.forwardedHead + explanation.forwardedBody
        reply = explanation.reply
        if reply.isEmpty { author = "nobody" }
    }
}

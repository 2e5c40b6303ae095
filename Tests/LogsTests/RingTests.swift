// Rings: what they keep, what they drop, and what reaches a server over a stream.

import Daemon
import Foundation
import Kernel
@testable import Logs
import Proxy
import Synchronization
import Testing

@Suite struct RingTests {
    private func ring(bytes: Int = 64, _ change: (inout RingConfiguration) -> Void = { _ in })
        -> LogRing
    {
        var configuration = RingConfiguration(name: "r")
        configuration.bytes = bytes
        change(&configuration)
        return LogRing(configuration) {}
    }

    private func append(_ text: String, to ring: LogRing) -> Bool {
        let bytes = Array(text.utf8)
        return ring.append(bytes.span)
    }

    private func lines(of ring: LogRing, from position: UInt64 = 0) -> [String] {
        var lines: [String] = []
        ring.read(from: position) { line, _ in lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    @Test func `a ring holds the newest lines that fit`() {
        let ring = ring(bytes: 64)
        // Each takes four bytes more than it has: six of them fit.
        for number in 0..<100 { #expect(append("line-\(number % 10)", to: ring)) }
        #expect(lines(of: ring) == (4...9).map { "line-\($0)" })
        #expect(ring.dropped == 0)
        #expect(!append(String(repeating: "x", count: 61), to: ring), "never fits")
        #expect(append(String(repeating: "x", count: 60), to: ring), "takes all of it")
        #expect(lines(of: ring).map(\.count) == [60])
        #expect(ring.dropped == 1)
    }

    @Test func `any order of lengths keeps whole lines in order`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("ring of lines: seed \(seed)")
        var random = seed
        func next(below bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        let ring = ring(bytes: 300)
        var model: [String] = []
        for number in 0..<2000 {
            let text = "\(number):" + String(repeating: "y", count: next(below: 120))
            #expect(append(text, to: ring))
            model.append(text)
            while model.reduce(0, { $0 + $1.utf8.count + 4 }) > 300 { model.removeFirst() }
            #expect(lines(of: ring) == model)
        }
    }

    @Test func `what a forwarder has not sent is not given up for new lines`() {
        let ring = ring(bytes: 64)
        let forwarder = ring.addForwarder()
        for number in 0..<6 { #expect(append("line-\(number)", to: ring)) }
        #expect(!append("line-6", to: ring))
        #expect(ring.dropped == 1)
        var behind: UInt64 = 0
        ring.read(from: forwarder.position, atMost: 1) { _, end in behind = end }
        ring.sent(forwarder.number, before: behind)
        #expect(append("line-7", to: ring))
        #expect(lines(of: ring).first == "line-1")
        #expect(lines(of: ring).last == "line-7")
    }

    @Test func `rings keep their lines when a configuration does not change them`() throws {
        let rings = try LogRings()
        var configuration = Configuration()
        configuration.rings = [RingConfiguration(name: "a"), RingConfiguration(name: "b")]
        rings.adopt(configuration)
        let a = try #require(rings.ring("a"))
        let b = try #require(rings.ring("b"))
        configuration.rings[1].bytes *= 2
        rings.adopt(configuration)
        #expect(rings.ring("a") === a)
        #expect(rings.ring("b") !== b)
        #expect(rings.ring("c") == nil)
    }

    @Test func `show events lists rings and shows lines`() throws {
        let rings = try LogRings()
        var configuration = Configuration()
        configuration.rings = [.buf0]
        rings.adopt(configuration)
        let ring = try #require(rings.ring("buf0"))
        #expect(append("one", to: ring) && append("two", to: ring))
        func ask(_ arguments: String...) -> String { rings.showEvents(arguments) }
        #expect(
            ask().contains("\n    buf0       : type=buffer, 0 dropped, in-memory ring buffer\n"))
        #expect(ask("buf0") == "one\ntwo\n")
        #expect(ask("buf0", "-0") == "one\0two\0")
        #expect(ask("nope") == "No such event sink\n")
        #expect(ask("buf0", "-x").hasPrefix("unknown option"))
    }

    // MARK: Over a stream

    /// A control loop that forwards, and a server that reads.
    private final class Forwarded {
        let loop: ControlLoop
        let rings: LogRings
        let forwarding: RingForwarding
        let server: StreamServer
        var configuration = Configuration()

        init(_ change: (inout RingConfiguration) -> Void = { _ in }) throws {
            server = try StreamServer()
            var ring = RingConfiguration(name: "r")
            ring.connectMilliseconds = 2000
            ring.serverMilliseconds = 2000
            ring.servers = [
                ServerConfiguration(
                    name: "s", place: SourcePlace(), hostText: "127.0.0.1",
                    address: socketAddress("127.0.0.1", server.port))
            ]
            change(&ring)
            configuration.rings = [ring]
            var log = LogConfiguration(target: .ring("r"), targetText: "ring@r")
            log.maxLevel = 7
            configuration.global.logs = [log]
            loop = try ControlLoop(signals: [])
            rings = try LogRings()
            rings.adopt(configuration)
            forwarding = try RingForwarding(rings, on: loop)
        }

        func log(_ text: String) {
            let notices = NoticeLogger(configuration, programName: "martlet", rings: rings)
            notices.log(Notice(level: .notice, proxy: nil, text: text))
            #expect(notices.droppedLines == 0)
        }

        /// Runs the loop until the server has read so much.
        func read(_ expected: String) -> String {
            let deadline = Date().addingTimeInterval(10)
            while server.text.utf8.count < expected.utf8.count && Date() < deadline {
                loop.turn(waitingAtMost: 20)
                server.read()
            }
            return server.text
        }
    }

    @Test func `lines reach a server with line feeds, also those from before it was there`() throws
    {
        let forwarded = try Forwarded()
        forwarded.log("one")
        #expect(forwarded.read("one\n") == "one\n")
        forwarded.log("two")
        #expect(forwarded.read("one\ntwo\n") == "one\ntwo\n")
    }

    @Test func `octet counting writes the length before each line`() throws {
        let forwarded = try Forwarded {
            $0.servers[0].logFraming = .octetCount
            $0.maxBytes = 6
        }
        forwarded.log("one")
        forwarded.log("much too long")
        #expect(forwarded.read("3 one6 much t") == "3 one6 much t")
    }

    @Test func `after a lost connection the next one goes on with the next line`() throws {
        let forwarded = try Forwarded()
        forwarded.log("one")
        #expect(forwarded.read("one\n") == "one\n")
        forwarded.server.dropClient()
        // The end is seen, and a second later comes the next connection.
        for _ in 0..<5 { forwarded.loop.turn(waitingAtMost: 20) }
        forwarded.log("two")
        #expect(forwarded.read("one\ntwo\n") == "one\ntwo\n")
    }

    @Test func `max-reuse begins a new connection after so many lines`() throws {
        let forwarded = try Forwarded { $0.servers[0].maxReuse = 0 }
        forwarded.log("one")
        _ = forwarded.read("one\n")
        forwarded.log("two")
        #expect(forwarded.read("one\ntwo\n") == "one\ntwo\n")
        #expect(forwarded.server.clients >= 2)
    }
}

/// Takes connections and reads what comes, one connection after the other.
private final class StreamServer {
    let port: UInt16
    private let listener: Int32
    private var client: Int32 = -1
    private(set) var clients = 0
    private var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    init() throws {
        let descriptor = try Descriptor.socket(family: AF_INET, type: SocketTypeNumber.stream)
        try descriptor.bind(to: socketAddress("127.0.0.1", 0))
        try descriptor.listen(backlog: 8)
        port = try descriptor.localAddress().ip?.port ?? 0
        listener = descriptor.surrender()
    }

    deinit {
        close(listener)
        dropClient()
    }

    func dropClient() {
        if client >= 0 { close(client) }
        client = -1
    }

    /// Takes what is there now.
    func read() {
        while true {
            if client < 0 {
                var address = RawSocketAddress()
                guard case .accepted(let accepted) = Descriptor.accept(listener, from: &address)
                else { return }
                client = accepted.surrender()
                clients += 1
            }
            var room = [UInt8](repeating: 0, count: 4096)
            let got = recv(client, &room, room.count, Int32(MSG_DONTWAIT))
            if got < 0 { return }
            bytes += room[0..<got]
            if got == 0 { dropClient() }
        }
    }
}

// The status socket as operators use it: a server on a loop, clients on threads.

import Addresses
import Daemon
import Foundation
import Kernel
import Synchronization
import Testing
import VRRPConfig

@testable import VRRPDaemon

/// A loop on the calling thread with a client beside it.
struct LoopBench {
    let loop: ControlLoop

    init() throws { loop = try ControlLoop(signals: []) }

    /// Runs the loop until a client on another thread has done its work, and returns that.
    func serve<Result: Sendable>(_ client: @escaping @Sendable () -> Result) throws -> Result {
        let result = ClientResult<Result>()
        let postbox = loop.postbox
        Thread.detachNewThread {
            let value = client()
            result.value.withLock { $0 = value }
            _ = postbox.post { $0.stop(status: 0) }
        }
        _ = loop.run()
        return try #require(result.value.withLock { $0 })
    }
}

private final class ClientResult<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}

/// What a command line client printed.
struct Printed: Sendable, Equatable {
    var status: Int32 = -1
    var output = ""
    var errors = ""

    static func by(_ words: [String]) -> Printed {
        var printed = Printed()
        printed.status = StatusClient.run(
            words, output: { printed.output += $0 }, errors: { printed.errors += $0 })
        return printed
    }
}

/// A blocking stream socket for clients that misbehave.
final class RawClient: Sendable {
    private let number: Int32

    init?(unix path: String) {
        number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, UInt32(MemoryLayout<sockaddr_un>.size))
            }
        }
        if status != 0 { return nil }
        limitWaits()
    }

    init?(port: UInt16) {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, UInt32(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 { return nil }
        limitWaits()
    }

    deinit { close(number) }

    private func limitWaits() {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            number, SOL_SOCKET, SO_RCVTIMEO, &limit, UInt32(MemoryLayout<timeval>.size))
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    func shutdownSending() { shutdown(number, Int32(SHUT_WR)) }

    /// Reads to the end, or until what was read satisfies a condition.
    func read(until isEnough: (String) -> Bool = { _ in false }) -> String {
        var received: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = recv(number, &room, room.count, 0)
            if got <= 0 { break }
            received += room[..<got]
            if isEnough(String(decoding: received, as: UTF8.self)) { break }
        }
        return String(decoding: received, as: UTF8.self)
    }
}

@Suite struct StatusServerTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.path + "/s" }

    private func server(
        _ bench: LoopBench, limits: RequestServer.Limits = RequestServer.Limits(),
        operated: @escaping (OperatorCommand, OperatorAnswer) -> Void = { _, _ in },
        command: @escaping (OperatorCommand) -> OperatorAnswer = { _ in
            OperatorAnswer(isDone: true, text: "done")
        }
    ) throws -> StatusServer {
        let server = StatusServer(
            loop: bench.loop, limits: limits, provider: sampleStatus, command: command,
            operated: operated)
        try server.listen(at: StatusSocket(path: path))
        return server
    }

    @Test func `status is a table, and JSON when asked`() throws {
        let bench = try LoopBench()
        let server = try server(bench)
        defer { server.close() }
        let path = path
        let table = try bench.serve { Printed.by(["status", "--socket", path]) }
        #expect(table == Printed(status: 0, output: Report.text(of: sampleStatus())))
        let json = try bench.serve { Printed.by(["status", "--json", "--socket=\(path)"]) }
        #expect(Array(json.output.utf8) == Report.json(of: sampleStatus()))
    }

    @Test func `commands arrive with their name and are answered`() throws {
        let bench = try LoopBench()
        let operated = Reports()
        let server = try server(
            bench, operated: { operated.lines.append("\($0.line): \($1.text)") },
            command: { command in
                command == .handOver("no one")
                    ? OperatorAnswer(isDone: false, text: "there is no 'no one'")
                    : OperatorAnswer(isDone: true, text: "as you wish")
            })
        defer { server.close() }
        let path = path
        let results = try bench.serve {
            [
                Printed.by(["hand-over", "VI 1", "--socket", path]),
                Printed.by(["stay-backup", "--socket", path]),
                Printed.by(["resume", "G", "--socket", path]),
                Printed.by(["hand-over", "no one", "--socket", path]),
            ]
        }
        #expect(results.map(\.status) == [0, 0, 0, 1])
        #expect(results[0].output == "as you wish\n")
        #expect(results[3].errors == "martlet-vrrp: there is no 'no one'\n")
        #expect(
            operated.lines == [
                "hand-over VI 1: as you wish", "stay-backup: as you wish", "resume G: as you wish",
                "hand-over no one: there is no 'no one'",
            ])
    }

    @Test func `watchers get every event until the daemon ends`() throws {
        let bench = try LoopBench()
        let server = try server(bench)
        let event = StampedEvent(
            event: .faultEnded(instance: "A"), microseconds: 1, monotonicNanoseconds: 2)
        var published = 0
        bench.loop.every(milliseconds: 2) {
            guard server.clientCounts.watching == 1 else { return }
            server.publish(event)
            published += 1
            if published == 3 { server.close() }
        }
        let path = path
        let printed = try bench.serve { Printed.by(["status", "--watch", "--socket", path]) }
        #expect(printed.status == 0)
        let line = String(decoding: event.line, as: UTF8.self)
        #expect(printed.output == line + line + line)
    }

    @Test func `watchers leave room for those who ask`() throws {
        let bench = try LoopBench()
        var limits = RequestServer.Limits()
        limits.streams = 1
        let server = try server(bench, limits: limits)
        defer { server.close() }
        let event = StampedEvent(
            event: .faultEnded(instance: "A"), microseconds: 1, monotonicNanoseconds: 2)
        bench.loop.every(milliseconds: 2) { server.publish(event) }
        let path = path
        let texts = try bench.serve { () -> [String] in
            guard let first = RawClient(unix: path), first.send("watch\n") else { return [] }
            // Once a line has come it is a watcher, and the only one.
            let line = first.read { $0.contains("\n") }
            guard let second = RawClient(unix: path), second.send("watch\n") else { return [] }
            let refused = second.read()
            return [line, refused, Printed.by(["status", "--socket", path]).errors]
        }
        try #require(texts.count == 3)
        #expect(texts[0].hasPrefix(#"{"time":"1970-01-01T00:00:00.000001Z""#))
        #expect(texts[1...] == ["error: too many clients\n", ""])
    }

    @Test func `a watcher that does not read is dropped, and nobody waits for it`() throws {
        let bench = try LoopBench()
        let server = try server(bench)
        defer { server.close() }
        let path = path
        let line = [UInt8](repeating: 0x61, count: 4095) + [0x0A]
        var wasDropped = false
        bench.loop.every(milliseconds: 1) {
            guard server.clientCounts.watching == 1 else { return }
            for _ in 0..<10_000 where server.clientCounts.watching == 1 {
                server.publish(line: line)
            }
            wasDropped = server.clientCounts.watching == 0
        }
        let text = try bench.serve { () -> String in
            guard let client = RawClient(unix: path), client.send("watch\n") else { return "" }
            // The server's end shows that it let go.
            return client.read()
        }
        #expect(wasDropped)
        #expect(text.hasPrefix("aaa"))
    }

    @Test(arguments: [
        ("frobnicate\n", "error: unknown command 'frobnicate'; try 'help'\n"),
        ("status yaml\n", "error: status takes no 'yaml'; try 'help'\n"),
        ("\n", "error: no command; try 'help'\n"),
        ("bad\u{1B}[31m\n", "error: unknown command 'bad?[31m'; try 'help'\n"),
        ("help\r\nmore", StatusRequest.commandList),
    ])
    func `what is no command is answered`(request: String, expected: String) throws {
        let bench = try LoopBench()
        let server = try server(bench)
        defer { server.close() }
        let path = path
        let answer = try bench.serve { () -> String? in
            guard let client = RawClient(unix: path) else { return nil }
            client.send(request)
            return client.read()
        }
        #expect(answer == expected)
    }

    @Test func `a request without an end is not read on for ever`() throws {
        let bench = try LoopBench()
        let server = try server(bench)
        defer { server.close() }
        let path = path
        let answer = try bench.serve { () -> String? in
            guard let client = RawClient(unix: path) else { return nil }
            client.send(String(repeating: "a", count: 2000))
            return client.read()
        }
        #expect(answer == "error: too long\n")
    }

    @Test func `a request that ends without a line feed is taken, an empty one is not`() throws {
        let bench = try LoopBench()
        let server = try server(bench)
        defer { server.close() }
        let path = path
        let answers = try bench.serve { () -> [String] in
            ["help", ""].map { request in
                guard let client = RawClient(unix: path) else { return "no connection" }
                client.send(request)
                client.shutdownSending()
                return client.read()
            }
        }
        #expect(answers == [StatusRequest.commandList, ""])
    }

    @Test func `clients that ask nothing are let go, and there are never too many`() throws {
        let bench = try LoopBench()
        var limits = RequestServer.Limits()
        limits.clients = 3
        limits.requestMilliseconds = 50
        let server = try server(bench, limits: limits)
        defer { server.close() }
        let path = path
        let texts = try bench.serve { () -> [String] in
            let silent = (0..<3).compactMap { _ in RawClient(unix: path) }
            let refused = RawClient(unix: path)
            return [refused?.read() ?? ""] + silent.map { $0.read() }
        }
        #expect(texts == ["error: too many clients\n", "", "", ""])
        #expect(server.clientCounts.all == 0)
    }

    @Test func `the client says that no daemon answers`() {
        let printed = Printed.by(["status", "--socket", path])
        #expect(printed.status == 3)
        #expect(printed.errors.contains(path))
        #expect(Printed.by(["status", "--socket", String(repeating: "x", count: 200)]).status == 3)
    }

    @Test func `a stale socket is replaced, a live one and a file are not`() throws {
        let bench = try LoopBench()
        do {
            let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(stale, $0, UInt32(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(status == 0)
            close(stale)
        }
        let first = try server(bench)
        #expect(throws: StatusServer.Failure.inUse) { _ = try server(bench) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["s"])
        first.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        #expect(throws: StatusServer.Failure.notASocket) { _ = try server(bench) }
    }

    @Test func `the socket has its mode, and moves where a reload says`() throws {
        let bench = try LoopBench()
        let server = try server(bench)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let other = StatusSocket(path: path + "2", mode: 0o660)
        try server.listen(at: other)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["s2"])
        #expect(stat(other.path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        try server.listen(at: other)
        // Somebody else's socket of that name is not ours to remove.
        try FileManager.default.removeItem(atPath: other.path)
        _ = FileManager.default.createFile(atPath: other.path, contents: nil)
        server.close()
        #expect(FileManager.default.fileExists(atPath: other.path))
    }

    @Test func `words are read`() throws {
        let question = try StatusClient.question(["hand-over", "VI_1"])
        #expect(question.line == "hand-over VI_1")
        #expect(question.path == StatusServer.defaultPath)
        #expect(try StatusClient.question(["status", "--watch"]).streams)
    }

    @Test(arguments: [
        [], ["--json"], ["status", "x"], ["hand-over", "a", "b"], ["resume", "--json"],
        ["status", "--json", "--watch"], ["status", "--socket"], ["status", "--frob"],
        ["frobnicate"], ["resume", "a\nb"],
    ])
    func `words that mean nothing show how it is done`(words: [String]) {
        let printed = Printed.by(words)
        #expect(printed.status == 2)
        #expect(printed.errors.contains("usage: martlet-vrrp status"))
    }
}

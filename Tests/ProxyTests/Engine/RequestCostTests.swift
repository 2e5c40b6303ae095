// What a request costs in steady state: no allocation and no counted reference. The release build
// runs under callgrind twice; what differs is only how many requests it serves, so that starting,
// stopping and filling the pools cancel out.

import Foundation
import FreePorts
import Kernel
import LoadTesting
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct RequestCostTests {
        @Test(
            .enabled(if: findProgram("valgrind") != nil, "valgrind is not installed"),
            .enabled(if: ReleaseBuild.isPresent, "make release has not been run"),
            .enabled(if: ReleaseBuild.isFresh, "the release build is older than the sources"))
        func `a request allocates nothing and counts no references`() throws {
            let few = try calls(rounds: 200)
            let many = try calls(rounds: 700)
            // Each of the four clients asks three times in a round.
            let each = (many - few) / Double(4 * 3 * 500)
            let callers = each.callers(atLeast: 0.01).map {
                "\($0.count) \($0.call.group.rawValue) in \($0.call.caller)"
            }
            // Connections that are made anew and sweeps happen now and then; what belongs to one of
            // the three kinds of requests would be a third.
            #expect(each[.allocations] < 0.1, "\(callers)")
            #expect(each[.references] < 0.1, "\(callers)")
            #expect(each[.accesses] < 0.1, "\(callers)")
        }

        /// Runs the release build and lets four clients go on for some rounds.
        private func calls(rounds: Int) throws -> CallCounts {
            let folder = try #require(makeTemporaryFolder("martlet-cost"))
            defer { removeFolder(folder) }
            let origins = try (0..<2).map { _ in try origin() }
            defer { for origin in origins { origin.stop() } }
            let port = UInt16(try FreePorts.take())
            let file = "\(folder)/martlet.cfg"
            let written = writeFile(
                file,
                """
                global
                    nbthread 1
                    maxconn 100
                defaults
                    mode http
                    timeout client 60s
                    timeout server 60s
                    timeout connect 60s
                listen web
                    bind 127.0.0.1:\(port)
                    option forwardfor
                    http-reuse always
                    server a 127.0.0.1:\(origins[0].port)
                    server b 127.0.0.1:\(origins[1].port)

                """)
            #expect(written == true)
            let counts = "\(folder)/callgrind.out"
            let valgrind = try #require(findProgram("valgrind"))
            let process = try ChildProcess(
                [
                    valgrind, "--tool=callgrind", "--separate-threads=yes",
                    "--callgrind-out-file=\(counts)", ReleaseBuild.path, "-f", file, "-db",
                ], outputPath: "\(folder)/output")
            let hasStarted = eventually(within: 60) { (try? Peer(to: port)) != nil }
            guard hasStarted else {
                process.stop()
                Issue.record("martlet did not start: \(process.output)")
                return CallCounts()
            }
            let failures = Atomic<Int>(0)
            let clients = (0..<4).map { _ in
                WorkerThread.start(cores: []) {
                    guard let client = try? Peer(to: port) else { return }
                    for _ in 0..<rounds where !ask(client) {
                        failures.add(1, ordering: .relaxed)
                        return
                    }
                }
            }
            for client in clients { client.join() }
            // Ends it once: its number may belong to somebody else afterwards.
            process.stop(atMostSeconds: 30)
            #expect(failures.load(ordering: .relaxed) == 0)
            // What the first thread does, it does by the clock.
            let threads = (2...9).compactMap { readFile("\(counts)-0\($0)") }
            try #require(!threads.isEmpty)
            return threads.map { CallCounts(callgrind: $0) }.reduce(CallCounts(), +)
        }

        private func origin() throws -> TestOrigin {
            try TestOrigin.http { request, peer, _ in
                guard request.path == "/chunked" else { return peer.answer("small") }
                return peer.send(
                    "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            }
        }
    }
}

/// One round of a client: a plain request, one with a body, and a chunked answer.
private func ask(_ client: Peer) -> Bool {
    guard client.get("/small")?.text == "small" else { return false }
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody")
    guard client.readResponse()?.text == "small" else { return false }
    return client.get("/chunked")?.text == "hello world"
}

/// The release build beside the tests.
private enum ReleaseBuild {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let file = root.appending(path: ".build/release/martlet")

    static var path: String { file.path() }

    static var isPresent: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// Whether nothing in the tree was written after the build.
    static var isFresh: Bool {
        guard let built = changed(file) else { return false }
        let sources = FileManager.default.enumerator(
            at: root.appending(path: "Sources"), includingPropertiesForKeys: nil)
        while let source = sources?.nextObject() as? URL {
            guard source.pathExtension == "swift" || source.pathExtension == "h" else { continue }
            if let date = changed(source), date > built { return false }
        }
        return true
    }

    private static func changed(_ file: URL) -> Date? {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: file.resolvingSymlinksInPath().path())
        return attributes?[.modificationDate] as? Date
    }
}

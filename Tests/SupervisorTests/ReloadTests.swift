// The next generation in the running process: what stays, what goes, and that a bad file changes
// nothing. The processes of these tests are this one.

import Daemon
import Glibc
import Kernel
import Proxy
import StickTables
import Synchronization
import Testing

@testable import Supervisor

@Suite(.serialized) struct ReloadTests {
    private final class Said: Sendable {
        private let text = Mutex("")
        var all: String { text.withLock { $0 } }
        func say(_ more: String) { text.withLock { $0 += more } }
        var console: Console {
            Console(
                introduction: [],
                output: Console.Output(
                    standardOutput: { _ in },
                    standardError: { [self] more in text.withLock { $0 += more } }))
        }
    }

    private func configuration(_ folder: String, _ names: String...) -> String {
        LifeTests.configuration(
            names.map { "bind \(folder)/\($0)" }.joined(separator: "\n  "),
            global: "stats socket \(folder)/cli level admin")
    }

    /// Runs `body` with a proxy of this process that serves the socket `a`.
    private func withProxy(
        _ body: (RunningProxy, String, Said, Options) throws -> Void
    ) throws {
        // The control loop blocks signals in its thread; this one goes on with other tests, which
        // start programs that would inherit that.
        var mask = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &mask)
        defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
        try withDirectory { folder in
            try write(configuration(folder, "a"), to: folder + "/cfg")
            let said = Said()
            let options = try Options.read(["-db", "-f", folder + "/cfg"])
            let reading = try options.readConfiguration(said.console)
            var sockets = ListenerSockets(for: reading.configuration)
            sockets.open()
            try #require(sockets.isComplete)
            let proxy = try RunningProxy(
                options, said.console, reading.configuration, sockets,
                ThreadPlan(for: reading.configuration.global, usableCores: [0, 1]))
            defer {
                proxy.engine.stopNow()
                proxy.engine.join()
            }
            try #require(Client(path: folder + "/a")?.ask() == "HTTP/1.1 503 Service Unavailable")
            try body(proxy, folder, said, options)
        }
    }

    @Test func `a reload opens what is new, keeps what stays and closes what is gone`() throws {
        try withProxy { proxy, folder, said, _ in
            let kept = proxy.sockets.statistics
            try write(configuration(folder, "a", "b"), to: folder + "/cfg")
            let first = proxy.sockets.frontends
            try proxy.reload()
            #expect(proxy.sockets.frontends.first === first.first)
            #expect(proxy.sockets.statistics.first === kept.first)
            #expect(Client(path: folder + "/a")?.ask() != nil)
            #expect(eventually { Client(path: folder + "/b")?.ask() != nil })
            try write(configuration(folder, "b"), to: folder + "/cfg")
            try proxy.reload()
            #expect(eventually { Client(path: folder + "/a") == nil })
            #expect(Client(path: folder + "/b")?.ask() != nil)
            #expect(!said.all.contains("ALERT"))
        }
    }

    @Test func `a client of the generation before is served to its end`() throws {
        try withProxy { proxy, folder, _, _ in
            let held = try #require(Client(path: folder + "/a"))
            held.send("GET / HTTP/1.1\r\nHost: test\r\n")
            #expect(Client(path: folder + "/a")?.ask() != nil)
            try write(configuration(folder, "b"), to: folder + "/cfg")
            try proxy.reload()
            #expect(eventually { Client(path: folder + "/a") == nil })
            held.send("\r\n")
            #expect(held.firstLine() == "HTTP/1.1 503 Service Unavailable")
        }
    }

    private func counting(_ folder: String, expiring time: String) -> String {
        """
        global
          stats socket \(folder)/cli level admin
        frontend f
          bind \(folder)/a
          mode http
          timeout client 10s
          stick-table type integer size 10 expire \(time) store http_req_cnt,conn_cur
          tcp-request connection track-sc0 int(1)
          http-request return content-type text/plain lf-string "<%[sc0_http_req_cnt]>"

        """
    }

    @Test func `stick tables are kept unless they are declared otherwise`() throws {
        try withProxy { proxy, folder, said, _ in
            func reload(_ time: String) throws {
                try write(counting(folder, expiring: time), to: folder + "/cfg")
                try proxy.reload()
                // A worker that tells its sessions has taken up the generation before.
                let heard = Said()
                proxy.engine.listSessions { _ in heard.say("all") }
                try #require(eventually { !heard.all.isEmpty })
            }
            func client(after requests: Int) throws -> Client {
                let client = try #require(Client(path: folder + "/a"))
                client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(
                    eventually {
                        proxy.engine.generation.tables.first.map {
                            $0.value(of: .requestCount, [0, 0, 0, 1].span, now: 0) ?? 0
                        } == Int64(requests)
                    })
                return client
            }
            func end(_ client: Client) -> String {
                client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                return client.readToEnd()
            }
            try reload("1h")
            let first = try client(after: 1)
            try reload("1h")
            #expect(end(first).contains("<2>"))
            let second = try client(after: 3)
            try reload("2h")
            #expect(proxy.engine.generation.tables.first?.count == 0)
            // Its entry has gone with its table.
            #expect(end(second).contains("<>"))
            #expect(end(try client(after: 1)).contains("<2>"))
            #expect(!said.all.contains("ALERT"))
        }
    }

    @Test func `a configuration that cannot be used changes nothing`() throws {
        try withProxy { proxy, folder, said, _ in
            let before = proxy.engine.generation.number
            try write("frontend f\n  bindd x\n", to: folder + "/cfg")
            #expect(throws: StartFailure.self) { try proxy.reload() }
            #expect(said.all.contains("unknown keyword 'bindd'"))
            try write(
                configuration(folder, "a") + "  bind 192.0.2.1:80\n", to: folder + "/cfg")
            #expect(throws: StartFailure.self) { try proxy.reload() }
            #expect(said.all.contains("Cannot assign requested address"))
            #expect(proxy.engine.generation.number == before)
            #expect(Client(path: folder + "/a")?.ask() != nil)
            #expect(Client(path: folder + "/cli") != nil)
        }
    }
}

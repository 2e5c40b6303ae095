// The health of the proxy: answers as bytes, an invented proxy, and the real one where it is built.

import Addresses
import Daemon
import Foundation
import Glibc
import Kernel
import RandomInputs
import Testing
import VRRPTracking

@Suite struct MartletTrackerTests {
    private static let header = "# pxname,svname,qcur,status,weight,act,bck,last_chk,type,\n"

    private static func facts(_ pid: Int32 = 0, stopping: Int = 0) -> String {
        "Name: Martlet\nVersion: 3.5\nPid: \(pid)\nUptime_sec: 1\nStopping: \(stopping)\n\n\n"
    }

    private static func server(
        _ proxy: String, _ name: String, _ status: String, weight: Int = 1, backup: Int = 0
    ) -> String {
        "\(proxy),\(name),0,\(status),\(weight),\(1 - backup),\(backup),\"a, b\",2,\n"
    }

    private func report(_ text: String) -> MartletReport {
        var report = MartletReport()
        let bytes = Array(text.utf8)
        report.take(bytes.span)
        return report
    }

    // MARK: Answers

    @Test func `facts and tables are read by the names of their columns`() {
        let found = report(
            Self.facts(77, stopping: 1) + Self.header + "f,FRONTEND,,OPEN,,,,,0,\n"
                + "b,BACKEND,0,UP,3,2,1,,1,\n" + Self.server("b", "s1", "UP")
                + Self.server("b", "s2", "no check", weight: 7) + Self.server("b", "s3", "DOWN")
                + Self.server("b", "s4", "UP 1/3", weight: 0)
                + Self.server("b", "s5", "UP", backup: 1) + "e,BACKEND,0,UP,,,,,1,\n\n")
        #expect(found.processID == 77 && found.isStopping && found.hasFacts && found.hasTable)
        #expect(found.frontends == ["f": "OPEN"])
        #expect(found.backends["b"]?.count == 4 && found.backends["b"]?.usable == 2)
        #expect(found.backends["b"]?.percent(byWeight: false) == 50)
        #expect(found.backends["b"]?.percent(byWeight: true) == 88)
        // Without servers there is nothing to be missing.
        #expect(found.backends["e"]?.percent(byWeight: false) == 100)
    }

    @Test func `backup servers count where there are no others`() {
        let found = report(
            Self.header + Self.server("b", "s1", "UP", backup: 1)
                + Self.server("b", "s2", "MAINT", backup: 1))
        #expect(found.backends["b"]?.percent(byWeight: false) == 50)
    }

    @Test func `any answer is read without harm and the same in any split`() {
        var random = Seeded(for: "answers of the proxy")
        let seed = Array(
            (Self.facts(5) + Self.header + Self.server("b", "s", "UP") + "f,F,,OPEN,,,,,0,\n").utf8)
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0..<random.next(below: 8) {
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            MartletReport.exercise(bytes.span)
        }
    }

    // MARK: An invented proxy

    /// Answers on a UNIX path what the test wants.
    private final class FakeProxy {
        var facts: String
        var table = ""
        var isSilent = false
        var delayMilliseconds = 0
        var questions: [String] = []
        let server: TestServer

        init(_ bench: Bench, pid: Int32 = 0) throws {
            facts = MartletTrackerTests.facts(pid)
            var answer: (TestServer.Peer, [UInt8]) -> Void = { _, _ in }
            server = try TestServer(
                on: bench.loop, path: bench.path("admin"), onAccept: { _ in },
                onBytes: { answer($0, $1) })
            answer = { [weak self, loop = bench.loop] peer, bytes in
                guard let self else { return }
                let question = String(decoding: bytes, as: UTF8.self)
                self.questions.append(question)
                if self.isSilent { return }
                let text =
                    self.facts + (question.contains("show stat") ? self.table + "\n" : "")
                loop.after(milliseconds: self.delayMilliseconds) {
                    peer.send(text)
                    peer.close()
                }
            }
        }
    }

    private func settings(
        _ bench: Bench, _ change: (inout MartletTrackerSettings) -> Void = { _ in }
    )
        throws -> MartletTrackerSettings
    {
        let address = UNIXSocketAddress(.path, name: Array(bench.path("admin").utf8))
        var settings = MartletTrackerSettings(
            name: "m", socket: .unix(try #require(address)), interval: 10_000_000,
            timeout: 200_000_000, reportInterval: 10_000_000)
        change(&settings)
        return settings
    }

    private func tracker(
        _ bench: Bench, _ settings: MartletTrackerSettings, _ told: Journal<MartletResult>
    ) -> MartletTracker {
        let tracker = MartletTracker(
            settings, on: bench.loop, log: bench.log, onChange: told.take)
        tracker.start()
        return tracker
    }

    @Test func `a proxy that answers is up, and down when it is silent, stops or is gone`() throws {
        let bench = try Bench()
        let proxy = try FakeProxy(bench)
        let told = Journal<MartletResult>()
        let tracker = tracker(bench, try settings(bench), told)
        #expect(bench.turn { !told.values.isEmpty })
        #expect(told.values == [MartletResult(isUp: true, reasons: [], weightSum: 0)])
        #expect(proxy.questions.first == "show info\n")
        proxy.facts = Self.facts(stopping: 1)
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.reasons == ["the proxy is stopping"])
        proxy.facts = Self.facts()
        #expect(bench.turn { tracker.result.isUp })
        proxy.isSilent = true
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.reasons == ["timed out"])
        proxy.isSilent = false
        #expect(bench.turn { tracker.result.isUp })
        proxy.facts = "Permission denied\n\n"
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.reasons == ["the admin socket says 'Permission denied'"])
        proxy.facts = Self.facts()
        #expect(bench.turn { tracker.result.isUp })
        proxy.server.stop()
        #expect(bench.turn { !tracker.result.isUp })
        tracker.stop()
        #expect(told.values.map(\.isUp) == [true, false, true, false, true, false, true, false])
    }

    @Test func `a slow answer fails where a limit is set, or costs a weight`() throws {
        let bench = try Bench()
        let proxy = try FakeProxy(bench)
        proxy.delayMilliseconds = 60
        let told = Journal<MartletResult>()
        let tracker = tracker(
            bench,
            try settings(bench) {
                $0.maximumDelay = 30_000_000
                $0.delayWeight = -20
            }, told)
        #expect(bench.turn { tracker.result.weightSum == -20 })
        #expect(tracker.result.isUp && tracker.lastDelay >= 55_000_000)
        proxy.delayMilliseconds = 0
        #expect(bench.turn { tracker.result.weightSum == 0 })
        tracker.stop()
    }

    /// A proxy that is well and may be five seconds late, but not more.
    private func followed(fall: Int) throws -> (Bench, FakeProxy, MartletTracker) {
        let bench = try Bench()
        let proxy = try FakeProxy(bench)
        let tracker = tracker(
            bench,
            try settings(bench) {
                $0.maximumDelay = 5_000_000_000
                $0.fall = fall
            }, Journal())
        #expect(bench.turn { tracker.result.isUp && tracker.counters.runs > 0 })
        return (bench, proxy, tracker)
    }

    @Test func `a worker that is stuck fails where a limit is set, though the answer is quick`()
        throws
    {
        let (bench, proxy, tracker) = try followed(fall: 1)
        proxy.facts = "LoopDelay_us: 5000001\n" + Self.facts()
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.reasons == ["a worker's loop takes 5000 ms"])
        proxy.facts = "LoopDelay_us: 18446744073709551615\n" + Self.facts()
        #expect(bench.turn { tracker.result.reasons.first?.contains("18446744073709") == true })
        proxy.facts = "LoopDelay_us: 5000000\n" + Self.facts()
        #expect(bench.turn { tracker.result.isUp })
        tracker.stop()
    }

    @Test func `a long turn that is told again and again counts once`() throws {
        let (bench, proxy, tracker) = try followed(fall: 3)
        proxy.facts = "LoopDelay_us: 6000000\n" + Self.facts()
        let runs = tracker.counters.runs
        #expect(bench.turn { tracker.counters.runs > runs + 6 })
        #expect(tracker.result.isUp, "\(tracker.result)")
        // A turn that goes on is longer each time.
        for delay in [7_000_000, 8_000_000] {
            let runs = tracker.counters.runs
            proxy.facts = "LoopDelay_us: \(delay)\n" + Self.facts()
            #expect(bench.turn { tracker.counters.runs > runs + 2 })
        }
        #expect(!tracker.result.isUp)
        tracker.stop()
    }

    @Test func `rules of one backend have weights of their own, and the dead earn none`() throws {
        let bench = try Bench()
        let proxy = try FakeProxy(bench)
        proxy.table = Self.header + Self.server("api", "a", "UP") + Self.server("api", "b", "DOWN")
        let told = Journal<MartletResult>()
        let tracker = tracker(
            bench,
            try settings(bench) {
                $0.maximumDelay = 5_000_000_000
                $0.delayWeight = 20
                $0.backends = [
                    .init(backend: "*", minimumPercent: 60, weight: -10),
                    .init(backend: "api", minimumPercent: 60, weight: -30),
                    .init(backend: "api", minimumPercent: 40, weight: 5),
                ]
            }, told)
        #expect(bench.turn { tracker.result.weightSum == 20 - 10 - 30 + 5 })
        proxy.server.stop()
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.weightSum == -40)
        tracker.stop()
    }

    @Test func `shares of usable servers fail or add their weights`() throws {
        let bench = try Bench()
        let proxy = try FakeProxy(bench)
        func table(_ api: [String], _ web: [String]) -> String {
            let rows =
                api.enumerated().map { Self.server("api", "s\($0)", $1) }
                + web.enumerated().map { Self.server("web", "s\($0)", $1) }
            return Self.header + "f,FRONTEND,,OPEN,,,,,0,\n" + rows.joined()
        }
        proxy.table = table(["UP", "UP", "UP", "UP"], ["UP", "UP"])
        let told = Journal<MartletResult>()
        let tracker = tracker(
            bench,
            try settings(bench) {
                $0.frontends = ["*"]
                $0.backends = [
                    .init(backend: "api", minimumPercent: 50),
                    .init(backend: "api", minimumPercent: 100, weight: 10),
                    .init(backend: "web", minimumPercent: 60, weight: -30),
                ]
            }, told)
        #expect(bench.turn { tracker.result.weightSum == 10 })
        proxy.table = table(["UP", "DOWN", "UP", "UP"], ["UP", "UP"])
        #expect(bench.turn { tracker.result.weightSum == 0 })
        proxy.table = table(["UP", "DOWN", "UP", "UP"], ["UP", "DRAIN"])
        #expect(bench.turn { tracker.result.weightSum == -30 })
        #expect(tracker.result.isUp)
        proxy.table = table(["UP", "DOWN", "MAINT", "NOLB"], ["UP", "UP"])
        #expect(bench.turn { !tracker.result.isUp })
        #expect(
            tracker.result.reasons.contains {
                $0 == "backend api has 25 % of its servers, less than 50 %"
            })
        proxy.table = table(["UP", "UP"], []).replacing("OPEN", with: "STOP")
        #expect(
            bench.turn {
                tracker.result.reasons.contains("frontend f is STOP")
                    && tracker.result.reasons.contains("backend web is not there")
            })
        tracker.stop()
    }

    @Test func `an address that does not accept is a failure`() throws {
        let bench = try Bench()
        let proxy = try FakeProxy(bench)
        let listener = try TestServer(on: bench.loop)
        let told = Journal<MartletResult>()
        let tracker = tracker(
            bench, try settings(bench) { $0.listeners = [listener.address] }, told)
        #expect(bench.turn { tracker.counters.runs > 3 })
        #expect(tracker.result.isUp)
        listener.stop()
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.reasons.first?.contains("does not accept") == true)
        _ = proxy
        tracker.stop()
    }

    @Test func `death is seen at once, unless another process answers by then`() throws {
        let bench = try Bench()
        func sleeper() throws -> Int32 {
            try CurrentProcess.start(
                ProgramPlan(path: "/bin/sleep", arguments: ["sleep", "60"], environment: []),
                output: Descriptor()
            ).id.number
        }
        func end(_ number: Int32) {
            kill(number, SIGKILL)
            _ = try? CurrentProcess.end(of: ProcessID(number))
        }
        let (old, new) = (try sleeper(), try sleeper())
        defer { end(new) }
        let proxy = try FakeProxy(bench, pid: old)
        let told = Journal<MartletResult>()
        // Asked seldom and patiently: only the handle can be fast.
        let tracker = tracker(
            bench, try settings(bench) { $0.interval = 60_000_000_000 }, told)
        #expect(bench.turn { tracker.processID == old })
        proxy.facts = Self.facts(new)
        end(old)
        #expect(bench.turn { tracker.processID == new })
        #expect(told.values.map(\.isUp) == [true])
        tracker.stop()
        // Nobody takes over: the best of some, for the machine may have other things to do.
        var best = UInt64.max
        for _ in 0..<5 where best > 50_000_000 {
            let last = try sleeper()
            proxy.facts = Self.facts(last)
            proxy.isSilent = false
            tracker.start()
            #expect(bench.turn { tracker.processID == last && tracker.result.isUp })
            proxy.isSilent = true
            let killed = Clock.monotonic().nanoseconds
            end(last)
            #expect(bench.turn { !tracker.result.isUp })
            best = min(best, Clock.monotonic().nanoseconds - killed)
            #expect(tracker.result.reasons == ["the process has ended"])
            tracker.stop()
        }
        print("death of an invented proxy seen after \(best / 1000) us")
        #expect(best < 50_000_000)
    }

    @Test func `an answer without end is bounded in time, a process is found by its file`() throws {
        let bench = try Bench()
        let server = try TestServer(
            on: bench.loop, path: bench.path("admin"),
            onAccept: { peer in
                for _ in 0..<10 { peer.send(String(repeating: "x: y\n", count: 1000)) }
            })
        try bench.write("\(ProcessID.own)\n", to: "pid")
        let told = Journal<MartletResult>()
        let tracker = tracker(
            bench,
            try settings(bench) {
                $0.pidFile = bench.path("pid")
                $0.startsFailed = true
            }, told)
        #expect(!tracker.result.isUp)
        #expect(bench.turn { !told.values.isEmpty })
        #expect(told.values.map(\.isUp) == [false])
        #expect(tracker.processID == ProcessID.own.number)
        _ = server
        tracker.stop()
    }

    // MARK: The real proxy

    private static var program: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(".build/debug/martlet").path
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: program), "not built"))
    func `the real proxy is followed from its start to its death`() throws {
        let bench = try Bench()
        // A path, for a free port may be another's by the time the proxy wants it.
        let path = bench.path("web")
        let listener = try #require(UNIXSocketAddress(.path, name: Array(path.utf8)))
        try bench.write(
            """
            global
                stats socket \(bench.path("admin")) level admin
            defaults
                mode http
                timeout client 5s
                timeout server 5s
                timeout connect 1s
            frontend web
                bind unix@\(path)
                default_backend api
            backend api
                server one 127.0.0.1:1
                server two 127.0.0.1:1
                server three 127.0.0.1:1 disabled
                server four 127.0.0.1:1

            """, to: "martlet.cfg")
        let told = Journal<MartletResult>()
        let tracker = tracker(
            bench,
            try settings(bench) {
                $0.frontends = ["web"]
                $0.listeners = [.unix(listener)]
                $0.backends = [
                    .init(backend: "api", minimumPercent: 75),
                    .init(backend: "api", minimumPercent: 80, weight: -5),
                ]
            }, told)
        #expect(bench.turn { told.values.map(\.isUp) == [false] })
        let program = try CurrentProcess.start(
            ProgramPlan(
                path: Self.program,
                arguments: ["martlet", "-db", "-f", bench.path("martlet.cfg")], environment: []),
            output: Descriptor())
        defer { _ = try? CurrentProcess.end(of: program.id) }
        #expect(bench.turn { tracker.result.isUp && tracker.result.weightSum == -5 })
        #expect(tracker.processID == program.id.number)
        // Alive, but it answers no more.
        try program.id.send(Signal(SIGSTOP))
        #expect(bench.turn { !tracker.result.isUp })
        #expect(tracker.result.reasons.contains("timed out"))
        try program.id.send(Signal(SIGCONT))
        #expect(bench.turn { tracker.result.isUp })
        let killed = Clock.monotonic().nanoseconds
        try program.id.send(.kill)
        #expect(bench.turn { !tracker.result.isUp })
        let took = Clock.monotonic().nanoseconds - killed
        print("death of the proxy seen after \(took / 1000) us")
        tracker.stop()
    }
}

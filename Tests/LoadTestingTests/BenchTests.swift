// The bench's pure parts: configurations, what other programs print, medians, tables. And the real
// proxies, where they are installed: each must take the configuration it is given.

import Testing

@testable import LoadTesting

@Suite struct BenchTests {
    static let ports = BenchPorts(listen: 8000, origins: [9001, 9002], log: 5514)

    static func scenario(_ name: String) throws -> BenchScenario {
        try #require(BenchScenario.all.first { $0.name == name })
    }

    func nginx(_ scenario: BenchScenario, folder: String = "/tmp/x", single: Bool = false) -> String
    {
        scenario.nginxConfiguration(
            Self.ports, folder: folder, streamModule: "/modules/stream.so", user: "root",
            isSingleProcess: single)
    }

    @Test func `names of scenarios are unique`() {
        #expect(Set(BenchScenario.all.map(\.name)).count == BenchScenario.all.count)
    }

    @Test func `both configurations of the small scenario do the same work`() throws {
        let scenario = try Self.scenario("small")
        let ours = scenario.haproxyConfiguration(Self.ports)
        #expect(
            ours == """
                global
                    nbthread 1
                    maxconn 9000

                defaults
                    mode http
                    timeout connect 5s
                    timeout client 60s
                    timeout server 60s
                    option forwardfor

                frontend bench
                    bind 127.0.0.1:8000
                    default_backend origins

                backend origins
                    balance roundrobin
                    server o1 127.0.0.1:9001
                    server o2 127.0.0.1:9002

                """)
        let theirs = nginx(scenario)
        for line in [
            "worker_processes 1;", "access_log off;", "listen 127.0.0.1:8000 backlog=4096;",
            "server 127.0.0.1:9001;", "server 127.0.0.1:9002;", "keepalive 256;",
            "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        ] { #expect(theirs.contains(line), "\(line)") }
        #expect(!theirs.contains("master_process off"))
        #expect(nginx(scenario, single: true).hasPrefix("master_process off;"))
    }

    @Test func `TCP scenarios have nothing of HTTP in them`() throws {
        let scenario = try Self.scenario("tcp-small")
        let ours = scenario.haproxyConfiguration(Self.ports)
        #expect(ours.contains("mode tcp") && !ours.contains("forwardfor"))
        let theirs = nginx(scenario)
        #expect(theirs.contains("load_module /modules/stream.so;") && theirs.contains("stream {"))
        #expect(!theirs.contains("http {"))
    }

    @Test func `logs and rules are in both configurations or in none`() throws {
        let logging = try Self.scenario("log")
        #expect(logging.haproxyConfiguration(Self.ports).contains("log 127.0.0.1:5514 local0"))
        #expect(nginx(logging).contains("syslog:server=127.0.0.1:5514"))
        let rules = try Self.scenario("rules")
        let denials = rules.haproxyConfiguration(Self.ports).split(separator: "\n")
            .filter { $0.contains("http-request deny if") }
        #expect(denials.count == 20)
        let theirs = nginx(rules).split(separator: "\n").filter {
            $0.contains("return 403") || $0.contains("deny 10.")
        }
        #expect(theirs.count == 20)
    }

    @Test(arguments: BenchScenario.all.map(\.name))
    func `the installed proxies take their configurations`(name: String) throws {
        let scenario = try Self.scenario(name)
        let folder = try #require(makeTemporaryFolder("martlet-bench-test"))
        defer { removeFolder(folder) }
        var tested = 0
        if let haproxy = findProgram("haproxy") {
            writeFile("\(folder)/h.cfg", scenario.haproxyConfiguration(Self.ports))
            let (status, output) = try ChildProcess.run(
                [haproxy, "-c", "-f", "\(folder)/h.cfg"], outputPath: "\(folder)/h.log",
                atMostSeconds: 20)
            #expect(status == 0, "\(output)")
            tested += 1
        }
        let module = "/usr/lib/nginx/modules/ngx_stream_module.so"
        if let nginx = findProgram("nginx"), scenario.mode == .http || readFile(module) != nil {
            let text = scenario.nginxConfiguration(
                Self.ports, folder: folder, streamModule: module, user: nil, isSingleProcess: false)
            writeFile("\(folder)/n.cfg", text)
            let (status, output) = try ChildProcess.run(
                [nginx, "-t", "-p", folder, "-c", "\(folder)/n.cfg"], outputPath: "\(folder)/n.log",
                atMostSeconds: 20)
            #expect(status == 0, "\(output)")
            tested += 1
        }
        if tested == 0 { try Test.cancel("neither haproxy nor nginx is installed") }
    }

    @Test func `wrk's line is found in what it prints`() throws {
        let output = """
            Running 1s test @ http://127.0.0.1:8000/
              1 threads and 64 connections
            measured requests=1000 duration=1000123 bytes=5000 errors=2 p50=10 p90=20 p99=30 max=40
            """
        let report = try #require(WrkReport(output: output))
        #expect(report.requests == 1000 && report.microseconds == 1_000_123)
        #expect(report.errors == 2 && report.p99 == 30 && report.maximum == 40)
        #expect(WrkReport(output: "unable to connect") == nil)
        #expect(WrkReport(output: "measured requests=1") == nil)
        #expect(WrkReport(output: "measured requests=x duration=1") == nil)
    }

    @Test func `wrk is told what the scenario says`() throws {
        let words = WrkReport.command(
            wrk: "wrk", scenario: try Self.scenario("connection"), port: 8000, seconds: 3,
            scriptPath: "/tmp/s.lua")
        #expect(words.first == "wrk" && words.last == "http://127.0.0.1:8000/bytes/64")
        #expect(words.contains("Connection: close") && words.contains("3s"))
    }

    @Test func `callgrind's total is found`() {
        #expect(callgrindTotal("version: 1\nevents: Ir\nsummary: 123456\n\nfn=(1)\n") == 123456)
        #expect(callgrindTotal("fl=(2)\n1 5\ntotals: 99\n") == 99)
        #expect(callgrindTotal("version: 1\n") == nil)
    }

    @Test func `calls are added up by the names of functions`() {
        let text = """
            events: Ir
            fn=(1) main
            1 10
            cfn=(2) malloc
            calls=3 5
            1 300
            cob=(4) /lib/libswiftCore.so
            cfn=(3) swift_retain
            calls=2 0
            2 20
            fn=(2)
            cfn=(3)
            calls=5 0
            +3 50
            cfn=(5) mallocated
            calls=9 0
            +3 50
            fn=(8) swift_bridgeObjectRetain
            cfn=(3)
            calls=100 0
            +3 50
            fn=(1)
            cfn=(6) malloc'2
            calls=1 0
            * 50
            cfn=(7) pthread_mutex_lock@@GLIBC_2.2.5
            calls=4 0
            * 50
            totals: 430
            """
        let calls = CallCounts(callgrind: text)
        #expect(calls[.allocations] == 4)
        #expect(calls[.references] == 7)
        #expect(calls[.accesses] == 0)
        #expect(calls[.locks] == 4)
        #expect((calls - calls)[.references] == 0)
        #expect((calls / 2)[.references] == 3.5)
        let callers = calls.callers(atLeast: 3)
        #expect(callers.map(\.call.caller) == ["malloc", "main", "main"])
    }

    @Test(arguments: [
        ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", "2.6.12-1+deb12u4"),
        ("nginx version: nginx/1.22.1", "1.22.1"), ("Martlet version 0.1.0-dev", "0.1.0-dev"),
    ])
    func `versions are read from what programs print`(line: String, version: String) {
        #expect(Bench.version(inFirstLine: line) == version)
    }

    static func slice(_ round: Int, requests: Int, user: Double, system: Double) -> BenchSlice {
        var load = WrkReport()
        load.requests = requests
        load.microseconds = 1_000_000
        load.p99 = 100 * round
        return BenchSlice(
            round: round, load: load,
            time: ProcessTreeTime(userSeconds: user, systemSeconds: system), stolen: 0.1)
    }

    @Test func `costs are medians over slices`() throws {
        let slices = [
            Self.slice(1, requests: 1000, user: 0.01, system: 0.02),
            Self.slice(2, requests: 1000, user: 0.02, system: 0.04),
            Self.slice(3, requests: 2000, user: 0.02, system: 0.02),
        ]
        let medians = try #require(
            BenchMedians(slices, figure: .timePerRequest, bodyBytes: 64))
        #expect((medians.cost - 30).magnitude < 1e-9)
        #expect((medians.userCost - 10).magnitude < 1e-9)
        #expect(medians.requestsPerSecond == 1000)
        #expect(medians.p99 == 200)
        let bulk = try #require(
            BenchMedians(slices, figure: .timePerGigabyte, bodyBytes: 1_000_000))
        #expect((bulk.cost - 0.03).magnitude < 1e-9)
        #expect(BenchMedians([], figure: .timePerRequest, bodyBytes: 1) == nil)
    }

    @Test func `the report says ratios, aims and what was skipped`() throws {
        let small = try Self.scenario("small")
        let idle = try Self.scenario("idle")
        let report = BenchReport(
            machine: MachineDescription(
                processor: "P", cores: 2, memoryBytes: 1 << 30, kernel: "6.1"),
            versions: [(.martlet, "0.1"), (.haproxy, "2.6"), (.nginx, "1.22")], method: "How.",
            outcomes: [
                ScenarioOutcome(
                    scenario: small,
                    peers: [
                        (.martlet, .slices([Self.slice(1, requests: 1000, user: 0.01, system: 0)])),
                        (.haproxy, .slices([Self.slice(1, requests: 1000, user: 0.02, system: 0)])),
                        (.nginx, .slices([Self.slice(1, requests: 1000, user: 0.008, system: 0)])),
                    ]),
                ScenarioOutcome(
                    scenario: idle,
                    peers: [
                        (.martlet, .memory(dirty: [300, 340, 320], resident: [400])),
                        (.haproxy, .memory(dirty: [1100], resident: [1200])),
                        (.nginx, .skipped("nginx is not installed")),
                    ]),
            ])
        #expect(
            report.summary.rows == [
                [
                    "small keep-alive", "us CPU/request", "10.0", "20.0", "8.0", "0.50", "1.25",
                    "haproxy ≤ 0.75: met, nginx ≤ 1.00: missed",
                ],
                [
                    "idle connection, after requests in turn", "bytes", "320", "1,100", "-", "0.29",
                    "-", "≤ 2,000: met",
                ],
            ])
        #expect(report.skipped == ["idle, nginx: nginx is not installed"])
        #expect(report.text.contains("not measured:\n  idle, nginx"))
        #expect(report.markdown.contains("| small keep-alive | us CPU/request | 10.0 |"))
        #expect(report.json.text.contains("\"ratio\":0.5"))
    }
}

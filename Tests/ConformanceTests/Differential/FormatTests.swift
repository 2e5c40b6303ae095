// Formats side by side: every alias with every flag, in fields of requests and responses while a
// stream runs and in its log line, the grammar of formats, and how much of a line fits. Times and
// numbers that no two runs share are masked.

import Foundation
import HTTPCases
import ReferenceHAProxy
import Testing

/// One program with a frontend over a backend, and what it logs.
private final class LoggingProxy {
    let proxy: RunningProxy
    let origin: ScriptedOrigin
    let inbox: DatagramInbox

    init(
        _ program: Program, mode: String = "http", longest: Int = 65_000, frontend: String,
        backend: String = "", isServed: Bool = true
    ) throws {
        proxy = try RunningProxy(program) { folder in
            """
            global
                nbthread 1
                log \(folder)/lines len \(longest) format raw local0
            defaults
                mode \(mode)
                timeout connect 5s
                timeout client 5s
                timeout server 5s
                retries 0
            frontend f
                bind unix@\(folder)/in
                log global
                option dontlognull
                \(frontend)
                default_backend b
            backend b
                \(backend)
                server s unix@\(folder)/\(isServed ? "origin" : "nowhere")

            """
        }
        origin = ScriptedOrigin(path: proxy.folder + "/origin")
        inbox = DatagramInbox(path: proxy.folder + "/lines")
    }

    /// What the origin and the client got, and what was logged.
    struct Result {
        var request: WireMessage?
        var answers: [WireMessage]
        var line: String?
    }

    /// Sends a request; `ends` says that the client sends no more, and that the origin closes.
    func exchange(_ request: String, ends: Bool = false) throws -> Result {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-R: a|b\r\n\r\nok"
        origin.begin(ScriptedOrigin.Script(answers: [Array(answer.utf8)], closes: ends))
        let socket = try #require(proxy.connect("in"))
        let seen = ConformanceTests.exchange(
            over: socket, [latin1(request)], expected: 1, endsSending: ends)
        return Result(
            request: origin.requests.first, answers: seen.answers,
            line: inbox.next().map { String($0.dropLast()) })
    }
}

/// Names with values, as the formats here have them: `name=value;`.
private func values(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for part in text.components(separatedBy: ";") {
        guard let equals = part.firstIndex(of: "=") else { continue }
        values[part[..<equals].trimmingCharacters(in: .whitespaces)] = mask(
            String(part[..<equals].trimmingCharacters(in: .whitespaces)),
            String(part[part.index(after: equals)...]))
    }
    return values
}

/// Dates keep their form; what depends on the clock, on bytes that each program counts in its own
/// way, or on when a server's slot is given back, is the same where it is known at all.
private func mask(_ name: String, _ value: String) -> String {
    switch name {
    case "T", "Tl", "Ts", "t", "ms", "tr", "trg", "trl", "pid", "H", "ID":
        name == "ms" ? "9" : String(value.map { $0.isHexDigit ? "9" : $0 })
    case "Ta", "Td", "Tt", "Tu", "Th", "Ti", "Tq", "TR", "Tr", "Tc", "Tw":
        value == "-1" && !["Ta", "Td", "Tt", "Tu"].contains(name) ? value : "known"
    case "B", "U", "sc", "rt": "counted"
    default: value
    }
}

private let connectionAliases = [
    "T", "Tl", "Ts", "t", "ms", "Tc", "Td", "Th", "Tt", "Tu", "Tw", "B", "H", "ID", "ST", "U",
    "ac", "b", "bc", "bi", "bp", "bq", "ci", "cp", "f", "fc", "fi", "fp", "ft", "lc", "hr", "hrl",
    "hs", "hsl", "pid", "rc", "rt", "s", "sc", "si", "sp", "sq", "sslc", "sslv", "ts",
]

private let aliases =
    connectionAliases + [
        "tr", "trg", "trl", "Ta", "Ti", "Tq", "TR", "Tr", "CC", "CS", "HM", "HP", "HQ", "HU", "HV",
        "r", "tsc",
    ]

private func everything(_ names: [String], _ flags: String) -> String {
    "\"" + names.map { "\($0)=%\(flags)\($0);" }.joined(separator: " ") + "\""
}

@Suite(
    .serialized,
    .enabled(if: Program.haproxyIsThere, "haproxy is not installed"),
    .enabled(if: Program.martletServes, "martlet does not serve yet"))
struct FormatTests {
    /// HAProxy ends a line at the path of a UNIX socket that is to be shown in hexadecimal, and
    /// takes bytes of the path for a port.
    private static let addresses = ["bi", "ci", "fi", "si", "bp", "sp"]

    @Test(arguments: ["", "{+Q}", "{+X}", "{+E}", "{+M}", "{+Q,+E}"])
    func `every alias is shown alike while a stream runs and at its end`(_ flags: String) throws {
        let aliases = aliases.filter { flags != "{+X}" || !Self.addresses.contains($0) }
        let format = everything(aliases, flags)
        func run(_ program: Program) throws -> [(String, [String: String])] {
            let proxy = try LoggingProxy(
                program,
                frontend: """
                    log-format \(format)
                        capture cookie ck len 10
                        capture request header host len 5
                        capture request header x-none len 5
                        capture request header user-agent len 20
                        capture response header x-r len 10
                        unique-id-format %{+X}o\\ %Ts_%rt:%pid-%f
                        unique-id-header X-ID
                        http-request set-header x-front \(format)
                        http-response set-header x-front \(format)
                        http-after-response set-header x-after \(format)
                    """,
                backend: """
                    http-request set-header x-back \(format)
                        http-response set-header x-back \(format)
                    """)
            let result = try proxy.exchange(
                """
                POST /a]?b=c HTTP/1.1\r\nHost: some.host\r\nContent-Length: 3\r\n\
                User-Agent: a"b#c}|{\u{e9}d\r\nCookie: x=y; ck=123456789; z\r\n\r\nabc
                """)
            let request = try #require(result.request)
            let answer = try #require(result.answers.last)
            #expect(request.value("x-id") != nil)
            return [
                ("frontend's request rules", values(try #require(request.value("x-front")))),
                ("backend's request rules", values(try #require(request.value("x-back")))),
                ("frontend's response rules", values(try #require(answer.value("x-front")))),
                ("backend's response rules", values(try #require(answer.value("x-back")))),
                ("rules after the response", values(try #require(answer.value("x-after")))),
                ("log line", values(try #require(result.line))),
            ]
        }
        let reference = try run(.haproxy)
        // Whoever shows an identifier first has it made, as in later versions of HAProxy.
        let identifier = reference.last?.1["ID"]
        for (expected, found) in zip(reference, try run(.martlet)) {
            #expect(expected.1.count == aliases.count)
            for name in aliases {
                let value = name == "ID" ? identifier : expected.1[name]
                #expect(found.1[name] == value, "%\(flags)\(name) in \(found.0)")
            }
        }
    }

    @Test(arguments: ["", "{+Q}", "{+X}"])
    func `every alias of connections is shown alike in TCP mode`(_ flags: String) throws {
        let connectionAliases = connectionAliases.filter {
            flags != "{+X}" || !Self.addresses.contains($0)
        }
        let format = everything(connectionAliases, flags)
        let places = ["connection", "session", "content", "response", "log"]
        func run(_ program: Program) throws -> [[String: String]] {
            let proxy = try LoggingProxy(
                program, mode: "tcp",
                frontend: """
                    tcp-request connection set-var-fmt(sess.a) \(format)
                        tcp-request session set-var-fmt(sess.b) \(format)
                        tcp-request content set-var-fmt(sess.c) \(format)
                        log-format "%[var(sess.a)]@%[var(sess.b)]@%[var(sess.c)]@%[var(sess.d)]@"\(format)
                    """, backend: "tcp-response content set-var-fmt(sess.d) \(format)")
            let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
            let line = try #require(try proxy.exchange(request, ends: true).line)
            return line.components(separatedBy: "@").map { values($0) }
        }
        // The connection that finds out whether the proxy is there may still be open.
        let counts = ["ac", "fc", "bc"]
        let (expected, found) = (try run(.haproxy), try run(.martlet))
        try #require(expected.count == places.count && found.count == places.count)
        for (index, place) in places.enumerated() {
            #expect(expected[index].count == connectionAliases.count)
            for name in connectionAliases where !counts.contains(name) {
                #expect(found[index][name] == expected[index][name], "%\(flags)\(name) in \(place)")
            }
        }
    }

    /// What becomes of requests that reach no server, or are none.
    @Test(arguments: [
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "http-request deny", true),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "http-request return status 200", true),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "", false),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "option logasap", true),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "option logasap", false),
        ("nonsense\r\n\r\n", "", true), ("GET /\u{1}\u{e9} HTTP/1.1\r\nHost: h\r\n\r\n", "", true),
        ("GET http://h:81/a?b HTTP/1.1\r\nHost: h:81\r\n\r\n", "", true),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "", true),
        ("GET / HTTP/1.0\r\n\r\n", "", true), ("PUT", "", true),
    ])
    func `lines of unusual streams are alike`(
        _ request: String, _ option: String, _ isServed: Bool
    ) throws {
        // HAProxy keeps the address of a connection that could not be made.
        let names = aliases.filter { isServed || !["bi", "bp"].contains($0) }
        func run(_ program: Program) throws -> [String: String] {
            let proxy = try LoggingProxy(
                program,
                frontend: "log-format \(everything(names, "{+Q}"))\n    \(option)",
                isServed: isServed)
            let line = try proxy.exchange(request, ends: request == "PUT").line
            return values(try #require(line))
        }
        let (expected, found) = (try run(.haproxy), try run(.martlet))
        for name in names { #expect(found[name] == expected[name], "%\(name)") }
    }

    /// `error-log-format` writes of what never became a request, and of nothing else.
    @Test(arguments: [
        ("nonsense\r\n\r\n", ""), ("nonsense\r\n\r\n", "option log-separate-errors"),
        ("PUT", ""), ("PUT", "option dontlognull"), ("PUT", "option dontlog-normal"),
        ("GET /\u{1} HTTP/1.1\r\nHost: h\r\n\r\n", ""),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", ""),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "http-request deny"),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "http-request return status 500"),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "option log-separate-errors"),
    ])
    func `lines of connections that fail early are alike`(
        _ request: String, _ option: String
    ) throws {
        let shown = "%ci %f %ST %ts %tsc %HM %r %b %s %rc %lc %[fc_err]/%[fc_err_str] %hr|%hs"
        func run(_ program: Program) throws -> String? {
            let proxy = try LoggingProxy(
                program,
                frontend: """
                    log-format "usual: \(shown)"
                        error-log-format "error: \(shown)"
                        \(option)
                    """)
            return try proxy.exchange(request, ends: request == "PUT").line
        }
        let (expected, found) = (try run(.haproxy), try run(.martlet))
        #expect(expected != nil && found == expected)
    }

    @Test func `the grammar of formats is read alike`() throws {
        let formats = [
            "%ci:%%:%s", " a   b  ", "a %hr  %hs b", "a %[str()] b", "a %[var(txn.x)] b  c",
            "%{+Q}[var(txn.x)] %[var(txn.x)]", "%{+M}ID|%{-M}ID", "%[str(a )] b %[str( )] c",
            "%{+Q+X}s %{+X,+Q}s %{X}s %{+Q,-Q}s", "%{}s%{,}s%{+}s%{+Q foo}s%{+Q,foo}s%{+Z}s%{Q}s",
            "%{+Q}o %s %{-Q}o %s", "%{+Q}o %s %o %s %{+X}o %s", "%-%s x%-y %/z %_",
            "%{}[str(a)]%[str(b),upper]", "%[str(a)]]", "%{+Q,+E}[str(x)]",
            "%[bool(1)]|%[int(-5)]|%{+X}[int(65)]",
            "%[str(MDENCjEiIDd/gP8jJQ==),b64dec]|%{+E}[str(IlxdCiU=),b64dec]",
            "%{+Q}[str(IlxdCiU=),b64dec]|%{+Q,+E}[str(IlxdCiU=),b64dec]", "%HM %r %HU%HQ %HV",
        ]
        func run(_ program: Program) throws -> [(String?, [String?], [String?])] {
            try formats.map { format in
                let proxy = try LoggingProxy(
                    program,
                    frontend: """
                        log-format "\(format)"
                            http-request set-header x-v "<\(format)>"
                            http-response set-header x-v "<\(format)>"
                        """)
                let result = try proxy.exchange("GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n")
                return (
                    result.line, [result.request?.value("x-v")],
                    [result.answers.last?.value("x-v")]
                )
            }
        }
        for ((format, expected), found) in zip(
            zip(formats, try run(.haproxy)), try run(.martlet))
        {
            #expect(expected.0 != nil && found.0 == expected.0, "log-format \(format)")
            #expect(found.1 == expected.1, "request's field \(format)")
            #expect(found.2 == expected.2, "response's field \(format)")
        }
    }

    @Test func `a second request has dates and times of its own`() throws {
        func run(_ program: Program) throws -> [String] {
            let proxy = try LoggingProxy(
                program, frontend: "log-format \"%Ts %ms %Ti %TR %Tq %Ta %Tt %rt\"")
            proxy.origin.begin(ScriptedOrigin.Script())
            let socket = try #require(proxy.proxy.connect("in"))
            _ = socket.send(Array("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
            _ = socket.receive(milliseconds: 5000)
            usleep(300_000)
            _ = socket.send(Array("GET /2 HTTP/1.1\r\nHost: h\r\n".utf8))
            usleep(200_000)
            _ = socket.send(Array("\r\n".utf8))
            _ = socket.receive(milliseconds: 5000)
            return [try #require(proxy.inbox.next()), try #require(proxy.inbox.next())]
        }
        for program in Program.allCases {
            let lines = try run(program).map { line in
                line.dropLast().split(separator: " ").map { Int($0)! }
            }
            // The stream begins where the one before has ended, which was long before its bytes.
            let apart = (lines[1][0] - lines[0][0]) * 1000 + lines[1][1] - lines[0][1]
            #expect((0..<150).contains(apart), "\(program)")
            let (idle, head, query) = (lines[1][2], lines[1][3], lines[1][4])
            #expect((250..<900).contains(idle) && (150..<800).contains(head), "\(program)")
            #expect(query == idle + head && lines[1][6] == lines[1][5] + idle, "\(program)")
            #expect(lines[1][7] == lines[0][7] + 1, "\(program)")
        }
    }

    @Test func `a line that is too long is cut alike`() throws {
        let prefix = String(repeating: "a", count: 900)
        for (count, suffix) in [
            (110, "%s|b"), (123, "%f|b"), (124, "%{+Q}f|b"), (120, "%{+Q}f|b"), (114, "%Ts|b"),
            (115, "%Ts|b"), (112, "%HU|b"), (121, "%HU|b"), (118, "%[str(123456)]|b"),
            (118, "%{+Q}[str(123456)]|b"),
        ] {
            let format = prefix + String(repeating: "c", count: count) + suffix
            func run(_ program: Program) throws -> String? {
                let proxy = try LoggingProxy(
                    program, longest: 1024, frontend: "log-format \"\(format)\"")
                return try proxy.exchange("GET /12345 HTTP/1.1\r\nHost: h\r\n\r\n").line
            }
            let (expected, found) = (try run(.haproxy), try run(.martlet))
            #expect(expected?.utf8.count == found?.utf8.count, "\(count) \(suffix)")
            if !suffix.contains("Ts") { #expect(expected == found) }
        }
    }
}

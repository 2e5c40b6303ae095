// Rules beside those of haproxy: what the origin gets, what the client gets, whether its connection
// goes on, and the log line, are the same, or the exchange says why not.

import Foundation
import HTTPCases
import ReferenceHAProxy
import Testing

/// A frontend and a backend with rules, and exchanges through them.
struct ActionGroup: Sendable, CustomStringConvertible {
    /// What it is about.
    let description: String
    /// Lines of the sections in front.
    var sections = ""
    /// Lines of the frontend.
    var frontend = ""
    /// Lines of the backend.
    var backend = ""
    /// What goes through.
    var exchanges: [ActionExchange]
}

/// One request, and the answer of the origin if it gets there.
struct ActionExchange: Sendable {
    /// The request, head and body.
    var request: String
    /// Fields of the origin's answer, each with its line end.
    var answer = ""
    /// The request is HEAD.
    var toHead = false
    /// Why haproxy does something else; nil where it does not.
    var differs: String?

    /// A request without a body for a path.
    static func get(
        _ target: String, _ fields: String = "", method: String = "GET", answer: String = "",
        differs: String? = nil
    ) -> ActionExchange {
        ActionExchange(
            request: "\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", answer: answer,
            toHead: method == "HEAD", differs: differs)
    }

    /// A request with a body.
    static func post(
        _ target: String, _ body: String, fields: String? = nil, differs: String? = nil
    ) -> ActionExchange {
        let framing = fields ?? "Content-Length: \(body.utf8.count)\r\n"
        return ActionExchange(
            request: "POST \(target) HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\(body)",
            differs: differs)
    }

    /// A request of HTTP/1.0 without any field.
    static func old(_ target: String) -> ActionExchange {
        ActionExchange(request: "GET \(target) HTTP/1.0\r\n\r\n")
    }
}

/// A program with the rules of a group.
private final class RulingProxy {
    let proxy: RunningProxy
    let origin: ScriptedOrigin
    let inbox: DatagramInbox

    init(_ program: Program, _ group: ActionGroup) throws {
        var inbox: DatagramInbox?
        proxy = try RunningProxy(program) { folder in
            // Before the program starts: who looks whether it listens may be logged.
            inbox = DatagramInbox(path: folder + "/lines")
            try? files.forEach { name, text in
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
            }
            return Self.configuration(folder, group)
        }
        origin = ScriptedOrigin(path: proxy.folder + "/origin")
        self.inbox = try #require(inbox)
    }

    private static func configuration(_ folder: String, _ group: ActionGroup) -> String {
        """
        global
            nbthread 1
            log \(folder)/lines len 4096 format raw local0
            expose-experimental-directives
        \(group.sections.replacing("@", with: folder))
        defaults
            mode http
            timeout connect 5s
            timeout client 5s
            timeout server 5s
            timeout tarpit 10ms
            http-reuse never
        frontend f
            bind unix@\(folder)/in
            log global
            option dontlognull
            log-format "%ST %tsc %ft %b/%s %CC %CS %hr %hs %HM %HU"
            http-request set-log-level silent if { path /sentinel }
            \(group.frontend.replacing("@", with: folder).replacing("\n", with: "\n    "))
            default_backend b
        backend b
            \(group.backend.replacing("@", with: folder).replacing("\n", with: "\n    "))
            server s unix@\(folder)/origin

        """
    }

    /// What became of an exchange.
    struct Result: Equatable, CustomStringConvertible {
        var answers: [WireMessage]
        var isClosed: Bool
        var request: WireMessage?
        var line: String?
        var description: String {
            "\(answers)\(isClosed ? " closed" : "")\n  origin \(request.map { "\($0)" } ?? "-")"
                + "\n  line \(line ?? "-")"
        }
    }

    func run(_ exchange: ActionExchange) throws -> Result {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\(exchange.answer)\r\nok"
        origin.begin(ScriptedOrigin.Script(answers: [Array(answer.utf8)]))
        let socket = try #require(proxy.connect("in"))
        let seen = ConformanceTests.exchange(
            over: socket, [latin1(exchange.request)], toHead: exchange.toHead)
        return Result(
            answers: seen.answers.map(\.withoutWords), isClosed: seen.isClosed,
            request: origin.requests.first, line: inbox.next())
    }
}

/// Files that rules name by `@/name`.
private let files = [
    "404.http": "HTTP/1.1 404 Not Here\r\nX-File: a\r\nContent-Length: 4\r\n\r\nfile",
    "plain.txt": "plain %[path]", "empty": "",
]

extension WireMessage {
    /// The message without the words of a proxy's own replies, which differ.
    fileprivate var withoutWords: WireMessage {
        var message = self
        let isOwn =
            text(body).hasPrefix("<html><body><h1>") || fields.contains("content-type: text/html")
        if isOwn {
            message.body = []
            message.fields.removeAll { $0.hasPrefix("content-length:") }
        }
        return message
    }
}

@Suite(
    .serialized,
    .enabled(if: Program.haproxyIsThere, "haproxy is not installed"),
    .enabled(if: Program.martletServes, "martlet does not serve yet"))
struct ActionTests {
    @Test(arguments: ActionGroup.all)
    func `rules do what they do in haproxy`(_ group: ActionGroup) throws {
        let haproxy = try RulingProxy(.haproxy, group)
        let martlet = try RulingProxy(.martlet, group)
        for exchange in group.exchanges {
            let expected = try haproxy.run(exchange)
            let found = try martlet.run(exchange)
            #expect(
                (found == expected) == (exchange.differs == nil),
                """
                \(exchange.request.split(separator: "\r\n")[0])
                haproxy \(expected)
                martlet \(found)
                """)
        }
        #expect(martlet.proxy.isRunning)
    }

    /// haproxy 2.6 has no such action.
    @Test func `do-log sends a line at each step, and the usual one follows`() throws {
        let group = ActionGroup(
            description: "do-log",
            frontend: """
                log-format "%OG %b %ST"
                tcp-request connection do-log
                tcp-request session do-log
                tcp-request content do-log unless { path /sentinel }
                http-request do-log
                http-response do-log
                http-after-response do-log
                http-request set-log-level silent if { path /silent }
                """,
            backend: """
                http-request do-log if { path /silent }
                tcp-response content do-log
                """, exchanges: [])
        let martlet = try RulingProxy(.martlet, group)
        // Who looked whether it listens sent nothing.
        for expected in ["tcp-req-conn f 0\n", "tcp-req-sess f 0\n"] {
            #expect(martlet.inbox.next() == expected)
        }
        for (path, after) in [
            ("/a", ["http-res", "http-after-res", "txn_close"]), ("/silent", []),
        ] {
            let first = try martlet.run(.get(path)).line
            #expect(first == "tcp-req-conn f 0\n")
            var others = ["tcp-req-sess f 0", "tcp-req-cont f -1", "http-req f -1"]
            if !after.isEmpty { others.append("tcp-res-cont b 200") }
            for expected in others + after.map({ "\($0) b 200" }) {
                #expect(martlet.inbox.next() == expected + "\n")
            }
            #expect(martlet.inbox.nextAtOnce() == nil)
        }
    }
}

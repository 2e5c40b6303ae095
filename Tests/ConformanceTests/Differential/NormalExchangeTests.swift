// The same traffic through haproxy and martlet: what reaches the origin, what comes back, and
// whether the connection closes are the same, or the exchange says why not.

import Foundation
import HTTPCases
import Testing

@Suite(
    .serialized,
    .enabled(if: Program.haproxyIsThere, "haproxy is not installed"),
    .enabled(if: Program.martletServes, "martlet does not serve yet"))
struct NormalExchangeTests {
    @Test func `there are more than a hundred normal exchanges with names of their own`() {
        let names = NormalExchange.all.map(\.description)
        #expect(names.count > 100 && Set(names).count == names.count)
    }

    @Test(arguments: [[], ["option http-server-close"], ["option httpclose"]])
    func `normal traffic goes through both alike`(_ options: [String]) throws {
        let haproxy = try ComparedProxy(.haproxy, options: options)
        let martlet = try ComparedProxy(.martlet, options: options)
        for row in NormalExchange.all {
            var expected = haproxy.run(row)
            let found = martlet.run(row)
            // An origin that closes by itself, or a client that ends sending, races with the
            // client's next request in haproxy, which may then close the client's connection: it
            // gets a few rounds.
            var rounds = row.races && row.differs == nil ? 20 : 0
            while rounds > 0 && found.normalized != expected.normalized {
                rounds -= 1
                expected = haproxy.run(row)
            }
            #expect(found.seen.status == expected.seen.status, "\(row)")
            #expect(
                (found.normalized == expected.normalized) == (row.differs == nil),
                """
                \(row)
                  haproxy \(expected.normalized)
                  martlet \(found.normalized)
                """)
        }
        #expect(martlet.proxy.isRunning)
    }
}

extension ComparedProxy {
    /// Sends an exchange through the strict listener.
    func run(_ row: NormalExchange) -> Result {
        origin.begin(
            ScriptedOrigin.Script(answers: row.answers.map(latin1), closes: row.closes))
        guard let socket = proxy.connect("strict") else {
            preconditionFailure("the proxy under test does not accept any more")
        }
        let seen = exchange(
            over: socket, row.pieces.map(latin1), toHead: row.toHead, expected: row.expected,
            endsSending: row.endsSending)
        return Result(seen: seen, requests: origin.requests)
    }
}

extension ComparedProxy.Result {
    /// The result without what may differ: the order of fields of different names, the case of
    /// connection options, `close` where an HTTP/1.0 message means it anyway, how much of a broken
    /// body came through, and the words of a proxy's own replies.
    var normalized: ComparedProxy.Result {
        var result = self
        result.seen.answers = seen.answers.map(\.normalized)
        result.requests = requests.map(\.normalized)
        return result
    }
}

extension WireMessage {
    fileprivate var normalized: WireMessage {
        var message = self
        // A stable order by name alone: lines of one name keep theirs.
        message.fields = fields.enumerated().sorted { left, right in
            let names = [left, right].map { $0.element.prefix { $0 != ":" } }
            return names[0] == names[1] ? left.offset < right.offset : names[0] < names[1]
        }.map(\.element)
        message.fields = message.fields.map {
            $0.hasPrefix("connection:") ? $0.lowercased() : $0
        }
        if startLine.contains("HTTP/1.0") {
            message.fields.removeAll { $0 == "connection: close" }
        }
        if !isComplete { message.body = [] }
        if text(body).hasPrefix("<html><body><h1>") {
            message.body = []
            message.fields.removeAll { $0.hasPrefix("content-length:") }
        }
        return message
    }
}

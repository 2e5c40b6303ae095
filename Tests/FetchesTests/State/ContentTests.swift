// Fetches of a relay's first bytes: the same values as haproxy, however the bytes are split.

import Foundation
import ReferenceHAProxy
import Testing

@testable import Proxy

/// Expressions that are asked of relays; their values are left in variables of the process, which
/// an HTTP frontend shows.
private struct RelayQuestions {
    let ofRequests: [String]
    let ofResponses: [String]
    /// When the request's rules are over; the others wait for the inspection's delay.
    var accept = "{ req.len gt 60000 }"
    var delay = "150ms"

    private var all: [(name: String, expression: String)] {
        ofRequests.enumerated().map { ("proc.a\($0)", $1) }
            + ofResponses.enumerated().map { ("proc.r\($0)", $1) }
    }

    func configuration(_ echo: UInt16) -> String {
        var text = """
            global
             nbthread 1
            defaults
             timeout client 5s
             timeout server 5s
             timeout connect 5s
            frontend t
             mode tcp
             bind 127.0.0.1:PORT-t
             tcp-request inspect-delay \(delay)

            """
        for (index, expression) in ofRequests.enumerated() {
            text += " tcp-request content set-var(proc.a\(index)) str(NONE)\n"
            text += " tcp-request content set-var(proc.a\(index)) \(expression)\n"
        }
        text += " tcp-request content accept if \(accept)\n default_backend tb\n"
        text += "backend tb\n mode tcp\n"
        for (index, expression) in ofResponses.enumerated() {
            text += " tcp-response content set-var(proc.r\(index)) str(NONE)\n"
            text += " tcp-response content set-var(proc.r\(index)) \(expression)\n"
        }
        text += " server s1 127.0.0.1:\(echo)\n"
        text += "frontend h\n mode http\n bind 127.0.0.1:PORT-h\n"
        text += " http-request return status 200 content-type text/plain"
        text += " lf-string \"%[be_conn(tb)]\" if { path /open }\n"
        for (name, _) in all {
            text += " http-request return status 200 content-type text/plain"
            text += " lf-string \"%[var(\(name))]\" if { path /\(name) }\n"
        }
        return text
    }

    /// What was found in each of the conversations, one line for each expression.
    func answers(_ conversations: [[[UInt8]]], of server: some Serving) throws -> [[String]] {
        try conversations.map { parts in
            // Expressions may ask how many are connected: the one before is to be gone.
            var looks = 0
            while looks < 1000, try Client.get("/open", server.port("h")) != "0" {
                looks += 1
                usleep(5_000)
            }
            try converse(parts, server.port("t"))
            return try all.map { name, expression in
                "\(expression) = \(try Client.get("/\(name)", server.port("h")) ?? "nothing")"
            }
        }
    }

    private func converse(_ parts: [[UInt8]], _ port: UInt16) throws {
        let client = try Client(port)
        for part in parts {
            client.send(part)
            usleep(20_000)
        }
        _ = client.receive()
    }

    /// Records where we differ from haproxy.
    func compare(_ conversations: [[[UInt8]]]) throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: nothing to compare with")
            return
        }
        let echo = try Echo()
        let text = configuration(echo.port)
        let ours = try answers(conversations, of: RunningText(text))
        let theirs = try answers(conversations, of: RunningReference(text))
        for (index, conversation) in conversations.enumerated() {
            for (our, their) in zip(ours[index], theirs[index]) {
                #expect(our == their, "\(conversation)")
            }
        }
    }
}

/// Hellos of TLS clients.
enum Hellos {
    /// A hello with a name, protocols, groups, a ticket and a key share.
    static func hello(name: String? = "example.com", protocols: [String] = ["h2", "http/1.1"])
        -> [UInt8]
    {
        var extensions: [UInt8] = []
        if let name {
            let entry = [0] + counted(Array(name.utf8))
            extensions += [0, 0] + counted(counted(entry))
        }
        extensions += [0, 10] + counted(counted([0, 0x1D, 0, 0x17]))
        extensions += [0, 13] + counted(counted([4, 3, 8, 4]))
        if !protocols.isEmpty {
            let names = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            extensions += [0, 16] + counted(counted(names))
        }
        extensions += [0, 35] + counted([1, 2, 3])
        extensions +=
            [0, 51] + counted(counted([0, 0x1D] + counted(Array(repeating: 7, count: 32))))
        let body: [UInt8] =
            [3, 3] + Array(repeating: 9, count: 32) + [0] + counted([0x13, 1, 0x13, 2]) + [1, 0]
            + counted(extensions)
        let message: [UInt8] = [1, 0] + counted(body)
        return [0x16, 3, 1] + counted(message)
    }

    private static func counted(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }
}

@Suite struct ContentTests {
    private static let requests = """
        req.len req.payload(0,4),hex req.payload(2,0),hex req.payload_lv(0,1),hex
        req.payload_lv(1,2),hex req.payload_lv(0,1,+1),hex req.payload_lv(2,1,-1),hex
        req.payload(0,99999),hex payload(0,2),hex payload_lv(0,1),hex req.proto_http req_proto_http
        req_len req.ssl_hello_type req_ssl_hello_type req.ssl_sni req_ssl_sni req.ssl_alpn
        req.ssl_ec_ext req.ssl_st_ext req.ssl_ver req_ssl_ver req.rdp_cookie
        req.rdp_cookie(mstshash) req.rdp_cookie(MSTS) rdp_cookie rdp_cookie_cnt
        req.rdp_cookie_cnt(msts) distcc_param(ARGC) distcc_param(DOTI) distcc_param(ARGV,2)
        distcc_body(DOTI),hex distcc_body(ARGV,2) wait_end be_conn(tb) fc_http_major
        internal.strm.is_htx src dst last_rule_line so_id fe_name
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    private static let responses = """
        res.len res.payload(0,2),hex payload(0,3),hex res.payload(1,0),hex res.payload_lv(0,1),hex
        res.ssl_hello_type rep_ssl_hello_type srv_name srv_id bc_dst bc_src be_name be_id
        bc_http_major bc_err bc_err_str be_server_timeout be_tunnel_timeout cur_server_timeout
        cur_tunnel_timeout fe_name so_id
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let rdp: [UInt8] = [3, 0, 0, 0x2A, 0x25, 0xE0, 0, 0, 0, 0, 0]

    @Test func `first bytes are what haproxy says`() throws {
        let hello = Hellos.hello()
        let conversations: [[[UInt8]]] = [
            [Self.bytes("\u{2}abcdef")], [Self.bytes("\0\0\u{2}hello")],
            [Self.bytes("ab"), Self.bytes("cdefghij")], [Self.bytes("a")],
            [Self.bytes("GET /x HTTP/1.1\r\nHost: foo\r\n\r\n")],
            [Self.bytes("GET /x HT"), Self.bytes("TP/1.1\r\nHost: foo\r\n\r\n")],
            [Self.bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
            [hello], [Array(hello[..<40]), Array(hello[40...])],
            [Hellos.hello(name: nil, protocols: [])], [Array(hello[..<60])],
            [Self.rdp + Self.bytes("Cookie: mstshash=user\r\n\u{1}\0")],
            [Self.rdp + Self.bytes("Cookie: msts=3640205228.15629.0000\r\n")],
            [Self.rdp + Self.bytes("Cookie: ms"), Self.bytes("ts=364.1.0000\r\n")],
            [Self.bytes("DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI00000005hello")],
        ]
        let questions = RelayQuestions(ofRequests: Self.requests, ofResponses: Self.responses)
        try questions.compare(conversations)
    }

    @Test func `rules wait for what they ask of the bytes`() throws {
        // The first conversation is decided by the second part, long before the delay.
        let questions = RelayQuestions(
            ofRequests: ["req.len", "req.ssl_sni", "wait_end"], ofResponses: ["res.len"],
            accept: "{ req.ssl_hello_type 1 }", delay: "4s")
        let hello = Hellos.hello()
        let begun = Date()
        try questions.compare([
            [Array(hello[..<30]), Array(hello[30...])], [hello], [Self.bytes("GET / HTTP/1.1\r\n")],
        ])
        #expect(Date().timeIntervalSince(begun) < 4)
    }

    /// Fetches of 3.2, and what HAProxy 2.6 does otherwise.
    @Test(
        arguments: [
            ("req.ssl_cipherlist,hex", "13011302"), ("req.ssl_sigalgs,hex", "04030804"),
            ("req.ssl_supported_groups,hex", "001D0017"), ("req.ssl_keyshare_groups,hex", "001D"),
            ("req.ssl_alpn", "h2"), ("req.ssl_st_ext", "2"),
            ("req.payload_lv(43,1,0)", nil), ("fs.id", "0"), ("fs.aborted", "0"),
            ("bytes_in,div(100)", "1"), ("fc_nb_streams", "1"),
        ] as [(String, String?)])
    func `facts of hellos that newer versions have`(
        _ expression: String, _ expected: String?
    ) throws {
        let echo = try Echo()
        let questions = RelayQuestions(ofRequests: [expression], ofResponses: [])
        let running = try RunningText(questions.configuration(echo.port))
        let answers = try questions.answers([[Hellos.hello()]], of: running)
        #expect(answers == [["\(expression) = \(expected ?? "NONE")"]])
    }

    @Test func `any protocol of a hello may match`() throws {
        let echo = try Echo()
        let text = """
            defaults
             mode tcp
             timeout client 5s
             timeout server 5s
             timeout connect 5s
            frontend t
             bind 127.0.0.1:PORT-t
             tcp-request inspect-delay 1s
             tcp-request content reject if { req.ssl_alpn acme-tls/1 }
             tcp-request content accept if { req.ssl_alpn http/1.1 }
             tcp-request content reject if WAIT_END
             default_backend b
            backend b
             server s 127.0.0.1:\(echo.port)

            """
        let servers: [any Serving] =
            try ReferenceProcess.program == nil
            ? [RunningText(text)] : [RunningText(text), RunningReference(text)]
        for server in servers {
            for (protocols, isTaken) in [
                (["h2", "http/1.1"], true), (["http/1.1", "acme-tls/1"], false), (["h2"], false),
            ] {
                let client = try Client(server.port("t"))
                let hello = Hellos.hello(protocols: protocols)
                client.send(hello)
                #expect((client.receive() == hello) == isTaken, "\(server) \(protocols)")
            }
        }
    }

    @Test(arguments: [
        ("\u{3}abcdef", "req.payload_lv(0,1,4),hex", "646566"),
        ("\u{2}abcdef", "req.payload_lv(0,1,3),hex", "6364"),
        ("\0\0\u{1}\u{2}ab", "req.payload_lv(0,4),hex", "NONE"),
    ])
    func `offsets that are not relative count from the first byte`(
        _ bytes: String, _ expression: String, _ expected: String
    ) throws {
        let echo = try Echo()
        let questions = RelayQuestions(ofRequests: [expression], ofResponses: [])
        let running = try RunningText(questions.configuration(echo.port))
        let answers = try questions.answers([[Self.bytes(bytes)]], of: running)
        #expect(answers == [["\(expression) = \(expected)"]])
    }
}

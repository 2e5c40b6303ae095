// Where values differ on purpose, and why.

extension Difference {
    /// All differences. One that is none any more is found out.
    static let all: [Difference] =
        numbers + addresses + methods + targets + payloads + later
        + [
            Difference(
                expression: "req.hdr(key),table_trackers(tracked)",
                inputs: [
                    "the first", "again", "another key", "a tag", "an empty key", "bumped",
                    "a long key",
                ], reason: "who looks an entry up does not track it"),
            Difference(
                expression: "http_auth_bearer(x-token)",
                inputs: [
                    "none", "tiger", "lion", "cat", "dog", "guest", "wrong", "no colon",
                    "nothing behind the colon", "no base64", "no credentials", "small letters",
                    "several blanks", "bearer", "digest", "proxy's", "two",
                ], reason: "2.6 has an empty token where there is none; later versions have none"),
        ]

    /// What a response's cookies and a client's hello are in later versions.
    private static let later: [Difference] = [
        Difference(
            expression: "res.cook_cnt",
            inputs: ["cookies", "an empty cookie", "a cookie with quotes"],
            reason: "attributes are no cookies, and later versions do not count them"),
        Difference(
            expression: "req.ssl_ec_ext",
            inputs: [
                "ClientHello with a ticket", "ClientHello of TLS 1.0",
                "ClientHello with an empty name", "ClientHello with a session",
            ], reason: "later versions say that there are no groups"),
    ]

    /// HAProxy 2.6 takes any byte for a digit, so that text becomes some number.
    private static let numbers: [Difference] = [
        ("hdr_val(x,1)", ["quotes", "an open quote"] + dotted), ("req.hdr_val(x)", openOrDotted),
        ("hdr_val(x)", openOrDotted), ("req.cook_val(a)", ["quotes"]), ("cook_val(a)", ["quotes"]),
        ("res.cook_val(a)", ["a cookie with quotes"]), ("res.hdr_val(x)", ["bytes above 127"]),
        ("shdr_val(x)", ["bytes above 127"]),
        ("urlp_val(a)", ["encoded", "bytes above 127", "quotes"]), ("urlp_val(b)", ["encoded"]),
    ].map {
        Difference(
            expression: $0.0, inputs: $0.1,
            reason: "a number ends where its digits end, and text without digits is zero")
    }

    private static let openOrDotted = ["an open quote"] + dotted
    private static let dotted = [
        "an address", "addresses", "an address and a port", "no address", "a short address",
        "an address with zeros",
    ]

    private static let addresses: [Difference] = [
        "req.hdr_ip(x)", "req.hdr_ip(x,1)", "hdr_ip(x)", "hdr_ip(x,-1)",
    ].map {
        Difference(
            expression: $0, inputs: ["brackets"],
            reason: "RFC 7239 §6 puts IPv6 into brackets; later versions read them, too")
    }

    /// A method without a number of its own is kept wrongly in variables of 2.6.
    private static let methods: [Difference] = [("meth(post)", nil), ("method", ["PATCH"])].map {
        Difference(expression: $0.0, inputs: $0.1, reason: "its letters are kept as they are")
    }

    private static let targets: [Difference] =
        (ExpressionTable.all.first { $0.name == "targets" }?.expressions ?? []).map {
            Difference(
                expression: $0, inputs: ["user"],
                reason: "RFC 9110 §4.2.4: user information is to be treated as an error")
        }

    private static let payloads: [Difference] =
        ["req.proto_http", "req_proto_http"].map {
            Difference(
                expression: $0, inputs: ["HTTP/0.9"],
                reason: "RFC 9112 §2.3: a request line has a version")
        }
        + ["", "(mstshash)", "(none)"].flatMap {
            ["req.rdp_cookie_cnt\($0)", "rdp_cookie_cnt\($0)"]
        }.map {
            Difference(
                expression: $0, inputs: $0.hasSuffix("(none)") ? shortOnes + [cut] : shortOnes,
                reason: "what has ended without a cookie has none, which haproxy leaves open")
        }

    private static let cut = "RDP cut short"
    private static let shortOnes = ["zeros", "text", "MQTT of another name"]
}

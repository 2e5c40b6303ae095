// Lines of every alias and of the standard formats over given streams.

import Foundation
import Glibc
import Kernel
import Logs
import Proxy
import Testing

@Suite(.serialized) struct LineTests {
    private static let standardFormats: [(ProxyOptions, Bool, String)] = [
        (
            .httpLog, true,
            "10.1.2.3:33312 [22/Nov/2026:17:17:19.504] px px/sv 3/4/5/6/25 200 512 - - ---- 9/8/7/6/0 2/3 \"GET / HTTP/1.1\""
        ),
        (
            .tcpLog, false,
            "10.1.2.3:33312 [22/Nov/2026:17:17:19.502] px px/sv 4/5/27 512 -- 9/8/7/6/0 2/3"
        ),
        (
            [.httpLog, .clfLog], true,
            "10.1.2.3 - - [22/Nov/2026:22:17:19 +0000] \"GET / HTTP/1.1\" 200 512 \"\" \"\" 33312 502 \"px\" \"px\" \"sv\" 3 4 5 6 25 ---- 9 8 7 6 0 2 3 \"\" \"\" "
        ),
        (
            [.tcpLog, .clfLog], false,
            "10.1.2.3 - - [22/Nov/2026:22:17:19 +0000] \"TCP \" 000 512 \"\" \"\" 33312 502 \"px\" \"px\" \"sv\" 0 4 5 27 77 ---- 9 8 7 6 0 2 3 \"\" \"\" "
        ),
        (
            .httpLog, false,
            "10.1.2.3:33312 [22/Nov/2026:17:17:19.502] px px/sv 4/5/27 512 -- 9/8/7/6/0 2/3"
        ),
    ]

    init() {
        setenv("TZ", "America/New_York", 1)
        tzset()
    }

    @Test(arguments: [
        ("%ci:%cp", "10.1.2.3:33312"), ("%{+X}ci:%{+X}cp", "0A010203:8220"),
        ("%fi %fp", "10.1.2.4 8080"), ("%bi %{+Q}bp", "- \"\""),
        ("%si %sp", "2001:db8::5 80"), ("%{+X}si", "20010DB8000000000000000000000005"),
        ("%{+Q}ci", "\"10.1.2.3\""), ("%T", "22/Nov/2026:22:17:19 +0000"),
        ("%Tl", "22/Nov/2026:17:17:19 -0500"), ("%t", "22/Nov/2026:17:17:19.502"),
        ("%Ts", "1795385839"), ("%{+X}Ts", "6B0369EF"), ("%ms %{+X}ms", "502 1F6"),
        ("%tr", "22/Nov/2026:17:17:19.504"), ("%trg", "22/Nov/2026:22:17:19 +0000"),
        ("%trl", "22/Nov/2026:17:17:19 -0500"),
        ("%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu", "0 2 3 5 4 5 6 7 25 27 25"),
        ("%B %U %ST", "512 77 200"), ("%ac %fc %bc %sc %sq %bq", "9 8 7 6 2 3"),
        ("%f %ft %b %s", "px px px sv"), ("%{+Q}f %{+Q}s", "\"px\" \"sv\""), ("%rc", "0"),
        ("%rt %{+X}rt %lc", "41 0029 0"), ("%ts %tsc", "-- ----"),
        ("%pid", "\(getpid())"),
        ("%{+X}pid", String(format: "%04X", getpid())),
        ("%CC %CS %ID %sslc %sslv", "- - - - -"), ("%H", Host.name),
        ("%{+Q}o %CC %ID %B %t", "\"\" \"\" 512 22/Nov/2026:17:17:19.502"),
        ("a %hr %hs %hrl %hsl b", "a b"), ("x%%y  z", "x%y z"), ("%OG", "txn_close"),
        ("%r", "GET /a#22]\\b/c?d=e HTTP/1.1"), ("%{+Q}r", "\"GET /a#22]\\b/c?d=e HTTP/1.1\""),
        ("%{+E}r", "GET /a#22\\]\\\\b/c?d=e HTTP/1.1"),
        ("%HM|%HU|%HP|%HPO|%HQ|%HV", "GET|/a#22]\\b/c?d=e|/a#22]\\b/c|/a#22]\\b/c|?d=e|HTTP/1.1"),
    ])
    func `Each alias is shown as haproxy shows it`(_ format: String, _ expected: String) throws {
        let lines = try LoggedLines()
        let line = try lines.line(format, ordinaryFacts(), request: "GET /a\"]\\b/c?d=e HTTP/1.1")
        #expect(line == expected)
    }

    @Test func `The path of an absolute URI leaves scheme and authority out`() throws {
        let lines = try LoggedLines()
        let line = try lines.line(
            "%HU %HP %HPO %HQ", ordinaryFacts(), request: "GET http://h:8/p?q HTTP/1.1")
        #expect(line == "http://h:8/p?q http://h:8/p /p ?q")
    }

    @Test func `Bytes outside ASCII and control characters are encoded`() throws {
        let lines = try LoggedLines()
        let line = try lines.line("%r", ordinaryFacts(), request: "GET /\u{1}é#\u{7F} HTTP/1.1")
        #expect(line == "GET /#01#C3#A9#23#7F HTTP/1.1")
    }

    @Test func `A stream that failed early shows what is missing`() throws {
        let lines = try LoggedLines()
        var facts = StreamFacts()
        facts.clientAddress = socketAddress("::1", 5)
        facts.acceptedMicroseconds = 1_795_385_839_502_123
        facts.status = 400
        facts.isBadRequest = true
        facts.termination = TerminationState(cause: UInt8(ascii: "P"), state: UInt8(ascii: "R"))
        facts.frontendConnections = 1
        facts.activeConnections = 1
        lines.configuration.proxies[0].requestCaptures = [10]
        #expect(
            try lines.line(StandardFormat.http, facts) == """
                ::1:5 [22/Nov/2026:17:17:19.502] px px/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- \
                1/1/0/0/0 0/0 "<BADREQ>"
                """)
        #expect(
            try lines.line("%si|%sp|%{+Q}bi|%{+Q}bp|%Tq|%HM|%{+Q}HQ|%{+Q}s|%Td|%{+Q}hr", facts)
                == "-|-|\"\"|\"\"|-1|<BADREQ>|\"<BADREQ>\"|\"<NOSRV>\"|-1|")
    }

    @Test func `An early line marks what will still grow`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].options = .logASAP
        lines.configuration.proxies[0].logFormat = try Formats.compile(
            "%Tt %Ta %Tu %B %U %Td %rc %OG")
        lines.configuration.proxies[0].logs = [lines.log { $0.format = "raw" }]
        var facts = ordinaryFacts()
        facts.wasRedispatched = true
        facts.retries = 2
        try lines.stage { $0.logEarly(facts) }
        #expect(lines.inbox.nextAtOnce() == "+27 +25 +25 +0 77 7 +2 txn_response\n")
        #expect(lines.inbox.nextAtOnce() == nil, "it is not logged again when it ends")
    }

    @Test(arguments: standardFormats)
    func `The standard formats have the fields of the manual`(
        _ options: ProxyOptions, _ isHTTP: Bool, _ expected: String
    ) throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].mode = isHTTP ? .http : .tcp
        let format = try #require(StandardFormat.chosen(by: options, isHTTP: isHTTP))
        #expect(
            try lines.line(format, ordinaryFacts(), request: "GET / HTTP/1.1") == expected)
    }

    @Test(arguments: [
        (StandardFormat.connectHTTP, "Connect from 10.1.2.3:33312 to 10.1.2.4:8080 (px/HTTP)"),
        (StandardFormat.connectTCP, "Connect from 10.1.2.3:33312 to 10.1.2.4:8080 (px/TCP)"),
        (
            "%OG %t %tr %b %s %ts %Tt %Tc %B %U %ST %rc %sq",  // no stream yet
            "txn_accept 22/Nov/2026:17:17:19.502 22/Nov/2026:17:17:19.502 px <NOSRV> PR 0 -1 0 0 0 0 0"
        ),
    ])
    func `A connection has a line when it is accepted`(_ format: String, _ expected: String) throws
    {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].logFormat = try Formats.compile(format)
        lines.configuration.proxies[0].logs = [lines.log { $0.format = "raw" }]
        try lines.stage { $0.accept(ordinaryFacts()) }
        #expect(lines.inbox.nextAtOnce() == expected + "\n")
    }

    @Test func `UNIX clients are shown as unix`() throws {
        let lines = try LoggedLines()
        var facts = ordinaryFacts()
        facts.clientAddress = unixAddress("/some/where")
        #expect(try lines.line("%ci:%cp %{+Q}ci", facts) == "unix:3 \"unix\"")
    }

    @Test func `Dates follow the zone through its changes`() throws {
        let lines = try LoggedLines()
        var facts = ordinaryFacts()
        for (seconds, expected) in [
            (1_772_953_199, "08/Mar/2026:01:59:59 -0500"),
            (1_772_953_200, "08/Mar/2026:03:00:00 -0400"),
            (951_782_400, "28/Feb/2000:19:00:00 -0500"), (0, "31/Dec/1969:19:00:00 -0500"),
            (4_107_542_399, "28/Feb/2100:18:59:59 -0500"),
        ] as [(Int64, String)] {
            facts.acceptedMicroseconds = seconds * 1_000_000
            #expect(try lines.line("%Tl", facts) == expected)
        }
    }

    @Test func `Captured fields stand in braces or in a row`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].requestCaptures = [64, 64, 64]
        lines.configuration.proxies[0].responseCaptures = [64]
        for (format, expected) in [
            ("%hr", "{a#22b||#7Bc#7C#7D}"), ("%{+Q}hr", "\"{a#22b||#7Bc#7C#7D}\""),
            ("%hrl", "a#22b - #7Bc#7C#7D"), ("%{+Q}hrl", "\"a#22b\" \"\" \"#7Bc#7C#7D\""),
            ("%hs|%hsl|%{+Q}hsl", "{}|-|\"\""),
            ("%{+json}hr %{+json}hrl", #""{a\"b||{c|}}" ["a\"b", "-", "{c|}"]"#),
        ] {
            let compiled = try Formats.compile(format)
            try lines.stage {
                let text = $0.render(compiled, ordinaryFacts(), captures: ["a\"b", "", "{c|}"])
                #expect(text == expected, "\(format)")
            }
        }
    }

    @Test func `Normal and empty streams are left out where that was asked for`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].options = [.dontLogNormal, .dontLogNull]
        #expect(try lines.line("x", ordinaryFacts()) == nil)
        var null = StreamFacts()
        null.termination.cause = UInt8(ascii: "C")
        #expect(try lines.line("x", null) == nil)
        for change in [
            { $0.status = 500 }, { $0.retries = 1 }, { $0.wasRedispatched = true },
            { $0.termination.cause = UInt8(ascii: "s") },
        ] as [(inout StreamFacts) -> Void] {
            var facts = ordinaryFacts()
            change(&facts)
            #expect(try lines.line("x", facts) == "x")
        }
    }

    @Test func `What went wrong has a level of its own where that was asked for`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].options = .logSeparateErrors
        lines.configuration.proxies[0].logFormat = try Formats.compile("x")
        lines.configuration.proxies[0].logs = [lines.log { $0.format = "short" }]
        var failed = ordinaryFacts()
        failed.status = 503
        try lines.stage {
            $0.end(ordinaryFacts())
            $0.end(failed)
        }
        #expect(lines.inbox.nextAtOnce() == "<6>x\n")
        #expect(lines.inbox.nextAtOnce() == "<3>x\n")
    }

    @Test func `Lines are counted where a format shows how many there were`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].logFormat = try Formats.compile("%lc %{+X}lc")
        lines.configuration.proxies[0].logs = [lines.log { $0.format = "raw" }]
        try lines.stage { stage in
            for (decimal, hexadecimal) in [("0", "0000"), ("1", "0001")] {
                stage.end(ordinaryFacts())
                #expect(lines.inbox.nextAtOnce() == "\(decimal) \(hexadecimal)\n")
            }
        }
    }

    @Test func `Structured data stands in the header of RFC 5424, and nowhere else`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].logFormat = try Formats.compile("text")
        lines.configuration.proxies[0].structuredDataFormat = try Formats.compile(
            #"%{+Q,+E}o [exampleSDID@1234 header=%[str(YSJdYlw=),b64dec] server=%s] "#)
        lines.configuration.proxies[0].logs = [
            lines.log { $0.format = "rfc5424" }, lines.log { $0.format = "raw" },
        ]
        try lines.stage { $0.end(ordinaryFacts()) }
        let line = try #require(lines.inbox.nextAtOnce())
        #expect(
            line.hasSuffix(#" - [exampleSDID@1234 header="a\"\]b\\" server="sv"] text"# + "\n"),
            "\(line)")
        #expect(lines.inbox.nextAtOnce() == "text\n")
    }

    @Test func `A format that makes nothing makes no line`() throws {
        #expect(try LoggedLines().line("%hr%[var(txn.x),length]%{-M}CC", ordinaryFacts()) == "-")
        #expect(try LoggedLines().line("%hr%{-M}CC", ordinaryFacts()) == nil)
    }

    @Test func `A line that is too long loses its last items`() throws {
        for (length, format, expected) in [
            (1013, "%Ts|b", 1023), (1014, "%Ts|b", 1014), (1020, "%f|b", 1023),
            (1022, "%f|b", 1023), (1019, "%{+Q}f|b", 1023), (1020, "%{+Q}f|b", 1020),
            (1015, "%ci|b", 1023), (1016, "%ci|b", 1016),
        ] {
            let text = String(repeating: "a", count: length)
            let line = try LoggedLines().line(text + format, ordinaryFacts())
            #expect(line?.utf8.count == expected, "\(length) \(format)")
        }
    }
}

// Lines of every format over given facts.

import Glibc
import Foundation
import Kernel
import Logs
import Proxy
import Testing

@Suite(.serialized) struct LineTests {
    private static let standardFormats: [(ProxyOptions, Bool, String)] = [
        (
            ProxyOptions.httpLog, true,
            "10.1.2.3:33312 [22/Nov/2026:17:17:20.003] px px/sv 3/4/5/6/25 200 512 - - ---- 9/8/7/6/0 2/3 \"GET / HTTP/1.1\""
        ),
        (
            .tcpLog, false,
            "10.1.2.3:33312 [22/Nov/2026:17:17:19.502] px px/sv 4/5/28 512 -- 9/8/7/6/0 2/3"
        ),
        (
            [.httpLog, .clfLog], true,
            "10.1.2.3 - - [22/Nov/2026:22:17:20 +0000] \"GET / HTTP/1.1\" 200 512 \"\" \"\" 33312 502 \"px\" \"px\" \"sv\" 3 4 5 6 25 ---- 9 8 7 6 0 2 3 \"\" \"\" "
        ),
        (
            [.tcpLog, .clfLog], false,
            "10.1.2.3 - - [22/Nov/2026:22:17:19 +0000] \"TCP \" 000 512 \"\" \"\" 33312 502 \"px\" \"px\" \"sv\" 1 4 5 28 77 ---- 9 8 7 6 0 2 3 \"\" \"\" "
        ),
        (
            .httpsLog, true,
            "10.1.2.3:33312 [22/Nov/2026:17:17:20.003] px px/sv 3/4/5/6/25 200 512 - - ---- 9/8/7/6/0 2/3 \"GET / HTTP/1.1\" 0/-/-/-/0 -/-/-"
        ),
        ([], true, "Connect from 10.1.2.3:33312 to 10.1.2.4:8080 (px/HTTP)"),
        ([], false, "Connect from 10.1.2.3:33312 to 10.1.2.4:8080 (px/TCP)"),
        (
            .httpLog, false,
            "10.1.2.3:33312 [22/Nov/2026:17:17:19.502] px px/sv 4/5/28 512 -- 9/8/7/6/0 2/3"
        ),
    ]

    init() {
        setenv("TZ", "America/New_York", 1)
        tzset()
    }

    @Test(arguments: [
        ("%ci:%cp", "10.1.2.3:33312"), ("%{+X}ci:%{+X}cp", "0A010203:8220"),
        ("%fi %fp", "10.1.2.4 8080"), ("%bi %bp", "192.168.0.1 4001"),
        ("%si %sp", "2001:db8::5 80"), ("%{+X}si", "20010DB8000000000000000000000005"),
        ("%{+Q}ci", "\"10.1.2.3\""), ("%T", "22/Nov/2026:22:17:19 +0000"),
        ("%Tl", "22/Nov/2026:17:17:19 -0500"), ("%t", "22/Nov/2026:17:17:19.502"),
        ("%Ts", "1795385839"), ("%{+X}Ts", "6B0369EF"), ("%ms", "502"),
        ("%tr", "22/Nov/2026:17:17:20.003"), ("%trg", "22/Nov/2026:22:17:20 +0000"),
        ("%trl", "22/Nov/2026:17:17:20 -0500"),
        ("%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu", "1 2 3 6 4 5 6 7 25 28 26"),
        ("%B %U %ST", "512 77 200"), ("%ac %fc %bc %sc %sq %bq", "9 8 7 6 2 3"),
        ("%f %ft %b %s", "px px px sv"), ("%{+Q}f %{+Q}s", "\"px\" \"sv\""), ("%rc", "0"),
        ("%rt %{+X}rt %lc", "41 0029 0"), ("%ts %tsc", "-- ----"),
        ("%pid", "\(getpid())"), ("%{+X}pid", String(getpid(), radix: 16, uppercase: true)),
        ("%CC %CS %ID %sslc %sslv", "- - - - -"),
        ("%{+Q}o %CC %ID %B %t", "\"\" \"\" 512 22/Nov/2026:17:17:19.502"),
        ("a %hr %hs %hrl %hsl b", "a b"), ("x%%y  z", "x%y z"), ("%OG", "txn_close"),
        ("%r", "GET /a#22]\\b/c?d=e HTTP/1.1"), ("%{+Q}r", "\"GET /a#22]\\b/c?d=e HTTP/1.1\""),
        ("%{+E}r", "GET /a#22\\]\\\\b/c?d=e HTTP/1.1"),
        ("%HM|%HU|%HP|%HPO|%HQ|%HV", "GET|/a#22]\\b/c?d=e|/a#22]\\b/c|/a#22]\\b/c|?d=e|HTTP/1.1"),
    ])
    func `Each variable is shown as haproxy shows it`(_ format: String, _ expected: String) throws {
        let lines = try LoggedLines()
        let line = lines.line(
            format, ordinaryFacts(), request: "GET /a\"]\\b/c?d=e HTTP/1.1")
        #expect(line == expected + "\n")
    }

    @Test func `The path of an absolute URI leaves scheme and authority out`() throws {
        let lines = try LoggedLines()
        let line = lines.line(
            "%HU %HP %HPO %HQ", ordinaryFacts(), request: "GET http://h:8/p?q HTTP/1.1")
        #expect(line == "http://h:8/p?q http://h:8/p /p ?q\n")
    }

    @Test func `Bytes outside ASCII and control characters are encoded`() throws {
        let lines = try LoggedLines()
        let line = lines.line("%r", ordinaryFacts(), request: "GET /\u{1}é#\u{7F} HTTP/1.1")
        #expect(line == "GET /#01#C3#A9#23#7F HTTP/1.1\n")
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
        lines.configuration.proxies[0].options = .httpLog
        #expect(
            lines.line(nil, facts) == """
                ::1:5 [22/Nov/2026:17:17:19.502] px px/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- \
                1/1/0/0/0 0/0 "<BADREQ>"\n
                """)
        #expect(
            lines.line("%si|%sp|%{+Q}bi|%{+Q}bp|%Tq|%HM|%{+Q}HQ|%{+Q}s|%Td", facts)
                == "-|-|\"\"|\"\"|-1|<BADREQ>|\"<BADREQ>\"|\"<NOSRV>\"|-1\n")
    }

    @Test func `An early line marks what will still grow`() throws {
        let lines = try LoggedLines()
        var facts = ordinaryFacts()
        facts.isEarly = true
        facts.wasRedispatched = true
        facts.retries = 2
        let line = lines.line("%Tt %Ta %Tu %B %U %Td %rc %OG", facts)
        #expect(line == "+28 +25 +26 +512 77 7 +2 txn_response\n")
    }

    @Test(arguments: standardFormats)
    func `The standard formats have the fields of the manual`(
        _ options: ProxyOptions, _ isHTTP: Bool, _ expected: String
    ) throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].options = options
        lines.configuration.proxies[0].mode = isHTTP ? .http : .tcp
        let line = lines.line(nil, ordinaryFacts(), request: "GET / HTTP/1.1")
        #expect(line == expected + "\n")
        #expect(lines.logger().logsAtAccept(frontend: 0) == options.isEmpty)
    }

    @Test func `UNIX clients are shown as unix`() throws {
        let lines = try LoggedLines()
        var facts = ordinaryFacts()
        facts.clientAddress = unixAddress("/some/where")
        #expect(lines.line("%ci:%cp %{+Q}ci", facts) == "unix:1 \"unix\"\n")
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
            #expect(lines.line("%Tl", facts) == expected + "\n")
        }
    }
}

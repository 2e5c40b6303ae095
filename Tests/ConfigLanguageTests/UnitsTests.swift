// Times and sizes with their units.

import ConfigLanguage
import Testing

@Suite struct UnitsTests {
    @Test(arguments: [
        ("0", 0), ("5", 5), ("500us", 1), ("1us", 1), ("1500us", 2), ("1000us", 1), ("7ms", 7),
        ("2s", 2000),
        ("3m", 180_000), ("1h", 3_600_000), ("24d", 2_073_600_000), ("2147483647", 2_147_483_647),
    ])
    func `times are milliseconds, rounded up`(text: String, value: Int) throws {
        #expect(try Units.milliseconds(text).get() == value)
    }

    @Test(arguments: [
        ("", Units.Mistake.empty), ("1S", .unexpected("S")), ("1x", .unexpected("x")),
        ("abc", .unexpected("a")), ("-1", .unexpected("-")), ("1msx", .unexpected("s")),
        ("1.5s", .unexpected(".")), ("100d", .tooLarge), ("2147483648", .tooLarge),
        ("99999999999999999999", .tooLarge), ("9223372036854775807d", .tooLarge),
    ])
    func `what is no time is refused`(text: String, mistake: Units.Mistake) {
        #expect(Units.milliseconds(text) == .failure(mistake))
    }

    @Test func `seconds are the unit of some keywords`() throws {
        #expect(try Units.seconds("5").get() == 5)
        #expect(try Units.seconds("1500ms").get() == 2)
        #expect(try Units.milliseconds("5", unit: .seconds).get() == 5000)
    }

    @Test(arguments: [
        ("0", 0), ("16384", 16384), ("16k", 16384), ("16K", 16384), ("1m", 1 << 20),
        ("2G", 2 << 30),
    ])
    func `sizes are bytes`(text: String, value: Int) throws {
        #expect(try Units.size(text).get() == value)
    }

    @Test(arguments: [
        ("", Units.Mistake.empty), ("x", .unexpected("x")), ("1kb", .unexpected("b")),
        ("1t", .unexpected("t")), ("-1", .unexpected("-")), ("99999999999g", .tooLarge),
    ])
    func `what is no size is refused`(text: String, mistake: Units.Mistake) {
        #expect(Units.size(text) == .failure(mistake))
    }

    @Test func `integers fill the whole word`() {
        #expect(Units.integer("-12") == .success(-12))
        #expect(Units.integer("+3") == .success(3))
        #expect(Units.integer("3k") == .failure(.unexpected("k")))
        #expect(Units.integer("-") == .failure(.empty))
        #expect(Units.integer("9223372036854775808") == .failure(.tooLarge))
    }
}

@Suite struct SpellingTests {
    @Test(
        arguments: [
            ("leastcon", "leastconn"), ("raondrobin", "roundrobin"), ("htplog", "httplog"),
            ("wieght", "weight"), ("bnid", "bind"), ("xyz", nil), ("zzzzzzzz", nil), ("", nil),
            ("b", nil),
        ] as [(String, String?)])
    func `the nearest known word is found`(word: String, nearest: String?) {
        let known = ["roundrobin", "leastconn", "httplog", "weight", "bind", "tfo"]
        #expect(Spelling.nearest(to: word, among: known) == nearest)
    }

    @Test func `very long words are left alone`() {
        let long = String(repeating: "a", count: 65)
        #expect(Spelling.nearest(to: long, among: [long]) == nil)
    }
}

@Suite struct DiagnosticTests {
    @Test func `messages have HAProxy's shape`() {
        let place = SourceLocation(file: "edge.cfg", line: 37)
        #expect(
            Diagnostic(
                at: place, keyword: "balance", section: "backend 'api'", expected: "an algorithm",
                found: "leastcon", suggestion: "leastconn"
            ).rendered(processID: 412)
                == "[ALERT]    (412) : config : parsing [edge.cfg:37] : 'balance' in backend 'api' "
                + "expects an algorithm, found 'leastcon'; did you mean 'leastconn'?")
        #expect(
            Diagnostic(.warning, at: place, "text").rendered(processID: 9)
                == "[WARNING]  (9) : config : parsing [edge.cfg:37] : text")
        #expect(
            Diagnostic(.notice, "text").rendered(processID: 9) == "[NOTICE]   (9) : config : text")
        #expect(
            Diagnostic(.diag, "text").rendered(processID: 9) == "[DIAG]     (9) : config : text")
    }

    @Test func `remarks are bounded and counted`() {
        var diagnostics = Diagnostics()
        for _ in 0..<1100 { diagnostics.report(Diagnostic(.warning, "w")) }
        #expect(diagnostics.entries.count == 1000 && diagnostics.warningCount == 1100)
        #expect(diagnostics.droppedCount == 100 && !diagnostics.hasAlerts)
    }
}

// Numbers, tables, JSON and addresses as text.

import Testing

@testable import LoadTesting
@testable import Kernel

@Suite struct TextTests {
    @Test func `numbers with a fixed count of decimals`() {
        #expect(12.3.fixed(2) == "12.30")
        #expect(0.005.fixed(2) == "0.01")
        #expect((-0.001).fixed(2) == "0.00")
        #expect((-1.5).fixed(0) == "-2")
        #expect(1234.0.fixed(0) == "1234")
        #expect(Double.nan.fixed(1) == "nan")
    }

    @Test func `numbers with groups of digits`() {
        #expect(0.grouped == "0")
        #expect(999.grouped == "999")
        #expect(1000.grouped == "1,000")
        #expect((-1_234_567).grouped == "-1,234,567")
    }

    @Test func `durations take the unit that suits them`() {
        #expect(duration(microseconds: 850) == "850 us")
        #expect(duration(microseconds: 1250) == "1.25 ms")
        #expect(duration(microseconds: 2_000_000) == "2.00 s")
    }

    @Test func `JSON escapes what it must`() {
        let value = JSONValue.object([
            ("text", .string("a\"b\\c\n\u{1}é")),
            ("list", .array([.integer(1), .bool(true), .null])),
            ("none", .optional(nil)), ("nan", .number(.nan)),
        ])
        #expect(
            value.text
                == #"{"text":"a\"b\\c\n\u0001é","list":[1,true,null],"none":null,"nan":null}"#)
    }

    @Test func `tables are aligned or Markdown`() {
        var table = TextTable(["name", "n"])
        table.add(["a|b", "10"])
        #expect(table.aligned == "name   n\na|b   10")
        #expect(table.markdown == "| name | n |\n| --- | ---: |\n| a\\|b | 10 |")
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:8080", "[::1]:8080"), ("*:81", "0.0.0.0:81"),
        (":0", "0.0.0.0:0"), ("localhost:9", "127.0.0.1:9"), ("unix@/tmp/x", "unix@/tmp/x"),
    ])
    func `addresses are read and written`(word: String, written: String) {
        #expect(RawSocketAddress(commandLineWord: word)?.commandLineWord == written)
    }

    @Test(arguments: [
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "example.org:80", "unix@",
        "unix@/" + String(repeating: "x", count: 200),
    ])
    func `what is no address is refused`(word: String) {
        #expect(RawSocketAddress(commandLineWord: word) == nil)
    }
}

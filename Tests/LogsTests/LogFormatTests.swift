// The text of `log-format` and what it compiles to.

import Logs
import Testing

@Suite struct LogFormatTests {
    @Test(arguments: [
        (
            "%foo", true,
            "no such format variable 'foo'. If you wanted to emit the '%' character verbatim, you need to use '%%'"
        ),
        ("%ci%", true, "truncated line after '%'"),
        ("%{+Q", true, "truncated line after '+Q'"),
        ("%{+Q}", true, "parse argument modifier without variable name near '%{+Q}'"),
        (
            "% ci", true,
            "unexpected variable name near ' ' at position 1 line : '% ci'. Maybe you want to write a single '%', use the syntax '%%'"
        ),
        ("%[src]", true, "sample expression '%[src]' is not supported yet"),
        ("%[src", true, "missing ']' after 'src'"),
        ("%r", false, "format variable 'r' is reserved for HTTP mode"),
        ("%TR", false, "format variable 'TR' is reserved for HTTP mode"),
        ("%{+json}o %ci", true, "flag 'json' is not supported yet"),
        ("%(name", true, "missing ')' after '(name'"),
    ])
    func `A mistaken format is told as haproxy tells it`(
        _ format: String, _ isHTTP: Bool, _ text: String
    ) {
        #expect(throws: LogFormatMistake(text: text)) {
            try LogFormat.check(format, isHTTP: isHTTP)
        }
    }

    @Test(arguments: [
        "%ci:%cp", "%%", "", "a b", "%{+Q}o %t %s %{-Q}r", "%{+Q,+X}ci", "%{+Q+X}ci", "%{}ci",
        "%(name)ci", "%(name:sint)cp", "%-ci", "%{Q}ci", "%{+E}r", "%tsc", "%{+Z}ci",
    ])
    func `What haproxy accepts is accepted`(_ format: String) throws {
        try LogFormat.check(format, isHTTP: true)
    }
}

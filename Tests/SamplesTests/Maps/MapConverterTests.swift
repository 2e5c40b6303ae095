// The converters of maps and conditions, beside haproxy with the same files.

import Foundation
import ReferenceHAProxy
import Samples
import Testing

@Suite struct MapConverterTests {
    static let files = [
        "text": "# keys\nab first\nabc second value\nABC third\nb/c path\n.org suffix\nab again\n",
        "numbers": "a 12\nb -7\nempty\n",
        "addresses": "a 10.1.2.3\nb 2001:db8::1\n",
        "ranges": "1:5 low\n3 three\n6: high\n",
        "networks":
            "10.0.0.0/8 ten\n10.1.0.0/16 ten one\n2001:db8::/32 six\n10.9.0.0/255.255.0.0 nine\n",
        "expressions": "^/u/([a-z]+)/([0-9]+) user \\1 number \\2 \\0\n^/(x)?(y) \\1-\\2-\\9\\\\\n",
    ]

    static let cases = [
        "str(abc),map(text)", "str(ABC),map_str(text)", "str(ab),map(text)", "str(x),map(text)",
        "str(x),map(text,other)", "str(abcd),map_beg(text)", "str(abx),map_beg(text)",
        "str(x),map_beg(text)", "str(www.a.org),map_end(text)", "str(xabx),map_sub(text)",
        "str(a/b/c/d),map_dir(text)", "str(x.ab.y),map_dom(text)", "str(a),map_str_int(numbers)",
        "str(b),map_str_int(numbers),add(1)", "str(empty),map_str_int(numbers)",
        "str(c),map_str_int(numbers,5)", "str(c),map_str_int(numbers)",
        "str(a),map_str_ip(addresses)", "str(c),map_str_ip(addresses,1.2.3.4)",
        "int(3),map_int(ranges)", "int(7),map_int(ranges)", "int(-1),map_int(ranges,none)",
        "str(3x),map_int(ranges)", "ipv4(10.1.2.3),map_ip(networks)",
        "ipv4(10.2.2.3),map_ip(networks)", "ipv4(10.9.2.3),map_ip(networks)",
        "ipv4(11.2.2.3),map_ip(networks)", "ipv6(2001:db8::9),map_ip(networks)",
        "ipv6(::ffff:10.1.2.3),map_ip(networks)", "str(10.1.0.1),map_ip(networks)",
        "str(/u/bob/42/x),map_reg(expressions)", "str(/u/bob/42/x),map_regm(expressions)",
        "str(/y),map_regm(expressions)", "str(/z),map_regm(expressions,no)",
    ]

    /// Conditions beside those of `AccessListTests`.
    static let conditions = [
        "{ str(abc) -M -f text }", "{ str(ABD) -i -M -f text }", "{ str(abX) -m beg -M -f text }",
        "{ ipv4(10.9.1.1) -M -f networks }", "{ ipv4(11.9.1.1) -M -f networks }",
        "{ str(/y) -m reg -M -f expressions }", "{ int(4) -M -f ranges }",
    ]

    @Test func `maps and conditions give what haproxy gives`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: maps and conditions are not compared with it")
            return
        }
        let known = AccessListTests.holding + AccessListTests.failing + Self.conditions
        let conditions = known.filter { !$0.contains("version(") && !$0.contains("method(") }
        let process = try ReferenceProcess(ready: "s") { folder in
            for (name, text) in Self.files {
                try? text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            return Self.configuration(conditions, in: folder)
        }
        let answer = process.exchange("GET / HTTP/1.0\r\n\r\n", with: "s")
        let body = try #require(answer.range(of: "\r\n\r\n"))
        let theirs = answer[body.upperBound...].split(
            separator: "|", omittingEmptySubsequences: false)
        try #require(theirs.count == conditions.count + Self.cases.count, "\(answer)")
        let files = Dictionary(
            uniqueKeysWithValues: Self.files.map { ($0.key, $0.value) })
        for (condition, their) in zip(conditions, theirs) {
            let ours = try Constants.evaluate(condition, files: files)
            #expect(ours == (their == "yes"), "\(condition)")
        }
        for (expression, their) in zip(Self.cases, theirs[conditions.count...]) {
            #expect(try Self.value(expression) == String(their), "\(expression)")
        }
    }

    private static func configuration(_ conditions: [String], in folder: String) -> String {
        var lines = "global\n    tune.bufsize 65536\ndefaults\n    mode http\n"
        lines += "    timeout client 10s\nfrontend f\n    bind unix@\(folder)/s\n"
        var names: [String] = []
        let inFolder = { (text: String, mark: String) in
            Self.files.keys.reduce(text) {
                $0.replacingOccurrences(of: mark + $1, with: "\(mark)\(folder)/\($1)")
            }
        }
        for (index, condition) in conditions.enumerated() {
            let line = "http-request set-var(txn.c\(index)) str(yes) if"
            let escaped = condition.replacingOccurrences(of: "#", with: "\\#")
            lines += "    \(line) \(inFolder(escaped, "-f "))\n"
            names.append("c\(index)")
        }
        for (index, expression) in Self.cases.enumerated() {
            let placed = Self.files.keys.reduce(expression) { text, name in
                guard let map = text.range(of: ",map"),
                    let found = text.range(of: "(\(name)", range: map.upperBound..<text.endIndex)
                else { return text }
                return text.replacingCharacters(in: found, with: "(\(folder)/\(name)")
            }
            lines += "    http-request set-var(txn.m\(index)) \(placed)\n"
            names.append("m\(index)")
        }
        let values = names.map { "%[var(txn.\($0))]" }.joined(separator: "|")
        return lines + "    http-request return status 200 content-type text/plain lf-string \""
            + values + "\"\n"
    }

    /// The value of an expression as text; empty when there is none.
    private static func value(_ expression: String) throws -> String {
        let constants = Constants(loading: ExpressionLoading(patterns: store()))
        _ = try constants.compile([expression], 0)
        return constants.text(of: 0) ?? ""
    }

    private static func store() -> PatternStore {
        PatternStore { path in files[path].map { .bytes(Array($0.utf8)) } ?? .missing }
    }

    @Test(arguments: [
        ("str(abc),map_str_key(text)", "abc"), ("str(xabx),map_sub_key(text)", "ab"),
        ("ipv4(10.1.2.3),map_ip_key(networks)", "10.1.0.0/16"),
        ("int(9),map_int_key(ranges)", "6:"),
        ("str(b),map_str_ip(addresses)", "2001:db8::1"),
    ])
    func `keys and addresses of either family are given`(
        _ expression: String, _ wanted: String
    ) throws {
        #expect(try Self.value(expression) == wanted)
    }

    @Test(arguments: [
        ("str(a),map()", "the name of a map"), ("str(a),map(none)", "cannot open the pattern file"),
        ("str(a),map_str_int(text)", "'first' is not a number at line 2 of 'text'"),
        ("str(a),map_ip(text)", "'ab' is not a valid IPv4 or IPv6 address at line 2"),
        ("str(a),map_str_int(numbers,x)", "a number"),
        ("str(a),map_str_key(text,x)", "at most 1 argument"),
        ("str(a),map_strr(text)", "map_str"), ("bool(1),map_ip(networks)", "takes an address"),
    ])
    func `a wrong use of a map is refused`(_ expression: String, _ message: String) {
        let constants = Constants(loading: ExpressionLoading(patterns: Self.store()))
        #expect {
            try constants.compile([expression], 0)
        } throws: {
            let found = ($0 as? ExpressionMistake)?.message ?? ""
            if !found.contains(message) { print(expression, found) }
            return found.contains(message)
        }
    }

    @Test func `every method has its converters, and each says what it does`() {
        let rows = ConverterCatalog.standard.families.first { $0.name == "maps" }?.rows ?? []
        #expect(rows.count == 38)
        #expect(rows.allSatisfy { $0.sentence.hasSuffix(".") })
    }
}

// Every converter, evaluated by haproxy and by us from the same text.

import Foundation
import ReferenceHAProxy
import Samples
import Testing

/// A haproxy that answers with the values of expressions as hexadecimal digits.
struct ReferenceValues {
    /// Its version, such as 206 for 2.6.
    static let version: Int = {
        guard let program = program else { return 0 }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-v"]
        process.standardOutput = pipe
        try? process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let numbers = text.split(separator: " ").dropFirst(2).first?.split(separator: ".") ?? []
        return (Int(numbers.first ?? "") ?? 0) * 100 + (Int(numbers.dropFirst().first ?? "") ?? 0)
    }()

    static var program: String? { ReferenceProcess.program }

    /// The values of the expressions; nil inside where there is none.
    static func evaluate(_ expressions: [String]) throws -> [String?] {
        let process = try ReferenceProcess(ready: "s") { folder in
            try? writeFiles(to: folder)
            return configuration(expressions, listening: "unix@\(folder)/s")
        }
        return expressions.indices.map { index in
            let answer = process.exchange("GET /\(index) HTTP/1.0\r\n\r\n", with: "s")
            guard answer.hasPrefix("HTTP/1.0 200") || answer.hasPrefix("HTTP/1.1 200"),
                let end = answer.range(of: "\r\n\r\n")
            else { return nil }
            return String(answer[end.upperBound...])
        }
    }

    /// Whether haproxy refuses each of the expressions while it loads.
    static func refuses(_ expression: String) throws -> Bool {
        try !complaints([expression]).isEmpty
    }

    /// What haproxy says against a configuration with the expressions; empty when it takes it.
    static func complaints(_ expressions: [String]) throws -> String {
        let folder = try ReferenceProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try writeFiles(to: folder)
        try configuration(expressions, listening: "unix@\(folder)/s").write(
            toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program!)
        process.arguments = ["-c", "-f", folder + "/cfg"]
        process.standardOutput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? "" : text
    }

    /// Writes the files that expressions name beside the configuration.
    private static func writeFiles(to folder: String) throws {
        for (name, text) in testFiles {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    private static func configuration(_ expressions: [String], listening: String) -> String {
        var lines = """
            global
                default-path config
            defaults
                mode http
                timeout client 10s
            frontend f
                bind \(listening)

            """
        for (name, expression) in TestEnvironment.settings {
            lines += "    http-request set-var(\(name)) \(quoted(expression))\n"
        }
        for (index, expression) in expressions.enumerated() {
            lines += "    http-request set-var(txn.x) \(quoted(expression)) if { path /\(index) }\n"
            lines += "    http-request return status 200 content-type text/plain"
            lines += " lf-string \"%[var(txn.x),hex]\" if { path /\(index) }"
            lines += " { var(txn.x) -m found }\n"
        }
        return lines + "    http-request return status 204\n"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text {
            if "\\\"$".contains(character) { quoted += "\\" }
            quoted.append(character)
        }
        return quoted + "\""
    }
}

@Suite struct DifferentialTests {
    @Test func `every converter gives what haproxy gives`() throws {
        guard ReferenceValues.program != nil else {
            print("haproxy is not installed: values are compared with written ones only")
            return
        }
        // The time zone of other tests in this process, which a child process gets from it.
        setenv("TZ", "America/New_York", 1)
        tzset()
        let cases = allCases.filter { ($0.since ?? .max) <= ReferenceValues.version }
        #expect(cases.count > 200)
        let complaints = try ReferenceValues.complaints(cases.map(\.expression))
        try #require(complaints.isEmpty, "\(complaints)")
        let theirs = try ReferenceValues.evaluate(cases.map(\.expression))
        for (entry, their) in zip(cases, theirs) {
            let ours = try value(entry.expression + ",hex")
                .map { String(decoding: $0, as: UTF8.self) }
            #expect(ours == their, "\(entry.expression)")
        }
    }

    @Test(arguments: allCases.filter { $0.expected != nil })
    func `written values hold`(_ entry: Case) throws {
        let ours = try text(entry.expression)
        #expect(ours == entry.expected!, "\(entry.expression) \(entry.reason ?? "")")
    }

    @Test func `every supported converter stands in a table`() {
        let text = allCases.map(\.expression).joined(separator: "\n")
        for row in ConverterCatalog.standard.families.flatMap(\.rows) {
            guard case .supported = row.status, !row.name.hasPrefix("map") else { continue }
            let uses = allCases.count { entry in
                entry.expression.contains(",\(row.name)(")
                    || entry.expression.contains(",\(row.name),")
                    || entry.expression.hasSuffix(",\(row.name)")
            }
            #expect(uses >= 3, "\(row.name) has \(uses) cases in \(text.count) bytes of tables")
        }
    }

    @Test(arguments: refusedByBoth)
    func `what haproxy refuses is refused`(_ expression: String) throws {
        #expect(throws: ExpressionMistake.self, "\(expression)") {
            _ = try TestExpression(expression)
        }
        if ReferenceValues.program != nil {
            let isRefused = try ReferenceValues.refuses(expression)
            #expect(isRefused, "\(expression)")
        }
    }
}

/// All tables.
let allCases: [Case] = [
    letterCases, partCases, escapeCases, numberCases, encodingCases, networkCases, castCases,
    hashCases, jsonCases, timeCases, cryptoCases, messageCases, streamCases,
    tokenCases, fixCases, mqttCases, forwardedCases,
].flatMap { $0 }

/// Expressions with mistakes.
let refusedByBoth = [
    "ipv4(1.2.3.4),iif(a,b)", "ipv6(1::2),add(1)", "bool(true),ipmask(24)", "method,add(1)",
    "bin(414243),add(1)", "str(abc),concat(a\\,b)", "str(abc),concat(a(b))",
    "str(abc),concat(\"abc", "str(abc),crc32(x)", "str(abc),crc32(1,2)", "str(abc),crc32(,)",
    "str(abc),crc32(1", "str(abc),crc32(1)x", "str(abc) upper", "str(abc),nosuch",
    "str(abc),upper(1)", "int(1),add(0x10)", "int(1),add(5x)", "int(1),add( 5)",
    "str(abc),field(1)", "str(abc),field(0,a)", "str(a),json(x)", "str(a b),url_enc(other)",
    "bin(01020304050607),be2dec(:,9)", "bin(01020304050607),be2dec(:,0)",
    "bin(01020304050607),be2hex(--,0,1)", "bin(010203),be2hex(:)", "int(1),http_date(0,x)",
    "str(a),word(0,b)", "str(a),word(1,\"\")", "ipv4(1.2.3.4),ipmask(33)", "ipv4(1.2.3.4),ipmask",
    "str(a),set-var(txn.v,)", "str(a),set-var(txn.v,ifset,)", "str(a),set-var(txn.v,isset)",
    "str(a),set-var(txn.v,ifset,iflt,ifgt,ifempty,ifexists)", "str(a),unset-var()",
    "str(a),capture-req()", "str(a),capture-req(x)", "str(a),capture-res(0x1)",
    "str(a),debug(a,nosuch)", "str(a),debug(a,stderr,c)", "int(1),capture-req",
    "str(a),fix_tag_value(0)", "str(a),fix_tag_value(x)", "str(a),fix_tag_value()",
    "str(a),fix_tag_value(-1)", "str(a),mqtt_field_value(connect,xyz)",
    "str(a),mqtt_field_value(connect,)", "str(a),mqtt_field_value(connack,username)",
    "str(a),mqtt_field_value(0,flags)", "str(a),mqtt_field_value(16,flags)",
    "str(a),mqtt_field_value(connect,36)", "str(a),mqtt_field_value(publish,flags)",
    "str(a),strcmp(novariable)", "str(a),strcmp(foo.bar)", "int(1),add(foo.bar)",
]

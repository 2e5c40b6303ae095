// Tokens of distcc, against written values and against haproxy.

import Testing

@testable import Inspection

@Suite struct DistccTests {
    static let message =
        "DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI0000000cint main(){}"

    /// A message; the parameters of DIST, the second ARGV, DOTI, XXXX; the bodies of ARGV and XXXX.
    static let rows: [(text: String, parameters: [Int?], bodies: [String?])] = [
        (message, [1, 2, 12, nil], ["gcc", nil]),
        (String(message.dropFirst(12)), [nil, 2, 12, nil], ["gcc", nil]),
        ("DIST0000000gARGC00000002", [nil, nil, nil, nil], [nil, nil]),
        ("dist00000001ARGV00000001q", [nil, nil, nil, nil], [nil, nil]),
        ("DIST00000001XXXX00000003abcARGV00000001q", [1, nil, nil, 3], ["q", "abc"]),
        ("XXXX00000000ARGV00000000ARGV0000000Fabcdefghijklmno", [nil, 15, nil, 0], ["", ""]),
        ("STAT00000003ARGV00000001q", [nil, nil, nil, nil], ["q", nil]),
        ("NFIL00000003ARGV00000001q", [nil, nil, nil, nil], ["q", nil]),
        ("DONE00000003ARGV00000001q", [nil, nil, nil, nil], ["q", nil]),
        ("NAME00000002xyARGV00000001q", [nil, nil, nil, nil], ["q", nil]),
        ("DOTI00000002abARGV00000001q", [nil, nil, 2, nil], ["q", nil]),
        ("DIST       1ARGC00000002", [nil, nil, nil, nil], [nil, nil]),
        ("DIST0x000001ARGC00000002", [nil, nil, nil, nil], [nil, nil]),
        ("DIST-0000001ARGC00000002", [nil, nil, nil, nil], [nil, nil]),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", [nil, nil, nil, nil], [nil, nil]),
        ("DIST00000001ARGV0000000", [1, nil, nil, nil], [nil, nil]),
        ("DOTIffffffff", [nil, nil, 0xFFFF_FFFF, nil], [nil, nil]),
    ]

    @Test func `finds tokens as haproxy does`() throws {
        let haproxy = try ReferenceStreams([
            "distcc_param(DIST)", "distcc_param(ARGV,2)", "distcc_param(DOTI)",
            "distcc_param(XXXX)", "distcc_body(ARGV)", "distcc_body(XXXX)",
        ])
        for row in Self.rows {
            let bytes = Array(row.text.utf8)
            let parameters = [("DIST", 1), ("ARGV", 2), ("DOTI", 0), ("XXXX", -1)].map {
                parameter($0.0, $0.1, bytes)
            }
            let bodies = ["ARGV", "XXXX"].map { body($0, bytes) }
            #expect(parameters == row.parameters && bodies == row.bodies, "\(row.text)")
            guard let haproxy else { continue }
            let theirs = haproxy.values(bytes)
            #expect(parameters == theirs[..<4].map(number), "\(row.text)")
            let texts = theirs[4...].map { $0.map { String(decoding: $0, as: UTF8.self) } }
            #expect(bodies == Array(texts), "\(row.text)")
        }
    }

    @Test func `waits for a body and for what may come`() {
        let bytes = Array(Self.message.utf8)
        let token = Distcc.token(Array("DOTI".utf8).span)!
        for count in 0..<bytes.count {
            let part = bytes.span.extracting(0..<count)
            let parameter = Distcc.parameter(token, occurrence: 1, in: part)
            #expect(parameter == (count < 65 ? .needsMore : .value(12)), "\(count)")
            #expect(Distcc.body(token, occurrence: 1, in: part) == .needsMore, "\(count)")
        }
        #expect(Distcc.body(token, occurrence: 1, in: bytes.span) == .value(65..<77))
        #expect(Distcc.parameter(token, occurrence: 2, in: bytes.span) == .needsMore)
        #expect(Distcc.parameter(token, occurrence: 1, in: Array("DISTx".utf8).span) == .other)
    }

    @Test func `a token has four characters`() {
        for name in ["", "ABC", "ABCDE"] { #expect(Distcc.token(Array(name.utf8).span) == nil) }
        #expect(Distcc.token(Array("ARGV".utf8).span) == 0x4152_4756)
    }

    private func parameter(_ name: String, _ occurrence: Int, _ bytes: [UInt8]) -> Int? {
        let token = Distcc.token(Array(name.utf8).span)!
        let answer = Distcc.parameter(token, occurrence: occurrence, in: bytes.span)
        if case .value(let value) = answer { return value }
        return nil
    }

    private func body(_ name: String, _ bytes: [UInt8]) -> String? {
        let token = Distcc.token(Array(name.utf8).span)!
        if case .value(let range) = Distcc.body(token, occurrence: 1, in: bytes.span) {
            return bytes.text(range)
        }
        return nil
    }
}

// Kinds and versions of hellos, against written values and against haproxy.

import Testing

@testable import Inspection

@Suite struct TLSHelloTests {
    typealias Hello = HelloBuilder

    /// Bytes, the kind and the version in them.
    static let rows:
        [(title: String, bytes: [UInt8], kind: Inspected<Int>, version: Inspected<Int>)] =
            [
                ("plain", Hello.make(), .value(1), .value(0x30003)),
                ("of TLS 1.0", Hello.make { $0.version = 0x301 }, .value(1), .value(0x30001)),
                ("of SSLv3", Hello.make { $0.version = 0x300 }, .value(1), .value(0x30000)),
                ("of version 0", Hello.make { $0.version = 0 }, .value(1), .value(0)),
                (
                    "of version 254.255", Hello.make { $0.version = 0xFEFF }, .value(1),
                    .value(0xFE00FF)
                ),
                ("of a server", Hello.make { $0.kind = 2 }, .value(2), .value(0x30003)),
                ("of kind 0", Hello.make { $0.kind = 0 }, .value(0), .value(0x30003)),
                ("of kind 255", Hello.make { $0.kind = 255 }, .value(255), .value(0x30003)),
                ("record 0x13", Hello.make { $0.recordType = 0x13 }, .other, .other),
                ("record 0x14", Hello.make { $0.recordType = 0x14 }, .value(1), .value(0x30003)),
                ("record 0x17", Hello.make { $0.recordType = 0x17 }, .value(1), .value(0x30003)),
                ("record 0x18", Hello.make { $0.recordType = 0x18 }, .other, .other),
                ("record 0xff", Hello.make { $0.recordType = 0xFF }, .value(1), .value(0x30003)),
                ("record of 2.255", Hello.make { $0.recordVersion = 0x2FF }, .other, .other),
                (
                    "record of 4.0", Hello.make { $0.recordVersion = 0x400 }, .value(1),
                    .value(0x30003)
                ),
                ("record of 3", Hello.make { $0.recordLength = 3 }, .other, .other),
                ("record of 4", Hello.make { $0.recordLength = 4 }, .value(1), .other),
                ("record of 5", Hello.make { $0.recordLength = 5 }, .value(1), .other),
                ("record of 6", Hello.make { $0.recordLength = 6 }, .value(1), .value(0x30003)),
                ("record longer", Hello.make { $0.recordLength = 60 }, .value(1), .needsMore),
                ("record of 18432", Hello.make { $0.recordLength = 18432 }, .value(1), .needsMore),
                ("record of 18433", Hello.make { $0.recordLength = 18433 }, .value(1), .other),
                (
                    "message shorter", Hello.make { $0.messageLength = 0 }, .value(1),
                    .value(0x30003)
                ),
                (
                    "message longer", Hello.make { $0.messageLength = 56 }, .needsMore,
                    .value(0x30003)
                ),
                (
                    "message huge", Hello.make { $0.messageLength = 0xFF_FFFF }, .needsMore,
                    .value(0x30003)
                ),
                ("text", Array("GET / HTTP/1.1\r\n".utf8), .other, .other),
                ("a byte of text", [0x47], .other, .needsMore),
                ("a byte", [0x16], .needsMore, .needsMore),
                ("nothing", [], .needsMore, .needsMore),
                ("SSLv2", Hello.version2(0x301), .other, .value(0x30001)),
                ("SSLv2 of version 0.2", Hello.version2(2), .other, .value(2)),
                ("SSLv2 of version 4.0", Hello.version2(0x400), .other, .value(0x40000)),
                ("SSLv2 of kind 2", Hello.version2(0x301, kind: 2), .other, .other),
                ("SSLv2, no ciphers", Hello.version2(0x301, ciphers: 0), .other, .value(0x30001)),
                ("SSLv2, bad ciphers", Hello.version2(0x301, ciphers: 4), .other, .other),
                (
                    "SSLv2, many ciphers", Hello.version2(0x301, ciphers: 3000), .other,
                    .value(0x30001)
                ),
                (
                    "SSLv2, session of 16", Hello.version2(0x301, session: 16), .other,
                    .value(0x30001)
                ),
                ("SSLv2, session of 5", Hello.version2(0x301, session: 5), .other, .other),
                ("SSLv2, challenge of 15", Hello.version2(0x301, challenge: 15), .other, .other),
                (
                    "SSLv2, challenge of 32", Hello.version2(0x301, challenge: 32), .other,
                    .value(0x30001)
                ),
                ("SSLv2, challenge of 33", Hello.version2(0x301, challenge: 33), .other, .other),
                ("SSLv2, too long", Hello.version2(0x301, excess: 1), .other, .other),
                ("SSLv2, too short", Hello.version2(0x301, excess: -1), .other, .other),
                ("SSLv2 and more", Hello.version2(0x301) + [9], .other, .value(0x30001)),
                ("SSLv2 cut off", Hello.version2(0x301).dropLast(), .other, .needsMore),
                (
                    "SSLv2 in three bytes", Hello.version2(0x301, padding: 0), .other,
                    .value(0x30001)
                ),
                ("SSLv2 with padding", Hello.version2(0x301, padding: 4), .other, .value(0x30001)),
                (
                    "SSLv2, padding cut off", Hello.version2(0x301, padding: 4).dropLast(), .other,
                    .needsMore
                ),
                (
                    "SSLv2, length with padding", Hello.version2(0x301, excess: 4, padding: 4),
                    .other,
                    .other
                ),
            ]

    @Test func `tells kind and version as haproxy does`() throws {
        let haproxy = try ReferenceStreams(["req.ssl_hello_type", "req.ssl_ver"])
        for row in Self.rows {
            let kind = TLSHello.kind(of: row.bytes.span)
            let version = TLSHello.version(of: row.bytes.span)
            #expect(kind == row.kind && version == row.version, "\(row.title)")
            guard let haproxy, !row.bytes.isEmpty else { continue }
            let theirs = haproxy.values(row.bytes).map(number)
            #expect([value(kind), value(version)] == theirs, "\(row.title)")
        }
    }

    @Test func `tells the kind of a server's hello as haproxy does`() throws {
        let haproxy = try ReferenceStreams(["res.ssl_hello_type"], fromServer: true)
        for bytes in capturedServerHellos + [Array("220 smtp ready\r\n".utf8)] {
            let kind = TLSHello.kind(of: bytes.span)
            #expect(kind == (bytes[0] == 0x16 ? .value(2) : .other))
            guard let haproxy else { continue }
            #expect(value(kind) == number(haproxy.values(bytes)[0]))
        }
    }

    private func value(_ answer: Inspected<Int>) -> Int? {
        if case .value(let value) = answer { return value }
        return nil
    }
}

// Cookies of Remote Desktop, against written values and against haproxy.

import Testing

@testable import Inspection

@Suite struct RemoteDesktopTests {
    /// What follows the headers, the value of any cookie, the value of `msts`; nil for none.
    static let rows: [(text: String, any: String?, named: String?)] = [
        ("Cookie: msts=abc\r\n", "abc", "abc"),
        ("Cookie: msts=abc\r\n\u{1}\0\u{8}\0\u{3}", "abc", "abc"),
        ("Cookie: mstshash=user\r\n", "user", nil),
        ("cookie:MSTS=abc\r\n", "abc", "abc"),
        ("COOKIE:   msts=abc\r\n", "abc", "abc"),
        ("Cookie:\tmsts=abc\r\n", "abc", nil),
        ("Cookie: msts=\r\n", "", ""),
        ("Cookie: =abc\r\n", "abc", nil),
        ("Cookie: msts=abc\rx\r\n", nil, nil),
        ("Cookie: msts=a b;c\r\n", "a b;c", "a b;c"),
        ("Cookie: msts= abc \r\n", " abc ", " abc "),
        ("Cookie: msts=a=b\r\n", "a=b", "a=b"),
        ("Cookie: msts=a\nb\r\n", "a\nb", "a\nb"),
        ("Cookie: msts abc\r\n", nil, nil),
        ("Cookie: mstsx=abc\r\n", "abc", nil),
        ("Cookie: msts =abc\r\n", "abc", nil),
        ("Cookie: ms\nts=abc\r\n", nil, nil),
        ("Cookie: other=1; msts=2\r\n", "1; msts=2", nil),
        ("Cookie: other=1\r\nCookie: msts=2\r\n", "1", nil),
        ("Cookie: ms\r\n", nil, nil),
        ("Cookie:\r\nmsts=1\r\n", nil, nil),
        ("Kookie: msts=abc\r\n", nil, nil),
        (" Cookie: msts=abc\r\n", nil, nil),
        ("mstshash=user\r\n", nil, nil),
        ("Cookie: msts=abc", nil, nil),
        ("Cookie: msts=abc\r", nil, nil),
        ("Cookie: msts=abc\n", nil, nil),
        ("Cookie: m", nil, nil),
    ]

    @Test func `finds cookies as haproxy does`() throws {
        let haproxy = try ReferenceStreams([
            "req.rdp_cookie", "req.rdp_cookie(msts)", "req.rdp_cookie_cnt(msts)",
        ])
        for row in Self.rows {
            for header: [UInt8] in [
                [3, 0, 0, 42, 37, 0xE0, 0, 0, 0, 0, 0], .init(repeating: 0xFF, count: 11),
            ] {
                let bytes = header + Array(row.text.utf8)
                let ours = [cookie("", bytes), cookie("mSTS", bytes)]
                #expect(ours == [row.any, row.named], "\(row.text)")
                guard let haproxy else { continue }
                let theirs = haproxy.values(bytes)
                let texts = theirs[..<2].map { $0.map { String(decoding: $0, as: UTF8.self) } }
                #expect(ours == texts, "\(row.text)")
                #expect((row.named == nil ? 0 : 1) == number(theirs[2]) ?? 0, "\(row.text)")
            }
        }
    }

    @Test func `waits as long as a cookie may come`() {
        let bytes = [UInt8](repeating: 1, count: 11) + Array("Cookie: msts=abc\r\n".utf8)
        for count in 0..<bytes.count {
            let part = bytes.span.extracting(0..<count)
            #expect(RemoteDesktop.cookie(named: Span(), in: part) == .needsMore, "\(count)")
        }
        let text = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        #expect(RemoteDesktop.cookie(named: Span(), in: text.span) == .other)
        let short = [UInt8](repeating: 1, count: 11) + Array("Cookie: mx".utf8)
        let name = Array("msts".utf8)
        #expect(RemoteDesktop.cookie(named: name.span, in: short.span) == .other)
    }

    private func cookie(_ name: String, _ bytes: [UInt8]) -> String? {
        let name = Array(name.utf8)
        guard case .value(let range) = RemoteDesktop.cookie(named: name.span, in: bytes.span)
        else { return nil }
        return bytes.text(range)
    }
}

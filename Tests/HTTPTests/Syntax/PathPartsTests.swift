// Parts of targets, against written values and against haproxy.

import RandomInputs
import Testing

@testable import HTTP

@Suite struct PathPartsTests {
    static let rows: [(target: String, pathAndQuery: String, path: String, query: String?)] = [
        ("/", "/", "/", nil),
        ("/a?b", "/a?b", "/a", "b"),
        ("/a?", "/a?", "/a", ""),
        ("/a?b?c", "/a?b?c", "/a", "b?c"),
        ("//x", "//x", "//x", nil),
        ("/a#b?c", "/a#b?c", "/a#b", "c"),
        ("/a?b#c", "/a?b#c", "/a", "b#c"),
        ("*", "", "", nil),
        ("h:80", "", "", nil),
        ("http://h", "", "", nil),
        ("http://h/a?b", "/a?b", "/a", "b"),
        ("http://h?a/b", "/b", "/b", "a/b"),
        ("http:///a", "/a", "/a", nil),
        ("x+-.1://h/a", "/a", "/a", nil),
        ("1h://h/a", "", "", nil),
        ("http:/h/a", "", "", nil),
        ("", "", "", nil),
        ("a/b", "", "", nil),
        ("/http://h/a", "/http://h/a", "/http://h/a", nil),
    ]

    @Test(arguments: rows) func `finds the parts of a target`(
        _ row: (target: String, pathAndQuery: String, path: String, query: String?)
    ) {
        let bytes = Array(row.target.utf8)
        let parts = PathParts(of: bytes.span)
        #expect(bytes.text(parts.pathAndQuery) == row.pathAndQuery)
        #expect(bytes.text(parts.path) == row.path && bytes.text(parts.query) == row.query)
    }

    @Test func `finds the parts that haproxy finds`() throws {
        let fetches = ["path", "pathq", "query", "base", "baseq", "base32", "url32"]
        guard
            let haproxy = try ReferenceFetches(
                fetches, options: ["option accept-invalid-http-request"])
        else { return }
        var random = Seeded.fresh()
        let pieces = ["/", "a", "?", "b", "#", ":", "//", "%41", ".", "h"]
        let targets =
            Self.rows.map(\.target)
            + (0..<600).map { _ in
                (random.next(below: 3) == 0 ? "http://h/" : "/")
                    + random.text(of: pieces, upTo: 10)
            }
        let host = Array("h".utf8)
        for target in targets where !target.isEmpty {
            guard let theirs = haproxy.values(target: target) else { continue }
            let bytes = Array(target.utf8)
            let parts = PathParts(of: bytes.span)
            // A fetch finds nothing where there is no path, and the host alone is the base.
            let hasPath = !parts.path.isEmpty
            let path = Array(bytes[parts.path])
            let pathAndQuery = Array(bytes[parts.pathAndQuery])
            #expect(theirs[0] == (hasPath ? path : nil), "\(target), seed \(random.seed)")
            #expect(theirs[1] == (hasPath ? pathAndQuery : nil), "\(target)")
            #expect(theirs[2] == parts.query.map { Array(bytes[$0]) }, "\(target)")
            #expect(theirs[3] == host + path && theirs[4] == host + pathAndQuery, "\(target)")
            let base32 = PathParts.hash(host: host.span, path: path.span)
            let url32 = PathParts.hash(host: host.span, path: pathAndQuery.span)
            #expect(number(theirs[5]) == Int(base32), "\(target)")
            #expect(number(theirs[6]) == Int(url32), "\(target)")
        }
    }

    /// An authority in an absolute form, and what it says.
    static let addresses: [(target: String, address: UInt32?, port: UInt16)] = [
        ("http://1.2.3.4/a?b", 0x0102_0304, 80),
        ("https://1.2.3.4/", 0x0102_0304, 443),
        ("HTTP://1.2.3.4", 0x0102_0304, 80),
        ("http://1.2.3.4:81/a", 0x0102_0304, 81),
        ("http://255.255.255.255:65535/", 0xFFFF_FFFF, 65535),
        ("http://1.2.3.4:65536/", 0x0102_0304, 0),
        ("http://1.2.3.4:8a/", 0x0102_0304, 8),
        ("http://1.2.3.4a/", 0x0102_0304, 80),
        ("http://0000001.2.3.04:5/", 0x0102_0304, 5),
        ("http://1.2.3.4:5:6/", 0x0102_0304, 5),
        ("http://256.1.1.1/", nil, 0), ("http://1.2.3/", nil, 0), ("http://1.2.3.4./", nil, 0),
        ("http://1.2.3.4.5/", nil, 0), ("http://1..2.3/", nil, 0), ("http://h:80/", nil, 0),
        ("http://[::1]:80/", nil, 0), ("http://u@1.2.3.4/", nil, 0), ("ftp://1.2.3.4/", nil, 0),
        ("http:///", nil, 0), ("/1.2.3.4/", nil, 0), ("1.2.3.4:80", nil, 0), ("*", nil, 0),
    ]

    @Test(arguments: addresses)
    func `reads an address`(_ row: (target: String, address: UInt32?, port: UInt16)) {
        let address = TargetAddress(of: Array(row.target.utf8).span)
        #expect(address?.address == row.address && address?.port ?? 0 == row.port)
    }

    @Test func `reads the address that haproxy reads`() throws {
        guard
            let haproxy = try ReferenceFetches(
                ["url_ip", "url_port"], options: ["option accept-invalid-http-request"])
        else { return }
        var random = Seeded.fresh()
        let pieces = ["1", "2", "25", ".", ".", ":", "80", "6553", "a", "[", "]"]
        var compared = 0
        let targets =
            Self.addresses.map(\.target)
            + (0..<400).map { _ in
                (random.next(below: 2) == 0 ? "http://1.2.3." : "https://")
                    + random.text(of: pieces, upTo: 8) + "/"
            }
        for target in targets {
            let bytes = Array(target.utf8)
            let host = PathParts.authority(of: bytes.span).map { bytes.text($0)! } ?? "h"
            // It refuses a Host that differs, and takes an empty port from target and Host.
            guard !host.hasSuffix(":"), let theirs = haproxy.values(target: target, host: host)
            else { continue }
            compared += 1
            let ours = TargetAddress(of: bytes.span)
            let address = theirs[0].map { $0.reduce(0) { $0 << 8 | UInt32($1) } }
            #expect(ours?.address == address, "\(target), seed \(random.seed)")
            #expect(ours.map { Int($0.port) } == number(theirs[1]), "\(target)")
        }
        #expect(compared > 200)
    }
}

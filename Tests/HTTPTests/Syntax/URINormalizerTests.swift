// Normalizers, against written values and against haproxy.

import RandomInputs
import Testing

@testable import HTTP

@Suite struct URINormalizerTests {
    /// A normalizer, what it reads, and what it writes; nil for what it refuses.
    static let rows: [(normalizer: URINormalizer, from: String, to: String?)] = [
        (.fragmentEncode, "/#foo", "/%23foo"),
        (.fragmentEncode, "/a?b#c#d", "/a?b%23c%23d"),
        (.fragmentEncode, "/a%23", "/a%23"),
        (.fragmentEncode, "/##", "/%23%23"),
        (.fragmentStrip, "/#foo", "/"),
        (.fragmentStrip, "/a?b#c#d", "/a?b"),
        (.fragmentStrip, "/a%23?#", "/a%23?"),
        (.fragmentStrip, "/a", "/a"),
        (.pathMergeSlashes, "//", "/"),
        (.pathMergeSlashes, "/foo//bar", "/foo/bar"),
        (.pathMergeSlashes, "///a///b///", "/a/b/"),
        (.pathMergeSlashes, "/a?b//c", "/a?b//c"),
        (.pathMergeSlashes, "/a//?//", "/a/?//"),
        (.pathMergeSlashes, "//a#//b", "/a#/b"),
        (.pathMergeSlashes, "/a/%2F/b", "/a/%2F/b"),
        (.pathStripDot, "/.", "/"),
        (.pathStripDot, "/./bar/", "/bar/"),
        (.pathStripDot, "/a/./a", "/a/a"),
        (.pathStripDot, "/.well-known/", "/.well-known/"),
        (.pathStripDot, "/././.", "/"),
        (.pathStripDot, "/a/.", "/a/"),
        (.pathStripDot, "/a./b/..", "/a./b/.."),
        (.pathStripDot, "/.?a=/./", "/?a=/./"),
        (.pathStripDot, "/.//./", "//"),
        (.pathStripDot, "/./..", "/.."),
        (.pathStripDot, "/a/.#x", "/a/.#x"),
        (.pathStripDotDot(full: false), "/foo/../", "/"),
        (.pathStripDotDot(full: false), "/foo/../bar/", "/bar/"),
        (.pathStripDotDot(full: false), "/foo/bar/../", "/foo/"),
        (.pathStripDotDot(full: false), "/../bar/", "/../bar/"),
        (.pathStripDotDot(full: false), "/bar/../../", "/../"),
        (.pathStripDotDot(full: false), "/foo//../", "/foo/"),
        (.pathStripDotDot(full: false), "/foo/%2E%2E/", "/foo/%2E%2E/"),
        (.pathStripDotDot(full: false), "/..", "/../"),
        (.pathStripDotDot(full: false), "/foo/..", "/"),
        (.pathStripDotDot(full: false), "/../..", "/../../"),
        (.pathStripDotDot(full: false), "/a/../../b/../c", "/../c"),
        (.pathStripDotDot(full: false), "/a/../../../b/c/../d", "/../../b/d"),
        (.pathStripDotDot(full: false), "/..a/b../c", "/..a/b../c"),
        (.pathStripDotDot(full: false), "/a/..?x=/../", "/?x=/../"),
        (.pathStripDotDot(full: false), "///..", "//"),
        (.pathStripDotDot(full: false), "/a/..//b", "//b"),
        (.pathStripDotDot(full: false), "/a/..#/../", "/a/"),
        (.pathStripDotDot(full: true), "/../bar/", "/bar/"),
        (.pathStripDotDot(full: true), "/bar/../../", "/"),
        (.pathStripDotDot(full: true), "/..", "/"),
        (.pathStripDotDot(full: true), "/../../a/../..", "/"),
        (.pathStripDotDot(full: true), "/a/../../../b/c/../d", "/b/d"),
        (.pathStripDotDot(full: true), "/..?/../", "/?/../"),
        (.percentDecodeUnreserved(strict: false), "/%61dmin", "/admin"),
        (.percentDecodeUnreserved(strict: false), "/foo%3Fbar=baz", "/foo%3Fbar=baz"),
        (.percentDecodeUnreserved(strict: false), "/%%36%36", "/%66"),
        (.percentDecodeUnreserved(strict: false), "/%ZZ%4", "/%ZZ%4"),
        (.percentDecodeUnreserved(strict: false), "/%41%5A%7a%30%39%2D%2e%5f%7E", "/AZz09-._~"),
        (.percentDecodeUnreserved(strict: false), "/%20%2f%00%C3?%61=%62", "/%20%2f%00%C3?a=b"),
        (.percentDecodeUnreserved(strict: false), "/%2561", "/%2561"),
        (.percentDecodeUnreserved(strict: true), "/%61dmin", "/admin"),
        (.percentDecodeUnreserved(strict: true), "/%%36%36", nil),
        (.percentDecodeUnreserved(strict: true), "/%ZZ", nil),
        (.percentDecodeUnreserved(strict: true), "/a%", nil),
        (.percentDecodeUnreserved(strict: true), "/a?b=%6", nil),
        (.percentToUppercase(strict: false), "/%6f", "/%6F"),
        (.percentToUppercase(strict: false), "/%zz", "/%zz"),
        (.percentToUppercase(strict: false), "/%aF%Fa?%ab", "/%AF%FA?%AB"),
        (.percentToUppercase(strict: false), "/%%af%ag", "/%%AF%ag"),
        (.percentToUppercase(strict: false), "/af%0a", "/af%0A"),
        (.percentToUppercase(strict: true), "/%6f", "/%6F"),
        (.percentToUppercase(strict: true), "/%zz", nil),
        (.percentToUppercase(strict: true), "/%f", nil),
        (.querySortByName, "/?c=3&a=1&b=2", "/?a=1&b=2&c=3"),
        (.querySortByName, "/?aaa=3&a=1&aa=2", "/?a=1&aa=2&aaa=3"),
        (.querySortByName, "/?a=3&b=4&a=1&b=5&a=2", "/?a=3&a=1&a=2&b=4&b=5"),
        (.querySortByName, "/?b=1&aa=2", "/?aa=2&b=1"),
        (.querySortByName, "/?b&", "/?b"),
        (.querySortByName, "/?&&", "/?&"),
        (.querySortByName, "/?b&&a", "/?&a&b"),
        (.querySortByName, "/?b=1?a=2&a;0", "/?a;0&b=1?a=2"),
        (.querySortByName, "/?a=&a-&B", "/?B&a=&a-"),
        (.querySortByName, "/?c?b&a#d&0", "/?0&a#d&c?b"),
        (.querySortByName, "/b&a", "/b&a"),
        (.querySortByName, "/?", "/?"),
    ]

    @Test(arguments: rows) func `writes the normal form`(
        _ row: (normalizer: URINormalizer, from: String, to: String?)
    ) {
        #expect(normalize(row.from, row.normalizer) == row.to, "\(row.normalizer)")
    }

    @Test func `leaves alone what has no path`() {
        for text in ["", "*", "a//b?b&a", "#"] {
            for normalizer in Self.all.map(\.normalizer) {
                #expect(outcome(text, normalizer, room: 0).0 == .unchanged, "\(normalizer)")
            }
        }
    }

    @Test func `sorts as many parameters as haproxy, and no more`() throws {
        var random = Seeded.fresh()
        let haproxy = try ReferenceFetches(
            ["url"], rules: ["normalize-uri query-sort-by-name"])
        for count in [2, 17, 500, 1023, 1024, 1025, 2000] {
            let names = (0..<count).map { _ in
                String(UnicodeScalar(UInt8(0x61 + random.next(below: 26))))
                    + (random.next(below: 3) == 0 ? "=" : "")
            }
            let text = "/?" + names.joined(separator: "&")
            let ours = outcome(text, .querySortByName, room: text.utf8.count)
            #expect((ours.0 == .tooLong) == (count > URINormalizer.parameterLimit))
            if count <= URINormalizer.parameterLimit {
                let sorted = names.enumerated().sorted {
                    ($0.element.first!, $0.offset) < ($1.element.first!, $1.offset)
                }
                #expect(ours.1 == "/?" + sorted.map(\.element).joined(separator: "&"))
            }
            if let haproxy {
                #expect(haproxy.texts(target: text) == (ours.0 == .tooLong ? nil : [ours.1]))
            }
        }
    }

    @Test func `says when the output is too short`() {
        for row in Self.rows {
            // Segments are written before `..` takes them back.
            if case .pathStripDotDot = row.normalizer {
                let room = row.from.utf8.count + (row.from.hasSuffix("/..") ? 1 : 0)
                #expect(outcome(row.from, row.normalizer, room: room).1 == row.to)
                continue
            }
            let enough = outcome(row.from, row.normalizer, room: 3 * row.from.utf8.count)
            guard case .changed(let count) = enough.0 else { continue }
            #expect(outcome(row.from, row.normalizer, room: count).1 == row.to)
            let short = outcome(row.from, row.normalizer, room: count - 1)
            #expect(short.0 == .tooLong, "\(row.from)")
        }
    }

    /// Every normalizer as the configuration writes it.
    static let all: [(name: String, normalizer: URINormalizer)] = [
        ("fragment-encode", .fragmentEncode), ("fragment-strip", .fragmentStrip),
        ("path-merge-slashes", .pathMergeSlashes), ("path-strip-dot", .pathStripDot),
        ("path-strip-dotdot", .pathStripDotDot(full: false)),
        ("path-strip-dotdot full", .pathStripDotDot(full: true)),
        ("percent-decode-unreserved", .percentDecodeUnreserved(strict: false)),
        ("percent-decode-unreserved strict", .percentDecodeUnreserved(strict: true)),
        ("percent-to-uppercase", .percentToUppercase(strict: false)),
        ("percent-to-uppercase strict", .percentToUppercase(strict: true)),
        ("query-sort-by-name", .querySortByName),
    ]

    @Test(arguments: all)
    func `normalizes as haproxy does`(_ row: (name: String, normalizer: URINormalizer)) throws {
        guard
            let haproxy = try ReferenceFetches(
                ["url"], options: ["option accept-invalid-http-request"],
                rules: ["normalize-uri \(row.name)"])
        else { return }
        var random = Seeded.fresh(row.name)
        let pieces = [
            "/", "/", ".", "..", "/../", "/./", "?", "&", "&", "=", "a", "b", "ab", "A", "#", "%",
            "%6", "%61", "%3a", "%2F", "z", "-",
        ]
        let texts =
            Self.rows.map(\.from) + (0..<300).map { _ in "/" + random.text(of: pieces, upTo: 14) }
        for text in texts {
            let theirs = haproxy.texts(target: text).map { $0[0] ?? "" }
            #expect(normalize(text, row.normalizer) == theirs, "\(text), seed \(random.seed)")
            // What stands in front of a path is not looked at.
            if random.next(below: 8) == 0 {
                let absolute = haproxy.texts(target: "http://h" + text).map { $0[0] ?? "" }
                #expect(absolute == theirs.map { "http://h" + $0 }, "\(text)")
            }
        }
    }

    private func normalize(_ text: String, _ normalizer: URINormalizer) -> String? {
        let result = outcome(text, normalizer, room: 3 * text.utf8.count + 1)
        return result.0 == .invalid ? nil : result.1
    }

    /// What came of it, and the normal form when there is one.
    private func outcome(
        _ text: String, _ normalizer: URINormalizer, room: Int
    ) -> (URINormalizer.Outcome, String) {
        var output = [UInt8](repeating: 0xEE, count: room)
        var span = output.mutableSpan
        let outcome = normalizer.apply(to: Array(text.utf8).span, into: &span)
        switch outcome {
        case .changed(let count): return (outcome, output.text(0..<count)!)
        case .unchanged: return (outcome, text)
        case .invalid, .tooLong: return (outcome, "")
        }
    }
}

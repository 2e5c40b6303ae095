// A haproxy that says what its fetches find in a request, to compare with.

import Foundation
import ReferenceHAProxy
import RandomInputs

/// A running haproxy and the fetches it answers every request with.
final class ReferenceFetches {
    private let process: ReferenceProcess

    /// Starts haproxy; nil where it is not installed. What `rules` set is seen by the fetches.
    ///
    /// - Parameter fromResponse: the fetches look at a response whose `set-cookie` is the `x` of
    ///   the request.
    init?(
        _ fetches: [String], options: [String] = [], rules: [String] = [],
        fromResponse: Bool = false
    ) throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: nothing to compare with")
            return nil
        }
        let list = fetches.map { "%[\($0),hex,concat(<)]" }.joined(separator: "|")
        var lines = options.map { "    \($0)\n" } + rules.map { "    http-request \($0)\n" }
        if fromResponse {
            lines.append("    http-after-response set-header x-out \"\(list)\"\n")
            lines.append("    http-request return status 200 hdr set-cookie %[req.fhdr(x)]\n")
        } else {
            lines.append("    http-request return status 200 hdr x-out \"\(list)\"\n")
        }
        process = try ReferenceProcess(ready: "s") { folder in
            """
            global
                expose-experimental-directives
            defaults
                mode http
                timeout client 10s
            frontend f
                bind unix@\(folder)/s
                option http-buffer-request

            """ + lines.joined()
        }
    }

    /// What the fetches find, as bytes; nil inside for those that find nothing, and nil when
    /// the request is refused.
    func values(
        target: String = "/", host: String = "h", fields: String = "", body: String? = nil
    ) -> [[UInt8]?]? {
        var request = "\(body == nil ? "GET" : "POST") \(target) HTTP/1.0\r\nHost: \(host)\r\n"
        if let body { request += "Content-Length: \(body.utf8.count)\r\n" }
        let answer = process.exchange(request + fields + "\r\n" + (body ?? ""), with: "s")
        guard answer.dropFirst(8).hasPrefix(" 200"),
            let found = answer.range(of: "x-out: ")
        else { return nil }
        let line = answer[found.upperBound...].prefix { $0 != "\r\n" && $0 != "\r" }
        return line.split(separator: "|", omittingEmptySubsequences: false).map {
            $0.hasSuffix("<") ? Self.bytes($0.dropLast()) : nil
        }
    }

    /// As ``values(target:host:fields:body:)``, as text.
    func texts(
        target: String = "/", host: String = "h", fields: String = "", body: String? = nil
    ) -> [String?]? {
        values(target: target, host: host, fields: fields, body: body)?.map { bytes in
            bytes.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static func bytes(_ digits: Substring) -> [UInt8] {
        let digits = Array(digits.utf8).map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x37) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// The number in the eight bytes that haproxy shows an integer as.
func number(_ bytes: [UInt8]?) -> Int? {
    bytes.map { $0.reduce(0) { $0 << 8 | Int($1) } }
}

extension Seeded {
    /// Up to `limit` random pieces behind one another.
    mutating func text(of pieces: [String], upTo limit: Int) -> String {
        let count = next(below: limit + 1)
        return (0..<count).map { _ in pieces[next(below: pieces.count)] }.joined()
    }
}

extension Array where Element == UInt8 {
    /// The bytes of a range as text.
    func text(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: self[$0], as: UTF8.self) }
    }
}

// Messages as they are on the wire, read in the simplest way: what a proxy writes is regular. The
// codec under test is not used to judge itself.
import Foundation

/// A message taken from a stream of bytes.
struct WireMessage: Equatable, CustomStringConvertible {
    var startLine: String
    /// Field lines in order, names in small letters.
    var fields: [String]
    /// Decoded body.
    var body: [UInt8] = []
    var trailers: [String] = []
    /// Whether the body ended as its framing says, not with the connection.
    var isComplete = true

    var description: String {
        let shown = text(body.prefix(120)).debugDescription
        return ([startLine] + fields).joined(separator: " | ") + " | \(body.count) \(shown)"
            + (trailers.isEmpty ? "" : " trailers \(trailers)") + (isComplete ? "" : " incomplete")
    }

    /// The status of a response, or 0.
    var status: Int { Int(startLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    var isInterim: Bool { (100..<200).contains(status) && status != 101 }

    /// The value of the first field of that name.
    func value(_ name: String) -> String? {
        fields.first { $0.hasPrefix(name + ":") }.map {
            String($0.dropFirst(name.count + 1).drop { $0 == " " })
        }
    }
}

/// Takes messages from the front of what has been received.
struct WireReader {
    var pending: [UInt8] = []

    /// What the next message is.
    enum Kind: Equatable {
        case request
        /// A response; one to HEAD has no body.
        case response(toHead: Bool)
    }

    /// The next message, or nil when it is not complete. At the end of the stream what there is
    /// of a body is the body.
    mutating func next(_ kind: Kind, atEnd: Bool) -> WireMessage? {
        guard let headEnd = find([13, 10, 13, 10], from: 0) else { return nil }
        let lines = text(pending[..<headEnd]).components(separatedBy: "\r\n")
        var message = WireMessage(startLine: lines[0], fields: lines.dropFirst().map(Self.lowered))
        var position = headEnd + 4
        let isChunked = message.fields.contains { $0.hasPrefix("transfer-encoding:") }
        let length = message.value("content-length").flatMap { Int($0) }
        switch kind {
        case .response(let toHead):
            let status = message.status
            if toHead || status < 200 || status == 204 || status == 304 { break }
            if !isChunked && length == nil {
                guard atEnd else { return nil }
                message.body = Array(pending[position...])
                position = pending.count
                break
            }
            fallthrough
        case .request:
            if isChunked {
                guard let end = chunked(from: position, into: &message) else {
                    guard atEnd, kind != .request else { return nil }
                    message.isComplete = false
                    position = pending.count
                    break
                }
                position = end
            } else if let length {
                guard pending.count - position >= length else {
                    guard atEnd, kind != .request else { return nil }
                    message.isComplete = false
                    message.body = Array(pending[position...])
                    position = pending.count
                    break
                }
                message.body = Array(pending[position..<position + length])
                position += length
            }
        }
        pending.removeFirst(position)
        return message
    }

    /// Reads a chunked body; returns the position behind it.
    private func chunked(from start: Int, into message: inout WireMessage) -> Int? {
        var position = start
        while true {
            guard let lineEnd = find([13, 10], from: position),
                let size = Int(
                    text(pending[position..<lineEnd]).prefix { $0.isHexDigit }, radix: 16)
            else { return nil }
            position = lineEnd + 2
            if size == 0 { break }
            guard size < pending.count, position + size + 2 <= pending.count else { return nil }
            message.body += pending[position..<position + size]
            position += size + 2
        }
        while true {
            guard let lineEnd = find([13, 10], from: position) else { return nil }
            let line = text(pending[position..<lineEnd])
            position = lineEnd + 2
            if line.isEmpty { return position }
            message.trailers.append(Self.lowered(line))
        }
    }

    private func find(_ pattern: [UInt8], from start: Int) -> Int? {
        guard pending.count >= start + pattern.count else { return nil }
        return (start...pending.count - pattern.count).first {
            pending[$0..<$0 + pattern.count].elementsEqual(pattern)
        }
    }

    private static func lowered(_ line: String) -> String {
        guard let colon = line.firstIndex(of: ":") else { return line }
        return line[..<colon].lowercased() + line[colon...]
    }
}

/// Bytes as text, one scalar for each, so that nothing is lost.
func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(UnicodeScalar(byte)) }
    return String(text)
}

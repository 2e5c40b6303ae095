// Reading answers (RFC 9112 §6) as a client that measures: the status, the origin's name, where the
// answer ends. Bodies are counted and dropped.

/// Where the reading of one answer stands.
public struct ResponseReader: Sendable, Equatable {
    /// What the bytes so far mean.
    public enum Outcome: Sendable, Equatable {
        case needsMore
        case complete
        case malformed
    }

    private enum State: Equatable {
        case head
        case body(left: Int)
        case chunks(ChunkWalker)
        case untilClose
        case complete
    }

    private let isHeadRequest: Bool
    private var state = State.head
    /// The status, or zero before the head was read.
    public private(set) var status = 0
    /// The origin's name, where the answer carried one in `X-Origin`.
    public private(set) var originName: String?
    /// Whether the connection may carry another request.
    public private(set) var keepsAlive = true
    /// Bytes of the body.
    public private(set) var bodyBytes = 0

    /// A reader for the answer to one request.
    public init(isHeadRequest: Bool = false) { self.isHeadRequest = isHeadRequest }

    /// Whether any part of the answer was read.
    public var hasBegun: Bool { state != .head || status != 0 }

    /// Reads on from `at`, which is moved behind what was used up.
    public mutating func read(_ bytes: Span<UInt8>, at: inout Int) -> Outcome {
        while true {
            switch state {
            case .head:
                switch readHead(bytes, at: &at) {
                case .complete: continue
                case .needsMore: return .needsMore
                case .malformed: return .malformed
                }
            case .body(let left):
                let count = min(left, bytes.count - at)
                bodyBytes += count
                at += count
                state = left == count ? .complete : .body(left: left - count)
                if left != count { return .needsMore }
            case .chunks(var walker):
                let piece = walker.next(bytes, at: &at)
                state = .chunks(walker)
                switch piece {
                case .data(let range): bodyBytes += range.count
                case .needsMore: return .needsMore
                case .ended: state = .complete
                case .malformed: return .malformed
                }
            case .untilClose:
                bodyBytes += bytes.count - at
                at = bytes.count
                return .needsMore
            case .complete: return .complete
            }
        }
    }

    /// Whether the answer is whole when the connection ends here.
    public var isCompleteAtEnd: Bool { state == .untilClose || state == .complete }

    /// Reads a whole head; `.complete` when the state moved on.
    private mutating func readHead(_ bytes: Span<UInt8>, at: inout Int) -> Outcome {
        guard let line = endOfLine(bytes, from: at) else { return .needsMore }
        guard line.text - at >= 12, matches("http/1.", in: bytes, at: at),
            let status = decimal(bytes, (at + 9)..<(at + 12))
        else { return .malformed }
        var keepsAlive = bytes[at + 7] != UInt8(ascii: "0")
        var length: Int?
        var isChunked = false
        var name: String?
        var next = line.next
        while true {
            guard let end = endOfLine(bytes, from: next) else { return .needsMore }
            if end.text == next {
                next = end.next
                break
            }
            switch bytes[next] | 0x20 {
            case UInt8(ascii: "c"):
                if let value = value(of: "content-length", in: bytes, next, end.text) {
                    guard let number = decimal(bytes, value) else { return .malformed }
                    length = number
                } else if let value = value(of: "connection", in: bytes, next, end.text) {
                    if contains("close", in: bytes, value) { keepsAlive = false }
                    if contains("keep-alive", in: bytes, value) { keepsAlive = true }
                }
            case UInt8(ascii: "t"):
                if let value = value(of: "transfer-encoding", in: bytes, next, end.text) {
                    isChunked = contains("chunked", in: bytes, value)
                }
            case UInt8(ascii: "x"):
                if let value = value(of: "x-origin", in: bytes, next, end.text) {
                    name = text(bytes, value)
                }
            default: break
            }
            next = end.next
        }
        at = next
        // An interim answer is followed by the real one.
        if status >= 100, status < 200, status != 101 { return .complete }
        self.status = status
        self.keepsAlive = keepsAlive
        originName = name
        if isHeadRequest || status == 204 || status == 304 {
            state = .complete
        } else if isChunked {
            state = .chunks(ChunkWalker())
        } else if let length {
            state = .body(left: length)
        } else {
            state = .untilClose
            self.keepsAlive = false
        }
        return .complete
    }
}

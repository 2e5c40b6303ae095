// Walking over chunked coding (RFC 9112 §7.1) piece by piece, wherever the input is split.

/// Where a walk over a chunked body stands.
public struct ChunkWalker: Sendable, Equatable {
    /// What the walk found next.
    public enum Piece: Sendable, Equatable {
        /// Bytes of the body, at this place of the input.
        case data(Range<Int>)
        /// Everything was walked over; more input is needed.
        case needsMore
        /// The body and its trailers ended before this place of the input.
        case ended(at: Int)
        case malformed
    }

    private enum State: Equatable {
        case size(digits: Int, value: Int)
        case sizeRest(value: Int)
        case data(left: Int)
        case dataEnd
        case trailer(lineBytes: Int)
    }

    private var state = State.size(digits: 0, value: 0)

    /// A walk that stands before the first chunk.
    public init() {}

    /// Walks on from `at`, which is moved behind what was walked over.
    public mutating func next(_ bytes: Span<UInt8>, at: inout Int) -> Piece {
        while at < bytes.count {
            if case .data(let left) = state {
                let end = min(at + left, bytes.count)
                let piece = at..<end
                state = left == piece.count ? .dataEnd : .data(left: left - piece.count)
                at = end
                return .data(piece)
            }
            let byte = bytes[at]
            at += 1
            switch state {
            case .size(let digits, let value):
                if let digit = hexadecimalDigit(byte) {
                    guard digits < 15 else { return .malformed }
                    state = .size(digits: digits + 1, value: value * 16 + digit)
                } else {
                    guard digits > 0 else { return .malformed }
                    state = byte == 10 ? afterSize(value) : .sizeRest(value: value)
                }
            case .sizeRest(let value):
                if byte == 10 { state = afterSize(value) }
            case .dataEnd:
                if byte == 10 {
                    state = .size(digits: 0, value: 0)
                } else if byte != 13 {
                    return .malformed
                }
            case .trailer(let lineBytes):
                if byte == 10 {
                    if lineBytes == 0 { return .ended(at: at) }
                    state = .trailer(lineBytes: 0)
                } else if byte != 13 {
                    state = .trailer(lineBytes: lineBytes + 1)
                }
            case .data: break
            }
        }
        return .needsMore
    }

    private func afterSize(_ value: Int) -> State {
        value == 0 ? .trailer(lineBytes: 0) : .data(left: value)
    }

    private func hexadecimalDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}

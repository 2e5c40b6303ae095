// The status of an HTTP/1 answer from its first line, in any split. RFC 9112 §4.

/// Reads the first line of an answer.
public struct HTTPStatusReader: Sendable {
    /// What is known so far.
    public enum Progress: Equatable, Sendable {
        case more
        case status(Int)
        case invalid
    }

    private var line: [UInt8] = []
    private static let beginning = Array("HTTP/1.".utf8)

    /// Nothing has come yet.
    public init() {}

    /// Takes more bytes. Interim answers (1xx) count as answers.
    public mutating func take(_ bytes: Span<UInt8>) -> Progress {
        for index in 0..<bytes.count {
            // `HTTP/1.x NNN`: the rest of the line does not matter.
            let byte = bytes[index]
            let place = line.count
            let isRight: Bool
            switch place {
            case 0...6: isRight = byte == Self.beginning[place]
            case 7: isRight = isDigit(byte)
            case 8: isRight = byte == 0x20
            case 9...11: isRight = isDigit(byte)
            default: isRight = byte == 0x20 || byte == 0x0D || byte == 0x0A
            }
            if !isRight { return .invalid }
            if place == 12 {
                let status = line[9...11].reduce(0) { $0 * 10 + Int($1 - 0x30) }
                return status >= 100 ? .status(status) : .invalid
            }
            line.append(byte)
        }
        return .more
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    /// What a fuzzer calls: the result is the same for whole and split input.
    public static func exercise(_ input: Span<UInt8>) {
        var whole = HTTPStatusReader()
        let expected = whole.take(input)
        var split = HTTPStatusReader()
        var found = Progress.more
        for index in 0..<input.count where found == .more {
            found = split.take(input.extracting(index..<index + 1))
        }
        precondition(found == expected, "a split changes nothing")
    }
}

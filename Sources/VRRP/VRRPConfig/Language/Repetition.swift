// `~SEQ(var, start, step, end)` and `~LST(var, value, ...)` in front of a line.
// keepalived.conf(5): Sequence blocks, List blocks.

/// What a line is repeated with.
struct Repetition {
    /// Which of the three it is.
    enum Kind {
        case decimal, hexadecimal, list

        /// The kind at the front of a line.
        init?(_ line: ArraySlice<UInt8>) {
            let name = line.prefix { $0 != 0x28 && !Letter.isBlank($0) }
            switch String(decoding: name, as: UTF8.self) {
            case "~SEQ": self = .decimal
            case "~SEQx": self = .hexadecimal
            case "~LST": self = .list
            default: return nil
            }
        }
    }

    /// The parameters that get values.
    let names: [[UInt8]]
    /// The values of each round.
    let rounds: [[[UInt8]]]
    /// What is repeated.
    let rest: ArraySlice<UInt8>

    /// Reads the parentheses; nil when something in them is wrong.
    init?(_ line: ArraySlice<UInt8>, _ kind: Kind) {
        guard let open = line.firstIndex(of: 0x28),
            let close = line[open...].firstIndex(of: 0x29)
        else { return nil }
        rest = line[(close + 1)...]
        guard let items = Repetition.items(line[(open + 1)..<close]), items.count >= 2 else {
            return nil
        }
        if kind == .list {
            names = items[0]
            rounds = items.dropFirst().map { values in
                (0..<items[0].count).map { $0 < values.count ? values[$0] : [] }
            }
        } else {
            names = items[0]
            let texts = items.dropFirst().compactMap { $0.count == 1 ? $0[0] : nil }
            let numbers = texts.compactMap(Repetition.number)
            guard numbers.count == items.count - 1,
                let values = Repetition.sequence(numbers)
            else { return nil }
            let radix = kind == .hexadecimal ? 16 : 10
            rounds = values.map { [Array(String($0, radix: radix).utf8)] }
        }
        let areNames = names.allSatisfy { name in
            name.allSatisfy(Letter.isName) && name.first.map { !Letter.isDigit($0) } ?? false
        }
        guard areNames, kind == .list || names.count == 1 else { return nil }
    }

    /// What commas separate, each a single text or the texts inside braces.
    private static func items(_ text: ArraySlice<UInt8>) -> [[[UInt8]]]? {
        var items: [[[UInt8]]] = []
        var group: [[UInt8]]?
        var word: [UInt8] = []
        var wasGroup = false
        for byte in text + [Letter.comma] {
            switch byte {
            case Letter.openBrace:
                guard group == nil, word.allSatisfy(Letter.isBlank), !wasGroup else { return nil }
                group = []
                word = []
            case Letter.closeBrace:
                guard let open = group else { return nil }
                items.append(open + [Array(trimmed(word[...]))])
                group = nil
                word = []
                wasGroup = true
            case Letter.comma:
                if group != nil {
                    group?.append(Array(trimmed(word[...])))
                } else if !wasGroup {
                    items.append([Array(trimmed(word[...]))])
                } else if !word.allSatisfy(Letter.isBlank) {
                    return nil
                }
                wasGroup = false
                word = []
            case Letter.doubleQuote: return nil
            default: word.append(byte)
            }
            if items.count > Bounds.sequenceValues { return nil }
        }
        return group == nil ? items : nil
    }

    /// A number with a sign, decimal, octal (0) or hexadecimal (0x).
    private static func number(_ text: [UInt8]) -> Int? {
        var digits = text[...]
        let isNegative = digits.first == 0x2D
        if isNegative || digits.first == 0x2B { digits = digits.dropFirst() }
        guard let value = Numbers.unsigned(String(decoding: digits, as: UTF8.self)),
            value <= UInt64(Int32.max)
        else { return nil }
        return isNegative ? -Int(value) : Int(value)
    }

    /// The numbers of `(end)`, `(start, end)` or `(start, step, end)`.
    private static func sequence(_ numbers: [Int]) -> [Int]? {
        let start: Int
        let step: Int
        let end = numbers[numbers.count - 1]
        switch numbers.count {
        case 1:
            start = end < 0 ? -1 : 1
            step = end < start ? -1 : 1
        case 2:
            start = numbers[0]
            step = end < start ? -1 : 1
        case 3:
            start = numbers[0]
            step = numbers[1]
        default: return nil
        }
        guard step != 0, step > 0 ? start <= end : start >= end,
            (end - start) / step < Bounds.sequenceValues
        else { return nil }
        return Array(stride(from: start, through: end, by: step))
    }
}

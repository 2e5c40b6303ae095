// Reads the text behind `store`: `gpc0,conn_rate(10s),gpc_rate(4,1m)` (configuration manual 11.1).
// Control path.

import ConfigLanguage
import Samples

/// Reads a list of data types.
public struct StickDataReader {
    /// What was read so far.
    public private(set) var data: [StickStoredData]
    /// What is doubtful about it.
    public private(set) var warnings: [ExpressionMistake] = []
    private var text: [UInt8] = []
    private var word = 0
    private var position = 0

    /// Begins with what the table stores already.
    public init(after data: [StickStoredData] = []) {
        self.data = data
    }

    /// Reads one list. Mistakes are in the word with the number `word`.
    ///
    /// A type that is stored already is left as it was, with a warning.
    public mutating func read(
        _ text: some Sequence<UInt8>, word: Int = 0
    ) throws(ExpressionMistake) {
        self.text = Array(text)
        self.word = word
        position = 0
        // HAProxy takes an empty word, and a comma behind the last type.
        while position < self.text.count {
            try readType()
            if position < self.text.count { position += 1 }
        }
    }

    private mutating func readType() throws(ExpressionMistake) {
        let start = position
        let name = take { $0 != 0x28 && $0 != 0x2C }
        guard let type = StickDataType(name: name) else {
            throw mistake(
                start..<position, name.isEmpty ? "a data type is missing" : "unknown data type",
                found: name, suggestion: Self.nearest(to: name))
        }
        let arguments = try readArguments(of: type)
        let added = try stored(type, at: start, arguments)
        if let rival = rival(of: type) {
            throw mistake(
                start..<position,
                "'\(type.name)' and '\(rival.name)' cannot be stored in one table: the array holds "
                    + "what the other counts")
        }
        if data.contains(where: { $0.type == type }) {
            warnings.append(
                mistake(start..<position, "'\(type.name)' is stored already; this is ignored"))
            return
        }
        data.append(added)
    }

    private static func nearest(to name: String) -> String? {
        Spelling.nearest(to: name, among: StickDataType.allCases.map(\.name))
    }

    /// The type that is stored already and that the manual excludes beside this one.
    private func rival(of type: StickDataType) -> StickDataType? {
        data.map(\.type).first { $0.element?.array == type || type.element?.array == $0 }
    }

    // MARK: Arguments

    private typealias Argument = (text: String, range: Range<Int>)

    /// What stands in parentheses; nil without parentheses.
    private mutating func readArguments(
        of type: StickDataType
    ) throws(ExpressionMistake) -> [Argument]? {
        guard position < text.count, text[position] == 0x28 else { return nil }
        let opening = position
        var arguments: [Argument] = []
        repeat {
            position += 1
            let start = position
            let argument = take { $0 != 0x2C && $0 != 0x29 }
            arguments.append((argument, start..<position))
        } while position < text.count && text[position] == 0x2C
        guard position < text.count else {
            throw mistake(
                opening..<text.count, "the parenthesis behind '\(type.name)' is never closed")
        }
        position += 1
        // Differs: HAProxy reads over what stands between the parenthesis and the comma.
        guard position == text.count || text[position] == 0x2C else {
            let start = position
            let rest = take { $0 != 0x2C }
            throw mistake(start..<position, "a comma is expected here", found: rest)
        }
        return arguments
    }

    private func stored(
        _ type: StickDataType, at start: Int, _ arguments: [Argument]?
    ) throws(ExpressionMistake) -> StickStoredData {
        let wanted = Self.wanted(by: type)
        guard let arguments else {
            if wanted.isEmpty { return StickStoredData(type) }
            throw mistake(
                start..<position, "'\(type.name)' needs \(Self.form(of: type)) behind it")
        }
        if wanted.isEmpty {
            throw mistake(start..<position, "'\(type.name)' takes no argument")
        }
        // Differs: HAProxy reads over arguments that are too many.
        guard arguments.count == wanted.count else {
            throw mistake(start..<position, "'\(type.name)' takes \(Self.form(of: type))")
        }
        var count = 1
        var period = 0
        for (argument, kind) in zip(arguments, wanted) {
            switch kind {
            case .count: count = try readCount(argument)
            case .period: period = try readPeriod(argument)
            }
        }
        return StickStoredData(type, count: count, periodMilliseconds: period)
    }

    private enum ArgumentKind { case count, period }

    private static func wanted(by type: StickDataType) -> [ArgumentKind] {
        (type.isArray ? [.count] : []) + (type.isRate ? [.period] : [])
    }

    private static func form(of type: StickDataType) -> String {
        let words = wanted(by: type).map { $0 == .count ? "the number of elements" : "a period" }
        let example = wanted(by: type).map { $0 == .count ? "2" : "10s" }.joined(separator: ",")
        return "\(words.joined(separator: " and ")), as in '\(type.name)(\(example))'"
    }

    private func readCount(_ argument: Argument) throws(ExpressionMistake) -> Int {
        guard case .success(let count) = Units.integer(argument.text), count >= 1,
            count <= StickStoredData.largestArray
        else {
            throw mistake(
                argument.range,
                "an array has 1 to \(StickStoredData.largestArray) elements", found: argument.text)
        }
        return count
    }

    private func readPeriod(_ argument: Argument) throws(ExpressionMistake) -> Int {
        switch Units.milliseconds(argument.text) {
        // Differs: HAProxy takes a period of 0.
        case .success(0):
            throw mistake(argument.range, "a period must be at least 1 millisecond")
        case .success(let period): return period
        case .failure(.empty): throw mistake(argument.range, "a period is missing")
        case .failure(.tooLarge):
            throw mistake(
                argument.range, "a period is at most \(Units.longestMilliseconds) milliseconds",
                found: argument.text)
        case .failure(.unexpected):
            throw mistake(
                argument.range, "a period is a number with a unit (us, ms, s, m, h, d)",
                found: argument.text)
        }
    }

    // MARK: Places

    private mutating func take(while isPart: (UInt8) -> Bool) -> String {
        let start = position
        while position < text.count, isPart(text[position]) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private func mistake(
        _ range: Range<Int>, _ message: String, found: String = "", suggestion: String? = nil
    ) -> ExpressionMistake {
        ExpressionMistake(
            word: word, offset: range.lowerBound, length: range.count,
            found.isEmpty ? message : "\(message), found '\(found)'", suggestion: suggestion)
    }
}

// What `show table`, `clear table` and `set table` are asked and what they answer (management
// manual), as HAProxy 2.6 says it, with the indices of arrays and the `ptr` of 3.x. Control path.

import ConfigLanguage

/// Why a command is not carried out.
public struct StickCommandRefusal: Error, Hashable, Sendable {
    /// The answer, with its line feed.
    public let text: String

    init(_ text: String) { self.text = text + "\n" }
}

/// One use of a command, read and ready to run.
public struct StickTableCommand: Sendable {
    /// Which command it is.
    public enum Verb: Sendable {
        case show, clear, set
    }

    private enum Work: Sendable {
        /// Only the lines about tables.
        case list([StickTable])
        case showAll(StickTable, StickFilter)
        case show(StickTable, Choice)
        case clearAll(StickTable, StickFilter)
        case clear(StickTable, Choice)
        case set(StickTable, Choice, [StickUpdate])
    }

    /// How one entry is named.
    fileprivate enum Choice: Sendable {
        case key([UInt8])
        case word(UInt64)
    }

    private var work: Work
    private var cursor = StickCursor()
    private var hasBegun = false
    /// The entries of a short table that are yet to be shown, the last one first.
    private var ordered: [StickEntry]?

    /// The most entries of a table that is shown in the order of its keys, as HAProxy does it;
    /// others come as they lie.
    public static let orderedLimit = 4096

    /// Reads the words behind `show table`, `clear table` or `set table`.
    ///
    /// - Parameter tables: all tables, in the order in which they are listed.
    public init(
        _ verb: Verb, _ words: [String], tables: [StickTable]
    ) throws(StickCommandRefusal) {
        guard let name = words.first, !name.isEmpty else {
            if verb != .show { throw StickCommandRefusal(Self.usage(verb)) }
            work = .list(tables)
            return
        }
        guard let table = tables.first(where: { $0.configuration.name == name }) else {
            throw StickCommandRefusal("No such table")
        }
        var reader = StickCommandReader(verb: verb, words: words, table: table)
        let choice = try reader.readChoice()
        switch (verb, choice) {
        case (.show, let choice?): work = .show(table, choice)
        case (.show, nil): work = .showAll(table, try reader.readFilter())
        case (.clear, let choice?): work = .clear(table, choice)
        case (.clear, nil): work = .clearAll(table, try reader.readFilter())
        case (.set, let choice?): work = .set(table, choice, try reader.readUpdates())
        // Differs: HAProxy empties the table here.
        case (.set, nil): throw StickCommandRefusal(Self.usage(.set))
        }
    }

    fileprivate static func usage(_ verb: Verb) -> String {
        switch verb {
        case .show:
            "Optional argument only supports \"data.<store_data_type>\" <operator> <value> and key "
                + "<key>"
        case .clear:
            "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> "
                + "key <key>"
        case .set: "Required arguments: <table> key <key> [data.<store_data_type> <value>]*"
        }
    }

    /// Does a bounded piece of the work and adds its text; false when all is done.
    public mutating func run(now: UInt64, into text: inout [UInt8]) -> Bool {
        defer { hasBegun = true }
        switch work {
        case .list(let tables):
            for table in tables {
                table.removeExpired(now: now)
                StickTableText.appendHeader(table, to: &text)
            }
            return false
        case .showAll(let table, let filter):
            if !hasBegun {
                table.removeExpired(now: now)
                StickTableText.appendHeader(table, to: &text)
                ordered = Self.ordered(table, filter, now)
            }
            if ordered != nil { return showOrdered(table, into: &text) }
            guard let entries = table.entries(&cursor, now: now, where: filter) else {
                return false
            }
            for entry in entries { StickTableText.append(entry, of: table, to: &text) }
            return true
        case .clearAll(let table, let filter):
            return table.removeEntries(&cursor, now: now, where: filter) != nil
        case .show(let table, let choice):
            guard let reference = choice.find(in: table, now),
                let entry = table.entry(at: reference, now: now)
            else { return false }
            StickTableText.appendHeader(table, to: &text)
            StickTableText.append(entry, of: table, to: &text)
            return false
        case .clear(let table, let choice):
            if let reference = choice.find(in: table, now),
                table.remove(reference, now: now) == .inUse
            {
                text += "Entry currently in use, cannot remove\n".utf8
            }
            return false
        case .set(let table, .key(let key), let updates):
            if table.change(key.span, updates.span, now: now) == nil {
                text += "Unable to allocate a new entry\n".utf8
            }
            return false
        case .set(let table, .word(let word), let updates):
            if let reference = table.reference(word: word, now: now) {
                table.change(at: reference, updates.span, now: now)
            }
            return false
        }
    }
}

extension StickTableCommand {
    /// The entries of a short table by their keys, the last one first; nil of a long one.
    private static func ordered(
        _ table: StickTable, _ filter: StickFilter, _ now: UInt64
    ) -> [StickEntry]? {
        if table.count > orderedLimit { return nil }
        var all: [StickEntry] = []
        var cursor = StickCursor()
        while let piece = table.entries(&cursor, now: now, where: filter) {
            all += piece
            if all.count > 2 * orderedLimit { return nil }
        }
        return all.sorted { $1.key.lexicographicallyPrecedes($0.key) }
    }

    private mutating func showOrdered(_ table: StickTable, into text: inout [UInt8]) -> Bool {
        for _ in 0..<64 {
            guard let entry = ordered?.popLast() else { return false }
            StickTableText.append(entry, of: table, to: &text)
        }
        return true
    }
}

extension StickTableCommand.Choice {
    fileprivate func find(in table: StickTable, _ now: UInt64) -> StickReference? {
        switch self {
        case .key(let key): table.find(key.span, now: now)
        case .word(let word): table.reference(word: word, now: now)
        }
    }
}

/// Reads what stands behind the name of a table.
private struct StickCommandReader {
    let verb: StickTableCommand.Verb
    let words: [String]
    let table: StickTable
    var position = 1

    private var word: String { position < words.count ? words[position] : "" }

    /// `key <key>` or `ptr <ptr>`; nil when neither stands there.
    mutating func readChoice() throws(StickCommandRefusal) -> StickTableCommand.Choice? {
        switch word {
        case "key":
            position += 1
            guard position < words.count else { throw StickCommandRefusal("Key value expected") }
            if case .binary = table.configuration.keyType {
                throw StickCommandRefusal(
                    "\(doing) keys \(preposition) tables of type other than "
                        + "ip, ipv6, string and integer is not supported")
            }
            guard let key = table.configuration.keyType.key(text: word) else {
                throw StickCommandRefusal("Invalid key")
            }
            position += 1
            return .key(key)
        case "ptr":
            position += 1
            guard word.hasPrefix("0x"), let number = UInt64(word.dropFirst(2), radix: 16) else {
                throw StickCommandRefusal("Pointer expected (0xffff notation)")
            }
            position += 1
            return .word(number)
        default: return nil
        }
    }

    private var doing: String {
        switch verb {
        case .show: "Showing"
        case .clear: "Removing"
        case .set: "Inserting"
        }
    }

    private var preposition: String { verb == .set ? "into" : "from" }

    /// `data.<type> <operator> <value>`, up to four times.
    mutating func readFilter() throws(StickCommandRefusal) -> StickFilter {
        var filter = StickFilter()
        guard position < words.count else { return filter }
        guard word.hasPrefix("data.") else {
            throw StickCommandRefusal(StickTableCommand.usage(verb))
        }
        while position < words.count {
            let entry = "Filter entry #\(filter.count + 1): "
            if filter.count == StickFilter.mostConditions {
                throw StickCommandRefusal(
                    "Detected extra data in filter, \(ordinal(position + 3)) word of input, after "
                        + "'\(words[position - 1])'")
            }
            let (type, index) = try readElement(entry)
            guard let comparison = StickFilter.Comparison(rawValue: word) else {
                throw StickCommandRefusal(
                    "\(entry)Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", "
                        + "\"gt\"")
            }
            position += 1
            guard let value = Int64(word) else {
                throw StickCommandRefusal(
                    "\(entry)Require a valid integer value to compare against")
            }
            position += 1
            filter.add(type, index: index, comparison, value)
        }
        return filter
    }

    /// `data.<type> <value>`, as often as wanted.
    // Differs: HAProxy makes the entry, and sets what stands before the mistake.
    mutating func readUpdates() throws(StickCommandRefusal) -> [StickUpdate] {
        var updates: [StickUpdate] = []
        while position < words.count {
            guard word.hasPrefix("data.") else {
                throw StickCommandRefusal("\"data.<type>\" followed by a value expected")
            }
            let (type, index) = try readElement("")
            guard type.kind != .name, let value = Int64(word) else {
                throw StickCommandRefusal("Require a valid integer value to store")
            }
            position += 1
            updates.append(.set(type, index: index, to: value))
        }
        return updates
    }

    /// `data.<type>` or `data.<type>[<index>]` of something the table stores under that name.
    private mutating func readElement(
        _ entry: String
    ) throws(StickCommandRefusal) -> (StickDataType, Int) {
        let text = word.hasPrefix("data.") ? word.dropFirst(5) : ""
        let name = text.prefix { $0 != "[" }
        let subscripted = text.dropFirst(name.count)
        guard let type = StickDataType(name: String(name)),
            let index = Self.index(subscripted), index == 0 || type.isArray
        else { throw StickCommandRefusal("\(entry)Unknown data type") }
        guard table.configuration.stores(type) else {
            throw StickCommandRefusal("\(entry)Data type not stored in this table")
        }
        guard index < table.elementCount(of: type) else {
            throw StickCommandRefusal("\(entry)Data type not stored in this table")
        }
        position += 1
        return (type, index)
    }

    private static func index(_ text: Substring) -> Int? {
        if text.isEmpty { return 0 }
        guard text.first == "[", text.last == "]", text.count > 2 else { return nil }
        let digits = text.dropFirst().dropLast()
        guard digits.count <= 3, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return nil
        }
        return Int(digits)
    }

    private func ordinal(_ number: Int) -> String {
        let ending =
            switch (number % 10, number % 100) {
            case (_, 11...13): "th"
            case (1, _): "st"
            case (2, _): "nd"
            case (3, _): "rd"
            default: "th"
            }
        return "\(number)\(ending)"
    }
}

// `filter` lines. Bandwidth limits work; the other filters of the manual are refused by name.
// configuration manual: filter bwlim-in, filter bwlim-out.

import ConfigLanguage
import Proxy
import Samples

extension ProxyKeywords {
    static let filters: [Row] = [
        Row(
            "filter", [.frontend, .backend, .listen],
            takes: [.rest("{bwlim-in|bwlim-out} <name> <options>...")],
            "Puts a filter into the path of streams."
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, _ throws(ExpressionMistake) in
                var reader = FilterReader(arguments.words, draft.session.compiler)
                draft.limits.add(try reader.read(beside: draft.limits))
            }
        }
    ]
}

/// Reads the words of a `filter` line.
private struct FilterReader {
    private let words: [String]
    private let compiler: ExpressionCompiler
    private var position = 0
    private var bytes: UInt32?
    private var milliseconds: UInt32?
    private var leastBytes: UInt32 = 0
    private var key: Expression?
    private var tableName: String?
    /// The options of a limit of each stream, and of a shared one, as far as they were given.
    private var ownOptions: Set<String> = []
    private var sharedOptions: Set<String> = []

    private static let known = ["bwlim-in", "bwlim-out"]
    private static let later = [
        "cache", "compression", "fcgi-app", "opentracing", "spoe", "trace", "comp-req", "comp-res",
    ]
    private static let options = [
        "default-limit", "default-period", "limit", "key", "table", "min-size",
    ]

    init(_ words: [String], _ compiler: ExpressionCompiler) {
        self.words = words
        self.compiler = compiler
    }

    /// The limit that the line declares.
    mutating func read(beside limits: DeclaredLimits) throws(ExpressionMistake) -> BandwidthLimit {
        let kind = try word("the name of a filter")
        if Self.later.contains(kind) { throw mistake("filter '\(kind)' is not supported yet") }
        guard Self.known.contains(kind) else {
            throw mistake(
                "there is no filter '\(kind)'",
                suggestion: Spelling.nearest(to: kind, among: Self.known))
        }
        let name = try word("a name for rules to use")
        guard limits[name] == nil else { throw mistake("there is a filter '\(name)' already") }
        while position < words.count { try readOption() }
        if !ownOptions.isEmpty && !sharedOptions.isEmpty {
            throw mistake(
                "filter '\(name)' is either for each stream or shared, and has options of both: "
                    + (ownOptions.sorted() + sharedOptions.sorted()).joined(separator: ", "))
        }
        return try limit(name, ofRequests: kind == "bwlim-in")
    }

    private func limit(
        _ name: String, ofRequests: Bool
    ) throws(ExpressionMistake) -> BandwidthLimit {
        if !sharedOptions.isEmpty {
            guard let bytes else { throw missing("limit") }
            guard let key else { throw missing("key") }
            let table = compiler.references.make(.table, tableName ?? "")
            table.keySource = key.type
            let limit = BandwidthLimit(
                name, ofRequests: ofRequests, bytes: bytes, leastBytes: leastBytes, key: key,
                table: table)
            table.storedRate = limit.rate
            return limit
        }
        guard let bytes else { throw missing("default-limit") }
        guard let milliseconds else { throw missing("default-period") }
        return BandwidthLimit(
            name, ofRequests: ofRequests, bytes: bytes, milliseconds: milliseconds,
            leastBytes: leastBytes)
    }

    private mutating func readOption() throws(ExpressionMistake) {
        let option = try word("an option")
        switch option {
        case "default-limit", "limit":
            note(option, isShared: option == "limit")
            bytes = try size(option, from: 1)
        case "default-period":
            note(option, isShared: false)
            milliseconds = try period(option)
        case "key":
            note(option, isShared: true)
            var reader = ExpressionReader(words: words, from: position)
            key = try compiler.expression(&reader, in: .bandwidthKey)
            position = reader.nextWord
        case "table":
            note(option, isShared: true)
            tableName = try word("the name of a table")
        case "min-size":
            leastBytes = try size(option, from: 0)
        default:
            throw mistake(
                "a bandwidth limit has no option '\(option)'",
                suggestion: Spelling.nearest(to: option, among: Self.options))
        }
    }

    private mutating func note(_ option: String, isShared: Bool) {
        if isShared { sharedOptions.insert(option) } else { ownOptions.insert(option) }
    }

    private mutating func size(
        _ option: String, from least: Int
    ) throws(ExpressionMistake) -> UInt32 {
        let text = try word("a size behind '\(option)'")
        guard case .success(let size) = Units.size(text), size >= least,
            let bytes = UInt32(exactly: size)
        else {
            throw mistake(
                "'\(option)' expects a size from \(least) byte\(least == 1 ? "" : "s") to below "
                    + "4g, found '\(text)'")
        }
        return bytes
    }

    private mutating func period(_ option: String) throws(ExpressionMistake) -> UInt32 {
        let text = try word("a time behind '\(option)'")
        guard case .success(let time) = Units.milliseconds(text), time >= 1,
            let milliseconds = UInt32(exactly: time)
        else {
            throw mistake("'\(option)' expects a time of at least 1ms, found '\(text)'")
        }
        return milliseconds
    }

    private mutating func word(_ expected: String) throws(ExpressionMistake) -> String {
        guard position < words.count, !words[position].isEmpty else {
            throw ExpressionMistake(
                word: position, offset: 0, length: 0, "'filter' expects \(expected)")
        }
        position += 1
        return words[position - 1]
    }

    private func missing(_ option: String) -> ExpressionMistake {
        ExpressionMistake(
            word: words.count, offset: 0, length: 0, "this filter needs '\(option)' as well")
    }

    /// A mistake about the word that was read last.
    private func mistake(_ text: String, suggestion: String? = nil) -> ExpressionMistake {
        let word = position - 1
        return ExpressionMistake(
            word: word, offset: 0, length: words[word].utf8.count, text, suggestion: suggestion)
    }
}

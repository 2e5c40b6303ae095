// Reads the words behind `stick-table`, or behind the name of a `table` of a `peers` section
// (configuration manual 11.1). Control path.

import ConfigLanguage
import Samples

/// A declared table and what is doubtful about the declaration.
public struct ReadStickTable: Sendable {
    /// The table.
    public var configuration: StickTableConfiguration
    /// What the reader wants said.
    public var warnings: [ExpressionMistake]
}

/// Reads the declaration of a table.
public struct StickTableReader {
    private let words: [String]
    private let isInPeers: Bool
    private var position = 0
    private var keyType: StickKeyType?
    private var size: Int?
    private var data = StickDataReader()
    /// Holds what needs neither key type nor size.
    private var options: StickTableConfiguration

    /// Reads `words`; mistakes count words from the first of them.
    ///
    /// In a section of peers there is no `peers` argument.
    public static func read(
        _ words: [String], name: String, inPeersSection: Bool = false
    ) throws(ExpressionMistake) -> ReadStickTable {
        var reader = StickTableReader(words, name, inPeersSection)
        while reader.position < words.count { try reader.readArgument() }
        return try reader.finish()
    }

    private init(_ words: [String], _ name: String, _ isInPeers: Bool) {
        self.words = words
        self.isInPeers = isInPeers
        options = StickTableConfiguration(name: name, keyType: .ipv4, size: 1)
    }

    private static let arguments = [
        "type", "size", "expire", "nopurge", "recv-only", "write-to", "srvkey", "store",
        "brates-factor", "peers",
    ]

    private mutating func readArgument() throws(ExpressionMistake) {
        let word = words[position]
        position += 1
        switch word {
        case "type": try readType()
        case "size": size = try readSize()
        case "expire": options.expireMilliseconds = try readExpire()
        case "nopurge": options.refusesWhenFull = true
        case "recv-only": options.receivesOnly = true
        case "write-to": options.writeTo = try argument("the name of a table")
        case "srvkey": options.serverKey = try readServerKey()
        case "brates-factor": options.bytesRateFactor = try readFactor()
        // HAProxy takes `store` as the last word.
        case "store" where position < words.count:
            position += 1
            try data.read(words[position - 1].utf8, word: position - 1)
        case "store": break
        case "peers" where !isInPeers: options.peers = try argument("the name of a peers section")
        default: throw unknown(word)
        }
    }

    private func unknown(_ word: String) -> ExpressionMistake {
        if StickDataType(name: String(word.prefix { $0 != "(" && $0 != "," })) != nil {
            return wrong(
                "'\(word)' must stand behind 'store', joined to other data types by commas "
                    + "without blanks")
        }
        let known = Self.arguments.filter { $0 != "peers" || !isInPeers }
        return wrong(
            "unknown argument '\(word)'", suggestion: Spelling.nearest(to: word, among: known))
    }

    private func finish() throws(ExpressionMistake) -> ReadStickTable {
        guard let keyType else { throw missing("a stick table needs a type: 'type ip'") }
        guard let size else { throw missing("a stick table needs a size: 'size 100k'") }
        var configuration = StickTableConfiguration(
            name: options.name, keyType: keyType, size: size)
        configuration.expireMilliseconds = options.expireMilliseconds
        configuration.refusesWhenFull = options.refusesWhenFull
        configuration.receivesOnly = options.receivesOnly
        configuration.serverKey = options.serverKey
        configuration.writeTo = options.writeTo
        configuration.peers = options.peers
        configuration.bytesRateFactor = options.bytesRateFactor
        for stored in data.data { configuration.store(stored) }
        if size > Self.mostBytes / configuration.bytesPerEntry {
            throw missing(
                "\(size) entries of \(configuration.bytesPerEntry) bytes are more than a process "
                    + "can address")
        }
        var warnings = data.warnings
        if configuration.refusesWhenFull && configuration.expireMilliseconds == 0 {
            warnings.append(
                missing(
                    "'nopurge' without 'expire' keeps the first \(size) entries for ever and takes "
                        + "no others"))
        }
        return ReadStickTable(configuration: configuration, warnings: warnings)
    }

    /// Sixteen terabytes, an eighth of what a process can address.
    private static let mostBytes = 1 << 44

    // MARK: Values

    private static let types = ["ip", "ipv4", "ipv6", "integer", "string", "binary"]

    private mutating func readType() throws(ExpressionMistake) {
        let word = try argument("a type")
        switch word {
        case "ip", "ipv4": keyType = .ipv4
        case "ipv6": keyType = .ipv6
        case "integer": keyType = .integer
        case "string": keyType = .string(length: try readLength(default: 31))
        case "binary": keyType = .binary(length: try readLength(default: 32))
        default:
            throw wrong(
                "unknown type '\(word)'", suggestion: Spelling.nearest(to: word, among: Self.types))
        }
    }

    /// A length, or what HAProxy takes without one: 32 bytes, of which a string's end is one.
    private mutating func readLength(default length: Int) throws(ExpressionMistake) -> Int {
        guard position < words.count, words[position] == "len" else {
            return length
        }
        position += 1
        let word = try argument("a number of bytes")
        guard case .success(let length) = Units.integer(word), length >= 1,
            length <= StickKeyType.longestLength
        else {
            throw wrong(
                "a key has 1 to \(StickKeyType.longestLength) bytes, found '\(word)'")
        }
        return length
    }

    private mutating func readSize() throws(ExpressionMistake) -> Int {
        let word = try argument("a number of entries")
        switch Units.size(word) {
        case .success(let size) where size >= 1 && size <= StickTableConfiguration.largestSize:
            return size
        case .failure(.unexpected):
            throw wrong("a size is a number with a unit (k, m, g), found '\(word)'")
        default:
            throw wrong(
                "a table has 1 to \(StickTableConfiguration.largestSize) entries, found '\(word)'")
        }
    }

    private mutating func readExpire() throws(ExpressionMistake) -> Int {
        let word = try argument("a time")
        switch Units.milliseconds(word) {
        case .success(let time): return time
        case .failure(.tooLarge):
            throw wrong(
                "entries live for \(Units.longestMilliseconds) milliseconds at most (about 24.8 "
                    + "days), found '\(word)'")
        case .failure:
            throw wrong("a time is a number with a unit (us, ms, s, m, h, d), found '\(word)'")
        }
    }

    private mutating func readServerKey() throws(ExpressionMistake)
        -> StickTableConfiguration
        .ServerKey
    {
        let word = try argument("'name' or 'addr'")
        guard let key = StickTableConfiguration.ServerKey(rawValue: word) else {
            throw wrong("'srvkey' takes 'name' or 'addr', found '\(word)'")
        }
        return key
    }

    private mutating func readFactor() throws(ExpressionMistake) -> Int {
        let word = try argument("a number")
        guard case .success(let factor) = Units.integer(word), factor >= 1, factor <= 1024 else {
            throw wrong("'brates-factor' is a number from 1 to 1024, found '\(word)'")
        }
        return factor
    }

    // MARK: Words

    private mutating func argument(_ what: String) throws(ExpressionMistake) -> String {
        guard position < words.count else {
            throw missing("'\(words[position - 1])' expects \(what)")
        }
        position += 1
        return words[position - 1]
    }

    /// A mistake in the word that was read last.
    private func wrong(_ text: String, suggestion: String? = nil) -> ExpressionMistake {
        ExpressionMistake(
            word: position - 1, offset: 0, length: words[position - 1].utf8.count, text,
            suggestion: suggestion)
    }

    /// A mistake behind the last word.
    private func missing(_ text: String) -> ExpressionMistake {
        ExpressionMistake(word: words.count, offset: 0, length: 0, text)
    }
}

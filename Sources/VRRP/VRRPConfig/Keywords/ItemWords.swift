// The words of one address, route or rule, taken from the front, with the messages that go with
// them.

import Addresses
import ConfigLanguage

/// Words that are taken one after the other.
struct ItemWords {
    /// Why a line is left out.
    struct Mistake: Error {
        let text: String
        let suggestion: String?

        /// A reason in the words of a message.
        init(_ text: String, suggestion: String? = nil) {
            self.text = text
            self.suggestion = suggestion
        }

        /// An option that is not known, or is not for the place where it stands.
        static func unknown(_ option: String, _ what: String, among known: [String]) -> Mistake {
            if known.contains(option) {
                return Mistake("'\(option)' is no option of \(what) at this place")
            }
            return Mistake(
                "'\(option)' is no option of \(what)",
                suggestion: Spelling.nearest(to: option, among: known))
        }
    }

    private var words: ArraySlice<String>
    /// The option that is being read.
    private(set) var option = ""

    /// The words of a line.
    init(_ words: [String]) { self.words = words[...] }

    /// The next word without taking it.
    var next: String? { words.first }

    /// Takes the next word as an option; nil at the end.
    mutating func takeOption() -> String? {
        guard let word = words.popFirst() else { return nil }
        option = word
        return word
    }

    /// Takes the next word if it is this one.
    mutating func take(_ word: String) -> Bool {
        guard words.first == word else { return false }
        words.removeFirst()
        return true
    }

    /// Takes every word that is left.
    mutating func takeRest() -> [String] {
        defer { words = [] }
        return Array(words)
    }

    /// Takes the word behind the option.
    mutating func takeWord(_ expected: String = "a value") throws(Mistake) -> String {
        guard let word = words.popFirst(), !word.isEmpty else {
            throw Mistake("'\(option)' expects \(expected)")
        }
        return word
    }

    /// Takes a word that a function understands.
    mutating func take<Value>(
        _ expected: String, _ parse: (String) -> Value?
    ) throws(Mistake) -> Value {
        let word = try takeWord(expected)
        guard let value = parse(word) else {
            throw Mistake("'\(option)' expects \(expected), found '\(word)'")
        }
        return value
    }

    /// Takes an address.
    mutating func takeAddress() throws(Mistake) -> IPAddress {
        try take("an address") { IPAddress($0) }
    }

    /// Takes a prefix; `any`, `all` and `default` are of length 0.
    mutating func takePrefix(_ family: IPAddress.Family) throws(Mistake) -> Prefix {
        try take("a network") { parsePrefix($0, family) }
    }

    /// Takes a number.
    mutating func takeNumber(_ range: ClosedRange<UInt64>) throws(Mistake) -> UInt64 {
        try take("a number from \(range.lowerBound) to \(range.upperBound)") { word in
            Numbers.unsigned(word).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Takes a number or a name of iproute2.
    mutating func takeName(
        _ kind: RouteNames.Kind, atMost limit: UInt32, _ names: inout RouteNames
    ) throws(Mistake) -> UInt32 {
        let word = try takeWord("a number or name of \(kind.rawValue)")
        guard let number = names.number(word, kind, atMost: limit) else {
            throw Mistake(
                "'\(option)' expects a number or name of \(kind.rawValue), found '\(word)'")
        }
        return number
    }

    /// Takes `[SOURCE/]DESTINATION` realms.
    mutating func takeRealms(_ names: inout RouteNames) throws(Mistake) -> UInt32 {
        let word = try takeWord("realms")
        let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let numbers = parts.compactMap { names.number($0, .realms, atMost: 65535) }
        guard numbers.count == parts.count, parts.count <= 2 else {
            throw Mistake("'\(option)' expects realms, found '\(word)'")
        }
        return numbers.count == 2 ? numbers[0] << 16 | numbers[1] : numbers[0]
    }
}

/// A network whose host bits may be set; `default`, `any` and `all` are everything.
func parsePrefix(_ text: String, _ family: IPAddress.Family) -> Prefix? {
    if text == "default" || text == "any" || text == "all" {
        return Prefix(family == .v4 ? .anyV4 : .anyV6, length: 0)
    }
    return Prefix(text)
}

/// An address with the length behind its slash; nil length when none is written.
func parseInterfaceAddress(_ text: String) -> (address: IPAddress, length: UInt8?)? {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(parts[0]) else { return nil }
    guard parts.count == 2 else { return (address, nil) }
    guard let prefix = Prefix(text) else { return nil }
    return (address, prefix.length)
}

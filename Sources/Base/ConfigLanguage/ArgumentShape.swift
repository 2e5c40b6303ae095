// The shapes arguments can have. A keyword's row lists them; checking, converting and the messages
// about wrong arguments follow from the list alone.

/// What one argument of a keyword looks like.
public struct ArgumentShape: Sendable {
    /// How the words are read.
    public enum Kind: Sendable {
        /// Any single word.
        case word
        /// Every word that is left, unread.
        case rest
        /// A whole number in a range.
        case integer(ClosedRange<Int>)
        /// A time in milliseconds, or whole seconds for keywords that count in seconds.
        case milliseconds(unit: Units.TimeUnit)
        /// A time in seconds.
        case seconds
        /// A size in bytes in a range.
        case size(ClosedRange<Int>)
        /// One of several words.
        case choice([String])
        /// `on` or `off`.
        case onOff
        /// A literal word followed by any word; both may be absent.
        case tagged(String)
    }

    /// How the words are read.
    public let kind: Kind
    /// What a manual calls it, such as `<name>`.
    public let label: String
    /// Whether it may be absent.
    public let isOptional: Bool

    /// The same shape, allowed to be absent.
    public var optional: ArgumentShape {
        ArgumentShape(kind: kind, label: label, isOptional: true)
    }

    /// Any single word, called `label` in messages.
    public static func word(_ label: String) -> ArgumentShape {
        ArgumentShape(kind: .word, label: label, isOptional: false)
    }

    /// Every word that is left; the function of the row reads them.
    public static func rest(_ label: String) -> ArgumentShape {
        ArgumentShape(kind: .rest, label: label, isOptional: true)
    }

    /// A whole number in a range.
    public static func integer(_ range: ClosedRange<Int>) -> ArgumentShape {
        ArgumentShape(kind: .integer(range), label: "<number>", isOptional: false)
    }

    /// A whole number that is not negative and fits 31 bits.
    public static let count = integer(0...Int(Int32.max))

    /// A time whose unit is milliseconds when none is written.
    public static let time = ArgumentShape(
        kind: .milliseconds(unit: .milliseconds), label: "<time>", isOptional: false)

    /// A time kept in milliseconds whose unit is seconds when none is written.
    public static let longTime = ArgumentShape(
        kind: .milliseconds(unit: .seconds), label: "<time>", isOptional: false)

    /// A time kept in seconds whose unit is seconds when none is written.
    public static let seconds = ArgumentShape(kind: .seconds, label: "<time>", isOptional: false)

    /// A size in bytes in a range.
    public static func size(_ range: ClosedRange<Int>) -> ArgumentShape {
        ArgumentShape(kind: .size(range), label: "<size>", isOptional: false)
    }

    /// One of several words.
    public static func choice(_ words: String...) -> ArgumentShape {
        ArgumentShape(kind: .choice(words), label: words.joined(separator: "|"), isOptional: false)
    }

    /// `on` or `off`.
    public static let onOff = ArgumentShape(kind: .onOff, label: "on|off", isOptional: false)

    /// `literal <word>`, or nothing.
    public static func tagged(_ literal: String) -> ArgumentShape {
        ArgumentShape(kind: .tagged(literal), label: "\(literal) <value>", isOptional: true)
    }

    /// The shape in a manual's notation: brackets around what may be absent.
    public var notation: String { isOptional ? "[\(label)]" : label }

    /// What a message says was expected.
    var expectation: String {
        switch kind {
        case .word: label.hasPrefix("<") ? "\(label) as argument" : label
        case .rest: label
        case .integer(0...Int(Int32.max)): "an integer argument"
        case .integer(let range): "an integer between \(range.lowerBound) and \(range.upperBound)"
        case .milliseconds(.milliseconds):
            "a time (in milliseconds unless a unit us, ms, s, m, h, d follows)"
        case .milliseconds, .seconds: "a time (in seconds unless a unit us, ms, s, m, h, d follows)"
        case .size(let range) where range.upperBound >= 1 << 53:
            "a size (in bytes unless a unit k, m, g follows)"
        case .size(let range):
            "a size between \(range.lowerBound) and \(range.upperBound) bytes"
        case .choice(let words): list(words)
        case .onOff: "'on' or 'off'"
        case .tagged(let literal): "a word behind '\(literal)'"
        }
    }
}

/// `'a', 'b' or 'c'`.
func list(_ words: [String]) -> String {
    let quoted = words.map { "'\($0)'" }
    guard quoted.count > 1 else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " or " + quoted[quoted.count - 1]
}

/// An argument after reading it by its shape.
public enum ArgumentValue: Hashable, Sendable {
    /// A word or one of several words.
    case word(String)
    /// A number, a time or a size.
    case number(Int)
    /// `on` or `off`.
    case isOn(Bool)
}

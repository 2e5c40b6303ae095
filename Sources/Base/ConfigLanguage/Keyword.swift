// One row per keyword: its name, where it may stand, what it takes, one sentence of manual, whether
// it works, and the function that puts it into the configuration being built.

/// Kinds of sections, as a set.
public struct SectionSet: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Sections from bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `global`.
    public static let global = SectionSet(rawValue: 1)
    /// `defaults`.
    public static let defaults = SectionSet(rawValue: 2)
    /// `frontend`.
    public static let frontend = SectionSet(rawValue: 4)
    /// `backend`.
    public static let backend = SectionSet(rawValue: 8)
    /// `listen`.
    public static let listen = SectionSet(rawValue: 16)
    /// `ring`.
    public static let ring = SectionSet(rawValue: 32)
    /// `userlist`.
    public static let userList = SectionSet(rawValue: 64)
    /// Every section that describes proxies.
    public static let proxies: SectionSet = [.defaults, .frontend, .backend, .listen]
    /// Where clients are served.
    public static let clientSide: SectionSet = [.defaults, .frontend, .listen]
    /// Where servers are used.
    public static let serverSide: SectionSet = [.defaults, .backend, .listen]

    /// The names of the sections in the order of the manual.
    public var names: [String] {
        let all: [(SectionSet, String)] = [
            (.global, "global"), (.defaults, "defaults"), (.frontend, "frontend"),
            (.backend, "backend"), (.listen, "listen"), (.ring, "ring"),
            (.userList, "userlist"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

/// A keyword and everything there is to know about it.
public struct Keyword<Builder>: Sendable {
    /// Puts the keyword into what is being built.
    public typealias Apply =
        @Sendable (inout Builder, KeywordArguments, inout Diagnostics) -> Void

    /// Whether the keyword works.
    public enum Status: Hashable, Sendable {
        /// It does what the manual says.
        case supported
        /// It is read and checked, and changes nothing, for a reason.
        case acceptedWithoutEffect(String)
        /// It is known and refused until it works.
        case notYet
        /// It is known and will not work; the advice says what to write instead.
        case refused(String)
    }

    /// Which words may stand before the keyword.
    public struct Prefixes: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// Prefixes from bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `no`.
        public static var no: Prefixes { Prefixes(rawValue: 1) }
        /// `default`.
        public static var byDefault: Prefixes { Prefixes(rawValue: 2) }
        /// Both, as nearly every `option` allows.
        public static var both: Prefixes { [.no, .byDefault] }
    }

    /// What happens in a section of proxies where the keyword has no meaning.
    public enum Elsewhere: Hashable, Sendable {
        /// It is a mistake.
        case refused
        /// It is checked, warned about and ignored.
        case ignored
    }

    /// The keyword: one word, or several with single blanks. A last word that ends with `()` stands
    /// for every spelling with something in the parentheses.
    public let name: String
    /// Where it may stand.
    public let sections: SectionSet
    /// What it takes, in order.
    public let arguments: [ArgumentShape]
    /// What may stand before it.
    public let prefixes: Prefixes
    /// One sentence of manual.
    public let summary: String
    /// Whether it works.
    public let status: Status
    /// What happens in a frontend or backend that `sections` does not hold.
    public let elsewhere: Elsewhere
    /// Puts it into what is being built.
    public let apply: Apply

    /// A row that works.
    public init(
        _ name: String, _ sections: SectionSet, takes arguments: [ArgumentShape] = [],
        prefixes: Prefixes = [], elsewhere: Elsewhere = .refused, _ summary: String,
        apply: @escaping Apply
    ) {
        self.init(
            name, sections, arguments, prefixes, summary, .supported, elsewhere: elsewhere, apply)
    }

    /// A row that is read and changes nothing.
    public static func withoutEffect(
        _ name: String, _ sections: SectionSet, takes arguments: [ArgumentShape] = [],
        prefixes: Prefixes = [], elsewhere: Elsewhere = .refused, _ summary: String,
        reason: String
    ) -> Keyword {
        Keyword(
            name, sections, arguments, prefixes, summary, .acceptedWithoutEffect(reason),
            elsewhere: elsewhere
        ) { _, _, _ in }
    }

    /// A row that is known and refused until it works.
    public static func notYet(
        _ name: String, _ sections: SectionSet, prefixes: Prefixes = [], _ summary: String
    ) -> Keyword {
        Keyword(name, sections, [.rest("...")], prefixes, summary, .notYet) { _, _, _ in }
    }

    /// A row that is known and will not work.
    public static func refused(
        _ name: String, _ sections: SectionSet, _ summary: String, advice: String
    ) -> Keyword {
        Keyword(name, sections, [.rest("...")], [], summary, .refused(advice)) { _, _, _ in }
    }

    private init(
        _ name: String, _ sections: SectionSet, _ arguments: [ArgumentShape],
        _ prefixes: Prefixes, _ summary: String, _ status: Status,
        elsewhere: Elsewhere = .refused, _ apply: @escaping Apply
    ) {
        self.name = name
        self.sections = sections
        self.arguments = arguments
        self.prefixes = prefixes
        self.summary = summary
        self.status = status
        self.elsewhere = elsewhere
        self.apply = apply
    }

    /// Name and arguments in a manual's notation.
    public var notation: String {
        ([name] + arguments.map(\.notation)).joined(separator: " ")
    }
}

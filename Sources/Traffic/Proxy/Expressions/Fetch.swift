// The contract of sample fetches: one row says the name, the type, the arguments, what has to be
// there, the manual's sentence and the function. Families of rows are in `Features/Fetches`.

import HTTP
import Samples

/// What a fetch keeps between calls for the further values of one evaluation.
public struct FetchState: BitwiseCopyable, Sendable {
    /// Where the next value is looked for; the function gives it its meaning.
    public var position = 0
    /// How many values there were.
    public var count = 0
    /// There is no value yet, but bytes that still come may bring it.
    public var isIncomplete = false
    /// How an access list compares the values, all of which it asks for one by one; nil where one
    /// value is wanted.
    public var comparison: MatchMethod?
    /// How far the cookies of a field are read.
    public var cookies = Cookies.Cursor()
    /// Bytes of the scratch that further calls read again; set by the first of them.
    public var kept: Sample?

    /// Whether all values are asked for, one by one.
    @inlinable public var isIterating: Bool { comparison != nil }

    /// The first call of an evaluation.
    @inlinable
    public init(comparedBy comparison: MatchMethod? = nil) { self.comparison = comparison }
}

/// Takes a sample from a stream or from the process.
public struct Fetch: Sendable {
    /// Makes the sample; nil where there is none.
    ///
    /// A function whose sample has the flag `hasMore` may be called again with the same state for
    /// the next value. One that returns nil and sets `state.isIncomplete` says that bytes which
    /// are still to come may bring a value. Functions allocate nothing and capture nothing.
    public typealias Function =
        @Sendable (
            _ subject: Subject, _ arguments: ConverterArguments, _ state: inout FetchState,
            _ scratch: inout SampleScratch
        ) -> Sample?

    /// How far a fetch can be used.
    public typealias Status = Converter.Status

    /// What the configuration calls it.
    public let name: String
    /// What it gives; `any` when that varies.
    public let output: SampleType
    /// Its arguments, those that may be left out last.
    public let shapes: [ConverterArgumentShape]
    /// What it reads.
    public let needs: FetchNeeds
    /// What an access list compares it by when nothing else is said; nil lets the type decide.
    public let method: MatchMethod?
    /// Its patterns are versions such as `1.1`.
    public let readsVersions: Bool
    /// Access lists may use its name with `_beg`, `_dir`, `_dom`, `_end`, `_len`, `_reg`, `_sub`.
    public let hasDerivatives: Bool
    /// Only access lists can use it; there it goes before a fetch of the same name.
    public let isForListsOnly: Bool
    /// One sentence of manual.
    public let sentence: String
    /// How far it can be used.
    public let status: Status
    /// What is done with its arguments at load.
    public let prepare: Converter.Preparation?
    /// What it does.
    public let apply: Function
    /// Whether it gives the same as long as no rule has changed anything, and changes nothing.
    public private(set) var isSteady = false

    /// A row.
    public init(
        _ name: String, _ output: SampleType, takes shapes: [ConverterArgumentShape] = [],
        needs: FetchNeeds = [], comparedBy method: MatchMethod? = nil, readsVersions: Bool = false,
        hasDerivatives: Bool = false, isForListsOnly: Bool = false, _ sentence: String,
        prepare: Converter.Preparation? = nil, _ apply: @escaping Function
    ) {
        self.name = name
        self.output = output
        self.shapes = shapes
        self.needs = needs
        self.method = method
        self.readsVersions = readsVersions
        self.hasDerivatives = hasDerivatives
        self.isForListsOnly = isForListsOnly
        self.sentence = sentence
        self.prepare = prepare
        self.apply = apply
        status = .supported
    }

    /// A row that cannot be used, and why.
    public init(_ name: String, _ output: SampleType, _ sentence: String, _ status: Status) {
        self.name = name
        self.output = output
        shapes = []
        needs = []
        method = nil
        readsVersions = false
        hasDerivatives = false
        isForListsOnly = false
        self.sentence = sentence
        prepare = nil
        apply = { _, _, _, _ in nil }
        self.status = status
    }

    /// The same fetch under another name.
    ///
    /// - Parameters:
    ///   - hasDerivatives: whether access lists may use the name with `_beg` and its kin.
    ///   - isForListsOnly: whether only access lists can use the name.
    public func alias(
        _ name: String, hasDerivatives: Bool? = nil, isForListsOnly: Bool? = nil
    ) -> Fetch {
        Fetch(
            name, output, takes: shapes, needs: needs, comparedBy: method,
            readsVersions: readsVersions, hasDerivatives: hasDerivatives ?? self.hasDerivatives,
            isForListsOnly: isForListsOnly ?? self.isForListsOnly,
            "Is another name of \(self.name).", prepare: prepare, apply
        ).steady(isSteady)
    }

    /// The row, marked as one that gives the same until a rule changes something.
    public func steady(_ isSteady: Bool = true) -> Fetch {
        var row = self
        row.isSteady = isSteady
        return row
    }

    /// The name with its arguments in the manual's notation.
    public var notation: String { name + ConverterArgumentShape.notation(of: shapes) }
}

/// Rows that belong together.
public struct FetchFamily: Sendable {
    /// What the family is called in manuals.
    public let name: String
    /// The rows in the manual's order.
    public let rows: [Fetch]

    /// A family from its rows.
    ///
    /// - Parameter areSteady: whether all rows give the same until a rule changes something.
    public init(_ name: String, areSteady: Bool = false, _ rows: [Fetch]) {
        self.name = name
        self.rows = areSteady ? rows.map { $0.steady() } : rows
    }
}

/// All fetches by name.
public struct FetchCatalog: Sendable {
    /// The families in their order.
    public let families: [FetchFamily]
    private let byName: [String: Fetch]
    private let forLists: [String: Fetch]

    /// A catalog of families; traps when two rows of one kind have one name.
    public init(_ families: [FetchFamily]) {
        self.families = families
        let rows = families.flatMap(\.rows).map { ($0.name, $0) }
        byName = Dictionary(uniqueKeysWithValues: rows.filter { !$0.1.isForListsOnly })
        forLists = Dictionary(uniqueKeysWithValues: rows.filter { $0.1.isForListsOnly })
    }

    /// The row with that name; those for access lists only do not count.
    public subscript(name: String) -> Fetch? { byName[name] }

    /// The names of all rows but those for access lists only, in the families' order.
    public var names: [String] {
        families.flatMap(\.rows).filter { !$0.isForListsOnly }.map(\.name)
    }

    private static let derivatives: [String: MatchMethod] = [
        "beg": .beg, "dir": .dir, "dom": .dom, "end": .end, "len": .len, "reg": .reg, "sub": .sub,
    ]

    /// The row and the method that an access list means by a name such as `path_beg`.
    public func criterion(_ name: String) -> (row: Fetch, method: MatchMethod?)? {
        if let row = forLists[name] ?? byName[name] { return (row, row.method) }
        guard let underscore = name.lastIndex(of: "_"),
            let method = Self.derivatives[String(name[name.index(after: underscore)...])]
        else { return nil }
        let stem = String(name[..<underscore])
        guard let row = forLists[stem] ?? byName[stem], row.hasDerivatives else { return nil }
        return (row, method)
    }

    /// Every name that an access list may use.
    public var criterionNames: [String] {
        families.flatMap(\.rows).flatMap { row in
            [row.name]
                + (row.hasDerivatives
                    ? Self.derivatives.keys.sorted().map { "\(row.name)_\($0)" } : [])
        }
    }
}

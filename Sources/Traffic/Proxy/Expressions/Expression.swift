// A compiled expression: a fetch and the converters behind it (configuration manual: sample
// expressions). Compiled at load, evaluated by workers without looking anything up.

import ConfigLanguage
import Samples

/// A fetch with its arguments and a chain of converters.
public final class Expression: Sendable {
    /// As it was written; of an access list's, with the name of the fetch for that of a derivative.
    public let text: String
    /// The row of its fetch.
    public let fetch: Fetch
    /// The converters behind the fetch.
    public let converters: CompiledConverters
    /// What it gives, as far as types say before it runs.
    public let type: SampleType
    let apply: Fetch.Function
    let arguments: ConverterArguments
    /// Whether its samples may be kept for further conditions until a rule changes something.
    let isSteady: Bool
    private let constants: ConstantBlock

    init(
        text: String, fetch: Fetch, arguments: [ConverterConstant?], type: SampleType,
        converters: CompiledConverters
    ) {
        self.text = text
        self.fetch = fetch
        self.converters = converters
        let constants = ConstantBlock()
        self.arguments = constants.place(arguments)
        self.constants = constants
        self.type = converters.output == .same ? type : converters.output
        apply = fetch.apply
        isSteady = fetch.isSteady && converters.isSteady
    }

    /// What its fetch reads.
    public var needs: FetchNeeds { fetch.needs }
}

/// All expressions of a configuration that access lists number.
public final class ExpressionTable: Sendable {
    /// By number.
    public let expressions: [Expression]

    /// The access lists that expressions name, by number.
    let listUses: [AccessListUse]

    /// A table of expressions.
    public init(_ expressions: [Expression] = [], listUses: [AccessListUse] = []) {
        self.expressions = expressions
        self.listUses = listUses
    }
}

/// Compiles the expressions of one configuration.
///
/// Safety: used by the thread that loads, and by none other.
public final class ExpressionCompiler: @unchecked Sendable {
    /// All fetches.
    public let fetches: FetchCatalog
    /// All converters.
    public let converters: ConverterCatalog
    /// All aliases of log formats.
    public let aliases: LogAliasCatalog
    /// Answers the questions of arguments.
    public let loading: ExpressionLoading
    /// What expressions refer to by name and is found once all sections are read.
    public let references: References
    /// Lists of patterns.
    public let patterns: PatternStore
    private var numbered: [Expression] = []
    /// The numbers of those whose samples are kept, by what they read.
    private var steady: [String: Int] = [:]
    /// What formats of rules want to be kept of streams.
    public internal(set) var formatNeeds: LogNeeds = []
    /// What was said that is no mistake, with its place; whoever reports it takes it away.
    public private(set) var warnings: [ExpressionMistake] = []

    /// A compiler with catalogs and the answers of one load.
    public init(
        fetches: FetchCatalog, converters: ConverterCatalog, aliases: LogAliasCatalog,
        variables: VariableNames, patterns: PatternStore,
        readFile: @escaping @Sendable (String) -> [UInt8]?
    ) {
        self.fetches = fetches
        self.converters = converters
        self.aliases = aliases
        self.patterns = patterns
        references = References()
        var loading = ExpressionLoading(
            variables: { try? variables.reference(to: $0) }, readFile: readFile,
            patterns: patterns)
        loading.references = references
        let references = references
        loading.sinks = { references.sink($0) }
        loading.accessLists = { references.use(lists: [$0])?.number }
        self.loading = loading
    }

    /// The expressions that access lists have numbered.
    public func finish() -> ExpressionTable {
        ExpressionTable(numbered, listUses: references.listUses)
    }

    /// Remembers what a format wants to be kept.
    func note(_ needs: LogNeeds) { formatNeeds.formUnion(needs) }

    /// Says something that is no mistake.
    func warn(_ warning: ExpressionMistake) { warnings.append(warning) }

    /// The warnings so far, which are then forgotten.
    public func takeWarnings() -> [ExpressionMistake] {
        defer { warnings = [] }
        return warnings
    }

    /// Reads one expression: a fetch and its converters.
    ///
    /// The reader then stands at the first word that is not part of it.
    public func expression(
        _ reader: inout ExpressionReader, in place: ExpressionPlace
    ) throws(ExpressionMistake) -> Expression {
        let call = try reader.readFetch()
        guard let row = fetches[call.name] else {
            throw unknown(call, forLists: false)
        }
        try check(row, call, place)
        return try compile(call, row, &reader)
    }

    /// Compiles the expression of an access list that begins at a word.
    public func criterion(
        _ words: [String], _ first: Int, _ place: ExpressionPlace?
    ) throws(ExpressionMistake) -> Criterion {
        var reader = ExpressionReader(words: words, from: first)
        let call = try reader.readFetch()
        guard let (row, method) = fetches.criterion(call.name) else {
            throw unknown(call, forLists: true)
        }
        if let place { try check(row, call, place) }
        let expression = try compile(call, row, &reader, isCriterion: true)
        let number = number(expression, call)
        let isBare = expression.converters.isEmpty
        // The list behind the expression was named just now.
        let users = isBare && method == .group ? references.userLists.last : nil
        var notePattern: (@Sendable (String) -> Void)?
        if let users { notePattern = { users.groups.append($0) } }
        // Converters make another value of it, to which the fetch's own way does not apply, and
        // neither does that of a derivative such as `path_beg`: the type of the last one decides.
        return Criterion(
            expression: number, type: expression.type, name: call.name,
            method: isBare ? method : nil,
            readsVersions: isBare && row.readsVersions,
            wordCount: max(1, reader.nextWord - first),
            notePattern: notePattern)
    }

    /// Numbers an expression; those that read the same of a head share a number.
    private func number(_ expression: Expression, _ call: ExpressionCall) -> Int {
        guard expression.isSteady else {
            numbered.append(expression)
            return numbered.count - 1
        }
        let arguments = call.arguments.map { String(decoding: $0.text, as: UTF8.self) }
        var parts = [expression.fetch.name] + arguments
        if !expression.converters.isEmpty { parts.append(expression.text) }
        let key = parts.joined(separator: "\0")
        if let known = steady[key] { return known }
        numbered.append(expression)
        steady[key] = numbered.count - 1
        return numbered.count - 1
    }

    /// The needs of a numbered expression.
    public func needs(of number: Int) -> FetchNeeds { numbered[number].needs }

    /// A numbered expression.
    public func expression(numbered number: Int) -> Expression { numbered[number] }

    private func unknown(_ call: ExpressionCall, forLists: Bool) -> ExpressionMistake {
        let names = forLists ? fetches.criterionNames : fetches.names
        return call.mistake(
            "unknown sample fetch '\(call.name)'",
            suggestion: Spelling.nearest(to: call.name, among: names))
    }

    private func check(
        _ row: Fetch, _ call: ExpressionCall, _ place: ExpressionPlace
    ) throws(ExpressionMistake) {
        let missing = place.missing(of: row.needs)
        if missing.isEmpty { return }
        throw call.mistake(
            "sample fetch '\(row.name)' needs \(missing.names), which \(place.name) do not have")
    }

    private func compile(
        _ call: ExpressionCall, _ row: Fetch, _ reader: inout ExpressionReader,
        isCriterion: Bool = false
    ) throws(ExpressionMistake) -> Expression {
        switch row.status {
        case .supported: break
        case .notYet(let reason):
            throw call.mistake("sample fetch '\(row.name)' is not supported yet: \(reason)")
        case .refused(let advice):
            throw call.mistake("sample fetch '\(row.name)' is not supported: \(advice)")
        }
        if row.needs.contains(.requestLine) { note(.requestLine) }
        if row.needs.contains(.server) { references.readsServers = true }
        let title = "sample fetch '\(row.name)'"
        let (arguments, type) = try call.read(
            title, row.shapes, row.notation, row.prepare, row.output, loading)
        let chain = try CompiledConverters(
            &reader, after: title, of: type, in: converters, loading)
        var text = reader.text(since: call)
        // Tests that read the same share an expression: it has none of their derivatives.
        if isCriterion { text = row.name + text.dropFirst(call.name.count) }
        return Expression(
            text: text, fetch: row, arguments: arguments, type: type,
            converters: chain)
    }
}

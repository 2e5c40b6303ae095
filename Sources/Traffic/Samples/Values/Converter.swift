// The contract of converters: one row says the name, the types, the shapes of arguments, the
// manual's sentence and the function. Families of rows are in `Converters/` and `Maps/`.

/// Turns one sample into another.
public struct Converter: Sendable {
    /// Changes the sample in place; false means that there is no sample any more.
    ///
    /// Where bytes that are still to come could change that, the sample's flags say so
    /// (`mayChange`), also with false.
    ///
    /// The sample has the row's input type, or for `.any` and `.address` one that fits. Functions
    /// allocate nothing and capture nothing.
    public typealias Function =
        @Sendable (
            _ sample: inout Sample, _ arguments: ConverterArguments,
            _ scratch: inout SampleScratch, _ environment: ConverterEnvironment
        ) -> Bool

    /// Checks arguments at load beyond their shapes and may replace them by what was made of them.
    ///
    /// Returns the type the converter gives with these arguments, or nil for the row's.
    public typealias Preparation =
        @Sendable (
            _ arguments: inout [ConverterConstant?], _ loading: ExpressionLoading
        ) throws(ArgumentMistake) -> SampleType?

    /// How far a converter can be used.
    public enum Status: Sendable {
        /// It works.
        case supported
        /// Its floor is not built yet; the text says which.
        case notYet(String)
        /// It stays out; the text gives advice.
        case refused(String)
    }

    /// What the configuration calls it.
    public let name: String
    /// What it takes; samples of other types are cast.
    public let input: SampleType
    /// What it gives; `any` when that varies, `same` when it gives what it takes.
    public let output: SampleType
    /// Its arguments, those that may be left out last.
    public let shapes: [ConverterArgumentShape]
    /// One sentence of manual.
    public let sentence: String
    /// How far it can be used.
    public let status: Status
    /// What it does.
    public let apply: Function
    /// What is done with its arguments at load.
    public let prepare: Preparation?
    /// Whether it looks at nothing but the sample and its arguments, and changes nothing.
    public private(set) var isSteady = false

    /// A row.
    public init(
        _ name: String, _ input: SampleType, to output: SampleType,
        takes shapes: [ConverterArgumentShape] = [], _ sentence: String,
        prepare: Preparation? = nil, _ apply: @escaping Function
    ) {
        self.name = name
        self.input = input
        self.output = output
        self.shapes = shapes
        self.sentence = sentence
        self.status = .supported
        self.apply = apply
        self.prepare = prepare
    }

    /// A row that cannot be used, and why.
    public init(
        _ name: String, _ input: SampleType, to output: SampleType, _ sentence: String,
        _ status: Status
    ) {
        self.name = name
        self.input = input
        self.output = output
        self.shapes = []
        self.sentence = sentence
        self.status = status
        self.apply = { _, _, _, _ in false }
        self.prepare = nil
    }

    /// The row, marked as one that looks at nothing but the sample and its arguments.
    func steady() -> Converter {
        var row = self
        row.isSteady = true
        return row
    }

    /// The name with its arguments in the manual's notation, such as
    /// `field(index,delimiters[,count])`.
    public var notation: String { name + ConverterArgumentShape.notation(of: shapes) }
}

extension ConverterArgumentShape {
    /// The arguments of a row in the manual's notation, parentheses included.
    public static func notation(of shapes: [ConverterArgumentShape]) -> String {
        if shapes.isEmpty { return "" }
        var text = ""
        for (index, shape) in shapes.enumerated() {
            let comma = index == 0 ? "" : ","
            text += shape.isOptional ? "[\(comma)\(shape.label)" : "\(comma)\(shape.label)"
        }
        text += String(repeating: "]", count: shapes.filter(\.isOptional).count)
        return "(\(text))"
    }
}

/// Rows that belong together.
public struct ConverterFamily: Sendable {
    /// What the family is called in manuals.
    public let name: String
    /// The rows in the manual's order.
    public let rows: [Converter]

    /// A family from its rows.
    ///
    /// - Parameter areSteady: whether all rows look at nothing but the sample and their arguments,
    ///   and change nothing.
    public init(_ name: String, areSteady: Bool = false, _ rows: [Converter]) {
        self.name = name
        self.rows = areSteady ? rows.map { $0.steady() } : rows
    }
}

/// All converters by name.
public struct ConverterCatalog: Sendable {
    /// The families in their order.
    public let families: [ConverterFamily]
    private let byName: [String: Converter]

    /// A catalog of families; traps when two rows have one name.
    public init(_ families: [ConverterFamily]) {
        self.families = families
        byName = Dictionary(
            uniqueKeysWithValues: families.flatMap(\.rows).map { ($0.name, $0) })
    }

    /// The row with that name.
    public subscript(name: String) -> Converter? { byName[name] }

    /// All names, in the families' order.
    public var names: [String] { families.flatMap(\.rows).map(\.name) }
}

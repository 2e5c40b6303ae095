// Chains of converters, compiled once at load: names are found, arguments read, types checked.
// What is left for run time is a loop over functions.

import ConfigLanguage

/// A chain of converters ready to run.
public struct CompiledConverters: Sendable {
    /// One converter with its arguments.
    struct Step: Sendable {
        let input: SampleType
        let apply: Converter.Function
        let arguments: ConverterArguments
    }

    private let steps: [Step]
    private let constants: ConstantBlock
    /// The rows in their order, to explain an evaluation.
    public let rows: [Converter]
    /// What the chain gives, as far as types say before it runs; `any` when that varies.
    public let output: SampleType

    /// Whether the chain gives the same for the same sample, whatever else may have changed.
    public let isSteady: Bool

    /// Whether the chain changes nothing.
    public var isEmpty: Bool { steps.isEmpty }

    /// Runs the chain; false when there is no sample any more.
    ///
    /// - Parameter mark: behind it the scratch has nothing but what the sample was made of, which
    ///   goes where room gets short.
    public func apply(
        to sample: inout Sample, from mark: Int, _ scratch: inout SampleScratch,
        _ environment: ConverterEnvironment
    ) -> Bool {
        let steps = steps.span
        for index in 0..<steps.count {
            if scratch.isShort { scratch.keep(&sample, from: mark) }
            guard scratch.cast(&sample, to: steps[index].input),
                steps[index].apply(
                    &sample, steps[index].arguments, &scratch, environment)
            else { return false }
        }
        return true
    }

    /// Compiles what follows a fetch of type `input`, named as messages should call it.
    ///
    /// Reads calls until the chain ends; the reader then stands at the first word that is not part
    /// of it.
    public init(
        _ reader: inout ExpressionReader, after source: String, of input: SampleType,
        in catalog: ConverterCatalog, _ loading: ExpressionLoading
    ) throws(ExpressionMistake) {
        var type = input
        var source = source
        var steps: [Step] = []
        var rows: [Converter] = []
        var isSteady = true
        let constants = ConstantBlock()
        while let call = try reader.readConverter(isKnown: { catalog[$0] != nil }) {
            let row = try Self.row(of: call, in: catalog)
            guard type.canBecome(row.input) else {
                throw call.mistake(
                    "converter '\(row.name)' takes \(row.input.name), \(source) gives \(type.name)")
            }
            let (values, output) = try Self.arguments(of: call, row, loading)
            steps.append(
                Step(input: row.input, apply: row.apply, arguments: constants.place(values)))
            rows.append(row)
            isSteady = isSteady && row.isSteady && !values.contains { $0?.isVariable ?? false }
            if output != .same { type = output }
            source = "converter '\(row.name)'"
        }
        self.steps = steps
        self.rows = rows
        self.isSteady = isSteady
        self.constants = constants
        self.output = type
    }

    private static func row(
        of call: ExpressionCall, in catalog: ConverterCatalog
    ) throws(ExpressionMistake) -> Converter {
        guard let row = catalog[call.name] else {
            throw call.mistake(
                "unknown converter '\(call.name)'",
                suggestion: Spelling.nearest(to: call.name, among: catalog.names))
        }
        switch row.status {
        case .supported: return row
        case .notYet(let reason):
            throw call.mistake("converter '\(row.name)' is not supported yet: \(reason)")
        case .refused(let advice):
            throw call.mistake("converter '\(row.name)' is not supported: \(advice)")
        }
    }

    private static func arguments(
        of call: ExpressionCall, _ row: Converter, _ loading: ExpressionLoading
    ) throws(ExpressionMistake) -> ([ConverterConstant?], SampleType) {
        try call.read(
            "converter '\(row.name)'", row.shapes, row.notation, row.prepare, row.output, loading)
    }
}

extension ExpressionCall {
    /// The arguments of a call by the shapes of its row, and the type that is then given.
    ///
    /// - Parameters:
    ///   - title: what messages begin with, such as `converter 'lower'`.
    ///   - notation: the name with its arguments, for messages.
    ///   - prepare: what is done with the arguments at load; nil for nothing.
    ///   - output: the type that the row gives.
    public func read(
        _ title: String, _ shapes: [ConverterArgumentShape], _ notation: String,
        _ prepare: Converter.Preparation?, _ output: SampleType, _ loading: ExpressionLoading
    ) throws(ExpressionMistake) -> ([ConverterConstant?], SampleType) {
        let intro = title + ": "
        if arguments.count > shapes.count {
            let limit =
                shapes.isEmpty ? "no arguments" : "at most \(shapes.count) arguments"
            throw mistake(
                argument: shapes.count, "\(intro)takes \(limit): \(notation)")
        }
        var values: [ConverterConstant?] = []
        for (index, shape) in shapes.enumerated() {
            guard index < arguments.count else {
                // Parentheses with nothing inside are an empty text.
                let isEmpty = index == 0 && hasParentheses
                if isEmpty, case .emptiableText = shape.kind {
                    values.append(.bytes([]))
                    continue
                }
                if shape.isOptional { break }
                if isEmpty, case .text = shape.kind {
                    values.append(.bytes([]))
                    continue
                }
                throw mistake(
                    argument: index,
                    "\(intro)<\(shape.label)>, \(shape.expectation), is missing: \(notation)")
            }
            let written = arguments[index]
            if written.text.isEmpty && !written.isQuoted && shape.skipsEmpty {
                values.append(nil)
                continue
            }
            do {
                values.append(try shape.read(written.text, loading))
            } catch {
                let found = String(decoding: written.text, as: UTF8.self)
                throw mistake(
                    argument: index,
                    "\(intro)<\(shape.label)> \(error.text), found '\(found)'",
                    suggestion: error.suggestion)
            }
        }
        guard let prepare else { return (values, output) }
        do {
            while values.count < shapes.count { values.append(nil) }
            var loading = loading
            loading.user = title
            let prepared = try prepare(&values, loading) ?? output
            return (values, prepared)
        } catch {
            throw mistake(
                argument: error.index ?? 0, intro + error.text, suggestion: error.suggestion)
        }
    }
}

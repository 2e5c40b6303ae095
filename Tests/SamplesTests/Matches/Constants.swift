// A compiler of expressions for tests: constants of every type, with converters behind them.

import Addresses
import Samples

/// Compiles `str(x)`, `int(n)`, `bool(n)`, `ipv4(a)`, `ipv6(a)`, `bin(hex)` and `method(x)`.
final class Constants {
    /// A constant and what is done with it.
    struct Expression {
        let sample: (inout SampleScratch) -> Sample
        let converters: CompiledConverters
    }

    private(set) var expressions: [Expression] = []
    private let loading: ExpressionLoading

    init(loading: ExpressionLoading = ExpressionLoading()) {
        self.loading = loading
    }

    func compile(_ words: [String], _ first: Int) throws(ExpressionMistake) -> Criterion {
        var reader = ExpressionReader(words: [words[first]])
        let call: ExpressionCall
        let converters: CompiledConverters
        let type: SampleType
        let sample: (inout SampleScratch) -> Sample
        do throws(ExpressionMistake) {
            call = try reader.readFetch()
            (type, sample) = try Self.constant(call)
            converters = try CompiledConverters(
                &reader, after: "'\(call.name)'", of: type, in: .standard, loading)
        } catch {
            throw ExpressionMistake(
                word: first, offset: error.offset, length: error.length, error.text,
                suggestion: error.suggestion)
        }
        expressions.append(Expression(sample: sample, converters: converters))
        return Criterion(
            expression: expressions.count - 1, type: converters.isEmpty ? type : converters.output,
            name: call.name, readsVersions: call.name == "version")
    }

    private static func constant(
        _ call: ExpressionCall
    ) throws(ExpressionMistake) -> (SampleType, (inout SampleScratch) -> Sample) {
        let bytes = call.arguments.first?.text ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        switch call.name {
        case "str": return (.string, { $0.copy(bytes.span)! })
        case "method": return (.method, { $0.copy(bytes.span, as: .method)! })
        case "int", "version", "nbsrv":
            return (.integer, { _ in .integer(Int64(text) ?? 0) })
        case "bool": return (.boolean, { _ in .boolean(text == "1") })
        case "always_true": return (.boolean, { _ in .boolean(true) })
        case "always_false": return (.boolean, { _ in .boolean(false) })
        case "ipv4", "ipv6":
            guard let address = IPAddress(text) else { break }
            return (call.name == "ipv4" ? .ipv4 : .ipv6, { _ in .address(address) })
        case "bin":
            let digits = Array(text)
            let data = stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)!
            }
            return (.binary, { $0.copy(data.span, as: .binary)! })
        default: break
        }
        throw call.mistake("unknown fetch '\(call.name)'")
    }

    /// What one test says of its constant.
    func result(
        of test: AccessTest, _ scratch: inout SampleScratch,
        _ expressions: inout RegularExpressionScratch
    ) -> TestResult {
        scratch.reset()
        let expression = self.expressions[test.expression]
        var sample = expression.sample(&scratch)
        let environment = ConverterEnvironment()
        guard expression.converters.apply(to: &sample, from: 0, &scratch, environment) else {
            return .fail
        }
        return test.matches(sample, &scratch, &expressions) ? .pass : .fail
    }

    /// The value of an expression as text; nil when there is none.
    func text(of expression: Int) -> String? {
        var scratch = SampleScratch()
        var sample = expressions[expression].sample(&scratch)
        let environment = ConverterEnvironment()
        guard
            expressions[expression].converters.apply(
                to: &sample, from: 0, &scratch, environment),
            scratch.cast(&sample, to: .string)
        else { return nil }
        let bytes = scratch.bytes(of: sample)
        return String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
    }

    /// Reads and evaluates a condition without `if`.
    static func evaluate(
        _ condition: String, files: [String: String] = [:], declaring lines: [String] = []
    ) throws -> Bool {
        let constants = Constants()
        let store = PatternStore(resolve: { _ in nil }) { path in
            files[path].map { .bytes(Array($0.utf8)) } ?? .missing
        }
        let lists = AccessLists(store: store, compile: constants.compile)
        for line in lines {
            try lists.declare(["acl"] + words(line), use: "test")
        }
        let read = try lists.condition(["if"] + words(condition), from: 0, use: "test")
        let table = lists.finish()
        var scratch = SampleScratch()
        var expressions = RegularExpressionScratch()
        return read.evaluate(in: table) { number in
            constants.result(of: table.tests[number], &scratch, &expressions)
        } == .pass
    }

    /// Cuts text at blanks.
    static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }
}

// Evaluates expressions whose fetches are literals, as the fetches of the product do for constants,
// with a small table of variables.

import Addresses
import ConfigLanguage
import Samples

/// Variables every test expression can use, the same that the reference configuration sets.
final class TestEnvironment: ConverterEnvironment {
    /// Names in the order of their numbers.
    static let names = [
        "txn.v", "txn.n", "txn.e", "txn.none", "txn.key", "txn.nonce", "txn.tag", "txn.alg",
    ]

    /// Expressions the reference configuration sets them to.
    static let settings = [
        "txn.v": "str(variable)", "txn.n": "int(3)", "txn.e": "str()",
        "txn.key": "str(Zm9vb2Zvb29mb29wZm9vbw==)", "txn.nonce": "str(MTIzNDU2Nzg5MDEy)",
        "txn.alg": "str(HS256)",
    ]

    private var values: [UInt32: (Sample, [UInt8])] = [:]

    override init() {
        super.init()
        now = 784_111_777_000_000
        var scratch = SampleScratch()
        for (name, expression) in Self.settings {
            var sample = try! TestExpression(expression).fetch(into: &scratch)!
            let number = UInt32(Self.names.firstIndex(of: name)!)
            keep(&sample, number, &scratch)
        }
    }

    private func keep(_ sample: inout Sample, _ slot: UInt32, _ scratch: inout SampleScratch) {
        var bytes: [UInt8] = []
        if sample.type.isBytes {
            let span = scratch.bytes(of: sample)
            for index in 0..<span.count { bytes.append(span[index]) }
        }
        values[slot] = (sample, bytes)
    }

    override func value(
        of variable: VariableReference, into scratch: inout SampleScratch
    ) -> Sample? {
        guard let (sample, bytes) = values[variable.slot] else { return nil }
        return sample.type.isBytes ? scratch.copy(bytes.span, as: sample.type) : sample
    }

    override func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch
    ) -> Bool {
        var bytes: [UInt8] = []
        if sample.type.isBytes {
            let span = scratch.bytes(of: sample)
            for index in 0..<span.count { bytes.append(span[index]) }
        }
        values[variable.slot] = (sample, bytes)
        return true
    }

    override func unset(_ variable: VariableReference) { values[variable.slot] = nil }
}

/// A literal and its converters.
struct TestExpression {
    let call: ExpressionCall
    let type: SampleType
    let converters: CompiledConverters
    let variable: UInt32?

    static let loading = ExpressionLoading(
        variables: { name in
            TestEnvironment.names.firstIndex(of: name)
                .map { VariableReference(scope: 2, slot: UInt32($0)) }
        },
        readFile: { testFile($0) })

    init(_ text: String) throws(ExpressionMistake) {
        var reader = ExpressionReader(words: [text])
        call = try reader.readFetch()
        let types: [String: SampleType] = [
            "str": .string, "int": .integer, "bool": .boolean, "ipv4": .ipv4, "ipv6": .ipv6,
            "bin": .binary, "method": .method, "var": .any,
        ]
        guard let type = types[call.name] else { throw call.mistake("unknown fetch") }
        self.type = type
        variable =
            call.name == "var"
            ? TestEnvironment.names.firstIndex(
                of: String(decoding: call.arguments[0].text, as: UTF8.self)
            ).map { UInt32($0) } : nil
        converters = try CompiledConverters(
            &reader, after: "fetch '\(call.name)'", of: type, in: .standard, Self.loading)
    }

    /// The literal as a sample.
    func fetch(into scratch: inout SampleScratch) -> Sample? {
        let bytes = call.arguments.first?.text ?? []
        let text = String(decoding: bytes, as: UTF8.self)
        switch call.name {
        case "str": return scratch.copy(bytes.span)
        case "int": return .integer(Int64(text)!)
        case "bool": return .boolean(text == "true" || text == "1")
        case "ipv4", "ipv6": return .address(IPAddress(text)!)
        case "method": return scratch.copy(Array("GET".utf8).span, as: .method)
        case "bin":
            let digits = bytes.map { UInt8(String(UnicodeScalar($0)), radix: 16)! }
            let binary = stride(from: 0, to: digits.count, by: 2).map {
                digits[$0] << 4 | digits[$0 + 1]
            }
            return scratch.copy(binary.span, as: .binary)
        default: return nil
        }
    }

    /// The value as a sample; nil when there is none.
    func evaluate(
        _ scratch: inout SampleScratch, _ environment: ConverterEnvironment = TestEnvironment()
    ) -> Sample? {
        let start =
            variable.map {
                environment.value(of: VariableReference(scope: 2, slot: $0), into: &scratch)
            } ?? fetch(into: &scratch)
        guard var sample = start,
            converters.apply(to: &sample, &scratch, environment)
        else { return nil }
        return sample
    }
}

/// The bytes of an expression's value cast to a type; nil when there is no value.
func value(
    _ text: String, as target: SampleType = .string, valueLimit: Int = 16384
) throws(ExpressionMistake) -> [UInt8]? {
    let expression = try TestExpression(text)
    var scratch = SampleScratch(valueLimit: valueLimit)
    guard var sample = expression.evaluate(&scratch), scratch.cast(&sample, to: target) else {
        return nil
    }
    let span = scratch.bytes(of: sample)
    var bytes: [UInt8] = []
    for index in 0..<span.count { bytes.append(span[index]) }
    return bytes
}

/// The value as text, binaries as hexadecimal digits.
func text(_ expression: String) throws(ExpressionMistake) -> String? {
    let compiled = try TestExpression(expression)
    var scratch = SampleScratch()
    guard let sample = compiled.evaluate(&scratch) else { return nil }
    let bytes =
        sample.type == .binary
        ? try value(expression + ",hex") : try value(expression, as: .string)
    return bytes.map { String(decoding: $0, as: UTF8.self) }
}

/// Files that expressions name.
func testFile(_ path: String) -> [UInt8]? { testFiles[path].map { Array($0.utf8) } }
let testFiles: [String: String] = [:]

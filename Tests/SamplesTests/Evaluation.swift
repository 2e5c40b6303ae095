// Evaluates expressions whose fetches are literals, as the fetches of the product do for constants,
// with a small table of variables.

import Addresses
import ConfigLanguage
import Samples

/// A stream every test expression can ask: its variables are the same that the reference
/// configuration sets, and it remembers what it is told.
final class TestEnvironment: ConverterEnvironment {
    /// Variables in the order of their numbers.
    static let names: VariableNames = {
        let names = VariableNames()
        for name in [
            "txn.v", "txn.n", "txn.e", "txn.none", "txn.key", "txn.nonce", "txn.iv", "txn.tag",
            "txn.alg", "txn.path", "req.none", "res.none", "proc.none", "sess.none",
        ] { _ = try! names.reference(to: name) }
        return names
    }()

    /// Expressions the reference configuration sets them to.
    static let settings = [
        "txn.v": "str(variable)", "txn.n": "int(3)", "txn.e": "str()",
        "txn.key": "str(Zm9vb2Zvb29mb29wZm9vbw==)", "txn.nonce": "str(MTIzNDU2Nzg5MDEy)",
        "txn.alg": "str(HS256)", "txn.iv": "str(MTIzNDU2Nzg5MDEyMzQ1Ng==)",
        "txn.path": "str(es256.pem)",
    ]

    private let process = ProcessVariables(names: names)
    private var session = SessionVariables(names: names)
    private var stream = StreamVariables(names: names)
    /// What was captured, such as `request 0 text`.
    var captured: [String] = []
    /// What was reported to event sinks, such as `2 [debug] ...`.
    var reported: [String] = []
    /// What is true of the stream.
    var facts: Set<StreamFact> = [.forwarded, .normal, .processed]

    override init() {
        super.init()
        now = 784_111_777_000_000
        var scratch = SampleScratch()
        for (name, expression) in Self.settings {
            let sample = try! TestExpression(expression).fetch(into: &scratch)!
            _ = set(try! Self.names.reference(to: name), to: sample, in: scratch, if: [])
        }
    }

    override func value(
        of variable: VariableReference, into scratch: inout SampleScratch
    ) -> Sample? { stream.value(of: variable, session, process, into: &scratch) }

    override func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition
    ) -> Bool {
        stream.set(variable, to: sample, in: scratch, if: condition, &session, process) == .set
    }

    override func unset(_ variable: VariableReference) {
        stream.unset(variable, &session, process)
    }

    override func capture(
        request: Bool, slot: Int, _ sample: Sample, _ scratch: borrowing SampleScratch
    ) -> Bool {
        if slot > 1 { return false }
        captured.append("\(request ? "request" : "response") \(slot) \(text(sample, scratch))")
        return true
    }

    override func report(_ line: Sample, to sink: Int, in scratch: borrowing SampleScratch) {
        reported.append("\(sink) \(text(line, scratch))")
    }

    override func holds(_ fact: StreamFact) -> Bool { facts.contains(fact) }

    override func matches(accessList: Int, _ scratch: inout SampleScratch) -> Bool {
        accessList == 1
    }

    private func text(_ sample: Sample, _ scratch: borrowing SampleScratch) -> String {
        let bytes = scratch.bytes(of: sample)
        return String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
    }
}

/// A literal and its converters.
struct TestExpression {
    let call: ExpressionCall
    let type: SampleType
    let converters: CompiledConverters
    let variable: VariableReference?

    /// Keys that variables can name because a case names them, too. Each expression has its own:
    /// keys are filled by one thread, and cases run beside each other.
    private static func tokenKeys() -> TokenKeys {
        let keys = TokenKeys()
        var reader = ExpressionReader(words: ["jwt_verify(ES256,es256.pem)"])
        _ = try! CompiledConverters(
            &reader, after: "a test", of: .string, in: .standard,
            ExpressionLoading(readFile: { testFile($0) }, tokenKeys: keys))
        return keys
    }

    /// What expressions may name: sinks by their numbers, and two access lists of which the second
    /// matches.
    private static func loading() -> ExpressionLoading {
        ExpressionLoading(
            variables: { TestEnvironment.names.find($0) },
            readFile: { testFile($0) }, tokenKeys: tokenKeys(),
            sinks: { ["buf0", "stdout", "stderr"].firstIndex(of: $0) },
            accessLists: { ["no", "yes"].firstIndex(of: $0) })
    }

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
            ? TestEnvironment.names.find(
                String(decoding: call.arguments[0].text, as: UTF8.self)) : nil
        converters = try CompiledConverters(
            &reader, after: "fetch '\(call.name)'", of: type, in: .standard, Self.loading())
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
        let mark = scratch.mark
        let start =
            variable.map { environment.value(of: $0, into: &scratch) } ?? fetch(into: &scratch)
        guard var sample = start,
            converters.apply(to: &sample, from: mark, &scratch, environment)
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

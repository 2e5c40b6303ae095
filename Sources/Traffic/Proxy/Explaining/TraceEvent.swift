// What `martlet explain` sees: the worker's own evaluation, told step by step. Without a trace a
// rule costs one test of a flag.

import Samples
import Structures

/// One thing that happened while a stream was judged.
public enum TraceEvent: Sendable {
    /// A rule's condition is about to be judged.
    case judging(Rule)
    /// A test of the condition was made.
    case tested(TracedTest)
    /// A rule's condition was judged.
    case judged(Rule, TestResult)
    /// A rule's action ran, and what it came to.
    case ran(Rule, ActionResult)
    /// The head was changed.
    case edited(TracedEdit)
}

/// A test of an access list.
public struct TracedTest: Sendable {
    /// The expression as written.
    public let expression: String
    /// The sample as text; nil where there was none, or where it has no text.
    public let value: String?
    /// Whether it matched.
    public let matches: Bool
}

/// A change of a head.
public struct TracedEdit: Sendable {
    /// What was done to what.
    public enum Kind: String, Sendable {
        case addField = "add", removeField = "remove", replaceField = "replace"
        case method, target, status
    }
    /// What was done.
    public let kind: Kind
    /// The field's name, or what of the start line was changed.
    public let name: String
    /// The value that was put in; empty for removals.
    public let value: String
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Tells whoever asked what happened.
    private func note(_ event: TraceEvent) { unsafe worker.pointee.trace?.note(event) }

    /// A condition is about to be judged.
    func beginTracing(_ entry: RuleEntry) {
        unsafe note(.judging(entry.rule.takeUnretainedValue()))
    }

    /// A condition was judged.
    func endTracing(_ entry: RuleEntry, _ result: TestResult) {
        unsafe note(.judged(entry.rule.takeUnretainedValue(), result))
    }

    /// An action ran.
    func traced(_ entry: RuleEntry, _ result: ActionResult) {
        unsafe note(.ran(entry.rule.takeUnretainedValue(), result))
    }

    /// A test was made; nil where there was no sample.
    func traced(
        _ test: AccessTest, _ sample: Sample?, _ matches: Bool, _ scratch: inout SampleScratch
    ) {
        let expression = unsafe worker.pointee.programs[program].rules.expressions[
            test.expression
        ].takeUnretainedValue()
        let mark = scratch.mark
        var value: String?
        if var shown = sample, scratch.cast(&shown, to: .string) {
            value = scratch.bytes(of: shown).text
        }
        scratch.rewind(to: mark)
        note(
            .tested(TracedTest(expression: expression.text, value: value, matches: matches)))
    }

    /// The head was changed.
    func traced(_ kind: TracedEdit.Kind, _ name: Span<UInt8>, _ value: Span<UInt8>) {
        note(.edited(TracedEdit(kind: kind, name: name.text, value: value.text)))
    }
}

extension Span where Element == UInt8 {
    /// The bytes as text; for those who explain.
    fileprivate var text: String {
        var bytes: [UInt8] = []
        for index in 0..<count { bytes.append(self[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

// What `martlet explain` sees: the worker's own evaluation, told step by step. Without a trace a
// rule costs one test of a flag.

import Samples

/// One thing that happened while a stream was judged.
public enum TraceEvent: Sendable {
    /// A rule's condition is about to be judged.
    case judging(Rule)
    /// A test of the condition was made: its number, its expression as written, the sample as text
    /// (nil where there was none), and whether it matched.
    case tested(number: Int, expression: String, value: String?, matches: Bool)
    /// A rule's condition was judged.
    case judged(Rule, TestResult)
    /// A rule's action ran.
    case ran(Rule, String)
}

/// Collects what happened, for the thread that asked.
public final class RuleTrace {
    /// The events in their order.
    public var events: [TraceEvent] = []

    /// An empty trace.
    public init() {}
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// A condition is about to be judged.
    func beginTracing(_ entry: RuleEntry) {
        // Safety: as the types say; so below.
        unsafe worker.pointee.trace?.events.append(.judging(entry.rule.takeUnretainedValue()))
    }

    /// A condition was judged.
    func endTracing(_ entry: RuleEntry, _ result: TestResult) {
        unsafe worker.pointee.trace?.events.append(
            .judged(entry.rule.takeUnretainedValue(), result))
    }

    /// An action ran.
    func traced(_ entry: RuleEntry, _ result: ActionResult) {
        unsafe worker.pointee.trace?.events.append(
            .ran(entry.rule.takeUnretainedValue(), "\(result)"))
    }

    /// A test was made.
    func traced(
        _ number: Int, _ test: AccessTest, _ sample: Sample, _ matches: Bool,
        _ scratch: inout SampleScratch
    ) {
        let expression = unsafe worker.pointee.programs[program].rules.expressions[
            test.expression
        ].takeUnretainedValue()
        let mark = scratch.mark
        var shown = sample
        var value: String?
        if scratch.cast(&shown, to: .string) {
            let bytes = scratch.bytes(of: shown)
            var copy: [UInt8] = []
            for index in 0..<bytes.count { copy.append(bytes[index]) }
            value = String(decoding: copy, as: UTF8.self)
        }
        scratch.rewind(to: mark)
        unsafe worker.pointee.trace?.events.append(
            .tested(
                number: number, expression: expression.text, value: value, matches: matches))
    }
}

// What `martlet explain` sees: the worker's own evaluation, told step by step. Without a trace a
// rule costs one test of a flag.

import Addresses
import Samples
import StickTables
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
    /// Something else that is worth knowing.
    case fact(TracedFact)
    /// A server is looked for.
    case candidates(TracedChoice)
}

/// A test of an access list.
public struct TracedTest: Sendable {
    /// The name of the access list; empty for one in braces.
    public let list: String
    /// The test as written, patterns included.
    public let criterion: String
    /// The expression, with the name of its fetch for that of a derivative.
    public let expression: String
    /// The sample as text; nil where there was none.
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
    /// The value that was put in; for removals the one that was there.
    public let value: String
}

/// Something that a rule or the proxy has done beside changes of heads.
public struct TracedFact: Sendable {
    /// What it was.
    public enum Kind: String, Sendable {
        /// A variable, by its name, has got a value, or has none any more.
        case variable
        /// A text was captured; the name is that of the slot.
        case capture
        /// An entry is tracked; the name is that of the table, the value the key.
        case track
        /// A table has no server for a key.
        case stickMiss = "stick-miss"
        /// A key is kept for the server that will be chosen.
        case stickKeep = "stick-keep"
        /// A table got the server of a key.
        case stickStore = "stick-store"
        /// A format has made the name of a backend or a server.
        case name
        /// The stream goes to a backend; the value says why.
        case backend
        /// A server is connected to; the value is its address.
        case server
        /// The server has answered; the value is its first line.
        case response
        /// The proxy replies by itself; the value is the status.
        case reply
        /// The frontend's monitor was asked for.
        case monitor
    }
    /// What it was.
    public let kind: Kind
    /// What it was done to; may be empty.
    public let name: String
    /// The value; nil for none.
    public let value: String?
}

/// A server as an explanation names it.
public struct TracedServer: Sendable, Equatable {
    /// Why a server may be chosen, or not.
    public enum State: String, Sendable {
        case candidate, backup, disabled, down
        /// Its weight is 0, or it drains.
        case drained
        /// A rule asks for another one.
        case passedOver = "passed-over"
    }
    /// Its name.
    public let name: String
    /// Where it is; empty where it is not connected to.
    public let address: String
    /// Whether it may be chosen.
    public let state: State
}

/// A choice among servers.
public struct TracedChoice: Sendable {
    /// The backend's name.
    public let backend: String
    /// What follows `balance`.
    public let algorithm: String
    /// A rule asks for one server.
    public let isPinned: Bool
    /// The backend's servers in their order.
    public let servers: [TracedServer]
}

/// Bytes as text for people: what is no printable UTF-8 is written in hexadecimal digits.
func TracedText(_ bytes: [UInt8]) -> String {
    let isPrintable = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    if isPrintable, let text = String(validating: bytes, as: UTF8.self) { return text }
    let digits = bytes.flatMap { [$0 >> 4, $0 & 15] }.map { String($0, radix: 16) }
    return "0x" + digits.joined()
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
        let rule = unsafe entry.rule.takeUnretainedValue()
        for assumption in Assumption.all(ofFormatsIn: rule.text) { assume(assumption) }
        note(.ran(rule, result))
    }

    /// A test was made; nil where there was no sample.
    func traced(
        _ test: AccessTest, _ sample: Sample?, _ matches: Bool, _ scratch: inout SampleScratch
    ) {
        let expression = unsafe worker.pointee.programs[program].rules.expressions[
            test.expression
        ].takeUnretainedValue()
        if test.text.contains(" -f ") { assume(.lists) }
        let mark = scratch.mark
        var value: String?
        if var shown = sample, scratch.cast(&shown, to: .string) {
            value = scratch.bytes(of: shown).text
        }
        scratch.rewind(to: mark)
        note(
            .tested(
                TracedTest(
                    list: test.name, criterion: test.text, expression: expression.text,
                    value: value, matches: matches)))
    }

    /// The head was changed.
    func traced(_ kind: TracedEdit.Kind, _ name: Span<UInt8>, _ value: Span<UInt8>) {
        note(.edited(TracedEdit(kind: kind, name: name.text, value: value.text)))
    }

    /// Something was done.
    func traced(_ kind: TracedFact.Kind, _ name: String, _ value: Span<UInt8>) {
        note(.fact(TracedFact(kind: kind, name: name, value: value.text)))
    }

    /// A variable was set to a sample.
    func traced(
        _ variable: VariableReference, _ sample: Sample, in scratch: borrowing SampleScratch
    ) {
        guard let text = scratch.shownText(of: sample) else { return }
        note(.fact(TracedFact(kind: .variable, name: name(of: variable), value: text)))
    }

    /// A variable has no value any more.
    func tracedUnset(_ variable: VariableReference) {
        note(.fact(TracedFact(kind: .variable, name: name(of: variable), value: nil)))
    }

    private func name(of variable: VariableReference) -> String {
        unsafe worker.pointee.live.variableNames.name(of: variable)
    }

    /// A table was asked, or told, about a key as it stores keys.
    func traced(_ kind: TracedFact.Kind, _ table: Unmanaged<StickTable>, _ key: Span<UInt8>) {
        let configuration = unsafe table._withUnsafeGuaranteedRef { $0.configuration }
        let bytes = key.array
        let text =
            switch configuration.keyType {
            case .ipv4, .ipv6: IPAddress(networkOrder: key).map { "\($0)" } ?? TracedText(bytes)
            case .integer: "\(bytes.reduce(0) { $0 << 8 | UInt32($1) })"
            case .string, .binary: TracedText(bytes)
            }
        note(.fact(TracedFact(kind: kind, name: configuration.name, value: text)))
    }

    /// Something is read that only a live process knows.
    func assume(_ assumption: Assumption) { unsafe worker.pointee.trace?.assume(assumption) }

    /// An expression is evaluated: what it reads may be known to a live process alone.
    func noteAssumptions(_ expression: Expression) {
        for assumption in Assumption.all(of: expression) { assume(assumption) }
    }
}

extension SampleScratch {
    /// A sample as text; nil where it has none.
    fileprivate borrowing func shownText(of sample: Sample) -> String? {
        switch sample.type {
        case .boolean: sample.isTrue ? "1" : "0"
        case .integer: "\(sample.integer)"
        case .ipv4, .ipv6: "\(sample.address)"
        case .string, .binary, .method: bytes(of: sample).text
        case .any, .address, .same: nil
        }
    }
}

extension Span where Element == UInt8 {
    /// The bytes as text; for those who explain.
    fileprivate var text: String { TracedText(array) }
}

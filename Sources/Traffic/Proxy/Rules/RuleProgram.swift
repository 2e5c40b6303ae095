// The rules of a generation as one worker runs them: flat tables of borrowed objects, so that
// nothing is looked up and no reference is counted while a stream is judged.

import Samples
import Structures

/// A rule as a worker runs it.
///
/// Safety: the generation, which the program holds, keeps the objects.
@safe
struct RuleEntry {
    let action: Unmanaged<Action>
    let condition: Unmanaged<Samples.Condition>?
    let table: Unmanaged<AccessTable>?
    let rule: Unmanaged<Rule>
}

/// All rules of a generation.
@safe
struct RuleProgram: ~Copyable {
    /// Every rule, list by list.
    let entries: [RuleEntry]
    /// Where the list of a proxy's step begins in `entries`; one more than there are lists.
    private let starts: [Int32]
    /// The numbered expressions.
    ///
    /// Safety: as in `RuleEntry`.
    let expressions: [Unmanaged<Expression>]
    /// The access lists that expressions name; as `expressions`.
    let listUses: [Unmanaged<AccessListUse>]

    init(_ configuration: Configuration) {
        var entries: [RuleEntry] = []
        var starts: [Int32] = []
        for proxy in configuration.proxies {
            for step in RuleStep.allCases {
                starts.append(Int32(entries.count))
                for rule in proxy.rules[Int(step.rawValue)] {
                    // Safety: the configuration is kept by the generation.
                    unsafe entries.append(
                        RuleEntry(
                            action: Unmanaged.passUnretained(rule.action),
                            condition: rule.condition.map { unsafe Unmanaged.passUnretained($0) },
                            table: rule.table.map { unsafe Unmanaged.passUnretained($0) },
                            rule: Unmanaged.passUnretained(rule)))
                }
            }
        }
        starts.append(Int32(entries.count))
        self.entries = entries
        self.starts = starts
        // Safety: as above.
        unsafe expressions = configuration.expressions.expressions.map {
            unsafe Unmanaged.passUnretained($0)
        }
        unsafe listUses = configuration.expressions.listUses.map {
            unsafe Unmanaged.passUnretained($0)
        }
    }

    /// The rules of a proxy's step, as a range of `entries`.
    @inline(__always)
    func range(_ proxy: Int, _ step: RuleStep) -> Range<Int> {
        let list = proxy &* RuleStep.allCases.count &+ Int(step.rawValue)
        return Int(starts[list])..<Int(starts[list &+ 1])
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Judges and runs the rules of a list from an index on.
    ///
    /// - Returns: what ended the list, and the index of that rule; where it cannot be said yet
    ///   whether a rule is to run, a wait, and the index of the list's first rule.
    func run(
        _ range: Range<Int>, from first: Int, isAgain: Bool, program: Handle
    ) -> (ActionResult, Int) {
        var index = first
        var isAgain = isAgain
        // Conditions may wait for bytes; an action takes what is there.
        let decided = unsafe Subject(worker, session: session, stream: stream, isFinal: true)
        while index < range.upperBound {
            // Safety: as `RuleEntry` says.
            let entry = unsafe worker.pointee.programs[program].rules.entries[index]
            // A rule that waits has been judged already.
            if !isAgain {
                if unsafe worker.pointee.isTraced { beginTracing(entry) }
                switch judge(entry, program) {
                case .pass: break
                case .fail:
                    index &+= 1
                    continue
                // What the rules before it have taken from the bytes may change with them, too.
                case .unknown: return (.wait(until: 0), range.lowerBound)
                }
            }
            let result = unsafe entry.action._withUnsafeGuaranteedRef {
                $0.run(decided, isAgain: isAgain)
            }
            if unsafe worker.pointee.isTraced { traced(entry, result) }
            isAgain = false
            if case .goOn = result {
                index &+= 1
                continue
            }
            return (result, index)
        }
        return (.goOn, index)
    }

    /// Whether a rule's condition holds.
    private func judge(_ entry: RuleEntry, _ program: Handle) -> TestResult {
        guard let condition = unsafe entry.condition, let table = unsafe entry.table else {
            return .pass
        }
        let result = unsafe table._withUnsafeGuaranteedRef { table in
            unsafe condition._withUnsafeGuaranteedRef { condition in
                condition.evaluate(in: table) { number in
                    // Safety: the scratch is a block of its own that the worker keeps for life.
                    table.withTest(number) {
                        unsafe test($0, program, &worker.pointee.scratch.pointee)
                    }
                }
            }
        }
        if unsafe worker.pointee.isTraced { endTracing(entry, result) }
        return result
    }

    /// Whether a test of an access list matches.
    func test(_ test: AccessTest, _ program: Handle, _ scratch: inout SampleScratch) -> TestResult {
        // Safety: as `RuleProgram` says.
        let expression = unsafe worker.pointee.programs[program].rules.expressions[test.expression]
        var state = FetchState(comparedBy: test.method)
        var mayChange = false
        let mark = scratch.mark
        defer { scratch.rewind(to: mark) }
        repeat {
            let sample = unsafe expression._withUnsafeGuaranteedRef {
                evaluate($0, &state, &scratch)
            }
            guard let sample else {
                if unsafe worker.pointee.isTraced { traced(test, nil, false, &scratch) }
                mayChange = mayChange || state.isIncomplete
                break
            }
            let matches = unsafe test.matches(
                sample, &scratch, &worker.pointee.regularExpressions.pointee)
            if unsafe worker.pointee.isTraced { traced(test, sample, matches, &scratch) }
            if matches { return .pass }
            mayChange = mayChange || sample.flags.contains(.mayChange)
            if !sample.flags.contains(.hasMore) { break }
            scratch.rewind(to: state.kept?.range.upperBound ?? mark)
        } while true
        return mayChange && !isFinal ? .unknown : .fail
    }
}

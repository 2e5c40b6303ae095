// The rules of a generation as one worker runs them: flat tables of borrowed objects, so that
// nothing is looked up and no reference is counted while a stream is judged.

import Samples
import Structures

/// A rule as a worker runs it.
///
/// Safety: the generation, which the program holds, keeps the objects.
@safe
struct RuleEntry: BitwiseCopyable {
    let action: Unmanaged<Action>
    /// The test of a condition that is nothing else.
    let onlyTest: Unmanaged<AccessTest>?
    /// Whether that must fail.
    let mustFail: Bool
    let condition: Unmanaged<Samples.Condition>?
    let table: Unmanaged<AccessTable>?
    let rule: Unmanaged<Rule>
}

/// All rules of a generation.
@safe
struct RuleProgram: ~Copyable {
    /// Every rule, list by list.
    let entries: FixedArray<RuleEntry>
    /// Where the list of a proxy's step begins in `entries`; one more than there are lists.
    private let starts: FixedArray<Int32>
    /// The numbered expressions.
    ///
    /// Safety: as in `RuleEntry`.
    let expressions: FixedArray<Unmanaged<Expression>>
    /// The access lists that expressions name; as `expressions`.
    let listUses: [Unmanaged<AccessListUse>]

    init(_ configuration: Configuration) {
        var entries: [RuleEntry] = []
        var starts: [Int32] = []
        for proxy in configuration.proxies {
            for step in RuleStep.allCases {
                starts.append(Int32(entries.count))
                for rule in proxy.rules[Int(step.rawValue)] {
                    let only = rule.condition.flatMap { rule.table?.onlyTest(of: $0) }
                    // Safety: the configuration is kept by the generation.
                    unsafe entries.append(
                        RuleEntry(
                            action: Unmanaged.passUnretained(rule.action),
                            onlyTest: only.map { unsafe Unmanaged.passUnretained($0.test) },
                            mustFail: only?.mustFail ?? false,
                            condition: rule.condition.map { unsafe Unmanaged.passUnretained($0) },
                            table: rule.table.map { unsafe Unmanaged.passUnretained($0) },
                            rule: Unmanaged.passUnretained(rule)))
                }
            }
        }
        starts.append(Int32(entries.count))
        self.entries = FixedArray(entries)
        self.starts = FixedArray(starts)
        // Safety: as above.
        unsafe expressions = FixedArray(
            configuration.expressions.expressions.map { unsafe Unmanaged.passUnretained($0) })
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
        let decided = unsafe Subject(
            worker, session: session, stream: stream, isFinal: true, mayWait: !isFinal)
        var kept = KeptSamples()
        // Safety: the scratch is a block of its own that the worker keeps for life; so below.
        let mark = unsafe worker.pointee.scratch.pointee.mark
        defer { unsafe worker.pointee.scratch.pointee.rewind(to: mark) }
        while index < range.upperBound {
            // Safety: as `RuleEntry` says.
            let entry = unsafe worker.pointee.programs[program].rules.entries[index]
            // A rule that waits has been judged already.
            if !isAgain {
                if unsafe worker.pointee.isTraced { beginTracing(entry) }
                switch judge(entry, program, &kept) {
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
            kept.forget()
            unsafe worker.pointee.scratch.pointee.rewind(to: mark)
            if case .goOn = result {
                index &+= 1
                continue
            }
            return (result, index)
        }
        return (.goOn, index)
    }

    /// Whether a rule's condition holds.
    private func judge(
        _ entry: RuleEntry, _ program: Handle, _ kept: inout KeptSamples
    ) -> TestResult {
        if let test = unsafe entry.onlyTest, unsafe !worker.pointee.isTraced {
            // Safety: the scratch is a block of its own that the worker keeps for life.
            let result = unsafe test._withUnsafeGuaranteedRef {
                unsafe self.test($0, program, &worker.pointee.scratch.pointee, &kept)
            }
            return entry.mustFail ? result.negated : result
        }
        guard let condition = unsafe entry.condition, let table = unsafe entry.table else {
            return .pass
        }
        let result = unsafe table._withUnsafeGuaranteedRef { table in
            unsafe condition._withUnsafeGuaranteedRef { condition in
                condition.evaluate(in: table) { number in
                    // Safety: the scratch is a block of its own that the worker keeps for life.
                    table.withTest(number) {
                        unsafe test($0, program, &worker.pointee.scratch.pointee, &kept)
                    }
                }
            }
        }
        if unsafe worker.pointee.isTraced { endTracing(entry, result) }
        return result
    }

    /// Whether a test of an access list matches.
    func test(_ test: AccessTest, _ program: Handle, _ scratch: inout SampleScratch) -> TestResult {
        var kept = KeptSamples()
        return self.test(test, program, &scratch, &kept)
    }

    /// As ``test(_:_:_:)``, among others of one list.
    func test(
        _ test: AccessTest, _ program: Handle, _ scratch: inout SampleScratch,
        _ kept: inout KeptSamples
    ) -> TestResult {
        // Safety: as `RuleProgram` says.
        let expression = unsafe worker.pointee.programs[program].rules.expressions[test.expression]
        let keeps = unsafe expression._withUnsafeGuaranteedRef { $0.isSteady }
        let known = keeps ? kept.find(test.expression) : nil
        if let place = known {
            if let sample = kept.sample(place),
                unsafe test.matches(
                    sample, &scratch, &worker.pointee.regularExpressions.pointee)
            {
                return .pass
            }
            if kept.isLone(place) { return .fail }
        }
        var state = FetchState(comparedBy: test.method)
        var mayChange = false
        var mark = scratch.mark
        // Where the first value is kept; -1 while it is not.
        var place = -1
        var isFirst = unsafe keeps && known == nil && !worker.pointee.isTraced
        defer { scratch.rewind(to: mark) }
        repeat {
            let sample = unsafe expression._withUnsafeGuaranteedRef {
                evaluate($0, &state, &scratch)
            }
            if isFirst {
                isFirst = false
                place = keep(sample, state, of: test.expression, &scratch, &mark, &kept)
            } else if place >= 0 {
                if sample == nil && !state.isIncomplete { kept.noteLone(place) }
                place = -1
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
    /// Keeps the first value of an expression for further conditions, and its bytes in the scratch;
    /// returns where, or -1 when it is not kept.
    @inline(__always)
    private func keep(
        _ sample: Sample?, _ state: FetchState, of number: Int, _ scratch: inout SampleScratch,
        _ mark: inout Int, _ kept: inout KeptSamples
    ) -> Int {
        guard let sample else {
            if !state.isIncomplete { _ = kept.keep(nil, of: number, isLone: true) }
            return -1
        }
        if !sample.flags.isDisjoint(with: [.mayChange, .isVolatile]) || state.kept != nil
            || scratch.mark - mark > KeptSamples.mostBytes
        {
            return -1
        }
        let isLone = !sample.flags.contains(.hasMore)
        guard let place = kept.keep(sample, of: number, isLone: isLone) else { return -1 }
        mark = scratch.mark
        return isLone ? -1 : place
    }
}

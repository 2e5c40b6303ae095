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
    /// Whether the test must fail.
    let mustFail: Bool
    let condition: Unmanaged<Samples.Condition>?
    let table: Unmanaged<AccessTable>?
    let rule: Unmanaged<Rule>
}

/// A rule whose condition is one test of an expression whose samples may be kept; without such a
/// test, any rule.
///
/// Safety: as in `RuleEntry`.
struct KnownRule: BitwiseCopyable {
    var test: KnownTest?
    /// The number of the expression.
    var expression: Int32 = -1
    /// Where its samples are kept.
    var place: Int8 = -1
    /// Whether the test must fail.
    var mustFail = false
}

/// All rules of a generation.
@safe
struct RuleProgram: ~Copyable {
    /// Every rule, list by list.
    let entries: FixedArray<RuleEntry>
    /// What can be said of the entries with kept samples.
    let known: FixedArray<KnownRule>
    /// Where samples of the numbered expressions are kept; -1 for those that may not be.
    private let places: FixedArray<Int8>
    /// Where the list of a proxy's step begins in `entries`; one more than there are lists.
    private let starts: FixedArray<Int32>
    /// The numbered expressions.
    ///
    /// Safety: as in `RuleEntry`.
    let expressions: FixedArray<Unmanaged<Expression>>
    /// The access lists that expressions name; as `expressions`.
    let listUses: [Unmanaged<AccessListUse>]

    init(_ configuration: Configuration) {
        let places = Self.places(configuration.expressions.expressions)
        var entries: [RuleEntry] = []
        var known: [KnownRule] = []
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
                    known.append(KnownRule(only, places))
                }
            }
        }
        starts.append(Int32(entries.count))
        self.entries = FixedArray(entries)
        self.known = FixedArray(known)
        self.places = FixedArray(places)
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

    /// Gives the expressions whose samples may be kept places in turn, so that those of one list,
    /// which are mostly read one behind the other, have different ones.
    private static func places(_ expressions: [Expression]) -> [Int8] {
        var next = 0
        return expressions.map { expression in
            guard expression.isSteady else { return -1 }
            defer { next += 1 }
            return Int8(next % KeptSamples.places)
        }
    }

    /// Where samples of a numbered expression are kept; -1 where they may not be.
    @inline(__always)
    func place(of expression: Int) -> Int { Int(places[expression]) }

    /// The first rule of a range that kept samples do not let fail: most rules of a list ask for
    /// the same few parts of a head, and few of them hold.
    func passOver(
        _ rules: Range<Int>, knowing kept: borrowing KeptSamples,
        _ scratch: borrowing SampleScratch, _ expressions: inout RegularExpressionScratch
    ) -> Int {
        var index = rules.lowerBound
        while index < rules.upperBound {
            let rule = known[index]
            let place = Int(rule.place)
            guard kept.knows(rule.expression, at: place), kept.isLone(place), let test = rule.test
            else { return index }
            var holds = false
            if let sample = kept.sample(place) {
                guard let found = test.holds(of: sample, scratch, &expressions) else {
                    return index
                }
                holds = found
            }
            if holds != rule.mustFail { return index }
            index &+= 1
        }
        return index
    }
}

extension KnownRule {
    fileprivate init(_ only: (test: AccessTest, mustFail: Bool)?, _ places: [Int8]) {
        guard let only, places[only.test.expression] >= 0, let test = only.test.knownTest else {
            return
        }
        self.test = test
        expression = Int32(truncatingIfNeeded: only.test.expression)
        place = places[only.test.expression]
        mustFail = only.mustFail
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
        // Safety: both are blocks of their own that the worker keeps for life; so below. Where an
        // action runs another list, it leaves nothing behind that is still asked for.
        let kept = unsafe worker.pointee.keptSamples
        unsafe kept.pointee.forget()
        let mark = unsafe worker.pointee.scratch.pointee.mark
        defer { unsafe worker.pointee.scratch.pointee.rewind(to: mark) }
        while true {
            if unsafe !isAgain && !worker.pointee.isTraced {
                repeat {
                    index = unsafe worker.pointee.programs[program].rules.passOver(
                        index..<range.upperBound, knowing: kept.pointee,
                        worker.pointee.scratch.pointee, &worker.pointee.regularExpressions.pointee)
                } while unsafe index < range.upperBound && learn(index, program, &kept.pointee)
            }
            guard index < range.upperBound else { return (.goOn, index) }
            // Safety: as `RuleEntry` says.
            let entry = unsafe worker.pointee.programs[program].rules.entries[index]
            // A rule that waits has been judged already.
            if !isAgain {
                if unsafe worker.pointee.isTraced { beginTracing(entry) }
                switch unsafe judge(entry, program, &kept.pointee) {
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
            unsafe kept.pointee.forget()
            unsafe worker.pointee.scratch.pointee.rewind(to: mark)
            if case .goOn = result {
                index &+= 1
                continue
            }
            return (result, index)
        }
    }

    /// Keeps the sample that a rule's condition asks for, where that says all there is to know;
    /// false where it is kept already, or the condition is to be judged as a whole.
    @inline(__always)
    private func learn(_ index: Int, _ program: Handle, _ kept: inout KeptSamples) -> Bool {
        let rule = unsafe worker.pointee.programs[program].rules.known[index]
        let place = Int(rule.place)
        guard let test = rule.test, !kept.isTaken(place) else { return false }
        // Safety: as `RuleProgram` says; so in `test`.
        let expression = unsafe worker.pointee.programs[program].rules
            .expressions[Int(rule.expression)]
        var state = FetchState(comparedBy: test.method)
        // Safety: the scratch is a block of its own that the worker keeps for life.
        let scratch = unsafe worker.pointee.scratch
        let start = unsafe scratch.pointee.mark
        var mark = start
        let sample = unsafe expression._withUnsafeGuaranteedRef {
            unsafe evaluate($0, &state, &scratch.pointee)
        }
        let mayFollow = unsafe keep(
            sample, state, of: rule.expression, at: place, &scratch.pointee, &mark, &kept)
        unsafe scratch.pointee.rewind(to: mark)
        return !mayFollow && kept.isTaken(place)
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
        let number = Int32(truncatingIfNeeded: test.expression)
        let place = unsafe worker.pointee.programs[program].rules.place(of: test.expression)
        let isKnown = kept.knows(number, at: place)
        if isKnown {
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
        // Whether the value before is kept.
        var isKept = false
        var isFirst = unsafe place >= 0 && !isKnown && !worker.pointee.isTraced
        defer { scratch.rewind(to: mark) }
        repeat {
            let sample = unsafe expression._withUnsafeGuaranteedRef {
                evaluate($0, &state, &scratch)
            }
            if isFirst {
                isFirst = false
                isKept = keep(sample, state, of: number, at: place, &scratch, &mark, &kept)
            } else if isKept {
                if sample == nil && !state.isIncomplete { kept.noteLone(place) }
                isKept = false
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
    /// says whether it did and further values may follow.
    @inline(__always)
    private func keep(
        _ sample: Sample?, _ state: FetchState, of number: Int32, at place: Int,
        _ scratch: inout SampleScratch, _ mark: inout Int, _ kept: inout KeptSamples
    ) -> Bool {
        guard let sample else {
            if !state.isIncomplete { _ = kept.keep(nil, of: number, at: place, isLone: true) }
            return false
        }
        if !sample.flags.isDisjoint(with: [.mayChange, .isVolatile]) || state.kept != nil
            || scratch.mark - mark > KeptSamples.mostBytes
        {
            return false
        }
        let isLone = !sample.flags.contains(.hasMore)
        guard kept.keep(sample, of: number, at: place, isLone: isLone) else { return false }
        mark = scratch.mark
        return !isLone
    }
}

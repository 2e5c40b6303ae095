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

/// All rules of a generation.
@safe
struct RuleProgram: ~Copyable {
    /// Every rule, list by list.
    let entries: FixedArray<RuleEntry>
    /// The conditions of the entries, entry by entry, for samples that are kept.
    let steps: FixedArray<ConditionStep>
    /// Where the steps of each entry begin, and the end of the last.
    private let stepStarts: FixedArray<Int32>
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
        var steps: [ConditionStep] = []
        var stepStarts: [Int32] = []
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
                    stepStarts.append(Int32(steps.count))
                    steps += ConditionStep.all(of: rule, places)
                }
            }
        }
        starts.append(Int32(entries.count))
        self.entries = FixedArray(entries)
        stepStarts.append(Int32(steps.count))
        self.steps = FixedArray(steps)
        self.stepStarts = FixedArray(stepStarts)
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

    /// Walks over rules that kept samples let fail: most rules of a list ask for the same few parts
    /// of a head, and few of them hold.
    ///
    /// - Parameter index: the rule to begin with; then the one at which the walk has stopped.
    func walk(
        _ index: inout Int, upTo end: Int, knowing kept: borrowing KeptSamples,
        _ scratch: borrowing SampleScratch, _ expressions: inout RegularExpressionScratch
    ) -> WalkEnd {
        while index < end {
            var step = Int(stepStarts[index])
            let last = Int(stepStarts[index &+ 1])
            if step == last { return .holds }
            var isUnless = false
            var condition = false
            // Whether all terms of the group so far, and any test of the term, hold.
            var group = true
            var term = false
            while step < last {
                let flags = steps[step].flags
                if group && !term {
                    switch holds(step, kept, scratch, &expressions) {
                    case .yes: term = true
                    case .no: break
                    case .unread: return .needs(step: step)
                    case .undecided: return .undecided
                    }
                }
                if flags.contains(.endsTerm) {
                    group = group && term != flags.contains(.isNegated)
                    term = false
                    isUnless = flags.contains(.isUnless)
                    if flags.contains(.endsGroup) {
                        condition = group
                        group = true
                        if condition { break }
                    }
                }
                step &+= 1
            }
            if condition != isUnless { return .holds }
            index &+= 1
        }
        return .end
    }

    private enum StepResult {
        case yes, no
        /// The sample is not kept yet.
        case unread
        /// It is for those to say who see all values, or cast them.
        case undecided
    }

    @inline(__always)
    private func holds(
        _ number: Int, _ kept: borrowing KeptSamples, _ scratch: borrowing SampleScratch,
        _ expressions: inout RegularExpressionScratch
    ) -> StepResult {
        let step = steps[number]
        let place = Int(step.place)
        guard let test = step.test else { return .undecided }
        guard kept.knows(step.expression, at: place) else { return .unread }
        if let sample = kept.sample(place) {
            guard let found = test.holds(of: sample, scratch, &expressions) else {
                return .undecided
            }
            if found { return .yes }
        }
        return kept.isLone(place) ? .no : .undecided
    }
}

/// Where a walk over rules has ended.
enum WalkEnd {
    /// At a rule that holds.
    case holds
    /// Behind the last rule.
    case end
    /// At a rule for which the sample of this step is to be read.
    case needs(step: Int)
    /// At a rule that is to be judged as a whole.
    case undecided
}

/// One test of a rule's condition.
///
/// Safety: as in `RuleEntry`.
struct ConditionStep: BitwiseCopyable {
    /// What it is in its condition.
    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8

        /// The last test of its access list.
        static var endsTerm: Flags { Flags(rawValue: 1) }
        /// The last access list before an `or` or the end.
        static var endsGroup: Flags { Flags(rawValue: 2) }
        /// The access list is negated.
        static var isNegated: Flags { Flags(rawValue: 4) }
        /// The condition is one of `unless`.
        static var isUnless: Flags { Flags(rawValue: 8) }
    }

    /// The test; nil where samples of its expression are not kept, or it has several lists of
    /// patterns.
    var test: KnownTest?
    /// The number of the expression.
    var expression: Int32 = -1
    /// Where its samples are kept.
    var place: Int8 = -1
    /// What it is in its condition.
    var flags: Flags = [.endsTerm, .endsGroup]

    /// The steps of a rule, in the order in which they are judged; one that says nothing where a
    /// condition, or an access list of it, has no test.
    static func all(of rule: Rule, _ places: [Int8]) -> [ConditionStep] {
        guard let condition = rule.condition, let table = rule.table else { return [] }
        var steps: [ConditionStep] = []
        for term in condition.allTerms {
            let tests = table.tests(of: Int(term.list)).map { table.tests[$0] }
            if tests.isEmpty { return [ConditionStep()] }
            for test in tests {
                var step = ConditionStep()
                if places[test.expression] >= 0, let known = test.knownTest {
                    step.test = known
                    step.expression = Int32(truncatingIfNeeded: test.expression)
                    step.place = places[test.expression]
                }
                step.flags = condition.isUnless ? .isUnless : []
                steps.append(step)
            }
            steps[steps.count - 1].flags.insert(.endsTerm)
            if term.endsGroup { steps[steps.count - 1].flags.insert(.endsGroup) }
            if term.isNegated { steps[steps.count - 1].flags.insert(.isNegated) }
        }
        return steps.isEmpty ? [ConditionStep()] : steps
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
            // A rule that waits has been judged already.
            let isJudged = unsafe isAgain || walk(&index, range.upperBound, program, &kept.pointee)
            guard index < range.upperBound else { return (.goOn, index) }
            // Safety: as `RuleEntry` says.
            let entry = unsafe worker.pointee.programs[program].rules.entries[index]
            if !isJudged {
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

    /// Passes over rules that do not hold, as far as samples that are kept say so; whether the rule
    /// at `index` is known to hold.
    @inline(__always)
    private func walk(
        _ index: inout Int, _ end: Int, _ program: Handle, _ kept: inout KeptSamples
    ) -> Bool {
        if unsafe worker.pointee.isTraced { return false }
        while true {
            let stop = unsafe worker.pointee.programs[program].rules.walk(
                &index, upTo: end, knowing: kept, worker.pointee.scratch.pointee,
                &worker.pointee.regularExpressions.pointee)
            switch stop {
            case .holds: return true
            case .end, .undecided: return false
            case .needs(let step): if !learn(step, program, &kept) { return false }
            }
        }
    }

    /// Reads the sample of a condition's step and keeps it; false where it cannot be kept.
    private func learn(_ number: Int, _ program: Handle, _ kept: inout KeptSamples) -> Bool {
        let step = unsafe worker.pointee.programs[program].rules.steps[number]
        let place = Int(step.place)
        guard let test = step.test, !kept.isClosed(place) else { return false }
        // Safety: as `RuleProgram` says; so in `test`.
        let expression = unsafe worker.pointee.programs[program].rules
            .expressions[Int(step.expression)]
        var state = FetchState(comparedBy: test.method)
        // Safety: the scratch is a block of its own that the worker keeps for life.
        let scratch = unsafe worker.pointee.scratch
        var mark = unsafe scratch.pointee.mark
        let sample = unsafe expression._withUnsafeGuaranteedRef {
            unsafe evaluate($0, &state, &scratch.pointee)
        }
        _ = unsafe keep(
            sample, state, of: step.expression, at: place, &scratch.pointee, &mark, &kept)
        unsafe scratch.pointee.rewind(to: mark)
        if !kept.isTaken(place) { kept.refuse(place) }
        return kept.isTaken(place)
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

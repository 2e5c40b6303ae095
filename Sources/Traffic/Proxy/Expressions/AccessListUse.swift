// Access lists that expressions name: the `acl` fetch, and conditions of converters. They are found
// when their section has been read, as its lists may stand behind their use.

import Samples
import Structures

/// Access lists of one section that must all match.
///
/// Safety: written by the loading thread only, before any worker sees it.
public final class AccessListUse: @unchecked Sendable {
    /// The names, each perhaps behind `!`.
    public let names: [String]
    /// Where they are named.
    public let place: SourcePlace
    /// Its number among the uses of a configuration.
    public let number: Int
    /// The lists of the section; nil once it has been read.
    private(set) var lists: AccessLists?
    private var condition: Samples.Condition?
    private var table: AccessTable?

    init(_ names: [String], of lists: AccessLists, place: SourcePlace, number: Int) {
        self.names = names
        self.lists = lists
        self.place = place
        self.number = number
    }

    /// Finds the lists.
    func find() throws(ExpressionMistake) {
        condition = try lists?.condition(["if"] + names, from: 0, use: "expression")
    }

    /// Takes what workers evaluate.
    func finish(_ table: AccessTable) {
        self.table = table
        lists = nil
    }

    /// Whether all lists match; `test` says what one test gives.
    func evaluate(_ test: (AccessTest) -> TestResult) -> TestResult {
        guard let condition, let table else { return .fail }
        return condition.evaluate(in: table) { number in table.withTest(number, test) }
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Whether access lists match; nil where that cannot be said yet.
    ///
    /// Lists may use lists in turn, eight deep; what is deeper does not match.
    public func matches(_ use: AccessListUse, _ scratch: inout SampleScratch) -> Bool? {
        guard unsafe worker.pointee.listDepth < 8 else { return false }
        unsafe worker.pointee.listDepth &+= 1
        let own = program
        let result = use.evaluate { test($0, own, &scratch) }
        unsafe worker.pointee.listDepth &-= 1
        return result == .unknown ? nil : result == .pass
    }

    /// Whether the access lists of a use, by its number, match.
    func matches(use number: Int, _ scratch: inout SampleScratch) -> Bool {
        // Safety: as `RuleProgram` says.
        let count = unsafe worker.pointee.programs[program].rules.listUses.count
        guard number >= 0, number < count else { return false }
        let use = unsafe worker.pointee.programs[program].rules.listUses[number]
        let result = unsafe use._withUnsafeGuaranteedRef { matches($0, &scratch) }
        return result ?? false
    }
}

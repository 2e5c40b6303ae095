// The access lists of one section by name, and the conditions that use them (configuration manual:
// using ACLs to form conditions). Lists may gain tests after a condition has named them, as the
// lines of one name are one list. Control path.

import ConfigLanguage
import Structures

/// Named and unnamed access lists while a section is read.
public final class AccessLists {
    private(set) var tests: [AccessTest] = []
    private(set) var lists: [[Int]] = []
    private var byName: [String: Int] = [:]
    private let store: PatternStore
    private let compile: CriterionCompiler
    /// What is doubtful in what was read since this was last emptied.
    public var warnings: [ExpressionMistake] = []

    /// Lists whose patterns come from `store` and whose expressions are compiled by `compile`.
    public init(store: PatternStore, compile: @escaping CriterionCompiler) {
        self.store = store
        self.compile = compile
    }

    /// The names that were declared.
    public var names: [String] { byName.keys.sorted() }

    /// Reads `acl <name> <expression> ...` from the word of the name on.
    public func declare(
        _ words: [String], from start: Int = 1, use: String
    ) throws(ExpressionMistake) {
        guard start < words.count else {
            throw ExpressionMistake(
                word: start, offset: 0, length: 0, "'acl' expects a name and an expression")
        }
        let name = words[start]
        try checkName(name, at: start)
        let read = try CriterionReader.read(
            words, start + 1..<words.count, in: store, use: use, name: name, compile)
        warnings += read.warnings
        lists[list(named: name)].append(add(read.test))
    }

    private func checkName(_ name: String, at word: Int) throws(ExpressionMistake) {
        for (offset, byte) in name.utf8.enumerated() {
            if isLetterOrDigit(byte) || [0x2D, 0x5F, 0x2E, 0x3A].contains(byte) { continue }
            throw ExpressionMistake(
                word: word, offset: offset, length: 1,
                "character '\(shown([byte]))' is not permitted in the ACL name '\(name)'")
        }
        if name.isEmpty || Self.isDisjunction(name) {
            throw ExpressionMistake(
                word: word, offset: 0, length: name.utf8.count,
                "'\(name)' cannot name an ACL: 'or' stands between conditions")
        }
    }

    private func list(named name: String) -> Int {
        if let list = byName[name] { return list }
        lists.append([])
        byName[name] = lists.count - 1
        return lists.count - 1
    }

    private func add(_ test: AccessTest) -> Int {
        tests.append(test)
        return tests.count - 1
    }

    // MARK: Conditions

    /// Reads a condition from the word at `start`, which is `if` or `unless`, to the end.
    public func condition(
        _ words: [String], from start: Int, use: String
    ) throws(ExpressionMistake) -> Condition {
        guard start < words.count, words[start] == "if" || words[start] == "unless" else {
            let found = start < words.count ? words[start] : ""
            throw ExpressionMistake(
                word: start, offset: 0, length: found.utf8.count,
                "expects 'if' or 'unless', found '\(found)'",
                suggestion: Spelling.nearest(to: found, among: ["if", "unless"]))
        }
        var terms: [Condition.Term] = []
        var isNegated = false
        var position = start + 1
        while position < words.count {
            let word = words[position]
            if word == "||" || Self.isDisjunction(word) {
                // As in HAProxy, parts may be empty; those count for nothing.
                endGroup(&terms)
                isNegated = false
                position += 1
                continue
            }
            let bangs = word.utf8.prefix { $0 == 0x21 }.count
            if !bangs.isMultiple(of: 2) { isNegated.toggle() }
            let name = String(decoding: word.utf8.dropFirst(bangs), as: UTF8.self)
            if name.isEmpty {
                position += 1
                continue
            }
            let list: Int
            if name == "{" {
                (list, position) = try braces(words, from: position, use: use)
            } else {
                list = try find(name, at: position, bangs, use: use)
                position += 1
            }
            terms.append(Condition.Term(list: UInt32(list), isNegated: isNegated))
            isNegated = false
        }
        endGroup(&terms)
        return Condition(terms, isUnless: words[start] == "unless")
    }

    /// Whether a word is `or`, in whatever letters.
    private static func isDisjunction(_ word: String) -> Bool {
        word.utf8.count == 2 && word.lowercased() == "or"
    }

    /// Ends the group of the last term, where there is one.
    private func endGroup(_ terms: inout [Condition.Term]) {
        if let last = terms.indices.last { terms[last].endsGroup = true }
    }

    /// Reads an unnamed list and returns it with the word behind its closing brace.
    private func braces(
        _ words: [String], from start: Int, use: String
    ) throws(ExpressionMistake) -> (Int, Int) {
        guard let end = words[start...].firstIndex(of: "}") else {
            throw ExpressionMistake(
                word: start, offset: 0, length: words[start].utf8.count,
                "the closing '}' is missing; it must be a word of its own")
        }
        let read = try CriterionReader.read(
            words, start + 1..<end, in: store, use: use, compile)
        warnings += read.warnings
        lists.append([add(read.test)])
        return (lists.count - 1, end + 1)
    }

    private func find(
        _ name: String, at word: Int, _ bangs: Int, use: String
    ) throws(ExpressionMistake) -> Int {
        if let list = byName[name] { return list }
        guard let words = PredefinedLists.words(of: name) else {
            let known = byName.keys.sorted() + PredefinedLists.names
            var text = "no ACL is named '\(name)'"
            if name.hasPrefix("{") { text += "; braces must be words of their own" }
            throw ExpressionMistake(
                word: word, offset: bangs, length: name.utf8.count, text,
                suggestion: Spelling.nearest(to: name, among: known))
        }
        do throws(ExpressionMistake) {
            let read = try CriterionReader.read(
                words, 0..<words.count, in: store, use: use, name: name, compile)
            let list = list(named: name)
            lists[list].append(add(read.test))
            return list
        } catch {
            // The words are ours: the place to show is the name.
            throw ExpressionMistake(
                word: word, offset: bangs, length: name.utf8.count,
                "the predefined ACL '\(name)' cannot be used here: \(error.message)")
        }
    }

    /// The numbers of the expressions that a condition reads, as its lists are now.
    public func expressions(of condition: Condition) -> [Int] {
        condition.allTerms.flatMap { lists[Int($0.list)].map { tests[$0].expression } }
    }

    /// What workers evaluate, when the section has been read in full.
    public func finish() -> AccessTable { AccessTable(tests: tests, lists: lists) }
}

/// All access lists of a section as workers see them.
///
/// Safety: written once by `init`.
@safe
public final class AccessTable: @unchecked Sendable {
    /// The tests by number.
    public let tests: [AccessTest]
    /// The same, for those who do not count references.
    private let borrowed: [Unmanaged<AccessTest>]
    /// For each list where its tests begin in `members`, and the end of the last.
    @usableFromInline let starts: FixedArray<UInt32>
    /// Numbers of tests, list by list.
    @usableFromInline let members: FixedArray<UInt32>

    init(tests: [AccessTest], lists: [[Int]]) {
        self.tests = tests
        // Safety: `tests` keeps the objects as long as this table lives.
        unsafe borrowed = tests.map { unsafe Unmanaged.passUnretained($0) }
        var starts: [UInt32] = [0]
        for list in lists { starts.append(starts[starts.count - 1] + UInt32(list.count)) }
        self.starts = FixedArray(starts)
        members = FixedArray(lists.joined().map { UInt32($0) })
    }

    /// Hands a test to `body` without counting a reference.
    @inline(__always)
    public func withTest<R>(_ number: Int, _ body: (AccessTest) -> R) -> R {
        // Safety: the table keeps the test while it is used.
        unsafe borrowed[number]._withUnsafeGuaranteedRef(body)
    }

    /// The test of a condition that is nothing but one test, and whether it must fail.
    public func onlyTest(of condition: Condition) -> (test: AccessTest, mustFail: Bool)? {
        let terms = condition.allTerms
        guard terms.count == 1, let term = terms.first else { return nil }
        let numbers = tests(of: Int(term.list))
        guard numbers.count == 1 else { return nil }
        return (tests[numbers[0]], term.isNegated != condition.isUnless)
    }

    /// The numbers of the tests of a list, for those who explain.
    public func tests(of list: Int) -> [Int] {
        (Int(starts[list])..<Int(starts[list + 1])).map { Int(members[$0]) }
    }
}

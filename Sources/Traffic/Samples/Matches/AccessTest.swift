// One compiled test: an expression's number, a method and the patterns to compare with.

import Structures

/// What an access list or a condition says of a stream.
public enum TestResult: UInt8, Sendable, BitwiseCopyable {
    /// It does not match.
    case fail = 0
    /// It cannot be said before more data has come.
    case unknown = 1
    /// It matches.
    case pass = 3

    /// What a condition's `!` makes of it.
    @inlinable public var negated: TestResult {
        switch self {
        case .fail: .pass
        case .unknown: .unknown
        case .pass: .fail
        }
    }
}

/// An expression with a method and patterns: one `acl` line or one pair of braces.
public final class AccessTest: Sendable {
    /// The number that the compiler of expressions gave.
    public let expression: Int
    /// How samples are compared.
    public let method: MatchMethod
    /// The access list's name; empty in braces.
    public let name: String
    /// The test as written, patterns included.
    public let text: String
    private let tables: FixedArray<PatternTable>
    /// Keeps what the tables name alive.
    private let views: [PatternView]

    init(
        expression: Int, method: MatchMethod, views: [PatternView], name: String, text: String
    ) {
        self.name = name
        self.text = text
        self.expression = expression
        self.method = method
        self.views = views
        var tables = FlatList<PatternTable>(capacity: views.count)
        for view in views { tables.append(view.table) }
        self.tables = FixedArray(copying: tables.span)
    }

    /// The test without its name and text, where it has no patterns or one list of them; nil
    /// elsewhere.
    public var knownTest: KnownTest? {
        if method == .found || method == .bool {
            return KnownTest(table: nil, method: method, input: method.input)
        }
        if tables.count != 1 { return nil }
        return KnownTest(table: tables[0], method: method, input: method.input)
    }

    /// Whether a sample matches; it is cast to what the method compares first.
    ///
    /// A fetch with several values is asked for each until one matches.
    public func matches(
        _ sample: Sample, _ scratch: inout SampleScratch,
        _ expressions: inout RegularExpressionScratch
    ) -> Bool {
        if method == .found { return true }
        let mark = scratch.mark
        var value = sample
        defer { scratch.rewind(to: mark) }
        guard scratch.cast(&value, to: method.input) else { return false }
        if method == .bool { return value.isTrue }
        for index in 0..<tables.count {
            let found = tables[index].find(value, method, scratch, &expressions)
            if found != nil { return true }
        }
        return false
    }
}

/// A test with one list of patterns, or without any, for samples that need no cast: a trivial value
/// that is valid while the test lives.
public struct KnownTest: BitwiseCopyable, Sendable {
    /// Nil for methods that take no patterns.
    let table: PatternTable?
    /// How samples are compared.
    public let method: MatchMethod
    /// The method's.
    let input: SampleType

    /// Whether a sample matches; nil where it must be cast first.
    @inline(__always)
    public func holds(
        of sample: Sample, _ scratch: borrowing SampleScratch,
        _ expressions: inout RegularExpressionScratch
    ) -> Bool? {
        if method == .found { return true }
        let isDirect =
            sample.type == input
            || input == .address && (sample.type == .ipv4 || sample.type == .ipv6)
            || input == .integer && sample.type == .boolean
        guard isDirect else { return nil }
        guard let table else { return sample.isTrue }
        return switch method {
        case .int: table.read { $0.find(sample.integer) != nil }
        case .ip: table.read { $0.find(sample.address) != nil }
        default:
            table.read {
                $0.canMatch(byteCount: sample.byteCount)
                    && $0.find(scratch.bytes(of: sample), &expressions) != nil
            }
        }
    }
}

extension PatternTable {
    /// The pattern that a sample of the method's input type matches.
    @inline(__always)
    func find(
        _ sample: Sample, _ method: MatchMethod, _ scratch: borrowing SampleScratch,
        _ expressions: inout RegularExpressionScratch
    ) -> UInt32? {
        switch method {
        case .int: read { $0.find(sample.integer) }
        case .ip: read { $0.find(sample.address) }
        default: read { $0.find(scratch.bytes(of: sample), &expressions) }
        }
    }
}

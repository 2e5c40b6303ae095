// Names of variables, and the numbers they are given at load (configuration manual: variables). At
// run time a variable is its scope and its number. Control path.

import ConfigLanguage
import Synchronization

/// How long a variable lives.
public enum VariableScope: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// As long as the process, the same for all workers.
    case process
    /// As long as the client's connection.
    case session
    /// As long as a request and its response.
    case transaction
    /// While a request is worked on.
    case request
    /// While a response is worked on.
    case response
    /// As long as a health check.
    case check

    /// What names begin with.
    public var word: String {
        switch self {
        case .process: "proc"
        case .session: "sess"
        case .transaction: "txn"
        case .request: "req"
        case .response: "res"
        case .check: "check"
        }
    }

    /// The scope of that word.
    public init?(word: String) {
        guard let scope = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = scope
    }
}

/// Why a text is no variable's name.
public struct VariableNameMistake: Error, Hashable, Sendable {
    /// What is wrong.
    public let text: String
    /// The wrong bytes of the name.
    public let range: Range<Int>
    /// The nearest known spelling.
    public let suggestion: String?
}

/// Gives names their numbers, which they keep over all generations of the configuration.
///
/// Numbers are only ever added, by the threads that load, one after the other: a worker that knows
/// fewer of them finds the others unset and makes room when it sets one.
public final class VariableNames: Sendable {

    /// The most variables of one scope.
    public static let countLimit = 4096

    private struct State {
        var numbers: [String: VariableReference] = [:]
        var names: [[String]] = VariableScope.allCases.map { _ in [] }
    }

    private let state = Mutex(State())
    /// How many names each scope has, for workers, which take no lock for that.
    private let counts = InlineArray<6, Atomic<Int>> { _ in Atomic(0) }

    /// No names yet.
    public init() {}

    /// How many variables a scope has by now; more may come at any time.
    public func count(of scope: VariableScope) -> Int {
        counts[Int(scope.rawValue)].load(ordering: .relaxed)
    }

    /// The name with its scope, for `get var` and explanations; `?` for a number nobody was given.
    public func name(of reference: VariableReference) -> String {
        guard let scope = VariableScope(rawValue: reference.scope) else { return "?" }
        let name = state.withLock { state -> String? in
            let names = state.names[Int(reference.scope)]
            return Int(reference.slot) < names.count ? names[Int(reference.slot)] : nil
        }
        return "\(scope.word).\(name ?? "?")"
    }

    /// The number of a name if it has one.
    public func find(_ name: String) -> VariableReference? {
        state.withLock { $0.numbers[name] }
    }

    /// The number of a name, which it gets when it is named first.
    public func reference(to name: String) throws(VariableNameMistake) -> VariableReference {
        if let known = find(name) { return known }
        let bytes = Array(name.utf8)
        let (scope, dot) = try Self.scope(of: bytes)
        for index in (dot + 1)..<bytes.count {
            let byte = bytes[index]
            if isLetterOrDigit(byte) || byte == 0x5F || byte == 0x2E { continue }
            throw VariableNameMistake(
                text: "'\(shown([byte]))' cannot be in a variable's name",
                range: index..<index + 1, suggestion: nil)
        }
        guard let reference = add(name, scope, shown(Array(bytes[(dot + 1)...]))) else {
            throw VariableNameMistake(
                text: "there are \(Self.countLimit) variables of scope '\(scope.word)' already",
                range: 0..<bytes.count, suggestion: nil)
        }
        return reference
    }

    /// Gives a name the next number of its scope; nil when there is none left.
    private func add(
        _ name: String, _ scope: VariableScope, _ short: String
    ) -> VariableReference? {
        let place = Int(scope.rawValue)
        return state.withLock { state in
            if let known = state.numbers[name] { return known }
            let slot = state.names[place].count
            guard slot < Self.countLimit else { return nil }
            state.names[place].append(short)
            let reference = VariableReference(scope: scope.rawValue, slot: UInt32(slot))
            state.numbers[name] = reference
            counts[place].store(slot + 1, ordering: .relaxed)
            return reference
        }
    }

    private static func scope(
        of bytes: [UInt8]
    ) throws(VariableNameMistake) -> (VariableScope, dot: Int) {
        let dot = bytes.firstIndex(of: 0x2E) ?? bytes.count
        let word = shown(Array(bytes[..<dot]))
        let words = VariableScope.allCases.map(\.word)
        guard let scope = VariableScope(word: word) else {
            throw VariableNameMistake(
                text: "'\(shown(bytes))' has no scope: \(words.joined(separator: ", "))",
                range: 0..<dot, suggestion: Spelling.nearest(to: word, among: words))
        }
        guard dot + 1 < bytes.count else {
            throw VariableNameMistake(
                text: "'\(shown(bytes))' has no name behind its scope", range: dot..<bytes.count,
                suggestion: nil)
        }
        return (scope, dot)
    }
}

// What callgrind wrote: the sum of instructions, and how often functions were called that a data
// path should not call for each request. (Callgrind Format Specification of the Valgrind manual.)

/// The sum in a file that callgrind wrote; `nil` when it has none.
public func callgrindTotal(_ text: String) -> Int? {
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
        let line = Substring(line)
        if line.hasPrefix("summary:") || line.hasPrefix("totals:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
    }
    return nil
}

/// Calls of functions that cost more than they seem to.
public struct CallCounts: Sendable, Equatable {
    /// What a called function does.
    public enum Group: String, Sendable, CaseIterable {
        /// malloc and its kin.
        case allocations
        /// Retains and releases of Swift objects.
        case references = "retains and releases"
        /// Run-time checks for exclusive access in Swift.
        case accesses = "access checks"
        /// Locks of mutexes.
        case locks

        /// The group of a function's name; `nil` for functions that may be called.
        init?(function name: Substring) {
            switch name.prefix(while: { $0 != "'" && $0 != "@" }) {
            case "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc":
                self = .allocations
            case "swift_beginAccess": self = .accesses
            case "pthread_mutex_lock", "__pthread_mutex_lock": self = .locks
            case let name
            where name.hasPrefix("swift_retain") || name.hasPrefix("swift_release")
                || name.hasPrefix("swift_bridgeObjectRe"):
                self = .references
            default: return nil
            }
        }
    }

    /// Who called, and what for.
    public struct Call: Sendable, Hashable {
        /// What was called.
        public let group: Group
        /// The caller's name, as the linker knows it.
        public let caller: String
    }

    private var counts: [Call: Double] = [:]

    /// No calls.
    public init() {}

    /// Adds up the calls in a file that callgrind wrote. What the Swift library does within itself
    /// is not counted again.
    public init(callgrind text: String) {
        var names: [Substring: Substring] = [:]
        var caller: Substring = ""
        var callee: Substring = ""
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n")) {
            // Most lines are costs; they begin with a digit or a sign.
            guard let first = bytes.first, first >= UInt8(ascii: "a") else { continue }
            let line = Substring(bytes)
            if line.hasPrefix("calls=") {
                let from = names[caller] ?? caller
                guard let group = Group(function: names[callee] ?? callee),
                    !from.hasPrefix("swift_"),
                    let count = line.dropFirst(6).split(separator: " ").first.flatMap({ Double($0) }
                    )
                else { continue }
                counts[Call(group: group, caller: String(from)), default: 0] += count
            } else if line.hasPrefix("cfn=") || line.hasPrefix("fn=") {
                // A name is written out once, as (7) name, and is (7) from then on.
                let word = line.drop { $0 != "=" }.dropFirst()
                let key = word.prefix { $0 != " " }
                let name = word.drop { $0 != " " }.dropFirst()
                if !name.isEmpty { names[key] = name }
                if line.hasPrefix("c") { callee = key } else { caller = key }
            }
        }
    }

    /// All calls of a group.
    public subscript(group: Group) -> Double {
        counts.reduce(0) { $0 + ($1.key.group == group ? $1.value : 0) }
    }

    /// The callers with the most calls first, those with at least `least` calls.
    public func callers(atLeast least: Double) -> [(call: Call, count: Double)] {
        counts.filter { $0.value >= least }
            .sorted { ($0.value, $1.key.caller) > ($1.value, $0.key.caller) }
            .map { ($0.key, $0.value) }
    }

    /// The calls of both.
    public static func + (one: CallCounts, other: CallCounts) -> CallCounts {
        var sum = CallCounts()
        sum.counts = one.counts.merging(other.counts, uniquingKeysWith: +)
        return sum
    }

    /// The calls of a longer run without those of a shorter one.
    public static func - (longer: CallCounts, shorter: CallCounts) -> CallCounts {
        var difference = CallCounts()
        difference.counts = longer.counts.merging(shorter.counts.mapValues { -$0 }) { $0 + $1 }
        return difference
    }

    /// The calls for each request.
    public static func / (calls: CallCounts, requests: Double) -> CallCounts {
        var quotient = CallCounts()
        quotient.counts = calls.counts.mapValues { $0 / requests }
        return quotient
    }

    /// The counts in one line.
    public var text: String {
        Group.allCases.map { "\(self[$0].fixed(2)) \($0.rawValue)" }.joined(separator: ", ")
    }
}

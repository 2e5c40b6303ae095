// What callgrind wrote: the sum of instructions, and how often functions were called that a data path
// should not call for each request. (Callgrind Format Specification of the Valgrind manual.)

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
    /// malloc and its kin.
    public var allocations = 0.0
    /// Retains and releases of Swift objects.
    public var references = 0.0
    /// Run-time checks for exclusive access in Swift.
    public var accesses = 0.0
    /// Locks of mutexes.
    public var locks = 0.0

    /// No calls.
    public init() {}

    /// Adds up the calls in a file that callgrind wrote.
    public init(callgrind text: String) {
        var names: [Substring: Substring] = [:]
        var callee: Substring = ""
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n")) {
            // Most lines are costs; they begin with a digit or a sign.
            guard let first = bytes.first, first >= UInt8(ascii: "a") else { continue }
            let line = Substring(bytes)
            if line.hasPrefix("calls=") {
                let count = line.dropFirst(6).split(separator: " ").first.flatMap { Double($0) }
                add(names[callee] ?? callee, count ?? 0)
            } else if line.hasPrefix("cfn=") || line.hasPrefix("fn=") {
                let isCallee = line.hasPrefix("c")
                // A name is written out once, as (7) name, and is (7) from then on.
                let word = line.drop { $0 != "=" }.dropFirst()
                let key = word.prefix { $0 != " " }
                let name = word.drop { $0 != " " }.dropFirst()
                if !name.isEmpty { names[key] = name }
                if isCallee { callee = key }
            }
        }
    }

    private mutating func add(_ name: Substring, _ count: Double) {
        switch name.prefix(while: { $0 != "'" && $0 != "@" }) {
        case "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc":
            allocations += count
        case "swift_beginAccess": accesses += count
        case "pthread_mutex_lock", "__pthread_mutex_lock": locks += count
        case let name
        where name.hasPrefix("swift_retain") || name.hasPrefix("swift_release")
            || name.hasPrefix("swift_bridgeObjectRe"):
            references += count
        default: break
        }
    }

    /// The calls of a longer run without those of a shorter one.
    public static func - (longer: CallCounts, shorter: CallCounts) -> CallCounts {
        var difference = CallCounts()
        difference.allocations = longer.allocations - shorter.allocations
        difference.references = longer.references - shorter.references
        difference.accesses = longer.accesses - shorter.accesses
        difference.locks = longer.locks - shorter.locks
        return difference
    }

    /// The calls for each request.
    public static func / (calls: CallCounts, requests: Double) -> CallCounts {
        var quotient = CallCounts()
        quotient.allocations = calls.allocations / requests
        quotient.references = calls.references / requests
        quotient.accesses = calls.accesses / requests
        quotient.locks = calls.locks / requests
        return quotient
    }

    /// The counts in one line.
    public var text: String {
        "\(allocations.fixed(2)) allocations, \(references.fixed(2)) retains and releases, "
            + "\(accesses.fixed(2)) access checks, \(locks.fixed(2)) locks"
    }
}

// What fetches ask of a stream's own life: its number, its bytes, its tries, which rule ended its
// rules, and how it ends.

import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The stream's number in the process, from 1; nil without a stream.
    public var streamNumber: UInt64? {
        stream.isNone ? nil : unsafe worker.pointee.streams[stream].number
    }

    /// Bytes read from one side so far, heads included; nil without a stream.
    public func receivedBytes(fromClient isClient: Bool) -> UInt64? {
        if stream.isNone { return nil }
        return unsafe worker.pointee.streams[stream].flows[isClient ? 0 : 1].bytes
    }

    /// Tries to connect after the first so far.
    public var retries: Int? {
        stream.isNone ? nil : unsafe Int(worker.pointee.streams[stream].retries)
    }

    /// Whether a server was given up for another.
    public var isRedispatched: Bool? {
        if stream.isNone { return nil }
        return unsafe worker.pointee.streams[stream].flags.contains(.wasRedispatched)
    }

    /// Its place among those that waited for any server of its backend, as `%bq`.
    public var queuedBeforeInBackend: Int? {
        stream.isNone ? nil : unsafe Int(worker.pointee.streams[stream].backendQueuePlace)
    }

    /// Its place among those that waited for its server, as `%sq`.
    public var queuedBeforeAtServer: Int? {
        stream.isNone ? nil : unsafe Int(worker.pointee.streams[stream].serverQueuePlace)
    }

    /// The class and the offset that rank the stream in queues (`set-priority-class`,
    /// `set-priority-offset`).
    public var priority: (class: Int, offset: Int)? {
        if stream.isNone { return nil }
        let rank = unsafe QueueRank(worker.pointee.streams[stream].queueRank)
        return (rank.class, rank.offset)
    }

    // MARK: Rules

    /// The rule that last ended a list of rules; nil while none has.
    public var lastRule: RulePosition? {
        stream.isNone ? nil : position(unsafe worker.pointee.streams[stream].lastRule)
    }

    /// The rule at which the stream waits, or waited when it was ended; nil where it does not.
    public var waitingRule: RulePosition? {
        stream.isNone ? nil : position(unsafe worker.pointee.streams[stream].waitingRule)
    }

    private func position(_ index: Int32) -> RulePosition? {
        if index < 0 { return nil }
        let entry = unsafe worker.pointee.programs[program].rules.entries[Int(index)]
        return unsafe RulePosition(rule: entry.rule)
    }
}

/// Where a rule stands in the configuration.
///
/// Safety: made for one evaluation; the generation of the stream, which the stream keeps, keeps the
/// rule.
@safe
public struct RulePosition: BitwiseCopyable {
    let rule: Unmanaged<Rule>

    /// The line, from 1.
    public var line: Int { unsafe rule._withUnsafeGuaranteedRef { $0.place.line } }

    /// Hands the name of the file to `body`.
    public func withFile<R>(_ body: (Span<UInt8>) -> R) -> R {
        unsafe rule._withUnsafeGuaranteedRef { body($0.place.file.utf8.span) }
    }
}

// The variables of the process, behind one short lock, and the memory that all variables may take
// (configuration manual: tune.vars.*-max-size). Each limit includes the scopes below it:
//
//     global ⊇ proc ⊇ sess ⊇ txn ⊇ req or res

import Synchronization

/// The most bytes that variables may take; 0 is no limit.
public struct VariableLimits: Sendable, BitwiseCopyable, Hashable {
    /// All variables (`tune.vars.global-max-size`).
    public var global = 0
    /// Those of the process and below (`tune.vars.proc-max-size`).
    public var process = 0
    /// Those of one session and its transactions (`tune.vars.sess-max-size`).
    public var session = 0
    /// Those of one transaction, its request and its response (`tune.vars.txn-max-size`).
    public var transaction = 0
    /// Those of one request or one response (`tune.vars.reqres-max-size`).
    public var requestOrResponse = 0

    /// No limits.
    public init() {}
}

/// What came of setting a variable.
public enum VariableResult: Sendable {
    /// It has the new value.
    case set
    /// A condition did not hold.
    case skipped
    /// A limit forbids it, or the scope is not there now.
    case refused
}

/// The variables of the process, shared by all workers and by all generations.
public final class ProcessVariables: Sendable {
    private let values: Mutex<VariableValues>
    /// Bytes charged for all scopes of all streams.
    private let used = Atomic<Int>(0)
    private let global = Atomic<Int>(0)
    private let proc = Atomic<Int>(0)
    private let session = Atomic<Int>(0)
    private let transaction = Atomic<Int>(0)
    private let requestOrResponse = Atomic<Int>(0)

    /// Room for the variables of the process that `names` knows by now.
    public init(names: VariableNames, limits: VariableLimits = VariableLimits()) {
        values = Mutex(VariableValues(count: names.count(of: .process)))
        self.limits = limits
    }

    /// The limits of all scopes. Where a new generation lowers one, values that are there stay.
    public var limits: VariableLimits {
        get {
            var limits = VariableLimits()
            limits.global = global.load(ordering: .relaxed)
            limits.process = proc.load(ordering: .relaxed)
            limits.session = session.load(ordering: .relaxed)
            limits.transaction = transaction.load(ordering: .relaxed)
            limits.requestOrResponse = requestOrResponse.load(ordering: .relaxed)
            return limits
        }
        set {
            global.store(newValue.global, ordering: .relaxed)
            proc.store(newValue.process, ordering: .relaxed)
            session.store(newValue.session, ordering: .relaxed)
            transaction.store(newValue.transaction, ordering: .relaxed)
            requestOrResponse.store(newValue.requestOrResponse, ordering: .relaxed)
        }
    }

    /// Bytes charged for variables of all scopes.
    public var usedBytes: Int { used.load(ordering: .relaxed) }

    /// A variable's value, its bytes copied into `scratch`.
    public func value(of slot: UInt32, into scratch: inout SampleScratch) -> Sample? {
        values.withLock { $0.value(of: slot, into: &scratch) }
    }

    /// Sets a variable of the process where its conditions and the limits allow it.
    public func set(
        _ slot: UInt32, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition = []
    ) -> VariableResult {
        values.withLock { values in
            guard condition.allow(sample, over: values.peek(slot), exists: true) else {
                return .skipped
            }
            guard charge(values.charge(of: sample, for: slot)) else { return .refused }
            values.set(slot, to: sample, in: scratch)
            return .set
        }
    }

    /// Forgets the value of a variable of the process.
    public func unset(_ slot: UInt32) {
        values.withLock { values in
            let before = values.chargedBytes
            values.unset(slot)
            release(before - values.chargedBytes)
        }
    }

    /// Takes bytes from the limits of the process and of everything; false when they forbid it.
    func charge(_ bytes: Int) -> Bool {
        let before = used.wrappingAdd(bytes, ordering: .relaxed).oldValue
        if bytes <= 0 { return true }
        let fits = { (limit: Int) in limit == 0 || before + bytes <= limit }
        if fits(proc.load(ordering: .relaxed)) && fits(global.load(ordering: .relaxed)) {
            return true
        }
        release(bytes)
        return false
    }

    /// Gives bytes back.
    func release(_ bytes: Int) { used.wrappingSubtract(bytes, ordering: .relaxed) }
}

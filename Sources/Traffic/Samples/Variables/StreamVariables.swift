// The variables that one stream can reach: those of its session, and its own.

/// The variables of a client's connection, or of a health check.
public struct SessionVariables: ~Copyable, Sendable {
    var values: VariableValues
    /// Bytes charged for the session and its transactions.
    public internal(set) var usedBytes = 0

    /// Room for the variables of a session that `names` knows by now, or those of a check.
    public init(names: VariableNames, scope: VariableScope = .session) {
        values = VariableValues(count: names.count(of: scope))
    }

    /// A variable's value, its bytes copied into `scratch`; nil when it has none.
    public func value(of slot: UInt32, into scratch: inout SampleScratch) -> Sample? {
        values.value(of: slot, into: &scratch)
    }

    /// Sets a variable where its conditions and the limits allow it, while there is no transaction.
    public mutating func set(
        _ slot: UInt32, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition = [], _ process: ProcessVariables
    ) -> VariableResult {
        let old = values.peek(slot)
        guard condition.allow(sample, over: old, exists: old != nil) else { return .skipped }
        let more = values.charge(of: sample, for: slot)
        let limit = process.limits.session
        guard more <= 0 || limit == 0 || usedBytes + more <= limit, process.charge(more) else {
            return .refused
        }
        usedBytes += more
        values.set(slot, to: sample, in: scratch)
        return .set
    }

    /// Forgets a variable's value, while there is no transaction.
    public mutating func unset(_ slot: UInt32, _ process: ProcessVariables) {
        let before = values.chargedBytes
        values.unset(slot)
        usedBytes -= before - values.chargedBytes
        process.release(before - values.chargedBytes)
    }

    /// Ends the session's life; its transactions must have ended.
    public mutating func reset(_ process: ProcessVariables) {
        process.release(values.chargedBytes)
        usedBytes -= values.chargedBytes
        assert(usedBytes == 0, "a transaction outlives its session")
        values.reset()
    }
}

/// The variables of one transaction with its request or response. Those of checks are not there.
public struct StreamVariables: ~Copyable, Sendable {
    private var transaction: VariableValues
    private var request: VariableValues
    private var response: VariableValues
    /// Whether variables of the response are the ones that live, and not those of the request.
    public private(set) var isResponse = false

    /// Room for the variables that `names` knows by now.
    public init(names: VariableNames) {
        transaction = VariableValues(count: names.count(of: .transaction))
        request = VariableValues(count: names.count(of: .request))
        response = VariableValues(count: names.count(of: .response))
    }

    /// Bytes charged for the transaction, its request and its response.
    public var usedBytes: Int { transaction.chargedBytes + partBytes }

    private var partBytes: Int { request.chargedBytes + response.chargedBytes }

    /// Ends the request's variables and begins those of the response.
    public mutating func beginResponse(
        _ session: inout SessionVariables, _ process: ProcessVariables
    ) {
        release(request.chargedBytes, &session, process)
        request.reset()
        isResponse = true
    }

    /// Ends the transaction's life.
    public mutating func reset(_ session: inout SessionVariables, _ process: ProcessVariables) {
        release(usedBytes, &session, process)
        transaction.reset()
        request.reset()
        response.reset()
        isResponse = false
    }

    /// A variable's value, its bytes copied into `scratch`; nil when it has none or its scope is
    /// not there now.
    public func value(
        of variable: VariableReference, _ session: borrowing SessionVariables,
        _ process: ProcessVariables, into scratch: inout SampleScratch
    ) -> Sample? {
        switch VariableScope(rawValue: variable.scope) {
        case .process: process.value(of: variable.slot, into: &scratch)
        case .session: session.values.value(of: variable.slot, into: &scratch)
        case .transaction: transaction.value(of: variable.slot, into: &scratch)
        case .request: request.value(of: variable.slot, into: &scratch)
        case .response: response.value(of: variable.slot, into: &scratch)
        case .check, nil: nil
        }
    }

    /// Sets a variable where its conditions and the limits allow it.
    public mutating func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition = [], _ session: inout SessionVariables,
        _ process: ProcessVariables
    ) -> VariableResult {
        guard let scope = VariableScope(rawValue: variable.scope) else { return .refused }
        let slot = variable.slot
        let old: Sample?
        let more: Int
        switch scope {
        case .process: return process.set(slot, to: sample, in: scratch, if: condition)
        case .check: return .refused
        case .session:
            old = session.values.peek(slot)
            more = session.values.charge(of: sample, for: slot)
        case .transaction:
            old = transaction.peek(slot)
            more = transaction.charge(of: sample, for: slot)
        case .request:
            if isResponse { return .refused }
            old = request.peek(slot)
            more = request.charge(of: sample, for: slot)
        case .response:
            if !isResponse { return .refused }
            old = response.peek(slot)
            more = response.charge(of: sample, for: slot)
        }
        guard condition.allow(sample, over: old, exists: old != nil) else { return .skipped }
        guard charge(more, scope, &session, process) else { return .refused }
        switch scope {
        case .transaction: transaction.set(slot, to: sample, in: scratch)
        case .request: request.set(slot, to: sample, in: scratch)
        case .response: response.set(slot, to: sample, in: scratch)
        default: session.values.set(slot, to: sample, in: scratch)
        }
        return .set
    }

    /// Forgets a variable's value.
    public mutating func unset(
        _ variable: VariableReference, _ session: inout SessionVariables,
        _ process: ProcessVariables
    ) {
        let before = usedBytes + session.values.chargedBytes
        switch VariableScope(rawValue: variable.scope) {
        case .process: process.unset(variable.slot)
        case .session: session.values.unset(variable.slot)
        case .transaction: transaction.unset(variable.slot)
        case .request: request.unset(variable.slot)
        case .response: response.unset(variable.slot)
        case .check, nil: break
        }
        release(before - usedBytes - session.values.chargedBytes, &session, process)
    }

    /// Takes bytes from all limits that include the scope, or from none.
    private func charge(
        _ bytes: Int, _ scope: VariableScope, _ session: inout SessionVariables,
        _ process: ProcessVariables
    ) -> Bool {
        let limits = process.limits
        let fits = { (used: Int, limit: Int) in
            bytes <= 0 || limit == 0 || used + bytes <= limit
        }
        if scope == .request || scope == .response {
            if !fits(partBytes, limits.requestOrResponse) { return false }
        }
        if scope != .session {
            if !fits(usedBytes, limits.transaction) { return false }
        }
        guard fits(session.usedBytes, limits.session), process.charge(bytes) else { return false }
        session.usedBytes += bytes
        return true
    }

    private func release(
        _ bytes: Int, _ session: inout SessionVariables, _ process: ProcessVariables
    ) {
        session.usedBytes -= bytes
        process.release(bytes)
    }
}

// What converters may ask while an expression is evaluated: variables and captures of the stream
// for which it is. One for each worker.

import Addresses
import Samples
import Structures

/// The world around evaluations of one worker.
final class Evaluation: ConverterEnvironment {
    /// For whom the present evaluation is.
    var present: Subject?
    /// Checks passwords; made at first use.
    lazy var passwordCheck = PasswordCheck()

    override func value(
        of variable: VariableReference, into scratch: inout SampleScratch
    ) -> Sample? {
        present?.value(of: variable, into: &scratch)
    }

    override func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition
    ) -> Bool {
        present?.set(variable, to: sample, in: scratch, if: condition) == .set
    }

    override func matches(accessList: Int, _ scratch: inout SampleScratch) -> Bool {
        present?.matches(use: accessList, &scratch) ?? false
    }

    override func capture(
        request isRequest: Bool, slot: Int, _ sample: Sample, _ scratch: borrowing SampleScratch
    ) -> Bool {
        guard let subject = present, subject.hasStream else { return false }
        let limit = subject.captureLimit(request: isRequest, slot: slot)
        if limit == 0 { return false }
        subject.setCapture(
            request: isRequest, slot: slot, to: scratch.bytes(of: sample), limit: limit)
        return true
    }

    override func unset(_ variable: VariableReference) { present?.unset(variable) }

    override func holds(_ fact: StreamFact) -> Bool { present?.holds(fact) ?? false }

    override func report(_ line: Sample, to sink: Int, in scratch: borrowing SampleScratch) {
        present?.report(scratch.bytes(of: line), to: sink)
    }
}

/// What only streams with rules have: variables, captures, tracked entries. Kept aside and used
/// again, so that other streams stay small.
struct StreamExtras: ~Copyable {
    /// Variables of the transaction, the request and the response.
    var variables: StreamVariables
    /// Texts captured of the request, by slot.
    var requestCaptures = TextSlots()
    /// As `requestCaptures`, of the response.
    var responseCaptures = TextSlots()
    /// The captured cookies, name and value: of the request in slot 0, of the response in slot 1.
    var cookies = TextSlots()
    /// The unique id, once it was made.
    var uniqueID = TextSlots()
    /// What rules have set for this stream alone.
    var settings = StreamSettings()
    /// Addresses that rules have put in place of the connection's.
    var addresses = ReplacedAddresses()
    /// Our own address in the connection that it had to its server.
    var serverSource: IPSocketAddress?
    /// Entries of stick tables that the stream tracks.
    var tracked = TrackedEntries()
    /// What is to be stored of the server.
    var stores = PendingStores()
    /// Limits of its bandwidth.
    var limits = EnabledLimits()

    init(names: VariableNames) { variables = StreamVariables(names: names) }
}

/// What only sessions with rules have.
struct SessionExtras: ~Copyable {
    /// Variables of the session.
    var variables: SessionVariables
    /// Addresses that rules have put in place of the connection's.
    var addresses = ReplacedAddresses()
    /// Entries of stick tables that the session tracks.
    var tracked = TrackedEntries()

    init(names: VariableNames) { variables = SessionVariables(names: names) }
}

/// Texts by number, in one block that is kept.
struct TextSlots: ~Copyable {
    /// Where a text is. Not private, because the compiler (6.3) fails on structures of other files
    /// that hold slots of a private type.
    struct Slot: BitwiseCopyable {
        var start: UInt32 = 0
        var length: UInt32 = 0
        var isSet = false
    }
    private var slots = FlatList<Slot>()
    private var bytes = FlatList<UInt8>()

    /// Forgets all texts and keeps the room.
    mutating func reset() {
        slots.removeAll()
        bytes.removeAll()
    }

    /// Whether a slot has a text.
    func isSet(_ slot: Int) -> Bool { slot < slots.count && slots[slot].isSet }

    /// Keeps a copy of at most `limit` bytes.
    mutating func set(_ slot: Int, to text: Span<UInt8>, atMost limit: Int) {
        while slots.count <= slot { slots.append(Slot()) }
        let count = min(text.count, limit)
        let kept = text.extracting(0..<count)
        if slots[slot].isSet, count <= Int(slots[slot].length) {
            let start = Int(slots[slot].start)
            for index in 0..<count { bytes[start + index] = kept[index] }
            slots[slot].length = UInt32(count)
            return
        }
        let start = bytes.append(kept)
        slots[slot] = Slot(start: UInt32(start), length: UInt32(count), isSet: true)
    }

    /// The text of a slot; empty where there is none.
    @_lifetime(borrow self)
    func text(_ slot: Int) -> Span<UInt8> {
        guard isSet(slot) else { return bytes.span.extracting(0..<0) }
        let start = Int(slots[slot].start)
        return bytes.span.extracting(start..<start + Int(slots[slot].length))
    }
}

extension Worker {
    /// The variables of a stream's request end, and those of its response begin.
    mutating func beginResponseVariables(_ stream: Handle) {
        streams[stream].hasBegunResponse = true
        let own = streams[stream].extras
        // Those of a stream that has none yet begin with the first that is set.
        if own.isNone { return }
        let session = extras(ofSession: streams[stream].session)
        streamExtras[own].variables.beginResponse(&sessionExtras[session].variables, live.variables)
    }

    /// The extras of a stream, made when there are none.
    ///
    /// The slabs are as large as those of streams and sessions, so there is always room.
    mutating func extras(of stream: Handle) -> Handle {
        let known = streams[stream].extras
        if !known.isNone { return known }
        let handle =
            freeStreamExtras.popLast()
            ?? Self.room(streamExtras.insert(StreamExtras(names: live.variableNames)))
        streams[stream].extras = handle
        if streams[stream].hasBegunResponse { beginResponseVariables(stream) }
        return handle
    }

    /// The extras of a session, made when there are none.
    mutating func extras(ofSession session: Handle) -> Handle {
        let known = sessions[session].extras
        if !known.isNone { return known }
        let handle =
            freeSessionExtras.popLast()
            ?? Self.room(sessionExtras.insert(SessionExtras(names: live.variableNames)))
        sessions[session].extras = handle
        return handle
    }

    private static func room(_ made: Handle?) -> Handle {
        guard let made else {
            preconditionFailure("there is room for the extras of every stream and session")
        }
        return made
    }

    /// Ends the life of what a stream had beside itself.
    mutating func releaseExtras(of stream: Handle) {
        finishTracking(stream)
        let handle = streams[stream].extras
        guard !handle.isNone else { return }
        releaseLimits(stream)
        let session = extras(ofSession: streams[stream].session)
        streamExtras[handle].variables.reset(&sessionExtras[session].variables, live.variables)
        streamExtras[handle].requestCaptures.reset()
        streamExtras[handle].responseCaptures.reset()
        streamExtras[handle].cookies.reset()
        streamExtras[handle].uniqueID.reset()
        streamExtras[handle].settings = StreamSettings()
        streamExtras[handle].addresses = ReplacedAddresses()
        streamExtras[handle].serverSource = nil
        streamExtras[handle].stores.reset()
        streams[stream].extras = .none
        freeStreamExtras.append(handle)
    }

    /// Ends the life of what a session had beside itself.
    mutating func releaseExtras(ofSession session: Handle) {
        finishTracking(session: session)
        let handle = sessions[session].extras
        guard !handle.isNone else { return }
        sessionExtras[handle].variables.reset(live.variables)
        sessionExtras[handle].addresses = ReplacedAddresses()
        sessions[session].extras = .none
        freeSessionExtras.append(handle)
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The value of a variable, its bytes copied into `scratch`; nil when it is not set.
    public func value(
        of variable: VariableReference, into scratch: inout SampleScratch
    ) -> Sample? {
        // Safety: as the type says; so below.
        if variable.scope == VariableScope.process.rawValue {
            return unsafe worker.pointee.live.variables.value(of: variable.slot, into: &scratch)
        }
        let session = unsafe worker.pointee.sessions[self.session].extras
        guard !session.isNone else { return nil }
        if stream.isNone {
            guard variable.scope == VariableScope.session.rawValue else { return nil }
            return unsafe worker.pointee.sessionExtras[session].variables.value(
                of: variable.slot, into: &scratch)
        }
        let extras = unsafe worker.pointee.streams[stream].extras
        guard !extras.isNone else {
            guard variable.scope == VariableScope.session.rawValue else { return nil }
            return unsafe worker.pointee.sessionExtras[session].variables.value(
                of: variable.slot, into: &scratch)
        }
        return unsafe worker.pointee.streamExtras[extras].variables.value(
            of: variable, worker.pointee.sessionExtras[session].variables,
            worker.pointee.live.variables, into: &scratch)
    }

    /// Sets a variable where its conditions and the limits allow it.
    public func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition = []
    ) -> VariableResult {
        let result = put(variable, sample, in: scratch, if: condition)
        if case .set = result, unsafe worker.pointee.isTraced {
            traced(variable, sample, in: scratch)
        }
        return result
    }

    private func put(
        _ variable: VariableReference, _ sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition
    ) -> VariableResult {
        if variable.scope == VariableScope.process.rawValue {
            return unsafe worker.pointee.live.variables.set(
                variable.slot, to: sample, in: scratch, if: condition)
        }
        let session = unsafe worker.pointee.extras(ofSession: self.session)
        if stream.isNone {
            guard variable.scope == VariableScope.session.rawValue else { return .refused }
            return unsafe worker.pointee.sessionExtras[session].variables.set(
                variable.slot, to: sample, in: scratch, if: condition,
                worker.pointee.live.variables)
        }
        let extras = unsafe worker.pointee.extras(of: stream)
        return unsafe worker.pointee.streamExtras[extras].variables.set(
            variable, to: sample, in: scratch, if: condition,
            &worker.pointee.sessionExtras[session].variables, worker.pointee.live.variables)
    }

    /// Forgets the value of a variable.
    public func unset(_ variable: VariableReference) {
        if unsafe worker.pointee.isTraced { tracedUnset(variable) }
        if variable.scope == VariableScope.process.rawValue {
            return unsafe worker.pointee.live.variables.unset(variable.slot)
        }
        let session = unsafe worker.pointee.sessions[self.session].extras
        guard !session.isNone else { return }
        if stream.isNone {
            guard variable.scope == VariableScope.session.rawValue else { return }
            return unsafe worker.pointee.sessionExtras[session].variables.unset(
                variable.slot, worker.pointee.live.variables)
        }
        let extras = unsafe worker.pointee.extras(of: stream)
        unsafe worker.pointee.streamExtras[extras].variables.unset(
            variable, &worker.pointee.sessionExtras[session].variables,
            worker.pointee.live.variables)
    }
}

// What streams and sessions count in the entries they track, and when (configuration manual: data
// types of stick tables).
//
//     session  track: conn_*      rules passed: sess_*                      end: conn_cur back
//     request  begin: http_req_*  4xx: http_err_*  5xx: http_fail_*         end: bytes_*, before
//                                                                          its line of the log

import StickTables
import Structures

extension Worker {
    /// Whether a stream, or its session, tracks anything.
    @inline(__always)
    mutating func isTracking(_ stream: Handle) -> Bool {
        let own = streams[stream].extras
        if !own.isNone && !streamExtras[own].tracked.isEmpty { return true }
        return isTracking(session: streams[stream].session)
    }

    /// Whether a session tracks anything.
    @inline(__always)
    mutating func isTracking(session: Handle) -> Bool {
        let extras = sessions[session].extras
        return !extras.isNone && !sessionExtras[extras].tracked.isEmpty
    }

    /// The entry that a counter means for a stream: its own, else its session's.
    mutating func tracked(_ counter: Int, stream: Handle, session: Handle) -> TrackedEntry? {
        guard counter >= 0, counter < TrackedEntries.most else { return nil }
        if !stream.isNone {
            let own = streams[stream].extras
            if !own.isNone, let entry = streamExtras[own].tracked[counter] { return entry }
        }
        let extras = sessions[session].extras
        return extras.isNone ? nil : sessionExtras[extras].tracked[counter]
    }

    /// Counts in every entry that a stream tracks, its own and those of its session whose counters
    /// it does not use itself; without a stream, in those of the session.
    private mutating func countTracked(
        _ stream: Handle, _ session: Handle, _ updates: Span<StickUpdate>
    ) {
        for counter in 0..<TrackedEntries.most {
            if let entry = tracked(counter, stream: stream, session: session) {
                entry.withTable { _ = $0.change(at: entry.reference, updates, now: now) }
            }
        }
    }

    /// Counts one event, and its rate, of a stream.
    private mutating func count(
        _ stream: Handle, _ count: StickDataType, _ rate: StickDataType
    ) {
        guard isTracking(stream) else { return }
        let updates: InlineArray<2, StickUpdate> = [.add(to: count), .add(to: rate)]
        countTracked(stream, streams[stream].session, updates.span)
    }

    /// As ``count(_:_:_:)``, of a session that has no stream.
    private mutating func count(
        ofSession session: Handle, _ count: StickDataType, _ rate: StickDataType
    ) {
        guard isTracking(session: session) else { return }
        let updates: InlineArray<2, StickUpdate> = [.add(to: count), .add(to: rate)]
        countTracked(.none, session, updates.span)
    }

    // MARK: Moments

    /// The client has passed the rules of connections and sessions.
    mutating func countTrackedSession(_ session: Handle) {
        count(ofSession: session, .sessionCount, .sessionRate)
    }

    /// A request has come, and its first rules have let it pass.
    mutating func countTrackedRequest(_ stream: Handle) {
        count(stream, .requestCount, .requestRate)
        let own = streams[stream].extras
        if !own.isNone { streamExtras[own].tracked.clearOwing() }
    }

    /// A request has passed the rules of its backend's content, and is counted in what those track.
    mutating func countTrackedRequest(inBackend stream: Handle) {
        let own = streams[stream].extras
        if own.isNone { return }
        let updates: InlineArray<2, StickUpdate> = [
            .add(to: .requestCount), .add(to: .requestRate),
        ]
        while let entry = streamExtras[own].tracked.takeOwing() {
            entry.withTable { _ = $0.change(at: entry.reference, updates.span, now: now) }
        }
    }

    /// A session's request was such that no stream came of it.
    mutating func countTrackedRequest(ofSession session: Handle) {
        count(ofSession: session, .requestCount, .requestRate)
    }

    /// A session's request was the client's mistake, and no stream came of it.
    mutating func countTrackedError(ofSession session: Handle) {
        count(ofSession: session, .requestErrorCount, .requestErrorRate)
    }

    /// A stream's request was the client's mistake.
    mutating func countTrackedError(_ stream: Handle) {
        count(stream, .requestErrorCount, .requestErrorRate)
    }

    /// A stream's server has failed.
    mutating func countTrackedFailure(_ stream: Handle) {
        count(stream, .responseFailureCount, .responseFailureRate)
    }

    /// A server has answered with a status.
    @inline(__always)
    mutating func countTracked(_ stream: Handle, status: Int) {
        if status < leastCountedStatus || !isTracking(stream) { return }
        let own = streams[stream].program
        if programs[own].errorStatuses.contains(status) { countTrackedError(stream) }
        if programs[own].failureStatuses.contains(status) { countTrackedFailure(stream) }
    }

    /// Counts the bytes of a stream that are not counted yet.
    mutating func countTrackedBytes(_ stream: Handle) {
        guard isTracking(stream) else { return }
        let updates = bytesUpdates(stream)
        countTracked(stream, streams[stream].session, updates.span.extracting(0..<4))
        streams[stream].countedIn = streams[stream].flows[0].bytes
        streams[stream].countedOut = streams[stream].bytesToClient
    }

    /// The bytes that are not counted yet, and room for what becomes of the entry.
    private mutating func bytesUpdates(_ stream: Handle) -> InlineArray<5, StickUpdate> {
        // What could not be read as a request is not counted.
        let isBad = streams[stream].flags.contains(.isBadRequest)
        let received = isBad ? 0 : streams[stream].flows[0].bytes &- streams[stream].countedIn
        let sent = isBad ? 0 : streams[stream].bytesToClient &- streams[stream].countedOut
        return [
            .add(Int64(clamping: received), to: .bytesInCount),
            .add(Int64(clamping: received), to: .bytesInRate),
            .add(Int64(clamping: sent), to: .bytesOutCount),
            .add(Int64(clamping: sent), to: .bytesOutRate),
            .subtract(0, from: .currentConnections),
        ]
    }

    // MARK: Ends

    /// A stream ends: what is left of its bytes is counted, and its own entries are given back.
    @inline(__always)
    mutating func finishTracking(_ stream: Handle) {
        if isTracking(stream) { releaseTracked(stream) }
    }

    @inline(never)
    private mutating func releaseTracked(_ stream: Handle) {
        var updates = bytesUpdates(stream)
        let session = streams[stream].session
        let own = streams[stream].extras
        for counter in 0..<TrackedEntries.most {
            let entry = own.isNone ? nil : streamExtras[own].tracked.take(counter)
            if let entry {
                updates[4] = .subtract(from: .currentConnections)
                entry.withTable { $0.release(entry.reference, updates.span, now: now) }
            } else if let entry = tracked(counter, stream: .none, session: session) {
                updates[4] = .subtract(0, from: .currentConnections)
                entry.withTable { _ = $0.change(at: entry.reference, updates.span, now: now) }
            }
        }
    }

    /// A session ends: its entries are given back.
    mutating func finishTracking(session: Handle) {
        guard isTracking(session: session) else { return }
        for counter in 0..<TrackedEntries.most {
            giveBack(sessionExtras[sessions[session].extras].tracked.take(counter))
        }
    }

    private func giveBack(_ entry: TrackedEntry?) {
        guard let entry else { return }
        let updates: InlineArray<1, StickUpdate> = [.subtract(from: .currentConnections)]
        entry.withTable { $0.release(entry.reference, updates.span, now: now) }
    }

    /// A session moves to another generation: entries of tables that are not there are given back.
    mutating func keepTracked(session: Handle, in next: Handle) {
        guard isTracking(session: session) else { return }
        let extras = sessions[session].extras
        for counter in 0..<TrackedEntries.most {
            // Safety: addresses are compared, nothing is read through them.
            guard let entry = sessionExtras[extras].tracked[counter],
                unsafe !programs[next].has(entry.table)
            else { continue }
            giveBack(sessionExtras[extras].tracked.take(counter))
        }
    }

    /// As of a session, for a stream; what it wanted to store is forgotten.
    mutating func keepTracked(stream: Handle, in next: Handle) {
        let extras = streams[stream].extras
        if extras.isNone { return }
        keepLimits(stream, in: next)
        streamExtras[extras].stores.reset()
        for counter in 0..<TrackedEntries.most {
            // Safety: as in `keepTracked(session:in:)`.
            guard let entry = streamExtras[extras].tracked[counter],
                unsafe !programs[next].has(entry.table)
            else { continue }
            giveBack(streamExtras[extras].tracked.take(counter))
        }
    }

    /// Removes what has expired from the tables of the generation in force.
    mutating func sweepTables() {
        // Safety: the generation keeps its tables.
        for index in unsafe programs[program].tables.indices {
            let table = unsafe programs[program].tables[index]
            unsafe table._withUnsafeGuaranteedRef { _ = $0.removeExpired(now: now) }
        }
    }
}

extension Program {
    /// Whether the generation has a table.
    func has(_ table: Unmanaged<StickTable>) -> Bool {
        for index in unsafe tables.indices {
            // Safety: addresses are compared, nothing is read through them.
            if unsafe tables[index].toOpaque() == table.toOpaque() { return true }
        }
        return false
    }
}

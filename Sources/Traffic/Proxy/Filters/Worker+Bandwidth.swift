// Streams under bandwidth limits: how much a flow may pass on, and who is held until when. A flow
// without limits never comes here.

import StickTables
import Structures

extension Worker {
    /// How many bytes a flow with limits may pass on now, of so many that are there; 0 when it is
    /// held, and its timer then goes on with it.
    @inline(never)
    mutating func room(_ stream: Handle, _ index: Int, waiting: Int) -> Int {
        let extras = streams[stream].extras
        if extras.isNone { return .max }
        let room = streamExtras[extras].limits.room(index, waiting: waiting, now: now)
        if room.bytes > 0 {
            if streamExtras[extras].limits.heldUntil[index] != 0 {
                streamExtras[extras].limits.heldUntil[index] = 0
                // Nobody is to blame for the time it was held.
                noteActivity(stream, ofClient: true)
                noteActivity(stream, ofClient: false)
            }
            return Int(room.bytes)
        }
        if waiting > 0 {
            streamExtras[extras].limits.heldUntil[index] = now &+ max(1, room.wait)
        }
        return 0
    }

    /// Counts bytes that a flow with limits has passed on.
    @inline(never)
    mutating func charge(_ stream: Handle, _ index: Int, _ count: Int) {
        let extras = streams[stream].extras
        guard count > 0, !extras.isNone else { return }
        streamExtras[extras].limits.charge(index, count, now: now)
    }

    /// Tick until which a flow is held; 0 while it is not.
    @inline(__always)
    mutating func heldUntil(_ stream: Handle, _ index: Int) -> UInt64 {
        guard streams[stream].isLimited else { return 0 }
        return streamExtras[streams[stream].extras].limits.heldUntil[index]
    }

    /// The limits of a stream end with it, and what they share is given back.
    mutating func releaseLimits(_ stream: Handle) {
        let extras = streams[stream].extras
        if extras.isNone || streamExtras[extras].limits.count == 0 { return }
        for index in 0..<streamExtras[extras].limits.count {
            giveBack(streamExtras[extras].limits[index].entry, now)
        }
        streamExtras[extras].limits.reset()
        streams[stream].isLimited = false
        streams[stream].flows[0].isLimited = false
        streams[stream].flows[1].isLimited = false
    }

    /// A stream moves to another generation: limits whose table is not there are given back.
    mutating func keepLimits(_ stream: Handle, in next: Handle) {
        let extras = streams[stream].extras
        if extras.isNone { return }
        var index = 0
        while index < streamExtras[extras].limits.count {
            // Safety: addresses are compared, nothing is read through them.
            if let entry = streamExtras[extras].limits[index].entry,
                unsafe !programs[next].has(entry.table)
            {
                giveBack(entry, now)
                streamExtras[extras].limits.remove(at: index)
            } else {
                index &+= 1
            }
        }
    }

    /// Ends a use of an entry.
    fileprivate func giveBack(_ entry: TrackedEntry?, _ now: UInt64) {
        guard let entry else { return }
        entry.withTable { $0.release(entry.reference, Span(), now: now) }
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Holds the stream to a limit from now on.
    ///
    /// One that it has already begins anew. A limit that is shared needs a key, and room in its
    /// table; without, nothing is limited.
    ///
    /// - Parameters:
    ///   - bytes: in place of the limit's; nothing where it is 0.
    ///   - milliseconds: in place of the limit's; nothing where it is 0.
    public func enable(_ limit: BandwidthLimit, bytes: UInt32, milliseconds: UInt32) {
        if stream.isNone { return }
        // Safety: as the type says; so below.
        let extras = unsafe worker.pointee.extras(of: stream)
        drop(limit, extras)
        var enabled = EnabledLimit(
            number: limit.number, direction: limit.isOfRequests ? 0 : 1,
            bytes: bytes > 0 ? bytes : limit.bytes,
            milliseconds: milliseconds > 0 ? milliseconds : limit.milliseconds,
            leastBytes: limit.leastBytes)
        if limit.isShared {
            guard let entry = entry(for: limit) else { return }
            enabled.entry = entry
        }
        unsafe worker.pointee.streamExtras[extras].limits.append(enabled)
        unsafe worker.pointee.streams[stream].isLimited = true
        unsafe worker.pointee.streams[stream].flows[Int(enabled.direction)].isLimited = true
    }

    /// Takes a limit away that was enabled before.
    private func drop(_ limit: BandwidthLimit, _ extras: Handle) {
        for index in unsafe 0..<worker.pointee.streamExtras[extras].limits.count {
            let enabled = unsafe worker.pointee.streamExtras[extras].limits[index]
            guard enabled.number == limit.number else { continue }
            unsafe worker.pointee.giveBack(enabled.entry, now)
            unsafe worker.pointee.streamExtras[extras].limits.remove(at: index)
            return
        }
    }

    /// The entry of a limit that is shared, with one more user; nil where there is none.
    private func entry(for limit: BandwidthLimit) -> TrackedEntry? {
        guard let key = limit.key, let reference = limit.table,
            let table = unsafe table(Int(reference.index))
        else { return nil }
        return withScratch { scratch in
            guard var sample = evaluate(key, &scratch) else { return nil }
            let found = unsafe table._withUnsafeGuaranteedRef { table -> StickReference? in
                guard table.configuration.keyType.convert(&sample, in: &scratch) else {
                    return nil
                }
                return table.track(scratch.bytes(of: sample), Span(), now: now)
            }
            guard let found else { return nil }
            return unsafe TrackedEntry(table: table, reference: found)
        }
    }
}

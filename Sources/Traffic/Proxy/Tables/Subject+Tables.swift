// What fetches, converters and actions do with stick tables: finding the live table and the entry
// that a counter or an address means, and tracking entries.

import Samples
import StickTables
import Structures

// Safety: what a subject points at is alive and its own, as its type says; the generation it runs
// in keeps its tables.
extension Subject {
    /// Hands a live table to `body`; nil where the configuration has none.
    @inline(__always)
    public func withTable<R>(_ reference: ProxyReference, _ body: (StickTable) -> R?) -> R? {
        guard let table = unsafe table(Int(reference.index)) else { return nil }
        return unsafe table._withUnsafeGuaranteedRef(body)
    }

    /// A live table by its index in the configuration.
    @inline(__always)
    func table(_ index: Int) -> Unmanaged<StickTable>? {
        let program = program
        guard index >= 0, unsafe index < worker.pointee.programs[program].tables.count else {
            return nil
        }
        return unsafe worker.pointee.programs[program].tables[index]
    }

    /// The entry that a counter tracks: the stream's, else the session's.
    public func tracked(_ counter: Int) -> TrackedEntry? {
        unsafe worker.pointee.tracked(counter, stream: stream, session: session)
    }

    /// Whether a counter may still be given an entry: of the stream, or of the session where there
    /// is no stream.
    public func isFree(_ counter: Int) -> Bool {
        if stream.isNone {
            let extras = unsafe worker.pointee.sessions[session].extras
            return unsafe extras.isNone
                || worker.pointee.sessionExtras[extras].tracked[counter] == nil
        }
        let extras = unsafe worker.pointee.streams[stream].extras
        return unsafe extras.isNone || worker.pointee.streamExtras[extras].tracked[counter] == nil
    }

    /// Lets a counter that is free track the entry with a key, which is made when there is none,
    /// and carries out updates on it.
    ///
    /// Nothing happens where the table is full of entries that cannot go.
    ///
    /// - Parameter owesRequest: the request is counted in it once the rules are passed.
    public func track(
        _ counter: Int, in reference: ProxyReference, key: Span<UInt8>,
        _ updates: Span<StickUpdate>, owesRequest: Bool
    ) {
        guard let table = unsafe table(Int(reference.index)) else { return }
        let now = now
        let found = unsafe table._withUnsafeGuaranteedRef { $0.track(key, updates, now: now) }
        guard let found else { return }
        if unsafe worker.pointee.isTraced { unsafe traced(.track, table, key) }
        let entry = unsafe TrackedEntry(table: table, reference: found)
        if stream.isNone {
            let extras = unsafe worker.pointee.extras(ofSession: session)
            unsafe worker.pointee.sessionExtras[extras].tracked.set(
                counter, to: entry, owesRequest: false)
        } else {
            let extras = unsafe worker.pointee.extras(of: stream)
            unsafe worker.pointee.streamExtras[extras].tracked.set(
                counter, to: entry, owesRequest: owesRequest)
        }
    }

    /// Whether tables count the status that the server's response has, or had before rules changed
    /// it, as an error of the client, and as a failure of the server.
    public var statusForTables: (isError: Bool, isFailure: Bool) {
        guard let status = serverStatus else { return (false, false) }
        let program = program
        return unsafe (
            worker.pointee.programs[program].errorStatuses.contains(status),
            worker.pointee.programs[program].failureStatuses.contains(status)
        )
    }

    /// The entry of a table with the key of a tracked entry of another one; nil when there is none.
    public func find(
        _ entry: TrackedEntry, in table: StickTable, _ scratch: inout SampleScratch
    ) -> StickReference? {
        let key = entry.withTable { $0.key(at: entry.reference, into: &scratch) }
        guard var key, table.configuration.keyType.convert(&key, in: &scratch) else { return nil }
        return table.find(scratch.bytes(of: key), now: now)
    }
}

extension ConverterEnvironment {
    /// For whom the present evaluation is; nil where there is no stream and no connection.
    public var subject: Subject? {
        (self as? Evaluation)?.present
    }
}

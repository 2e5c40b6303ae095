// Stick rules: a table remembers which server a key went to, and later streams with that key go
// there again (configuration manual: stick on, stick match, stick store-request, stick
// store-response).
//
// A match is looked up once the backend is chosen. Keys to be stored are kept with the stream; the
// server is written into the table when its response has come, or when a relay is connected.

import Samples
import StickTables
import Structures

/// `stick on`, `stick match`, `stick store-request` and `stick store-response`.
///
/// Safety: constants; the reference is found before any worker sees it.
public final class StickRule: Action, @unchecked Sendable {
    /// What a rule does with its key.
    public enum Use: Sendable {
        /// Looks the key up.
        case match
        /// Keeps the key for the server.
        case store
        /// Both.
        case matchAndStore
    }

    private let use: Use
    private let key: Expression
    private let table: ProxyReference

    /// A rule from its parts.
    public init(_ use: Use, _ key: Expression, _ table: ProxyReference) {
        self.use = use
        self.key = key
        self.table = table
        super.init()
    }

    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let matches = use != .store && !subject.isPinned
        let stores = use != .match && subject.canStore(table)
        guard matches || stores else { return .goOn }
        subject.withScratch { scratch in
            guard var sample = subject.evaluate(key, &scratch) else { return }
            let type = subject.withTable(table) { $0.configuration.keyType }
            guard let type, type.convert(&sample, in: &scratch) else { return }
            if matches { subject.match(sample, in: table, &scratch) }
            if stores { subject.keep(scratch.bytes(of: sample), for: table) }
        }
        return .goOn
    }
}

/// Writes the server of a stream into the tables for which stick rules have kept keys; the last
/// rule of the response's list.
///
/// Safety: no state.
public final class StoreServer: Action, @unchecked Sendable {
    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.storeServer()
        return .goOn
    }
}

// Safety: what a subject points at is alive and its own, as its type says; the generation it runs
// in keeps its tables.
extension Subject {
    /// Whether a rule has chosen the server already.
    var isPinned: Bool { unsafe worker.pointee.streams[stream].pinnedOrdinal >= 0 }

    /// Whether a key may still be kept for a table: the first one for a table counts, but one of
    /// the response replaces that of the request.
    func canStore(_ reference: ProxyReference) -> Bool {
        guard let table = unsafe table(Int(reference.index)) else { return false }
        let extras = unsafe worker.pointee.streams[stream].extras
        if extras.isNone { return true }
        if unsafe worker.pointee.streamExtras[extras].stores.index(of: table) == nil {
            return unsafe worker.pointee.streamExtras[extras].stores.count < PendingStores.most
        }
        return serverStatus != nil || hasResponseHead
    }

    /// Sends the stream to the server that a table has for a key, if it can be reached.
    func match(_ key: Sample, in reference: ProxyReference, _ scratch: inout SampleScratch) {
        guard let table = unsafe table(Int(reference.index)) else { return }
        let now = now
        let known = unsafe table._withUnsafeGuaranteedRef {
            $0.match(scratch.bytes(of: key), now: now)
        }
        guard let known else {
            if unsafe worker.pointee.isTraced {
                assume(.tables)
                unsafe traced(.stickMiss, table, scratch.bytes(of: key))
            }
            return
        }
        if let number = known.key {
            let name = unsafe table._withUnsafeGuaranteedRef {
                $0.serverNames.name(of: number, into: &scratch)
            }
            let isAddress = unsafe table._withUnsafeGuaranteedRef {
                $0.configuration.serverKey == .address
            }
            if let name, let position = server(called: scratch.bytes(of: name), isAddress) {
                _ = pin(server: position)
                return
            }
        }
        if let id = known.id, let position = server(numbered: id) { _ = pin(server: position) }
    }

    /// Keeps a key for the time when the server is there.
    func keep(_ key: Span<UInt8>, for reference: ProxyReference) {
        guard let table = unsafe table(Int(reference.index)) else { return }
        let extras = unsafe worker.pointee.extras(of: stream)
        _ = unsafe worker.pointee.streamExtras[extras].stores.set(table, key: key)
        if unsafe worker.pointee.isTraced { unsafe traced(.stickKeep, table, key) }
    }

    /// Writes the stream's server into tables for the keys that were kept.
    func storeServer() {
        let extras = unsafe worker.pointee.streams[stream].extras
        let index = unsafe Int(worker.pointee.streams[stream].serverIndex)
        guard !extras.isNone, index >= 0 else { return }
        let server = unsafe worker.pointee.programs[program].servers[index]
        if !server.isNotStored {
            for store in 0..<PendingStores.most {
                let table = unsafe worker.pointee.streamExtras[extras].stores.table(store)
                guard let table = unsafe table else { break }
                unsafe write(server, into: table, store, extras)
            }
        }
        unsafe worker.pointee.streamExtras[extras].stores.reset()
    }

    private func write(
        _ server: ServerEntry, into table: Unmanaged<StickTable>, _ store: Int, _ extras: Handle
    ) {
        let now = now
        if unsafe worker.pointee.isTraced {
            unsafe worker.pointee.streamExtras[extras].stores.withKey(store) { key in
                unsafe traced(.stickStore, table, key)
            }
        }
        unsafe table._withUnsafeGuaranteedRef { table in
            let name = table.configuration.serverKey == .name ? server.name : server.addressText
            let number = table.stores(.serverKey) ? table.serverNames.number(of: name.span) : nil
            let updates: InlineArray<2, StickUpdate> = [
                .set(.serverID, to: Int64(server.id)), .set(.serverKey, to: number ?? 0),
            ]
            unsafe worker.pointee.streamExtras[extras].stores.withKey(store) { key in
                _ = table.change(key, updates.span, now: now)
            }
        }
    }

    /// Position of the backend's server with that `id`; nil when there is none.
    private func server(numbered id: Int) -> Int? {
        let backend = backend
        guard backend >= 0 else { return nil }
        let entry = unsafe worker.pointee.programs[program].proxies[backend]
        let first = Int(entry.firstServer)
        let count = Int(entry.serverCount)
        // Without `id` in the configuration, servers are numbered from 1.
        if id >= 1, id <= count,
            unsafe worker.pointee.programs[program].servers[first &+ id &- 1].id == Int32(id)
        {
            return id &- 1
        }
        for position in 0..<count
        where unsafe Int(worker.pointee.programs[program].servers[first &+ position].id) == id {
            return position
        }
        return nil
    }

    /// Position of the backend's server with that name, or with that address and port.
    private func server(called name: Span<UInt8>, _ isAddress: Bool) -> Int? {
        guard isAddress else { return server(named: name) }
        let backend = backend
        guard backend >= 0 else { return nil }
        let entry = unsafe worker.pointee.programs[program].proxies[backend]
        for position in 0..<Int(entry.serverCount) {
            let index = Int(entry.firstServer) &+ position
            let server = unsafe worker.pointee.programs[program].servers[index]
            if server.addressText.span.isEqual(to: name) { return position }
        }
        return nil
    }
}

extension Worker {
    /// A relay is connected: its server is written into the tables that want it.
    ///
    /// `stick store-response` reads what has come of the response by then.
    mutating func storeServer(ofRelay stream: Handle) {
        streams[stream].flags.insert(.serverIsStored)
        let back = Int(streams[stream].backend)
        let own = streams[stream].program
        guard programs[own].proxies[back].ruleSteps & RuleStep.storeResponse.bit != 0 else {
            return
        }
        streams[stream].rules = RulePlace()
        _ = run(.storeResponse, of: back, stream, isFinal: true)
    }
}

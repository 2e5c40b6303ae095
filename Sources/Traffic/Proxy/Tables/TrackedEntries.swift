// Which entries of stick tables a stream or a session tracks, by the number of the counter
// (configuration manual: track-sc0).
//
// A tracked entry is in use, so it neither expires nor makes room. The table it is in belongs to
// the generation that the stream or session runs in; who moves to another generation gives back
// what that one does not have.

import StickTables
import Structures

/// An entry of a table that somebody tracks.
///
/// Safety: the generation that the tracking stream or session runs in keeps the table.
@safe
public struct TrackedEntry: BitwiseCopyable {
    /// The table.
    let table: Unmanaged<StickTable>
    /// The entry.
    public let reference: StickReference

    /// Hands the table to `body` without counting a reference.
    @inline(__always)
    public func withTable<R>(_ body: (StickTable) -> R) -> R {
        // Safety: as the type says.
        unsafe table._withUnsafeGuaranteedRef(body)
    }
}

/// Tracked entries by the number of the counter.
struct TrackedEntries: ~Copyable {
    /// The most that `tune.stick-counters` can be.
    static let most = 12

    private var entries = FlatList<TrackedEntry>()
    /// Which counters are in use, as bits.
    private var mask: UInt16 = 0
    /// Which counters have entries in which the present request is not counted yet, as bits.
    private var owing: UInt16 = 0

    /// Whether nothing is tracked.
    @inline(__always)
    var isEmpty: Bool { mask == 0 }

    /// The entry of a counter; nil where it tracks nothing.
    @inline(__always)
    subscript(counter: Int) -> TrackedEntry? {
        mask & bit(counter) == 0 ? nil : entries[counter]
    }

    /// Puts an entry into a counter that tracks nothing.
    ///
    /// - Parameter owesRequest: the request is to be counted in it once the rules are passed.
    mutating func set(_ counter: Int, to entry: TrackedEntry, owesRequest: Bool) {
        assert(self[counter] == nil)
        while entries.count <= counter { entries.append(entry) }
        entries[counter] = entry
        mask |= bit(counter)
        if owesRequest { owing |= bit(counter) }
    }

    /// The next entry in which the request is to be counted, and is taken for counted then; nil
    /// when there are no more.
    mutating func takeOwing() -> TrackedEntry? {
        if owing == 0 { return nil }
        let counter = owing.trailingZeroBitCount
        owing &= owing &- 1
        return entries[counter]
    }

    /// The request has been counted in all entries.
    mutating func clearOwing() { owing = 0 }

    /// Takes the entry out of a counter.
    mutating func take(_ counter: Int) -> TrackedEntry? {
        let entry = self[counter]
        mask &= ~bit(counter)
        owing &= ~bit(counter)
        return entry
    }

    private func bit(_ counter: Int) -> UInt16 { 1 &<< UInt16(truncatingIfNeeded: counter) }
}

/// What is to be stored of the server once it is there: keys and their tables (configuration
/// manual: stick store-request).
///
/// Safety: as of a ``TrackedEntry``.
@safe
struct PendingStores: ~Copyable {
    /// The most stores of one stream; HAProxy has as many.
    static let most = 8

    private var tables = unsafe FlatList<Unmanaged<StickTable>>()
    private var keys = TextSlots()

    /// How many there are.
    var count: Int { unsafe tables.count }

    /// The number of the store into a table; nil when there is none.
    func index(of table: Unmanaged<StickTable>) -> Int? {
        for index in 0..<count {
            // Safety: addresses are compared, nothing is read through them.
            if unsafe tables[index].toOpaque() == table.toOpaque() { return index }
        }
        return nil
    }

    /// Keeps a key for a table, in place of one that is there already; false when there are too
    /// many.
    mutating func set(_ table: Unmanaged<StickTable>, key: Span<UInt8>) -> Bool {
        let known = unsafe index(of: table)
        let index = known ?? count
        guard index < Self.most else { return false }
        if known == nil { unsafe tables.append(table) }
        keys.set(index, to: key, atMost: key.count)
        return true
    }

    /// The table of a store.
    func table(_ index: Int) -> Unmanaged<StickTable>? {
        unsafe index < count ? tables[index] : nil
    }

    /// Hands the key of a store to `body`.
    func withKey(_ index: Int, _ body: (Span<UInt8>) -> Void) { body(keys.text(index)) }

    /// Forgets all of them and keeps the room.
    mutating func reset() {
        if count == 0 { return }
        unsafe tables.removeAll()
        keys.reset()
    }
}

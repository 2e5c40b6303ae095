// Looking at all entries of a table, in pieces: what the admin commands and, later, peers need.
// Control path: copies are made, nothing is held.

/// A copy of an entry as it was at one moment.
public struct StickEntry: Sendable {
    /// One value with what it is.
    public struct Value: Hashable, Sendable {
        /// What it is.
        public let type: StickDataType
        /// Which element of an array; 0 for what is none.
        public let index: Int
        /// The value; of a rate, its events in the period; of a server key, its number.
        public let value: Int64
    }

    /// The entry's name.
    public let reference: StickReference
    /// The bytes of its key.
    public let key: [UInt8]
    /// Uses, time left and time since the last touch.
    public let facts: StickEntryFacts
    /// Everything it stores, in the order of ``StickDataType``.
    public let values: [Value]
}

/// How far an enumeration has come.
public struct StickCursor: Hashable, Sendable {
    var shard = 0
    var slot = 0

    /// The beginning of a table.
    public init() {}
}

extension StickTable {
    /// Copies entries from a cursor on and moves it; nil behind the last.
    ///
    /// Looks at `limit` places at most, in one shard and under its lock, so that a piece may be
    /// empty before the end is reached. An entry that lives from the first piece to the last is
    /// seen exactly once; those that come or go meanwhile, once or never.
    public func entries(
        _ cursor: inout StickCursor, limit: Int = 64, now: UInt64,
        where filter: StickFilter = StickFilter()
    ) -> [StickEntry]? {
        var entries: [StickEntry] = []
        let isThere = visit(&cursor, limit, now) { shard, place in
            if filter.holds(&shard, place, layout) { entries.append(copy(place, of: &shard)) }
        }
        return isThere ? entries : nil
    }

    /// Removes entries from a cursor on and moves it; nil behind the last, and how many otherwise.
    ///
    /// Works in pieces as ``entries(_:limit:now:where:)`` does. Entries that are in use stay as
    /// they are.
    public func removeEntries(
        _ cursor: inout StickCursor, limit: Int = 256, now: UInt64,
        where filter: StickFilter = StickFilter()
    ) -> Int? {
        var removed = 0
        let isThere = visit(&cursor, limit, now) { shard, place in
            guard shard.uses(place) == 0, filter.holds(&shard, place, layout) else { return }
            shard.remove(place)
            removed += 1
        }
        forget(removed)
        return isThere ? removed : nil
    }

    /// A copy of the entry with a key, which is not touched; nil when there is none.
    public func entry(_ key: Span<UInt8>, now: UInt64) -> StickEntry? {
        let hash = hash(key)
        return withShard(of: hash, now: now) { shard in
            let place = shard.findLiving(key, UInt32(truncatingIfNeeded: hash))
            return place == 0 ? nil : copy(place, of: &shard)
        }
    }

    /// A copy of an entry; nil when it is gone.
    public func entry(at reference: StickReference, now: UInt64) -> StickEntry? {
        withEntry(reference, now: now) { shard, place in
            shard.hasExpired(place) ? nil : copy(place, of: &shard)
        }
    }

    /// The entry that ``StickReference/word`` names; nil when it is gone.
    public func reference(word: UInt64, now: UInt64) -> StickReference? {
        let number = Int(word >> 32 & 0xFF)
        guard number < shardCount else { return nil }
        return withShard(number, now: now) { shard in
            let slot = UInt32(truncatingIfNeeded: word)
            guard Int(slot) < shard.highWater, shard.isLive(slot + 1) else { return nil }
            let reference = shard.reference(slot + 1)
            return reference.word == word ? reference : nil
        }
    }

    /// What came of removing an entry.
    public enum Removal: Sendable {
        /// It is gone now.
        case removed
        /// It is in use and stays.
        case inUse
        /// It was gone before.
        case absent
    }

    /// Removes an entry unless it is in use.
    public func remove(_ reference: StickReference, now: UInt64) -> Removal {
        withEntry(reference, now: now) { shard, place in
            if shard.uses(place) > 0 { return .inUse }
            shard.remove(place)
            forget(1)
            return .removed
        } ?? .absent
    }

    // MARK: Pieces

    /// Gives `body` the living entries among the next places of a shard.
    private func visit(
        _ cursor: inout StickCursor, _ limit: Int, _ now: UInt64,
        _ body: (inout StickShard, UInt32) -> Void
    ) -> Bool {
        precondition(limit > 0)
        guard cursor.shard < shardCount else { return false }
        let first = cursor.slot
        let next: Int? = withShard(cursor.shard, now: now) { shard in
            let end = min(shard.highWater, first + limit)
            for slot in min(first, end)..<end {
                let place = UInt32(slot + 1)
                if shard.isLive(place) && !shard.hasExpired(place) { body(&shard, place) }
            }
            return end == shard.highWater ? nil : end
        }
        if let next {
            cursor.slot = next
        } else {
            cursor.shard += 1
            cursor.slot = 0
        }
        return true
    }

    private func copy(_ place: UInt32, of shard: inout StickShard) -> StickEntry {
        var values: [StickEntry.Value] = []
        for type in StickDataType.allCases {
            for index in 0..<layout.count(of: type) {
                guard let element = layout.place(of: type, index) else { continue }
                values.append(
                    StickEntry.Value(
                        type: type, index: index, value: shard.read(element, place)))
            }
        }
        var key: [UInt8] = []
        for index in 0..<shard.keyCount(place) { key.append(shard.keyByte(place, index)) }
        return StickEntry(
            reference: shard.reference(place), key: key, facts: shard.facts(place), values: values)
    }
}

// What the data path does with the entries of a table.

import Samples

extension StickTable {
    /// Whether anything can be said of an element: it is stored, under its own name or in an array.
    public func stores(_ type: StickDataType, index: Int = 0) -> Bool {
        layout.effectivePlace(of: type, index) != nil
    }

    /// The period of a rate in milliseconds; 0 when it is not stored under that name.
    public func periodMilliseconds(of type: StickDataType) -> Int { layout.period(of: type) }

    /// How many elements of a type are stored under its own name.
    public func elementCount(of type: StickDataType) -> Int { layout.count(of: type) }

    // MARK: By key

    /// The entry with a key, neither touched nor used; nil when there is none.
    public func find(_ key: Span<UInt8>, now: UInt64) -> StickReference? {
        let hash = hash(key)
        return withShard(of: hash, now: now) { shard in
            let place = shard.findLiving(key, UInt32(truncatingIfNeeded: hash))
            return place == 0 ? nil : shard.reference(place)
        }
    }

    /// The value of an element of the entry with a key, which is not touched; nil when there is no
    /// entry or when the element is not stored.
    public func value(
        of type: StickDataType, index: Int = 0, _ key: Span<UInt8>, now: UInt64
    ) -> Int64? {
        guard let element = layout.effectivePlace(of: type, index) else { return nil }
        let hash = hash(key)
        return withShard(of: hash, now: now) { shard in
            let place = shard.findLiving(key, UInt32(truncatingIfNeeded: hash))
            return place == 0 ? nil : shard.read(element, place)
        }
    }

    /// What is known of the entry with a key, which is not touched; nil when there is none.
    public func facts(_ key: Span<UInt8>, now: UInt64) -> StickEntryFacts? {
        let hash = hash(key)
        return withShard(of: hash, now: now) { shard in
            let place = shard.findLiving(key, UInt32(truncatingIfNeeded: hash))
            return place == 0 ? nil : shard.facts(place)
        }
    }

    /// Finds or makes the entry with a key, touches it, carries out updates and counts one more
    /// use: what `track-sc` does, with one lock.
    ///
    /// Nil when there is no such entry and the table is full of entries that cannot go; this is
    /// counted. The use must be given back by ``release(_:_:now:)``.
    public func track(
        _ key: Span<UInt8>, _ updates: Span<StickUpdate>, now: UInt64
    ) -> StickReference? {
        change(key, updates, creating: true, retaining: true, now: now)?.reference
    }

    /// Finds or makes the entry with a key, touches it and carries out updates; it counts no use.
    ///
    /// Without `creating`, nil when there is no such entry. With it, nil when the table is full of
    /// entries that cannot go; this is counted.
    public func change(
        _ key: Span<UInt8>, _ updates: Span<StickUpdate>, creating: Bool = true, now: UInt64
    ) -> StickChange? {
        change(key, updates, creating: creating, retaining: false, now: now)
    }

    /// The server that was stored for a key, whose entry is touched; nil when there is no entry.
    public func match(_ key: Span<UInt8>, now: UInt64) -> StickServer? {
        let hash = hash(key)
        return withShard(of: hash, now: now) { shard in
            let place = shard.findLiving(key, UInt32(truncatingIfNeeded: hash))
            if place == 0 { return nil }
            shard.touch(place)
            let id = layout.place(of: .serverID, 0).map { shard.read($0, place) } ?? 0
            let name = layout.place(of: .serverKey, 0).map { shard.read($0, place) } ?? 0
            return StickServer(id: id == 0 ? nil : Int(id), key: name == 0 ? nil : name)
        }
    }

    private func change(
        _ key: Span<UInt8>, _ updates: Span<StickUpdate>, creating: Bool, retaining: Bool,
        now: UInt64
    ) -> StickChange? {
        let hash = hash(key)
        let number = shardNumber(of: hash)
        var attempts = 0
        while true {
            var isFull = false
            let change: StickChange? = withShard(number, now: now) { shard in
                let low = UInt32(truncatingIfNeeded: hash)
                var place = shard.find(key, low)
                if place != 0 && shard.hasExpired(place) {
                    shard.remove(place)
                    forget(1)
                    place = 0
                }
                let isNew = place == 0
                if isNew {
                    if !creating { return nil }
                    place = makeEntry(key, low, in: &shard)
                    isFull = place == 0
                    if isFull { return nil }
                }
                if retaining { shard.retain(place) }
                if !isNew { shard.touch(place) }
                if retaining {
                    shard.apply(updates, place, layout)
                    return StickChange(shard.reference(place), isNew: isNew)
                }
                let values = shard.applyReporting(updates, place, layout)
                return StickChange(shard.reference(place), isNew: isNew, values)
            }
            if !isFull { return change }
            attempts += 1
            // Somebody else may take the room that was made; then it is made again, not for ever.
            guard attempts < 4, makeRoom(elsewhere: number, now: now) else {
                countFailure()
                return nil
            }
        }
    }

    // MARK: By reference

    /// The value of an element; nil when the entry is gone or the element is not stored.
    public func value(
        of type: StickDataType, index: Int = 0, at reference: StickReference, now: UInt64
    ) -> Int64? {
        guard let element = layout.effectivePlace(of: type, index) else { return nil }
        return withEntry(reference, now: now) { shard, place in shard.read(element, place) }
    }

    /// What is known of an entry; nil when it is gone.
    public func facts(at reference: StickReference, now: UInt64) -> StickEntryFacts? {
        withEntry(reference, now: now) { shard, place in shard.facts(place) }
    }

    /// The counts of a rate, and who uses the entry; nil when the entry is gone or the rate is not
    /// stored.
    public func usage(
        of type: StickDataType, at reference: StickReference, now: UInt64
    ) -> StickUsage? {
        guard let element = layout.effectivePlace(of: type, 0), element.kind == .rate else {
            return nil
        }
        return withEntry(reference, now: now) { shard, place in
            StickUsage(
                rate: shard.counts(element, place), period: element.period,
                factor: element.factor, useCount: shard.uses(place))
        }
    }

    /// The key of an entry as a sample of the table's type; nil when the entry is gone or the key
    /// does not fit into the scratch.
    public func key(at reference: StickReference, into scratch: inout SampleScratch) -> Sample? {
        withEntry(reference, now: 0) { shard, place in
            scratch.keySample(configuration.keyType, shard.keyCount(place)) {
                shard.keyByte(place, $0)
            }
        }
    }

    /// Touches an entry and carries out updates; nil when it is gone.
    @discardableResult
    public func change(
        at reference: StickReference, _ updates: Span<StickUpdate>, now: UInt64
    ) -> StickChange? {
        withEntry(reference, now: now) { shard, place in
            shard.touch(place)
            return StickChange(
                reference, isNew: false, shard.applyReporting(updates, place, layout))
        }
    }

    /// Counts one more use of an entry; false when it is gone.
    public func retain(_ reference: StickReference, now: UInt64) -> Bool {
        withEntry(reference, now: now) { shard, place in
            if shard.hasExpired(place) { return nil }
            shard.retain(place)
            return true
        } ?? false
    }

    /// Gives a use back, touches the entry and carries out updates; with the last use gone the
    /// entry may expire and make room again.
    ///
    /// Traps when the reference is of no living entry: uses keep entries alive.
    public func release(
        _ reference: StickReference, _ updates: Span<StickUpdate>, now: UInt64
    ) {
        let isDone: Bool? = withEntry(reference, now: now) { shard, place in
            shard.apply(updates, place, layout)
            shard.release(place)
            return true
        }
        precondition(isDone == true, "a stick table entry was released that nobody used")
    }
}

extension StickShard {
    /// What is known of an entry beside its data.
    mutating func facts(_ place: UInt32) -> StickEntryFacts {
        let idle = clock - touched(place)
        return StickEntryFacts(
            useCount: Int(uses(place)),
            expiresInMilliseconds: expireMilliseconds == 0
                ? nil : Int(expireMilliseconds - min(idle, expireMilliseconds)),
            idleMilliseconds: Int(truncatingIfNeeded: idle))
    }
}

// One shard of a table, what its lock guards: a hash table with chains over flat memory. Slots do
// not move while an entry lives. A place is a slot plus one, so that zeroed memory is empty.
//
//     buckets: place of the first node of a chain       nodes, records: one for each slot
//
// The index grows with the entries, two buckets for each (linear hashing): no operation ever pays
// for the growth of the whole. Its bytes, like those of slots, are taken when first used.

import Structures

/// What finds an entry and orders it among others; places, 0 is none.
struct StickNode: BitwiseCopyable, Sendable {
    /// The next of the chain, or of the free slots.
    var next: UInt32 = 0
    var hash: UInt32 = 0
    /// Neighbours in the order of touches; only entries that nobody uses have a place there.
    var older: UInt32 = 0
    var newer: UInt32 = 0
}

/// The entries of one shard.
///
/// Functions that only read are mutating, too: a large value that cannot be copied would otherwise
/// be moved aside to be lent to them.
struct StickShard: ~Copyable {
    let number: UInt8
    let shape: StickRecordShape
    /// 0 is for ever.
    let expireMilliseconds: UInt64
    let capacity: Int
    var nodes: FixedArray<StickNode>
    var words: FixedArray<UInt32>
    private var buckets: FixedArray<UInt32>
    /// How many buckets are in use, and the ones of the next power of two, less one.
    private var bucketCount = 1
    private var mask: UInt32 = 0
    /// How many entries there are.
    private(set) var count = 0
    /// Slots that were ever used.
    private(set) var highWater = 0
    private var free: UInt32 = 0
    /// The ends of the order of touches.
    var oldest: UInt32 = 0
    var newest: UInt32 = 0
    /// The latest time that was ever passed in. Threads read clocks at different moments; inside
    /// of a shard time never runs backwards.
    private(set) var clock: UInt64 = 0

    init(
        number: UInt8, shape: StickRecordShape, expireMilliseconds: Int, capacity: Int
    ) {
        self.number = number
        self.shape = shape
        self.expireMilliseconds = UInt64(expireMilliseconds)
        self.capacity = capacity
        nodes = FixedArray(zeroed: capacity)
        words = FixedArray(zeroed: capacity * shape.stride)
        buckets = FixedArray(zeroed: capacity * 2)
    }

    /// Bytes of the memory behind the three arrays.
    var reservedBytes: Int {
        mutating get {
            nodes.count * MemoryLayout<StickNode>.stride + (words.count + buckets.count) * 4
        }
    }

    /// Sets the time, unless it is later already.
    @inline(__always)
    mutating func advance(to now: UInt64) { clock = max(clock, now) }

    /// The first word of a place's record.
    @inline(__always)
    mutating func base(_ place: UInt32) -> Int { (Int(place) &- 1) &* shape.stride }

    // MARK: Finding

    @inline(__always)
    private mutating func bucket(of hash: UInt32) -> Int {
        let bucket = hash & mask
        return Int(Int(bucket) < bucketCount ? bucket : bucket & mask >> 1)
    }

    /// The place of the entry with a key, expired or not; 0 when there is none.
    mutating func find(_ key: Span<UInt8>, _ hash: UInt32) -> UInt32 {
        var place = buckets[bucket(of: hash)]
        while place != 0 {
            let node = nodes[Int(place) &- 1]
            if node.hash == hash && holds(key, place) { return place }
            place = node.next
        }
        return 0
    }

    /// The place of the entry with a key that has not expired; 0 when there is none.
    mutating func findLiving(_ key: Span<UInt8>, _ hash: UInt32) -> UInt32 {
        let place = find(key, hash)
        return place != 0 && hasExpired(place) ? 0 : place
    }

    /// The place that a reference names, if its entry is still there; 0 otherwise.
    mutating func place(_ reference: StickReference) -> UInt32 {
        guard Int(reference.slot) < highWater else { return 0 }
        let place = reference.slot &+ 1
        return words[base(place) &+ StickRecordShape.generation] == reference.generation
            ? place : 0
    }

    /// The reference of the entry at a place.
    mutating func reference(_ place: UInt32) -> StickReference {
        StickReference(
            slot: place &- 1, generation: words[base(place) &+ StickRecordShape.generation],
            shard: number)
    }

    /// Whether the slot holds an entry: its generation is odd then.
    mutating func isLive(_ place: UInt32) -> Bool {
        words[base(place) &+ StickRecordShape.generation] & 1 == 1
    }

    // MARK: Inserting and removing

    /// Whether there is a slot for one more entry.
    var hasRoom: Bool { free != 0 || highWater < capacity }

    /// Makes an entry without data, the newest of all; the caller knows that there is room and
    /// that the key has no entry.
    mutating func insert(_ key: Span<UInt8>, _ hash: UInt32) -> UInt32 {
        let place: UInt32
        if free != 0 {
            place = free
            free = nodes[Int(place) &- 1].next
        } else {
            precondition(highWater < capacity)
            highWater &+= 1
            place = UInt32(truncatingIfNeeded: highWater)
        }
        count &+= 1
        if count &* 2 > bucketCount {
            split()
            split()
        }
        let bucket = bucket(of: hash)
        nodes[Int(place) &- 1] = StickNode(next: buckets[bucket], hash: hash)
        buckets[bucket] = place
        let base = base(place)
        words[base &+ StickRecordShape.generation] &+= 1
        assert(isLive(place))
        words[base &+ StickRecordShape.uses] = 0
        write(key, place)
        for word in shape.dataStart..<shape.stride { words[base &+ word] = 0 }
        setTouched(place)
        pushNewest(place)
        return place
    }

    /// Removes an entry that nobody uses.
    mutating func remove(_ place: UInt32) {
        assert(isLive(place) && uses(place) == 0)
        unlinkOrder(place)
        let bucket = bucket(of: nodes[Int(place) &- 1].hash)
        var before: UInt32 = 0
        var current = buckets[bucket]
        while current != place {
            precondition(current != 0, "an entry is not in its chain")
            before = current
            current = nodes[Int(current) &- 1].next
        }
        let next = nodes[Int(place) &- 1].next
        if before == 0 { buckets[bucket] = next } else { nodes[Int(before) &- 1].next = next }
        words[base(place) &+ StickRecordShape.generation] &+= 1
        nodes[Int(place) &- 1].next = free
        free = place
        count &-= 1
    }

    /// Adds a bucket and moves to it what belongs there from the one it was split from.
    private mutating func split() {
        guard bucketCount < buckets.count else { return }
        let added = bucketCount
        bucketCount &+= 1
        if UInt32(truncatingIfNeeded: added) > mask { mask = mask &<< 1 | 1 }
        let source = Int(UInt32(truncatingIfNeeded: added) & mask >> 1)
        var rest = buckets[source]
        var kept: UInt32 = 0
        var moved: UInt32 = 0
        while rest != 0 {
            let place = rest
            rest = nodes[Int(place) &- 1].next
            if Int(nodes[Int(place) &- 1].hash & mask) == added {
                nodes[Int(place) &- 1].next = moved
                moved = place
            } else {
                nodes[Int(place) &- 1].next = kept
                kept = place
            }
        }
        buckets[source] = kept
        buckets[added] = moved
    }
}

// MARK: - Keys

extension StickShard {
    /// How many bytes the key of an entry has.
    mutating func keyCount(_ place: UInt32) -> Int {
        shape.keyIsFixed
            ? shape.longestKey : Int(words[base(place) &+ StickRecordShape.key])
    }

    private mutating func keyStart(_ place: UInt32) -> Int {
        base(place) &+ StickRecordShape.key &+ (shape.keyIsFixed ? 0 : 1)
    }

    private mutating func holds(_ key: Span<UInt8>, _ place: UInt32) -> Bool {
        if keyCount(place) != key.count { return false }
        let start = keyStart(place)
        var index = 0
        var word = start
        while index < key.count {
            if words[word] != Self.word(of: key, index) { return false }
            index &+= 4
            word &+= 1
        }
        return true
    }

    private mutating func write(_ key: Span<UInt8>, _ place: UInt32) {
        if !shape.keyIsFixed {
            words[base(place) &+ StickRecordShape.key] = UInt32(truncatingIfNeeded: key.count)
        }
        let start = keyStart(place)
        var index = 0
        while index < key.count {
            words[start &+ index &>> 2] = Self.word(of: key, index)
            index &+= 4
        }
    }

    /// Four bytes of a key, the first lowest, zeroes behind the last.
    @inline(__always)
    private static func word(of key: Span<UInt8>, _ index: Int) -> UInt32 {
        if index &+ 4 <= key.count {
            return UInt32(key[index]) | UInt32(key[index &+ 1]) &<< 8
                | UInt32(key[index &+ 2]) &<< 16 | UInt32(key[index &+ 3]) &<< 24
        }
        var word: UInt32 = 0
        for place in index..<key.count {
            word |= UInt32(key[place]) &<< UInt32(truncatingIfNeeded: (place &- index) &* 8)
        }
        return word
    }

    /// The byte of an entry's key at an index.
    mutating func keyByte(_ place: UInt32, _ index: Int) -> UInt8 {
        let word = words[keyStart(place) &+ index &>> 2]
        return UInt8(truncatingIfNeeded: word &>> UInt32(truncatingIfNeeded: index & 3 &* 8))
    }
}

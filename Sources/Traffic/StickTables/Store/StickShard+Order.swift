// Which entries of a shard go first. Those that nobody uses form a list in the order of their last
// touch; since all live equally long, that is the order in which they expire, too. Those in use are
// in no list: they cannot go, and touching them is cheap.

extension StickShard {
    /// How many trackers use an entry.
    @inline(__always)
    mutating func uses(_ place: UInt32) -> UInt32 { words[base(place) &+ StickRecordShape.uses] }

    /// When an entry was last touched.
    @inline(__always)
    mutating func touched(_ place: UInt32) -> UInt64 {
        let word = base(place) &+ StickRecordShape.touched
        return UInt64(words[word]) | UInt64(words[word &+ 1]) &<< 32
    }

    /// Whether the time of an entry that nobody uses is over.
    @inline(__always)
    mutating func hasExpired(_ place: UInt32) -> Bool {
        expireMilliseconds != 0 && uses(place) == 0
            && clock >= touched(place) &+ expireMilliseconds
    }

    /// Makes an entry the newest, as of now.
    mutating func touch(_ place: UInt32) {
        setTouched(place)
        if uses(place) == 0 && newest != place {
            unlinkOrder(place)
            pushNewest(place)
        }
    }

    /// Notes that an entry is touched now.
    @inline(__always)
    mutating func setTouched(_ place: UInt32) {
        let word = base(place) &+ StickRecordShape.touched
        words[word] = UInt32(truncatingIfNeeded: clock)
        words[word &+ 1] = UInt32(truncatingIfNeeded: clock &>> 32)
    }

    /// One more tracker uses an entry.
    mutating func retain(_ place: UInt32) {
        let word = base(place) &+ StickRecordShape.uses
        if words[word] == 0 { unlinkOrder(place) }
        precondition(words[word] < .max)
        words[word] &+= 1
    }

    /// One tracker less uses an entry; with the last one it is touched and may go again.
    mutating func release(_ place: UInt32) {
        let word = base(place) &+ StickRecordShape.uses
        precondition(words[word] > 0, "a reference was released twice")
        words[word] &-= 1
        setTouched(place)
        if words[word] == 0 { pushNewest(place) }
    }

    /// Removes up to `limit` entries whose time is over and returns how many.
    mutating func removeExpired(_ limit: Int) -> Int {
        var removed = 0
        while removed < limit && oldest != 0 && hasExpired(oldest) {
            remove(oldest)
            removed &+= 1
        }
        return removed
    }

    /// Removes the entry that was not touched for the longest time; false when all are in use.
    mutating func removeOldest() -> Bool {
        if oldest == 0 { return false }
        remove(oldest)
        return true
    }

    /// Puts an entry that is in no list at the newest end.
    mutating func pushNewest(_ place: UInt32) {
        nodes[Int(place) &- 1].older = newest
        nodes[Int(place) &- 1].newer = 0
        if newest != 0 { nodes[Int(newest) &- 1].newer = place } else { oldest = place }
        newest = place
    }

    /// Takes an entry out of the list.
    mutating func unlinkOrder(_ place: UInt32) {
        let node = nodes[Int(place) &- 1]
        assert(node.older != 0 || oldest == place)
        if node.older != 0 {
            nodes[Int(node.older) &- 1].newer = node.newer
        } else {
            oldest = node.newer
        }
        if node.newer != 0 {
            nodes[Int(node.newer) &- 1].older = node.older
        } else {
            newest = node.older
        }
    }
}

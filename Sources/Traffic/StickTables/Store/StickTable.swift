// A stick table: entries by key, shared by all workers. Source: configuration manual, chapter 11.
//
// A table of 2048 entries and more is cut into up to 128 shards by a part of the key's hash; each
// has a lock of its own, held for one operation. The bound holds for the table as a whole: shards
// have room for more than their share, and a count that all share says when the table is full. A
// full table makes room in the shard of the new key, by its least recently touched entry, or in
// another one where that has none that may go. So smaller tables drop exactly the entry that was
// not touched for the longest time, and larger ones the one of their shard, which was not touched
// for about as long as that: 1,000 entries and more compete in each shard.

import Bytes
import Samples
import Structures
import Synchronization

/// A stick table.
///
/// All functions may be called from any thread, take one short lock and allocate nothing, unless
/// they say otherwise. Times are milliseconds of a clock that never runs backwards; the table asks
/// no clock. Threads may pass times that differ a little.
///
/// Keys are the bytes that ``StickKeyType/convert(_:in:)`` or a ``StickKey`` gave for this table's
/// type; a key of another length is a mistake of the caller and traps.
///
/// Safety: shards and locks are allocated and initialised by `init`, never moved, and freed by
/// `deinit`. A shard is reached through `withShard` alone, which holds its lock meanwhile and
/// checks its number; all other properties are constant or atomic.
@safe
public final class StickTable: @unchecked Sendable {
    /// What the table was declared as.
    public let configuration: StickTableConfiguration
    /// The texts of server keys.
    public let serverNames = StickServerNames()
    /// Where the data of an entry is.
    let layout: StickRecordLayout
    /// A power of two.
    let shardCount: Int
    private let locks: UnsafeMutablePointer<ShardLock>
    private let shards: UnsafeMutablePointer<ShardRoom>
    private let seed: UInt64
    /// Entries of all shards.
    let used = Atomic<Int>(0)
    private let evictions = Atomic<Int>(0)
    private let failures = Atomic<Int>(0)
    private let nextSweep = Atomic<Int>(0)

    /// The lock of a shard. It does not hold the shard itself, which would then be moved out and
    /// back by every operation.
    private struct ShardLock: ~Copyable {
        let lock = Mutex<Void>(())
        private let padding = InlineArray<15, UInt64>(repeating: 0)
    }

    /// A shard that shares no cache line with another one.
    private struct ShardRoom: ~Copyable {
        var shard: StickShard
        private let padding = InlineArray<16, UInt64>(repeating: 0)

        init(_ shard: consuming StickShard) { self.shard = shard }
    }

    /// An empty table. Keys are hashed with a secret, which tests may choose, so that nobody can
    /// choose keys that meet in one place.
    ///
    /// Reserves memory as ``StickTableConfiguration/bytesPerEntry`` says, and stops the process
    /// when the system refuses that.
    public init(_ configuration: StickTableConfiguration, seed: UInt64 = .random(in: 0 ... .max)) {
        self.configuration = configuration
        self.seed = seed
        layout = StickRecordLayout(configuration)
        let size = configuration.size
        var count = 1
        while count < 128 && size >= count * 2048 { count *= 2 }
        shardCount = count
        let share = (size + count - 1) / count
        // Eight deviations above the mean: hashes fill no shard before the table is full.
        let room = share + 8 * Int(Double(share).squareRoot()) + 64
        unsafe locks = .allocate(capacity: count)
        unsafe shards = .allocate(capacity: count)
        for number in 0..<count {
            let shard = StickShard(
                number: UInt8(number), shape: layout.shape,
                expireMilliseconds: configuration.expireMilliseconds,
                capacity: count == 1 ? size : min(size, room))
            unsafe (shards + number).initialize(to: ShardRoom(shard))
            unsafe (locks + number).initialize(to: ShardLock())
        }
    }

    deinit {
        unsafe shards.deinitialize(count: shardCount)
        unsafe shards.deallocate()
        unsafe locks.deinitialize(count: shardCount)
        unsafe locks.deallocate()
    }

    /// How many entries there are, with those that have expired and were not removed yet.
    public var count: Int { used.load(ordering: .relaxed) }

    /// How many entries made room for others since the start.
    public var evictionCount: Int { evictions.load(ordering: .relaxed) }

    /// How many entries could not be made since the start, because the table was full.
    public var failureCount: Int { failures.load(ordering: .relaxed) }

    /// Bytes of address space that are reserved for entries; memory is taken as entries come and
    /// never grows beyond it.
    public var reservedBytes: Int {
        (0..<shardCount).reduce(0) { sum, number in
            sum + withShard(number, now: 0) { $0.reservedBytes }
        }
    }

    // MARK: Shards

    /// The secret hash of a key, which says its shard and its chain.
    @inline(__always)
    func hash(_ key: Span<UInt8>) -> UInt64 {
        precondition(
            layout.shape.keyIsFixed
                ? key.count == layout.shape.longestKey : key.count <= layout.shape.longestKey)
        return XXH3.hash(key, seed: seed)
    }

    /// The number of the shard in which a key with that hash is.
    @inline(__always)
    func shardNumber(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &>> 48) & (shardCount &- 1)
    }

    /// Runs `body` with a shard and the time set, behind the shard's lock.
    @inline(__always)
    func withShard<Result>(
        _ number: Int, now: UInt64, _ body: (inout StickShard) -> Result
    ) -> Result {
        precondition(number >= 0 && number < shardCount)
        return unsafe locks[number].lock.withLock { _ in
            unsafe shards[number].shard.advance(to: now)
            return unsafe body(&shards[number].shard)
        }
    }

    /// Runs `body` with the shard of a hash.
    @inline(__always)
    func withShard<Result>(
        of hash: UInt64, now: UInt64, _ body: (inout StickShard) -> Result
    ) -> Result {
        withShard(shardNumber(of: hash), now: now, body)
    }

    /// Runs `body` with the entry that a reference names; nil when it is gone.
    @inline(__always)
    func withEntry<Result>(
        _ reference: StickReference, now: UInt64, _ body: (inout StickShard, UInt32) -> Result?
    ) -> Result? {
        guard Int(reference.shard) < shardCount else { return nil }
        return withShard(Int(reference.shard), now: now) { shard in
            let place = shard.place(reference)
            return place == 0 ? nil : body(&shard, place)
        }
    }

    // MARK: Making room

    /// The place of a new entry in a shard; 0 when there is no room for it.
    @inline(__always)
    func makeEntry(_ key: Span<UInt8>, _ hash: UInt32, in shard: inout StickShard) -> UInt32 {
        // Two for one: what has expired goes away faster than it comes.
        forget(shard.removeExpired(2))
        if shard.hasRoom && takeShare() { return shard.insert(key, hash) }
        if configuration.refusesWhenFull || !shard.removeOldest() { return 0 }
        // The share of the entry that went passes to the new one.
        evictions.add(1, ordering: .relaxed)
        return shard.insert(key, hash)
    }

    /// Makes room in a shard other than the one with that number; false when all are in use.
    func makeRoom(elsewhere number: Int, now: UInt64) -> Bool {
        for step in 1..<max(shardCount, 1) {
            let other = (number + step) & (shardCount - 1)
            let isMade = withShard(other, now: now) { shard in
                let expired = shard.removeExpired(1)
                forget(expired)
                if expired > 0 { return true }
                if configuration.refusesWhenFull || !shard.removeOldest() { return false }
                forget(1)
                evictions.add(1, ordering: .relaxed)
                return true
            }
            if isMade { return true }
        }
        return false
    }

    /// Counts one entry more unless the table is full.
    private func takeShare() -> Bool {
        var seen = used.load(ordering: .relaxed)
        while seen < configuration.size {
            let (exchanged, original) = used.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Counts entries less.
    func forget(_ count: Int) {
        if count > 0 { used.subtract(count, ordering: .relaxed) }
    }

    /// Counts an entry that could not be made.
    func countFailure() { failures.add(1, ordering: .relaxed) }

    // MARK: Expiry

    /// Removes entries whose time is over, up to about `limit`, and returns how many.
    ///
    /// Entries that have expired are never found; removing them gives their places and the count
    /// back. Call this now and then, such as once a second with a limit of some thousands.
    @discardableResult
    public func removeExpired(_ limit: Int = 4096, now: UInt64) -> Int {
        if configuration.expireMilliseconds == 0 { return 0 }
        var removed = 0
        for _ in 0..<shardCount where removed < limit {
            let number = nextSweep.add(1, ordering: .relaxed).oldValue & (shardCount - 1)
            var last = 0
            repeat {
                last = withShard(number, now: now) { $0.removeExpired(64) }
                forget(last)
                removed += last
            } while last == 64 && removed < limit
        }
        return removed
    }
}

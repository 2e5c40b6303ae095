// Bandwidth limits (configuration manual: filter bwlim-in, filter bwlim-out): how many bytes of
// payload a stream passes on in a period, by itself or together with all streams that have the
// same entry of a stick table. Rules enable them (set-bandwidth-limit); streams without are none
// the wiser.
//
//     source   ██████████████████          as fast as it can
//     sink     ██ █ █ █ █ █ █ █ █ █ ...     a portion whenever the one before is paid for

import Samples
import StickTables
import Structures
import Synchronization

/// A limit as a proxy declares it.
///
/// Safety: constants; the reference is found before any worker sees it.
public final class BandwidthLimit: @unchecked Sendable {
    /// Its number in the process, by which streams know it.
    let number = BandwidthLimit.numbers.add(1, ordering: .relaxed).newValue
    /// The name that rules use.
    public let name: String
    /// Whether it holds what clients send, and not what they get.
    public let isOfRequests: Bool
    /// The most bytes in a period; of all streams together where it is shared. At least 1.
    public let bytes: UInt32
    /// The period of a limit that each stream has for itself; 0 for one that is shared, whose
    /// period is that of the table's rate.
    public let milliseconds: UInt32
    /// `min-size`: once a stream has reached the limit, it goes on when it may pass on so many
    /// bytes. 0 leaves the choice to us.
    public let leastBytes: UInt32
    /// Which entry of the table counts; nil where each stream counts for itself.
    public let key: Expression?
    /// The table.
    public let table: ProxyReference?

    private static let numbers = Atomic<UInt64>(0)

    /// A limit for each stream.
    public init(
        _ name: String, ofRequests: Bool, bytes: UInt32, milliseconds: UInt32, leastBytes: UInt32
    ) {
        precondition(bytes > 0 && milliseconds > 0)
        self.name = name
        isOfRequests = ofRequests
        self.bytes = bytes
        self.milliseconds = milliseconds
        self.leastBytes = leastBytes
        key = nil
        table = nil
    }

    /// A limit for all streams that have the same key.
    public init(
        _ name: String, ofRequests: Bool, bytes: UInt32, leastBytes: UInt32, key: Expression,
        table: ProxyReference
    ) {
        precondition(bytes > 0)
        self.name = name
        isOfRequests = ofRequests
        self.bytes = bytes
        milliseconds = 0
        self.leastBytes = leastBytes
        self.key = key
        self.table = table
    }

    /// Whether streams share it.
    public var isShared: Bool { key != nil }

    /// What the table must store.
    public var rate: StickDataType { isOfRequests ? .bytesInRate : .bytesOutRate }
}

/// The limits that a section declares, while it is read and afterwards.
///
/// Safety: written by the thread that loads, before any worker sees what it has declared.
public final class DeclaredLimits: @unchecked Sendable {
    private var limits: [BandwidthLimit] = []

    /// No limits.
    public init() {}

    /// The names, in the order of the lines.
    public var names: [String] { limits.map(\.name) }

    /// The limit with a name; nil when there is none.
    public subscript(name: String) -> BandwidthLimit? { limits.first { $0.name == name } }

    /// Adds a limit whose name is new.
    public func add(_ limit: BandwidthLimit) {
        precondition(self[limit.name] == nil)
        limits.append(limit)
    }
}

/// How much may pass on now, or when.
struct BandwidthRoom: Equatable {
    /// Bytes that may pass on now; 0 while they have to wait.
    var bytes: UInt32
    /// Milliseconds until it is worth to look again; 0 where bytes may pass on.
    var wait: UInt64
}

/// Spreads bytes evenly over time: each has its price in time, and who has spent too much waits
/// until the clock has come near.
///
/// What is passed on at once is worth 20 ms, or `min-size`, so that neither timers nor packets
/// become too many; after a rest it may be twice that. So in any period at most the limit and as
/// much again as that is passed on.
struct BandwidthPace: BitwiseCopyable {
    /// Nanosecond of the worker's clock at which everything is paid for.
    private var paidAt: UInt64 = 0

    /// Nothing was passed on.
    init() {}

    /// What is passed on at once, in bytes; at least 1.
    static func portion(of bytes: UInt32, in period: UInt32, atLeast least: UInt32) -> UInt32 {
        let usual = scale(UInt64(bytes), by: 20, over: UInt64(max(1, period)))
        return max(1, least, UInt32(clamping: usual))
    }

    /// How much may pass on of so many bytes that are there.
    ///
    /// - Parameters:
    ///   - portion: of ``portion(of:in:atLeast:)``; less than that passes on only when it is all
    ///     there is.
    ///   - bytes: the most in a period of so many milliseconds; both at least 1.
    func room(
        _ portion: UInt32, of bytes: UInt32, in period: UInt32, waiting: Int, now: UInt64
    ) -> BandwidthRoom {
        let price = Self.price(of: portion, bytes, period)
        let now = now &* 1_000_000
        let paidAt = max(paidAt, now)
        let free = now &+ 2 &* price
        let left =
            free > paidAt
            ? Self.scale(free &- paidAt, by: UInt64(bytes), over: UInt64(period) &* 1_000_000) : 0
        let isAll = waiting > 0 && UInt64(waiting) <= left
        if left >= UInt64(portion) || isAll {
            return BandwidthRoom(bytes: UInt32(clamping: left), wait: 0)
        }
        let due = paidAt &- min(price, paidAt)
        let wait = due > now ? (due &- now &+ 999_999) / 1_000_000 : 0
        return BandwidthRoom(bytes: 0, wait: max(1, wait))
    }

    /// Counts bytes that were passed on.
    mutating func charge(_ count: Int, of bytes: UInt32, in period: UInt32, now: UInt64) {
        let price = Self.price(of: UInt32(clamping: count), bytes, period)
        paidAt = max(paidAt, now &* 1_000_000) &+ price
    }

    /// Nanoseconds that bytes cost: a year at the most.
    private static func price(of count: UInt32, _ bytes: UInt32, _ period: UInt32) -> UInt64 {
        min(1 << 55, scale(UInt64(count), by: UInt64(period) &* 1_000_000, over: UInt64(bytes)))
    }

    /// `value * factor / divisor`, or the largest number where that is too large.
    private static func scale(_ value: UInt64, by factor: UInt64, over divisor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        if product.high >= divisor { return .max }
        return divisor.dividingFullWidth(product).quotient
    }
}

/// A limit that a rule has enabled for a stream.
struct EnabledLimit: BitwiseCopyable {
    /// ``BandwidthLimit/number``.
    let number: UInt64
    /// Which flow it holds, as ``Direction``.
    let direction: UInt8
    /// As of a ``BandwidthLimit``, with what the rule has said.
    let bytes: UInt32
    let milliseconds: UInt32
    let leastBytes: UInt32
    /// What this stream has passed on.
    var pace = BandwidthPace()
    /// The entry in which all streams count; nil where it is not shared.
    var entry: TrackedEntry?

    private var rate: StickDataType { direction == 0 ? .bytesInRate : .bytesOutRate }

    /// How much the stream may pass on.
    func room(waiting: Int, now: UInt64) -> BandwidthRoom {
        guard let entry else {
            let portion = BandwidthPace.portion(of: bytes, in: milliseconds, atLeast: leastBytes)
            return pace.room(portion, of: bytes, in: milliseconds, waiting: waiting, now: now)
        }
        let usage = entry.withTable { $0.usage(of: rate, at: entry.reference, now: now) }
        // The use that the stream has keeps the entry, and the table was checked at load.
        guard let usage else { return BandwidthRoom(bytes: bytes, wait: 0) }
        let share = usage.share(of: bytes)
        let portion = BandwidthPace.portion(of: share, in: usage.period, atLeast: leastBytes)
        let own = pace.room(portion, of: share, in: usage.period, waiting: waiting, now: now)
        if own.wait > 0 { return own }
        // All together stay below the limit, whoever came and went.
        let left = usage.room(below: bytes, portion: min(portion, share), now: now)
        return BandwidthRoom(bytes: min(own.bytes, left.bytes), wait: left.wait)
    }

    /// Counts bytes that were passed on.
    mutating func charge(_ count: Int, now: UInt64) {
        guard let entry else {
            return pace.charge(count, of: bytes, in: milliseconds, now: now)
        }
        let updates: InlineArray<1, StickUpdate> = [.add(Int64(count), to: rate)]
        let usage = entry.withTable { table in
            _ = table.change(at: entry.reference, updates.span, now: now)
            return table.usage(of: rate, at: entry.reference, now: now)
        }
        guard let usage else { return }
        pace.charge(count, of: usage.share(of: bytes), in: usage.period, now: now)
    }
}

extension StickUsage {
    /// What each user of the entry gets of a limit.
    func share(of bytes: UInt32) -> UInt32 { max(1, bytes / max(1, useCount)) }

    /// How much all users may pass on together; nothing while that is less than a portion.
    func room(below limit: UInt32, portion: UInt32, now: UInt64) -> BandwidthRoom {
        let used = UInt64(rate.total(period: period, now: now)) &* UInt64(factor)
        let left = UInt64(limit) &- min(used, UInt64(limit))
        if left >= UInt64(portion) { return BandwidthRoom(bytes: UInt32(left), wait: 0) }
        let goal = (limit &- min(portion, limit)) / factor
        let wait = rate.wait(untilAtMost: goal, period: period, now: now)
        return BandwidthRoom(bytes: 0, wait: max(1, wait))
    }
}

/// The limits of a stream.
struct EnabledLimits: ~Copyable {
    private var limits = FlatList<EnabledLimit>()
    /// Ticks until which the two flows are held; 0 while they are not.
    var heldUntil = InlineArray<2, UInt64>(repeating: 0)

    /// How many there are.
    var count: Int { limits.count }

    /// A limit by its place.
    subscript(index: Int) -> EnabledLimit { limits[index] }

    /// Adds a limit.
    mutating func append(_ limit: EnabledLimit) { limits.append(limit) }

    /// Removes a limit.
    mutating func remove(at index: Int) { limits.remove(at: index) }

    /// Forgets all limits, which must have given their entries back.
    mutating func reset() {
        limits.removeAll()
        heldUntil = InlineArray(repeating: 0)
    }

    /// How much a flow may pass on under all its limits.
    mutating func room(_ direction: Int, waiting: Int, now: UInt64) -> BandwidthRoom {
        var room = BandwidthRoom(bytes: .max, wait: 0)
        for index in 0..<limits.count where Int(limits[index].direction) == direction {
            let one = limits[index].room(waiting: waiting, now: now)
            room.bytes = min(room.bytes, one.bytes)
            room.wait = max(room.wait, one.wait)
        }
        return room
    }

    /// Counts bytes of a flow in all its limits.
    mutating func charge(_ direction: Int, _ count: Int, now: UInt64) {
        for index in 0..<limits.count where Int(limits[index].direction) == direction {
            limits[index].charge(count, now: now)
        }
    }
}

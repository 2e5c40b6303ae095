// What workers count and statistics read. Each worker writes its own slice with relaxed stores;
// a reader sums the slices. No word has two writers.

import CLinux

/// The things counted for a frontend, listener, backend or server.
///
/// The comment of a case names the column of `show stat` it feeds.
@frozen
public enum CounterKind: Int, CaseIterable, Sendable {
    /// conn_tot: connections accepted (frontend, listener).
    case connections
    /// stot: sessions (frontend, listener) or streams assigned (backend, server).
    case sessions
    /// req_tot: HTTP requests received.
    case requests
    /// bin, bout: bytes received from and sent to clients.
    case bytesIn, bytesOut
    /// dreq, dresp, dcon, dses: denied by rules.
    case deniedRequests, deniedResponses, deniedConnections, deniedSessions
    /// ereq, econ, eresp.
    case requestErrors, connectionErrors, responseErrors
    /// wretr, wredis.
    case retries, redispatches
    /// cli_abrt, srv_abrt.
    case clientAborts, serverAborts
    /// lbtot: times chosen by the balancing algorithm.
    case selections
    /// hrsp_1xx … hrsp_5xx, hrsp_other.
    case responses1xx, responses2xx, responses3xx, responses4xx, responses5xx, responsesOther
    /// connect, reuse: server connections made and reused.
    case connects, reuses
    /// intercepted: answered by ourselves.
    case intercepted
    /// wrew: failed header rewrites.
    case failedRewrites
    /// eint: internal errors.
    case internalErrors
    /// Sums behind qtime, ctime, rtime, ttime (milliseconds) and how many streams they hold.
    case queueMilliseconds, connectMilliseconds, responseMilliseconds, totalMilliseconds
    case timedStreams
    /// Largest single values behind qtime_max, ctime_max, rtime_max, ttime_max.
    case queueMillisecondsMax, connectMillisecondsMax, responseMillisecondsMax
    case totalMillisecondsMax
    /// Second (calendar) of the last stream: lastsess.
    case lastSecond
    /// Accepting refused because a limit was reached.
    case refusedByLimit
    /// Log lines that could not be delivered.
    case droppedLogs
    /// Bytes moved by splice(2).
    case splicedBytes
}

/// The events of a frontend, backend or server whose rate is known at any time.
@frozen
public enum RateKind: Int, CaseIterable, Sendable {
    /// Sessions of a frontend; streams of a backend or server.
    case sessions
    /// HTTP requests.
    case requests
}

/// One worker's slice of one identity's counters.
///
/// Safety: the words belong to a `CounterTable` of the live state, which outlives every worker.
@frozen
@safe
public struct CounterSlice {
    @usableFromInline let words: UnsafeMutablePointer<UInt64>

    @inlinable
    init(words: UnsafeMutablePointer<UInt64>) { unsafe self.words = words }

    /// Adds to a counter. Only the slice's own worker may call this.
    @inlinable @inline(__always)
    public func add(_ kind: CounterKind, _ amount: UInt64 = 1) {
        // Safety: a slice has a word for every kind and lives as long as its `CounterTable`, which
        // the program that holds this slice keeps alive.
        unsafe martlet_store_relaxed(
            words + kind.rawValue, martlet_load_relaxed(words + kind.rawValue) &+ amount)
    }

    /// Keeps the larger value.
    @inlinable @inline(__always)
    public func raise(_ kind: CounterKind, to value: UInt64) {
        // Safety: as in `add`.
        if unsafe martlet_load_relaxed(words + kind.rawValue) < value {
            unsafe martlet_store_relaxed(words + kind.rawValue, value)
        }
    }

    /// Counts an event into a rate. Only the slice's own worker may call this.
    ///
    /// - Parameter milliseconds: now, of the monotonic clock.
    @inline(__always)
    public func tick(_ kind: RateKind, now milliseconds: UInt64) {
        let place = CounterTable.rateStart + kind.rawValue
        // Safety: a slice has a word for every rate; else as in `add`.
        let known = unsafe martlet_load_relaxed(words + place)
        var counts = RateCounts(known, now: milliseconds)
        counts.add()
        unsafe martlet_store_relaxed(words + place, counts.word)
    }

    /// Sets a value.
    @inlinable @inline(__always)
    public func set(_ kind: CounterKind, to value: UInt64) {
        // Safety: as in `add`.
        unsafe martlet_store_relaxed(words + kind.rawValue, value)
    }
}

/// The counters of one identity: a slice for each worker.
///
/// Safety: `@unchecked Sendable` because the only mutable memory is the block of words, which is
/// read and written with relaxed atomic operations; the pointer itself never changes.
@safe
public final class CounterTable: @unchecked Sendable {
    /// Where the words of rates begin in a slice.
    static let rateStart = CounterKind.allCases.count
    /// Words in a slice: all kinds and rates, rounded up so that workers do not share cache lines.
    static let stride = (rateStart + RateKind.allCases.count + 7) / 8 * 8
    private let words: UnsafeMutablePointer<UInt64>
    public let workers: Int
    /// What `clear counters` subtracts; control thread only writes.
    private let cleared: UnsafeMutablePointer<UInt64>

    public init(workers: Int) {
        self.workers = workers
        let count = Self.stride * workers
        // Safety: both blocks are owned here, zeroed before use and freed in `deinit`; 64-byte
        // alignment keeps slices on cache lines of their own.
        unsafe words = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
            .initializeMemory(as: UInt64.self, repeating: 0, count: count)
        unsafe cleared = .allocate(capacity: Self.stride)
        unsafe cleared.initialize(repeating: 0, count: Self.stride)
    }

    deinit {
        unsafe words.deallocate()
        unsafe cleared.deallocate()
    }

    /// The slice worker number `worker` (from 0) writes.
    public func slice(worker: Int) -> CounterSlice {
        precondition(worker >= 0 && worker < workers)
        // Safety: the slice is inside the block.
        return unsafe CounterSlice(words: words + worker * Self.stride)
    }

    /// The value since the last ``clear()``: a sum over workers; for `…Max` and `lastSecond` kinds
    /// the largest.
    public func value(_ kind: CounterKind) -> UInt64 {
        let total = raw(kind)
        switch kind {
        case .queueMillisecondsMax, .connectMillisecondsMax, .responseMillisecondsMax,
            .totalMillisecondsMax, .lastSecond:
            return total
        default:
            // Safety: one word for every kind.
            return total &- (unsafe martlet_load_relaxed(cleared + kind.rawValue))
        }
    }

    /// The value since the process began, whatever was cleared: for rates.
    public func raw(_ kind: CounterKind) -> UInt64 {
        var total: UInt64 = 0
        for worker in 0..<workers {
            // Safety: inside the block.
            let word = unsafe martlet_load_relaxed(words + (worker * Self.stride + kind.rawValue))
            switch kind {
            case .queueMillisecondsMax, .connectMillisecondsMax, .responseMillisecondsMax,
                .totalMillisecondsMax, .lastSecond:
                total = max(total, word)
            default:
                total &+= word
            }
        }
        return total
    }

    /// How often something happens in a second at present: what the present second has counted and
    /// a part of what the one before had.
    ///
    /// - Parameter milliseconds: now, of the monotonic clock.
    public func rate(_ kind: RateKind, now milliseconds: UInt64) -> UInt64 {
        var total: UInt64 = 0
        for worker in 0..<workers {
            // Safety: inside the block.
            let word = unsafe martlet_load_relaxed(
                words + (worker * Self.stride + Self.rateStart + kind.rawValue))
            total &+= RateCounts(word, now: milliseconds).rate(now: milliseconds)
        }
        return total
    }

    /// Makes the present values the zero of ``value(_:)``. Control thread only.
    public func clear() {
        for kind in CounterKind.allCases {
            // Safety: one word for every kind.
            unsafe martlet_store_relaxed(cleared + kind.rawValue, raw(kind))
        }
    }
}

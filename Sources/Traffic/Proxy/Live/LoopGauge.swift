// How busy the loops of the workers are: what `show info` tells as `Idle_pct` and
// `LoopDelay_us`. A worker notes when it begins and ends to wait; others read.

import Kernel
import Synchronization

/// What others know of one worker's loop.
public final class LoopGauge: Sendable {
    /// Nanoseconds over which figures are gathered before others see them.
    static let window: UInt64 = 500_000_000

    /// When the present turn began, in nanoseconds of the monotonic clock; 0 while it waits.
    private let workingSince = Atomic<UInt64>(0)
    /// The part of the last window in which the worker waited, 0 to 100.
    private let idlePercent = Atomic<UInt64>(100)
    /// Nanoseconds the longest turn of the last window took.
    private let longestTurn = Atomic<UInt64>(0)
    /// When the last window ended.
    private let published = Atomic<UInt64>(0)

    init() {}

    /// A turn began.
    func beginTurn(at now: UInt64) { workingSince.store(now, ordering: .relaxed) }

    /// A turn ended; the worker waits.
    func endTurn() { workingSince.store(0, ordering: .relaxed) }

    /// Shows a window's figures.
    func publish(idlePercent: UInt64, longestTurn: UInt64, at now: UInt64) {
        self.idlePercent.store(idlePercent, ordering: .relaxed)
        self.longestTurn.store(longestTurn, ordering: .relaxed)
        published.store(now, ordering: .relaxed)
    }

    /// The part of its time the worker waited lately, 0 to 100.
    public func idlePercent(at now: UInt64) -> Int {
        let since = workingSince.load(ordering: .relaxed)
        let isStale = now > published.load(ordering: .relaxed) &+ 2 &* LoopGauge.window
        // A worker that has shown nothing for so long has either waited or worked all the time.
        if isStale { return since == 0 ? 100 : 0 }
        return Int(idlePercent.load(ordering: .relaxed))
    }

    /// Nanoseconds that what becomes ready may have to wait for the worker: its longest turn
    /// lately, or the present one when that is longer.
    public func delay(at now: UInt64) -> UInt64 {
        let since = workingSince.load(ordering: .relaxed)
        let present = since == 0 || now < since ? 0 : now &- since
        let isStale = now > published.load(ordering: .relaxed) &+ 2 &* LoopGauge.window
        return max(present, isStale ? 0 : longestTurn.load(ordering: .relaxed))
    }
}

/// A worker's own side of its gauge.
struct LoopWindow {
    private var began: UInt64
    private var turnBegan: UInt64
    private var waitBegan: UInt64
    private var waited: UInt64 = 0
    private var longestTurn: UInt64 = 0

    init(at now: UInt64) {
        began = now
        turnBegan = now
        waitBegan = now
    }

    /// The worker is about to wait.
    mutating func beginWait(at now: UInt64, _ gauge: LoopGauge) {
        waitBegan = now
        longestTurn = max(longestTurn, now &- turnBegan)
        gauge.endTurn()
        // A long turn is told before a long wait.
        endWindow(at: now, gauge)
    }

    /// It has waited.
    mutating func beginTurn(at now: UInt64, _ gauge: LoopGauge) {
        turnBegan = now
        waited &+= now &- waitBegan
        gauge.beginTurn(at: now)
        endWindow(at: now, gauge)
    }

    private mutating func endWindow(at now: UInt64, _ gauge: LoopGauge) {
        let length = now &- began
        if length < LoopGauge.window { return }
        gauge.publish(idlePercent: waited &* 100 / length, longestTurn: longestTurn, at: now)
        began = now
        waited = 0
        longestTurn = 0
    }
}

extension ProcessLive {
    /// The part of their time workers waited lately, 0 to 100, on the average.
    public func idlePercent(at now: UInt64) -> Int {
        loops.reduce(0) { $0 + $1.idlePercent(at: now) } / max(1, loops.count)
    }

    /// Nanoseconds that what becomes ready may have to wait for the slowest worker.
    public func loopDelay(at now: UInt64) -> UInt64 {
        loops.reduce(0) { max($0, $1.delay(at: now)) }
    }
}

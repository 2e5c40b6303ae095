// How busy loops are, by clocks that the test sets and by a worker that runs.

import Kernel
@testable import Proxy
import Testing

@Suite struct LoopGaugeTests {
    private let millisecond: UInt64 = 1_000_000
    private let start: UInt64 = 1_000_000_000_000

    /// A worker that works and waits by turns from a moment on; the moment it ends.
    private func run(
        _ gauge: LoopGauge, _ window: inout LoopWindow, from moment: UInt64, turns: Int,
        works: UInt64, waits: UInt64
    ) -> UInt64 {
        var now = moment
        for _ in 0..<turns {
            now += works
            window.beginWait(at: now, gauge)
            now += waits
            window.beginTurn(at: now, gauge)
        }
        return now
    }

    @Test func `the part of the time that was waited and the longest turn are those of a window`() {
        let gauge = LoopGauge()
        var window = LoopWindow(at: start)
        var now = run(
            gauge, &window, from: start, turns: 100, works: 4 * millisecond, waits: 6 * millisecond)
        #expect(gauge.idlePercent(at: now) == 60)
        #expect(gauge.delay(at: now) == 4 * millisecond)
        now = run(
            gauge, &window, from: now, turns: 1, works: 450 * millisecond,
            waits: 150 * millisecond)
        #expect(gauge.idlePercent(at: now) == 25)
        #expect(gauge.delay(at: now) == 450 * millisecond)
        // The next window knows nothing of it.
        now = run(
            gauge, &window, from: now, turns: 500, works: millisecond / 2, waits: millisecond / 2)
        #expect(gauge.idlePercent(at: now) == 50)
        #expect(gauge.delay(at: now) == millisecond / 2)
    }

    @Test func `a turn that does not end is seen while it lasts`() {
        let gauge = LoopGauge()
        var window = LoopWindow(at: start)
        let now = run(
            gauge, &window, from: start, turns: 600, works: 0, waits: millisecond)
        #expect(gauge.delay(at: now) == 0)
        #expect(gauge.delay(at: now + 300 * millisecond) == 300 * millisecond)
        #expect(gauge.delay(at: now + 3000 * millisecond) == 3000 * millisecond)
        #expect(gauge.idlePercent(at: now + 3000 * millisecond) == 0)
    }

    @Test func `who waits for long is idle, whatever it did before`() {
        let gauge = LoopGauge()
        var window = LoopWindow(at: start)
        var now = run(
            gauge, &window, from: start, turns: 10, works: 100 * millisecond, waits: 0)
        #expect(gauge.idlePercent(at: now) == 0)
        #expect(gauge.delay(at: now) == 100 * millisecond)
        now += millisecond
        window.beginWait(at: now, gauge)
        now += 5000 * millisecond
        #expect(gauge.idlePercent(at: now) == 100)
        #expect(gauge.delay(at: now) == 0)
    }

    @Test func `the slowest worker counts for the delay, all of them for the idle time`() {
        let process = ProcessLive(workers: 2)
        var windows = [LoopWindow(at: start), LoopWindow(at: start)]
        let now = run(
            process.loops[0], &windows[0], from: start, turns: 100, works: 9 * millisecond,
            waits: millisecond)
        _ = run(
            process.loops[1], &windows[1], from: start, turns: 100, works: 3 * millisecond,
            waits: 7 * millisecond)
        #expect(process.idlePercent(at: now) == 40)
        #expect(process.loopDelay(at: now) == 9 * millisecond)
    }
}

extension EngineTests {
    @Suite struct WorkerLoopTests {
        @Test func `a worker tells of its turns`() throws {
            let origin = try TestOrigin.http { _, peer, _ in peer.answer("x") }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.http([Setup.server("s", origin.port)]))
            let process = running.engine.live.process
            #expect(process.loops.count == running.engine.workers)
            let client = try Peer(to: running.port())
            // The figures of a window are shown by the first turn behind its end.
            let isTold = eventually {
                client.get("/")?.status == 200
                    && process.loopDelay(at: Clock.monotonic().nanoseconds) > 0
            }
            #expect(isTold)
        }
    }
}

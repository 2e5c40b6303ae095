// Percentiles, distributions and the files of /proc, against values worked out by hand.

import Testing

@testable import LoadTesting

@Suite struct MeasuringTests {
    @Test func `an empty histogram has no percentile`() {
        #expect(LatencyHistogram().percentile(50) == nil)
        #expect(LatencyHistogram().count == 0)
    }

    @Test func `percentiles below 128 microseconds are exact`() {
        var histogram = LatencyHistogram()
        for value in 1...100 { histogram.record(UInt64(value)) }
        #expect(histogram.percentile(50) == 50)
        #expect(histogram.percentile(90) == 90)
        #expect(histogram.percentile(99) == 99)
        #expect(histogram.percentile(100) == 100)
        #expect(histogram.percentile(0) == 1)
        #expect(histogram.minimumMicroseconds == 1)
        #expect(histogram.maximumMicroseconds == 100)
        #expect(histogram.meanMicroseconds == 50.5)
    }

    @Test func `percentiles are never below the true value and at most one 64th above`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        var values: [UInt64] = []
        var histogram = LatencyHistogram()
        for _ in 0..<5000 {
            let value = random.next() >> UInt64(random.next() % 40 + 20)
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        for percent in [1.0, 10, 50, 90, 99, 99.9, 100] {
            let rank = Int((percent / 100 * 5000).rounded(.up))
            let exact = values[rank - 1]
            let found = histogram.percentile(percent) ?? 0
            #expect(found >= exact, "seed \(seed), percentile \(percent)")
            #expect(found <= exact + exact / 64 + 1, "seed \(seed), percentile \(percent)")
        }
    }

    @Test func `merged histograms count like one`() {
        var one = LatencyHistogram()
        var two = LatencyHistogram()
        var all = LatencyHistogram()
        for value: UInt64 in [5, 900, 1_000_000] {
            one.record(value)
            all.record(value)
        }
        for value: UInt64 in [1, 77_777] {
            two.record(value)
            all.record(value)
        }
        one.merge(two)
        #expect(one == all)
        one.merge(LatencyHistogram())
        #expect(one == all)
    }

    @Test func `medians of odd, even and no values`() {
        #expect(median([3, 1, 2]) == 2)
        #expect(median([4, 1, 2, 3]) == 2.5)
        #expect(median([]) == nil)
    }

    @Test func `a distribution lists shares in the order of names`() {
        var distribution = Distribution()
        for name in ["b", "a", "b", nil] { distribution.record(name) }
        #expect(distribution.total == 4)
        #expect(distribution.shares.map(\.name) == ["(unnamed)", "a", "b"])
        #expect(distribution.shares.map(\.count) == [1, 1, 2])
        #expect(distribution.shares[2].fraction == 0.5)
        var other = Distribution()
        other.record("a")
        distribution.merge(other)
        #expect(distribution.count(of: "a") == 2)
    }

    @Test func `a stat line is read whatever the command is called`() throws {
        let line =
            "4242 (a) b (c) S 17 4242 4242 0 -1 4194560 500 0 0 0 120 340 5 6 20 0 1 0 100 "
            + "10000000 2048 18446744073709551615 1 1"
        let times = try #require(ProcessTimes(statLine: line))
        #expect(times.pid == 4242)
        #expect(times.parent == 17)
        #expect(times.userTicks == 125)
        #expect(times.systemTicks == 346)
        #expect(times.residentPages == 2048)
        #expect(ProcessTimes(statLine: "") == nil)
        #expect(ProcessTimes(statLine: "12 (x) S 1 2") == nil)
    }

    @Test func `a tree's time is that of the process and all below it`() throws {
        func line(_ pid: Int, _ parent: Int, _ user: Int, _ system: Int) -> String {
            "\(pid) (p) S \(parent) 0 0 0 -1 0 0 0 0 0 \(user) \(system) 0 0 20 0 1 0 0 0 1 0"
        }
        let processes = [
            line(10, 1, 100, 200), line(11, 10, 10, 20), line(12, 11, 1, 2),
            line(13, 1, 5000, 5000),
        ].compactMap(ProcessTimes.init(statLine:))
        #expect(processes.count == 4)
        let time = try #require(
            ProcessTreeTime(root: 10, processes: processes, ticksPerSecond: 100))
        #expect(time.userSeconds == 1.11)
        #expect(time.systemSeconds == 2.22)
        #expect(ProcessTreeTime(root: 99, processes: processes, ticksPerSecond: 100) == nil)
    }

    @Test func `stolen time is the part of all ticks of one core`() throws {
        let before = "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 100 0 100 700 50 10 20 20 30 0\ncpu1 0 0 0\n"
        let after = "cpu0 150 0 150 700 50 10 20 120 80 0\n"
        let early = try #require(CoreTimes(core: 0, statFile: before))
        let late = try #require(CoreTimes(core: 0, statFile: after))
        #expect(early.totalTicks == 1000)
        #expect(early.idleTicks == 750)
        #expect(late.stolenFraction(since: early) == 0.5)
        #expect(late.stolenFraction(since: late) == 0)
        #expect(late.busyFraction(since: early) == 0.5)
        #expect(CoreTimes(core: 1, statFile: before) == nil)
        #expect(CoreTimes(core: 7, statFile: before) == nil)
    }

    @Test func `a footprint adds private and shared dirty pages`() throws {
        let text = """
            55d0c0000000-7ffd00000000 ---p 00000000 00:00 0    [rollup]
            Rss:                4588 kB
            Pss:                2000 kB
            Shared_Clean:       1000 kB
            Shared_Dirty:         40 kB
            Private_Clean:       500 kB
            Private_Dirty:      2040 kB
            """
        let footprint = try #require(MemoryFootprint(smapsRollup: text))
        #expect(footprint.residentBytes == 4588 * 1024)
        #expect(footprint.dirtyBytes == 2080 * 1024)
        #expect(MemoryFootprint(smapsRollup: "Rss: 5 kB") == nil)
    }
}

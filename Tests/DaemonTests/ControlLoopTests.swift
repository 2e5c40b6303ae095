// The control loop: order of timers, signals as events, work from other threads, watches that end.
// Serialized because signals belong to the whole process.

import Daemon
import Glibc
import Kernel
import Synchronization
import Testing

@Suite(.serialized) struct ControlLoopTests {
    @Test func `timers run in the order they are due and stop ends the loop`() throws {
        let loop = try ControlLoop(signals: [])
        var order: [String] = []
        loop.after(milliseconds: 12) {
            order.append("last")
            loop.stop(status: 7)
        }
        loop.after(milliseconds: 0) { order.append("first") }
        loop.after(milliseconds: 4) { order.append("second") }
        let gone = loop.after(milliseconds: 2) { order.append("cancelled") }
        loop.cancel(gone)
        #expect(loop.run() == 7)
        #expect(order == ["first", "second", "last"])
    }

    @Test func `timers due at the same moment keep the order they were made in`() throws {
        let loop = try ControlLoop(signals: [])
        var order: [Int] = []
        for number in 0..<10 { loop.after(milliseconds: 0) { order.append(number) } }
        loop.after(milliseconds: 3) { loop.stop(status: 0) }
        #expect(loop.run() == 0)
        #expect(order == Array(0..<10))
    }

    @Test func `a repeating timer runs until it is cancelled`() throws {
        let loop = try ControlLoop(signals: [])
        var turns = 0
        var series: ControlTimer?
        series = loop.every(milliseconds: 1) {
            turns += 1
            if turns == 3 {
                if let series { loop.cancel(series) }
                loop.after(milliseconds: 5) { loop.stop(status: 0) }
            }
        }
        #expect(loop.run() == 0)
        #expect(turns == 3)
    }

    @Test func `the first status of several stops counts`() throws {
        let loop = try ControlLoop(signals: [])
        loop.after(milliseconds: 0) { loop.stop(status: 1) }
        loop.after(milliseconds: 0) { loop.stop(status: 2) }
        #expect(loop.run() == 1)
    }

    @Test func `work posted from other threads runs on the loop in order`() throws {
        let loop = try ControlLoop(signals: [])
        final class Journal { var entries: [Int] = [] }
        let journal = Journal()
        let bound = LoopBound(journal, on: loop)
        let postbox = loop.postbox
        let thread = try SystemThread {
            for number in 0..<1000 {
                #expect(postbox.post { bound.value(on: $0).entries.append(number) })
            }
            #expect(postbox.post { $0.stop(status: 0) })
        }
        #expect(loop.run() == 0)
        thread.join()
        #expect(journal.entries == Array(0..<1000))
    }

    @Test func `a full postbox refuses work instead of growing`() throws {
        let loop = try ControlLoop(signals: [], postboxLimit: 2)
        let done = Mutex(0)
        #expect(loop.postbox.post { _ in done.withLock { $0 += 1 } })
        #expect(loop.postbox.post { _ in done.withLock { $0 += 1 } })
        #expect(!loop.postbox.post { _ in done.withLock { $0 += 100 } })
        loop.turn(waitingAtMost: 1000)
        #expect(done.withLock { $0 } == 2)
        #expect(loop.postbox.post { _ in })
    }

    @Test func `a watched descriptor is reported until it is no longer watched`() throws {
        let loop = try ControlLoop(signals: [])
        let bell = try WakeUp()
        bell.signal()
        var rings = 0
        try loop.watch(bell.number, for: .readable) { events in
            #expect(events.contains(.readable))
            rings += 1
        }
        loop.turn(waitingAtMost: 1000)
        loop.turn(waitingAtMost: 1000)
        #expect(rings == 2)
        loop.unwatch(bell.number)
        loop.turn(waitingAtMost: 0)
        #expect(rings == 2)
    }

    @Test func `a pause of a watch keeps its handler`() throws {
        let loop = try ControlLoop(signals: [])
        let bell = try WakeUp()
        bell.signal()
        var rings = 0
        try loop.watch(bell.number, for: .readable) { _ in rings += 1 }
        try loop.rewatch(bell.number, for: [])
        loop.turn(waitingAtMost: 0)
        #expect(rings == 0)
        try loop.rewatch(bell.number, for: .readable)
        loop.turn(waitingAtMost: 1000)
        #expect(rings == 1)
    }

    @Test func `an event of a watch that ended in the same turn is dropped`() throws {
        let loop = try ControlLoop(signals: [])
        let one = try WakeUp()
        let two = try WakeUp()
        one.signal()
        two.signal()
        var seen: [Int32] = []
        // Whichever is reported first ends the watch of the second, and watches its number anew.
        for (number, rival) in [(one.number, two.number), (two.number, one.number)] {
            try loop.watch(number, for: .readable) { _ in
                seen.append(number)
                loop.unwatch(rival)
            }
        }
        loop.turn(waitingAtMost: 1000)
        #expect(seen.count == 1)
    }

    @Test func `a signal is an event of the loop and interrupts nothing`() throws {
        // A signal of its own, so that no other test of the process is touched. It must be blocked
        // in the thread it is sent to, which is this one.
        let signal = Signal(SIGURG)
        var mask = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &mask)
        defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
        let loop = try ControlLoop(signals: [signal])
        var arrivals: [SignalArrival] = []
        loop.onSignal(signal) {
            arrivals.append($0)
            loop.stop(status: 0)
        }
        pthread_kill(pthread_self(), signal.number)
        #expect(loop.run() == 0)
        #expect(arrivals.map(\.signal) == [signal])
        #expect(arrivals.first?.sender == ProcessID.own.number)
    }
}

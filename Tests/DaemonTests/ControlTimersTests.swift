// The timers of the control loop, with time as a value.

import RandomInputs
import Testing

@testable import Daemon

@Suite struct ControlTimersTests {
    @Test func `many timers run in order whatever is cancelled between`() {
        var random = Seeded(for: "many timers")
        var timers = ControlTimers()
        var ran: [Int] = []
        var due: [Int: UInt64] = [:]
        var handles: [ControlTimer] = []
        for number in 0..<2000 {
            let when = random.next() % 500
            due[number] = when
            handles.append(timers.add(due: when) { ran.append(number) })
        }
        for number in 0..<2000 where number % 3 != 0 {
            timers.cancel(handles[number])
            due[number] = nil
        }
        #expect(timers.count == due.count)
        for now in stride(from: UInt64(0), through: 504, by: 7) {
            for taken in timers.takeDue(now: now) {
                timers.body(of: taken.timer, due: taken.due, now: now)?()
            }
        }
        #expect(ran == due.keys.sorted { (due[$0]!, $0) < (due[$1]!, $1) })
        #expect(timers.nextDue == nil)
    }

    @Test func `a timer that another of the same turn cancels does not run`() {
        var timers = ControlTimers()
        let first = timers.add(due: 5) {}
        let second = timers.add(due: 5) {}
        let taken = timers.takeDue(now: 9)
        #expect(taken.map(\.timer) == [first, second])
        timers.cancel(second)
        #expect(timers.body(of: first, due: 5, now: 9) != nil)
        #expect(timers.body(of: second, due: 5, now: 9) == nil)
    }

    @Test func `a repeating timer keeps its pace and does not make up for what it missed`() {
        var timers = ControlTimers()
        let timer = timers.add(due: 10, every: 10) {}
        #expect(timers.takeDue(now: 13).map(\.due) == [10])
        _ = timers.body(of: timer, due: 10, now: 13)
        #expect(timers.nextDue == 20)
        #expect(timers.takeDue(now: 47).map(\.due) == [20])
        _ = timers.body(of: timer, due: 20, now: 47)
        #expect(timers.nextDue == 57)
    }

    @Test func `a timer may run early when others run, and only then`() {
        var timers = ControlTimers()
        let first = timers.add(due: 100) {}
        let early = timers.add(due: 105, slack: 5) {}
        let exact = timers.add(due: 106) {}
        let behind = timers.add(due: 107, slack: 5) {}
        #expect(timers.nextDue == 100)
        #expect(timers.takeDue(now: 99).isEmpty)
        #expect(timers.takeDue(now: 100).map(\.timer) == [first, early])
        // One that may not run early holds back those behind it.
        #expect(timers.nextDue == 106)
        #expect(timers.takeDue(now: 105).isEmpty)
        #expect(timers.takeDue(now: 106).map(\.timer) == [exact, behind])
    }
}

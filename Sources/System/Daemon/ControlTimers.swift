// The timers of the control loop: a heap by due time, whose cancelled entries are skipped when they
// come up and swept out when they are the majority. Pure: time comes in as a value.

/// Names a timer of a control loop.
public struct ControlTimer: Hashable, Sendable {
    fileprivate let serial: UInt64
}

/// Timers in the order they are due; equal ones in the order they were added.
struct ControlTimers {
    private struct Entry {
        /// Nanoseconds between turns; nil for a timer that runs once.
        let interval: UInt64?
        let body: () -> Void
    }

    private struct Node {
        let due: UInt64
        /// How much earlier it may run.
        let slack: UInt64
        /// Grows with each insertion, also of a timer that is entered again.
        let order: UInt64
        let serial: UInt64

        func isBefore(_ node: Node) -> Bool { (due, order) < (node.due, node.order) }
    }

    private var heap: [Node] = []
    /// What is still to run, by serial.
    private var entries: [UInt64: Entry] = [:]
    private var lastSerial: UInt64 = 0
    private var lastOrder: UInt64 = 0

    /// How many timers wait.
    var count: Int { entries.count }

    /// When the next timer is due, nanoseconds of the monotonic clock.
    var nextDue: UInt64? {
        mutating get {
            while let first = heap.first, entries[first.serial] == nil { removeFirst() }
            return heap.first?.due
        }
    }

    @discardableResult
    mutating func add(
        due: UInt64, slack: UInt64 = 0, every interval: UInt64? = nil,
        _ body: @escaping () -> Void
    ) -> ControlTimer {
        lastSerial += 1
        entries[lastSerial] = Entry(interval: interval, body: body)
        insert(due: due, slack: slack, serial: lastSerial)
        return ControlTimer(serial: lastSerial)
    }

    mutating func cancel(_ timer: ControlTimer) {
        guard entries.removeValue(forKey: timer.serial) != nil else { return }
        if heap.count > 64, heap.count > 2 * entries.count { sweep() }
    }

    /// Takes what is due, in order, and what comes right behind it and may run that early: one
    /// wake-up then serves several timers.
    mutating func takeDue(now: UInt64) -> [(timer: ControlTimer, due: UInt64)] {
        var taken: [(timer: ControlTimer, due: UInt64)] = []
        while let next = nextDue, next <= now &+ heap[0].slack {
            taken.append((ControlTimer(serial: heap[0].serial), next))
            removeFirst()
        }
        return taken
    }

    /// The body of a timer that was taken, unless it has been cancelled since. One that repeats is
    /// entered again first; turns that were missed are not made up for.
    mutating func body(of timer: ControlTimer, due: UInt64, now: UInt64) -> (() -> Void)? {
        guard let entry = entries[timer.serial] else { return nil }
        if let interval = entry.interval {
            let next = due + interval
            insert(due: next > now ? next : now + interval, slack: 0, serial: timer.serial)
        } else {
            entries[timer.serial] = nil
        }
        return entry.body
    }

    // MARK: The heap

    private mutating func insert(due: UInt64, slack: UInt64, serial: UInt64) {
        lastOrder += 1
        heap.append(Node(due: due, slack: slack, order: lastOrder, serial: serial))
        var index = heap.count - 1
        while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(from: 0)
    }

    private mutating func sink(from start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }

    private mutating func sweep() {
        heap.removeAll { entries[$0.serial] == nil }
        heap.sort { $0.isBefore($1) }
    }
}

// The timers of the control loop: few, so a sorted list is enough. Pure: time comes in as a value.

/// Names a timer of a control loop.
public struct ControlTimer: Hashable, Sendable {
    fileprivate let serial: UInt64
}

/// Timers in the order they are due.
struct ControlTimers {
    private struct Entry {
        let serial: UInt64
        var due: UInt64
        /// Milliseconds between turns; nil for a timer that runs once.
        let interval: UInt64?
        let body: () -> Void
    }

    /// The latest due first, so that taking the next one is cheap.
    private var entries: [Entry] = []
    private var lastSerial: UInt64 = 0

    /// When the next timer is due, milliseconds of the monotonic clock.
    var nextDue: UInt64? { entries.last?.due }

    @discardableResult
    mutating func add(
        due: UInt64, every interval: UInt64? = nil, _ body: @escaping () -> Void
    ) -> ControlTimer {
        lastSerial += 1
        insert(Entry(serial: lastSerial, due: due, interval: interval, body: body))
        return ControlTimer(serial: lastSerial)
    }

    mutating func cancel(_ timer: ControlTimer) {
        entries.removeAll { $0.serial == timer.serial }
    }

    /// Takes what is due, in order. A repeating timer is entered again before its body runs.
    mutating func takeDue(now: UInt64) -> [() -> Void] {
        var due: [Entry] = []
        while let last = entries.last, last.due <= now { due.append(entries.removeLast()) }
        for var entry in due {
            guard let interval = entry.interval else { continue }
            entry.due = max(entry.due + interval, now + 1)
            insert(entry)
        }
        return due.map(\.body)
    }

    private mutating func insert(_ entry: Entry) {
        // Behind equal ones in time, which is before them in the reversed list.
        let index = entries.firstIndex { $0.due <= entry.due } ?? entries.endIndex
        entries.insert(entry, at: index)
    }
}

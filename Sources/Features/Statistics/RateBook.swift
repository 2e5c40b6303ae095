// Events per second of every counted thing, kept on the control thread: counters are compared once
// a second, and a question between two ticks mixes the last second with the present one.

import Kernel
import Proxy
import Synchronization

/// What happened in the last second, and the most in any.
struct Rate: Sendable, Equatable {
    var now: UInt64 = 0
    var most: UInt64 = 0
}

/// The rates of all counter tables.
final class RateBook: Sendable {
    private struct Key: Hashable {
        var table: ObjectIdentifier
        var kind: CounterKind
    }
    private struct Meter {
        /// Kept so that the identifier of the table stays its own.
        var table: CounterTable
        var atLastTick: UInt64
        var lastSecond: UInt64 = 0
        var most: UInt64 = 0
    }
    private struct State {
        var meters: [Key: Meter] = [:]
        var lastTickMilliseconds: UInt64 = 0
    }
    private let state = Mutex(State())

    /// Closes a second. To be called once a second.
    func tick(nowMilliseconds: UInt64) {
        state.withLock { state in
            state.lastTickMilliseconds = nowMilliseconds
            for (key, meter) in state.meters {
                let value = meter.table.raw(key.kind)
                state.meters[key]?.lastSecond = value &- meter.atLastTick
                state.meters[key]?.atLastTick = value
                state.meters[key]?.most = max(meter.most, value &- meter.atLastTick)
            }
        }
    }

    /// Begins to follow a counter; nothing happens if it is followed already.
    func follow(_ table: CounterTable, _ kind: CounterKind) {
        let key = Key(table: ObjectIdentifier(table), kind: kind)
        state.withLock { state in
            if state.meters[key] != nil { return }
            state.meters[key] = Meter(table: table, atLastTick: 0)
        }
    }

    /// The rate of a counter.
    func rate(
        _ table: CounterTable, _ kind: CounterKind, nowMilliseconds: UInt64
    ) -> Rate {
        follow(table, kind)
        let key = Key(table: ObjectIdentifier(table), kind: kind)
        return state.withLock { state in
            guard let meter = state.meters[key] else { return Rate() }
            let elapsed = min(nowMilliseconds &- state.lastTickMilliseconds, 1000)
            let current = table.raw(kind) &- meter.atLastTick
            let now = current + meter.lastSecond * (1000 - elapsed) / 1000
            return Rate(now: now, most: max(meter.most, current))
        }
    }

    /// Forgets the largest values.
    func clearMost() {
        state.withLock { state in
            for key in state.meters.keys { state.meters[key]?.most = 0 }
        }
    }
}

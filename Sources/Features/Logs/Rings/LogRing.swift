// A ring of log lines in memory: workers append under one short lock, readers follow by position.
//
//     ┌ length, 4 bytes ┬ line ┬ length ┬ line ┬ …
//     oldest ──────────────────────────────► newest      positions only ever grow
//
// A new line takes the place of the oldest ones. Where a forwarder has yet to send those, the new
// one is dropped and counted instead: what has begun to wait is not lost to what comes.

import Proxy
import Structures
import Synchronization

/// A ring and its lines. Any thread.
public final class LogRing: Sendable {
    /// Its name, size and servers.
    public let configuration: RingConfiguration

    private struct State: ~Copyable {
        var bytes: FixedArray<UInt8>
        /// Position of the oldest line.
        var oldest: UInt64 = 0
        /// Position behind the newest line.
        var end: UInt64 = 0
        var dropped: UInt64 = 0
        /// For each forwarder the position of the first line it has not sent.
        var unsent: [UInt64] = []
    }

    private let state: Mutex<State>
    /// A forwarder has sent everything and wants to hear of the next line.
    private let isAwaited = Atomic<Bool>(false)
    private let wake: @Sendable () -> Void

    /// An empty ring.
    ///
    /// - Parameter wake: called by whoever appends a line that a forwarder waits for.
    init(_ configuration: RingConfiguration, wake: @escaping @Sendable () -> Void) {
        self.configuration = configuration
        self.wake = wake
        state = Mutex(State(bytes: FixedArray(zeroed: max(configuration.bytes, 64))))
    }

    private static var lengthBytes: Int { 4 }

    /// Appends a line without its line feed; false when it had to be dropped.
    func append(_ line: Span<UInt8>) -> Bool {
        let isKept = state.withLock { Self.append(line, to: &$0) }
        if isKept && isAwaited.exchange(false, ordering: .acquiringAndReleasing) { wake() }
        return isKept
    }

    private static func append(_ line: Span<UInt8>, to state: inout State) -> Bool {
        let needed = UInt64(lengthBytes + line.count)
        let size = UInt64(state.bytes.count)
        let held = state.unsent.min() ?? .max
        while state.end + needed - state.oldest > size {
            if needed > size || state.oldest >= held {
                state.dropped += 1
                return false
            }
            state.oldest += UInt64(lengthBytes + length(at: state.oldest, state))
        }
        var place = Int(state.end % size)
        func put(_ byte: UInt8, _ state: inout State) {
            state.bytes[place] = byte
            place = place + 1 == state.bytes.count ? 0 : place + 1
        }
        for shift in 0..<lengthBytes {
            put(UInt8(truncatingIfNeeded: line.count >> (8 * shift)), &state)
        }
        for index in line.indices { put(line[index], &state) }
        state.end += needed
        return true
    }

    private static func byte(at position: UInt64, _ state: borrowing State) -> UInt8 {
        state.bytes[Int(position % UInt64(state.bytes.count))]
    }

    private static func length(at position: UInt64, _ state: borrowing State) -> Int {
        var length = 0
        for index in 0..<lengthBytes {
            length |= Int(byte(at: position + UInt64(index), state)) << (8 * index)
        }
        return length
    }

    /// Copies lines from a position on, at least one if there is one, and as many as begin within
    /// `most` bytes. `body` gets each with the position behind it.
    func read(
        from position: UInt64, atMost most: Int = .max, _ body: ([UInt8], UInt64) -> Void
    ) {
        state.withLock { state in
            var next = max(position, state.oldest)
            var taken = 0
            while next < state.end && taken < most {
                let length = Self.length(at: next, state)
                let first = next + UInt64(Self.lengthBytes)
                let line = (0..<length).map { Self.byte(at: first + UInt64($0), state) }
                next = first + UInt64(length)
                taken += length
                body(line, next)
            }
        }
    }

    /// Lines that found no room.
    public var dropped: UInt64 { state.withLock { $0.dropped } }

    // MARK: Forwarders

    /// Adds a forwarder, which begins with the oldest line; answers its number and position.
    func addForwarder() -> (number: Int, position: UInt64) {
        state.withLock { state in
            state.unsent.append(state.oldest)
            return (state.unsent.count - 1, state.oldest)
        }
    }

    /// A forwarder has sent everything before a position.
    func sent(_ forwarder: Int, before position: UInt64) {
        state.withLock { $0.unsent[forwarder] = position }
    }

    /// Asks to be woken by the next line; true when there is one behind the position already.
    func await(behind position: UInt64) -> Bool {
        isAwaited.store(true, ordering: .releasing)
        return state.withLock { $0.end > position }
    }
}

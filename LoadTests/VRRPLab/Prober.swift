// The client: asks every virtual address at a steady pace who is there, and keeps all answers. An
// outage is a gap between answers within which a probe went unanswered, or was answered late; a gap
// in which the client itself did not run is none.

import Addresses
import CLinux
import Glibc
import Kernel
import LoadTesting
import Synchronization

/// One answer to a probe.
public struct ProbeAnswer: Sendable {
    /// When the kernel got it, in nanoseconds of the monotonic clock.
    public var time: UInt64
    /// When it was asked.
    public var asked: UInt64
    /// The number of the host that answered.
    public var host: Int
}

/// Asks virtual addresses from the client's namespace.
public final class Prober: Sendable {
    private struct Record: Sendable {
        /// When each round of probes was sent, by its number.
        var rounds: [UInt64] = []
        /// Answers of each target in the order they came.
        var answers: [[ProbeAnswer]]
    }

    /// Answers that come later than this count as an outage all the same, in nanoseconds.
    private static let late: UInt64 = 20_000_000
    /// Rounds that are kept at most.
    private static let mostRounds = 4_000_000

    /// Which addresses are asked.
    public let targets: [IPAddress]
    private let interval: UInt64
    private let sockets: [Int32]
    private let record: Mutex<Record>
    private let isStopped = Atomic(false)
    private let thread = Mutex<SystemThread?>(nil)

    /// Starts to ask.
    ///
    /// - Parameter interval: nanoseconds between two rounds.
    init(_ targets: [IPAddress], from client: NetworkNamespace, interval: UInt64) throws(LabFailure)
    {
        self.targets = targets
        self.interval = interval
        record = Mutex(Record(answers: targets.map { _ in [] }))
        sockets = client.enter { [AF_INET, AF_INET6].map { martlet_lab_datagrams($0, 0) } }
        if sockets.contains(where: { $0 < 0 }) { throw LabFailure.ofSystem("a prober's socket") }
        let started = startThread { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Ends the thread.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        guard let started = thread.withLock({ $0.take() }) else { return }
        started.join()
        for socket in sockets { close(socket) }
    }

    private func run() {
        let addresses = targets.map { ($0.socketFamily, $0.networkOrder) }
        var next = Clock.monotonic().nanoseconds
        var buffer = [UInt8](repeating: 0, count: 64)
        while !isStopped.load(ordering: .acquiring) {
            let now = Clock.monotonic().nanoseconds
            if now >= next {
                send(to: addresses, at: now)
                // What could not be sent in time is not sent in a burst.
                next = max(next + interval, now > 5 * interval ? now - 5 * interval : 0)
                continue
            }
            let pause = min(next - now, 20_000_000)
            if martlet_lab_wait(sockets[0], sockets[1], pause) != 0 { receive(&buffer) }
        }
    }

    private func send(to addresses: [(Int32, [UInt8])], at now: UInt64) {
        let round = record.withLock { record in
            if record.rounds.count < Self.mostRounds { record.rounds.append(now) }
            return UInt32(record.rounds.count - 1)
        }
        var probe = [UInt8](repeating: 0, count: 6)
        for index in 0..<4 { probe[index] = UInt8(truncatingIfNeeded: round >> (8 * index)) }
        for (target, address) in addresses.enumerated() {
            probe[4] = UInt8(truncatingIfNeeded: target)
            probe[5] = UInt8(truncatingIfNeeded: target >> 8)
            let socket = sockets[address.0 == AF_INET ? 0 : 1]
            // Safety: both buffers are read only for the call.
            _ = unsafe martlet_lab_ask(
                socket, address.0, address.1, Observer.port, probe, probe.count)
        }
    }

    private func receive(_ buffer: inout [UInt8]) {
        for socket in sockets {
            for _ in 0..<512 {
                var time: UInt64 = 0
                // Safety: the buffer is as long as it says.
                let length = unsafe martlet_lab_receive_datagram(
                    socket, &buffer, buffer.count, &time)
                if length < 0 { break }
                guard length == 7 else { continue }
                let round = (0..<4).reduce(0) { $0 | Int(buffer[$1]) << (8 * $1) }
                let target = Int(buffer[4]) | Int(buffer[5]) << 8
                record.withLock { record in
                    guard round < record.rounds.count, target < targets.count else { return }
                    record.answers[target].append(
                        ProbeAnswer(time: time, asked: record.rounds[round], host: Int(buffer[6])))
                }
            }
        }
    }

    /// The answers of an address that came from a moment on.
    public func answers(of target: Int = 0, since time: UInt64 = 0) -> [ProbeAnswer] {
        record.withLock { record in
            let all = record.answers[target]
            // Answers are nearly in order of time; the older ones need not be looked at.
            var first = all.endIndex
            while first > 0, all[first - 1].time >= time { first -= 1 }
            return Array(all[first...])
        }
    }

    /// The host that answered last, if that was a moment ago.
    public func server(of target: Int = 0) -> Int? {
        let now = Clock.monotonic().nanoseconds
        let fresh = max(20 * interval, 100_000_000)
        return record.withLock { record in
            guard let last = record.answers[target].last, last.time + fresh > now else {
                return nil
            }
            return last.host
        }
    }

    /// The longest time without an answer between two moments, in milliseconds: from the last
    /// answer before it to the first behind it, both counted as far as they lie between.
    public func longestOutage(
        of target: Int = 0, from start: UInt64, to end: UInt64 = Clock.monotonic().nanoseconds
    ) -> Double {
        let (rounds, answers) = record.withLock { ($0.rounds, $0.answers[target]) }
        return Self.longestOutage(rounds, answers, from: start, to: end)
    }

    /// The same of any record.
    ///
    /// - Parameter rounds: when it was asked, in order.
    static func longestOutage(
        _ rounds: [UInt64], _ answers: [ProbeAnswer], from start: UInt64, to end: UInt64
    ) -> Double {
        let times = answers.map(\.time).filter { $0 >= start && $0 <= end }.sorted()
        // Probes that were not answered in time.
        var inTime = Set<UInt64>()
        for answer in answers where answer.time < answer.asked + late {
            inTime.insert(answer.asked)
        }
        let failed = rounds.filter {
            $0 >= start && $0 + late <= end && !inTime.contains($0)
        }
        var longest: UInt64 = 0
        var next = failed.makeIterator()
        var missing = next.next()
        for (from, to) in zip([start] + times, times + [end]) {
            while let time = missing, time < from { missing = next.next() }
            if let time = missing, time < to { longest = max(longest, to - from) }
        }
        return Double(longest) / 1e6
    }
}

// The generator: one thread, one poller, a fixed number of connections that each have one request
// under way at a time (a closed loop).

import Bytes
import CLinux
import Glibc
import Kernel
import Structures

/// Sends what a plan says and reports what came of it.
public struct Generator: ~Copyable {
    // Not private: the compiler refers to it wherever a generator is destroyed.
    struct Client: ~Copyable {
        let socket: Descriptor
        var target: Int
        var input = Buffer()
        var reader: ResponseReader
        var sentBytes = 0
        var receivedBytes = 0
        var firstLine: [UInt8] = []
        var beganNanoseconds: UInt64
        var isConnecting = true
        var hasAnsweredBefore = false

        init(socket: consuming Descriptor, target: Int, isHeadRequest: Bool, began: UInt64) {
            self.socket = socket
            self.target = target
            reader = ResponseReader(isHeadRequest: isHeadRequest)
            beganNanoseconds = began
        }
    }

    private enum Step {
        case again, wait
        case answered(reuse: Bool)
        case failed(LoadFailure)
        /// A kept connection was closed before the request reached anybody: try it anew.
        case stale
    }

    private let plan: LoadPlan
    /// Whether all targets are paths of one server, so that a kept connection can serve any.
    private let sharesAddress: Bool
    private var poller: Poller
    private var clients: Slab<Client>
    private var pool = BufferPool(blockBytes: 65_536, keepAtMost: 64)
    private var report = LoadReport()
    private var begun = 0
    private var nextTarget = 0
    private var isOver = false
    /// Connections that could not be begun and are tried again on the next tick.
    private var owed = 0

    /// A generator for a plan with at least one target.
    public init(_ plan: LoadPlan) throws(Errno) {
        precondition(!plan.targets.isEmpty, "a plan needs a target")
        self.plan = plan
        let first = plan.targets[0]
        sharesAddress = plan.targets.allSatisfy {
            $0.language == .http && $0.address.commandLineWord == first.address.commandLineWord
        }
        poller = try Poller(batch: 512)
        clients = Slab(capacity: plan.connections + 1)
        _ = martlet_ignore_signal(SIGPIPE)
    }

    /// Runs the plan to its end.
    public mutating func run() -> LoadReport {
        let start = Clock.monotonic()
        let end =
            plan.milliseconds == .max
            ? UInt64.max : start.milliseconds + UInt64(plan.milliseconds)
        var nextTick = start.milliseconds + 50
        for _ in 0..<min(plan.connections, plan.requests) { open() }
        while clients.count > 0 || owed > 0 {
            let count = poller.wait(milliseconds: 20)
            for index in 0..<count {
                let handle = Handle(word: poller.event(at: index).data)
                if clients.isLive(handle) { drive(handle) }
            }
            let now = Clock.monotonic()
            if now.milliseconds >= end {
                isOver = true
                break
            }
            if now.milliseconds >= nextTick {
                nextTick = now.milliseconds + 50
                expire(at: now)
                let again = owed
                owed = 0
                for _ in 0..<again { open() }
            }
        }
        report.elapsedSeconds = Double(Clock.monotonic().nanoseconds - start.nanoseconds) / 1e9
        return report
    }

    /// Begins a request on a new connection, unless enough were begun.
    private mutating func open(again: Int? = nil) {
        guard !isOver else { return }
        let target: Int
        if let again {
            target = again
        } else {
            guard begun < plan.requests else { return }
            begun += 1
            target = takeTarget()
        }
        let began = Clock.monotonic().nanoseconds
        do throws(Errno) {
            let address = plan.targets[target].address
            let socket = try Descriptor.socket(
                family: address.family, type: Int32(SOCK_STREAM.rawValue))
            if address.family != AF_UNIX { socket.setNoDelay() }
            let number = socket.number
            let isConnected = try socket.connect(to: address)
            var client = Client(
                socket: socket, target: target, isHeadRequest: plan.targets[target].isHeadRequest,
                began: began)
            client.isConnecting = !isConnected
            guard let handle = clients.insert(client) else { return }
            report.connectionsOpened += 1
            try poller.add(number, .stream, data: handle.word)
            drive(handle)
        } catch {
            fail(error == .connectionRefused ? .refused : .connectFailed)
        }
    }

    private mutating func takeTarget() -> Int {
        defer { nextTarget = (nextTarget + 1) % plan.targets.count }
        return nextTarget
    }

    private mutating func drive(_ handle: Handle) {
        while true {
            switch step(handle) {
            case .again: continue
            case .wait: return
            case .answered(let reuse):
                if reuse, beginNext(handle) { continue }
                drop(handle)
                open()
                return
            case .stale:
                let target = clients[handle].target
                drop(handle)
                open(again: target)
                return
            case .failed(let failure):
                drop(handle)
                fail(failure)
                return
            }
        }
    }

    private mutating func fail(_ failure: LoadFailure) {
        report.failures[failure, default: 0] += 1
        // A failing target is not hammered: the next attempt waits for the tick.
        if begun < plan.requests { owed += 1 }
    }

    private mutating func drop(_ handle: Handle) {
        pool.give(clients[handle].input.take())
        clients.remove(handle)
    }

    /// Begins the next request on the same connection; false when there is none for it.
    private mutating func beginNext(_ handle: Handle) -> Bool {
        guard !isOver, begun < plan.requests else { return false }
        begun += 1
        if sharesAddress { clients[handle].target = takeTarget() }
        clients[handle].reader = ResponseReader(
            isHeadRequest: plan.targets[clients[handle].target].isHeadRequest)
        clients[handle].sentBytes = 0
        clients[handle].beganNanoseconds = Clock.monotonic().nanoseconds
        clients[handle].hasAnsweredBefore = true
        return true
    }

    private mutating func step(_ handle: Handle) -> Step {
        if clients[handle].isConnecting {
            if let error = clients[handle].socket.takeSocketError() {
                return .failed(error == .connectionRefused ? .refused : .connectFailed)
            }
            clients[handle].isConnecting = false
        }
        let target = clients[handle].target
        let sent = clients[handle].sentBytes
        if sent < plan.targets[target].request.count {
            let request = plan.targets[target].request
            let rest = request.span.extracting(droppingFirst: sent)
            switch clients[handle].socket.write(rest) {
            case .bytes(let count):
                clients[handle].sentBytes += count
                let isWhole = sent + count == plan.targets[target].request.count
                if isWhole, plan.targets[target].language == .tcp {
                    clients[handle].socket.shutdownSending()
                }
                // The answer may come while the request is still being sent.
                return receive(handle)
            case .wouldBlock: return receive(handle)
            case .failed:
                let step = receive(handle)
                if case .wait = step { return .failed(.reset) }
                return step
            }
        }
        return receive(handle)
    }

    private mutating func receive(_ handle: Handle) -> Step {
        if !clients[handle].input.hasStorage { clients[handle].input = pool.take() }
        if clients[handle].input.room == 0 { clients[handle].input.compact() }
        // A head larger than the block is nobody's idea of an answer.
        if clients[handle].input.room == 0 { return .failed(.malformed) }
        let result = clients[handle].receive()
        switch result {
        case .bytes(let count):
            report.receivedBytes += count
            clients[handle].receivedBytes += count
            return plan.targets[clients[handle].target].language == .http
                ? readAnswer(handle) : readBytes(handle)
        case .wouldBlock:
            if clients[handle].input.isEmpty { pool.give(clients[handle].input.take()) }
            return .wait
        case .ended: return ended(handle)
        case .failed(let error):
            if clients[handle].hasAnsweredBefore, !clients[handle].reader.hasBegun,
                clients[handle].input.isEmpty
            {
                return .stale
            }
            return .failed(error == .connectionRefused ? .refused : .reset)
        }
    }

    private mutating func readAnswer(_ handle: Handle) -> Step {
        switch clients[handle].readAnswer() {
        case .needsMore: return .again
        case .malformed: return .failed(.malformed)
        case .complete:
            let isSent =
                clients[handle].sentBytes == plan.targets[clients[handle].target].request.count
            let reuse = plan.keepsAlive && clients[handle].reader.keepsAlive && isSent
            count(handle)
            return .answered(reuse: reuse)
        }
    }

    private mutating func readBytes(_ handle: Handle) -> Step {
        if clients[handle].firstLine.count < 64 {
            let wanted = 64 - clients[handle].firstLine.count
            clients[handle].keepFirst(wanted)
        }
        clients[handle].input.removeAll()
        return .again
    }

    private mutating func ended(_ handle: Handle) -> Step {
        guard plan.targets[clients[handle].target].language == .http else {
            count(handle)
            return .answered(reuse: false)
        }
        if clients[handle].reader.isCompleteAtEnd {
            count(handle)
            return .answered(reuse: false)
        }
        if clients[handle].reader.hasBegun || !clients[handle].input.isEmpty {
            return .failed(.truncated)
        }
        return clients[handle].hasAnsweredBefore ? .stale : .failed(.noAnswer)
    }

    private mutating func count(_ handle: Handle) {
        report.answered += 1
        let now = Clock.monotonic().nanoseconds
        report.latency.record((now - clients[handle].beganNanoseconds) / 1000)
        if plan.targets[clients[handle].target].language == .http {
            report.statuses[clients[handle].reader.status, default: 0] += 1
            report.origins.record(clients[handle].reader.originName)
        } else {
            report.origins.record(Self.name(inFirstLine: clients[handle].firstLine))
        }
    }

    /// The name in the first line of a TCP answer: its first word, when it is a short one.
    static func name(inFirstLine bytes: [UInt8]) -> String? {
        let word = bytes.prefix { $0 != 10 && $0 != 13 && $0 != 32 }
        return word.isEmpty || word.count == bytes.count || word.count > 32
            ? nil : String(decoding: word, as: UTF8.self)
    }

    private mutating func expire(at now: Instant) {
        let limit = UInt64(plan.timeoutMilliseconds) * 1_000_000
        for index in 0..<clients.highWater {
            guard let handle = clients.handle(at: index),
                now.nanoseconds > clients[handle].beganNanoseconds + limit
            else { continue }
            drop(handle)
            fail(.timedOut)
        }
    }
}

extension Generator.Client {
    fileprivate mutating func receive() -> ReadResult { socket.receive(into: &input) }

    fileprivate mutating func readAnswer() -> ResponseReader.Outcome {
        var at = 0
        var reader = self.reader
        let outcome = reader.read(input.span, at: &at)
        self.reader = reader
        input.consume(at)
        return outcome
    }

    fileprivate mutating func keepFirst(_ wanted: Int) {
        var line = firstLine
        for index in 0..<min(wanted, input.count) { line.append(input.span[index]) }
        firstLine = line
    }
}

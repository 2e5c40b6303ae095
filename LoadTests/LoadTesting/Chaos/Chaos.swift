// Many misbehaving clients at once against one HTTP address, while the server's process is watched.

import CLinux
import Glibc
import Kernel
import Structures

/// What a run of misbehaving clients shall do.
public struct ChaosPlan: Sendable {
    /// Where clients connect; behind it stands a demo origin, for its paths.
    public var address: RawSocketAddress
    /// The process to watch.
    public var pid: Int32?
    /// Clients at once.
    public var clients = 200
    /// How long new clients begin.
    public var milliseconds = 10_000
    /// Kinds of clients.
    public var behaviours = ChaosBehaviour.allCases
    /// Repeats a run.
    public var seed = UInt64.random(in: 0 ... .max)
    /// How long one client may take.
    public var clientMilliseconds: UInt64 = 15_000
    /// Connections opened and held after the run, to use up the server's descriptors.
    public var exhaustion = 0
    /// How long connections may take to end before descriptors are counted.
    public var settleMilliseconds = 5_000
    /// Descriptors that may stay open in pools.
    public var allowedDescriptors = 500
    /// The server's statistics socket, to ask how many connections it believes to have.
    public var statisticsSocket: RawSocketAddress?

    /// A plan against an address.
    public init(address: RawSocketAddress) { self.address = address }
}

/// Runs misbehaving clients.
public struct Chaos: ~Copyable {
    private let plan: ChaosPlan
    private let progress: (String) -> Void
    private var random: SeededRandom
    private var poller: Poller
    private var clients: Slab<ChaosClient>
    private var report = ChaosReport()
    private let start = Clock.monotonic()

    /// Prepares a run; `progress` gets a line every few seconds.
    public init(_ plan: ChaosPlan, progress: @escaping (String) -> Void = { _ in }) throws(Errno) {
        precondition(!plan.behaviours.isEmpty && plan.clients > 0, "nobody would come")
        self.plan = plan
        self.progress = progress
        random = SeededRandom(seed: plan.seed)
        poller = try Poller(batch: 512)
        clients = Slab(capacity: plan.clients + 1)
        report.seed = plan.seed
        report.allowedDescriptors = plan.allowedDescriptors
        ignoreBrokenPipes()
    }

    /// Runs the plan to its end and judges.
    public mutating func run() -> ChaosReport {
        report.before = look()
        let end = Clock.monotonic().milliseconds + UInt64(plan.milliseconds)
        var nextLook = Clock.monotonic().milliseconds
        var looks = 0
        while true {
            let now = Clock.monotonic().milliseconds
            if now < end {
                // A bounded number each turn, so that present clients get theirs.
                for _ in 0..<64 where clients.count < plan.clients { begin(at: now) }
            } else if clients.count == 0 {
                break
            }
            let count = poller.wait(milliseconds: 5)
            for index in 0..<count {
                let handle = Handle(word: poller.event(at: index).data)
                if clients.isLive(handle), clients[handle].resumesAt == 0 { play(handle) }
            }
            resume(at: Clock.monotonic().milliseconds)
            if now >= nextLook {
                nextLook = now + 1000
                looks += 1
                if now < end, let sample = look() {
                    report.samples.append(sample)
                    if looks % 5 == 1 { say(sample) }
                }
                if let pid = plan.pid, kill(pid, 0) != 0 { break }
            }
        }
        if plan.exhaustion > 0 { exhaust() }
        finish()
        return report
    }

    private mutating func begin(at now: UInt64) {
        let behaviour = plan.behaviours.randomElement(using: &random) ?? .good
        do throws(Errno) {
            let socket = try Descriptor.socket(
                family: plan.address.family, type: Int32(SOCK_STREAM.rawValue))
            let number = socket.number
            let isConnected = try socket.connect(to: plan.address)
            let client = ChaosClient(
                socket: socket, behaviour: behaviour, steps: behaviour.steps(&random),
                isConnecting: !isConnected, beganAt: now)
            guard let handle = clients.insert(client) else { return }
            report.clients[behaviour, default: 0] += 1
            try poller.add(number, .stream, data: handle.word)
            // Connecting ends with an event.
            if isConnected { play(handle) }
        } catch {
            report.clients[behaviour, default: 0] += 1
            if behaviour.mustSucceed { report.failedGoodClients += 1 }
            // No descriptor or no port: let some come back.
            usleep(1000)
        }
    }

    private mutating func play(_ handle: Handle) {
        switch clients[handle].play() {
        case .event: clients[handle].resumesAt = 0
        case .pause(let milliseconds):
            clients[handle].resumesAt = Clock.monotonic().milliseconds + UInt64(milliseconds)
        case .over(let isGood):
            if !isGood, clients[handle].behaviour.mustSucceed { report.failedGoodClients += 1 }
            clients.remove(handle)
        }
    }

    private mutating func resume(at now: UInt64) {
        for index in 0..<clients.highWater {
            guard let handle = clients.handle(at: index) else { continue }
            if now > clients[handle].beganAt + plan.clientMilliseconds {
                report.stuckClients[clients[handle].behaviour, default: 0] += 1
                clients.remove(handle)
            } else if clients[handle].resumesAt != 0, clients[handle].resumesAt <= now {
                clients[handle].resumesAt = 0
                play(handle)
            }
        }
    }

    /// Opens connections until the server has no descriptors left, holds and releases them.
    private mutating func exhaust() {
        progress("holding \(plan.exhaustion) connections")
        var held: Slab<Descriptor> = Slab(capacity: plan.exhaustion)
        // Some of our own descriptors are needed to look.
        let most = min(plan.exhaustion, raiseDescriptorLimit(to: plan.exhaustion + 100) - 100)
        for _ in 0..<max(most, 0) {
            do throws(Errno) {
                let socket = try Descriptor.socket(
                    family: plan.address.family, type: Int32(SOCK_STREAM.rawValue))
                _ = try socket.connect(to: plan.address)
                _ = held.insert(socket)
            } catch {
                break
            }
        }
        usleep(1_000_000)
        if let sample = look() { say(sample) }
        report.exhaustedCPU = usedCPU(seconds: 2)
        progress("released \(held.count) connections")
    }

    /// Lets connections end, looks, and asks whether the server still serves.
    private mutating func finish() {
        let end = Clock.monotonic().milliseconds + UInt64(plan.settleMilliseconds)
        repeat {
            usleep(100_000)
            report.after = look()
            guard let before = report.before, let after = report.after else { break }
            if after.descriptors <= before.descriptors { break }
        } while Clock.monotonic().milliseconds < end
        report.idleCPU = usedCPU(seconds: 1)
        report.countedConnections = plan.statisticsSocket.flatMap(Self.countedConnections)
        probe()
        if let pid = plan.pid { report.isAlive = kill(pid, 0) == 0 }
    }

    /// `CurrConns` of `show info`, without the connection that asks.
    private static func countedConnections(_ address: RawSocketAddress) -> Int? {
        do throws(Errno) {
            let client = try BlockingClient(address: address)
            guard client.send(Array("show info\n".utf8)) else { return nil }
            let lines = String(decoding: client.readAll(), as: UTF8.self).split(separator: "\n")
            return lines.first { $0.hasPrefix("CurrConns: ") }
                .flatMap { $0.split(separator: " ").last }.flatMap { Int($0) }
                .map { max(0, $0 - 1) }
        } catch {
            return nil
        }
    }

    private mutating func probe() {
        report.probes.sent = 50
        let url = "http://\(plan.address.commandLineWord)/bytes/1000"
        guard let target = LoadTarget(url: url, form: .init()) else { return }
        var load = LoadPlan(targets: [target])
        load.requests = 50
        load.connections = 5
        do throws(Errno) {
            var generator = try Generator(load)
            report.probes.answered = generator.run().statuses[200] ?? 0
        } catch {
            report.probes.answered = 0
        }
    }

    private func look() -> ChaosSample? {
        guard let pid = plan.pid, let descriptors = ProcessReadings.descriptorCount(of: pid),
            let stat = readFile("/proc/\(pid)/stat").flatMap(ProcessTimes.init(statLine:))
        else { return nil }
        let elapsed = Clock.monotonic().nanoseconds - start.nanoseconds
        return ChaosSample(
            second: Double(elapsed) / 1e9, residentBytes: Int(stat.residentPages) * 4096,
            descriptors: descriptors)
    }

    /// Part of a core that the watched process uses over some time.
    private func usedCPU(seconds: UInt32) -> Double? {
        guard let pid = plan.pid, let before = ProcessReadings.treeTime(of: pid) else { return nil }
        sleep(seconds)
        guard let after = ProcessReadings.treeTime(of: pid) else { return nil }
        return (after - before).totalSeconds / Double(seconds)
    }

    private func say(_ sample: ChaosSample) {
        progress(
            "\(sample.second.fixed(0)) s: \((sample.residentBytes / 1024).grouped) kB, "
                + "\(sample.descriptors) descriptors, \(clients.count) clients")
    }
}

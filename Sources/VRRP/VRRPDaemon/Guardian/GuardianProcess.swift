// The parent process: starts the one that speaks VRRP, passes signals on, and when that one dies
// removes its virtual addresses at once, says goodbye in its name, and starts it again. A dead node
// so never answers for an address. It does nothing else, which is why it lives.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPProtocol
import VRRPTracking

extension Signal {
    /// Write the status as JSON: keepalived's SIGRTMIN + 2, counted from the kernel's first.
    static let json = Signal(36)
    /// Write the counters and begin anew.
    static let clearStatistics = Signal(63)
}

extension ChildEnd {
    /// How a process ended, in the words of a log.
    fileprivate var text: String {
        switch self {
        case .exited(let status): "ended with exit status \(status)"
        case .killed(let signal): "died of signal \(signal.number)"
        }
    }
}

/// Guards one process.
final class GuardianProcess {
    /// What runs before the daemon begins and after it has ended.
    struct Scripts {
        var startup: VRRPTracking.ScriptCommand?
        var startupTimeout: UInt64 = 10_000_000_000
        var shutdown: VRRPTracking.ScriptCommand?
        var shutdownTimeout: UInt64 = 10_000_000_000
    }

    private let options: Options
    private let log: DaemonLog
    private let scripts: Scripts
    private let loop: ControlLoop
    /// Becomes the daemon in the child, once more after a crash; returns its exit status.
    private let body: (consuming Descriptor, _ isRestart: Bool) -> Int32

    private var child: ProcessID?
    private var line: Descriptor = Descriptor()
    private var ledger = Ledger()
    private var startedAt: UInt64 = 0
    private var isStopping = false
    /// Whether a child has begun well and died since.
    private var hasCrashed = false
    /// Children in a row that gave up soon after their start, as with a file that is not usable.
    private var failedStarts = 0

    /// Signals that are passed on: stop, reload, dumps.
    static let passedOn: [Signal] = [
        .terminate, .interrupt, .hangUp, .user1, .user2, .json, .clearStatistics,
    ]
    /// A child that lived for less is started again only after a pause. Where one after the other
    /// gives up by itself, the pause doubles until it is the longest.
    static let steadyNanoseconds: UInt64 = 5_000_000_000
    static let restartPauseMilliseconds = 1000
    static let longestPauseMilliseconds = 16_000

    init(
        _ options: Options, _ log: DaemonLog, _ scripts: Scripts,
        _ body: @escaping (consuming Descriptor, _ isRestart: Bool) -> Int32
    ) throws(Errno) {
        self.options = options
        self.log = log
        self.scripts = scripts
        self.body = body
        loop = try ControlLoop(signals: Self.passedOn + [.child])
    }

    /// Runs until the child has ended for good; the exit status of the program.
    func run() -> Int32 {
        for signal in Self.passedOn {
            loop.onSignal(signal) { [unowned self] arrival in pass(arrival.signal) }
        }
        loop.onSignal(.child) { [unowned self] _ in reap() }
        run(scripts.startup, scripts.startupTimeout, "startup") { [unowned self] in
            guard !isStopping else { return loop.stop(status: 0) }
            do throws(Errno) {
                try startChild()
            } catch {
                log.say(.error, "cannot start the process that speaks VRRP: \(error.text)")
                loop.stop(status: 1)
            }
        }
        return loop.run()
    }

    private func run(
        _ script: VRRPTracking.ScriptCommand?, _ timeout: UInt64, _ what: String,
        _ next: @escaping () -> Void
    ) {
        guard let script else { return next() }
        log.say(.info, "running the \(what) script")
        ScriptJob.run(
            script, limits: RunLimits(timeout: timeout), on: loop, log: log.tracking
        ) { _ in next() }
    }

    /// The daemon has ended for good.
    private func finish(_ status: Int32) {
        run(scripts.shutdown, scripts.shutdownTimeout, "shutdown") { [unowned self] in
            loop.stop(status: status)
        }
    }

    private func startChild() throws(Errno) {
        let ends = try Descriptor.pair()
        ledger = Ledger()
        startedAt = Clock.monotonic().nanoseconds
        switch try CurrentProcess.fork() {
        case .child:
            Descriptor(owning: ends.first).close()
            CurrentProcess.exitNow(body(Descriptor(owning: ends.second), hasCrashed))
        case .parent(let process):
            child = process
            Descriptor(owning: ends.second).close()
            line = Descriptor(owning: ends.first)
            try loop.watch(ends.first, for: .readable) { [unowned self] _ in readLine() }
        }
    }

    private func pass(_ signal: Signal) {
        if signal == .terminate || signal == .interrupt {
            if signal == .interrupt, options.ignoresInterrupt { return }
            isStopping = true
        }
        guard let child else {
            // Between two lives of the child; while the startup script runs, it is ended.
            if isStopping { startedAt > 0 ? finish(0) : loop.stop(status: 0) }
            return
        }
        // Fails only for a child that has just ended, which SIGCHLD tells of.
        try? child.send(signal == .interrupt ? .terminate : signal)
    }

    private func readLine() {
        var room = [UInt8](repeating: 0, count: 65536)
        for _ in 0..<64 {
            switch line.receive(into: &room) {
            case .bytes(let count):
                guard ledger.take(room.span.extracting(0..<count)) else {
                    log.say(.error, "the ledger of virtual addresses is not readable")
                    return loop.unwatch(line.number)
                }
            case .wouldBlock: return
            case .ended, .failed: return loop.unwatch(line.number)
            }
        }
    }

    private func reap() {
        guard let process = child, let end = try? CurrentProcess.end(of: process, blocking: false)
        else {
            return
        }
        child = nil
        readLine()
        loop.unwatch(line.number)
        let undone = ledger.entries.isEmpty ? "" : "; its addresses are removed"
        undo()
        line = Descriptor()
        switch end {
        // One that cannot begin will not be able to a second later. After a crash it could before:
        // the file may be whole again soon, so it is tried on.
        case .exited(let status) where isStopping || status == 0 || !hasCrashed && status < 128:
            finish(status)
        case .exited, .killed:
            let what = "the process that speaks VRRP \(end.text)"
            if isStopping || options.avoidsRespawn {
                log.say(.error, "\(what)\(undone)")
                return finish(1)
            }
            hasCrashed = true
            let pause = nextPause(after: end)
            let wait = pause > 0 ? " in \(pause / 1000) s" : ""
            log.say(.error, "\(what)\(undone); it is started again\(wait)")
            restart(after: pause)
        }
    }

    /// How long to wait before the next child, in milliseconds.
    private func nextPause(after end: ChildEnd) -> Int {
        guard Clock.monotonic().nanoseconds - startedAt < Self.steadyNanoseconds else {
            failedStarts = 0
            return 0
        }
        guard case .exited = end else {
            failedStarts = 0
            return Self.restartPauseMilliseconds
        }
        let pause = Self.restartPauseMilliseconds << min(failedStarts, 16)
        failedStarts += 1
        return min(Self.longestPauseMilliseconds, pause)
    }

    private func restart(after pause: Int) {
        loop.after(milliseconds: pause) { [unowned self] in
            guard !isStopping else { return }
            do throws(Errno) {
                try startChild()
            } catch {
                log.say(.error, "cannot start again: \(error.text)")
                loop.stop(status: 1)
            }
        }
    }

    // MARK: Undoing

    /// Removes what the dead process held, and lets a backup take over at once.
    private func undo() {
        guard !ledger.entries.isEmpty else { return }
        var requests: [NetlinkRequest] = []
        for case .address(let interface, let address, let prefix) in ledger.entries.values {
            requests.append(
                .delete(InterfaceAddress(address, prefixLength: prefix, interface: interface)))
        }
        do {
            var socket = try NetlinkSocket()
            _ = try socket.perform(requests)
        } catch {
            log.say(.error, "cannot remove virtual addresses: \(error.text)")
        }
        for case .farewell(let farewell) in ledger.entries.values { send(farewell) }
        ledger = Ledger()
    }

    private func send(_ farewell: LedgerEntry.Farewell) {
        guard
            let socket = try? RawIPSocket(
                farewell.source.family, protocol: ProtocolNumbers.ipProtocol)
        else { return }
        var departure = RawIPSocket.Departure(
            from: farewell.source, to: farewell.destination, interface: farewell.interface)
        departure.hopLimit = farewell.timeToLive
        _ = socket.send(farewell.message, departure)
    }
}

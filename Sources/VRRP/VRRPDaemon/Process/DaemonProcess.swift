// The process that speaks VRRP: reads the configuration, takes what standing the kernel gives it,
// runs the loop, and answers signals, reloads and operators.

import ConfigLanguage
import Daemon
import Kernel
import VRRPConfig

/// The guarded process.
final class DaemonProcess {
    private let options: Options
    private let log: DaemonLog
    private let reading: ConfigurationReading

    init(_ options: Options, _ log: DaemonLog) {
        self.options = options
        self.log = log
        reading = ConfigurationReading(options)
    }

    /// Runs until told to end; the exit status.
    func run(_ line: consuming Descriptor) -> Int32 {
        CurrentProcess.setParentDeathSignal(.terminate)
        let loaded = reading.load()
        guard let configuration = loaded.configuration else {
            for line in reading.lines(of: loaded) { log.say(line.level, line.text) }
            return 1
        }
        Standing(configuration.global, log).take()
        if options.allowsCoreDumps {
            let all = ResourceLimit(soft: ResourceLimit.unlimited, hard: ResourceLimit.unlimited)
            do throws(Errno) {
                try all.apply(to: .coreFileBytes)
            } catch {
                log.say(.warning, "cannot allow core dumps: \(error.text)")
            }
        }
        let pidPath =
            options.instancePidPath ?? DaemonStart.pidPath(configuration, options, "_vrrp")
        writePid(pidPath)
        defer { try? Files.remove(pidPath) }
        do {
            let loop = try ControlLoop(signals: GuardianProcess.passedOn)
            let routers = try VirtualRouters(configuration, loop: loop, log: log, guardian: line)
            routers.logsAddressChanges = options.logsAddressChanges
            let service = DaemonService(routers, options, reading, log)
            return try service.run()
        } catch let failure as StartFailure {
            log.say(.error, failure.text)
        } catch let failure as Errno {
            log.say(.error, "cannot start: \(failure.text)")
        } catch {
            log.say(.error, "cannot start: \(error)")
        }
        return 1
    }

    /// Nothing depends on the file, so a folder that is not ours to write in is no obstacle.
    private func writePid(_ path: String) {
        let bytes = Array("\(ProcessID.own)\n".utf8)
        do throws(Errno) {
            try Files.write(bytes.span, to: path)
        } catch {
            log.say(.info, "no pid file \(path): \(error.text)")
        }
    }
}

/// What the process asks of the kernel for itself: to run when its timers are due, to stay in
/// memory, and no more rights than it needs.
struct Standing {
    private let global: GlobalDefinitions
    private let log: DaemonLog

    /// The real-time priority taken when none is configured: before ordinary processes, behind
    /// whoever chose one.
    static let usualPriority: Int32 = 1
    /// Microseconds a real-time process may run without waiting; a loop of ours ends so.
    static let usualLimitMicroseconds: UInt64 = 1_000_000

    init(_ global: GlobalDefinitions, _ log: DaemonLog) {
        self.global = global
        self.log = log
    }

    /// Takes what is allowed; what was asked for and is not allowed is said.
    func take() {
        CurrentProcess.setTimerSlack(nanoseconds: 1)
        if let nice = global.niceValue {
            attempt("set the priority") { () throws(Errno) in
                try CurrentProcess.setNiceness(Int32(clamping: nice))
            }
        }
        takeRealTime()
        if global.locksMemory {
            attempt("lock memory") { () throws(Errno) in try CurrentProcess.lockMemory() }
        } else {
            // Fails without the right to, which is no mistake.
            try? CurrentProcess.lockMemory()
        }
        if !global.processors.isEmpty {
            attempt("run on the chosen processors") { () throws(Errno) in
                try Cores.bindThread(to: global.processors)
            }
        }
    }

    private func takeRealTime() {
        let limit = UInt64(
            global.realTimeLimitMicroseconds ?? Int(Self.usualLimitMicroseconds))
        try? ResourceLimit(soft: limit, hard: limit).apply(to: .realTimeMicroseconds)
        if let priority = global.realTimePriority {
            attempt("take real-time priority \(priority)") { () throws(Errno) in
                try CurrentProcess.setRealTimePriority(Int32(clamping: priority))
            }
        } else if global.niceValue == nil {
            try? CurrentProcess.setRealTimePriority(Self.usualPriority)
        }
    }

    private func attempt(_ what: String, _ body: () throws(Errno) -> Void) {
        do throws(Errno) {
            try body()
        } catch {
            log.say(.warning, "cannot \(what): \(error.text)")
        }
    }
}

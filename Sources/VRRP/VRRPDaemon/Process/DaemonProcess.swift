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
    ///
    /// - Parameter known: the configuration that was just read; nil reads it.
    func run(_ line: consuming Descriptor, _ known: VRRPConfiguration?) -> Int32 {
        CurrentProcess.setParentDeathSignal(.terminate)
        let loaded = known == nil ? read() : nil
        guard let configuration = known ?? loaded?.configuration else {
            return loaded?.refusedStatus ?? 1
        }
        let standing = Standing(configuration.global, log)
        standing.take()
        let instancePid = writeInstancePid(configuration)
        defer { if let instancePid { try? Files.remove(instancePid) } }
        do {
            let loop = try ControlLoop(signals: GuardianProcess.passedOn)
            let routers = try VirtualRouters(
                configuration, options, loop: loop, log: log, guardian: line)
            let service = DaemonService(routers, options, reading, standing, log)
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
}

extension DaemonProcess {
    /// The configuration as it is now; lines are logged for one that cannot be used.
    private func read() -> LoadedVRRPConfiguration {
        let loaded = reading.load()
        if loaded.configuration == nil {
            for line in reading.lines(of: loaded) { log.say(line.level, line.text) }
        }
        return loaded
    }

    /// Writes our number where scripts look for the process that speaks VRRP (`-r`); the path.
    private func writeInstancePid(_ configuration: VRRPConfiguration) -> String? {
        let path =
            options.instancePidPath ?? DaemonStart.pidPath(configuration, options, "vrrp")
        do throws(Errno) {
            try DaemonStart.makeFolder(of: path)
            let file = try PidFile(path: path)
            // As the guardian's: read by all.
            try? Files.setMode(0o644, of: path)
            try file.write([ProcessID.own])
            return path
        } catch {
            // Nothing depends on it, so a folder that is not ours to write in is no obstacle.
            log.say(.info, "no pid file \(path): \(error.text)")
            return nil
        }
    }
}

extension GlobalDefinitions {
    /// Whether the process stands with the kernel as it does for other definitions.
    func hasSameStanding(as before: GlobalDefinitions) -> Bool {
        niceValue == before.niceValue && realTimePriority == before.realTimePriority
            && realTimeLimitMicroseconds == before.realTimeLimitMicroseconds
            && automaticPriorityLimit == before.automaticPriorityLimit
            && automaticPriorityDelayMicroseconds == before.automaticPriorityDelayMicroseconds
            && locksMemory == before.locksMemory && processors == before.processors
    }

    /// The keywords whose settings are used once, when the daemon starts, and are others here.
    func namesOfStartSettings(thatDifferFrom before: GlobalDefinitions) -> [String] {
        let pairs: [(String, Bool)] = [
            ("net_namespace", networkNamespace == before.networkNamespace),
            ("instance", instanceName == before.instanceName),
            ("use_pid_dir", usesPIDDirectory == before.usesPIDDirectory),
            ("umask", fileModeMask == before.fileModeMask),
            ("startup_script", startupScript == before.startupScript),
            ("shutdown_script", shutdownScript == before.shutdownScript),
            (
                "vrrp_netlink_cmd_rcv_bufs",
                netlinkCommandBufferBytes == before.netlinkCommandBufferBytes
                    && forcesNetlinkCommandBuffer == before.forcesNetlinkCommandBuffer
            ),
            (
                "vrrp_netlink_monitor_rcv_bufs",
                netlinkMonitorBufferBytes == before.netlinkMonitorBufferBytes
                    && forcesNetlinkMonitorBuffer == before.forcesNetlinkMonitorBuffer
            ),
            (
                "process_monitor_rcv_bufs",
                processMonitorBufferBytes == before.processMonitorBufferBytes
                    && forcesProcessMonitorBuffer == before.forcesProcessMonitorBuffer
            ),
            ("log_unknown_vrids", logsUnknownVRIDs == before.logsUnknownVRIDs),
        ]
        return pairs.filter { !$0.1 }.map(\.0)
    }
}

/// What the process asks of the kernel for itself: to run when its timers are due, to stay in
/// memory, and no more rights than it needs.
final class Standing {
    private var global: GlobalDefinitions
    private let log: DaemonLog
    /// The real-time priority that holds; 0 for none.
    private var priority: Int32 = 0

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

    /// Takes what a reload asks for.
    func follow(_ next: GlobalDefinitions) {
        global = next
        take()
    }

    /// A timer came late: where `max_auto_priority` allows it, the real-time priority is raised by
    /// one each time.
    func note(delayOf nanoseconds: UInt64) {
        let limit = Int32(clamping: global.automaticPriorityLimit)
        guard priority < limit,
            nanoseconds >= UInt64(global.automaticPriorityDelayMicroseconds) * 1000
        else { return }
        do throws(Errno) {
            try CurrentProcess.setRealTimePriority(priority + 1)
            priority += 1
            log.say(
                .notice,
                "a timer came \(nanoseconds / 1000) us late: real-time priority \(priority) now")
        } catch {
            // What is not allowed once is not asked for again.
            global.automaticPriorityLimit = 0
            log.say(.warning, "cannot raise the real-time priority: \(error.text)")
        }
    }

    private func takeRealTime() {
        let limit = UInt64(
            global.realTimeLimitMicroseconds ?? Int(Self.usualLimitMicroseconds))
        try? ResourceLimit(soft: limit, hard: limit).apply(to: .realTimeMicroseconds)
        if let priority = global.realTimePriority {
            attempt("take real-time priority \(priority)") { () throws(Errno) in
                try CurrentProcess.setRealTimePriority(Int32(clamping: priority))
                self.priority = Int32(clamping: priority)
            }
        } else if global.niceValue == nil {
            if (try? CurrentProcess.setRealTimePriority(Self.usualPriority)) != nil {
                priority = Self.usualPriority
            }
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

// One run of a program on the control loop, from its start to its end:
//
//     running ── end ─────────────────────────────► ended
//        │ timeout: TERM to the group                 ▲
//        ▼                                            │
//     ending ── end, or KILL to the group after grace ┘

import Daemon
import Kernel

/// How a run is bounded.
public struct RunLimits: Equatable, Sendable {
    /// Nanoseconds after which the run is told to end; nil lets it run for ever.
    public var timeout: UInt64?
    /// Nanoseconds between SIGTERM and SIGKILL.
    public var grace: UInt64
    /// Bytes of output kept for the log; 0 sends output to `/dev/null`.
    ///
    /// A program that leaves others running in the background should have none: they would write
    /// into a pipe that ends with the run.
    public var outputBytes: Int

    public init(timeout: UInt64?, grace: UInt64 = 1_000_000_000, outputBytes: Int = 0) {
        self.timeout = timeout
        self.grace = grace
        self.outputBytes = outputBytes
    }
}

/// How a run ended.
public enum RunOutcome: Equatable, Sendable {
    case exited(status: Int32)
    case killed(by: Signal)
    /// It ran longer than it may; it is gone now.
    case timedOut
    /// It never ran.
    case notStarted(String)

    /// Whether the program ended by itself with status 0.
    public var isSuccess: Bool { self == .exited(status: 0) }
}

extension RunOutcome: CustomStringConvertible {
    /// In the words of a log.
    public var description: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .killed(let signal): "was killed by signal \(signal.number)"
        case .timedOut: "ran too long"
        case .notStarted(let reason): "cannot be run: \(reason)"
        }
    }
}

/// A program that runs. Stays alive by itself until the program has ended.
final class ScriptRun {
    /// Bytes of output taken from the pipe at the end of the run, at most.
    private static let mostLeftOver = 65536

    private let loop: ControlLoop
    private let program: StartedProgram
    private let output: Descriptor
    private let limits: RunLimits
    private let onTimeout: () -> Void
    private var onEnd: ((RunOutcome) -> Void)?
    private var timer: ControlTimer?
    private var isOverdue = false
    private var isEnded = false
    private var isReadingOutput = false
    /// The beginning of what the program has written.
    private(set) var outputText: [UInt8] = []

    /// The program's process.
    var id: ProcessID { program.id }

    /// Starts a program; the reason when that is not possible.
    ///
    /// - Parameters:
    ///   - onTimeout: called once when the time is over, before the end.
    ///   - onEnd: called once when the process is gone, never before this returns.
    static func begin(
        _ plan: ProgramPlan, limits: RunLimits, on loop: ControlLoop,
        onTimeout: @escaping () -> Void = {}, onEnd: @escaping (RunOutcome) -> Void
    ) throws(Errno) -> ScriptRun {
        if limits.outputBytes == 0 {
            let program = try CurrentProcess.start(plan, output: Descriptor())
            return try ScriptRun(program, Descriptor(), limits, loop, onTimeout, onEnd)
        }
        let pipe = try OutputPipe()
        let program = try CurrentProcess.start(plan, output: pipe.writeEnd)
        return try ScriptRun(program, pipe.keepReadEnd(), limits, loop, onTimeout, onEnd)
    }

    private init(
        _ program: consuming StartedProgram, _ output: consuming Descriptor, _ limits: RunLimits,
        _ loop: ControlLoop, _ onTimeout: @escaping () -> Void,
        _ onEnd: @escaping (RunOutcome) -> Void
    ) throws(Errno) {
        self.program = program
        self.output = output
        self.limits = limits
        self.loop = loop
        self.onTimeout = onTimeout
        self.onEnd = onEnd
        do throws(Errno) {
            try loop.watch(self.program.handle.number, for: .readable) { _ in self.finish() }
        } catch {
            self.program.sendToGroup(.kill)
            _ = try? CurrentProcess.end(of: self.program.id)
            throw error
        }
        if self.output.isOpen {
            // Unwatched output is only lost from the log.
            isReadingOutput =
                (try? loop.watch(self.output.number, for: .readable) { _ in self.readOutput() })
                != nil
        }
        if let timeout = limits.timeout {
            timer = loop.after(nanoseconds: timeout) { self.timeIsOver() }
        }
    }

    /// Tells the program to end; it is killed after the grace if it does not.
    func end() {
        if isEnded || isOverdue { return }
        isOverdue = true
        if let timer { loop.cancel(timer) }
        program.sendToGroup(.terminate)
        timer = loop.after(nanoseconds: limits.grace) {
            if !self.isEnded { self.program.sendToGroup(.kill) }
        }
    }

    /// Tells the program to end and reports nothing any more.
    func abandon() {
        onEnd = nil
        end()
    }

    private func timeIsOver() {
        if isEnded || isOverdue { return }
        end()
        onTimeout()
    }

    private func finish() {
        if isEnded { return }
        // The process is not yet waited for, so the group is still its own: nothing that a run cut
        // short has left behind stays.
        if isOverdue { program.sendToGroup(.kill) }
        let end: ChildEnd
        do throws(Errno) {
            guard let taken = try program.handle.takeEnd() else { return }
            end = taken
        } catch {
            // Somebody else has waited for our child.
            end = .exited(status: -1)
        }
        isEnded = true
        loop.unwatch(program.handle.number)
        if let timer { loop.cancel(timer) }
        timer = nil
        closeOutput()
        let outcome = outcome(of: end)
        let report = onEnd
        onEnd = nil
        report?(outcome)
    }

    private func outcome(of end: ChildEnd) -> RunOutcome {
        if let failure = program.failure {
            return .notStarted("\(failure.step): \(failure.error.text)")
        }
        if isOverdue { return .timedOut }
        switch end {
        case .exited(let status): return .exited(status: status)
        case .killed(let signal): return .killed(by: signal)
        }
    }

    // MARK: Output

    private func readOutput() {
        switch output.read(appendingTo: &outputText, atMost: 4096) {
        case .bytes: keepBeginning()
        case .wouldBlock: break
        case .ended, .failed: stopReadingOutput()
        }
    }

    private func closeOutput() {
        var left = ScriptRun.mostLeftOver
        while output.isOpen && left > 0 {
            guard case .bytes(let count) = output.read(appendingTo: &outputText, atMost: 4096)
            else { break }
            keepBeginning()
            left -= count
        }
        stopReadingOutput()
    }

    private func keepBeginning() {
        if outputText.count > limits.outputBytes {
            outputText.removeLast(outputText.count - limits.outputBytes)
        }
    }

    private func stopReadingOutput() {
        if !isReadingOutput { return }
        isReadingOutput = false
        loop.unwatch(output.number)
    }

    /// The output as one printable line.
    var outputLine: String {
        var line: [UInt8] = []
        for byte in outputText {
            if byte == 10 {
                if !line.isEmpty { line += Array(" | ".utf8) }
            } else {
                line.append(byte < 32 || byte == 127 ? UInt8(ascii: "?") : byte)
            }
        }
        let text = String(decoding: line, as: UTF8.self)
        return text.hasSuffix(" | ") ? String(text.dropLast(3)) : text
    }
}

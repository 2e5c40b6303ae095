// A script that runs once. keepalived.conf(5): startup_script, shutdown_script.

import Daemon
import Kernel

/// Runs scripts once each.
public enum ScriptJob {
    /// Runs a command and tells how it ended, also when it could not begin.
    ///
    /// - Parameters:
    ///   - arguments: added behind the configured ones.
    ///   - limits: the time it may take; its output is logged when it fails.
    ///   - onEnd: called once on the loop, never before this returns.
    public static func run(
        _ command: ScriptCommand, adding arguments: [String] = [], limits: RunLimits,
        on loop: ControlLoop, log: @escaping TrackingLog, onEnd: @escaping (RunOutcome) -> Void
    ) {
        func end(_ outcome: RunOutcome, _ output: String) {
            if !outcome.isSuccess {
                let tail = output.isEmpty ? "" : ": \(output)"
                log(.error, "script '\(command.name)' \(outcome)\(tail)")
            }
            onEnd(outcome)
        }
        guard let plan = command.plan(adding: arguments) else {
            loop.after(nanoseconds: 0) { end(.notStarted("no such program"), "") }
            return
        }
        var run: ScriptRun?
        do throws(Errno) {
            run = try ScriptRun.begin(plan, limits: limits, on: loop) { outcome in
                let output = run?.outputLine ?? ""
                run = nil
                end(outcome, output)
            }
        } catch {
            let text = error.text
            loop.after(nanoseconds: 0) { end(.notStarted(text), "") }
        }
    }
}

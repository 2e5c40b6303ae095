// One program, run once, for whoever goes on when it has ended: startup_script and shutdown_script.

import Daemon
import Kernel

/// Runs programs one time each.
public enum SingleRun {
    /// Runs a program and tells how it ended; never before this returns.
    ///
    /// - Parameter timeout: nanoseconds after which it is told to end, and a second later killed.
    public static func run(
        _ command: ScriptCommand, timeout: UInt64, on loop: ControlLoop,
        _ onEnd: @escaping (RunOutcome) -> Void
    ) {
        guard let plan = command.plan() else {
            loop.after(milliseconds: 0) { onEnd(.notStarted("no such program")) }
            return
        }
        do throws(Errno) {
            // It stays alive by itself until the program has ended.
            _ = try ScriptRun.begin(
                plan, limits: RunLimits(timeout: timeout), on: loop, onEnd: onEnd)
        } catch {
            let reason = error.text
            loop.after(milliseconds: 0) { onEnd(.notStarted(reason)) }
        }
    }
}

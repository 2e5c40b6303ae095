// What a daemon says to the terminal it was started from: messages with a level on standard error,
// plain text on standard output. The shape is HAProxy's, which tools read:
//
//     [NOTICE]   (412) : haproxy version is 3.5-…           once, before the first message
//     [ALERT]    (412) : TEXT

import ConfigLanguage
import Kernel
import Synchronization

/// Writes start-up messages, and remembers them for whoever asks later.
public final class Console: Sendable {
    /// Bytes of messages remembered for `show startup-logs`; later ones are not kept.
    public static let logLimitBytes = 65536

    /// Where texts go; tests put something else in place.
    public struct Output: Sendable {
        let standardOutput: @Sendable (String) -> Void
        let standardError: @Sendable (String) -> Void

        public init(
            standardOutput: @escaping @Sendable (String) -> Void,
            standardError: @escaping @Sendable (String) -> Void
        ) {
            self.standardOutput = standardOutput
            self.standardError = standardError
        }

        /// The process's own streams.
        public static let streams = Output(
            standardOutput: { StandardStream.output.write($0) },
            standardError: { StandardStream.error.write($0) })
    }

    private struct State {
        var isQuiet = false
        var isVerbose = false
        var isStarting = true
        var hasIntroduced = false
        var warnings = 0
        var log = ""
    }

    private let introduction: [String]
    private let output: Output
    private let state = Mutex(State())

    /// A console that says `introduction`, line by line as notices, before its first message.
    public init(introduction: [String], output: Output = .streams) {
        self.introduction = introduction
        self.output = output
    }

    /// Silences messages and texts (`-q`), unless the console is verbose.
    public func setQuiet(_ isQuiet: Bool) {
        state.withLock { $0.isQuiet = isQuiet }
    }

    /// Shows everything (`-V`, `-d`), quiet or not.
    public func setVerbose(_ isVerbose: Bool) {
        state.withLock { $0.isVerbose = isVerbose }
    }

    /// Ends the start: later messages are not introduced and not remembered.
    public func endStart() {
        state.withLock { $0.isStarting = false }
    }

    /// Whether `-V` or `-d` asked for more.
    public var isVerbose: Bool { state.withLock { $0.isVerbose } }

    /// How many warnings were said.
    public var warningCount: Int { state.withLock { $0.warnings } }

    /// What was said while starting.
    public var startupLog: String { state.withLock { $0.log } }

    /// Says something on standard error.
    public func say(_ level: Diagnostic.Level, _ text: String) {
        say(level, rendered: "\(level.label)(\(ProcessID.own)) : \(text)")
    }

    /// Says something about the configuration on standard error.
    public func say(_ diagnostic: Diagnostic) {
        say(diagnostic.level, rendered: diagnostic.rendered(processID: ProcessID.own.number))
    }

    /// Writes a line to standard output unless the console is quiet.
    public func print(_ line: String) {
        if state.withLock({ $0.isQuiet && !$0.isVerbose }) { return }
        output.standardOutput(line + "\n")
    }

    /// Writes a line to standard output, quiet or not.
    public func answer(_ line: String) {
        output.standardOutput(line + "\n")
    }

    private func say(_ level: Diagnostic.Level, rendered: String) {
        let (lines, isSilent) = state.withLock { state in
            if level == .warning { state.warnings += 1 }
            var lines = ""
            if state.isStarting && !state.hasIntroduced {
                state.hasIntroduced = true
                lines = introductionLines
            }
            lines += rendered + "\n"
            if state.isStarting && state.log.utf8.count + lines.utf8.count <= Console.logLimitBytes
            {
                state.log += lines
            }
            return (lines, state.isQuiet && !state.isVerbose)
        }
        if !isSilent { output.standardError(lines) }
    }

    private var introductionLines: String {
        introduction.map {
            "\(Diagnostic.Level.notice.label)(\(ProcessID.own)) : \($0)\n"
        }.joined()
    }
}

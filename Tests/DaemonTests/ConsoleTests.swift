// The shape of start-up messages and what quiet and verbose change.

import ConfigLanguage
import Daemon
import Kernel
import Synchronization
import Testing

private final class Capture: Sendable {
    private let texts = Mutex<(output: String, error: String)>(("", ""))
    var output: String { texts.withLock { $0.output } }
    var error: String { texts.withLock { $0.error } }

    var console: Console {
        Console(
            introduction: ["version is 1", "path is 2"],
            output: Console.Output(
                standardOutput: { [self] text in texts.withLock { $0.output += text } },
                standardError: { [self] text in texts.withLock { $0.error += text } }))
    }
}

@Suite struct ConsoleTests {
    private let process = ProcessID.own

    @Test func `the first message is introduced and levels are padded`() {
        let capture = Capture()
        let console = capture.console
        console.say(.warning, "one")
        console.say(.alert, "two")
        #expect(
            capture.error == """
                [NOTICE]   (\(process)) : version is 1
                [NOTICE]   (\(process)) : path is 2
                [WARNING]  (\(process)) : one
                [ALERT]    (\(process)) : two

                """)
        #expect(console.warningCount == 1)
    }

    @Test func `after the start nothing is introduced and nothing is remembered`() {
        let capture = Capture()
        let console = capture.console
        console.endStart()
        console.say(.warning, "late")
        #expect(capture.error == "[WARNING]  (\(process)) : late\n")
        #expect(console.startupLog == "")
    }

    @Test func `quiet silences messages but remembers and counts them`() {
        let capture = Capture()
        let console = capture.console
        console.setQuiet(true)
        console.say(.warning, "unheard")
        console.print("unseen")
        console.answer("asked for")
        #expect(capture.error == "")
        #expect(capture.output == "asked for\n")
        #expect(console.warningCount == 1)
        #expect(console.startupLog.hasSuffix(": unheard\n"))
    }

    @Test func `verbose wins over quiet in either order`() {
        for order in [[true, false], [false, true]] {
            let capture = Capture()
            let console = capture.console
            for isQuietFirst in order {
                if isQuietFirst { console.setQuiet(true) } else { console.setVerbose(true) }
            }
            console.print("seen")
            console.say(.alert, "heard")
            #expect(capture.output == "seen\n")
            #expect(capture.error.hasSuffix(": heard\n"))
        }
    }

    @Test func `diagnostics keep their own rendering`() {
        let capture = Capture()
        let console = capture.console
        let place = SourceLocation(file: "edge.cfg", line: 37)
        console.say(Diagnostic(.alert, at: place, "wrong"))
        #expect(
            capture.error.hasSuffix(
                "[ALERT]    (\(process)) : config : parsing [edge.cfg:37] : wrong\n"))
    }

    @Test func `the memory of messages is bounded`() {
        let capture = Capture()
        let console = capture.console
        let line = String(repeating: "x", count: 1000)
        for _ in 0..<100 { console.say(.notice, line) }
        #expect(console.startupLog.utf8.count <= Console.logLimitBytes)
        #expect(console.startupLog.utf8.count > Console.logLimitBytes - 2000)
    }
}

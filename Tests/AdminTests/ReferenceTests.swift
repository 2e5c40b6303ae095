// Answers beside those of haproxy.

import Foundation
import Proxy
import ReferenceHAProxy
import Testing

/// The same command lines to haproxy and to us, one after another, so that state is compared, too.
@Suite(.serialized, .enabled(if: ReferenceProcess.program != nil, "haproxy is not installed"))
struct ReferenceTests {
    private static let lines = [
        "show backend", "show cli level", "show servers state nope", "get weight be/s1",
        "get weight be/nope", "get weight nope/s", "get weight be", "get weight",
        "set weight be/s1 5", "get weight be/s1", "set weight be/s1 50%", "get weight be/s1",
        "set weight be/s1 300", "set weight be/s1 x", "set weight be/s1 -1", "set weight be/s1 3x",
        "set weight be/s1 -5%", "set weight be/s1 200%", "get weight be/s1",
        "set weight be/s1 9000%", "get weight be/s1", "set weight be/s1", "set weight nope/s 1",
        "set weight be/s1 100%", "set weight st/t1 5", "set weight st/t1 0",
        "set weight st/t1 100%",
        "set server", "set server be", "set server be/nope state ready", "set server be/s1",
        "set server be/s1 foo", "set server be/s1 state", "set server be/s1 state foo",
        "set server be/s1 weight 30", "get weight be/s1", "get weight #3/#1",
        "set server be/s1 health", "set server be/s1 agent up", "set server be/s1 check-port 3",
        "set server be/s1 check-addr 1.1.1.1", "set server be/s1 agent-addr x",
        "set server be/s1 fqdn foo", "set server be/s1 ssl on", "set server be/s1 addr",
        "set server be/s1 addr 127.0.0.1", "set server be/s1 addr 127.0.0.2",
        "set server be/s1 addr 127.0.0.2 port 18099", "set server be/s1 addr 127.0.0.2 port 18099",
        "set server be/s1 addr foo", "set server be/s1 addr ::1 port 80",
        "set server st/t2 addr 1.2.3.4", "enable server", "enable server be/nope",
        "enable server be/s3", "disable server be/s3", "disable server be/s3",
        "enable server be/s3", "enable frontend", "enable frontend nope", "enable frontend fe",
        "disable frontend fe", "disable frontend fe", "enable frontend fe", "disable frontend be",
        "set maxconn frontend", "set maxconn frontend fe", "set maxconn frontend fe -5",
        "set maxconn frontend fe 20", "set maxconn global", "set maxconn global 200",
        "set maxconn global 100", "set maxconn global 0", "set maxconn server be/s2 7",
        "set maxconn server be/s2", "set maxconn server be", "set maxconn server be/s2 x",
        "set maxconn server be/s2 5x", "shutdown session", "shutdown session zz",
        "shutdown session 0x1", "shutdown sessions server", "shutdown sessions server be/s1",
        "shutdown sessions server be/x", "shutdown frontend", "shutdown frontend nope",
        "shutdown frontend fe", "shutdown frontend fe", "enable frontend fe",
        "set timeout cli 20", "set timeout cli", "set timeout cli x", "set timeout",
        "set timeout foo 1", "set severity-output none", "show env NOPE_NOT_SET",
        "show cli level;show cli level", "show cli level;prompt;show cli level",
        "prompt;show cli level", "quit", "show cli level;quit;show cli level",
        "operator;show cli level;disable server be/s1", "user;show cli level;operator",
        "  show  cli\tlevel ", "expert-mode on", "experimental-mode on",
        "show cli level\nshow cli level", "show cli level\r", "show cli level <<\nfoo\n",
        "show cli level extra",
    ]

    @Test func `Answers are haproxy's to the letter`() throws {
        let haproxy = try ReferenceProcess(ready: "admin") { Sample.text($0) }
        let ours = try RunningAdmin()
        defer { ours.stop() }
        for line in Self.lines {
            #expect(ours.answer(line) == haproxy.exchange(line + "\n", with: "admin"), "\(line)")
        }
    }

    @Test func `Levels allow and refuse the same`() throws {
        let haproxy = try ReferenceProcess(ready: "admin") { Sample.text($0) }
        let ours = try RunningAdmin()
        defer { ours.stop() }
        for level in ["user", "operator"] {
            for line in [
                "show cli level", "show env NOPE_NOT_SET", "disable server be/s1",
                "get weight be/s1",
                "set weight be/s1 1", "shutdown session 0x1", "operator", "user", "show backend",
                "set server be/s1 state maint", "disable frontend fe", "set maxconn global 5",
            ] {
                let theirs = haproxy.exchange(line + "\n", with: level)
                #expect(ours.answer(line, level: level) == theirs, "\(level): \(line)")
            }
        }
    }

    /// Lines without the time since the last change and the level of health, which haproxy leaves
    /// at 0 behind a maintenance where there are no checks.
    private func states(_ text: String) -> [[Substring]] {
        text.split(separator: "\n").map { line in
            var fields = line.split(separator: " ")
            if fields.count == 25 {
                fields[9] = "-"
                fields[12] = "-"
            }
            return fields
        }
    }

    @Test func `show servers state has haproxy's lines`() throws {
        let haproxy = try ReferenceProcess(ready: "admin") { Sample.text($0) }
        let ours = try RunningAdmin()
        defer { ours.stop() }
        for line in [
            "show servers state", "set server be/s1 state drain", "show servers state be",
            "set server be/s1 state ready", "disable server be/s2", "set weight be/s1 3",
            "show servers state be", "set server be/s3 addr 127.0.0.9 port 99",
            "show servers state #4", "set server be/s2 state ready", "show servers state",
            "enable server be/s3", "show servers state be", "set server be/s3 state drain",
            "show servers state be", "disable server be/s3", "show servers state be",
            "set server be/s3 state ready", "show servers state be",
        ] {
            let theirs = haproxy.exchange(line + "\n", with: "admin")
            #expect(states(ours.answer(line)) == states(theirs), "\(line)")
        }
    }

    @Test func `show servers conn has haproxy's columns but for those by thread`() throws {
        let haproxy = try ReferenceProcess(ready: "admin") { Sample.text($0) }
        let ours = try RunningAdmin()
        defer { ours.stop() }
        func shape(_ text: String) -> [[Substring]] {
            text.split(separator: "\n").map { $0.split(separator: " ") }
                .map { $0[0] == "#" ? Array($0.dropLast()) : Array($0.prefix(13)) }
        }
        let theirs = haproxy.exchange("show servers conn\n", with: "admin")
        #expect(shape(ours.answer("show servers conn")) == shape(theirs))
    }
}

// Sessions without sockets: commands in, answers out.

import Proxy
import Testing

@testable import Admin

@Suite struct AdminSessionTests {
    private func session(_ level: StatsSocketConfiguration.Level = .admin) -> AdminSession {
        AdminSession(
            level: level,
            table: CommandTable([
                Command(["show", "thing"], level: .user, "show a thing") { request in
                    .text("\(request.arguments) \(request.payload ?? "none")\n")
                },
                Command(["set", "thing"], level: .admin, "set a thing") { _ in .text("") },
                Command(["show", "later"], level: .user, "known", run: nil),
            ]), timeoutMilliseconds: 10_000
        ) { 90_061 }
    }

    /// What the session answers to pieces of input; `|` marks where it waits, `#` where it closes.
    private func talk(
        _ session: inout AdminSession, _ pieces: [String], ends: Bool = false
    ) -> String {
        var text = ""
        for piece in pieces {
            _ = session.receive(piece.utf8)
            text += drain(&session)
        }
        if ends {
            session.receiveEnd()
            text += drain(&session)
        }
        return text
    }

    private func drain(_ session: inout AdminSession) -> String {
        var text = ""
        for _ in 0..<100 {
            switch session.step() {
            case .send(let answer): text += answer
            case .run(let command, let arguments, let payload):
                text += reply(command, arguments, payload, &session)
            case .wait(let wait): text += "wait \(wait.milliseconds) \(wait.server ?? "-")"
            case .handOver: return text + "sockets"
            case .read: return text + "|"
            case .close: return text + "#"
            }
        }
        Issue.record("the session does not come to rest")
        return text
    }

    private func reply(
        _ command: Command, _ arguments: [String], _ payload: String?, _ session: inout AdminSession
    ) -> String {
        session.complete(
            "\(command.words.last ?? "")\(arguments)\(payload.map { "{\($0)}" } ?? "")\n")
    }

    @Test func `One command and a closed sending side get the whole answer`() {
        var session = session()
        #expect(talk(&session, ["show thing a b\n"], ends: false) == "thing[\"a\", \"b\"]\n\n#")
    }

    @Test func `A line may come in pieces and end with a carriage return`() {
        for split in 1..<16 {
            var session = session()
            let line = "show thing x;set thing\r\n"
            let pieces = [String(line.prefix(split)), String(line.dropFirst(split))]
            let text = talk(&session, pieces)
            let answer = "thing[\"x\"]\n\nthing[]\n\n#"
            #expect(text == (pieces[1].isEmpty ? answer : "|" + answer), "split at \(split)")
        }
    }

    @Test func `The end of the input without a line feed runs nothing`() {
        var session = session()
        #expect(talk(&session, ["show thing"], ends: true) == "|#")
    }

    @Test func `Prompt mode stays open and shows where it waits`() {
        var session = session()
        #expect(talk(&session, ["prompt\n"]) == "\n> |")
        #expect(talk(&session, ["show thing;show thing\n"]) == "thing[]\n\n> thing[]\n\n> |")
        #expect(talk(&session, ["prompt timed\n"]) == "\n[1:01:01:01]> |")
        #expect(talk(&session, ["quit\n"]) == "#")
    }

    @Test func `Interactive mode stays open without a prompt`() {
        var session = session()
        #expect(talk(&session, ["prompt i\n"]) == "\n|")
        #expect(talk(&session, ["show thing\n", "show thing\n"]) == "thing[]\n\n|thing[]\n\n|")
        #expect(talk(&session, ["prompt n\n"]) == "\n#")
    }

    @Test func `A payload belongs to the last command and ends with its pattern`() {
        var session = session()
        let text = talk(&session, ["set thing;show thing x <<\n", "one\r\ntwo\n", "\n"])
        #expect(text == "||thing[]\n\nthing[\"x\"]{one\ntwo\n}\n\n#")
        var custom = self.session()
        let other = talk(&custom, ["show thing <<END\n\nx\nEND\n"])
        #expect(other == "thing[]{\nx\n}\n\n#")
        var prompted = self.session()
        #expect(
            talk(&prompted, ["prompt\n", "show thing <<\n", "x\n", "\n"])
                == "\n> |+ |+ |thing[]{x\n}\n\n> |")
    }

    @Test func `Levels are kept and can only be lowered`() {
        var session = session()
        #expect(talk(&session, ["prompt i\n"]) == "\n|")
        #expect(talk(&session, ["show cli level\n"]) == "admin\n\n|")
        #expect(talk(&session, ["operator\nshow cli level\n"]) == "\noperator\n\n|")
        #expect(talk(&session, ["set thing\n"]) == "Permission denied\n\n|")
        #expect(
            talk(&session, ["user;show cli level;operator\n"]) == "\nuser\n\nPermission denied\n\n|"
        )
    }

    @Test func `Known commands without function say so and unknown ones get a list`() {
        var session = session()
        #expect(talk(&session, ["show later\n"]) == "'show later' is not supported yet.\n\n#")
        var other = self.session()
        let text = talk(&other, ["show nothing\n"])
        #expect(text.hasPrefix("Unknown command, but maybe one of the following ones"))
        #expect(text.contains("  show thing                              : show a thing\n"))
        #expect(!text.contains("show later"))
        var empty = self.session()
        #expect(talk(&empty, ["\n"]).hasPrefix("Unknown command. Please enter one of"))
        var help = self.session()
        #expect(talk(&help, ["help show\n"]).hasPrefix("The following commands are valid at"))
    }

    @Test(arguments: [
        ("set timeout cli 20", "\n"), ("set timeout cli", "Expects an integer value.\n\n"),
        ("set timeout cli x", "Invalid timeout value.\n\n"),
        ("set timeout", "'set timeout' only supports 'cli'.\n\n"),
        ("set severity-output none", "\n"), ("echo a b", "a b\n\n"), ("expert-mode on", "\n"),
        ("expert-mode", "expert-mode is OFF\n\n"), ("experimental-mode off", "\n"),
        ("wait 5", "wait 5 -"), ("wait 2s srv-removable b/s", "wait 2000 b/s"),
        ("wait x", "Invalid duration.\n\n"),
        ("wait 1 foo", "Unknown condition. Supported conditions: srv-removable.\n\n"),
    ])
    func `The session's own commands answer`(_ line: String, _ answer: String) {
        var session = session()
        #expect(talk(&session, [line + "\n"]) == answer + "#")
    }

    @Test func `The timeout that was set is the session's`() {
        var session = session()
        _ = talk(&session, ["set timeout cli 1m\n"])
        #expect(session.timeoutMilliseconds == 60_000)
    }

    @Test func `Input without end is refused`() {
        var session = session()
        #expect(session.receive([UInt8](repeating: 0x61, count: AdminSession.inputLimit)) == true)
        #expect(session.receive([0x61]) == false)
    }

    @Test func `Any split of the input gives the same answers`() {
        let input = "prompt i\nshow thing a;set thing\n\nshow thing <<\npay\nload\n\nfoo\nquit\n"
        var whole = session()
        let expected = talk(&whole, [input]).filter { $0 != "|" }
        for seed in 0..<200 as Range<UInt64> {
            var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
            var pieces: [String] = []
            var rest = input[...]
            while !rest.isEmpty {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                let piece = rest.prefix(Int(state >> 60) + 1)
                pieces.append(String(piece))
                rest = rest.dropFirst(piece.count)
            }
            var session = session()
            #expect(talk(&session, pieces).filter { $0 != "|" } == expected, "seed \(seed)")
        }
    }
}

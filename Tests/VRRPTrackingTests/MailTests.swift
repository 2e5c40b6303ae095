// Mails: what is written, the dialogue with servers of all kinds, the queue.

import Addresses
import Daemon
import Kernel
import RandomInputs
import Testing
import VRRPTracking

@Suite struct MailTests {
    // MARK: The text

    @Test func `subjects are keepalived's`() throws {
        func subject(_ event: NotifyEvent, _ subject: NotifySubject) -> String? {
            MailMessage.about(event, of: subject, priority: 5, host: "LAB", time: 0)?.subject
        }
        #expect(
            subject(.master, .instance("V")) == "[LAB] VRRP Instance V - Entering MASTER state")
        #expect(subject(.fault, .group("G")) == "[LAB] VRRP Group G - Entering FAULT state")
        #expect(subject(.stop, .instance("V")) == nil)
        #expect(subject(.masterPriority, .instance("V")) == nil)
    }

    @Test func `the text has its headers, doubled dots and an end`() {
        let message = MailMessage(
            subject: "a\r\nBcc: x@y", lines: ["one", "", ".two", "..", "a\nb"], time: 1_795_781_513)
        let text = String(
            decoding: message.wire(from: "f@x", to: ["a@x", "B <b@x>"]), as: UTF8.self)
        #expect(text.hasPrefix("Date: Fri, 27 Nov 2026 12:11:53 +0000\r\nFrom: f@x\r\n"))
        #expect(text.contains("Subject: a  Bcc: x@y\r\n"))
        #expect(text.contains("To: a@x,\r\n B <b@x>\r\n"))
        #expect(text.hasSuffix("\r\n\r\none\r\n\r\n..two\r\n...\r\na b\r\n.\r\n"))
        #expect(!text.replacing("\r\n", with: "").contains("\n"))
    }

    // MARK: The dialogue

    /// Plays a server's replies and gives the commands, or the failure.
    private func play(_ replies: [String], recipients: [String] = ["a@x", "B B <b@x>"]) -> [String]
    {
        var dialogue = MailDialogue(
            helloName: "host", sender: "Me <me@x>", recipients: recipients, text: [46, 13, 10])
        var heard: [String] = []
        for reply in replies {
            let bytes = Array(reply.utf8)
            switch dialogue.take(bytes.span) {
            case .wait: heard.append("wait")
            case .send(let bytes):
                heard.append(String(decoding: bytes.dropLast(2), as: UTF8.self))
            case .delivered(let bytes):
                heard.append("done " + String(decoding: bytes.dropLast(2), as: UTF8.self))
            case .failed(let reason): heard.append("failed \(reason)")
            }
        }
        return heard
    }

    @Test func `a delivery is the dialogue of RFC 5321`() {
        #expect(
            play([
                "220 hi\r\n", "250-host\r\n250-SIZE\r\n250 8BITMIME\r\n", "250 ok\r\n",
                "250 ok\r\n",
                "251 ok\r\n", "354 go\r\n", "250 queued\r\n",
            ]) == [
                "EHLO host", "MAIL FROM:<me@x>", "RCPT TO:<a@x>", "RCPT TO:<b@x>", "DATA", ".",
                "done QUIT",
            ])
    }

    @Test func `a server without extensions is greeted the old way`() {
        #expect(play(["220\r\n", "502 what\r\n", "250 ok\r\n"]).last == "MAIL FROM:<me@x>")
    }

    @Test func `one recipient that is refused does not stop the others`() {
        let replies = ["220 a\r\n", "250 b\r\n", "250 c\r\n", "550 no\r\n"]
        #expect(play(replies + ["250 e\r\n"]).last == "DATA")
        #expect(play(replies + ["550 f\r\n"]).last?.hasPrefix("failed refused all") == true)
    }

    @Test(arguments: [
        ["554 go away\r\n"], ["220 a\r\n", "421 later\r\n"],
        ["220 a\r\n", "250 b\r\n", "530 auth\r\n"],
        ["SSH-2.0\r\n"], ["22\r\n"], ["220 a\r\n220 b\r\n"], ["999 a\r\n"], ["220x\r\n"],
        [String(repeating: "a", count: 5000)], [String(repeating: "220-a\r\n", count: 500)],
    ])
    func `what is no mail server's reply, or a refusal, is a failure`(replies: [String]) {
        #expect(play(replies).last?.hasPrefix("failed ") == true)
    }

    @Test func `any replies are taken without harm`() {
        var random = Seeded(for: "mail replies")
        let seed = Array(
            "220 a\r\n250-b\r\n250 c\r\n250 d\r\n250 e\r\n550 f\r\n354 g\r\n250 h\r\n".utf8)
        for _ in 0..<5000 {
            var bytes = seed
            for _ in 0..<random.next(below: 6) {
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            MailDialogue.exercise(bytes.span)
        }
    }

    // MARK: Delivery

    /// A small mail server: refuses the first connections, keeps what it is given.
    private final class Postmaster {
        var texts: [String] = []
        var refusals: Int
        var server: TestServer?

        init(_ loop: ControlLoop, refusing refusals: Int = 0) throws {
            self.refusals = refusals
            server = try TestServer(
                on: loop,
                onAccept: { [unowned self] peer in
                    self.refusals -= 1
                    peer.send(self.refusals >= 0 ? "421 later\r\n" : "220 hi\r\n")
                }, onBytes: { [unowned self] peer, bytes in self.answer(peer, bytes) })
        }

        private func answer(_ peer: TestServer.Peer, _ bytes: [UInt8]) {
            let text = String(decoding: bytes, as: UTF8.self)
            if peer.state == 1 {
                if !String(decoding: peer.received, as: UTF8.self).hasSuffix("\r\n.\r\n") { return }
                peer.state = 0
                texts.append(String(decoding: peer.received, as: UTF8.self))
                return peer.send("250 queued\r\n")
            }
            switch text.prefix(4) {
            case "DATA":
                peer.state = 1
                peer.send("354 go\r\n")
            case "QUIT": peer.close()
            default: peer.send("250 ok\r\n")
            }
        }
    }

    private func settings(_ address: SocketAddress) -> MailSettings {
        MailSettings(
            server: address, helloName: "host", sender: "me@x", recipients: ["a@x", "b@x"],
            connectTimeout: 500_000_000, replyTimeout: 300_000_000, limit: 5, attempts: 3,
            retryPause: 20_000_000)
    }

    private func message(_ number: Int) -> MailMessage {
        MailMessage(subject: "number \(number)", lines: ["text"], time: 0)
    }

    @Test func `mails are delivered in order, after a refusal as well`() throws {
        let bench = try Bench()
        let postmaster = try Postmaster(bench.loop, refusing: 1)
        let address = try #require(postmaster.server?.address)
        let sender = MailSender(settings(address), on: bench.loop, log: bench.log)
        for number in 0..<4 { sender.send(message(number)) }
        var isIdle = false
        sender.whenIdle { isIdle = true }
        #expect(bench.turn { isIdle })
        #expect(sender.counters.delivered == 4 && sender.counters.failedAttempts == 1)
        #expect(postmaster.texts.count == 4)
        for (number, text) in postmaster.texts.enumerated() {
            #expect(text.contains("Subject: number \(number)\r\n"))
        }
        #expect(
            bench.lines == ["mail to \(address) failed, next try in 0 s: greeted with 421 later"])
    }

    @Test func `a server that is absent or silent costs a mail and not the daemon`() throws {
        let bench = try Bench()
        let silent = try TestServer(on: bench.loop)
        for address in [try deafAddress(), silent.address] {
            let sender = MailSender(settings(address), on: bench.loop, log: bench.log)
            var lost = 0
            for number in 0..<7 { sender.send(message(number)) { lost += 1 } }
            // One under way, five wait, one gave way.
            #expect(sender.counters.dropped == 1 && lost == 1)
            #expect(bench.turn { sender.counters.failed >= 1 })
            #expect(sender.counters.failedAttempts >= 3)
            sender.cancel()
            #expect(sender.isIdle && lost == 7)
        }
        let lines = bench.lines
        #expect(lines.count { $0 == "mail 'number 1' is not delivered: 5 wait" } == 2)
        #expect(lines.count { $0.hasPrefix("mail 'number 6' is not delivered: ") } == 2)
        // The same again within a minute is not said again.
        #expect(lines.count { $0.contains("failed, next try") } == 2, "\(lines)")
        #expect(lines.contains { $0.contains("given up") })
    }
}

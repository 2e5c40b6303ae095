// The client's side of a mail delivery, without a socket. RFC 5321 §3.1 to §3.3:
//
//     greeting → EHLO (→ HELO) → MAIL → RCPT … → DATA → text → QUIT

/// Speaks SMTP: replies in, commands out.
public struct MailDialogue: Sendable {
    /// The longest reply line that is taken (RFC 5321 §4.5.3.1.5 has 512).
    static let longestLine = 2048
    /// Lines of one reply, at most.
    static let mostLines = 128

    /// What to do next.
    public enum Step: Equatable, Sendable {
        /// Wait for more of the reply.
        case wait
        /// Send this and wait for the reply.
        case send([UInt8])
        /// The mail is accepted; send this and close.
        case delivered([UInt8])
        /// Not delivered.
        case failed(String)
    }

    private enum State {
        case greeting, extendedHello, hello, sender, recipient, data, text, done
    }

    private let helloName: String
    private let sender: String
    private let recipients: [String]
    private let text: [UInt8]
    private var state = State.greeting
    private var nextRecipient = 0
    private var line: [UInt8] = []
    private var lineCount = 0
    /// Recipients the server has refused, with its words.
    public private(set) var refused: [String] = []

    /// - Parameters:
    ///   - helloName: how the machine calls itself.
    ///   - sender: an address, perhaps with a name before it.
    ///   - recipients: the same; at least one.
    ///   - text: what goes behind DATA, with its final dot.
    public init(helloName: String, sender: String, recipients: [String], text: [UInt8]) {
        self.helloName = MailMessage.mailbox(helloName)
        self.sender = MailMessage.mailbox(sender)
        self.recipients = recipients.map(MailMessage.mailbox)
        self.text = text
    }

    /// Takes bytes from the server. Bytes behind a whole reply are an error: nothing was asked.
    public mutating func take(_ bytes: Span<UInt8>) -> Step {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte != 0x0A {
                if line.count >= MailDialogue.longestLine { return .failed("a reply too long") }
                line.append(byte)
                continue
            }
            if line.last == 0x0D { line.removeLast() }
            lineCount += 1
            guard lineCount <= MailDialogue.mostLines, let code = code(of: line) else {
                return .failed("no reply of a mail server: \(words)")
            }
            let isLast = line.count == 3 || line[3] != 0x2D
            if !isLast {
                line = []
                continue
            }
            if index + 1 < bytes.count { return .failed("more than one reply at once") }
            let step = answer(code)
            line = []
            lineCount = 0
            return step
        }
        return .wait
    }

    /// Three digits, then nothing, a space or a hyphen.
    private func code(of line: [UInt8]) -> Int? {
        guard line.count >= 3, line[..<3].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        if line.count > 3 && line[3] != 0x20 && line[3] != 0x2D { return nil }
        let code = line[..<3].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return (200...599).contains(code) ? code : nil
    }

    /// The reply's words for a message.
    private var words: String {
        String(decoding: line.prefix(200).map { $0 < 32 ? 63 : $0 }, as: UTF8.self)
    }

    private mutating func answer(_ code: Int) -> Step {
        let isWell = code / 100 == 2
        switch state {
        case .greeting:
            if code != 220 { return failure("greeted with") }
            state = .extendedHello
            return command("EHLO \(helloName)")
        case .extendedHello:
            if isWell { return beginMail() }
            if code / 100 == 4 { return failure("refused EHLO:") }
            // A server that knows no extensions.
            state = .hello
            return command("HELO \(helloName)")
        case .hello:
            return isWell ? beginMail() : failure("refused HELO:")
        case .sender:
            if !isWell { return failure("refused the sender:") }
            state = .recipient
            return nextCommand()
        case .recipient:
            if !isWell { refused.append("\(recipients[nextRecipient - 1]): \(words)") }
            return nextCommand()
        case .data:
            if code != 354 { return failure("refused DATA:") }
            state = .text
            return .send(text)
        case .text:
            if !isWell { return failure("refused the text:") }
            state = .done
            return .delivered(Array("QUIT\r\n".utf8))
        case .done:
            return .wait
        }
    }

    private mutating func beginMail() -> Step {
        state = .sender
        return command("MAIL FROM:<\(sender)>")
    }

    /// Names the next recipient, or goes on to the text once one of them was accepted.
    private mutating func nextCommand() -> Step {
        if nextRecipient < recipients.count {
            nextRecipient += 1
            return command("RCPT TO:<\(recipients[nextRecipient - 1])>")
        }
        if refused.count == recipients.count {
            return .failed("refused all recipients: \(refused.joined(separator: "; "))")
        }
        state = .data
        return command("DATA")
    }

    private func command(_ text: String) -> Step { .send(Array((text + "\r\n").utf8)) }

    private func failure(_ what: String) -> Step { .failed("\(what) \(words)") }

    /// What a fuzzer calls: takes any replies, a byte at a time, without harm and without end.
    public static func exercise(_ input: Span<UInt8>) {
        var dialogue = MailDialogue(
            helloName: "h", sender: "a <b@c>", recipients: ["d@e", "f@g"], text: Array(".\r\n".utf8)
        )
        var steps = 0
        for index in 0..<input.count {
            switch dialogue.take(input.extracting(index..<index + 1)) {
            case .wait: break
            case .send: steps += 1
            case .delivered, .failed: return
            }
        }
        precondition(steps <= 8, "a delivery has a bounded number of commands")
    }
}

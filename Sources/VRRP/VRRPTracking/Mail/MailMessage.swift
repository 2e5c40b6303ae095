// A mail about a transition: whom it is from and to, its subject and text, and how it is written.
// RFC 5322, RFC 5321 §4.5.2 (dots); the subject is keepalived's.

import Bytes

/// A mail to send.
public struct MailMessage: Equatable, Sendable {
    /// The subject, without the word.
    public let subject: String
    /// Lines of the text.
    public let lines: [String]
    /// Seconds since 1970-01-01 UTC when it was written.
    public let time: Int64

    public init(subject: String, lines: [String], time: Int64) {
        self.subject = subject
        self.lines = lines
        self.time = time
    }

    /// The mail about a transition; nil for events that no mail is about.
    ///
    /// - Parameter host: what the configuration calls this machine (`router_id`).
    public static func about(
        _ event: NotifyEvent, of subject: NotifySubject, priority: Int, host: String, time: Int64
    ) -> MailMessage? {
        // Of stops and of instances that are gone keepalived sends nothing.
        guard event == .master || event == .backup || event == .fault else { return nil }
        let what: String
        let text: String
        switch subject {
        case .instance(let name):
            what = "VRRP Instance \(name)"
            text =
                switch event {
                case .master: "This router now serves the virtual addresses of \(name)."
                case .backup: "This router stands by and does not serve the addresses of \(name)."
                default: "Something \(name) depends on has failed; its addresses are given up."
                }
        case .group(let name):
            what = "VRRP Group \(name)"
            text = "All instances of \(name) are now in state \(event.word)."
        }
        let state = "Entering \(event.word) state"
        var lines = [text, "", "Router: \(host)", "State: \(event.word)"]
        if case .instance = subject { lines.append("Priority: \(priority)") }
        return MailMessage(subject: "[\(host)] \(what) - \(state)", lines: lines, time: time)
    }

    /// The whole text as it goes over the wire behind DATA, with its final dot.
    public func wire(from sender: String, to recipients: [String]) -> [UInt8] {
        var text = "Date: \(date)\r\n"
        text += "From: \(MailMessage.oneLine(sender))\r\n"
        text += "Subject: \(MailMessage.oneLine(subject))\r\n"
        text += "X-Mailer: martlet-vrrp\r\n"
        text += "To: \(recipients.map(MailMessage.oneLine).joined(separator: ",\r\n "))\r\n"
        text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        text += "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n"
        for line in lines {
            let line = MailMessage.oneLine(line)
            text += (line.hasPrefix(".") ? "." : "") + line + "\r\n"
        }
        return Array((text + ".\r\n").utf8)
    }

    /// The date as mails have it, in UTC.
    private var date: String {
        let time = CivilTime(seconds: time)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let clock = "\(two(time.hour)):\(two(time.minute)):\(two(time.second))"
        return "\(CivilTime.name(ofWeekday: time.weekday)), \(time.day) "
            + "\(CivilTime.name(ofMonth: time.month)) \(time.year) \(clock) +0000"
    }

    /// A text without line ends and other control characters, at most 900 bytes: a name from the
    /// configuration must not add a header.
    static func oneLine(_ text: String) -> String {
        var bytes = text.utf8.prefix(900).map { $0 < 32 || $0 == 127 ? UInt8(32) : $0 }
        while let last = bytes.last, last & 0xC0 == 0x80,
            String(validating: bytes, as: UTF8.self) == nil
        {
            bytes.removeLast()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The address inside `Name <address>`, or the text itself; without control characters and
    /// brackets.
    static func mailbox(_ text: String) -> String {
        let line = oneLine(text)
        guard let open = line.lastIndex(of: "<"), let close = line.lastIndex(of: ">"), open < close
        else { return String(line.filter { $0 != "<" && $0 != ">" && $0 != " " }) }
        return String(line[line.index(after: open)..<close].filter { $0 != " " })
    }
}

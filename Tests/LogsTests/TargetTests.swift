// Syslog targets: headers, transports, levels, lengths and drops.

import Foundation
import Kernel
import Logs
import Proxy
import ReferenceHAProxy
import Testing

@Suite(.serialized) struct TargetTests {
    /// Logs one line per format and returns what arrived.
    private func message(_ format: String?, host: String? = nil, tag: String? = "tag") throws
        -> String
    {
        let lines = try LoggedLines()
        lines.configuration.global.logTag = tag
        lines.configuration.global.logSendHostname = host
        lines.configuration.proxies[0].logs = [lines.log { $0.format = format }]
        lines.logger().log("text")
        return try #require(lines.inbox.nextAtOnce())
    }

    private static let month = "[A-Z][a-z]{2} [ 1-3][0-9] [0-9:]{8}"
    private static let iso = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}[+-][0-9]{2}:[0-9]{2}"

    @Test(arguments: [
        ("local", "<134>\(month) tag\\[PID\\]: text\n"),
        ("rfc3164", "<134>\(month) localhost tag\\[PID\\]: text\n"),
        ("rfc5424", "<134>1 \(iso) - tag PID - - text\n"), ("priority", "<134>text\n"),
        ("short", "<6>text\n"), ("timed", "<6>\(iso) text\n"), ("iso", "\(iso) text\n"),
        ("raw", "text\n"),
    ])
    func `Each format has its header`(_ format: String, _ pattern: String) throws {
        let expression = pattern.replacingOccurrences(of: "PID", with: "\(getpid())")
        let message = try message(format)
        #expect(
            message.range(of: "^\(expression)$", options: .regularExpression) != nil, "\(message)")
    }

    @Test func `The host's name stands in headers that have room for it`() throws {
        #expect(try message(nil, host: "hh").contains(" hh tag["))
        #expect(try !message(nil).contains("localhost"))
        #expect(try !message("local", host: "hh").contains("hh"))
        #expect(try message("rfc5424", host: "hh").contains("00 hh tag "))
        #expect(try message("rfc3164", host: "").contains(" \(Host.name) tag["))
        #expect(try message("local", tag: nil).contains(" martlet["))
    }

    @Test func `A line is cut to the target's length`() throws {
        for (format, expected) in [("local", 101), ("raw", 100)] {
            let lines = try LoggedLines()
            lines.configuration.proxies[0].logs = [
                lines.log {
                    $0.maxBytes = 100
                    $0.format = format
                },
                lines.log { $0.maxBytes = 65_535 },
            ]
            lines.logger().log(String(repeating: "x", count: 500))
            let cut = try #require(lines.inbox.nextAtOnce())
            #expect(cut.utf8.count == expected)
            #expect(cut.hasSuffix("x\n"))
            #expect(try #require(lines.inbox.nextAtOnce()).utf8.count > 500)
        }
    }

    @Test func `Levels filter and cap`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].logs = [
            lines.log {
                $0.maxLevel = 5
                $0.minLevel = 4
                $0.format = "short"
            }
        ]
        let logger = lines.logger()
        logger.log("x")
        #expect(lines.inbox.nextAtOnce() == nil)
        logger.log("x", level: 3)
        #expect(lines.inbox.nextAtOnce() == "<4>x\n")
    }

    @Test func `Structured data may be as long as the line`() throws {
        let lines = try LoggedLines()
        let format = try Formats.compile("x")
        lines.configuration.proxies[0].structuredDataFormat = format
        lines.configuration.proxies[0].logs = [lines.log { $0.format = "rfc5424" }]
        let logger = lines.logger()
        logger.log("text", structuredData: "[a b=\"c\"]  ")
        #expect(lines.inbox.nextAtOnce()?.hasSuffix(" - [a b=\"c\"] text\n") == true)
        logger.log("text", structuredData: String(repeating: "y", count: 1024))
        #expect(lines.inbox.nextAtOnce()?.utf8.count == 1025)
    }

    @Test func `Samples share lines out`() throws {
        let lines = try LoggedLines()
        lines.configuration.proxies[0].logs = [
            lines.log {
                $0.sampleRanges = [1...1, 3...4]
                $0.sampleSize = 5
                $0.format = "raw"
            }
        ]
        let logger = lines.logger()
        for number in 0..<10 { logger.log("\(number)") }
        var received: [String] = []
        while let line = lines.inbox.nextAtOnce() { received.append(String(line.dropLast())) }
        #expect(received == ["0", "2", "3", "5", "7", "8"])
    }

    @Test func `Global targets stand in for log global and no log means none`() throws {
        let lines = try LoggedLines()
        lines.configuration.global.logs = [
            lines.log { $0.format = "raw" }, lines.log { $0.format = "short" },
        ]
        lines.configuration.proxies[0].logs = [
            LogConfiguration(target: .global, targetText: "global")
        ]
        lines.logger().log("x")
        #expect(lines.inbox.nextAtOnce() == "x\n")
        #expect(lines.inbox.nextAtOnce() == "<6>x\n")
        lines.configuration.proxies[0].logs = []
        #expect(!lines.logger().logs(frontend: 0))
        lines.logger().log("x")
        #expect(lines.inbox.nextAtOnce() == nil)
    }

    @Test func `UDP targets get one datagram a line`() throws {
        let lines = try LoggedLines()
        let receiver = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_DGRAM.rawValue))
        try receiver.bind(to: socketAddress("127.0.0.1", 0))
        let address = try receiver.localAddress()
        var log = LogConfiguration(target: .datagram(address), targetText: "")
        log.format = "raw"
        lines.configuration.proxies[0].logs = [log]
        let logger = lines.logger()
        logger.log("one")
        logger.log("one")
        for _ in 0..<2 {
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = recv(receiver.number, &bytes, 100, 0)
            #expect(String(decoding: bytes[..<max(count, 0)], as: UTF8.self) == "one\n")
        }
        #expect(logger.droppedLines == 0)
    }

    @Test func `A full pipe drops lines and counts them, and never blocks`() throws {
        let lines = try LoggedLines()
        let pipe = try Pipe(capacity: 4096).surrender()
        defer { for end in [pipe.read, pipe.write] { close(end) } }
        var log = LogConfiguration(target: .descriptor(pipe.write), targetText: "")
        log.format = "raw"
        lines.configuration.proxies[0].logs = [log]
        let logger = lines.logger()
        for _ in 0..<100 { logger.log(String(repeating: "y", count: 999)) }
        #expect(logger.droppedLines > 0 && logger.droppedLines < 100)
        var bytes = [UInt8](repeating: 0, count: 200_000)
        let count = read(pipe.read, &bytes, bytes.count)
        #expect(count == Int(100 - logger.droppedLines) * 1000)
        #expect(fcntl(pipe.write, F_GETFL) & O_NONBLOCK != 0)
    }

    @Test func `A log server that is not there costs only a count`() throws {
        let lines = try LoggedLines()
        let gone = LogConfiguration(
            target: .datagram(unixAddress(lines.inbox.path + "-none")), targetText: "")
        lines.configuration.proxies[0].logs = [gone, lines.log { $0.format = "raw" }]
        let logger = lines.logger()
        logger.log("x")
        #expect(logger.droppedLines == 1)
        #expect(lines.inbox.nextAtOnce() == "x\n")
    }

    @Test func `Notices go to the targets of their proxy or to the global ones`() throws {
        let lines = try LoggedLines()
        lines.configuration.global.logs = [lines.log { $0.format = "short" }]
        lines.configuration.proxies[0].logs = [lines.log { $0.format = "priority" }]
        let notices = NoticeLogger(lines.configuration, programName: "martlet")
        notices.log(Notice(level: .alert, proxy: 0, text: "Server px/sv is DOWN."))
        #expect(lines.inbox.nextAtOnce() == "<129>Server px/sv is DOWN.\n")
        notices.log(Notice(level: .notice, proxy: nil, text: "Proxy px started."))
        #expect(lines.inbox.nextAtOnce() == "<5>Proxy px started.\n")
        lines.configuration.proxies[0].logs = []
        notices.adopt(lines.configuration)
        notices.log(Notice(level: .alert, proxy: 0, text: "silent"))
        #expect(lines.inbox.nextAtOnce() == nil)
        #expect(notices.droppedLines == 0)
    }
}

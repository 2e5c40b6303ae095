// Lines beside those of haproxy over the same exchanges.

import Foundation
import Kernel
import Logs
import Proxy
import ReferenceHAProxy
import Testing

/// Real haproxy lines: the facts are read from a raw prefix of the line, and our line made of the
/// same facts must be the same to the last byte.
@Suite(.serialized, .enabled(if: ReferenceProcess.program != nil, "haproxy is not installed"))
struct ReferenceTests {
    /// The facts, in an order of our own.
    private static let raw = """
        %Ts %ms %ci %cp %Th %Ti %TR %Tw %Tc %Tr %Td %Ta %Tt %ST %B %U %ac %fc %bc %sc %sq %bq %rc \
        %rt %ts %lc %fi %fp %s
        """
    private static let http = """
        %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
        %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r
        """
    private static let everything = """
        %{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc \
        %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl %T %Tl %t %{+X}ci %{+X}cp %{+X}Ts %{+X}rt \
        %HM %HP %HQ %HU %HV %ID %sslv %sslc %{-Q,+E}r %%x %Tq %trl
        """
    private static let tcp = """
        %ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq %{+Q}ID %H
        """

    @Test(arguments: [
        (http, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        (everything, "GET /a]\\b?b=c&d HTTP/1.0\r\n\r\n"),
        (everything, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
        (everything, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
        (everything, "G\u{1}T / HTTP/1.1\r\n\r\n"), (tcp, "hello"),
    ])
    func `The same facts give the same line`(_ format: String, _ request: String) throws {
        let folder = try ReferenceProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let inbox = DatagramInbox(path: folder + "/log")
        let isHTTP = format != Self.tcp
        let full = (isHTTP ? Self.raw : Self.tcpRaw) + " @ " + format
        let haproxy = try ReferenceProcess(ready: "in", environment: ["TZ": "America/New_York"]) {
            """
            global
                nbthread 1
                log \(inbox.path) format raw local0
            defaults
                mode \(isHTTP ? "http" : "tcp")
                timeout client 2s
                timeout server 2s
                timeout connect 2s
            listen px
                log global
                option dontlognull
                bind unix@\($0)/in accept-proxy
                log-format "\(full.escapedForConfiguration)"
                server sv unix@\($0)/origin
            frontend origin
                mode http
                bind unix@\($0)/origin
                http-request return status 200 content-type text/plain string ok\n
            """
        }
        _ = haproxy.exchange("PROXY TCP4 10.1.2.3 127.0.0.9 33312 8080\r\n" + request, with: "in")
        let reference = try #require(inbox.next())
        let values = reference.components(separatedBy: " @ ")[0].split(separator: " ")
        setenv("TZ", "America/New_York", 1)
        tzset()
        let lines = try LoggedLines()
        lines.configuration.proxies[0].mode = isHTTP ? .http : .tcp
        let facts = facts(from: values.map(String.init), isHTTP: isHTTP)
        let requestLine = String(request.prefix { $0 != "\r\n" })
        #expect(lines.line(full, facts, request: requestLine) == reference)
    }

    private static let tcpRaw = raw.replacingOccurrences(of: "%Ti %TR", with: "0 -1")
        .replacingOccurrences(of: "%Tr %Td %Ta", with: "-1 %Td 0")

    private func facts(from values: [String], isHTTP: Bool) -> StreamFacts {
        func number(_ index: Int) -> Int { Int(values[index]) ?? -1 }
        var facts = StreamFacts()
        facts.isHTTP = isHTTP
        facts.acceptedMicroseconds = Int64(number(0)) * 1_000_000 + Int64(number(1)) * 1000
        facts.clientAddress = socketAddress(values[2], UInt16(values[3]) ?? 0)
        facts.handshakeTime = number(4)
        facts.idleTime = number(5)
        facts.requestTime = number(6)
        facts.queueTime = number(7)
        facts.connectTime = number(8)
        facts.responseTime = number(9)
        facts.dataTime = number(10)
        facts.activeTime = number(11)
        facts.totalTime = number(12)
        facts.status = number(13)
        facts.bytesToClient = UInt64(number(14))
        facts.bytesFromClient = UInt64(number(15))
        facts.activeConnections = number(16)
        facts.frontendConnections = number(17)
        facts.backendConnections = number(18)
        facts.serverConnections = number(19)
        facts.serverQueue = number(20)
        facts.backendQueue = number(21)
        facts.retries = number(22)
        facts.streamNumber = UInt64(number(23))
        facts.termination = TerminationState(
            cause: Array(values[24].utf8)[0], state: Array(values[24].utf8)[1])
        facts.destinationAddress = socketAddress(values[26], UInt16(values[27]) ?? 0)
        facts.backend = 0
        facts.server = values[28] == "sv" ? 0 : -1
        facts.isBadRequest = isHTTP && facts.requestTime < 0
        facts.requestMicroseconds =
            facts.acceptedMicroseconds + Int64(facts.handshakeTime + facts.idleTime) * 1000
        return facts
    }
}

extension String {
    /// As it must stand between double quotes in a configuration.
    fileprivate var escapedForConfiguration: String {
        replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    }
}

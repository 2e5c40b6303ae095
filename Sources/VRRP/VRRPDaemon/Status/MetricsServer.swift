// Metrics over HTTP/1.1 (RFC 9112), for one scraper on this host: `GET /metrics`, one request a
// connection. The reader knows just what that takes.

import Addresses
import Bytes
import Daemon
import Kernel

/// Answers scrapers.
final class MetricsServer {
    private let loop: ControlLoop
    private let provider: () -> DaemonStatus
    private var address: IPSocketAddress?
    private var server: RequestServer?

    /// - Parameter provider: gives the status at the time of asking.
    init(
        loop: ControlLoop, limits: RequestServer.Limits = MetricsServer.limits,
        provider: @escaping () -> DaemonStatus
    ) {
        self.loop = loop
        self.provider = provider
        server = RequestServer(
            loop: loop, limits: limits,
            refusals: RequestServer.Refusals(
                tooMany: {
                    MetricsRequest.answer("503 Service Unavailable", "Too many clients.\n")
                },
                tooLong: {
                    MetricsRequest.answer("431 Request Header Fields Too Large", "Too long.\n")
                }),
            respond: { [weak self] in self?.respond(to: $0, hasEnded: $1) })
    }

    /// Few clients, small requests.
    static let limits = RequestServer.Limits(
        clients: 16, streams: 0, requestBytes: 8192, answerBytes: 32 << 20)

    /// Listens at an address, instead of the one before; the same address again changes nothing.
    ///
    /// - Returns: the address listened on, with the port that the system chose for port 0.
    @discardableResult
    func listen(at address: IPSocketAddress) throws(Errno) -> IPSocketAddress? {
        if address == self.address { return address }
        let family = address.address.family == .v4 ? SocketFamily.inet : SocketFamily.inet6
        let listener = try Descriptor.socket(
            family: Int32(family), type: SocketTypeNumber.stream)
        listener.setReuseAddress()
        try listener.bind(to: RawSocketAddress(address))
        try listener.listen(backlog: 16)
        let bound = try listener.localAddress().ip
        try server?.serve(listener)
        self.address = address
        return bound
    }

    /// Ends all connections.
    func close() {
        server?.close()
        address = nil
    }

    private func respond(to received: [UInt8], hasEnded: Bool) -> RequestServer.Reply? {
        guard let request = MetricsRequest(received.span) else { return nil }
        switch request {
        case .metrics(let wantsBody):
            return .answer(
                MetricsRequest.answer(
                    "200 OK", MetricsText.bytes(of: provider()),
                    type: "text/plain; version=0.0.4; charset=utf-8", hasBody: wantsBody))
        case .unknownTarget:
            return .answer(MetricsRequest.answer("404 Not Found", "See /metrics.\n"))
        case .unknownMethod:
            return .answer(
                MetricsRequest.answer(
                    "405 Method Not Allowed", "GET or HEAD.\n", fields: "Allow: GET, HEAD\r\n"))
        case .malformed:
            return .answer(MetricsRequest.answer("400 Bad Request", "No HTTP/1 request.\n"))
        }
    }
}

/// What a scraper asks for.
enum MetricsRequest: Equatable {
    case metrics(wantsBody: Bool)
    case unknownTarget
    case unknownMethod
    case malformed

    /// Reads a request; nil while its head is not complete. A body is not read.
    init?(_ bytes: Span<UInt8>) {
        guard let lineEnd = Self.first(0x0A, in: bytes, from: 0) else {
            // What cannot become a request line is not waited for.
            if bytes.count > 0, !Self.isToken(bytes[0]) {
                self = .malformed
                return
            }
            return nil
        }
        self = Self.read(line: bytes.extracting(0..<lineEnd))
        guard self != .malformed else { return }
        var start = lineEnd + 1
        while true {
            guard let end = Self.first(0x0A, in: bytes, from: start) else { return nil }
            let length = end - start
            if length == 0 || length == 1 && bytes[start] == 0x0D { return }
            start = end + 1
        }
    }

    /// A whole response.
    static func answer(
        _ status: String, _ body: [UInt8], type: String = "text/plain; charset=utf-8",
        fields: String = "", hasBody: Bool = true
    ) -> [UInt8] {
        let head =
            "HTTP/1.1 \(status)\r\nDate: \(date(Clock.calendarMicroseconds() / 1_000_000))\r\n"
            + "Content-Type: \(type)\r\nContent-Length: \(body.count)\r\n\(fields)"
            + "Connection: close\r\n\r\n"
        return Array(head.utf8) + (hasBody ? body : [])
    }

    /// A whole response with a text.
    static func answer(_ status: String, _ body: String, fields: String = "") -> [UInt8] {
        answer(status, Array(body.utf8), fields: fields)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    static func date(_ seconds: Int64) -> String {
        let time = CivilTime(seconds: seconds)
        let clock = [time.hour, time.minute, time.second].map(padded).joined(separator: ":")
        return "\(CivilTime.name(ofWeekday: time.weekday)), \(padded(time.day)) "
            + "\(CivilTime.name(ofMonth: time.month)) \(time.year) \(clock) GMT"
    }

    /// For fuzzing: reads whatever it is given.
    static func exercise(_ input: Span<UInt8>) { _ = MetricsRequest(input) }
}

extension MetricsRequest {
    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func first(_ byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// tchar (RFC 9110 §5.6.2) as far as methods use it.
    private static func isToken(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
    }

    /// `METHOD SP target SP HTTP/1.x` (RFC 9112 §3).
    private static func read(line: Span<UInt8>) -> MetricsRequest {
        var text = line.array
        if text.last == 0x0D { text.removeLast() }
        let words = text.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(isToken),
            words[2].count == 8, words[2].starts(with: "HTTP/1.".utf8),
            (0x30...0x39).contains(words[2][words[2].endIndex - 1]), !words[1].isEmpty,
            words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return .malformed }
        guard words[0].elementsEqual("GET".utf8) || words[0].elementsEqual("HEAD".utf8) else {
            return .unknownMethod
        }
        let path = words[1].prefix { $0 != 0x3F }
        guard path.elementsEqual("/metrics".utf8) else { return .unknownTarget }
        return .metrics(wantsBody: words[0].elementsEqual("GET".utf8))
    }
}

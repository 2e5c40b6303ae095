// The aliases of formats: what may follow `%` in a log line, in the value of a field, and wherever
// else a format stands. The functions read the stream through its subject and write bare values.
// Source: configuration manual, "Custom log format".

import Bytes
import Kernel
import Proxy
import Samples

extension LogAliasCatalog {
    /// Every alias of the manual but `%o`, which only carries flags.
    public static let all = LogAliasCatalog(
        dates + times + messages + figures + places + captures)

    private static let dates = [
        LogAlias("T", "Date of the accept, UTC, with its zone.", .plain(Dates.acceptUTC)),
        LogAlias("Tl", "Date of the accept, local, with its zone.", .plain(Dates.acceptLocal)),
        LogAlias(
            "Ts", "Date of the accept in seconds since 1970.",
            .counter { $0.beginMicroseconds / 1_000_000 }),
        LogAlias("t", "Date of the accept, local, with milliseconds.", .plain(Dates.accept)),
        LogAlias(
            "ms", "Milliseconds of the accept date.",
            .thousandths { $0.beginMicroseconds / 1000 % 1000 }),
        LogAlias(
            "tr", http: true, "Date of the request, with milliseconds.", .plain(Dates.request)),
        LogAlias(
            "trg", http: true, "Date of the request, UTC, with zone.", .plain(Dates.requestUTC)),
        LogAlias(
            "trl", http: true, "Date of the request, local, with zone.",
            .plain(Dates.requestLocal)),
    ]

    private static let times = [
        LogAlias(
            "Ta", http: true, "From the request's first byte to the end.",
            .marked({ $0.activeTime }, if: { $0.isPartial })),
        LogAlias("Tc", "Time to connect to the server.", .number { $0.connectTime }),
        LogAlias("Td", "Time the response's data took.", .number { $0.dataTime }),
        LogAlias("Th", "Time of the client's handshakes.", .number { $0.handshakeTime }),
        LogAlias("Ti", http: true, "Idle time before the request.", .number { $0.idleTime }),
        LogAlias(
            "Tq", http: true, "Handshakes, idle time and request together.",
            .number { $0.queryTime }),
        LogAlias(
            "TR", http: true, "From the request's first byte to its last.",
            .number { $0.headTime }),
        LogAlias(
            "Tr", http: true, "Time until the server's response head.",
            .number { $0.responseTime }),
        LogAlias(
            "Tt", "From the accept to the end.",
            .marked({ $0.totalTime }, if: { $0.isPartial })),
        LogAlias(
            "Tu", "The whole time as the user sees it.",
            .marked({ $0.userTime }, if: { $0.isPartial })),
        LogAlias("Tw", "Time spent in queues.", .number { $0.waitTime }),
    ]

    private static let messages = [
        LogAlias(
            "HM", http: true, needs: .requestLine, "The request's method.",
            .foreign(RequestLine.method)),
        LogAlias(
            "HP", http: true, needs: .requestLine, "The request's URI without its query.",
            .foreign(RequestLine.uriWithoutQuery)),
        LogAlias(
            "HPO", http: true, needs: .requestLine, "The request's path alone.",
            .foreign(RequestLine.path)),
        LogAlias(
            "HQ", http: true, needs: .requestLine, "The request's query with its question mark.",
            .foreign(RequestLine.query)),
        LogAlias(
            "HU", http: true, needs: .requestLine, "The request's URI.",
            .foreign(RequestLine.uri)),
        LogAlias(
            "HV", http: true, needs: .requestLine, "The request's HTTP version.",
            .foreign(RequestLine.version)),
        LogAlias(
            "r", http: true, needs: .requestLine, "The request line.",
            .foreign(RequestLine.whole)),
        LogAlias(
            "ID", "The unique id.",
            .text { subject, _, output in
                output.append(subject.shownUniqueID)
            }),
        LogAlias("ST", "The response's status.", .number { $0.shownStatus }),
    ]

    private static let figures = [
        LogAlias(
            "B", "Bytes sent to the client.",
            .marked({ $0.bytesToClient }, if: { $0.isPartial })),
        LogAlias("U", "Bytes received from the client.", .number { $0.bytesFromClient }),
        LogAlias("ac", "Connections of the process.", .number { $0.processConnections }),
        LogAlias("bc", "Streams of the backend.", .number { $0.backendConnections }),
        LogAlias("bq", "The place taken in the backend's queue.", .number { $0.backendQueuePlace }),
        LogAlias("fc", "Connections of the frontend.", .number { $0.frontendConnections }),
        LogAlias(
            "lc", needs: .lineCount, "How many lines the frontend has logged.",
            .counter { $0.lineCount }),
        LogAlias("pid", "The process.", .counter { $0.processNumber }),
        LogAlias(
            "rc", "Connection retries, with + before them after a redispatch.",
            .marked({ $0.retryCount }, if: { $0.wasRedispatched })),
        LogAlias(
            "rt", "The number of the request or TCP session.", .counter { $0.requestNumber }),
        LogAlias("sc", "Streams of the server.", .number { $0.serverConnections }),
        LogAlias("sq", "The place taken in the server's queue.", .number { $0.serverQueuePlace }),
        LogAlias(
            "OG", "At which point the line was made.",
            .plain { subject, _, output in
                output.append(subject.logOrigin.name)
            }),
        LogAlias(
            "ts", "The state at the end, two characters.",
            .plain { subject, _, output in
                let state = subject.termination
                output.append(state.cause)
                output.append(state.state)
            }),
        LogAlias(
            "tsc", "The state at the end with the cookie's.",
            .plain { subject, _, output in
                let state = subject.termination
                output.append(state.cause)
                output.append(state.state)
                output.append(state.clientCookie)
                output.append(state.serverCookie)
            }),
    ]

    private static let places = [
        LogAlias(
            "H", "The name of this host.",
            .text { subject, _, output in
                output.append(subject.hostName.span)
            }),
        LogAlias(
            "b", "The backend's name.",
            .text { subject, _, output in
                output.append(subject.backendName.span)
            }),
        LogAlias(
            "bi", needs: .serverConnection, "Our address towards the server.",
            .address { $0.backendEnd }),
        LogAlias(
            "bp", needs: .serverConnection, "Our port towards the server.",
            .port { $0.backendEnd }),
        LogAlias("ci", "The client's address.", .address { $0.clientEnd }),
        LogAlias("cp", "The client's port.", .port { $0.clientEnd }),
        LogAlias(
            "f", "The frontend's name.",
            .text { subject, _, output in
                output.append(subject.frontendName.span)
            }),
        LogAlias("fi", "The address the client came to.", .address { $0.frontendEnd }),
        LogAlias("fp", "The port the client came to.", .port { $0.frontendEnd }),
        LogAlias(
            "ft", "The frontend's name, with ~ behind it over TLS.",
            .text { subject, _, output in
                output.append(subject.frontendName.span)
            }),
        LogAlias(
            "s", "The server's name.",
            .text { subject, _, output in
                if let name = subject.serverName {
                    output.append(name.span)
                } else {
                    output.append("<NOSRV>")
                }
            }),
        LogAlias("si", "The server's address.", .address { $0.serverEnd }),
        LogAlias("sp", "The server's port.", .port { $0.serverEnd }),
        LogAlias("sslc", "The TLS cipher towards the client.", .text { _, _, _ in }),
        LogAlias("sslv", "The TLS version towards the client.", .text { _, _, _ in }),
    ]

    private static let captures = [
        LogAlias(
            "CC", http: true, "The cookie captured in the request.",
            .text { subject, _, output in
                output.append(subject.capturedCookie(request: true))
            }),
        LogAlias(
            "CS", http: true, "The cookie captured in the response.",
            .text { subject, _, output in
                output.append(subject.capturedCookie(request: false))
            }),
        LogAlias(
            "hr", "Fields captured in the request.",
            .braced(count: { $0.captureCount(request: true) }, Captures.request)),
        LogAlias(
            "hrl", "Fields captured in the request, for CLF.",
            .list(count: { $0.captureCount(request: true) }, Captures.request)),
        LogAlias(
            "hs", "Fields captured in the response.",
            .braced(count: { $0.captureCount(request: false) }, Captures.response)),
        LogAlias(
            "hsl", "Fields captured in the response, for CLF.",
            .list(count: { $0.captureCount(request: false) }, Captures.response)),
    ]
}

// MARK: Dates

/// Dates in the forms of log lines.
private enum Dates {
    static let acceptUTC: LogValue.Writer = { subject, _, output in
        output.append(utc: subject.beginMicroseconds / 1_000_000)
    }

    static let acceptLocal: LogValue.Writer = { subject, _, output in
        local(subject, subject.beginMicroseconds, &output)
    }

    static let accept: LogValue.Writer = { subject, _, output in
        exact(subject, subject.beginMicroseconds, &output)
    }

    static let request: LogValue.Writer = { subject, _, output in
        exact(subject, subject.firstByteMicroseconds, &output)
    }

    static let requestUTC: LogValue.Writer = { subject, _, output in
        output.append(utc: subject.firstByteMicroseconds / 1_000_000)
    }

    static let requestLocal: LogValue.Writer = { subject, _, output in
        local(subject, subject.firstByteMicroseconds, &output)
    }

    /// `22/Nov/2026:22:16:50.123`
    private static func exact(
        _ subject: Subject, _ microseconds: Int64, _ output: inout OutputBytes
    ) {
        subject.withLocalZone { zone in
            zone.prepareLogText(microseconds / 1_000_000)
            output.append(zone.logText)
        }
        output.append(0x2E)
        output.append(decimal: UInt64(microseconds / 1000 % 1000), digits: 3)
    }

    /// `22/Nov/2026:22:16:50 +0100`
    private static func local(
        _ subject: Subject, _ microseconds: Int64, _ output: inout OutputBytes
    ) {
        subject.withLocalZone { output.append(dateOf: $0.civil(microseconds / 1_000_000)) }
    }
}

extension OutputBytes {
    /// `22/Nov/2026:22:16:50 +0000`
    fileprivate mutating func append(utc seconds: Int64) {
        append(dateOf: CivilTime(seconds: seconds))
    }

    /// A date with its zone.
    fileprivate mutating func append(dateOf time: CivilTime) {
        append(time.logText.span)
        append(0x20)
        append(time.offset < 0 ? 0x2D : 0x2B)
        append(decimal: UInt64(abs(time.offset) / 3600), digits: 2)
        append(decimal: UInt64(abs(time.offset) / 60 % 60), digits: 2)
    }
}

// MARK: The request line

/// Parts of `METHOD SP URI SP VERSION`.
private enum RequestLine {
    static let whole: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { 0..<$0.count }
    }

    static let method: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { 0..<$0.end(of: 0x20, from: 0) }
    }

    static let uri: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { uri(in: $0) }
    }

    static let version: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { line in
            min(uri(in: line).upperBound + 1, line.count)..<line.count
        }
    }

    static let query: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { line in
            let uri = uri(in: line)
            return min(line.end(of: 0x3F, from: uri.lowerBound), uri.upperBound)..<uri.upperBound
        }
    }

    static let uriWithoutQuery: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { withoutQuery(in: $0) }
    }

    static let path: LogValue.Writer = { subject, item, output in
        write(subject, item, &output) { line in
            let uri = withoutQuery(in: line)
            return line.pathStart(in: uri)..<uri.upperBound
        }
    }

    private static func write(
        _ subject: Subject, _ item: LogItem, _ output: inout OutputBytes,
        _ part: (Span<UInt8>) -> Range<Int>
    ) {
        let line = subject.shownRequestLine
        if line.isEmpty {
            output.append("<BADREQ>")
        } else {
            output.append(foreign: line.extracting(part(line)), item)
        }
    }

    private static func uri(in line: Span<UInt8>) -> Range<Int> {
        let start = min(line.end(of: 0x20, from: 0) + 1, line.count)
        return start..<line.end(of: 0x20, from: start)
    }

    private static func withoutQuery(in line: Span<UInt8>) -> Range<Int> {
        let uri = uri(in: line)
        return uri.lowerBound..<min(line.end(of: 0x3F, from: uri.lowerBound), uri.upperBound)
    }
}

extension Span where Element == UInt8 {
    /// Where a byte stands from `start` on; the end where it does not.
    fileprivate func end(of byte: UInt8, from start: Int) -> Int {
        var position = start
        while position < count && self[position] != byte { position &+= 1 }
        return position
    }

    /// Where the path begins: behind scheme and authority when the URI is absolute. There is none
    /// in `*` and in an authority alone.
    fileprivate func pathStart(in uri: Range<Int>) -> Int {
        if uri.isEmpty || self[uri.lowerBound] == 0x2F { return uri.lowerBound }
        var position = uri.lowerBound
        while position + 2 < uri.upperBound {
            if self[position] == 0x3A && self[position + 1] == 0x2F && self[position + 2] == 0x2F {
                return min(end(of: 0x2F, from: position + 3), uri.upperBound)
            }
            position += 1
        }
        return uri.upperBound
    }
}

// MARK: Captured fields

/// Texts that were captured of fields.
private enum Captures {
    static let request: LogValue.PartWriter = { subject, index, item, output in
        if let text = subject.capture(request: true, slot: index) {
            output.append(foreign: text, item, inBraces: true)
        }
    }

    static let response: LogValue.PartWriter = { subject, index, item, output in
        if let text = subject.capture(request: false, slot: index) {
            output.append(foreign: text, item, inBraces: true)
        }
    }
}

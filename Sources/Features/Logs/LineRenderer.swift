// From the facts of a stream to the text of its line: one pass over the instructions, in fixed
// room, without allocation.
// Source: configuration manual, "Log formats" and "Non-printable characters".

import Addresses
import Bytes
import Glibc
import Kernel
import Proxy
import Structures

/// What a variable is rendered from.
struct LineSource: ~Copyable {
    let processID: Int32
    /// Lines of the frontend so far, for `%lc`.
    var lines: UInt64 = 0

    init(processID: Int32) { self.processID = processID }
}

extension LineBuffer {
    /// Renders a format over the facts of a stream.
    mutating func render(
        _ format: Stretch, of plan: borrowing LogPlan, _ facts: borrowing StreamFacts,
        requestLine: Span<UInt8>, source: borrowing LineSource, zone: inout LocalZone
    ) {
        var index = Int(format.first)
        let last = index + Int(format.count)
        while index < last {
            let instruction = plan.instructions[index]
            switch instruction.kind {
            case .text:
                append(TextPiece(offset: instruction.offset, length: instruction.length), of: plan)
            case .blank: if !needsNoBlank { append(0x20) }
            case .variable:
                render(
                    instruction.variable, instruction.flags, plan, facts, requestLine, source,
                    &zone)
            }
            index += 1
        }
    }

    /// A piece of the plan's text.
    mutating func append(_ piece: TextPiece, of plan: borrowing LogPlan) {
        let first = Int(piece.offset)
        append(plan.blob.span.extracting(first..<(first + Int(piece.length))))
    }

    private mutating func render(
        _ variable: LogVariable, _ flags: LogFlags, _ plan: borrowing LogPlan,
        _ facts: borrowing StreamFacts, _ requestLine: Span<UInt8>,
        _ source: borrowing LineSource, _ zone: inout LocalZone
    ) {
        switch variable {
        case .acceptDateUTC: append(facts.acceptedMicroseconds, zone: nil)
        case .acceptDateLocal: append(facts.acceptedMicroseconds, zone: &zone)
        case .acceptSeconds:
            append(counter: UInt64(facts.acceptedMicroseconds / 1_000_000), flags)
        case .acceptDate: append(date: facts.acceptedMicroseconds, &zone)
        case .acceptMilliseconds:
            append(decimal: UInt(facts.acceptedMicroseconds / 1000 % 1000), digits: 3)
        case .requestDate: append(date: requestMicroseconds(facts), &zone)
        case .requestDateUTC: append(requestMicroseconds(facts), zone: nil)
        case .requestDateLocal: append(requestMicroseconds(facts), zone: &zone)
        case .activeTime: append(partial: facts.activeTime, facts)
        case .connectTime: append(decimal: facts.connectTime)
        case .dataTime: append(decimal: facts.dataTime)
        case .handshakeTime: append(decimal: facts.handshakeTime)
        case .idleTime: append(decimal: facts.idleTime)
        case .queryTime:
            append(
                decimal: facts.requestTime < 0
                    ? -1 : facts.handshakeTime + facts.idleTime + facts.requestTime)
        case .requestTime: append(decimal: facts.requestTime)
        case .responseTime: append(decimal: facts.responseTime)
        case .totalTime: append(partial: facts.totalTime, facts)
        case .userTime: append(partial: facts.totalTime - facts.idleTime, facts)
        case .queueTime: append(decimal: facts.queueTime)
        case .bytesToClient:
            if facts.isEarly { append(0x2B) }
            append(decimal: UInt(facts.bytesToClient))
        case .bytesFromClient: append(decimal: UInt(facts.bytesFromClient))
        case .requestCookie, .responseCookie, .uniqueID, .cipher, .tlsVersion: appendNothing(flags)
        case .hostName: append(plan.hostName, plan, flags)
        case .method, .uriWithoutQuery, .pathOnly, .query, .uri, .version, .requestLine:
            append(requestPart: variable, requestLine, isBad: facts.isBadRequest, flags)
        case .status: append(decimal: facts.status)
        case .activeConnections: append(decimal: facts.activeConnections)
        case .frontendConnections: append(decimal: facts.frontendConnections)
        case .backendConnections: append(decimal: facts.backendConnections)
        case .serverConnections: append(decimal: facts.serverConnections)
        case .backendName:
            let proxy = facts.backend >= 0 ? facts.backend : facts.frontend
            append(plan.proxyNames[proxy], plan, flags)
        case .frontendName, .frontendTransport:
            append(plan.proxyNames[facts.frontend], plan, flags)
        case .serverName: append(serverOf: facts, plan, flags)
        case .sourceAddress: append(address: facts.sourceAddress, flags)
        case .sourcePort: append(port: facts.sourceAddress, flags)
        case .clientAddress: append(address: facts.clientAddress, flags)
        case .clientPort: append(port: facts.clientAddress, flags)
        case .destinationAddress: append(address: facts.destinationAddress, flags)
        case .destinationPort: append(port: facts.destinationAddress, flags)
        case .serverAddress: append(address: facts.serverAddress, flags)
        case .serverPort: append(port: facts.serverAddress, flags)
        case .backendQueue: append(decimal: facts.backendQueue)
        case .serverQueue: append(decimal: facts.serverQueue)
        case .lineCounter: append(counter: source.lines, flags)
        case .requestHeaders, .requestHeadersCLF, .responseHeaders, .responseHeadersCLF: break
        case .origin: append(facts.isEarly ? "txn_response" : "txn_close")
        case .processID: append(counter: UInt64(source.processID), flags)
        case .retries:
            if facts.wasRedispatched { append(0x2B) }
            append(decimal: facts.retries)
        case .requestCounter: append(counter: facts.streamNumber, flags)
        case .termination:
            append(facts.termination.cause)
            append(facts.termination.state)
        case .terminationWithCookies:
            append(facts.termination.cause)
            append(facts.termination.state)
            append(facts.termination.clientCookie)
            append(facts.termination.serverCookie)
        }
    }

    // MARK: Kinds of values

    /// A connection that never sent a request is dated by its accept.
    private func requestMicroseconds(_ facts: borrowing StreamFacts) -> Int64 {
        facts.requestMicroseconds != 0 ? facts.requestMicroseconds : facts.acceptedMicroseconds
    }

    private mutating func append(date microseconds: Int64, _ zone: inout LocalZone) {
        zone.prepareLogText(microseconds / 1_000_000)
        append(zone.logText)
        append(0x2E)
        append(decimal: UInt(microseconds / 1000 % 1000), digits: 3)
    }

    private mutating func append(_ microseconds: Int64, zone: inout LocalZone) {
        let time = zone.civil(microseconds / 1_000_000)
        append(logDate: time)
        append(0x20)
        append(zone: time.offset, separator: false)
    }

    private mutating func append(_ microseconds: Int64, zone: Void?) {
        append(logDate: CivilTime(seconds: microseconds / 1_000_000))
        append(" +0000")
    }

    private mutating func append(partial value: Int, _ facts: borrowing StreamFacts) {
        if facts.isEarly { append(0x2B) }
        append(decimal: value)
    }

    private mutating func append(counter value: UInt64, _ flags: LogFlags) {
        if flags.contains(.hexadecimal) {
            append(hexadecimal: value, digits: 4)
        } else {
            append(decimal: UInt(value))
        }
    }

    private mutating func appendNothing(_ flags: LogFlags) {
        if flags.contains(.quoted) { append("\"\"") } else { append(0x2D) }
    }

    private mutating func append(
        _ piece: TextPiece, _ plan: borrowing LogPlan, _ flags: LogFlags
    ) {
        if flags.contains(.quoted) { append(0x22) }
        append(piece, of: plan)
        if flags.contains(.quoted) { append(0x22) }
    }

    private mutating func append(
        serverOf facts: borrowing StreamFacts, _ plan: borrowing LogPlan, _ flags: LogFlags
    ) {
        let backend = facts.backend
        let server = facts.server
        if backend < 0 || server < 0 {
            append(flags.contains(.quoted) ? "\"<NOSRV>\"" : "<NOSRV>")
            return
        }
        let index = Int(plan.firstServer[backend]) + server
        append(plan.serverNames[index], plan, flags)
    }

    // MARK: Addresses

    private mutating func append(address: borrowing RawSocketAddress, _ flags: LogFlags) {
        switch address.family {
        case AF_INET, AF_INET6:
            guard let ip = address.ip?.address else { return }
            if flags.contains(.hexadecimal) {
                if ip.family == .v6 { append(hexadecimal: ip.high, digits: 16) }
                append(hexadecimal: ip.low, digits: ip.family == .v6 ? 16 : 8)
                return
            }
            if flags.contains(.quoted) { append(0x22) }
            append(ip)
            if flags.contains(.quoted) { append(0x22) }
        case AF_UNIX: append(flags.contains(.quoted) ? "\"unix\"" : "unix")
        default: appendNothing(flags)
        }
    }

    private mutating func append(port address: borrowing RawSocketAddress, _ flags: LogFlags) {
        switch address.family {
        case AF_INET, AF_INET6:
            append(counter: UInt64(address.ip?.port ?? 0), flags)
        case AF_UNIX: append(counter: 1, flags)
        default: appendNothing(flags)
        }
    }

    // MARK: The request line

    /// A part of `METHOD SP URI SP VERSION`.
    private mutating func append(
        requestPart part: LogVariable, _ line: Span<UInt8>, isBad: Bool, _ flags: LogFlags
    ) {
        if flags.contains(.quoted) { append(0x22) }
        if isBad || line.isEmpty {
            append("<BADREQ>")
        } else {
            append(encoded: line.extracting(partRange(of: part, in: line)), flags)
        }
        if flags.contains(.quoted) { append(0x22) }
    }

    private func partRange(of part: LogVariable, in line: Span<UInt8>) -> Range<Int> {
        if part == .requestLine { return 0..<line.count }
        let methodEnd = index(of: 0x20, in: line, from: 0)
        if part == .method { return 0..<methodEnd }
        let uriStart = min(methodEnd + 1, line.count)
        let uriEnd = index(of: 0x20, in: line, from: uriStart)
        switch part {
        case .version: return min(uriEnd + 1, line.count)..<line.count
        case .uri: return uriStart..<uriEnd
        default: break
        }
        let queryStart = min(index(of: 0x3F, in: line, from: uriStart), uriEnd)
        switch part {
        case .query: return queryStart..<uriEnd
        case .pathOnly: return pathStart(in: line, uriStart..<queryStart)..<queryStart
        default: return uriStart..<queryStart
        }
    }

    /// Where the path begins: behind scheme and authority when the URI is absolute.
    private func pathStart(in line: Span<UInt8>, _ uri: Range<Int>) -> Int {
        if uri.isEmpty || line[uri.lowerBound] == 0x2F { return uri.lowerBound }
        var position = uri.lowerBound
        while position + 2 < uri.upperBound {
            if line[position] == 0x3A && line[position + 1] == 0x2F && line[position + 2] == 0x2F {
                return min(index(of: 0x2F, in: line, from: position + 3), uri.upperBound)
            }
            position += 1
        }
        return uri.lowerBound
    }

    private func index(of byte: UInt8, in line: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position < line.count && line[position] != byte { position += 1 }
        return position
    }

    /// Unsafe bytes as `#XX`; with `E` a backslash before quotes, backslashes and brackets.
    private mutating func append(encoded text: Span<UInt8>, _ flags: LogFlags) {
        let escapes = flags.contains(.escaped)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x20 || byte > 0x7E || byte == 0x22 || byte == 0x23 {
                append(0x23)
                append(hexadecimal: UInt64(byte), digits: 2)
            } else {
                if escapes && (byte == 0x5C || byte == 0x5D) { append(0x5C) }
                append(byte)
            }
            index += 1
        }
    }
}

// Fields the parser acts upon the moment they are read: framing, routing, connection
// (RFC 9110 §7.6.1, §8.6; RFC 9112 §3.2, §6). What needs the whole head is left to `finish`.

import Bytes

extension HTTP1 {
    /// Takes a field into account; returns the fault that makes the message unacceptable.
    @inline(never)
    static func notice(
        _ line: FieldLine, _ bytes: Span<UInt8>, _ side: Side, _ policy: Policy,
        _ table: inout FieldTable, _ head: inout MessageHead
    ) -> HTTPFault? {
        let index = table.count &- 1
        switch line.known {
        case .host:
            return side == .request ? noticeHost(line, bytes, index, policy, &head) : nil
        case .contentLength:
            return noticeLength(line, bytes, &table, &head)
        case .transferEncoding:
            return noticeCoding(line, bytes, side, policy, &table, &head)
        case .connection:
            table.mark(index, [.removed, .hopByHop])
            return noticeConnection(bytes, line.value, &head)
        case .upgrade:
            table.mark(index, [.removed, .hopByHop])
            return noticeUpgrade(bytes, line.value, &head)
        case .te:
            table.mark(index, [.removed, .hopByHop])
            if side == .request, hasTrailersToken(bytes, line.value) {
                head.facts.insert(.acceptsTrailers)
            }
        case .keepAlive, .proxyConnection, .http2Settings:
            table.mark(index, [.removed, .hopByHop])
        case .expect:
            let range = line.value
            if range.count == 12,
                Scanning.smallWord(bytes, at: range.lowerBound, length: 8) == word("100-cont"),
                Scanning.smallWord(bytes, at: range.lowerBound &+ 8, length: 4) == word("inue")
            {
                head.facts.insert(.expectsContinue)
            }
        default: break
        }
        return nil
    }

    /// Host: one line, one authority (RFC 9112 §3.2).
    @inline(__always)
    private static func noticeHost(
        _ line: FieldLine, _ bytes: Span<UInt8>, _ index: Int, _ policy: Policy,
        _ head: inout MessageHead
    ) -> HTTPFault? {
        if head.hostIndex >= 0 { return .repeatedHost }
        head.hostIndex = Int16(truncatingIfNeeded: index)
        if policy.contains(.unsafeViolations) { return nil }
        let start = Int(line.valueStart)
        let isValid = Authority.isValid(bytes, start, start &+ Int(line.valueLength))
        return isValid ? nil : .badHost
    }

    /// Content-Length: one number, or the same number several times, which becomes one line with
    /// one number (RFC 9110 §8.6).
    @inline(__always)
    private static func noticeLength(
        _ line: FieldLine, _ bytes: Span<UInt8>, _ table: inout FieldTable,
        _ head: inout MessageHead
    ) -> HTTPFault? {
        let range = line.value
        var index = range.lowerBound
        var isFirst = true
        repeat {
            guard let value = decimal(bytes, &index, range.upperBound) else {
                return .badContentLength
            }
            if head.facts.contains(.hasLength), value != head.contentLength {
                return .conflictingContentLength
            }
            head.contentLength = value
            head.facts.insert(.hasLength)
            if index == range.upperBound { break }
            index = Scanning.skipBlank(bytes, from: index, to: range.upperBound)
            if bytes[index] != Byte.comma { return .badContentLength }
            index = Scanning.skipBlank(bytes, from: index &+ 1, to: range.upperBound)
            isFirst = false
        } while true
        if head.lengthIndex >= 0 {
            table.mark(table.count &- 1, .removed)
            return nil
        }
        head.lengthIndex = Int16(truncatingIfNeeded: table.count &- 1)
        let hasLeadingZero = range.count > 1 && bytes[range.lowerBound] == Byte.zero
        if !isFirst || hasLeadingZero { table.mark(table.count &- 1, .rewritten) }
        return nil
    }

    /// Reads digits up to the first other byte; nil for none, or for more than fits 63 bits.
    @inline(__always)
    static func decimal(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int) -> UInt64? {
        let start = index
        var value: UInt64 = 0
        while index < end {
            let digit = bytes[index] &- Byte.zero
            if digit > 9 { break }
            if value > UInt64(Int64.max) / 10 { return nil }
            value = value &* 10 &+ UInt64(digit)
            index &+= 1
        }
        return index > start && value <= UInt64(Int64.max) ? value : nil
    }

    /// Transfer-Encoding: `chunked`, once. Anything else could be read in two ways or cannot be
    /// read here (RFC 9112 §6.1).
    private static func noticeCoding(
        _ line: FieldLine, _ bytes: Span<UInt8>, _ side: Side, _ policy: Policy,
        _ table: inout FieldTable, _ head: inout MessageHead
    ) -> HTTPFault? {
        let range = line.value
        let isLoose = side == .response && policy.contains(.unsafeViolations)
        if isChunked(bytes, range) {
            let isRepeated = head.facts.contains(.isChunked)
            head.facts.insert(.isChunked)
            table.mark(table.count &- 1, isRepeated ? [.removed, .hopByHop] : .hopByHop)
            return isRepeated && !isLoose ? .repeatedTransferEncoding : nil
        }
        if head.facts.contains(.isChunked), !isLoose { return .repeatedTransferEncoding }
        table.mark(table.count &- 1, [.removed, .hopByHop])
        if isLoose, looseCoding(bytes, range, &table, &head) { return nil }
        var last = 0..<0
        var codings = TokenList(bytes, range)
        var chunkedCodings = 0
        var otherCodings = 0
        while let token = codings.next() {
            last = token
            if isChunked(bytes, token) { chunkedCodings &+= 1 } else { otherCodings &+= 1 }
        }
        if codings.isMalformed || chunkedCodings != 1 || !isChunked(bytes, last) {
            return .badTransferEncoding
        }
        return otherCodings > 0 ? .unknownTransferCoding : .badTransferEncoding
    }

    /// Empty values and repeated `chunked`, which the policy accepts in responses.
    private static func looseCoding(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ table: inout FieldTable,
        _ head: inout MessageHead
    ) -> Bool {
        var codings = TokenList(bytes, range)
        var found = false
        while let token = codings.next() {
            if !isChunked(bytes, token) { return false }
            found = true
        }
        if codings.isMalformed { return false }
        guard found else { return true }
        if head.facts.contains(.isChunked) { return true }
        head.facts.insert(.isChunked)
        // The line is kept and its value written anew.
        var line = table[table.count &- 1]
        line.flags = [.hopByHop, .rewritten]
        table[table.count &- 1] = line
        return true
    }

    @inline(__always)
    private static func isChunked(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count == 7
            && Scanning.smallWord(bytes, at: range.lowerBound, length: 7) == word("chunked")
    }

    /// Upgrade: only whether something other than HTTP/2 is offered, and whether it is WebSocket.
    private static func noticeUpgrade(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: inout MessageHead
    ) -> HTTPFault? {
        var protocols = TokenList(bytes, range, allowsSlash: true)
        while let name = protocols.next() {
            let first = Scanning.smallWord(
                bytes, at: name.lowerBound, length: min(name.count, 8))
            if name.count == 3, first == word("h2c") {
                head.facts.insert(.offersHTTP2)
                continue
            }
            head.facts.insert(.offersUpgrade)
            if name.count == 9, first == word("websocke"),
                bytes[name.lowerBound &+ 8].asciiLowercased == 0x74
            {
                head.facts.insert(.webSocket)
            }
        }
        return protocols.isMalformed ? .badConnection : nil
    }

    private static func hasTrailersToken(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var codings = TokenList(bytes, range, allowsParameters: true)
        while let token = codings.next() {
            if token.count == 8,
                Scanning.smallWord(bytes, at: token.lowerBound, length: 8) == word("trailers")
            {
                return true
            }
        }
        return false
    }
}

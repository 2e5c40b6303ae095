// Request heads (RFC 9112 §3, §5, §6). Left to right, so that the first fault found in a prefix is
// the fault of the whole message: any split of the input gives the same result.

import Bytes

extension HTTP1 {
    /// Parses a request head.
    ///
    /// For a new message pass a fresh ``MessageHead``; after `.incomplete` pass the same head and
    /// table again with the same bytes and more behind them (they may have moved in memory). A
    /// head that arrives in small pieces costs time linear in its length. Empty lines before the
    /// request line are skipped and count into the head's length (RFC 9112 §2.2).
    public static func parseRequest(
        _ bytes: Span<UInt8>, policy: Policy = [], into table: inout FieldTable,
        head: inout MessageHead
    ) -> HeadResult {
        if head.pending != .anything, isPending(bytes, policy, &head) { return .incomplete }
        if head.stage == .startLine {
            table.removeAll()
            let result = requestLine(bytes, policy, &head)
            if result != .complete { return result }
            head.stage = .fields
            if !head.isSimple { plainHost(bytes, &table, &head) }
        }
        let result = fields(bytes, of: .request, policy, &table, &head)
        if result != .complete { return result }
        return finishRequest(bytes, policy, &table, &head)
    }

    /// `method SP request-target SP HTTP-version CRLF`
    @inline(__always)
    private static func requestLine(
        _ bytes: Span<UInt8>, _ policy: Policy, _ head: inout MessageHead
    ) -> HeadResult {
        let count = bytes.count
        var start = Int(head.lineStart)
        while start < count, bytes[start] == Byte.carriageReturn {
            guard start &+ 1 < count else {
                head.lineStart = UInt32(truncatingIfNeeded: start)
                return wait(&head)
            }
            if bytes[start &+ 1] != Byte.lineFeed { return .invalid(.bareCarriageReturn) }
            start &+= 2
        }
        head.startLine = UInt32(truncatingIfNeeded: start)
        head.lineStart = head.startLine
        var methodEnd = start &+ Method.usualLength(bytes, at: start, method: &head.method)
        if methodEnd == start {
            methodEnd = Scanning.tokenEnd(bytes, from: start)
            if methodEnd == count { return wait(for: .tokenEnd, from: count, &head) }
            if bytes[methodEnd] != Byte.space || methodEnd == start {
                return .invalid(bytes[methodEnd] == Byte.lineFeed ? .bareLineFeed : .badMethod)
            }
        }
        let targetStart = methodEnd &+ 1
        var targetEnd = Scanning.targetEnd(bytes, from: targetStart)
        while targetEnd < count, bytes[targetEnd] != Byte.space {
            let fault = targetFault(bytes[targetEnd], policy)
            if fault == .http09 {
                return simpleRequest(bytes, targetStart..<targetEnd, policy, &head)
            }
            if let fault { return .invalid(fault) }
            targetEnd = Scanning.targetEnd(bytes, from: targetEnd &+ 1)
        }
        if targetEnd == count { return wait(for: .targetEnd, from: count, &head) }
        if targetEnd == targetStart { return .invalid(.badRequestLine) }
        let next: Int
        switch version(bytes, at: targetEnd &+ 1, policy, &head) {
        case .end(let index): next = index
        case .wait: return wait(&head)
        case .fault(let fault): return .invalid(preface(bytes, start, targetEnd, fault))
        }
        head.methodLength = UInt32(truncatingIfNeeded: methodEnd &- start)
        head.targetStart = UInt32(truncatingIfNeeded: targetStart)
        head.targetLength = UInt32(truncatingIfNeeded: targetEnd &- targetStart)
        head.lineStart = UInt32(truncatingIfNeeded: next)
        if bytes[targetStart] == Byte.slash, head.method != .connect {
            head.pathStart = head.targetStart
            return .complete
        }
        if let fault = Target.classify(bytes, policy, &head) { return .invalid(fault) }
        return .complete
    }

    /// Takes `Host: name` or `Host: name:port` as the first field line, where it mostly is and
    /// mostly is spelled so, in one pass. Anything else is left to the loop over field lines.
    @inline(__always)
    private static func plainHost(
        _ bytes: Span<UInt8>, _ table: inout FieldTable, _ head: inout MessageHead
    ) {
        let start = Int(head.lineStart)
        let count = bytes.count
        guard start &+ 16 <= count,
            (bytes.load64(start) | 0x2020_2020) & 0xFFFF_FFFF_FFFF == word("host: ")
        else { return }
        var index = start &+ 6
        while index &+ 8 <= count {
            let skipped = Scanning.plainHostBytes(bytes.load64(index))
            index &+= skipped
            if skipped < 8 { break }
        }
        if index < count, bytes[index] == Byte.colon {
            let portStart = index &+ 1
            var port = 0
            index = portStart
            while index < count, index < portStart &+ 5 {
                let digit = bytes[index] &- Byte.zero
                if digit > 9 { break }
                port = port &* 10 &+ Int(digit)
                index &+= 1
            }
            if port > 65535 { return }
        }
        guard index &+ 2 <= count, index > start &+ 6, bytes[index] == Byte.carriageReturn,
            bytes[index &+ 1] == Byte.lineFeed
        else { return }
        let line = FieldLine(
            nameStart: UInt32(truncatingIfNeeded: start),
            valueStart: UInt32(truncatingIfNeeded: start &+ 6),
            valueLength: UInt32(truncatingIfNeeded: index &- start &- 6), nameLength: 4,
            known: .host, flags: .canonical)
        guard table.append(line) else { return }
        head.seen |= 1 &<< UInt64(KnownField.host.rawValue)
        head.hostIndex = 0
        head.lineStart = UInt32(truncatingIfNeeded: index &+ 2)
    }

    /// The fault of a byte that ended a target early; nil when the policy lets it pass;
    /// `.http09` when the line ends without a version.
    @inline(never)
    private static func targetFault(_ byte: UInt8, _ policy: Policy) -> HTTPFault? {
        switch byte {
        case Byte.carriageReturn: return .http09
        case Byte.lineFeed: return .bareLineFeed
        case Byte.hash: return policy.contains(.unsafeViolations) ? nil : .fragmentInTarget
        case 0x80...: return policy.contains(.unsafeViolations) ? nil : .badTarget
        default: return .badTarget
        }
    }

    /// `GET target CRLF`: HTTP/0.9, let through by the policy alone, and then without fields.
    @inline(never)
    private static func simpleRequest(
        _ bytes: Span<UInt8>, _ target: Range<Int>, _ policy: Policy, _ head: inout MessageHead
    ) -> HeadResult {
        let end = target.upperBound
        guard end &+ 1 < bytes.count else { return wait(&head) }
        if bytes[end &+ 1] != Byte.lineFeed { return .invalid(.bareCarriageReturn) }
        guard policy.contains(.unsafeViolations), head.method == .get,
            bytes[target.lowerBound] == Byte.slash
        else { return .invalid(.http09) }
        head.methodLength = 3
        head.targetStart = UInt32(truncatingIfNeeded: target.lowerBound)
        head.targetLength = UInt32(truncatingIfNeeded: target.count)
        head.pathStart = head.targetStart
        head.minorVersion = 0
        head.lineStart = UInt32(truncatingIfNeeded: end &+ 2)
        head.isSimple = true
        return .complete
    }

    /// Names the HTTP/2 connection preface, which is a request line of HTTP/1 on purpose.
    @inline(never)
    private static func preface(
        _ bytes: Span<UInt8>, _ start: Int, _ targetEnd: Int, _ fault: HTTPFault
    ) -> HTTPFault {
        let isPreface =
            fault == .unsupportedVersion && targetEnd &- start == 5
            && bytes.load64(start) & 0xFF_FFFF_FFFF == word("PRI *")
        return isPreface ? .http2Preface : fault
    }
}

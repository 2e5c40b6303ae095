// Response heads (RFC 9112 §4, §6). Every fault means 502 to the client and the end of the
// server connection.

import Bytes

extension HTTP1 {
    /// Parses a response head; `method` and `upgradeAsked` are those of the request it answers.
    ///
    /// To be called as ``parseRequest(_:policy:into:head:)``. After an interim response
    /// (``MessageHead/isInterim``) another head follows.
    public static func parseResponse(
        _ bytes: Span<UInt8>, to method: Method, upgradeAsked: Bool = false,
        policy: Policy = [], into table: inout FieldTable, head: inout MessageHead
    ) -> HeadResult {
        if head.pending != .anything, isPending(bytes, policy, &head) { return .incomplete }
        if head.stage == .startLine {
            table.removeAll()
            head.method = method
            let result = statusLine(bytes, policy, &head)
            if result != .complete { return result }
            head.stage = .fields
        }
        let result = fields(bytes, of: .response, policy, &table, &head)
        if result != .complete { return result }
        if let fault = finishResponse(bytes, policy, upgradeAsked, &table, &head) {
            return .invalid(fault)
        }
        return .complete
    }

    /// `HTTP-version SP status-code [SP reason-phrase] CRLF`
    @inline(__always)
    private static func statusLine(
        _ bytes: Span<UInt8>, _ policy: Policy, _ head: inout MessageHead
    ) -> HeadResult {
        let count = bytes.count
        head.startLine = head.lineStart
        var index = Int(head.lineStart)
        if index &+ 13 <= count,
            bytes.load64(index) | (1 &<< 56) == word("HTTP/1.1"),
            bytes[index &+ 8] == Byte.space
        {
            head.minorVersion = bytes[index &+ 7] &- Byte.zero
            index &+= 8
        } else {
            switch unusualVersion(bytes, at: index, policy, &head) {
            case .end(let next): index = next
            case .wait: return wait(&head)
            case .fault: return .invalid(.badStatusLine)
            }
            if index == count { return wait(&head) }
            if bytes[index] != Byte.space { return .invalid(.badStatusLine) }
        }
        switch statusCode(bytes, at: index &+ 1, policy, &head) {
        case .end(let next): index = next
        case .wait: return wait(&head)
        case .fault(let fault): return .invalid(fault)
        }
        let reasonStart = bytes[index] == Byte.space ? index &+ 1 : index
        let end = Scanning.firstControl(bytes, from: reasonStart)
        if end == count { return wait(for: .control, from: count, &head) }
        if bytes[end] != Byte.carriageReturn {
            return .invalid(bytes[end] == Byte.lineFeed ? .bareLineFeed : .badStatusLine)
        }
        if end &+ 1 == count { return wait(&head) }
        if bytes[end &+ 1] != Byte.lineFeed { return .invalid(.bareCarriageReturn) }
        head.targetStart = UInt32(truncatingIfNeeded: reasonStart)
        head.targetLength = UInt32(truncatingIfNeeded: end &- reasonStart)
        head.lineStart = UInt32(truncatingIfNeeded: end &+ 2)
        return .complete
    }

    /// Three digits, the first not zero (RFC 9112 §4). `.end` is the byte behind them, a blank or
    /// the line's end.
    @inline(__always)
    private static func statusCode(
        _ bytes: Span<UInt8>, at start: Int, _ policy: Policy, _ head: inout MessageHead
    ) -> Step {
        var index = start
        var value = 0
        while index < bytes.count, bytes[index].isIn(CharacterClass.digit) {
            value = value &* 10 &+ Int(bytes[index] &- Byte.zero)
            if value > Int(UInt16.max) { return .fault(.badStatus) }
            index &+= 1
            if index &- start > 3, !policy.contains(.unsafeViolations) {
                return .fault(.badStatus)
            }
            if index &- start > 5 { return .fault(.badStatus) }
        }
        if index == bytes.count { return .wait(index) }
        if index &- start < 3 || value < 100 { return .fault(.badStatus) }
        switch bytes[index] {
        case Byte.space, Byte.carriageReturn: break
        case Byte.lineFeed: return .fault(.bareLineFeed)
        default: return .fault(.badStatus)
        }
        head.status = UInt16(truncatingIfNeeded: value)
        return .end(index)
    }
}

// Field lines (RFC 9112 §5): the loop that most of the time goes into. Names are tokens, values
// hold no control character, lines end with CRLF, and nothing is folded.

import Bytes

extension HTTP1 {
    /// Which side of an exchange a head belongs to.
    enum Side { case request, response }

    /// Parses field lines from `head.lineStart` up to the empty line that ends the head.
    @inline(__always)
    static func fields(
        _ bytes: Span<UInt8>, of side: Side, _ policy: Policy, _ table: inout FieldTable,
        _ head: inout MessageHead
    ) -> HeadResult {
        let count = bytes.count
        var start = Int(head.lineStart)
        if head.isSimple { return endOfHead(start, &head) }
        while start < count {
            if bytes[start] == Byte.carriageReturn {
                head.lineStart = UInt32(truncatingIfNeeded: start)
                guard start &+ 1 < count else { return wait(&head) }
                if bytes[start &+ 1] != Byte.lineFeed { return .invalid(.bareCarriageReturn) }
                return endOfHead(start &+ 2, &head)
            }
            let (nameEnd, known) = fieldName(bytes, at: start)
            if nameEnd == count {
                head.lineStart = UInt32(truncatingIfNeeded: start)
                return wait(for: .tokenEnd, from: count, &head)
            }
            if bytes[nameEnd] != Byte.colon || nameEnd == start {
                switch unusualLine(bytes, start, nameEnd, policy) {
                case .end(let next):
                    start = next
                    continue
                case .wait:
                    head.lineStart = UInt32(truncatingIfNeeded: start)
                    return wait(&head)
                case .fault(let fault): return .invalid(fault)
                }
            }
            let valueStart = Scanning.skipBlank(bytes, from: nameEnd &+ 1, to: count)
            var lineEnd = Scanning.firstControl(bytes, from: valueStart)
            if lineEnd &+ 1 >= count || bytes[lineEnd] != Byte.carriageReturn
                || bytes[lineEnd &+ 1] != Byte.lineFeed
            {
                switch unusualEnd(bytes, lineEnd, policy) {
                case .end(let index): lineEnd = index
                case .wait(let index):
                    head.lineStart = UInt32(truncatingIfNeeded: start)
                    return wait(for: .control, from: index, &head)
                case .fault(let fault): return .invalid(fault)
                }
            }
            let valueEnd = Scanning.trimBlank(bytes, from: valueStart, to: lineEnd)
            let isCanonical =
                valueEnd == lineEnd && valueStart == nameEnd &+ 2
                && bytes[nameEnd &+ 1] == Byte.space
            let nameLength = nameEnd &- start
            if nameLength > Int(UInt16.max) { return .invalid(.badFieldName) }
            let line = FieldLine(
                nameStart: UInt32(truncatingIfNeeded: start),
                valueStart: UInt32(truncatingIfNeeded: valueStart),
                valueLength: UInt32(truncatingIfNeeded: valueEnd &- valueStart),
                nameLength: UInt16(truncatingIfNeeded: nameLength), known: known,
                flags: isCanonical ? .canonical : [])
            if !table.append(line) { return .invalid(.tooManyFields) }
            head.seen |= 1 &<< UInt64(known.rawValue)
            if known.isActedUpon, known != .unlisted,
                let fault = notice(line, bytes, side, policy, &table, &head)
            {
                return .invalid(fault)
            }
            start = lineEnd &+ 2
        }
        head.lineStart = UInt32(truncatingIfNeeded: start)
        return wait(&head)
    }

    /// Where the token at `start` ends, and what field it names. Names of letters and hyphens up
    /// to sixteen bytes, which most are, are read in one or two words.
    @inline(__always)
    private static func fieldName(
        _ bytes: Span<UInt8>, at start: Int
    ) -> (end: Int, known: KnownField) {
        if start &+ 16 <= bytes.count {
            let first = bytes.load64(start)
            let firstMask = Scanning.unusualNameBytes(first)
            let small = first | Scanning.ones &* 0x20
            if firstMask != 0 {
                let length = firstMask.trailingZeroBitCount &>> 3
                if bytes[start &+ length] == Byte.colon {
                    let name = small & Scanning.lowBytes(length)
                    return (start &+ length, KnownField.identify(name, length: length))
                }
            } else {
                let second = bytes.load64(start &+ 8)
                let mask = Scanning.unusualNameBytes(second)
                let length = mask.trailingZeroBitCount &>> 3
                if mask != 0, bytes[start &+ 8 &+ length] == Byte.colon {
                    let name = (second | Scanning.ones &* 0x20) & Scanning.lowBytes(length)
                    let known =
                        length == 0
                        ? KnownField.identify(small, length: 8)
                        : KnownField.identify(small, name, length: 8 &+ length)
                    return (start &+ 8 &+ length, known)
                }
            }
        }
        return unusualName(bytes, at: start)
    }

    @inline(never)
    private static func unusualName(
        _ bytes: Span<UInt8>, at start: Int
    ) -> (end: Int, known: KnownField) {
        let end = Scanning.tokenEnd(bytes, from: start)
        return (end, KnownField.identify(bytes, at: start, length: end &- start))
    }

    @inline(__always)
    private static func endOfHead(_ end: Int, _ head: inout MessageHead) -> HeadResult {
        head.length = UInt32(truncatingIfNeeded: end)
        head.stage = .complete
        return .complete
    }

    /// A line that does not begin with a name and a colon: a fault, or, where the policy says so,
    /// a line to drop.
    @inline(never)
    private static func unusualLine(
        _ bytes: Span<UInt8>, _ start: Int, _ nameEnd: Int, _ policy: Policy
    ) -> Step {
        let byte = bytes[nameEnd]
        if byte == Byte.lineFeed {
            return .fault(nameEnd == start ? .bareLineFeed : .badFieldName)
        }
        if byte == Byte.space || byte == Byte.tab {
            return .fault(nameEnd == start ? .foldedLine : .blankBeforeColon)
        }
        if byte == Byte.carriageReturn || !policy.contains(.unsafeViolations) {
            return .fault(.badFieldName)
        }
        return droppedLine(bytes, start, policy)
    }

    /// Skips a line whose name holds a wrong byte. It must still have a colon and a proper end.
    private static func droppedLine(
        _ bytes: Span<UInt8>, _ start: Int, _ policy: Policy
    ) -> Step {
        var index = start
        while index < bytes.count, bytes[index] != Byte.colon {
            switch bytes[index] {
            case Byte.carriageReturn, Byte.lineFeed: return .fault(.badFieldName)
            case Byte.space, Byte.tab: return .fault(.blankBeforeColon)
            default: index &+= 1
            }
        }
        if index == bytes.count { return .wait(index) }
        let end = Scanning.firstControl(bytes, from: index)
        switch unusualEnd(bytes, end, policy) {
        case .end(let index): return .end(index &+ 2)
        case let other: return other
        }
    }

    /// A value that is not followed by CRLF at `end`: its last byte has not come, a fault, or a
    /// control character the policy lets through. `.end` is where the CRLF begins.
    @inline(never)
    private static func unusualEnd(
        _ bytes: Span<UInt8>, _ start: Int, _ policy: Policy
    ) -> Step {
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case Byte.carriageReturn:
                guard end &+ 1 < bytes.count else { return .wait(end) }
                return bytes[end &+ 1] == Byte.lineFeed
                    ? .end(end) : .fault(.bareCarriageReturn)
            case Byte.lineFeed: return .fault(.bareLineFeed)
            default:
                if !policy.contains(.unsafeViolations) { return .fault(.badFieldValue) }
                end = Scanning.firstControl(bytes, from: end &+ 1)
            }
        }
        return .wait(end)
    }
}

// `HTTP/1.1 CRLF` behind a request target and `HTTP/1.1 SP` before a status (RFC 9112 §2.3).

import Bytes

extension HTTP1 {
    /// What reading a part of a start line came to.
    enum Step {
        /// The part is valid; what follows begins at the index.
        case end(Int)
        /// More bytes are needed, from the index on.
        case wait(Int)
        case fault(HTTPFault)
    }

    /// Reads the version and the line end of a request line.
    @inline(__always)
    static func version(
        _ bytes: Span<UInt8>, at start: Int, _ policy: Policy, _ head: inout MessageHead
    ) -> Step {
        if start &+ 10 <= bytes.count {
            let spelled = bytes.load64(start)
            if spelled | (1 &<< 56) == word("HTTP/1.1"),
                bytes[start &+ 8] == Byte.carriageReturn, bytes[start &+ 9] == Byte.lineFeed
            {
                head.minorVersion = UInt8(truncatingIfNeeded: spelled &>> 56) &- Byte.zero
                return .end(start &+ 10)
            }
        }
        let end: Int
        switch unusualVersion(bytes, at: start, policy, &head) {
        case .end(let index): end = index
        case let other: return other
        }
        if end == bytes.count { return .wait(end) }
        switch bytes[end] {
        case Byte.lineFeed: return .fault(.bareLineFeed)
        case Byte.carriageReturn: break
        default: return .fault(.badRequestLine)
        }
        if end &+ 1 == bytes.count { return .wait(end) }
        return bytes[end &+ 1] == Byte.lineFeed
            ? .end(end &+ 2) : .fault(.bareCarriageReturn)
    }

    /// Reads `HTTP/` DIGIT `.` DIGIT byte by byte: partial input, other versions, and what the
    /// policy lets through.
    @inline(never)
    static func unusualVersion(
        _ bytes: Span<UInt8>, at start: Int, _ policy: Policy, _ head: inout MessageHead
    ) -> Step {
        let count = bytes.count
        if policy.contains(.unsafeViolations) { return looseVersion(bytes, at: start, &head) }
        var index = start
        let expected = word("HTTP/")
        while index < start &+ 5 {
            if index == count { return .wait(index) }
            let wanted = UInt8(truncatingIfNeeded: expected &>> UInt64((index &- start) &* 8))
            if bytes[index] != wanted {
                let isBlank = index == start && bytes[index] == Byte.space
                return .fault(isBlank ? .badRequestLine : .badVersion)
            }
            index &+= 1
        }
        var major: UInt8 = 0
        while index < start &+ 8 {
            if index == count { return .wait(index) }
            let byte = bytes[index]
            if index == start &+ 6 {
                if byte != Byte.period { return .fault(.badVersion) }
            } else {
                if !byte.isIn(CharacterClass.digit) { return .fault(.badVersion) }
                if index == start &+ 5 {
                    major = byte
                } else {
                    head.minorVersion = min(byte &- Byte.zero, 1)
                }
            }
            index &+= 1
        }
        return major == 0x31 ? .end(index) : .fault(.unsupportedVersion)
    }

    /// Any protocol name in capitals, `/`, digits, `.`, digits. A spelling that is not
    /// `HTTP/` DIGIT `.` DIGIT is forwarded as it came and counts as 1.0.
    private static func looseVersion(
        _ bytes: Span<UInt8>, at start: Int, _ head: inout MessageHead
    ) -> Step {
        var index = start
        while index < bytes.count, bytes[index] &- 0x41 < 26 { index &+= 1 }
        if index == bytes.count { return .wait(index) }
        if index == start || bytes[index] != Byte.slash { return .fault(.badVersion) }
        index &+= 1
        let majorStart = index
        let major = number(bytes, &index)
        if index == bytes.count { return .wait(index) }
        if index == majorStart || bytes[index] != Byte.period { return .fault(.badVersion) }
        index &+= 1
        let minorStart = index
        let minor = number(bytes, &index)
        if index == bytes.count { return .wait(index) }
        if index == minorStart || index &- start > 255 { return .fault(.badVersion) }
        let isUsual =
            index &- start == 8
            && Scanning.exactWord(bytes, at: start, length: 5) == word("HTTP/")
        if isUsual {
            head.minorVersion = major > 1 || (major == 1 && minor > 0) ? 1 : 0
        } else {
            head.minorVersion = 0
            head.versionStart = UInt32(truncatingIfNeeded: start)
            head.versionLength = UInt8(truncatingIfNeeded: index &- start)
        }
        return .end(index)
    }

    /// Reads digits; large numbers stop growing, since only small ones are told apart.
    private static func number(_ bytes: Span<UInt8>, _ index: inout Int) -> Int {
        var value = 0
        while index < bytes.count, bytes[index].isIn(CharacterClass.digit) {
            value = min(value &* 10 &+ Int(bytes[index] &- Byte.zero), 1000)
            index &+= 1
        }
        return value
    }
}

// Going on with a head that came in pieces. A line is read again from its start, but only once the
// byte that its reading stopped for can have come: every byte is searched once, so a head in tiny
// pieces costs time linear in its length.

import Bytes

extension HTTP1 {
    /// Whether the bytes that have come since still do not hold what the pending line waits for.
    @inline(never)
    static func isPending(
        _ bytes: Span<UInt8>, _ policy: Policy, _ head: inout MessageHead
    ) -> Bool {
        let start = Int(head.scanned)
        let end =
            switch head.pending {
            case .anything: start
            case .tokenEnd: Scanning.tokenEnd(bytes, from: start)
            case .targetEnd: Scanning.targetEnd(bytes, from: start)
            case .control: control(bytes, from: start, head.stage == .fields ? policy : [])
            }
        head.scanned = UInt32(truncatingIfNeeded: end)
        if end == bytes.count { return true }
        head.pending = .anything
        return false
    }

    /// The first control character that the policy does not let pass in a field value.
    private static func control(
        _ bytes: Span<UInt8>, from start: Int, _ policy: Policy
    ) -> Int {
        var end = Scanning.firstControl(bytes, from: start)
        guard policy.contains(.unsafeViolations) else { return end }
        while end < bytes.count, bytes[end] != Byte.carriageReturn, bytes[end] != Byte.lineFeed {
            end = Scanning.firstControl(bytes, from: end &+ 1)
        }
        return end
    }

    /// Leaves the pending line until more bytes have come.
    @inline(__always)
    static func wait(_ head: inout MessageHead) -> HeadResult {
        head.pending = .anything
        return .incomplete
    }

    /// Leaves the pending line until something has come at or behind `index`.
    @inline(__always)
    static func wait(
        for pending: MessageHead.Pending, from index: Int, _ head: inout MessageHead
    ) -> HeadResult {
        head.pending = pending
        head.scanned = UInt32(truncatingIfNeeded: index)
        return .incomplete
    }
}

// Changing the start line that rules see: method, target and its parts, status and reason. What
// is changed is written into the edits, as fields are.

import Bytes
import HTTP
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    // MARK: Requests

    /// Gives the request another method; false when that cannot be.
    ///
    /// A client that asked with HEAD gets no body, whatever the server is asked for.
    ///
    /// Differs: HAProxy sends whatever a rule makes. Here a method has to be a token, and
    /// CONNECT, which changes what the bytes behind the head are, is neither made nor unmade. A
    /// client that did not ask with HEAD, while the server is, is left after the response, as it
    /// may wait for a body.
    public func setMethod(_ method: Span<UInt8>) -> Bool {
        let next = Method.named(method)
        // Safety: as the type says; so below.
        let present = unsafe worker.pointee.streams[stream].method
        guard method.isToken, (next == .connect) == (present == .connect),
            makeRoom(method.count, for: .method), let range = keep(method)
        else { return false }
        if (next == .head) != (present == .head) { setAsksWithHead(next == .head) }
        unsafe worker.pointee.streams[stream].method = next
        if unsafe worker.pointee.isTraced { traced(.method, method, method) }
        unsafe worker.pointee.message.line.method = EditedRange(range)
        return true
    }

    /// Gives the request another target; false when there is no room, or nothing is left of it.
    ///
    /// A target with an authority gives the Host field that value.
    public func setTarget(_ target: Span<UInt8>) -> Bool {
        guard !target.isEmpty, makeRoom(target.encodedCount, for: .target),
            let range = keepTarget(target)
        else { return false }
        unsafe worker.pointee.message.line.target = EditedRange(range)
        unsafe worker.pointee.message.line.pathStart = UInt32(
            truncatingIfNeeded: range.lowerBound &+ self.target.pathOffset)
        if unsafe worker.pointee.isTraced { traced(.target, self.target, self.target) }
        return followTarget()
    }

    /// Replaces path and query, or a part of them, of the request's target; false when there is no
    /// room, or nothing is left of the target.
    ///
    /// - Parameters:
    ///   - keepsPath: the path stays.
    ///   - keepsQuery: the query stays, question mark included.
    ///   - text: what takes the place of the rest; a new query comes without a question mark, and
    ///     an empty one leaves the question mark that was there.
    public func setPath(_ text: Span<UInt8>, keepsPath: Bool, keepsQuery: Bool) -> Bool {
        let whole = target
        let tail = pathAndQuery
        let before = whole.count &- tail.count
        if unsafe worker.pointee.streams[stream].method == .connect { return false }
        let mark = tail.firstIndex(of: 0x3F) ?? tail.count
        var most = before &+ text.encodedCount
        if keepsPath { most &+= mark }
        if keepsQuery { most &+= tail.count &- mark }
        // Of a target there has to be something left.
        guard most > 0, makeRoom(most &+ 1, for: .target) else { return false }
        guard let start = keep(whole.extracting(0..<before)) else { return false }
        var fits = true
        if keepsPath {
            fits = keep(tail.extracting(0..<mark)) != nil
            if !text.isEmpty || mark < tail.count { fits = fits && keep("?") != nil }
        }
        fits = fits && keepTarget(text) != nil
        if keepsQuery { fits = fits && keep(tail.extracting(mark..<tail.count)) != nil }
        let end = unsafe worker.pointee.message.edits.count
        guard fits, end > start.lowerBound else { return false }
        unsafe worker.pointee.message.line.target = EditedRange(start.lowerBound..<end)
        unsafe worker.pointee.message.line.pathStart = UInt32(
            truncatingIfNeeded: start.lowerBound &+ before)
        if unsafe worker.pointee.isTraced { traced(.target, self.target, self.target) }
        return true
    }

    /// Appends a part of a target to the edits; nil when it does not fit.
    ///
    /// Differs: HAProxy writes a blank into the request line as it is, and makes a request of it
    /// that servers read in several ways. Here blanks and control characters are encoded.
    private func keepTarget(_ text: Span<UInt8>) -> Range<Int>? {
        guard let start = keep(text.extracting(0..<0)) else { return nil }
        var plain = 0
        for index in 0..<text.count where text[index].isEncodedInTargets {
            guard keep(text.extracting(plain..<index)) != nil,
                keepEncoded(text[index])
            else { return nil }
            plain = index &+ 1
        }
        guard keep(text.extracting(plain..<text.count)) != nil else { return nil }
        return start.lowerBound..<(unsafe worker.pointee.message.edits.count)
    }

    private func keepEncoded(_ byte: UInt8) -> Bool {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 0x30 : value &+ 0x37 }
        return unsafe worker.pointee.message.edits.append(0x25)
            && worker.pointee.message.edits.append(digit(byte &>> 4))
            && worker.pointee.message.edits.append(digit(byte & 15))
    }

    /// Gives the Host field the authority of a target that has one.
    private func followTarget() -> Bool {
        let target = target
        guard let authority = target.authorityOffsets else { return true }
        var host = target.extracting(authority)
        if let user = host.firstIndex(of: 0x40) { host = host.extracting(user &+ 1..<host.count) }
        guard let index = unsafe worker.pointee.fields.firstIndex(of: .host) else { return true }
        if value(of: field(index)).isEqual(to: host) { return true }
        return replaceLine(index, value: host)
    }

    /// Gives an absolute target its usual form (RFC 9110 §4.2.3): without the port that is meant
    /// without it, which goes from the Host field too, or from CONNECT's Host field that says the
    /// same; and with `/` for an empty path. Where there is no room, all stays as it is.
    ///
    /// Only ports that are written as `80` and `443`, or not at all behind their colon, are
    /// recognised, as HAProxy does.
    ///
    /// Differs: HAProxy leaves an empty path before a query as it is, and readers differ on where
    /// the path of such a target begins. Here rules and servers see `/`.
    func normalizeTarget() {
        let whole = target
        if unsafe worker.pointee.streams[stream].method == .connect {
            guard let index = unsafe worker.pointee.fields.firstIndex(of: .host) else { return }
            let host = value(of: field(index))
            guard let colon = host.usualPort, host.isSame(inAnyCaseAs: whole) else { return }
            _ = replaceLine(index, value: host.extracting(0..<colon))
            return
        }
        guard let authority = whole.authorityOffsets else { return }
        let facts = head.facts
        let port = facts.contains(.namesUsualPort) ? whole.extracting(authority).usualPort : nil
        let named = authority.lowerBound &+ (port ?? authority.count)
        // Room for target and Host is made at once: a half of it would be worse than nothing.
        let hasHost = unsafe port != nil && worker.pointee.fields.firstIndex(of: .host) != nil
        let room = whole.count &+ 1 &+ (hasHost ? authority.count &+ 8 : 0)
        guard makeRoom(room, for: .target),
            let start = keep(whole.extracting(0..<named))?.lowerBound
        else { return }
        let path = unsafe worker.pointee.message.edits.count
        guard !facts.contains(.lacksPath) || keep("/") != nil,
            keep(whole.extracting(authority.upperBound..<whole.count)) != nil
        else { return }
        let end = unsafe worker.pointee.message.edits.count
        unsafe worker.pointee.message.line.target = EditedRange(start..<end)
        unsafe worker.pointee.message.line.pathStart = UInt32(truncatingIfNeeded: path)
        if unsafe worker.pointee.isTraced { traced(.target, self.target, self.target) }
        if port != nil { _ = followTarget() }
    }

    /// Gives a target with an authority that of a Host field that a rule makes.
    func follow(host: Span<UInt8>) -> Bool {
        let whole = target
        guard let authority = whole.authorityOffsets else { return true }
        let present = whole.extracting(authority)
        let user = present.firstIndex(of: 0x40).map { $0 &+ 1 } ?? 0
        if present.extracting(user..<present.count).isEqual(to: host) { return true }
        let kept = whole.count &- authority.count
        guard makeRoom(kept &+ host.encodedCount, for: .target),
            let start = keep(whole.extracting(0..<authority.lowerBound)), keepTarget(host) != nil
        else { return false }
        let path = unsafe worker.pointee.message.edits.count
        guard keep(whole.extracting(authority.upperBound..<whole.count)) != nil else {
            return false
        }
        let end = unsafe worker.pointee.message.edits.count
        unsafe worker.pointee.message.line.target = EditedRange(start.lowerBound..<end)
        unsafe worker.pointee.message.line.pathStart = UInt32(truncatingIfNeeded: path)
        if unsafe worker.pointee.isTraced { traced(.target, self.target, self.target) }
        return true
    }

    // MARK: Responses

    /// Gives the response another status and reason; false when that cannot be.
    ///
    /// A response that gets a status without a body, such as 204, loses its body, and one that had
    /// such a status gets an empty one. What switches protocols stays as it is.
    ///
    /// - Parameters:
    ///   - status: 200 to 999.
    ///   - reason: the reason phrase; empty for the usual one of the status.
    public func setStatus(_ status: Int, _ reason: Span<UInt8>) -> Bool {
        let usual = Status.reason(status)
        guard !reason.hasLineEnd, head.status >= 200,
            makeRoom(max(reason.count, usual.utf8CodeUnitCount), for: .reason),
            let range = reason.isEmpty ? keep(usual) : keep(reason)
        else { return false }
        if unsafe worker.pointee.isTraced { traced(.status, reason, reason) }
        unsafe worker.pointee.message.line.status = UInt16(truncatingIfNeeded: status)
        unsafe worker.pointee.message.line.reason = EditedRange(range)
        return true
    }
}

extension Worker {
    /// Makes the lines that frame the body fit the status that rules have given the present
    /// response; whether it has lost its body.
    mutating func fitFraming(_ stream: Handle) -> Bool {
        let status = Int(message.line.status)
        let came = Int(message.head.status)
        if status == 0 || answersHead(stream) || Status.hasBody(status) == Status.hasBody(came) {
            return false
        }
        for known in [KnownField.contentLength, .transferEncoding] {
            // The length of what would have been sent belongs to a 304.
            if known == .contentLength && status == 304 { continue }
            while let line = fields.firstIndex(of: known) { fields.mark(line, .removed) }
        }
        if !Status.hasBody(status) { return true }
        guard makeEditRoom(19, for: .nothing) else { return false }
        let start = UInt32(truncatingIfNeeded: message.edits.count)
        if message.edits.append("content-length: 0\r\n") {
            _ = fields.append(
                FieldLine(
                    nameStart: start, valueStart: start &+ 16, valueLength: 1, nameLength: 14,
                    known: .contentLength, flags: .edited))
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Whether it is a token (RFC 9110 §5.6.2), such as a method or a field's name.
    public var isToken: Bool {
        for index in 0..<count {
            switch self[index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E,
                0x5E...0x60, 0x7C, 0x7E:
                continue
            default: return false
            }
        }
        return !isEmpty
    }

    /// Bytes of a target that is made of these.
    fileprivate var encodedCount: Int {
        var total = count
        for index in 0..<count where self[index].isEncodedInTargets { total &+= 2 }
        return total
    }

    /// The authority of an absolute request target, user and port included; nil where there is
    /// none.
    var authorityOffsets: Range<Int>? {
        var index = 0
        while index &+ 2 < count, self[index] != 0x2F, self[index] != 0x3F {
            guard self[index] == 0x3A, self[index &+ 1] == 0x2F, self[index &+ 2] == 0x2F else {
                index &+= 1
                continue
            }
            var end = index &+ 3
            while end < count, self[end] != 0x2F, self[end] != 0x3F, self[end] != 0x23 {
                end &+= 1
            }
            return index &+ 3..<end
        }
        return nil
    }

    /// Whether it is the same text, ASCII letters of either case.
    fileprivate func isSame(inAnyCaseAs other: Span<UInt8>) -> Bool {
        if count != other.count { return false }
        for index in 0..<count where self[index].asciiLowercased != other[index].asciiLowercased {
            return false
        }
        return true
    }

    /// Where the colon stands behind which an authority has `80`, `443` or nothing.
    fileprivate var usualPort: Int? {
        guard let colon = (0..<count).last(where: { self[$0] == 0x3A }) else { return nil }
        let port = extracting(colon &+ 1..<count)
        return port.isEmpty || port.isSame(ignoringCaseOf: "80")
            || port.isSame(ignoringCaseOf: "443") ? colon : nil
    }

    /// Where the path begins in a request target; the end where there is none.
    var pathOffset: Int {
        if count > 0 && (self[0] == 0x2F || self[0] == 0x2A) { return 0 }
        return authorityOffsets?.upperBound ?? count
    }
}

extension UInt8 {
    /// Whether it is a blank or a control character, which no target may hold.
    fileprivate var isEncodedInTargets: Bool { self <= 0x20 || self == 0x7F }
}

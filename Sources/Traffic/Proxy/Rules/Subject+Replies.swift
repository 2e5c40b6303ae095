// Replies of our own as actions put them together: a status line, fields, a body. What belongs to
// the connection is added when they are sent.

import HTTP
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Begins a reply of our own with its status line; false when there is no room.
    ///
    /// - Parameter reason: the reason phrase; empty for the usual one of the status.
    public func beginReply(status: Int, _ reason: Span<UInt8> = Span()) -> Bool {
        // Safety: as the type says; so below.
        unsafe worker.pointee.beginReply(status: status, reason)
    }

    /// Begins a reply of our own with its status line; false when there is no room.
    public func beginReply(status: Int, _ reason: StaticString) -> Bool {
        // Safety: a literal's bytes live for ever.
        beginReply(
            status: status,
            unsafe Span(_unsafeStart: reason.utf8Start, count: reason.utf8CodeUnitCount))
    }

    /// Begins a reply with what a file says; false when there is no room.
    ///
    /// - Parameter status: what is logged and counted, whatever the file says.
    public func beginReply(_ reply: borrowing ErrorReply, status: Int) -> Bool {
        unsafe worker.pointee.beginReply(reply, status: status, for: stream)
    }

    /// Begins the proxy's own reply of a status, as `errorfile`, `http-error` and their kin have
    /// it; false where there is none, or no room.
    public func beginErrorReply(status: Int) -> Bool {
        unsafe worker.pointee.beginErrorReply(status: status, for: stream)
    }

    /// Adds a field to the reply; false when there is no room, or the value has a line end.
    ///
    /// `Connection: close` ends the connection; fields that frame the body are passed over.
    ///
    /// - Parameter name: in small letters.
    public func addReplyField(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        guard !name.isEmpty, !value.hasLineEnd, !name.hasLineEnd else { return false }
        let known = KnownField.named(name)
        if known.isFraming { return true }
        if known == .connection {
            if value.isSame(ignoringCaseOf: "close") {
                unsafe worker.pointee.streams[stream].flags.remove(.clientPersists)
            }
            return true
        }
        return unsafe worker.pointee.replyHead.append(name)
            && worker.pointee.replyHead.append(": ") && worker.pointee.replyHead.append(value)
            && worker.pointee.replyHead.append("\r\n")
    }

    /// Adds parts of a field's line to the reply: a name with colon and blank, a value, its end.
    ///
    /// The caller sees to it that they make one line; see ``Span/hasLineEnd``.
    public func addReplyPart(_ part: Span<UInt8>) -> Bool {
        unsafe worker.pointee.replyHead.append(part)
    }

    /// Adds a part that was not looked at before; false where it would end the line, too.
    public func addReplyText(_ part: Span<UInt8>) -> Bool {
        !part.hasLineEnd && addReplyPart(part)
    }

    /// As ``addReplyPart(_:)``.
    public func addReplyPart(_ part: StaticString) -> Bool {
        unsafe worker.pointee.replyHead.append(part)
    }

    /// Removes the fields of a name from the reply.
    ///
    /// - Parameter name: in small letters, as names in replies are.
    public func removeReplyFields(_ name: Span<UInt8>) {
        var start = 0
        while true {
            let text = unsafe worker.pointee.replyHead.span
            guard start < text.count else { return }
            var end = start
            while end < text.count, text[end] != 0x0A { end &+= 1 }
            let colon = start &+ name.count
            let isWanted =
                colon < end && text[colon] == 0x3A
                && text.extracting(start..<colon).isEqual(to: name)
            if isWanted {
                unsafe worker.pointee.replyHead.remove(at: start, length: end &+ 1 &- start)
            } else {
                start = end &+ 1
            }
        }
    }

    /// Sets the reply's body and adds the field with its length, where the status allows a body;
    /// false when it is larger than a buffer.
    public func addReplyBody(_ body: Span<UInt8>) -> Bool {
        unsafe worker.pointee.addReplyBody(body)
    }
}

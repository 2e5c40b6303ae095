// Changing the head that rules see. New lines are written behind each other into the edits; what
// was parsed stays as it came, and the writer joins both.

import Bytes
import HTTP
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Appends bytes to the edits; nil when they do not fit or would break the head.
    private func keep(_ parts: Span<UInt8>, isFirst: Bool = true) -> Range<Int>? {
        // Safety: as the type says; so below.
        if unsafe !worker.pointee.message.edits.hasStorage {
            unsafe worker.pointee.message.edits = worker.pointee.buffers.take()
        }
        let start = unsafe worker.pointee.message.edits.count
        guard unsafe worker.pointee.message.edits.append(parts) else { return nil }
        return start..<start + parts.count
    }

    /// Writes `name: value` with its end into the edits and returns the line; nil when it does not
    /// fit or holds what no field may hold.
    ///
    /// Values with line ends or zero bytes would make two messages of one; they are refused.
    private func makeLine(_ name: Span<UInt8>, _ value: Span<UInt8>) -> FieldLine? {
        guard !name.isEmpty, name.count <= Int(UInt16.max), !value.hasLineEnd, !name.hasLineEnd
        else { return nil }
        guard let nameRange = keep(name), keep(": ") != nil, let valueRange = keep(value),
            keep("\r\n") != nil
        else { return nil }
        return FieldLine(
            nameStart: UInt32(truncatingIfNeeded: nameRange.lowerBound),
            valueStart: UInt32(truncatingIfNeeded: valueRange.lowerBound),
            valueLength: UInt32(truncatingIfNeeded: valueRange.count),
            nameLength: UInt16(truncatingIfNeeded: nameRange.count),
            known: KnownField.named(name), flags: .edited)
    }

    private func keep(_ text: StaticString) -> Range<Int>? {
        // Safety: a literal's bytes live for ever.
        keep(unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds a field behind the others; false when there is no room.
    ///
    /// - Parameter name: in small letters.
    public func addField(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        guard let line = makeLine(name, value) else { return false }
        if unsafe worker.pointee.isTraced { traced(.addField, name, value) }
        return unsafe worker.pointee.fields.append(line)
    }

    /// Removes the line at an index.
    public func removeField(_ index: Int) {
        if unsafe worker.pointee.isTraced {
            let line = field(index)
            traced(.removeField, name(of: line), value(of: line))
        }
        unsafe worker.pointee.fields.mark(index, [.removed, .takenOut])
    }

    /// Removes all lines of a name.
    ///
    /// - Parameter name: in small letters.
    public func removeFields(_ name: Span<UInt8>, _ known: KnownField) {
        var index = 0
        while let found = nextField(name, known, from: index) {
            removeField(found)
            index = found &+ 1
        }
    }

    /// Gives the line at an index another value; false when there is no room.
    public func replaceField(_ index: Int, value: Span<UInt8>) -> Bool {
        let old = field(index)
        guard var line = makeLine(name(of: old), value) else { return false }
        // What ends at this hop does so with another value, too.
        line.flags.formUnion(old.flags.intersection([.removed, .hopByHop]))
        if unsafe worker.pointee.isTraced { traced(.replaceField, name(of: old), value) }
        unsafe worker.pointee.fields[index] = line
        return true
    }

    /// Gives the request another method; false when there is no room.
    public func setMethod(_ method: Span<UInt8>) -> Bool {
        guard !method.isEmpty, !method.hasLineEnd, let range = keep(method) else { return false }
        if unsafe worker.pointee.isTraced { traced(.method, method, method) }
        unsafe worker.pointee.message.line.method = EditedRange(range)
        return true
    }

    /// Gives the request another target; false when there is no room.
    public func setTarget(_ target: Span<UInt8>) -> Bool {
        guard !target.isEmpty, !target.hasLineEnd, let range = keep(target) else { return false }
        unsafe worker.pointee.message.line.target = EditedRange(range)
        unsafe worker.pointee.message.line.pathStart = UInt32(
            truncatingIfNeeded: range.lowerBound &+ target.pathOffset)
        if unsafe worker.pointee.isTraced { traced(.target, target, target) }
        return true
    }

    /// Replaces path and query, or a part of them, of the request's target.
    ///
    /// - Parameters:
    ///   - keepsPath: the path stays.
    ///   - keepsQuery: the query stays, question mark included.
    ///   - text: what takes the place of the rest; a new query comes without a question mark.
    public func setPath(_ text: Span<UInt8>, keepsPath: Bool, keepsQuery: Bool) -> Bool {
        let whole = target
        let tail = pathAndQuery
        let before = whole.count &- tail.count
        let mark = tail.firstIndex(of: 0x3F) ?? tail.count
        guard !text.hasLineEnd, let start = keep(whole.extracting(0..<before)) else {
            return false
        }
        var fits = true
        if keepsPath { fits = keep(tail.extracting(0..<mark)) != nil }
        if keepsPath && !text.isEmpty { fits = fits && keep("?") != nil }
        fits = fits && keep(text) != nil
        if keepsQuery { fits = fits && keep(tail.extracting(mark..<tail.count)) != nil }
        guard fits else { return false }
        let end = unsafe worker.pointee.message.edits.count
        unsafe worker.pointee.message.line.target = EditedRange(start.lowerBound..<end)
        unsafe worker.pointee.message.line.pathStart = UInt32(
            truncatingIfNeeded: start.lowerBound &+ before)
        if unsafe worker.pointee.isTraced { traced(.target, target, target) }
        return true
    }

    /// Gives the response another status and reason.
    public func setStatus(_ status: Int, _ reason: Span<UInt8>) -> Bool {
        guard !reason.hasLineEnd, let range = keep(reason) else { return false }
        if unsafe worker.pointee.isTraced { traced(.status, reason, reason) }
        unsafe worker.pointee.message.line.status = UInt16(truncatingIfNeeded: status)
        unsafe worker.pointee.message.line.reason = EditedRange(range)
        return true
    }

    // MARK: Replies

    /// Begins a reply of our own with its status line; false when there is no room.
    ///
    /// - Parameter reason: the reason phrase; empty for the usual one of the status.
    public func beginReply(status: Int, _ reason: Span<UInt8> = Span()) -> Bool {
        unsafe worker.pointee.beginReply(status: status, reason)
    }

    /// Adds a field to the reply; false when there is no room, or the value has a line end.
    public func addReplyField(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        guard !name.isEmpty, !value.hasLineEnd, !name.hasLineEnd else { return false }
        return unsafe worker.pointee.replyHead.append(name)
            && worker.pointee.replyHead.append(": ") && worker.pointee.replyHead.append(value)
            && worker.pointee.replyHead.append("\r\n")
    }

    /// Sets the reply's body; false when it is larger than a buffer.
    public func setReplyBody(_ body: Span<UInt8>) -> Bool {
        unsafe worker.pointee.setReplyBody(body)
    }
}

extension Span where Element == UInt8 {
    /// Whether there is a carriage return, a line feed or a zero byte.
    public var hasLineEnd: Bool {
        for index in 0..<count {
            let byte = self[index]
            if byte == 0x0D || byte == 0x0A || byte == 0 { return true }
        }
        return false
    }

    /// Where a byte stands first.
    public func firstIndex(of byte: UInt8) -> Int? {
        var index = 0
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Where the path begins in a request target; the end where there is none.
    var pathOffset: Int {
        guard count > 0 else { return 0 }
        if self[0] == 0x2F || self[0] == 0x2A { return 0 }
        var index = 0
        while index &+ 2 < count {
            if self[index] == 0x3A && self[index &+ 1] == 0x2F && self[index &+ 2] == 0x2F {
                index &+= 3
                while index < count, self[index] != 0x2F, self[index] != 0x3F { index &+= 1 }
                return index
            }
            index &+= 1
        }
        return count
    }
}

// Changing the head that rules see. New lines are written behind each other into the edits; what
// was parsed stays as it came, and the writer joins both.

import Bytes
import HTTP
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Makes room for a change of so many bytes; false when there is none.
    func makeRoom(_ count: Int, for superseded: Superseded) -> Bool {
        // Safety: as the type says; so below.
        unsafe worker.pointee.makeEditRoom(count, for: superseded)
    }

    /// Appends bytes to the edits, for which room was made; nil when they do not fit.
    func keep(_ parts: Span<UInt8>) -> Range<Int>? {
        let start = unsafe worker.pointee.message.edits.count
        guard unsafe worker.pointee.message.edits.append(parts) else { return nil }
        return start..<start + parts.count
    }

    /// Writes `name: value` with its end into the edits and returns the line; nil when it does not
    /// fit or holds what no field may hold.
    ///
    /// Values with line ends or zero bytes would make two messages of one; they are refused.
    private func makeLine(
        _ name: Span<UInt8>, _ value: Span<UInt8>, for superseded: Superseded
    ) -> FieldLine? {
        let known = KnownField.named(name)
        guard !name.isEmpty, name.count <= Int(UInt16.max), !value.hasLineEnd, !name.hasLineEnd,
            makeRoom(name.count &+ value.count &+ 4, for: superseded)
        else { return nil }
        guard let nameRange = keepSmall(name), keep(": ") != nil, let valueRange = keep(value),
            keep("\r\n") != nil
        else { return nil }
        return FieldLine(
            nameStart: UInt32(truncatingIfNeeded: nameRange.lowerBound),
            valueStart: UInt32(truncatingIfNeeded: valueRange.lowerBound),
            valueLength: UInt32(truncatingIfNeeded: valueRange.count),
            nameLength: UInt16(truncatingIfNeeded: nameRange.count),
            known: known, flags: .edited)
    }

    /// Appends bytes in small letters to the edits; nil when they do not fit.
    private func keepSmall(_ name: Span<UInt8>) -> Range<Int>? {
        guard let range = keep(name.extracting(0..<0)) else { return nil }
        for index in 0..<name.count {
            guard unsafe worker.pointee.message.edits.append(name[index].asciiLowercased) else {
                return nil
            }
        }
        return range.lowerBound..<range.lowerBound &+ name.count
    }

    /// Appends the bytes of a literal to the edits; nil when they do not fit.
    func keep(_ text: StaticString) -> Range<Int>? {
        // Safety: a literal's bytes live for ever.
        keep(unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds a field behind the others; false when there is no room.
    ///
    /// What `Connection` asks for is noted and not written; see ``takeConnection(_:)``.
    ///
    /// Differs: the fields that frame the body are not to be changed. HAProxy lets rules change
    /// Content-Length and Transfer-Encoding, and makes a message without a body wait for one, or
    /// ends the exchange with an error.
    ///
    /// - Parameters:
    ///   - begin: the name, which is a token in small letters, a colon and a blank.
    ///   - known: the number of the name.
    public func addField(
        begin: Span<UInt8>, _ known: KnownField, _ value: Span<UInt8>
    ) -> Bool {
        let nameLength = begin.count - 2
        guard nameLength <= Int(UInt16.max), !value.hasLineEnd else { return false }
        if known == .host && hasRequestHead && !follow(host: value) { return false }
        guard makeRoom(begin.count &+ value.count &+ 2, for: .nothing) else { return false }
        let start = unsafe worker.pointee.message.edits.count
        guard unsafe worker.pointee.message.edits.append(begin),
            unsafe worker.pointee.message.edits.append(value),
            unsafe worker.pointee.message.edits.appendLineEnd()
        else { return false }
        let line = FieldLine(
            nameStart: UInt32(truncatingIfNeeded: start),
            valueStart: UInt32(truncatingIfNeeded: start + begin.count),
            valueLength: UInt32(truncatingIfNeeded: value.count),
            nameLength: UInt16(truncatingIfNeeded: nameLength), known: known, flags: .edited)
        let name = begin.extracting(0..<nameLength)
        if line.known.isFraming { return true }
        if line.known == .connection && takeConnection(value) { return true }
        if unsafe worker.pointee.isTraced { traced(.addField, name, value) }
        if unsafe worker.pointee.fields.append(line) { return true }
        // The places of lines that were taken out are free.
        unsafe worker.pointee.fields.dropTakenOut()
        return unsafe worker.pointee.fields.append(line)
    }

    /// Removes the line at an index, unless it frames the body.
    public func removeField(_ index: Int) {
        let known = field(index).known
        if known.isFraming { return }
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
        if known.isFraming { return }
        let isThere =
            unsafe name.isEmpty || worker.pointee.fields.mayHave(nameLength: name.count)
        if !isThere { return }
        var index = 0
        while let found = nextField(name, known, from: index) {
            removeField(found)
            index = found &+ 1
        }
    }

    /// Gives the line at an index another value, which is not among the edits; false when there is
    /// no room.
    ///
    /// The target follows a Host field.
    public func replaceField(_ index: Int, value: Span<UInt8>) -> Bool {
        if field(index).known == .host && hasRequestHead && !follow(host: value) { return false }
        return replaceLine(index, value: value)
    }

    /// Gives the line at an index another value; false when there is no room.
    func replaceLine(_ index: Int, value: Span<UInt8>) -> Bool {
        let old = field(index)
        if old.known.isFraming { return true }
        guard var line = makeLine(name(of: old), value, for: .field(index)) else { return false }
        // What ends at this hop does so with another value, too.
        line.flags.formUnion(old.flags.intersection([.removed, .hopByHop]))
        unsafe worker.pointee.fields[index] = line
        if unsafe worker.pointee.isTraced { traced(.replaceField, name(of: line), value) }
        return true
    }

    /// Follows the options of a `Connection` field that a rule has made; false where there are
    /// others, which are passed on.
    private func takeConnection(_ value: Span<UInt8>) -> Bool {
        var isKnown = true
        var start = 0
        while start < value.count {
            var end = start
            while end < value.count, value[end] != 0x2C { end &+= 1 }
            let option = value.extracting(start..<end).withoutBlanks
            if option.isSame(ignoringCaseOf: "close") {
                closeAfterExchange()
            } else if option.isSame(ignoringCaseOf: "upgrade") {
                askForUpgrade()
            } else if !option.isSame(ignoringCaseOf: "keep-alive") {
                isKnown = isKnown && option.isEmpty
            }
            start = end &+ 1
        }
        return isKnown
    }

    /// The server is asked for another protocol; an `Upgrade` of the client's that was not meant
    /// for the next hop now is.
    private func askForUpgrade() {
        // HTTP/1.0 has no other protocols to go to.
        guard hasRequestHead,
            unsafe !worker.pointee.streams[stream].flags.contains(.isHTTP10)
        else { return }
        unsafe worker.pointee.streams[stream].flags.insert(.asksUpgrade)
        for index in 0..<fieldCount where field(index).known == .upgrade {
            var line = field(index)
            if line.flags.contains(.takenOut) { continue }
            line.flags.subtract([.removed, .hopByHop])
            unsafe worker.pointee.fields[index] = line
        }
    }

    /// The connection that this head leaves on ends with the exchange.
    private func closeAfterExchange() {
        switch unsafe worker.pointee.message.side {
        case .request: unsafe worker.pointee.streams[stream].flags.insert(.closesServer)
        case .response, .reply:
            unsafe worker.pointee.streams[stream].flags.remove(.clientPersists)
        case .none: break
        }
    }
}

extension KnownField {
    /// Whether the field says where the body ends.
    var isFraming: Bool { self == .contentLength || self == .transferEncoding }
}

extension Span where Element == UInt8 {
    /// Whether there is a carriage return, a line feed or a zero byte.
    public var hasLineEnd: Bool {
        var index = plainCount
        while index < count {
            let byte = self[index]
            if byte == 0x0D || byte == 0x0A || byte == 0 { return true }
            index &+= 1
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

    /// The bytes without blanks and tabs at both ends.
    public var withoutBlanks: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var start = 0
            var end = count
            while start < end, self[start] == 0x20 || self[start] == 0x09 { start &+= 1 }
            while end > start, self[end &- 1] == 0x20 || self[end &- 1] == 0x09 { end &-= 1 }
            return extracting(start..<end)
        }
    }
}

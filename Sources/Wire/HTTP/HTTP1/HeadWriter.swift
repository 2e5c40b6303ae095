// Heads as they leave: names in small letters, lines for this hop left out, everything else as it
// came. Runs of lines that are already in their final form are copied in one piece and their names
// made small in place.

import Bytes

extension HTTP1 {
    /// Appends the request line and the kept field lines of a request.
    ///
    /// The caller appends its own fields and the empty line. As in HAProxy an HTTP/1.0 request
    /// stays HTTP/1.0, so that its client is never sent a chunked body; later minor versions
    /// become 1.1.
    ///
    /// - Returns: false, and nothing appended, when the buffer may lack room.
    public static func appendRequestHead(
        _ head: MessageHead, _ table: borrowing FieldTable, from bytes: Span<UInt8>,
        to buffer: inout Buffer
    ) -> Bool {
        guard var writer = HeadWriter(head, table, bytes, &buffer) else { return false }
        writer.copy(bytes, Int(head.startLine)..<Int(head.targetStart &+ head.targetLength))
        writer.endRequestLine(head, bytes)
        writer.fields(head, table, bytes)
        buffer.advanceTail(writer.written)
        return true
    }

    /// Appends a request's head as rules have changed it.
    ///
    /// - Returns: false, and nothing appended, when the buffer may lack room.
    public static func appendRequestHead(
        _ head: MessageHead, _ table: borrowing FieldTable, from bytes: Span<UInt8>,
        _ line: StartLineEdits, _ edits: Span<UInt8>, to buffer: inout Buffer
    ) -> Bool {
        let lineBytes =
            (line.method.isSet ? line.method.range : head.methodRange).count
            &+ (line.target.isSet ? line.target.range : head.targetRange).count
        guard var writer = HeadWriter(head, table, bytes, line: lineBytes, edits, &buffer) else {
            return false
        }
        writer.copy(bytes, head.methodRange, or: edits, line.method)
        writer.put(Byte.space)
        writer.copy(bytes, head.targetRange, or: edits, line.target)
        writer.endRequestLine(head, bytes)
        writer.fields(head, table, bytes, edits)
        buffer.advanceTail(writer.written)
        return true
    }

    /// Appends a response's head as rules have changed it.
    ///
    /// - Returns: false, and nothing appended, when the buffer may lack room.
    public static func appendResponseHead(
        _ head: MessageHead, _ table: borrowing FieldTable, from bytes: Span<UInt8>,
        _ line: StartLineEdits, _ edits: Span<UInt8>, to buffer: inout Buffer
    ) -> Bool {
        let lineBytes = (line.reason.isSet ? line.reason.range : head.reasonRange).count
        guard var writer = HeadWriter(head, table, bytes, line: lineBytes, edits, &buffer) else {
            return false
        }
        if head.versionLength > 0 {
            writer.copy(bytes, Int(head.startLine)..<Int(head.startLine) &+ 8)
        } else {
            writer.put(word("HTTP/1.0") | UInt64(min(head.minorVersion, 1)) &<< 56, 8)
        }
        writer.put(Byte.space)
        writer.put(decimal: UInt64(line.status == 0 ? head.status : line.status))
        writer.put(Byte.space)
        writer.copy(bytes, head.reasonRange, or: edits, line.reason)
        writer.put(word("\r\n"), 2)
        writer.fields(head, table, bytes, edits)
        buffer.advanceTail(writer.written)
        return true
    }

    /// Appends the status line and the kept field lines of a response.
    ///
    /// The caller appends its own fields and the empty line.
    ///
    /// - Returns: false, and nothing appended, when the buffer may lack room.
    public static func appendResponseHead(
        _ head: MessageHead, _ table: borrowing FieldTable, from bytes: Span<UInt8>,
        to buffer: inout Buffer
    ) -> Bool {
        guard var writer = HeadWriter(head, table, bytes, &buffer) else { return false }
        let reasonEnd = Int(head.targetStart &+ head.targetLength)
        if head.versionLength > 0 {
            writer.copy(bytes, Int(head.startLine)..<reasonEnd)
        } else {
            writer.put(word("HTTP/1.0") | UInt64(min(head.minorVersion, 1)) &<< 56, 8)
            writer.copy(bytes, Int(head.startLine) &+ 8..<reasonEnd)
        }
        // A status line without the blank behind the code gets it.
        if head.targetLength == 0, bytes[reasonEnd &- 1] != Byte.space { writer.put(Byte.space) }
        writer.put(word("\r\n"), 2)
        writer.fields(head, table, bytes)
        buffer.advanceTail(writer.written)
        return true
    }

    /// Appends a kept trailer line, its name in small letters.
    public static func appendTrailer(
        _ line: TrailerLine, from bytes: Span<UInt8>, to buffer: inout Buffer
    ) -> Bool {
        guard buffer.room >= line.name.count &+ line.value.count &+ 4 else { return false }
        for index in line.name { buffer.append(bytes[index].asciiLowercased) }
        return buffer.append(": ") && buffer.append(bytes.extracting(line.value))
            && buffer.append("\r\n")
    }

    /// Appends the size line of a chunk.
    public static func appendChunkHeader(size: UInt64, to buffer: inout Buffer) -> Bool {
        guard buffer.room >= 18 else { return false }
        return buffer.append(hexadecimal: size) && buffer.append("\r\n")
    }
}

/// Writes into the room of a buffer that is known to be large enough.
@safe
private struct HeadWriter: ~Copyable {
    private let start: UnsafeMutablePointer<UInt8>
    private var next: UnsafeMutablePointer<UInt8>
    private let limit: UnsafeMutablePointer<UInt8>

    /// Most bytes a head grows by beside one per field line: a version, a rewritten value, and
    /// the word that the last eight bytes of a name may be handled in.
    private static let slackBytes = 64

    /// Nil when the room may be too small.
    @inline(__always)
    init?(
        _ head: MessageHead, _ table: borrowing FieldTable, _ bytes: Span<UInt8>,
        _ buffer: inout Buffer
    ) {
        let bound = Int(head.length) &+ table.count &+ Self.slackBytes
        self.init(head, bytes, bound: bound, &buffer)
    }

    /// Nil when the room is too small for a head that rules have changed.
    ///
    /// - Parameter line: bytes of the start line but for the version.
    init?(
        _ head: MessageHead, _ table: borrowing FieldTable, _ bytes: Span<UInt8>, line: Int,
        _ edits: Span<UInt8>, _ buffer: inout Buffer
    ) {
        var bound = Int(head.length) &+ edits.count &+ table.count &+ Self.slackBytes
        if buffer.room < bound {
            // What was replaced takes no room: then it is counted line by line.
            bound = line &+ 2 &* Self.slackBytes
            for index in 0..<table.count where !table[index].isRemoved {
                bound &+= Int(table[index].nameLength) &+ Int(table[index].valueLength) &+ 4
            }
        }
        self.init(head, bytes, bound: bound, &buffer)
    }

    @inline(__always)
    private init?(
        _ head: MessageHead, _ bytes: Span<UInt8>, bound: Int, _ buffer: inout Buffer
    ) {
        precondition(head.stage == .complete && Int(head.length) <= bytes.count)
        guard buffer.room >= bound, let room = unsafe buffer.unsafeRoom else { return nil }
        // Safety: `room` is valid for `bound` bytes; the buffer is not touched until the writer
        // has ended.
        unsafe start = room
        unsafe next = room
        unsafe limit = room + buffer.room
    }

    /// Bytes written so far.
    // Safety: both point into the one room, and `next` only moves forward.
    var written: Int { unsafe next - start }

    /// Copies a range of the parsed bytes.
    @inline(__always)
    mutating func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let length = range.count
        unsafe precondition(length <= limit - next)
        guard length > 0 else { return }
        unsafe bytes.extracting(range).withUnsafeBufferPointer { source in
            // Safety: the source is `length` bytes of a live span; the room was checked above.
            unsafe next.update(from: source.baseAddress!, count: length)
        }
        unsafe next += length
    }

    /// Copies a range of the edits where there is one, else of the parsed bytes.
    mutating func copy(
        _ bytes: Span<UInt8>, _ range: Range<Int>, or edits: Span<UInt8>, _ edited: EditedRange
    ) {
        if edited.isSet { copy(edits, edited.range) } else { copy(bytes, range) }
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        unsafe precondition(next < limit)
        // Safety: below the limit.
        unsafe next.pointee = byte
        unsafe next += 1
    }

    /// Writes the lowest `count` bytes of a word.
    @inline(__always)
    mutating func put(_ word: UInt64, _ count: Int) {
        unsafe precondition(limit - next >= 8)
        // Safety: eight bytes of room were checked; those beyond `count` are written over later
        // or never counted.
        unsafe UnsafeMutableRawPointer(next).storeBytes(of: word.littleEndian, as: UInt64.self)
        unsafe next += count
    }

    mutating func put(_ text: StaticString) {
        unsafe precondition(limit - next >= text.utf8CodeUnitCount)
        // Safety: the room was checked; a static string lives for ever.
        unsafe next.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        unsafe next += text.utf8CodeUnitCount
    }

    mutating func put(decimal value: UInt64) {
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits &+= 1
        }
        unsafe precondition(limit - next >= digits)
        rest = value
        var index = digits
        while index > 0 {
            index &-= 1
            // Safety: `index` is below `digits`, for which there is room.
            unsafe next[index] = Byte.zero &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        unsafe next += digits
    }

    /// Writes the version of a request and the end of its line.
    @inline(__always)
    mutating func endRequestLine(_ head: MessageHead, _ bytes: Span<UInt8>) {
        if head.versionLength > 0 {
            put(Byte.space)
            let start = Int(head.versionStart)
            copy(bytes, start..<start &+ Int(head.versionLength))
            put(word("\r\n"), 2)
        } else {
            put(word(" HTTP/1."), 8)
            put(word("0\r\n") | UInt64(min(head.minorVersion, 1)), 3)
        }
    }

    /// Writes the kept lines, neighbours together.
    @inline(__always)
    mutating func fields(
        _ head: MessageHead, _ table: borrowing FieldTable, _ bytes: Span<UInt8>,
        _ edits: Span<UInt8> = Span()
    ) {
        let count = table.count
        var index = 0
        while index < count {
            let line = table[index]
            if line.flags.contains(.removed) {
                index &+= 1
                continue
            }
            if !line.flags.contains(.canonical) || line.flags.contains(.rewritten) {
                unusual(line, head, bytes, edits)
                index &+= 1
                continue
            }
            let first = index
            let runStart = Int(line.nameStart)
            var runEnd = Int(line.valueStart &+ line.valueLength) &+ 2
            index &+= 1
            while index < count {
                let next = table[index]
                let isPlain =
                    next.flags.intersection([.removed, .canonical, .rewritten]) == .canonical
                guard isPlain, Int(next.nameStart) == runEnd else { break }
                runEnd = Int(next.valueStart &+ next.valueLength) &+ 2
                index &+= 1
            }
            let offset = written &- runStart
            copy(bytes, runStart..<runEnd)
            var position = first
            while position < index {
                let run = table[position]
                makeSmall(at: Int(run.nameStart) &+ offset, length: Int(run.nameLength))
                position &+= 1
            }
        }
    }

    /// Writes a line that did not come in its final form.
    private mutating func unusual(
        _ line: FieldLine, _ head: MessageHead, _ bytes: Span<UInt8>, _ edits: Span<UInt8>
    ) {
        if line.flags.contains(.edited) {
            copy(edits, line.name.lowerBound..<line.value.upperBound &+ 2)
            return
        }
        let offset = written
        copy(bytes, line.name)
        makeSmall(at: offset, length: Int(line.nameLength))
        put(word(": "), 2)
        if line.flags.contains(.rewritten) {
            if line.known == .contentLength {
                put(decimal: head.contentLength)
            } else {
                put("chunked")
            }
        } else {
            copy(bytes, line.value)
        }
        put(word("\r\n"), 2)
    }

    /// Makes the ASCII capitals among `length` bytes at `offset` small.
    @inline(__always)
    private func makeSmall(at offset: Int, length: Int) {
        let end = offset &+ length
        // Safety: both point into the one room.
        unsafe precondition(offset >= 0 && end <= written && end &+ 8 <= limit - start)
        if length >= 8 {
            var index = offset
            while index &+ 8 < end {
                makeSmall(at: index, ~0)
                index &+= 8
            }
            // The last eight bytes, some of which may be small already.
            makeSmall(at: end &- 8, ~0)
        } else {
            makeSmall(at: offset, Scanning.lowBytes(length))
        }
    }

    /// Makes those of the eight bytes at `offset` small that a mask names.
    @inline(__always)
    private func makeSmall(at offset: Int, _ mask: UInt64) {
        // Safety: whoever calls has checked that eight bytes are inside the room.
        let place = unsafe UnsafeMutableRawPointer(start + offset)
        let loaded = unsafe UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))
        let small = loaded & ~mask | loaded.asciiLowercased & mask
        unsafe place.storeBytes(of: small.littleEndian, as: UInt64.self)
    }
}

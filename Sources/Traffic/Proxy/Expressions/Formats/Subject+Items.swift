// Writing the items of a format as text: texts of ours and of peers, and the values of expressions.
// What an encoding makes of them is in `Subject+Encodings.swift`.
// Source: configuration manual, "Custom log format" and "Non-printable characters".

import Addresses
import Bytes
import Samples
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Writes the value of an expression.
    func write(_ expression: Expression, _ item: LogItem, to output: inout OutputBytes) {
        if !item.flags.isDisjoint(with: .encodings) {
            return encode(expression, item, to: &output)
        }
        // Safety: the scratch is a block of its own that the worker keeps for life.
        let scratch = unsafe worker.pointee.scratch
        let mark = unsafe scratch.pointee.mark
        let sample = unsafe bytes(of: expression, item, &scratch.pointee)
        if let sample {
            let text = unsafe scratch.pointee.bytes(of: sample)
            if item.flags.contains(.http) {
                output.append(http: text, item)
            } else {
                output.append(text: text, item)
            }
        } else if !item.flags.contains(.http) {
            output.append(text: Span(), item)
        }
        unsafe scratch.pointee.rewind(to: mark)
    }

    /// The value of an expression as bytes: as text, or, with `bin`, as it is.
    private func bytes(
        of expression: Expression, _ item: LogItem, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard item.flags.contains(.binary) else { return text(expression, &scratch) }
        guard var sample = evaluate(expression, &scratch) else { return nil }
        if sample.type.isBytes || scratch.cast(&sample, to: .string) { return sample }
        return nil
    }

    /// Makes a value in the scratch, at most `limit` bytes of it, and hands it on.
    func withBare(
        _ limit: Int, _ make: (inout OutputBytes) -> Void, _ use: (Span<UInt8>) -> Void
    ) {
        // Safety: as in `write(_:_:to:)`.
        let scratch = unsafe worker.pointee.scratch
        let mark = unsafe scratch.pointee.mark
        let made = unsafe scratch.pointee.makeCut(as: .string, atMost: limit, make)
        use(unsafe scratch.pointee.bytes(of: made))
        unsafe scratch.pointee.rewind(to: mark)
    }
}

extension OutputBytes {
    /// Adds what `write` puts out, between quotes where the item asks for them. What is quoted is
    /// never cut.
    @inline(__always)
    mutating func quote(_ item: LogItem, _ write: (inout OutputBytes) -> Void) {
        guard item.flags.contains(.quoted) else { return write(&self) }
        let mark = count
        append(0x22)
        write(&self)
        append(0x22)
        if hasOverflowed { truncate(to: mark) }
    }

    /// Adds a text of ours: quoted, escaped, or replaced by a dash, as the item says.
    mutating func append(text: Span<UInt8>, _ item: LogItem) {
        let mark = count
        let isQuoted = item.flags.contains(.quoted)
        if isQuoted { append(0x22) }
        if item.flags.contains(.escaped) {
            append(escaped: text)
        } else {
            append(text)
        }
        if isQuoted {
            append(0x22)
            // What is quoted is never cut.
            if hasOverflowed { truncate(to: mark) }
        } else if text.isEmpty, item.flags.contains(.mandatory) {
            append(0x2D)
        }
    }

    /// Adds a text with a backslash before quotes, backslashes and closing brackets (RFC 5424
    /// §6.3).
    private mutating func append(escaped text: Span<UInt8>) {
        for index in 0..<text.count {
            let byte = text[index]
            if byte == 0x22 || byte == 0x5C || byte == 0x5D { append(0x5C) }
            append(byte)
        }
    }

    /// Adds a text that goes into an HTTP message: controls but tabs as `%XX`.
    fileprivate mutating func append(http text: Span<UInt8>, _ item: LogItem) {
        let escapes = item.flags.contains(.escaped)
        var start = 0
        var index = escapes ? 0 : text.plainCount
        while index < text.count {
            let byte = text[index]
            let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
            if isControl || escapes && (byte == 0x22 || byte == 0x5C || byte == 0x5D) {
                append(text.extracting(start..<index))
                start = index &+ 1
                append(isControl ? 0x25 : 0x5C)
                if isControl { append(hexadecimal: byte) } else { append(byte) }
            }
            index &+= 1
        }
        append(text.extracting(start..<index))
    }

    /// Adds a text that a peer has sent: bytes that could harm whoever reads the log, and `"` and
    /// `#`, as `#XX`; `inBraces` also what structures lists, which is `{`, `|` and `}`.
    public mutating func append(foreign text: Span<UInt8>, _ item: LogItem, inBraces: Bool = false)
    {
        if item.isBare { return append(text) }
        let escapes = item.flags.contains(.escaped)
        let isStrict = escapes || inBraces
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            // Most bytes are letters, digits and signs behind `#`.
            if !isStrict && byte &- 0x24 <= 0x5A {
                index &+= 1
                continue
            }
            let isUnsafe =
                byte < 0x20 || byte > 0x7E || byte == 0x22 || byte == 0x23
                || inBraces && byte >= 0x7B && byte <= 0x7D
            if isUnsafe || escapes && (byte == 0x5C || byte == 0x5D) {
                append(text.extracting(start..<index))
                start = index &+ 1
                append(isUnsafe ? 0x23 : 0x5C)
                if isUnsafe { append(hexadecimal: byte) } else { append(byte) }
            }
            index &+= 1
        }
        append(text.extracting(start..<index))
    }

    /// Adds all digits of an address, the first byte first.
    mutating func append(hexadecimalOf address: IPAddress) {
        if address.family == .v6 { append(hexadecimal: address.high, digits: 16) }
        append(hexadecimal: address.low, digits: address.family == .v6 ? 16 : 8)
    }
}

extension Span where Element == UInt8 {
    /// How many bytes there surely are before the first control, in steps of eight.
    var plainCount: Int {
        var index = 0
        while index &+ 8 <= count {
            let word = load64(index)
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let low = (word &- 0x2020_2020_2020_2020) & ~word
            let last = (delete &- 0x0101_0101_0101_0101) & ~delete
            if (low | last) & 0x8080_8080_8080_8080 != 0 { break }
            index &+= 8
        }
        return index
    }
}

// Writing the items of a format as text: numbers, addresses, texts of ours and of peers, and the
// values of expressions. What an encoding makes of them is in `Subject+Encodings.swift`.
// Source: configuration manual, "Custom log format" and "Non-printable characters".

import Addresses
import Bytes
import Samples
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Writes what an alias stands for.
    func write(_ value: borrowing LogValue, _ item: LogItem, to output: inout OutputBytes) {
        if !item.flags.isDisjoint(with: .encodings) {
            return encode(value, item, to: &output)
        }
        let mark = output.count
        switch value {
        case .number(let get): output.append(decimal: get(self))
        case .marked(let get, if: let isMarked):
            if isMarked(self) { output.append(0x2B) }
            output.append(decimal: get(self))
        case .counter(let get): output.append(counter: get(self), item)
        case .thousandths(let get): output.append(thousandths: get(self), item)
        case .address(let get): output.append(get(self), item)
        case .port(let get): output.append(portOf: get(self), item)
        case .plain(let write): return write(self, item, &output)
        case .foreign(let write): return quote(item, &output) { write(self, item, &$0) }
        case .text(let write): return self.write(text: write, item, to: &output)
        case .braced(let count, let write):
            return self.write(braced: count(self), write, item, &output)
        case .list(let count, let write):
            return self.write(list: count(self), write, item, &output)
        }
        // A number or an address that does not fit is left out as a whole.
        if output.hasOverflowed { output.truncate(to: mark) }
    }

    /// Writes a text between quotes where the item asks for them.
    @inline(__always)
    private func quote(
        _ item: LogItem, _ output: inout OutputBytes, _ write: (inout OutputBytes) -> Void
    ) {
        guard item.flags.contains(.quoted) else { return write(&output) }
        let mark = output.count
        output.append(0x22)
        write(&output)
        output.append(0x22)
        if output.hasOverflowed { output.truncate(to: mark) }
    }

    private func write(
        text write: LogValue.Writer, _ item: LogItem, to output: inout OutputBytes
    ) {
        if item.flags.contains(.escaped) {
            return withBare(output.room, { write(self, .bare, &$0) }) {
                output.append(text: $0, item)
            }
        }
        let mark = output.count
        quote(item, &output) { write(self, item, &$0) }
        if output.count == mark, item.flags.contains(.mandatory), !output.hasOverflowed {
            output.append(0x2D)
        }
    }

    private func write(
        braced count: Int, _ write: LogValue.PartWriter, _ item: LogItem,
        _ output: inout OutputBytes
    ) {
        if count == 0 { return }
        quote(item, &output) { output in
            output.append(0x7B)
            for index in 0..<count {
                if index > 0 { output.append(0x7C) }
                write(self, index, item, &output)
            }
            output.append(0x7D)
        }
    }

    private func write(
        list count: Int, _ write: LogValue.PartWriter, _ item: LogItem, _ output: inout OutputBytes
    ) {
        for index in 0..<count {
            if index > 0 { output.append(0x20) }
            let mark = output.count
            quote(item, &output) { write(self, index, item, &$0) }
            if output.count == mark { output.append(0x2D) }
        }
    }

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
        var index = 0
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
        var start = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
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

    /// Adds a number that `X` shows in hexadecimal.
    fileprivate mutating func append(counter value: Int64, _ item: LogItem) {
        if item.flags.contains(.hexadecimal) {
            append(hexadecimal: UInt64(bitPattern: value), digits: 4)
        } else {
            append(decimal: value)
        }
    }

    /// Adds thousandths of a second.
    fileprivate mutating func append(thousandths value: Int64, _ item: LogItem) {
        if item.flags.contains(.hexadecimal) {
            append(hexadecimal: UInt64(bitPattern: value), digits: 2)
        } else {
            append(decimal: UInt64(bitPattern: value), digits: 3)
        }
    }

    /// Adds an address.
    fileprivate mutating func append(_ end: LogEnd, _ item: LogItem) {
        switch end {
        case .none: append(text: Span(), item)
        case .local: append(around: item) { $0.append("unix") }
        case .ip(let address):
            if item.flags.contains(.hexadecimal) {
                append(hexadecimalOf: address.address)
            } else {
                append(around: item) { $0.append(address.address) }
            }
        }
    }

    private mutating func append(around item: LogItem, _ write: (inout OutputBytes) -> Void) {
        if item.flags.contains(.quoted) { append(0x22) }
        write(&self)
        if item.flags.contains(.quoted) { append(0x22) }
    }

    /// Adds all digits of an address, the first byte first.
    mutating func append(hexadecimalOf address: IPAddress) {
        if address.family == .v6 { append(hexadecimal: address.high, digits: 16) }
        append(hexadecimal: address.low, digits: address.family == .v6 ? 16 : 8)
    }

    /// Adds the port of an address.
    fileprivate mutating func append(portOf end: LogEnd, _ item: LogItem) {
        switch end {
        case .none: append(text: Span(), item)
        case .local(let number): append(decimal: Int64(number))
        case .ip(let address): append(counter: Int64(address.port), item)
        }
    }
}

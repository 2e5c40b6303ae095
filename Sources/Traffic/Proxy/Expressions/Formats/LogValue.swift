// What aliases stand for: kinds of values. Each kind writes its values as text with the flags of an
// item, and in the encodings. Objects, so that a worker calls them without copying anything.
// Source: configuration manual, "Custom log format".

import Addresses
import Samples

/// What an alias stands for.
///
/// The functions that rows give allocate nothing and capture nothing. Those that write put out the
/// bare value: quotes, dashes for what is empty, and encodings are added by the kind.
///
/// Safety: subclasses hold functions, which do not change.
open class LogValue: @unchecked Sendable {
    /// Writes the bare value.
    public typealias Writer =
        @Sendable (_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) -> Void
    /// Writes one value of several, counted from 0.
    public typealias PartWriter =
        @Sendable (
            _ subject: Subject, _ index: Int, _ item: LogItem, _ output: inout OutputBytes
        ) -> Void

    /// Where a value does not fit, as much of it is written as does; others are left out.
    let mayBeCut: Bool

    init(mayBeCut: Bool = false) { self.mayBeCut = mayBeCut }

    /// Writes the value as text.
    func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {}

    /// Writes the value in the item's encoding.
    func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {}
}

extension LogValue {
    /// A number.
    public static func number(_ get: @escaping @Sendable (Subject) -> Int64) -> LogValue {
        NumberValue(get)
    }

    /// A number with a plus sign before it under a condition.
    public static func marked(
        _ get: @escaping @Sendable (Subject) -> Int64,
        if isMarked: @escaping @Sendable (Subject) -> Bool
    ) -> LogValue { MarkedValue(get, isMarked) }

    /// A number that `X` shows in at least four hexadecimal digits.
    public static func counter(_ get: @escaping @Sendable (Subject) -> Int64) -> LogValue {
        CounterValue(get, decimal: 1, hexadecimal: 4)
    }

    /// Thousandths of a second, in three digits, or with `X` in at least two hexadecimal ones.
    public static func thousandths(_ get: @escaping @Sendable (Subject) -> Int64) -> LogValue {
        CounterValue(get, decimal: 3, hexadecimal: 2)
    }

    /// An address.
    public static func address(_ get: @escaping @Sendable (Subject) -> LogEnd) -> LogValue {
        AddressValue(get)
    }

    /// The port of an address.
    public static func port(_ get: @escaping @Sendable (Subject) -> LogEnd) -> LogValue {
        PortValue(get)
    }

    /// A text of ours.
    public static func text(_ write: @escaping Writer) -> LogValue { TextValue(write) }

    /// A text of ours that never gets quotes, such as a date.
    public static func plain(_ write: @escaping Writer) -> LogValue { PlainValue(write) }

    /// A text that a peer has sent; the writer encodes it by `append(foreign:_:)`.
    public static func foreign(_ write: @escaping Writer) -> LogValue { ForeignValue(write) }

    /// Texts that a peer has sent, as `{a|b}`; nothing where there is no place for any.
    public static func braced(
        count: @escaping @Sendable (Subject) -> Int, _ write: @escaping PartWriter
    ) -> LogValue { BracedValue(count, write) }

    /// The same, one behind the other with blanks between them.
    public static func list(
        count: @escaping @Sendable (Subject) -> Int, _ write: @escaping PartWriter
    ) -> LogValue { ListValue(count, write) }
}

// MARK: Numbers

/// A number.
///
/// Safety: as of its base class.
private final class NumberValue: LogValue, @unchecked Sendable {
    private let get: @Sendable (Subject) -> Int64

    init(_ get: @escaping @Sendable (Subject) -> Int64) { self.get = get }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        output.append(decimal: get(subject))
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        output.append(encoded: get(subject), item)
    }
}

/// A number that may have a plus sign, which is none of its value.
///
/// Safety: as of its base class.
private final class MarkedValue: LogValue, @unchecked Sendable {
    private let get: @Sendable (Subject) -> Int64
    private let isMarked: @Sendable (Subject) -> Bool

    init(
        _ get: @escaping @Sendable (Subject) -> Int64,
        _ isMarked: @escaping @Sendable (Subject) -> Bool
    ) {
        self.get = get
        self.isMarked = isMarked
    }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        if isMarked(subject) { output.append(0x2B) }
        output.append(decimal: get(subject))
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        output.append(encoded: get(subject), item)
    }
}

/// A number that may be shown in hexadecimal.
///
/// Safety: as of its base class.
private final class CounterValue: LogValue, @unchecked Sendable {
    private let get: @Sendable (Subject) -> Int64
    private let decimalDigits, hexadecimalDigits: Int

    init(_ get: @escaping @Sendable (Subject) -> Int64, decimal: Int, hexadecimal: Int) {
        self.get = get
        decimalDigits = decimal
        hexadecimalDigits = hexadecimal
    }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        let value = UInt64(bitPattern: get(subject))
        if item.flags.contains(.hexadecimal) {
            output.append(hexadecimal: value, digits: hexadecimalDigits)
        } else {
            output.append(decimal: value, digits: decimalDigits)
        }
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        if item.flags.contains(.hexadecimal) {
            subject.encode(item, &output) { write(subject, item, &$0) }
        } else {
            output.append(encoded: get(subject), item)
        }
    }
}

// MARK: Addresses

/// An address.
///
/// Safety: as of its base class.
private final class AddressValue: LogValue, @unchecked Sendable {
    private let get: @Sendable (Subject) -> LogEnd

    init(_ get: @escaping @Sendable (Subject) -> LogEnd) { self.get = get }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        let end = get(subject)
        switch end {
        case .none: output.append(text: Span(), item)
        case .ip where item.flags.contains(.hexadecimal): put(end, item, &output)
        case .ip, .local:
            let isQuoted = item.flags.contains(.quoted)
            if isQuoted { output.append(0x22) }
            put(end, item, &output)
            if isQuoted { output.append(0x22) }
        }
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        let end = get(subject)
        subject.encode(item, &output) { put(end, item, &$0) }
    }

    private func put(_ end: LogEnd, _ item: LogItem, _ output: inout OutputBytes) {
        switch end {
        case .none: break
        case .local: output.append("unix")
        case .ip(let address):
            if item.flags.contains(.hexadecimal) {
                output.append(hexadecimalOf: address.address)
            } else {
                output.append(address.address)
            }
        }
    }
}

/// A port.
///
/// Safety: as of its base class.
private final class PortValue: LogValue, @unchecked Sendable {
    private let get: @Sendable (Subject) -> LogEnd

    init(_ get: @escaping @Sendable (Subject) -> LogEnd) { self.get = get }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        switch get(subject) {
        case .none: output.append(text: Span(), item)
        case .local(let number): output.append(decimal: Int64(number))
        case .ip(let address):
            if item.flags.contains(.hexadecimal) {
                output.append(hexadecimal: UInt64(address.port), digits: 4)
            } else {
                output.append(decimal: UInt64(address.port))
            }
        }
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        switch get(subject) {
        case .none: output.append(encoded: Span(), item)
        case .local(let number): output.append(encoded: Int64(number), item)
        case .ip(let address):
            if item.flags.contains(.hexadecimal) {
                subject.encode(item, &output) {
                    $0.append(hexadecimal: UInt64(address.port), digits: 4)
                }
            } else {
                output.append(encoded: Int64(address.port), item)
            }
        }
    }
}

// MARK: Texts

/// A text that a function writes.
///
/// Safety: as of its base class.
private class WrittenValue: LogValue, @unchecked Sendable {
    fileprivate let put: Writer

    init(_ put: @escaping Writer) {
        self.put = put
        super.init(mayBeCut: true)
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        subject.encode(item, &output) { put(subject, .bare, &$0) }
    }
}

/// A text of ours.
///
/// Safety: as of its base class.
private final class TextValue: WrittenValue, @unchecked Sendable {
    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        if item.flags.contains(.escaped) {
            return subject.withBare(output.room, { put(subject, .bare, &$0) }) {
                output.append(text: $0, item)
            }
        }
        let mark = output.count
        output.quote(item) { put(subject, item, &$0) }
        if output.count == mark, item.flags.contains(.mandatory), !output.hasOverflowed {
            output.append(0x2D)
        }
    }
}

/// A text of ours without quotes.
///
/// Safety: as of its base class.
private final class PlainValue: WrittenValue, @unchecked Sendable {
    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        put(subject, item, &output)
    }
}

/// A text of a peer.
///
/// Safety: as of its base class.
private final class ForeignValue: WrittenValue, @unchecked Sendable {
    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        output.quote(item) { put(subject, item, &$0) }
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        subject.encode(item, &output, as: .foreign) { put(subject, .bare, &$0) }
    }
}

/// Texts of a peer in braces.
///
/// Safety: as of its base class.
private final class BracedValue: LogValue, @unchecked Sendable {
    private let count: @Sendable (Subject) -> Int
    private let put: PartWriter

    init(_ count: @escaping @Sendable (Subject) -> Int, _ put: @escaping PartWriter) {
        self.count = count
        self.put = put
        super.init(mayBeCut: true)
    }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        let count = count(subject)
        if count == 0 { return }
        output.quote(item) { putAll(count, subject, item, &$0) }
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        let count = count(subject)
        subject.encode(item, &output, as: .foreign) {
            if count > 0 { putAll(count, subject, .bare, &$0) }
        }
    }

    private func putAll(
        _ count: Int, _ subject: Subject, _ item: LogItem, _ output: inout OutputBytes
    ) {
        output.append(0x7B)
        for index in 0..<count {
            if index > 0 { output.append(0x7C) }
            put(subject, index, item, &output)
        }
        output.append(0x7D)
    }
}

/// Texts of a peer in a row.
///
/// Safety: as of its base class.
private final class ListValue: LogValue, @unchecked Sendable {
    private let count: @Sendable (Subject) -> Int
    private let put: PartWriter

    init(_ count: @escaping @Sendable (Subject) -> Int, _ put: @escaping PartWriter) {
        self.count = count
        self.put = put
        super.init(mayBeCut: true)
    }

    override func write(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        for index in 0..<count(subject) {
            if index > 0 { output.append(0x20) }
            let mark = output.count
            output.quote(item) { put(subject, index, item, &$0) }
            if output.count == mark { output.append(0x2D) }
        }
    }

    override func encode(_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) {
        output.beginList(item)
        for index in 0..<count(subject) {
            if index > 0 { output.separate(item) }
            subject.encode(item, &output, as: .foreign) {
                let mark = $0.count
                put(subject, index, .bare, &$0)
                // As without an encoding: each place of the list says something.
                if $0.count == mark { $0.append(0x2D) }
            }
        }
        output.endList(item)
    }
}

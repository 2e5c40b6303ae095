// A field value as the list that commas make of it, with quoted strings respected, as ranges of
// its bytes. Configuration manual: req.hdr, req.hdr_cnt, res.hdr, hdr.

import Bytes

/// The elements of a list field (RFC 9110 §5.6.1), which may be empty.
///
///     "a, b" , c ,, d     four elements: "a, b"   c   (nothing)   d
public enum FieldValues {
    /// The element at `position`, which is 0 or what the call before left there; nil behind the
    /// last. Blanks around it are not part of it. A value without bytes has one empty element.
    public static func next(in value: Span<UInt8>, at position: inout Int) -> Range<Int>? {
        if position > value.count { return nil }
        let end = end(value, from: position)
        let start = Scanning.skipBlank(value, from: position, to: end)
        position = end &+ 1
        return start..<Scanning.trimBlank(value, from: start, to: end)
    }

    /// How many elements there are; at least one.
    public static func count(in value: Span<UInt8>) -> Int {
        var count = 0
        var position = 0
        while position <= value.count {
            position = end(value, from: position) &+ 1
            count &+= 1
        }
        return count
    }

    /// The element that is the `occurrence`th from the start, 1 being the first, or from the end,
    /// -1 being the last; nil when there are fewer and for 0.
    public static func element(_ occurrence: Int, in value: Span<UInt8>) -> Range<Int>? {
        var left = occurrence
        if occurrence < 0 {
            // Counted first: quotes can only be told from the start.
            left = count(in: value) &+ 1 &+ occurrence
        }
        guard left > 0 else { return nil }
        var position = 0
        while let element = next(in: value, at: &position) {
            left &-= 1
            if left == 0 { return element }
        }
        return nil
    }

    /// The first comma outside of quotes at or after `start`, or the end of the value.
    static func end(_ value: Span<UInt8>, from start: Int) -> Int {
        var quotes = Quotes()
        var index = start
        // Most values hold neither commas nor quotes.
        while index &+ 8 <= value.count {
            let word = value.load64(index)
            let comma = word ^ (Scanning.ones &* 0x2C)
            let quote = word ^ (Scanning.ones &* 0x22)
            let mask =
                (((comma &- Scanning.ones) & ~comma) | ((quote &- Scanning.ones) & ~quote))
                & Scanning.tops
            if mask != 0 {
                index &+= mask.trailingZeroBitCount &>> 3
                break
            }
            index &+= 8
        }
        while index < value.count, value[index] != Byte.quote {
            if value[index] == Byte.comma { return index }
            index &+= 1
        }
        while index < value.count {
            if !quotes.hide(value[index]), value[index] == Byte.comma { return index }
            index &+= 1
        }
        return index
    }
}

/// Where a walk over a value is: outside of double quotes, inside, or behind a backslash there.
struct Quotes {
    private var isInside = false
    private var isEscaped = false

    /// Takes the next byte; whether it is quoted or a quote and so separates nothing.
    @inline(__always)
    mutating func hide(_ byte: UInt8) -> Bool {
        if isEscaped {
            isEscaped = false
            return true
        }
        if byte == Byte.quote {
            isInside.toggle()
            return true
        }
        if isInside, byte == Byte.backslash { isEscaped = true }
        return isInside
    }
}

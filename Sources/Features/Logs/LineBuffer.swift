// The fixed room in which a line is built. What does not fit is left out: log lines are cut, never
// moved or grown.

import Bytes
import Kernel
import Structures

/// A line under construction, with room before it for a header that is known later.
struct LineBuffer: ~Copyable {
    private var bytes: FixedArray<UInt8>
    /// Where the line begins.
    let start: Int
    /// Where the next byte goes.
    private(set) var end: Int

    /// Room for `capacity` bytes behind `headRoom` bytes.
    init(headRoom: Int, capacity: Int) {
        bytes = FixedArray(zeroed: headRoom + capacity)
        start = headRoom
        end = headRoom
    }

    /// Bytes in the line.
    var count: Int { end - start }

    /// Forgets the line.
    mutating func clear() { end = start }

    mutating func append(_ byte: UInt8) {
        if end == bytes.count { return }
        bytes[end] = byte
        end += 1
    }

    mutating func append(_ text: Span<UInt8>) {
        let count = min(text.count, bytes.count - end)
        bytes.copy(text.extracting(0..<count), at: end)
        end &+= count
    }

    /// A piece of the plan's text.
    mutating func append(_ piece: TextPiece, of plan: borrowing LogPlan) {
        let first = Int(piece.offset)
        append(plan.blob.span.extracting(first..<(first + Int(piece.length))))
    }

    mutating func append(_ text: StaticString) {
        // Safety: a static string's bytes live for ever.
        let span = unsafe Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
        append(span)
    }

    mutating func append(decimal value: Int) {
        if value < 0 { append(0x2D) }
        append(decimal: value.magnitude)
    }

    mutating func append(decimal value: UInt) {
        append(decimal: value, digits: 1)
    }

    /// At least `digits` digits, with zeros before the number where needed.
    mutating func append(decimal value: UInt, digits: Int) {
        // Most numbers of a line have one or two digits.
        if value < 10 && digits == 1 {
            append(0x30 &+ UInt8(truncatingIfNeeded: value))
            return
        }
        if value < 100 && digits <= 2 {
            append(0x30 &+ UInt8(truncatingIfNeeded: value / 10))
            append(0x30 &+ UInt8(truncatingIfNeeded: value % 10))
            return
        }
        var text: InlineArray<20, UInt8> = InlineArray(repeating: 0x30)
        var first = 20
        var rest = value
        repeat {
            first &-= 1
            text[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest != 0
        first = min(first, 20 - digits)
        while first < 20 {
            append(text[first])
            first &+= 1
        }
    }

    /// `2026-11-22T22:16:50.854779+00:00`
    mutating func append(isoDate time: CivilTime, microseconds: Int) {
        append(decimal: UInt(time.year), digits: 4)
        append(0x2D)
        append(decimal: UInt(time.month), digits: 2)
        append(0x2D)
        append(decimal: UInt(time.day), digits: 2)
        append(0x54)
        append(time.logText.span.extracting(12..<20))
        append(0x2E)
        append(decimal: UInt(microseconds), digits: 6)
        append(time.offset < 0 ? 0x2D : 0x2B)
        append(decimal: UInt(abs(time.offset) / 3600), digits: 2)
        append(0x3A)
        append(decimal: UInt(abs(time.offset) / 60 % 60), digits: 2)
    }

    /// Copies another line right before this one and answers where the whole begins.
    ///
    /// The header must fit in the head room.
    mutating func place(header: borrowing LineBuffer) -> Int {
        let count = header.count
        precondition(count <= start)
        let first = start - count
        bytes.copy(header.bytes.span.extracting(header.start..<header.end), at: first)
        return first
    }

    /// Hands out the bytes from `first` up to `last` with a line feed behind them.
    mutating func withLine<R>(from first: Int, to last: Int, _ body: (Span<UInt8>) -> R) -> R {
        let kept = bytes[last]
        bytes[last] = 0x0A
        let result = body(bytes.span.extracting(first..<(last + 1)))
        bytes[last] = kept
        return result
    }

    /// A part of the line.
    @_lifetime(borrow self)
    func bytes(_ range: Range<Int>) -> Span<UInt8> { bytes.span.extracting(range) }
}

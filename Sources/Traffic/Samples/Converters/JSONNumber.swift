// Numbers of JSON texts with fractions and exponents, and how they are written again.

import CLinux

/// Reads the number that a JSON text holds.
enum JSONNumber {
    /// No power of ten beyond this one changes a result any more.
    private static let exponentLimit = 400

    /// The number at the start of `text`; 0 where there is none.
    ///
    /// It is computed step by step in doubles, as HAProxy's reader does, so that the last digit of
    /// what is written of it is the same: it may be off from the nearest double.
    static func value(of text: Span<UInt8>) -> Double {
        var index = 0
        let isNegative = text.count > 0 && text[0] == 0x2D
        if isNegative { index = 1 }
        var value = 0.0
        while let digit = digit(text, index) {
            value = value * 10 + digit
            index += 1
        }
        if index < text.count && text[index] == 0x2E {
            index += 1
            value += fraction(text, &index)
        }
        if isNegative { value = -value }
        guard index < text.count, text[index] | 0x20 == 0x65 else { return value }
        return scaled(value, text, index + 1)
    }

    private static func digit(_ text: Span<UInt8>, _ index: Int) -> Double? {
        guard index < text.count, text[index] >= 0x30, text[index] <= 0x39 else { return nil }
        return Double(text[index] - 0x30)
    }

    private static func fraction(_ text: Span<UInt8>, _ index: inout Int) -> Double {
        var value = 0.0
        var place = 0.1
        while let digit = digit(text, index) {
            value += place * digit
            place /= 10
            index += 1
        }
        return value
    }

    /// A value times the power of ten that is written at `start`.
    private static func scaled(_ value: Double, _ text: Span<UInt8>, _ start: Int) -> Double {
        var index = start
        var isDivided = false
        if index < text.count, text[index] == 0x2B || text[index] == 0x2D {
            isDivided = text[index] == 0x2D
            index += 1
        }
        var exponent = 0
        while let digit = digit(text, index) {
            exponent = min(exponent * 10 + Int(digit), exponentLimit)
            index += 1
        }
        var power = 1.0
        for _ in 0..<exponent { power *= 10 }
        return isDivided ? value / power : value * power
    }
}

extension OutputBytes {
    /// Adds a number with six significant digits at most, as C's `%g` has it.
    mutating func append(shortened value: Double) {
        var text = InlineArray<32, CChar>(repeating: 0)
        var room = text.mutableSpan
        // Safety: the function writes at most as many bytes as the room has.
        let count = unsafe room.withUnsafeMutableBufferPointer {
            unsafe Int(martlet_shorten(value, $0.baseAddress!, $0.count))
        }
        for index in 0..<min(max(count, 0), 31) { append(UInt8(bitPattern: text[index])) }
    }
}

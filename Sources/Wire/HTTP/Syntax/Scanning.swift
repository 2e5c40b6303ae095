// Looking at eight bytes at a time for the first byte that ends a part of a message.
// Each mask has bit 7 of every byte that matches; a borrow can only spoil bytes above the first
// match, and only the first match is used.

import Bytes

/// Searches over spans used by the parsers.
enum Scanning {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let tops: UInt64 = 0x8080_8080_8080_8080

    /// Index of the first control character other than a tab (0–31, 127) at or after `start`, or
    /// `bytes.count`.
    @inline(__always)
    static func firstControl(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        while true {
            while index &+ 16 <= count {
                let words = bytes.load128(index)
                let delete = words ^ SIMD2(repeating: ones &* 0x7F)
                let masks =
                    (((words &- SIMD2(repeating: ones &* 0x20)) & ~words)
                        | ((delete &- SIMD2(repeating: ones)) & ~delete)) & SIMD2(repeating: tops)
                if masks[0] | masks[1] != 0 {
                    index &+=
                        masks[0] != 0
                        ? masks[0].trailingZeroBitCount &>> 3
                        : 8 &+ masks[1].trailingZeroBitCount &>> 3
                    break
                }
                index &+= 16
            }
            while index &+ 8 <= count {
                let word = bytes.load64(index)
                let delete = word ^ (ones &* 0x7F)
                let mask =
                    (((word &- ones &* 0x20) & ~word) | ((delete &- ones) & ~delete)) & tops
                if mask != 0 {
                    index &+= mask.trailingZeroBitCount &>> 3
                    break
                }
                index &+= 8
            }
            while index < count {
                let byte = bytes[index]
                if byte < 0x20 || byte == 0x7F {
                    if byte == 0x09 { break }
                    return index
                }
                index &+= 1
            }
            if index >= count { return count }
            index &+= 1
        }
    }

    /// Index of the first byte that cannot be part of a request target (0–32, 127 and above, `#`)
    /// at or after `start`, or `bytes.count`.
    @inline(__always)
    static func targetEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        while index &+ 8 <= count {
            let word = bytes.load64(index)
            let hash = word ^ (ones &* 0x23)
            let low = (word &- ones &* 0x21) & ~word
            let high = ((word & ~tops) &+ ones) | word
            let mask = (low | high | ((hash &- ones) & ~hash)) & tops
            if mask != 0 { return index &+ (mask.trailingZeroBitCount &>> 3) }
            index &+= 8
        }
        while index < count {
            let byte = bytes[index]
            if byte <= 0x20 || byte >= 0x7F || byte == 0x23 { return index }
            index &+= 1
        }
        return count
    }

    /// Index of the first byte that is not a `tchar` at or after `start`, or `bytes.count`.
    ///
    /// Letters and hyphens, which most field names are made of, are skipped eight at a time.
    @inline(__always)
    static func tokenEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        while index &+ 8 <= count {
            let mask = unusualNameBytes(bytes.load64(index))
            if mask == 0 {
                index &+= 8
                continue
            }
            index &+= mask.trailingZeroBitCount &>> 3
            if !bytes[index].isIn(CharacterClass.token) { return index }
            index &+= 1
        }
        while index < count {
            if !bytes[index].isIn(CharacterClass.token) { return index }
            index &+= 1
        }
        return count
    }

    /// Marks the bytes of a word that are neither letters nor hyphens.
    @inline(__always)
    static func unusualNameBytes(_ word: UInt64) -> UInt64 {
        let small = (word | ones &* 0x20) & ~tops
        let letters = (small &+ ones &* 0x1F) & ~(small &+ ones &* 0x05)
        let hyphen = (word ^ (ones &* 0x2D)) & ~tops
        return ~((letters | ~(hyphen &+ ones &* 0x7F)) & ~word) & tops
    }

    /// How many of the lowest bytes of a word are letters, digits, hyphens or periods.
    @inline(__always)
    static func plainHostBytes(_ word: UInt64) -> Int {
        let small = (word | ones &* 0x20) & ~tops
        let letters = (small &+ ones &* 0x1F) & ~(small &+ ones &* 0x05)
        // 0x2D ... 0x39 are `-`, `.`, `/` and the digits.
        let low = word & ~tops
        let marks = (low &+ ones &* 0x53) & ~(low &+ ones &* 0x46)
        let slash = ((low ^ (ones &* 0x2F)) &+ ones &* 0x7F)
        let mask = ~((letters | (marks & slash)) & ~word) & tops
        return mask.trailingZeroBitCount &>> 3
    }

    /// Index of the first byte at or after `start` that is neither a space nor a tab.
    @inline(__always)
    static func skipBlank(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, bytes[index] == 0x20 || bytes[index] == 0x09 { index &+= 1 }
        return index
    }

    /// The end of `start ..< end` without trailing spaces and tabs.
    @inline(__always)
    static func trimBlank(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = end
        while index > start, bytes[index &- 1] == 0x20 || bytes[index &- 1] == 0x09 {
            index &-= 1
        }
        return index
    }

    /// Up to eight bytes at `start` as a little-endian word; bytes beyond `length` are zero.
    @inline(__always)
    static func exactWord(_ bytes: Span<UInt8>, at start: Int, length: Int) -> UInt64 {
        if length >= 8 { return bytes.load64(start) }
        if start &+ 8 <= bytes.count { return bytes.load64(start) & lowBytes(length) }
        return shortWord(bytes, at: start, length: length)
    }

    /// ``exactWord(_:at:length:)`` in small letters.
    ///
    /// Setting bit 5 makes capitals small; a byte that is neither letter, digit nor `-` may change
    /// into another one, so compare only with words made of those three.
    @inline(__always)
    static func smallWord(_ bytes: Span<UInt8>, at start: Int, length: Int) -> UInt64 {
        let exact = exactWord(bytes, at: start, length: length)
        return length >= 8 ? exact | ones &* 0x20 : (exact | ones &* 0x20) & lowBytes(length)
    }

    /// A mask of the lowest `length` bytes, fewer than eight.
    @inline(__always)
    static func lowBytes(_ length: Int) -> UInt64 {
        ((1 as UInt64) &<< UInt64(truncatingIfNeeded: length &* 8)) &- 1
    }

    /// ``exactWord(_:at:length:)`` where fewer than eight bytes are left in the span.
    @inline(never)
    private static func shortWord(_ bytes: Span<UInt8>, at start: Int, length: Int) -> UInt64 {
        var word: UInt64 = 0
        var position = 0
        while position < length {
            word |= UInt64(bytes[start &+ position]) &<< UInt64(position &* 8)
            position &+= 1
        }
        return word
    }

    /// Whether two ranges hold the same bytes but for the case of ASCII letters.
    static func equalIgnoringCase(
        _ bytes: Span<UInt8>, _ first: Range<Int>, _ second: Range<Int>
    ) -> Bool {
        guard first.count == second.count else { return false }
        var position = 0
        while position < first.count {
            let left = bytes[first.lowerBound &+ position].asciiLowercased
            if left != bytes[second.lowerBound &+ position].asciiLowercased { return false }
            position &+= 1
        }
        return true
    }
}

/// Up to eight characters of a literal as a little-endian word, to compare with loaded bytes.
///
/// Folds to a constant in optimised builds.
@inline(__always)
func word(_ text: StaticString) -> UInt64 {
    assert(text.utf8CodeUnitCount <= 8)
    var value: UInt64 = 0
    var position = 0
    while position < text.utf8CodeUnitCount {
        // Safety: the loop stays below the literal's length.
        value |= unsafe UInt64(text.utf8Start[position]) &<< UInt64(position &* 8)
        position &+= 1
    }
    return value
}

// `#token` lists (RFC 9110 §5.6.1): commas, blanks and empty elements between tokens.

/// Walks the elements of a comma-separated list of tokens.
struct TokenList: ~Escapable {
    private let bytes: Span<UInt8>
    private var index: Int
    private let end: Int
    private let allowsSlash: Bool
    private let allowsParameters: Bool
    /// Set when an element was not a token; the walk ends there.
    private(set) var isMalformed = false

    /// - Parameters:
    ///   - allowsSlash: elements may be `name/version`.
    ///   - allowsParameters: what follows a token up to the next comma is skipped.
    @_lifetime(copy bytes)
    @inline(__always)
    init(
        _ bytes: Span<UInt8>, _ range: Range<Int>, allowsSlash: Bool = false,
        allowsParameters: Bool = false
    ) {
        self.bytes = bytes
        index = range.lowerBound
        end = range.upperBound
        self.allowsSlash = allowsSlash
        self.allowsParameters = allowsParameters
    }

    /// The next element, or nil at the end of the list.
    @_lifetime(self: copy self)
    mutating func next() -> Range<Int>? {
        while index < end {
            let byte = bytes[index]
            if byte != Byte.comma, byte != Byte.space, byte != Byte.tab { break }
            index &+= 1
        }
        guard index < end, !isMalformed else { return nil }
        let start = index
        while index < end, isElementByte(bytes[index]) { index &+= 1 }
        let tokenEnd = index
        if allowsParameters {
            while index < end, bytes[index] != Byte.comma { index &+= 1 }
        }
        while index < end, bytes[index] == Byte.space || bytes[index] == Byte.tab { index &+= 1 }
        if tokenEnd == start || (index < end && bytes[index] != Byte.comma) {
            isMalformed = true
            return nil
        }
        return start..<tokenEnd
    }

    @inline(__always)
    private func isElementByte(_ byte: UInt8) -> Bool {
        byte.isIn(CharacterClass.token) || (allowsSlash && byte == Byte.slash)
    }
}

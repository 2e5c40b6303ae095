// IP addresses to and from text: dotted quads and RFC 5952 for output, strict inet_pton rules for
// input (no octal, no shortened quads, no zone).

extension IPAddress {
    /// The most bytes `writeText` can write: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
    public static let longestTextBytes = 45

    /// Writes the canonical text at `start` and returns the index behind its last byte.
    ///
    /// Traps unless `longestTextBytes` fit behind `start`.
    @discardableResult
    public func writeText(into target: inout MutableSpan<UInt8>, at start: Int = 0) -> Int {
        precondition(start >= 0 && start <= target.count - IPAddress.longestTextBytes)
        var writer = TextWriter(position: start)
        switch family {
        case .v4: writer.quad(UInt32(truncatingIfNeeded: low), into: &target)
        case .v6: writer.groups(of: self, into: &target)
        }
        assert(writer.position - start <= IPAddress.longestTextBytes)
        return writer.position
    }

    /// Appends the canonical text to `target`.
    public func appendText(to target: inout [UInt8]) {
        var room = [UInt8](repeating: 0, count: IPAddress.longestTextBytes)
        var span = room.mutableSpan
        let end = writeText(into: &span)
        target.append(contentsOf: room[..<end])
    }

    /// Parses a dotted quad or an IPv6 address; nil when `text` is neither in full.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(text: bytes.span)
    }

    /// Parses the bytes of a dotted quad or an IPv6 address; nil when they are neither in full.
    public init?(text: Span<UInt8>) {
        if let bits = parseQuad(text, from: 0) {
            self.init(v4: bits)
        } else {
            guard let address = parseGroups(text) else { return nil }
            self = address
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text, RFC 5952 for IPv6.
    public var description: String {
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Writes digits into a span and remembers how far it got.
struct TextWriter {
    var position: Int

    mutating func byte(_ value: UInt8, into target: inout MutableSpan<UInt8>) {
        target[position] = value
        position += 1
    }

    mutating func decimal(_ value: UInt32, into target: inout MutableSpan<UInt8>) {
        var divisor: UInt32 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            byte(UInt8(truncatingIfNeeded: value / divisor % 10) + 0x30, into: &target)
            divisor /= 10
        }
    }

    mutating func hexadecimal(_ value: UInt16, into target: inout MutableSpan<UInt8>) {
        var started = false
        for place in 0..<4 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt16((3 - place) * 4) & 0xF)
            started = started || digit != 0 || place == 3
            if started { byte(digit < 10 ? digit + 0x30 : digit + 0x57, into: &target) }
        }
    }

    mutating func quad(_ bits: UInt32, into target: inout MutableSpan<UInt8>) {
        var end = position
        for place in 0..<4 {
            let value = UInt8(truncatingIfNeeded: bits >> UInt32((3 - place) * 8))
            let tens = value / 10
            if value >= 100 {
                target[end] = 0x30 &+ tens / 10
                end &+= 1
            }
            if value >= 10 {
                target[end] = 0x30 &+ tens % 10
                end &+= 1
            }
            target[end] = 0x30 &+ value % 10
            end &+= 1
            if place < 3 {
                target[end] = 0x2E
                end &+= 1
            }
        }
        position = end
    }

    mutating func groups(of address: IPAddress, into target: inout MutableSpan<UInt8>) {
        if address.isMappedV4 {
            for character in "::ffff:".utf8 { byte(character, into: &target) }
            quad(UInt32(truncatingIfNeeded: address.low), into: &target)
            return
        }
        let gap = longestZeroRun(address)
        var index = 0
        while index < 8 {
            if index == gap.lowerBound && !gap.isEmpty {
                byte(0x3A, into: &target)
                if index == 0 { byte(0x3A, into: &target) }
                index = gap.upperBound
                continue
            }
            hexadecimal(group(address, index), into: &target)
            index += 1
            if index < 8 { byte(0x3A, into: &target) }
        }
    }
}

private func group(_ address: IPAddress, _ index: Int) -> UInt16 {
    let half = index < 4 ? address.high : address.low
    return UInt16(truncatingIfNeeded: half >> UInt64((3 - index % 4) * 16))
}

/// The first longest run of two or more zero groups (RFC 5952 §4.2), or an empty range.
private func longestZeroRun(_ address: IPAddress) -> Range<Int> {
    var best = 8..<8
    var start = 0
    while start < 8 {
        var end = start
        while end < 8 && group(address, end) == 0 { end += 1 }
        if end - start >= 2 && end - start > best.count { best = start..<end }
        start = max(end, start + 1)
    }
    return best
}

/// Four decimal numbers without leading zeros, filling the span from `start`.
private func parseQuad(_ text: Span<UInt8>, from start: Int) -> UInt32? {
    var bits: UInt32 = 0
    var index = start
    for part in 0..<4 {
        var value: UInt32 = 0
        let first = index
        while index < text.count, let digit = decimalDigit(text[index]) {
            value = value * 10 + UInt32(digit)
            index += 1
            if value > 255 || index - first > 3 { return nil }
            if index - first > 1 && text[first] == 0x30 { return nil }
        }
        if index == first { return nil }
        bits = bits << 8 | value
        if part < 3 {
            guard index < text.count, text[index] == 0x2E else { return nil }
            index += 1
        }
    }
    return index == text.count ? bits : nil
}

/// Eight groups, or fewer around one `::`, the last two perhaps written as a dotted quad.
private func parseGroups(_ text: Span<UInt8>) -> IPAddress? {
    guard text.count >= 2, text.count <= IPAddress.longestTextBytes else { return nil }
    var groups: [UInt16] = []
    var gap: Int?
    var index = 0
    if text[0] == 0x3A {
        guard text[1] == 0x3A else { return nil }
        gap = 0
        index = 2
    }
    while index < text.count {
        if groups.count <= 6, let bits = parseQuad(text, from: index) {
            groups.append(UInt16(truncatingIfNeeded: bits >> 16))
            groups.append(UInt16(truncatingIfNeeded: bits))
            index = text.count
            break
        }
        var value: UInt16 = 0
        let first = index
        while index < text.count, let digit = hexadecimalDigit(text[index]) {
            if index - first == 4 { return nil }
            value = value << 4 | UInt16(digit)
            index += 1
        }
        if index == first || groups.count == 8 { return nil }
        groups.append(value)
        if index == text.count { break }
        guard text[index] == 0x3A, index + 1 < text.count else { return nil }
        index += 1
        if text[index] == 0x3A {
            if gap != nil { return nil }
            gap = groups.count
            index += 1
        }
    }
    return assemble(groups, gap: gap)
}

private func assemble(_ groups: [UInt16], gap: Int?) -> IPAddress? {
    guard groups.count <= (gap == nil ? 8 : 7), gap != nil || groups.count == 8 else { return nil }
    var all = groups
    if let gap {
        all.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
    }
    var halves: (UInt64, UInt64) = (0, 0)
    for index in 0..<4 { halves.0 = halves.0 << 16 | UInt64(all[index]) }
    for index in 4..<8 { halves.1 = halves.1 << 16 | UInt64(all[index]) }
    return IPAddress(v6High: halves.0, low: halves.1)
}

/// The value of an ASCII decimal digit.
func decimalDigit(_ byte: UInt8) -> UInt8? {
    byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : nil
}

/// The value of an ASCII hexadecimal digit of either case.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}

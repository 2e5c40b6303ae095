// Which pattern matches. Data path: no allocation, no reference counting, one pass over the list.

import Addresses
import Bytes
import Structures

extension PatternIndex {
    /// The pattern that a text or a block of bytes matches, or nil.
    ///
    /// For `reg`, the scratch then knows where the groups are.
    public func find(
        _ text: Span<UInt8>, _ scratch: inout RegularExpressionScratch
    ) -> UInt32? {
        switch method {
        case .str, .bin, .group:
            if hash.count > 0, let found = hash.find(text, in: texts) { return found }
            if hashFolded.count == 0 { return nil }
            return hashFolded.find(text, in: texts, folded: true)
        case .beg:
            if tree.count > 0, let found = tree.longestMatch(text, in: texts) { return found }
            if treeFolded.count == 0 { return nil }
            return treeFolded.longestMatch(text, in: texts, folded: true)
        case .len: return find(Int64(text.count))
        case .reg:
            for place in 0..<list.count {
                if let code = list[place].code, scratch.matches(code, text) {
                    return list[place].slot
                }
            }
            return nil
        case .sub, .dir, .dom, .end, .method:
            return isIndexed ? findIndexed(text) : findInList(text)
        case .found, .bool, .int, .ip: return nil
        }
    }

    private func findInList(_ text: Span<UInt8>) -> UInt32? {
        for place in 0..<list.count {
            let item = list[place]
            let pattern = texts[slots[Int(item.slot)].text]
            let folds = item.ignoresCase
            let matches: Bool
            switch method {
            case .sub: matches = Comparison.contains(text, pattern, folds)
            case .end: matches = Comparison.ends(text, pattern, folds)
            case .dir: matches = Comparison.hasPart(text, pattern, folds, .slash)
            case .dom: matches = Comparison.hasPart(text, pattern, folds, .domain)
            default: matches = Comparison.isMethod(text, pattern, folds)
            }
            if matches { return item.slot }
        }
        return nil
    }

    /// The oldest of all patterns that match.
    private func findIndexed(_ text: Span<UInt8>) -> UInt32? {
        var best = Oldest()
        switch method {
        case .end:
            tree.forEachMatch(text, from: text.count - 1, backward: true, in: texts) {
                best.take($0, self)
            }
            if treeFolded.count > 0 {
                treeFolded.forEachMatch(
                    text, from: text.count - 1, backward: true, in: texts, folded: true
                ) { best.take($0, self) }
            }
        case .sub:
            for start in 0...text.count {
                tree.forEachMatch(text, from: start, in: texts) { best.take($0, self) }
            }
            if treeFolded.count == 0 { break }
            for start in 0...text.count {
                treeFolded.forEachMatch(text, from: start, in: texts, folded: true) {
                    best.take($0, self)
                }
            }
        default: findParts(of: text, &best)
        }
        if list.count > 0, let found = findInList(text) { best.take(found, self) }
        return best.number
    }

    /// Looks up each run of parts that has as many of them as some pattern.
    private func findParts(of text: Span<UInt8>, _ best: inout Oldest) {
        let delimiters = method.delimiters
        var start = 0
        while start < text.count {
            if delimiters.contain(text[start]) {
                start += 1
                continue
            }
            var end = start
            var behindFirst = text.count
            var left = partCounts
            while left != 0 && end < text.count {
                while end < text.count && !delimiters.contain(text[end]) { end += 1 }
                if behindFirst == text.count { behindFirst = end }
                if left & 1 != 0 { look(up: text.extracting(start..<end), &best) }
                left >>= 1
                while end < text.count && delimiters.contain(text[end]) { end += 1 }
            }
            start = max(behindFirst, start + 1)
        }
    }

    private func look(up part: Span<UInt8>, _ best: inout Oldest) {
        if hash.count > 0, let found = hash.find(part, in: texts) { best.take(found, self) }
        if hashFolded.count > 0, let found = hashFolded.find(part, in: texts, folded: true) {
            best.take(found, self)
        }
    }

    /// Of several patterns the one that was inserted first.
    private struct Oldest {
        var number: UInt32?
        var order = UInt32.max

        @inline(__always)
        mutating func take(_ other: UInt32, _ index: borrowing PatternIndex) {
            let age = index.slots[Int(other)].order
            if age < order {
                order = age
                number = other
            }
        }
    }

    /// The pattern whose range an integer is in, or nil.
    public func find(_ number: Int64) -> UInt32? {
        for place in 0..<list.count {
            let item = list[place]
            if item.hasMinimum && number < item.first { continue }
            if item.hasMaximum && number > item.second { continue }
            return item.slot
        }
        return nil
    }

    /// The pattern of the longest network an address is in, or nil.
    ///
    /// IPv4 addresses are looked for in IPv6 networks as `::ffff:a.b.c.d`; IPv6 addresses that hold
    /// one of IPv4 (mapped, compatible, 6to4) are looked for in IPv4 networks.
    public func find(_ address: IPAddress) -> UInt32? {
        let inner: UInt32?
        if address.family == .v4 {
            let bits = UInt32(truncatingIfNeeded: address.low)
            if let found = v4.longestMatch(bits) { return found }
            if v6.count > 0, let found = v6.longestMatch(0xFFFF_0000_0000 | UInt128(bits)) {
                return found
            }
            inner = bits
        } else {
            let bits = UInt128(address.high) << 64 | UInt128(address.low)
            if let found = v6.longestMatch(bits) { return found }
            inner = embeddedV4(address).map { UInt32(truncatingIfNeeded: $0.low) }
            if let inner, let found = v4.longestMatch(inner) { return found }
        }
        guard let inner else { return nil }
        for place in 0..<list.count {
            let item = list[place]
            if Int64(inner) & item.second == item.first { return item.slot }
        }
        return nil
    }
}

extension MatchMethod {
    /// What stands between parts, for `dir` and `dom`.
    @inline(__always)
    var delimiters: Comparison.Delimiters { self == .dom ? .domain : .slash }
}

/// Comparisons of texts that need no index.
enum Comparison {
    /// Bytes between which the parts of a text are.
    struct Delimiters {
        let domain: Bool
        static let slash = Delimiters(domain: false)
        static let domain = Delimiters(domain: true)

        @inline(__always)
        func contain(_ byte: UInt8) -> Bool {
            byte == 0x2F || byte == 0x3F || (domain && (byte == 0x2E || byte == 0x3A))
        }
    }

    /// Whether the bytes of `text` from `start` on begin with those of a pattern; a pattern that is
    /// compared without regard to case is in small letters.
    @inline(__always)
    static func begins(
        _ text: Span<UInt8>, at start: Int, _ pattern: Span<UInt8>, _ range: Range<Int>,
        _ folds: Bool
    ) -> Bool {
        if range.count > text.count - start { return false }
        for index in 0..<range.count {
            let byte = folds ? text[start + index].asciiLowercased : text[start + index]
            if byte != pattern[range.lowerBound + index] { return false }
        }
        return true
    }

    static func ends(_ text: Span<UInt8>, _ pattern: Span<UInt8>, _ folds: Bool) -> Bool {
        pattern.count <= text.count
            && begins(text, at: text.count - pattern.count, pattern, 0..<pattern.count, folds)
    }

    static func contains(_ text: Span<UInt8>, _ pattern: Span<UInt8>, _ folds: Bool) -> Bool {
        if pattern.isEmpty { return true }
        if pattern.count > text.count { return false }
        let first = pattern[0]
        for start in 0...(text.count &- pattern.count) {
            let byte = folds ? text[start].asciiLowercased : text[start]
            if byte == first && begins(text, at: start, pattern, 0..<pattern.count, folds) {
                return true
            }
        }
        return false
    }

    /// A pattern without delimiters around it.
    static func core(of pattern: Span<UInt8>, _ delimiters: Delimiters) -> Range<Int> {
        var first = 0
        var end = pattern.count
        while first < end && delimiters.contain(pattern[first]) { first += 1 }
        while first < end && delimiters.contain(pattern[end - 1]) { end -= 1 }
        return first..<end
    }

    /// How many parts a pattern has.
    static func parts(of pattern: Span<UInt8>, _ delimiters: Delimiters) -> Int {
        var count = 0
        var isInside = false
        for index in 0..<pattern.count {
            let isDelimiter = delimiters.contain(pattern[index])
            if !isDelimiter && !isInside { count += 1 }
            isInside = !isDelimiter
        }
        return count
    }

    /// Whether the pattern without delimiters around it is one or more whole parts of the text.
    static func hasPart(
        _ text: Span<UInt8>, _ pattern: Span<UInt8>, _ folds: Bool, _ delimiters: Delimiters
    ) -> Bool {
        let core = core(of: pattern, delimiters)
        let first = core.lowerBound
        let end = core.upperBound
        // Delimiters alone are no part of anything.
        if first == end { return false }
        var isAtPart = true
        var index = 0
        while index <= text.count - (end - first) {
            if delimiters.contain(text[index]) {
                isAtPart = true
            } else if isAtPart {
                isAtPart = false
                let next = index + (end - first)
                if begins(text, at: index, pattern, first..<end, folds)
                    && (next == text.count || delimiters.contain(text[next]))
                {
                    return true
                }
            }
            index += 1
        }
        return false
    }

    /// Whether two methods are one; case matters where either is well known.
    static func isMethod(_ text: Span<UInt8>, _ pattern: Span<UInt8>, _ folds: Bool) -> Bool {
        if text.count != pattern.count { return false }
        var isSame = true
        for index in 0..<text.count {
            if text[index] == pattern[index] { continue }
            if !folds || text[index].asciiLowercased != pattern[index].asciiLowercased {
                return false
            }
            isSame = false
        }
        return isSame || !(isWellKnown(text) || isWellKnown(pattern))
    }

    private static func isWellKnown(_ text: Span<UInt8>) -> Bool {
        func same(_ name: StaticString) -> Bool {
            // Safety: a literal's bytes live forever.
            let bytes = unsafe Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount)
            return bytes.count == text.count && begins(text, at: 0, bytes, 0..<bytes.count, false)
        }
        return same("GET") || same("HEAD") || same("POST") || same("PUT") || same("DELETE")
            || same("OPTIONS") || same("TRACE") || same("CONNECT")
    }
}

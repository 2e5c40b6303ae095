// Finds one value of a JSON text by a path, without building a tree and without recursion. Lenient:
// what is not on the way to the value is skipped, not checked.

/// What a path leads to.
struct JSONValue {
    /// The kinds of values.
    enum Kind {
        case string, number, yes, no, null, object, array
    }

    /// What it is.
    let kind: Kind
    /// Where it stands; a string's range is between its quotes.
    let range: Range<Int>
}

/// Reads a JSON text from the front.
struct JSONScanner {
    private var position = 0

    /// The value that `path` (`$.key[2].other`, a backslash before a dot of a key) leads to.
    static func find(_ path: Span<UInt8>, in text: Span<UInt8>) -> JSONValue? {
        guard path.count > 0, path[0] == 0x24 else { return nil }
        var scanner = JSONScanner()
        var step = 1
        while step < path.count {
            switch path[step] {
            case 0x2E:
                let start = step + 1
                step = start
                while step < path.count && path[step] != 0x2E && path[step] != 0x5B {
                    step += path[step] == 0x5C && step + 1 < path.count ? 2 : 1
                }
                guard scanner.enter(key: path.extracting(start..<min(step, path.count)), text)
                else { return nil }
            case 0x5B:
                var index = 0
                step += 1
                while step < path.count, path[step] >= 0x30, path[step] <= 0x39, index < 1 << 24 {
                    index = index * 10 + Int(path[step] - 0x30)
                    step += 1
                }
                guard step < path.count, path[step] == 0x5D, scanner.enter(index: index, text)
                else { return nil }
                step += 1
            default: return nil
            }
        }
        return scanner.value(text)
    }

    private mutating func skipBlanks(_ text: Span<UInt8>) {
        while position < text.count,
            text[position] == 0x20 || (text[position] >= 0x09 && text[position] <= 0x0D)
        { position += 1 }
    }

    private mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        skipBlanks(text)
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func enter(key: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        guard take(0x7B, text) else { return false }
        repeat {
            skipBlanks(text)
            guard let name = value(text), name.kind == .string, take(0x3A, text) else {
                return false
            }
            if isSame(text.extracting(name.range), key) {
                skipBlanks(text)
                return true
            }
            guard value(text) != nil else { return false }
        } while take(0x2C, text)
        return false
    }

    private mutating func enter(index: Int, _ text: Span<UInt8>) -> Bool {
        guard take(0x5B, text) else { return false }
        var place = 0
        repeat {
            skipBlanks(text)
            if place == index { return position < text.count && text[position] != 0x5D }
            guard value(text) != nil else { return false }
            place += 1
        } while take(0x2C, text)
        return false
    }

    /// Whether a name is the key, whose backslashes take the next byte as it is.
    private func isSame(_ name: Span<UInt8>, _ key: Span<UInt8>) -> Bool {
        var place = 0
        var index = 0
        while index < key.count {
            if key[index] == 0x5C && index + 1 < key.count { index += 1 }
            guard place < name.count, name[place] == key[index] else { return false }
            place += 1
            index += 1
        }
        return place == name.count
    }

    /// Reads the value at the position and stands behind it.
    private mutating func value(_ text: Span<UInt8>) -> JSONValue? {
        skipBlanks(text)
        guard position < text.count else { return nil }
        let start = position
        switch text[position] {
        case 0x22:
            guard skipString(text) else { return nil }
            return JSONValue(kind: .string, range: start + 1..<position - 1)
        case 0x7B, 0x5B:
            let kind: JSONValue.Kind = text[position] == 0x7B ? .object : .array
            guard skipContainer(text) else { return nil }
            return JSONValue(kind: kind, range: start..<position)
        default: return word(text)
        }
    }

    private mutating func word(_ text: Span<UInt8>) -> JSONValue? {
        let start = position
        while position < text.count,
            isLetterOrDigit(text[position])
                || text[position] == 0x2B || text[position] == 0x2D || text[position] == 0x2E
        { position += 1 }
        let word = text.extracting(start..<position)
        let range = start..<position
        if word.count == 0 { return nil }
        if isWord(word, "true") { return JSONValue(kind: .yes, range: range) }
        if isWord(word, "false") { return JSONValue(kind: .no, range: range) }
        if isWord(word, "null") { return JSONValue(kind: .null, range: range) }
        let digit = word[0] == 0x2D && word.count > 1 ? word[1] : word[0]
        guard digit >= 0x30 && digit <= 0x39 else { return nil }
        return JSONValue(kind: .number, range: range)
    }

    private mutating func skipString(_ text: Span<UInt8>) -> Bool {
        position += 1
        while position < text.count {
            if text[position] == 0x22 {
                position += 1
                return true
            }
            position += text[position] == 0x5C ? 2 : 1
        }
        return false
    }

    private mutating func skipContainer(_ text: Span<UInt8>) -> Bool {
        var depth = 0
        while position < text.count {
            switch text[position] {
            case 0x22:
                guard skipString(text) else { return false }
                continue
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D: depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return true }
        }
        return false
    }
}

/// Whether bytes are exactly the letters of a literal.
func isWord(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<bytes.count {
        // Safety: the index is below the literal's count.
        if unsafe bytes[index] != word.utf8Start[index] { return false }
    }
    return true
}

// Cutting a line into words. There are two readings: most keywords know double quotes only and no
// escapes; commands know both quotes, escapes, and join what stands together.
// keepalived.conf(5): Quoted strings; the difference between the two was measured.

/// The bytes that the language gives a meaning, by the names of their characters.
enum Letter {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let blank: UInt8 = 0x20
    static let bang: UInt8 = 0x21
    static let doubleQuote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let dollar: UInt8 = 0x24
    static let singleQuote: UInt8 = 0x27
    static let comma: UInt8 = 0x2C
    static let equals: UInt8 = 0x3D
    static let at: UInt8 = 0x40
    static let backslash: UInt8 = 0x5C
    static let caret: UInt8 = 0x5E
    static let openBrace: UInt8 = 0x7B
    static let closeBrace: UInt8 = 0x7D
    static let tilde: UInt8 = 0x7E

    /// Whether a byte separates words.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == blank || (byte >= 0x09 && byte <= 0x0D)
    }

    /// Whether a byte can be in the name of a parameter.
    static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }

    /// Whether a byte is a decimal digit.
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

/// Why a line has no words.
enum WordMistake: Error, Equatable {
    /// A quote is not closed.
    case unterminatedQuote
    /// There are more words than a line may have.
    case tooManyWords
}

/// Cuts lines into words.
enum Words {
    /// Words separated by blanks; a double-quoted part is a word of its own.
    static func plain(_ line: ArraySlice<UInt8>) -> Result<[String], WordMistake> {
        var words: [String] = []
        var index = line.startIndex
        while true {
            while index < line.endIndex, Letter.isBlank(line[index]) { index += 1 }
            guard index < line.endIndex else { return .success(words) }
            guard words.count < Bounds.words else { return .failure(.tooManyWords) }
            if line[index] == Letter.doubleQuote {
                let start = index + 1
                guard let end = line[start...].firstIndex(of: Letter.doubleQuote) else {
                    return .failure(.unterminatedQuote)
                }
                words.append(String(decoding: line[start..<end], as: UTF8.self))
                index = end + 1
            } else {
                let start = index
                while index < line.endIndex, !Letter.isBlank(line[index]),
                    line[index] != Letter.doubleQuote
                { index += 1 }
                words.append(String(decoding: line[start..<index], as: UTF8.self))
            }
        }
    }

    /// Words separated by blanks; quotes of both kinds are taken away, escapes are resolved.
    static func escaped(_ line: ArraySlice<UInt8>) -> Result<[String], WordMistake> {
        split(line, resolvesEscapes: true)
    }

    /// A command's words: quotes of both kinds are taken away, escapes stay as they are.
    static func command(_ text: String) -> Result<[String], WordMistake> {
        split(Array(text.utf8)[...], resolvesEscapes: false)
    }

    private static func split(
        _ line: ArraySlice<UInt8>, resolvesEscapes: Bool
    ) -> Result<[String], WordMistake> {
        var words: [String] = []
        var word: [UInt8]?
        var quote: UInt8?
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            index += 1
            if resolvesEscapes, byte == Letter.backslash, index < line.endIndex {
                word = (word ?? []) + [escape(line, &index)]
            } else if let open = quote {
                if byte == open { quote = nil } else { word?.append(byte) }
            } else if byte == Letter.doubleQuote || byte == Letter.singleQuote {
                quote = byte
                word = word ?? []
            } else if Letter.isBlank(byte) {
                if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
                word = nil
            } else {
                word = (word ?? [])
                word?.append(byte)
            }
            if words.count >= Bounds.words { return .failure(.tooManyWords) }
        }
        if quote != nil { return .failure(.unterminatedQuote) }
        if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
        return .success(words)
    }

    /// The byte that an escape stands for; `index` is behind the backslash and moves behind it.
    private static func escape(_ line: ArraySlice<UInt8>, _ index: inout Int) -> UInt8 {
        let letter = line[index]
        index += 1
        switch letter {
        case 0x61: return 0x07
        case 0x62: return 0x08
        case 0x45: return 0x1B
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case 0x76: return 0x0B
        case 0x63 where index < line.endIndex:
            index += 1
            return line[index - 1] & 0x1F
        case 0x78:
            return number(line, &index, digits: 2, base: 16) ?? letter
        case 0x30...0x37:
            index -= 1
            return number(line, &index, digits: 3, base: 8) ?? letter
        default:
            return letter
        }
    }

    private static func number(
        _ line: ArraySlice<UInt8>, _ index: inout Int, digits: Int, base: Int
    ) -> UInt8? {
        var value = 0
        var count = 0
        while count < digits, index < line.endIndex,
            let digit = Character(Unicode.Scalar(line[index])).hexDigitValue, digit < base
        {
            value = value * base + digit
            index += 1
            count += 1
        }
        return count == 0 ? nil : UInt8(truncatingIfNeeded: value)
    }
}

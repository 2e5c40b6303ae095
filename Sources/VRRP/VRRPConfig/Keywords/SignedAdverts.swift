// `auth_hmac`: the keys of signed adverts and what is accepted. Its rows, and how keys are written.

extension VRRPKeyword {
    /// Rows of `auth_hmac`.
    static let hmac: [VRRPKeyword] = [
        VRRPKeyword(
            "key", .hmac, "1..255 hex:DIGITS|file:PATH|TEXT", "Defines a key of 32 to 64 bytes.",
            apply: SignatureWords.key),
        .integer("active_key", .hmac, 1...255, "Chooses the key that signs.") {
            $0.hmac.activeKey = UInt8($1)
        },
        .choice(
            "anti_replay", .hmac, "time|monotonic", "Says what makes an advert old.",
            words: "time or monotonic"
        ) { $0.hmac.replayGuard = $1 },
        .integer("time_window", .hmac, 1...300, "Sets how old an advert may be, in seconds.") {
            $0.hmac.timeWindowSeconds = $1
        },
        .choice(
            "mode", .hmac, "enforce|permissive|receive-only",
            "Says which adverts are sent and accepted.",
            words: "enforce, permissive or receive-only"
        ) { $0.hmac.mode = $1 },
    ]
}

/// What stands in `auth_hmac`.
enum SignatureWords {
    /// A block; a second one of the same instance adds to the first.
    static func block(_ reading: inout Reading, _ statement: Statement) {
        let given = reading.given
        reading.hmac = reading.instance.hmac ?? HMACAuthentication()
        // 0 until the advert interval is known.
        if reading.instance.hmac == nil { reading.hmac.timeWindowSeconds = 0 }
        reading.read(statement.children ?? [], in: .hmac)
        reading.given = given
        reading.instance.hmac = reading.hmac
    }

    static func key(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 2, in: statement)
        guard let id = reading.integer(statement, in: 1...255) else { return }
        guard statement.words.count > 2 else {
            return reading.mistake(statement, expected: "a key", found: nil)
        }
        guard let secret = secret(&reading, statement, id) else { return }
        guard HMACAuthentication.secretBytes.contains(secret.count) else {
            return reading.remarks.refuse(
                "key \(id) of auth_hmac must have 32 to 64 bytes, and has \(secret.count)",
                at: statement.place)
        }
        guard !reading.hmac.keys.contains(where: { $0.id == UInt8(id) }) else {
            return reading.remarks.repair(
                "key \(id) of auth_hmac stands there twice; the first one counts",
                at: statement.place)
        }
        reading.hmac.keys.append(HMACAuthentication.Key(id: UInt8(id), secret: secret))
    }

    private static func secret(
        _ reading: inout Reading, _ statement: Statement, _ id: Int
    ) -> [UInt8]? {
        let word = statement.words[2]
        guard word.hasPrefix("file:") else {
            return secret(&reading, statement, id, word, mayHaveBlanks: false)
        }
        let path = String(word.dropFirst("file:".utf8.count))
        guard case .success(var bytes) = reading.surroundings.read(path, fileLimitBytes) else {
            reading.remarks.refuse(
                "the key in '\(path)' cannot be read, or is longer than \(fileLimitBytes) bytes",
                at: statement.place)
            return nil
        }
        if !reading.surroundings.isPrivate(path) {
            reading.remarks.warn(
                "others than its owner can read or write the key in '\(path)'",
                at: statement.place)
        }
        while let last = bytes.last, [0x0A, 0x0D].contains(last) { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        // Text keeps its bytes, whatever they are.
        guard text.hasPrefix("hex:") else { return bytes }
        return secret(&reading, statement, id, text, mayHaveBlanks: true)
    }

    private static func secret(
        _ reading: inout Reading, _ statement: Statement, _ id: Int, _ text: String,
        mayHaveBlanks: Bool
    ) -> [UInt8]? {
        guard text.hasPrefix("hex:") else { return Array(text.utf8) }
        let blanks: Set<Character> = mayHaveBlanks ? [" ", "\t"] : []
        var secret: [UInt8] = []
        var isOdd = false
        for group in text.dropFirst("hex:".count).split(whereSeparator: blanks.contains) {
            let values = group.filter(\.isASCII).compactMap(\.hexDigitValue).map { UInt8($0) }
            guard values.count == group.count else {
                reading.remarks.refuse(
                    "key \(id) of auth_hmac has something else than hexadecimal digits",
                    at: statement.place)
                return nil
            }
            isOdd = isOdd || values.count % 2 != 0
            secret += stride(from: 0, to: values.count, by: 2).map { index in
                index + 1 < values.count ? values[index] << 4 | values[index + 1] : values[index]
            }
        }
        if isOdd {
            reading.remarks.warn(
                "key \(id) of auth_hmac has an odd number of digits; the last one is a byte of its "
                    + "own", at: statement.place)
        }
        return secret
    }

    /// Enough for 64 bytes in hexadecimal with their prefix and the end of the line.
    private static let fileLimitBytes = 139
}

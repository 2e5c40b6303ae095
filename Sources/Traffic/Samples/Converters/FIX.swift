// Messages of the Financial Information eXchange protocol in their text form: `tag=value` fields,
// each ended by a byte of 1 (configuration manual: fix_is_valid, fix_tag_value).

extension ConverterFamily {
    static let fix = ConverterFamily(
        "FIX",
        [
            Converter(
                "fix_is_valid", .binary, to: .boolean,
                "Tells whether the bytes begin with a whole and right FIX message.", FIX.isValid),
            Converter(
                "fix_tag_value", .binary, to: .binary, takes: [.text("tag")],
                "Gives the value of a tag of a FIX message, named by its number or its name.",
                prepare: FIX.prepareTag, FIX.tagValue),
        ])
}

private enum FIX {
    private static let names = [
        "BeginString": FIXTag.beginString, "BodyLength": FIXTag.bodyLength,
        "MsgType": FIXTag.messageType, "SenderCompID": 49, "TargetCompID": 56,
        "CheckSum": FIXTag.checkSum,
    ]

    static let prepareTag: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let text)? = arguments[0] else { return nil }
        let name = shown(text)
        if let known = names.first(where: { $0.key.lowercased() == name.lowercased() }) {
            arguments[0] = .integer(known.value)
            return nil
        }
        guard let number = FIXTag.number(text.span) else {
            throw ArgumentMistake(
                expected: "the number of a tag or one of the names "
                    + names.keys.sorted().joined(separator: ", "), at: 0)
        }
        arguments[0] = .integer(number)
        return nil
    }

    static let isValid: Converter.Function = { sample, _, scratch, _ in
        switch FIXMessage.check(scratch.bytes(of: sample)) {
        case .right: sample.become(.boolean(true))
        case .wrong: sample.become(.boolean(false))
        case .incomplete:
            sample.flags.insert(.mayChange)
            return false
        }
        return true
    }

    static let tagValue: Converter.Function = { sample, arguments, scratch, _ in
        let text = scratch.bytes(of: sample)
        let wanted = arguments.integer(0)
        var reader = FIXReader()
        while true {
            switch reader.next(in: text) {
            case .field(let tag, let value):
                if tag == wanted {
                    sample = sample.part(value.lowerBound, value.count)
                    return !value.isEmpty
                }
                // Nothing of this message comes behind its sum.
                if tag == FIXTag.checkSum { return false }
            case .incomplete:
                sample.flags.insert(.mayChange)
                return false
            case .wrong: return false
            }
        }
    }
}

/// Numbers of tags.
private enum FIXTag {
    static let beginString: Int64 = 8
    static let bodyLength: Int64 = 9
    static let checkSum: Int64 = 10
    static let messageType: Int64 = 35

    /// The number that digits are, from 1 on. Differs: HAProxy takes longer numbers without their
    /// high bits.
    static func number(_ digits: Span<UInt8>) -> Int64? {
        var value: Int64 = 0
        for index in 0..<digits.count {
            guard digits[index] >= 0x30, digits[index] <= 0x39 else { return nil }
            value = value * 10 + Int64(digits[index] - 0x30)
            if value > Int64(UInt32.max) { return nil }
        }
        return value > 0 ? value : nil
    }

    /// The last tag that a version defines; nil when it is no version.
    static func last(of version: Span<UInt8>) -> Int64? {
        if isWord(version, "FIX.4.0") { return 140 }
        if isWord(version, "FIX.4.1") { return 211 }
        if isWord(version, "FIX.4.2") { return 446 }
        if isWord(version, "FIX.4.3") { return 659 }
        if isWord(version, "FIX.4.4") { return 956 }
        if isWord(version, "FIXT.1.1") { return 1621 }
        return nil
    }

    /// Tags that users give a meaning of their own, in every version.
    static let users: ClosedRange<Int64> = 10_000...19_999
}

/// Reads the fields of a message one after the other.
private struct FIXReader {
    /// What comes next.
    enum Next {
        case field(tag: Int64, value: Range<Int>)
        /// The field does not end.
        case incomplete
        /// There is no number before the equals sign.
        case wrong
    }

    /// Where the next field begins.
    private(set) var position = 0

    mutating func next(in text: Span<UInt8>) -> Next {
        var equals = position
        while equals < text.count && text[equals] != 0x3D { equals += 1 }
        if equals == text.count { return .incomplete }
        var end = equals + 1
        while end < text.count && text[end] != 0x01 { end += 1 }
        if end == text.count { return .incomplete }
        guard let tag = FIXTag.number(text.extracting(position..<equals)) else { return .wrong }
        position = end + 1
        return .field(tag: tag, value: equals + 1..<end)
    }
}

/// Checks a message as a whole.
private enum FIXMessage {
    enum Result {
        case right, wrong, incomplete
    }

    /// No message has fewer bytes.
    private static let leastBytes = 26

    static func check(_ text: Span<UInt8>) -> Result {
        if text.count < leastBytes { return .incomplete }
        var reader = FIXReader()
        var lastTag: Int64 = 0
        var bodyBytes = 0
        var bodyStart = 0
        var count = 0
        while true {
            let start = reader.position
            switch reader.next(in: text) {
            case .incomplete: return .incomplete
            case .wrong: return .wrong
            case .field(let tag, let value):
                count += 1
                let bytes = text.extracting(value)
                switch count {
                case 1:
                    guard tag == FIXTag.beginString, let last = FIXTag.last(of: bytes) else {
                        return .wrong
                    }
                    lastTag = last
                case 2:
                    guard tag == FIXTag.bodyLength, let length = length(bytes) else {
                        return .wrong
                    }
                    bodyBytes = length
                    bodyStart = reader.position
                case 3: if tag != FIXTag.messageType { return .wrong }
                default: if tag > lastTag && !FIXTag.users.contains(tag) { return .wrong }
                }
                guard count > 3, tag == FIXTag.checkSum else { continue }
                return start - bodyStart == bodyBytes
                    && isSum(bytes, of: text.extracting(0..<start)) ? .right : .wrong
            }
        }
    }

    private static func length(_ digits: Span<UInt8>) -> Int? {
        if digits.isEmpty { return nil }
        var value = 0
        for index in 0..<digits.count {
            guard digits[index] >= 0x30, digits[index] <= 0x39, value < 1 << 32 else { return nil }
            value = value * 10 + Int(digits[index] - 0x30)
        }
        return value
    }

    /// Whether three digits are the sum of bytes modulo 256.
    private static func isSum(_ digits: Span<UInt8>, of text: Span<UInt8>) -> Bool {
        guard digits.count == 3 else { return false }
        var sum: UInt8 = 0
        for index in 0..<text.count { sum &+= text[index] }
        return digits[0] == 0x30 + sum / 100 && digits[1] == 0x30 + sum / 10 % 10
            && digits[2] == 0x30 + sum % 10
    }
}

// The first packets of MQTT 3.1, 3.1.1 and 5.0: CONNECT and CONNACK (OASIS MQTT 3.1.1 §3.1, §3.2;
// MQTT 5.0 §3.1, §3.2). One pass over the bytes, which notes where one field is.

import Bytes
import Structures

/// What can be asked of a packet.
enum MQTTField: Int64, CaseIterable {
    case flags = 1000
    case protocolName, protocolVersion, keepAlive, clientIdentifier, willTopic, willPayload
    case userName, password, reasonCode

    /// What configurations call it.
    var name: String {
        switch self {
        case .flags: "flags"
        case .protocolName: "protocol_name"
        case .protocolVersion: "protocol_version"
        case .keepAlive: "keepalive"
        case .clientIdentifier: "client_identifier"
        case .willTopic: "will_topic"
        case .willPayload: "will_payload"
        case .userName: "username"
        case .password: "password"
        case .reasonCode: "reason_code"
        }
    }
}

/// The packets that can be read.
enum MQTTPacketType: Int64 {
    case connect = 1
    case acknowledgement = 2

    /// The fields it has.
    var fields: [MQTTField] {
        switch self {
        case .connect: MQTTField.allCases.filter { $0 != .reasonCode }
        case .acknowledgement: [.flags, .protocolVersion, .reasonCode]
        }
    }
}

/// A property of MQTT 5.0 (§2.2.2.2).
struct MQTTProperty {
    /// How the value is laid out.
    enum Shape {
        /// A byte that is 0 or 1.
        case flag
        case two, four
        /// Text of UTF-8, behind its length.
        case text
        /// Any bytes, behind their length.
        case bytes
        /// Two texts; may stand several times.
        case pair
    }

    /// Where properties stand.
    enum Place {
        case connect, will, acknowledgement
    }

    /// How the value is laid out.
    let shape: Shape
    /// Whether the value may be 0 or empty.
    let mayBeNothing: Bool

    /// The property of that number; nil when it may not stand there.
    init?(_ number: Int64, in place: Place) {
        let shape: Shape? =
            switch (number, place) {
            case (17, .connect), (17, .acknowledgement), (39, .connect), (39, .acknowledgement),
                (2, .will), (24, .will):
                .four
            case (33, .connect), (33, .acknowledgement), (34, .connect), (34, .acknowledgement),
                (19, .acknowledgement):
                .two
            case (23, .connect), (25, .connect), (1, .will), (36, .acknowledgement),
                (37, .acknowledgement), (40, .acknowledgement), (41, .acknowledgement),
                (42, .acknowledgement):
                .flag
            case (21, .connect), (21, .acknowledgement), (3, .will), (8, .will),
                (18, .acknowledgement), (26, .acknowledgement), (28, .acknowledgement),
                (31, .acknowledgement):
                .text
            case (22, .connect), (22, .acknowledgement), (9, .will): .bytes
            case (38, _): .pair
            default: nil
            }
        guard let shape else { return nil }
        self.shape = shape
        mayBeNothing = number != 33 && number != 39 && number != 18
    }

    /// Whether it is a number, which is 0 where it is left out.
    var isNumber: Bool { shape == .flag || shape == .two || shape == .four }
}

/// A packet on its way through the reader.
struct MQTTPacket {
    /// What came of reading.
    enum Result {
        case right, wrong, incomplete
    }

    /// The value of the field that was asked for.
    enum Value {
        case number(Int64)
        case bytes(Range<Int>)
    }

    /// The packet's type; nil before it is known, and for types that cannot be read.
    private(set) var type: MQTTPacketType?
    /// The value of the field that was asked for; nil when it is not there.
    private(set) var value: Value?
    private let wanted: Int64
    private var position = 0
    private var end = 0

    /// Asks for a field by its raw value or for a property by its number; 0 asks for nothing.
    init(wanted: Int64 = 0) { self.wanted = wanted }

    /// Reads the packet at the start of `text`; what stands behind it is not looked at.
    ///
    /// Differs: HAProxy takes no CONNACK packet without properties that others follow, and waits
    /// for more where a CONNACK packet has a property that it does not know.
    mutating func read(_ text: Span<UInt8>) -> Result {
        guard let first = byte(in: text, before: text.count) else { return .incomplete }
        switch length(in: text) {
        case .right: break
        case let result: return result
        }
        type = MQTTPacketType(rawValue: first >> 4)
        guard first & 15 == 0, let type else { return .wrong }
        if end > text.count { return .incomplete }
        let isRight =
            switch type {
            case .connect: readConnect(text)
            case .acknowledgement: readAcknowledgement(text)
            }
        return isRight && position == end ? .right : .wrong
    }

    /// Reads how many bytes follow: seven bits a byte, four bytes at most.
    private mutating func length(in text: Span<UInt8>) -> Result {
        guard let count = number(in: text, before: text.count) else {
            return text.count - 1 < 4 ? .incomplete : .wrong
        }
        end = position + count
        return .right
    }

    // MARK: Packets

    private mutating func readConnect(_ text: Span<UInt8>) -> Bool {
        guard let name = bytes(in: text), isName(text.extracting(name)),
            let version = byte(in: text, before: end), (3...5).contains(version),
            let flags = byte(in: text, before: end), flags & 1 == 0, hasSense(will: flags),
            let keepAlive = integer(of: 2, in: text)
        else { return false }
        note(.protocolName, .bytes(name))
        note(.protocolVersion, .number(version))
        note(.flags, .number(flags))
        note(.keepAlive, .number(keepAlive))
        if version == 5 && !readProperties(.connect, text) { return false }
        guard readText(.clientIdentifier, text) else { return false }
        if flags & 4 != 0 {
            if version == 5 && !readProperties(.will, text) { return false }
            guard readText(.willTopic, text), readBytes(.willPayload, text) else { return false }
        }
        if flags & 0x80 != 0 && !readText(.userName, text) { return false }
        return flags & 0x40 == 0 || readBytes(.password, text)
    }

    /// Whether the flags of a will fit together, as far as HAProxy looks: both bits of the quality
    /// are wrong only where there is no will and none is to be kept.
    private func hasSense(will flags: Int64) -> Bool { flags & 0x3C != 0x18 }

    private func isName(_ name: Span<UInt8>) -> Bool {
        func isSame(_ wanted: StaticString) -> Bool {
            guard name.count == wanted.utf8CodeUnitCount else { return false }
            for index in 0..<name.count {
                // Safety: the index is below the literal's count.
                if unsafe name[index].asciiLowercased != wanted.utf8Start[index] { return false }
            }
            return true
        }
        return isSame("mqtt") || isSame("mqisdp")
    }

    private mutating func readAcknowledgement(_ text: Span<UInt8>) -> Bool {
        guard let flags = byte(in: text, before: end), flags < 2,
            let reason = byte(in: text, before: end)
        else { return false }
        note(.flags, .number(flags))
        note(.reasonCode, .number(reason))
        note(.protocolVersion, .number(position == end ? 4 : 5))
        return position == end || readProperties(.acknowledgement, text)
    }

    // MARK: Properties

    private mutating func readProperties(_ place: MQTTProperty.Place, _ text: Span<UInt8>) -> Bool {
        guard let count = number(in: text, before: end), count <= end - position else {
            return false
        }
        let behind = position + count
        var seen: UInt64 = 0
        var filled: UInt64 = 0
        while position < behind {
            guard let number = byte(in: text, before: behind),
                let property = MQTTProperty(number, in: place),
                property.shape == .pair || seen >> UInt64(number) & 1 == 0,
                let value = value(of: property, text, before: behind),
                property.mayBeNothing || !isNothing(value)
            else { return false }
            seen |= 1 << UInt64(number)
            if !isNothing(value) { filled |= 1 << UInt64(number) }
            if number == wanted && !holdsZero(value, property, text) { self.value = value }
        }
        if value == nil, let property = MQTTProperty(wanted, in: place), property.isNumber {
            value = .number(0)
        }
        // Data for authentication (22) need their method (21) in a CONNECT packet.
        return place != .connect || filled >> 21 & 3 != 2
    }

    private mutating func value(
        of property: MQTTProperty, _ text: Span<UInt8>, before behind: Int
    ) -> Value? {
        switch property.shape {
        case .flag:
            guard let value = byte(in: text, before: behind), value < 2 else { return nil }
            return .number(value)
        case .two: return integer(of: 2, in: text, before: behind).map { .number($0) }
        case .four: return integer(of: 4, in: text, before: behind).map { .number($0) }
        case .text, .bytes: return bytes(in: text, before: behind).map { .bytes($0) }
        case .pair:
            guard bytes(in: text, before: behind) != nil else { return nil }
            return bytes(in: text, before: behind).map { .bytes($0) }
        }
    }

    private func isNothing(_ value: Value) -> Bool {
        switch value {
        case .number(let number): number == 0
        case .bytes(let range): range.isEmpty
        }
    }

    /// Whether a text has a zero byte, which no text of MQTT may have (§1.5.4).
    private func holdsZero(
        _ value: Value, _ property: MQTTProperty, _ text: Span<UInt8>
    ) -> Bool {
        guard property.shape == .text, case .bytes(let range) = value else { return false }
        return contains(text.extracting(range), 0)
    }

    // MARK: Fields

    private mutating func note(_ field: MQTTField, _ value: Value) {
        if field.rawValue == wanted { self.value = value }
    }

    /// Reads a text. One with a zero byte, of which C would see the beginning only, is not given.
    private mutating func readText(_ field: MQTTField, _ text: Span<UInt8>) -> Bool {
        guard let range = bytes(in: text) else { return false }
        if field.rawValue == wanted && !contains(text.extracting(range), 0) {
            value = .bytes(range)
        }
        return true
    }

    private mutating func readBytes(_ field: MQTTField, _ text: Span<UInt8>) -> Bool {
        guard let range = bytes(in: text) else { return false }
        note(field, .bytes(range))
        return true
    }

    private mutating func byte(in text: Span<UInt8>, before limit: Int) -> Int64? {
        guard position < limit else { return nil }
        position += 1
        return Int64(text[position - 1])
    }

    /// A number in network order.
    private mutating func integer(
        of count: Int, in text: Span<UInt8>, before limit: Int? = nil
    ) -> Int64? {
        guard (limit ?? end) - position >= count else { return nil }
        var value: Int64 = 0
        for index in position..<position + count { value = value << 8 | Int64(text[index]) }
        position += count
        return value
    }

    /// A number of seven bits a byte, in four bytes at most.
    private mutating func number(in text: Span<UInt8>, before limit: Int) -> Int? {
        var value = 0
        for place in 0..<4 {
            guard let byte = byte(in: text, before: limit) else { return nil }
            value |= Int(byte & 0x7F) << (place * 7)
            if byte < 0x80 { return value }
        }
        return nil
    }

    /// Bytes behind their length.
    private mutating func bytes(in text: Span<UInt8>, before limit: Int? = nil) -> Range<Int>? {
        let limit = limit ?? end
        guard let count = integer(of: 2, in: text, before: limit), count <= limit - position
        else { return nil }
        position += Int(count)
        return position - Int(count)..<position
    }
}

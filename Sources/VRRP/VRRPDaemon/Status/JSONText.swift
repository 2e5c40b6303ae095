// Writes JSON (RFC 8259) as bytes: names come in the order they are written, every text is escaped
// whatever it holds, and nesting is closed by the same call that opened it.

/// A JSON text that grows.
struct JSONText {
    /// How a solidus is written; both mean the same.
    enum Solidus: Equatable {
        case plain
        /// `\/`, as keepalived writes it.
        case escaped
    }

    private(set) var bytes: [UInt8] = []
    private let solidus: Solidus
    /// Whether something stands before the next element of the innermost object or array.
    private var needsComma = false

    init(solidus: Solidus = .plain) { self.solidus = solidus }

    /// The text as a string, for tests and people.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Values

    /// An object whose members `body` writes.
    mutating func object(_ body: (inout JSONText) -> Void) { nest(0x7B, 0x7D, body) }

    /// An array whose elements `body` writes.
    mutating func array(_ body: (inout JSONText) -> Void) { nest(0x5B, 0x5D, body) }

    /// A string. Control characters, quotes and reverse solidi are escaped (RFC 8259 §7).
    mutating func string(_ value: String) {
        separate()
        quote(value.utf8)
    }

    /// A string of bytes; what is not UTF-8 becomes U+FFFD.
    mutating func string(_ value: [UInt8]) { string(String(decoding: value, as: UTF8.self)) }

    mutating func number(_ value: some BinaryInteger) { raw(String(value)) }

    /// A number of seconds with six digits behind the point.
    mutating func seconds(microseconds: Int64) { raw(Self.decimal(microseconds, digits: 6)) }

    /// A number of seconds with only as many digits behind the point as it takes.
    mutating func shortSeconds(nanoseconds: UInt64) {
        raw(Self.shortDecimal(Int64(clamping: nanoseconds), digits: 9))
    }

    mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }

    mutating func null() { raw("null") }

    // MARK: Members

    /// The name of a member; its value is written next.
    mutating func key(_ name: String) {
        string(name)
        bytes.append(0x3A)
        needsComma = false
    }

    mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        number(value)
    }

    mutating func member(_ name: String, _ value: Bool) {
        key(name)
        boolean(value)
    }

    /// A member that holds an array of strings.
    mutating func member(_ name: String, _ values: [String]) {
        key(name)
        array { array in
            for value in values { array.string(value) }
        }
    }

    /// A member that is left out when there is no value.
    mutating func member(_ name: String, ifPresent value: String?) {
        if let value { member(name, value) }
    }

    /// The same for numbers.
    mutating func member(_ name: String, ifPresent value: (some BinaryInteger)?) {
        if let value { member(name, value) }
    }

    /// A member whose value `body` writes.
    mutating func member(_ name: String, _ body: (inout JSONText) -> Void) {
        key(name)
        body(&self)
    }

    // MARK: Decimals

    /// A fraction as text: `value` in units of 10 to the power of minus `digits`, 1 to 18.
    static func decimal(_ value: Int64, digits: Int) -> String {
        let unit = (0..<digits).reduce(Int64(1)) { unit, _ in unit * 10 }
        let magnitude = value.magnitude
        let fraction = String(magnitude % unit.magnitude)
        let zeros = String(repeating: "0", count: digits - fraction.utf8.count)
        return "\(value < 0 ? "-" : "")\(magnitude / unit.magnitude).\(zeros)\(fraction)"
    }

    /// The same without zeros at the end.
    static func shortDecimal(_ value: Int64, digits: Int) -> String {
        var text = Substring(decimal(value, digits: digits))
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return String(text)
    }
}

extension JSONText {
    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONText) -> Void) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes += text.utf8
    }

    private mutating func quote(_ text: String.UTF8View) {
        bytes.append(0x22)
        for byte in text {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x2F where solidus == .escaped: bytes += [0x5C, byte]
            case 0x08: bytes += [0x5C, 0x62]
            case 0x09: bytes += [0x5C, 0x74]
            case 0x0A: bytes += [0x5C, 0x6E]
            case 0x0C: bytes += [0x5C, 0x66]
            case 0x0D: bytes += [0x5C, 0x72]
            case 0..<0x20, 0x7F: bytes += [0x5C, 0x75, 0x30, 0x30, hex(byte >> 4), hex(byte & 15)]
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    private func hex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
}

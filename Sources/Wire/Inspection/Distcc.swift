// Tokens of a distcc message (distcc protocol, versions 1 to 3). Configuration manual:
// distcc_param, distcc_body.

/// Looks for a token at the start of a distcc stream.
///
///     DIST00000001 ARGC00000002 ARGV00000003gcc ARGV00000002-c DOTI000000d2int ...
///     token and parameter: eight hexadecimal digits
///                               length of the body ^^^ behind the token
///
/// DIST, ARGC, NFIL, STAT and DONE have a number and no body. A message says nowhere that it is
/// over, so a token that has not come is one to wait for.
public enum Distcc {
    /// A token and what belongs to it.
    public struct Item: Equatable, Sendable {
        /// The number behind the token, below 2³².
        public var parameter: Int
        /// The body; empty for tokens that have none. It may end behind the bytes there are.
        public var body: Range<Int>
    }

    /// The parameter of the `occurrence`th token of that name; below 1 means 1.
    public static func parameter(
        _ token: UInt32, occurrence: Int, in bytes: Span<UInt8>
    ) -> Inspected<Int> {
        switch find(token, occurrence, bytes) {
        case .value(let item): .value(item.parameter)
        case .other: .other
        case .needsMore: .needsMore
        }
    }

    /// The body of the `occurrence`th token of that name, once it is all there; below 1 means 1.
    ///
    /// Differs: HAProxy answers before the body is there, with whatever is in its buffer.
    public static func body(
        _ token: UInt32, occurrence: Int, in bytes: Span<UInt8>
    ) -> Inspected<Range<Int>> {
        switch find(token, occurrence, bytes) {
        case .value(let item):
            item.body.upperBound <= bytes.count ? .value(item.body) : .needsMore
        case .other: .other
        case .needsMore: .needsMore
        }
    }

    /// A name of four characters as it is compared; nil for other lengths.
    public static func token(_ name: Span<UInt8>) -> UInt32? {
        name.count == 4 ? word(name, 0) : nil
    }

    private static func find(
        _ token: UInt32, _ occurrence: Int, _ bytes: Span<UInt8>
    ) -> Inspected<Item> {
        var left = occurrence
        var index = 0
        while true {
            var parameter = 0
            var position = index &+ 4
            while position < min(index &+ 12, bytes.count) {
                guard let digit = value(bytes[position]) else { return .other }
                parameter = parameter &<< 4 | digit
                position &+= 1
            }
            guard index &+ 12 <= bytes.count else { return .needsMore }
            let name = word(bytes, index)
            let end = index &+ 12 &+ (hasBody(name) ? parameter : 0)
            if name == token {
                left &-= 1
                if left <= 0 {
                    return .value(Item(parameter: parameter, body: index &+ 12..<end))
                }
            }
            index = end
        }
    }

    private static func hasBody(_ token: UInt32) -> Bool {
        switch token {
        case 0x4449_5354, 0x4152_4743, 0x4E46_494C, 0x5354_4154, 0x444F_4E45: false
        default: true
        }
    }

    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: bytes.number16(index) &<< 16 | bytes.number16(index &+ 2))
    }

    private static func value(_ digit: UInt8) -> Int? {
        switch digit {
        case 0x30...0x39: Int(digit) &- 0x30
        case 0x41...0x46: Int(digit) &- 0x37
        case 0x61...0x66: Int(digit) &- 0x57
        default: nil
        }
    }
}

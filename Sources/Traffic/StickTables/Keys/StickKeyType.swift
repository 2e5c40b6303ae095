// The types of keys, and how samples and words become keys. A key is a string of bytes:
//
//     ip       4, network order           string   as many as it has, up to the first zero byte
//     ipv6     16, network order                   and the table's length
//     integer  4, most significant first  binary   the table's length, zeroes behind

import Bytes
import Addresses
import Samples

/// What the keys of a table are.
public enum StickKeyType: Hashable, Sendable {
    /// IPv4 addresses (`ip`, `ipv4`).
    case ipv4
    /// IPv6 addresses.
    case ipv6
    /// 32-bit numbers.
    case integer
    /// Texts of at most so many bytes.
    case string(length: Int)
    /// Blocks of exactly so many bytes.
    case binary(length: Int)

    /// The greatest length of strings and binaries.
    public static let longestLength = 1 << 20

    /// The word `show table` writes.
    public var name: StaticString {
        switch self {
        case .ipv4: "ip"
        case .ipv6: "ipv6"
        case .integer: "integer"
        case .string: "string"
        case .binary: "binary"
        }
    }

    /// The most bytes a key has.
    public var longestKey: Int {
        switch self {
        case .ipv4, .integer: 4
        case .ipv6: 16
        case .string(let length), .binary(let length): length
        }
    }

    /// Whether every key has `longestKey` bytes.
    public var isFixed: Bool {
        if case .string = self { false } else { true }
    }

    /// The type that samples are cast to.
    public var sampleType: SampleType {
        switch self {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .integer: .integer
        case .string: .string
        case .binary: .binary
        }
    }

    /// Whether expressions of a type can be keys; asked while a configuration is loaded.
    public func takes(_ type: SampleType) -> Bool { type.canBecome(sampleType) }

    /// Turns a sample into the bytes of a key, which `scratch.bytes(of: sample)` then gives.
    ///
    /// False when it cannot be one: an IPv6 address without an IPv4 address inside for a table of
    /// IPv4 addresses, or a text that is no address. Allocates nothing.
    public func convert(_ sample: inout Sample, in scratch: inout SampleScratch) -> Bool {
        guard scratch.cast(&sample, to: sampleType) else { return false }
        switch self {
        case .ipv4, .ipv6:
            return scratch.replace(&sample, by: sample.address)
        case .integer:
            return scratch.replace(&sample, by: UInt32(truncatingIfNeeded: sample.integer))
        case .string(let length):
            let text = scratch.bytes(of: sample)
            var count = 0
            while count < min(text.count, length), text[count] != 0 { count &+= 1 }
            sample = sample.part(0, count)
            return true
        case .binary(let length):
            if sample.byteCount < length { return scratch.pad(&sample, to: length) }
            sample = sample.part(0, length)
            return true
        }
    }

    /// Reads a key as an operator writes it; nil when it is none.
    ///
    /// Binary keys cannot be written.
    // Differs: HAProxy takes a text that begins like a key for one, and a name for 0.0.0.0.
    public func key(text: String) -> [UInt8]? {
        switch self {
        case .ipv4, .ipv6:
            guard let address = IPAddress(text), (address.family == .v4) == (self == .ipv4) else {
                return nil
            }
            return (0..<longestKey).map { address.byte(at: $0) }
        case .integer:
            guard let number = UInt32(text) else { return nil }
            return (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32((3 - $0) * 8)) }
        case .string(let length):
            return Array(text.anyBytes.prefix(length).prefix { $0 != 0 })
        case .binary: return nil
        }
    }
}

extension SampleScratch {
    fileprivate mutating func replace(_ sample: inout Sample, by address: IPAddress) -> Bool {
        replace(&sample) { output in
            for index in 0..<address.family.bitCount / 8 { output.append(address.byte(at: index)) }
        }
    }

    fileprivate mutating func replace(_ sample: inout Sample, by number: UInt32) -> Bool {
        replace(&sample) { output in
            for place in 0..<4 {
                output.append(UInt8(truncatingIfNeeded: number >> UInt32((3 - place) * 8)))
            }
        }
    }

    fileprivate mutating func pad(_ sample: inout Sample, to length: Int) -> Bool {
        convert(&sample, to: .binary) { input, output in
            output.append(input)
            for _ in input.count..<length { output.append(0) }
            return true
        }
    }

    private mutating func replace(
        _ sample: inout Sample, _ write: (inout OutputBytes) -> Void
    ) -> Bool {
        guard let made = make(as: .binary, write) else { return false }
        sample.become(made)
        return true
    }
}

extension SampleScratch {
    /// A sample of a key's type from the key's bytes; nil when it does not fit.
    mutating func keySample(
        _ type: StickKeyType, _ count: Int, _ byte: (Int) -> UInt8
    ) -> Sample? {
        func number(_ range: Range<Int>) -> UInt64 {
            range.reduce(0) { $0 << 8 | UInt64(byte($1)) }
        }
        switch type {
        case .ipv4: return .address(IPAddress(v4: UInt32(truncatingIfNeeded: number(0..<4))))
        case .ipv6: return .address(IPAddress(v6High: number(0..<8), low: number(8..<16)))
        case .integer: return .integer(Int64(number(0..<4)))
        case .string, .binary:
            return make(as: type.sampleType) { output in
                for index in 0..<count { output.append(byte(index)) }
            }
        }
    }
}

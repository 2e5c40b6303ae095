// Samples drawn at random (configuration manual: rand, uuid).

import Proxy
import Samples

extension FetchFamily {
    /// Random numbers and identifiers.
    static let randomness = FetchFamily(
        "randomness",
        [
            Fetch(
                "rand", .integer, takes: [.integer("range").optional],
                "Is a random number below the range, or of 32 bits; not for secrets."
            ) { subject, arguments, _, _ in
                let drawn = subject.random() &>> 32
                guard arguments.has(0) else { return .integer(Int64(drawn)) }
                let range = UInt64(bitPattern: arguments.integer(0))
                return .integer(Int64((drawn &* range) &>> 32))
            },
            Fetch(
                "uuid", .string, takes: [.integer("version").optional],
                "Is a new identifier as of RFC 9562, random (4) or ordered by time (7).",
                prepare: Identifiers.prepare, Identifiers.make),
        ])
}

private enum Identifiers {
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .integer(let version)? = arguments[0] else { return nil }
        guard version == 4 || version == 7 else {
            throw ArgumentMistake(expected: "version 4 or 7", at: 0)
        }
        return nil
    }

    static let make: Fetch.Function = { subject, arguments, _, scratch in
        var high = subject.random()
        var low = subject.random()
        let version = UInt64(arguments.integer(0, or: 4))
        if version == 7 {
            let milliseconds = UInt64(subject.calendarMicroseconds / 1000)
            high = milliseconds &<< 16 | high & 0xFFFF
        }
        high = high & ~0xF000 | version &<< 12
        low = low & ~(3 &<< 62) | 2 &<< 62
        return scratch.make(as: .string) { output in
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 { output.append(0x2D) }
                let word = index < 8 ? high : low
                let byte = UInt8(truncatingIfNeeded: word &>> UInt64(56 - index % 8 * 8))
                output.append(small(byte &>> 4))
                output.append(small(byte & 15))
            }
        }
    }

    private static func small(_ digit: UInt8) -> UInt8 { digit < 10 ? digit + 0x30 : digit + 0x57 }
}

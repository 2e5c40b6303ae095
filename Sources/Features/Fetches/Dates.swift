// Samples of dates (configuration manual: date, date_us, accept_date, request_date).

import Proxy
import Samples

extension FetchFamily {
    /// Dates.
    static let dates = FetchFamily(
        "dates",
        [
            Fetch(
                "accept_date", .integer, takes: [.text("unit").optional], needs: .client,
                "Is when the connection came or became ready for the next request.",
                prepare: TimeUnit.prepare(at: 0, default: .seconds)
            ) { subject, arguments, _, _ in
                .integer(TimeUnit.of(arguments, 0).count(subject.beginMicroseconds))
            },
            Fetch(
                "date", .integer, takes: [.integer("offset").optional, .text("unit").optional],
                "Is the present date, with an offset, since 1970.",
                prepare: TimeUnit.prepare(at: 1, default: .seconds)
            ) { subject, arguments, _, _ in
                let unit = TimeUnit.of(arguments, 1)
                return .integer(
                    unit.count(subject.calendarMicroseconds) &+ arguments.integer(0, or: 0))
            },
            Fetch(
                "date_us", .integer, "Is the microseconds of the present date's second."
            ) { subject, _, _, _ in .integer(subject.calendarMicroseconds % 1_000_000) },
            Fetch(
                "request_date", .integer, takes: [.text("unit").optional], needs: .stream,
                "Is when the first byte of the request came.",
                prepare: TimeUnit.prepare(at: 0, default: .seconds)
            ) { subject, arguments, _, _ in
                .integer(TimeUnit.of(arguments, 0).count(subject.firstByteMicroseconds))
            },
        ])
}

/// A unit that an argument names.
enum TimeUnit: Int64 {
    case seconds = 1_000_000
    case milliseconds = 1000
    case microseconds = 1

    private static let words: [(String, TimeUnit)] = [
        ("s", .seconds), ("ms", .milliseconds), ("us", .microseconds),
    ]

    /// Replaces the name of a unit at an index by its microseconds.
    static func prepare(
        at index: Int, default unit: TimeUnit,
        among allowed: [TimeUnit] = [
            .seconds, .milliseconds, .microseconds,
        ]
    ) -> Converter.Preparation {
        { (arguments, _) throws(ArgumentMistake) -> SampleType? in
            while arguments.count <= index { arguments.append(nil) }
            guard arguments[index] != nil else {
                arguments[index] = .integer(unit.rawValue)
                return nil
            }
            let words = Self.words.filter { allowed.contains($0.1) }
            guard let found = words.first(where: { $0.0 == arguments.text(index) }) else {
                let names = words.map(\.0)
                throw ArgumentMistake(
                    expected: names.dropLast().joined(separator: ", ") + " or " + names.last!,
                    at: index)
            }
            arguments[index] = .integer(found.1.rawValue)
            return nil
        }
    }

    /// The unit at an index, which `prepare` has put there.
    static func of(_ arguments: ConverterArguments, _ index: Int) -> TimeUnit {
        TimeUnit(rawValue: arguments.integer(index)) ?? .seconds
    }

    /// Microseconds in this unit, cut off.
    func count(_ microseconds: Int64) -> Int64 { microseconds / rawValue }

    /// Microseconds in this unit, rounded.
    func rounded(_ microseconds: UInt32) -> Int64 {
        (Int64(microseconds) + rawValue / 2) / rawValue
    }
}

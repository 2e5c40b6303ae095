// Converters between moments and their texts.

import Bytes
import Glibc

extension ConverterFamily {
    static let times = ConverterFamily(
        "times",
        [
            Converter(
                "http_date", .integer, to: .string,
                takes: [.integer("offset").optional, .text("unit").optional],
                "Writes a moment as HTTP header fields have it.",
                prepare: Times.prepareUnit, Times.httpDate),
            Converter(
                "date", .string, to: .integer,
                "Reads a date of an HTTP header field as seconds since 1970.", Times.readDate),
            Converter(
                "ltime", .integer, to: .string, takes: Times.shapes,
                "Writes a moment in seconds in local time by a format of strftime(3).",
                prepare: Times.prepareFormat, Times.local),
            Converter(
                "utime", .integer, to: .string, takes: Times.shapes,
                "Writes a moment in seconds in UTC by a format of strftime(3).",
                prepare: Times.prepareFormat, Times.universal),
            Converter(
                "ms_ltime", .integer, to: .string, takes: Times.shapes,
                "Writes a moment in milliseconds in local time, %N being the fraction.",
                prepare: Times.prepareFormat, Times.localMilliseconds),
            Converter(
                "ms_utime", .integer, to: .string, takes: Times.shapes,
                "Writes a moment in milliseconds in UTC, %N being the fraction.",
                prepare: Times.prepareFormat, Times.universalMilliseconds),
            Converter(
                "us_ltime", .integer, to: .string, takes: Times.shapes,
                "Writes a moment in microseconds in local time, %N being the fraction.",
                prepare: Times.prepareFormat, Times.localMicroseconds),
            Converter(
                "us_utime", .integer, to: .string, takes: Times.shapes,
                "Writes a moment in microseconds in UTC, %N being the fraction.",
                prepare: Times.prepareFormat, Times.universalMicroseconds),
        ])
}

private enum Times {
    static let shapes: [ConverterArgumentShape] = [.text("format"), .integer("offset").optional]

    /// Seconds since 1970 of the years 0 to 9999.
    private static let years: Range<Int64> = -62_167_219_200..<253_402_300_800

    // MARK: HTTP dates

    static let prepareUnit: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        var perSecond: Int64 = 1
        if case .bytes(let unit)? = arguments[1] {
            switch String(decoding: unit, as: UTF8.self) {
            case "s": perSecond = 1
            case "ms": perSecond = 1000
            case "us": perSecond = 1_000_000
            default: throw ArgumentMistake(expected: "'s', 'ms' or 'us'", at: 1)
            }
        }
        arguments[1] = .integer(perSecond)
        return nil
    }

    static let httpDate: Converter.Function = { sample, arguments, scratch, _ in
        let perSecond = arguments.integer(1)
        let (moment, isTooFar) = sample.integer.addingReportingOverflow(
            arguments.integer(0, or: 0))
        // Differs: years outside 0 to 9999 have no such date; HAProxy writes numbers that are none.
        let seconds = floor(moment, perSecond)
        guard !isTooFar, years.contains(seconds) else { return false }
        let time = CivilTime(seconds: seconds)
        let fraction = moment - seconds * perSecond
        let made = scratch.make(as: .string) { output in
            output.append(CivilTime.name(ofWeekday: time.weekday))
            output.append(", ")
            output.append(padded: Int64(time.day), 2)
            output.append(0x20)
            output.append(CivilTime.name(ofMonth: time.month))
            output.append(0x20)
            output.append(padded: Int64(time.year), 4)
            output.append(0x20)
            output.append(padded: Int64(time.hour), 2)
            output.append(0x3A)
            output.append(padded: Int64(time.minute), 2)
            output.append(0x3A)
            output.append(padded: Int64(time.second), 2)
            if perSecond > 1 {
                output.append(0x2E)
                output.append(padded: fraction, perSecond == 1000 ? 3 : 6)
            }
            output.append(" GMT")
        }
        guard let made else { return false }
        sample.become(made)
        return true
    }

    private static func floor(_ moment: Int64, _ perSecond: Int64) -> Int64 {
        let quotient = moment / perSecond
        return moment % perSecond < 0 ? quotient - 1 : quotient
    }

    static let readDate: Converter.Function = { sample, _, scratch, _ in
        guard let seconds = HTTPDateReader.seconds(scratch.bytes(of: sample)) else { return false }
        sample.become(.integer(seconds))
        return true
    }

    // MARK: strftime

    static let prepareFormat: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if case .bytes(let format)? = arguments[0] {
            if format.contains(0) { throw ArgumentMistake("<format> has a zero byte", at: 0) }
        }
        return nil
    }

    static let local: Converter.Function = { sample, arguments, scratch, _ in
        write(&sample, arguments, &scratch, 1, isLocal: true)
    }
    static let universal: Converter.Function = { sample, arguments, scratch, _ in
        write(&sample, arguments, &scratch, 1, isLocal: false)
    }
    static let localMilliseconds: Converter.Function = { sample, arguments, scratch, _ in
        write(&sample, arguments, &scratch, 1000, isLocal: true)
    }
    static let universalMilliseconds: Converter.Function = { sample, arguments, scratch, _ in
        write(&sample, arguments, &scratch, 1000, isLocal: false)
    }
    static let localMicroseconds: Converter.Function = { sample, arguments, scratch, _ in
        write(&sample, arguments, &scratch, 1_000_000, isLocal: true)
    }
    static let universalMicroseconds: Converter.Function = { sample, arguments, scratch, _ in
        write(&sample, arguments, &scratch, 1_000_000, isLocal: false)
    }

    private static func write(
        _ sample: inout Sample, _ arguments: ConverterArguments, _ scratch: inout SampleScratch,
        _ perSecond: Int64, isLocal: Bool
    ) -> Bool {
        let (moment, isTooFar) = sample.integer.addingReportingOverflow(
            arguments.integer(1, or: 0))
        let seconds = floor(moment, perSecond)
        // The years 0 to 9999 bound what C's calendar has to work through.
        guard !isTooFar, years.contains(seconds) else { return false }
        let nanoseconds = (moment - seconds * perSecond) * (1_000_000_000 / perSecond)
        var parts = unsafe tm()
        var clock = time_t(seconds)
        // Safety: both functions write into `parts` alone and read `clock` alone.
        _ = unsafe isLocal ? localtime_r(&clock, &parts) : gmtime_r(&clock, &parts)
        // The scratch holds the format with the fraction put in and a zero byte behind it.
        let format = scratch.make(as: .string) { output in
            putFraction(
                perSecond == 1 ? nil : nanoseconds, into: arguments.bytes(0), &output)
            output.append(0)
        }
        guard let format, format.byteCount > 1 else {
            guard let empty = scratch.make(as: .string, { _ in }) else { return false }
            sample.become(empty)
            return true
        }
        let made = scratch.makeFrom(as: .string) { scratch, output in
            let text = scratch.bytes(of: format)
            // Safety: the format ends with a zero byte and the room's count is passed on.
            _ = unsafe output.withUnsafeRoom { room in
                unsafe text.withUnsafeBufferPointer { text in
                    unsafe text.withMemoryRebound(to: CChar.self) { text in
                        unsafe room.withMemoryRebound(to: CChar.self) { room in
                            unsafe strftime(
                                room.baseAddress!, room.count, text.baseAddress!, &parts)
                        }
                    }
                }
            }
        }
        guard let made else { return false }
        sample.become(made)
        return true
    }

    /// Copies a format, writing `%N` and `%3N` as digits of a fraction of a second.
    private static func putFraction(
        _ nanoseconds: Int64?, into format: Span<UInt8>, _ output: inout OutputBytes
    ) {
        var index = 0
        while index < format.count {
            var end = index + 1
            var width = 0
            if format[index] == 0x25, let nanoseconds {
                while end < format.count, format[end] >= 0x30, format[end] <= 0x39, width < 100 {
                    width = width * 10 + Int(format[end] - 0x30)
                    end += 1
                }
                if end < format.count && format[end] == 0x4E {
                    let digits = end == index + 1 ? 9 : min(width, 9)
                    var divisor: Int64 = 1_000_000_000
                    for _ in 0..<digits { divisor /= 10 }
                    if digits > 0 { output.append(padded: nanoseconds / divisor, digits) }
                    index = end + 1
                    continue
                }
                end = min(index + 2, format.count)
            } else if format[index] == 0x25 {
                end = min(index + 2, format.count)
            }
            output.append(format.extracting(index..<end))
            index = end
        }
    }
}

extension OutputBytes {
    /// Adds a number that is not negative with zeros before it.
    mutating func append(padded value: Int64, _ width: Int) {
        var limit: Int64 = 10
        for _ in 1..<width {
            if value < limit { append(0x30) }
            limit *= 10
        }
        append(decimal: value)
    }
}

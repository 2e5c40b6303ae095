// Samples of the fields of a head (configuration manual: req.hdr, req.fhdr, res.hdr and their kin).
// Access lists are given every value, one by one; everybody else gets the last one, or the one
// whose number the expression says.

import Addresses
import Bytes
import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Fields of requests and responses.
    static let fields = FetchFamily("HTTP fields", areSteady: true, requests + responses)

    private static let requests: [Fetch] = {
        let value = FieldRow.value("req.hdr", .request) {
            FieldValue.elements(.request, $0, $1, &$2, &$3)
        }
        let count = FieldRow.count("req.hdr_cnt", .request) {
            FieldValue.count(.request, splits: true, $0, $1, &$2, &$3)
        }
        let address = FieldRow.address("req.hdr_ip", .request) {
            FieldValue.address(.request, $0, $1, &$2, &$3)
        }
        let number = FieldRow.number("req.hdr_val", .request) {
            FieldValue.number(.request, $0, $1, &$2, &$3)
        }
        return [
            value,
            // Access lists mean the request by `hdr`; elsewhere it is the head that is judged.
            value.alias("hdr", hasDerivatives: true, isForListsOnly: true),
            FieldRow.value("hdr", .either) { FieldValue.elements(.either, $0, $1, &$2, &$3) },
            FieldRow.line("req.fhdr", .request) {
                FieldValue.lines(.request, $0, $1, &$2, &$3)
            },
            count, count.alias("hdr_cnt"),
            FieldRow.count("req.fhdr_cnt", .request) {
                FieldValue.count(.request, splits: false, $0, $1, &$2, &$3)
            },
            address, address.alias("hdr_ip"), number, number.alias("hdr_val"),
            FieldRow.names("req.hdr_names", .request) {
                FieldValue.names(.request, $0, $1, &$2, &$3)
            },
            FieldRow.all("req.hdrs", .request) { FieldValue.all(.request, $0, &$2, &$3) },
            FieldRow.allBinary("req.hdrs_bin", .request) {
                FieldValue.allBinary(.request, $0, &$2, &$3)
            },
        ]
    }()

    private static let responses: [Fetch] = {
        let value = FieldRow.value("res.hdr", .response) {
            FieldValue.elements(.response, $0, $1, &$2, &$3)
        }
        let count = FieldRow.count("res.hdr_cnt", .response) {
            FieldValue.count(.response, splits: true, $0, $1, &$2, &$3)
        }
        let address = FieldRow.address("res.hdr_ip", .response) {
            FieldValue.address(.response, $0, $1, &$2, &$3)
        }
        let number = FieldRow.number("res.hdr_val", .response) {
            FieldValue.number(.response, $0, $1, &$2, &$3)
        }
        return [
            value, value.alias("shdr", hasDerivatives: true),
            FieldRow.line("res.fhdr", .response) {
                FieldValue.lines(.response, $0, $1, &$2, &$3)
            },
            count, count.alias("shdr_cnt"),
            FieldRow.count("res.fhdr_cnt", .response) {
                FieldValue.count(.response, splits: false, $0, $1, &$2, &$3)
            },
            address, address.alias("shdr_ip"), number, number.alias("shdr_val"),
            FieldRow.names("res.hdr_names", .response) {
                FieldValue.names(.response, $0, $1, &$2, &$3)
            },
            FieldRow.all("res.hdrs", .response) { FieldValue.all(.response, $0, &$2, &$3) },
            FieldRow.allBinary("res.hdrs_bin", .response) {
                FieldValue.allBinary(.response, $0, &$2, &$3)
            },
        ]
    }()
}

/// The rows that exist for each side.
private enum FieldRow {
    private static let named: [ConverterArgumentShape] = [
        .emptiableText("name").optional, .integer("occ").optional,
    ]

    static func value(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch
    {
        Fetch(
            name, .string, takes: named, needs: side.needs, comparedBy: .str,
            "Is an element of a field that is a list, the last one or that of a number.",
            prepare: FieldArguments.named, apply)
    }

    static func line(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch {
        Fetch(
            name, .string, takes: named, needs: side.needs,
            "Is the whole value of a field's line, the last one or that of a number.",
            prepare: FieldArguments.named, apply)
    }

    static func address(
        _ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function
    ) -> Fetch {
        Fetch(
            name, .address, takes: named, needs: side.needs, comparedBy: .ip,
            "Is the address that an element of a field is; a port behind an IPv4 address is dropped.",
            prepare: FieldArguments.named, apply)
    }

    static func number(
        _ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function
    ) -> Fetch {
        Fetch(
            name, .integer, takes: named, needs: side.needs,
            "Is the number that an element of a field begins with.",
            prepare: FieldArguments.named, apply)
    }

    static func count(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch
    {
        let what = name.contains("fhdr") ? "lines" : "elements"
        return Fetch(
            name, .integer, takes: [.text("name").optional], needs: side.needs,
            "Is how many \(what) fields of a name have, or all fields.",
            prepare: FieldArguments.counted, apply)
    }

    static func names(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch
    {
        Fetch(
            name, .string, takes: [.text("delim").optional], needs: side.needs,
            "Is the names of all fields with commas, or another character, between them.", apply)
    }

    static func all(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch {
        Fetch(
            name, .string, needs: side.needs,
            "Is all fields, line by line, with the empty line behind them.", apply)
    }

    static func allBinary(
        _ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function
    ) -> Fetch {
        Fetch(
            name, .binary, needs: side.needs,
            "Is all fields as pairs of texts, each behind its length, and an empty pair.", apply)
    }
}

/// How the fields of a head are named in arguments.
enum FieldArguments {
    /// As many elements as can be counted from the end.
    private static let mostFromEnd: Int64 = 10

    /// Arguments `name` and `occ`; the name's number is put behind them.
    ///
    /// An empty name means all fields, none at all means none of them.
    static let named: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if case .integer(let occurrence)? = arguments[1], occurrence < -mostFromEnd {
            throw ArgumentMistake(
                "occurrences from the end go up to -\(mostFromEnd), found '\(occurrence)'", at: 1)
        }
        if arguments[0] == nil { arguments[1] = .integer(.max) }
        number(&arguments)
        return nil
    }

    /// The argument `name`; the name's number is put behind it.
    static let counted: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        number(&arguments)
        return nil
    }

    private static func number(_ arguments: inout [ConverterConstant?]) {
        var known = KnownField.unlisted
        if case .bytes(let name)? = arguments[0] {
            let small = name.map(\.asciiLowercased)
            arguments[0] = .bytes(small)
            known = KnownField.named(small.span)
        }
        arguments.append(.integer(Int64(known.rawValue)))
    }

    /// The name's number, which is the last argument.
    @inline(__always)
    static func known(_ arguments: ConverterArguments) -> KnownField {
        let number = arguments.integer(arguments.count &- 1)
        return KnownField(rawValue: UInt8(truncatingIfNeeded: number)) ?? .unlisted
    }
}

/// Functions of the rows above.
private enum FieldValue {
    /// Elements of fields that are lists.
    @inline(__always)
    static func elements(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return value(subject, arguments, splits: true, &state, &scratch)
    }

    /// Values of whole lines.
    @inline(__always)
    static func lines(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return value(subject, arguments, splits: false, &state, &scratch)
    }

    private static func value(
        _ subject: Subject, _ arguments: ConverterArguments, splits: Bool,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        let occurrence = arguments.integer(1, or: 0)
        if occurrence == 0 && state.isIterating {
            return next(subject, arguments, splits: splits, &state, &scratch)
        }
        return occurrence > 0
            ? fromStart(Int(occurrence), subject, arguments, splits: splits, &scratch)
            : fromEnd(Int(max(1, -occurrence)), subject, arguments, splits: splits, &scratch)
    }

    /// The next value of all; `position` is the line, `count` where its next element is looked for.
    private static func next(
        _ subject: Subject, _ arguments: ConverterArguments, splits: Bool,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        let known = FieldArguments.known(arguments)
        while let index = subject.nextField(arguments.bytes(0), known, from: state.position) {
            if index != state.position {
                state.position = index
                state.count = 0
            }
            let line = subject.field(index)
            if var sample = element(of: line, subject, splits: splits, at: &state.count, &scratch) {
                let isLast =
                    state.count > subject.seenValueCount(of: line)
                    && subject.nextField(arguments.bytes(0), known, from: index &+ 1) == nil
                if !isLast { sample.flags.insert(.hasMore) }
                return sample
            }
            state.position = index &+ 1
            state.count = 0
        }
        return nil
    }

    /// The element of a line that begins at an offset, which is then behind it; nil behind the
    /// last one.
    private static func element(
        of line: FieldLine, _ subject: Subject, splits: Bool, at offset: inout Int,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        if subject.hasHiddenOptions(line) {
            let made = scratch.make(as: .string) { subject.appendValue(of: line, to: &$0) }
            guard let made else { return nil }
            return range(in: scratch.bytes(of: made), splits: splits, at: &offset)
                .map { made.part($0.lowerBound, $0.count) }
        }
        let value = subject.value(of: line)
        guard let range = range(in: value, splits: splits, at: &offset) else { return nil }
        return scratch.copy(value.extracting(range))
    }

    private static func range(
        in value: Span<UInt8>, splits: Bool, at offset: inout Int
    ) -> Range<Int>? {
        if splits { return FieldValues.next(in: value, at: &offset) }
        if offset > 0 { return nil }
        offset = value.count &+ 1
        return 0..<value.count
    }

    private static func fromStart(
        _ occurrence: Int, _ subject: Subject, _ arguments: ConverterArguments, splits: Bool,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        let known = FieldArguments.known(arguments)
        var left = occurrence
        var index = 0
        while let found = subject.nextField(arguments.bytes(0), known, from: index) {
            let line = subject.field(found)
            let count = elements(of: line, subject, splits: splits, &scratch)
            if left <= count {
                return element(left, of: line, subject, splits: splits, &scratch)
            }
            left &-= count
            index = found &+ 1
        }
        return nil
    }

    private static func fromEnd(
        _ occurrence: Int, _ subject: Subject, _ arguments: ConverterArguments, splits: Bool,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        let known = FieldArguments.known(arguments)
        var left = occurrence
        var end = subject.fieldCount
        while let found = subject.lastField(arguments.bytes(0), known, before: end) {
            let line = subject.field(found)
            let count = elements(of: line, subject, splits: splits, &scratch)
            if left <= count {
                return element(count &+ 1 &- left, of: line, subject, splits: splits, &scratch)
            }
            left &-= count
            end = found
        }
        return nil
    }

    /// The nth element of a line, from 1.
    private static func element(
        _ occurrence: Int, of line: FieldLine, _ subject: Subject, splits: Bool,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        if !subject.hasHiddenOptions(line) {
            let value = subject.value(of: line)
            guard splits else { return scratch.copy(value) }
            return FieldValues.element(occurrence, in: value)
                .flatMap { scratch.copy(value.extracting($0)) }
        }
        let made = scratch.make(as: .string) { subject.appendValue(of: line, to: &$0) }
        guard let made, splits else { return made }
        return FieldValues.element(occurrence, in: scratch.bytes(of: made))
            .map { made.part($0.lowerBound, $0.count) }
    }

    /// How many values a line has.
    private static func elements(
        of line: FieldLine, _ subject: Subject, splits: Bool, _ scratch: inout SampleScratch
    ) -> Int {
        guard splits else { return 1 }
        if !subject.hasHiddenOptions(line) {
            return FieldValues.count(in: subject.value(of: line))
        }
        let mark = scratch.mark
        defer { scratch.rewind(to: mark) }
        let made = scratch.make(as: .string) { subject.appendValue(of: line, to: &$0) }
        return made.map { FieldValues.count(in: scratch.bytes(of: $0)) } ?? 0
    }

    static func count(
        _ side: HeadSide, splits: Bool, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        let known = FieldArguments.known(arguments)
        var count = 0
        var index = 0
        while let found = subject.nextField(arguments.bytes(0), known, from: index) {
            count &+= elements(of: subject.field(found), subject, splits: splits, &scratch)
            index = found &+ 1
        }
        return .integer(Int64(count))
    }

    @inline(__always)
    static func address(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        let mark = scratch.mark
        while let sample = value(subject, arguments, splits: true, &state, &scratch) {
            let found = NodeAddress.read(scratch.bytes(of: sample))
            scratch.rewind(to: mark)
            if let found {
                var address = Sample.address(found)
                address.flags = sample.flags
                return address
            }
            if !sample.flags.contains(.hasMore) { return nil }
        }
        return nil
    }

    /// Differs: HAProxy keeps 32 bits of the number and reads some marks as digits.
    @inline(__always)
    static func number(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state),
            let sample = value(subject, arguments, splits: true, &state, &scratch)
        else { return nil }
        return sample.leadingNumber(in: scratch)
    }

    static func names(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        let delimiter = arguments.firstByte(0) ?? 0x2C
        return scratch.make(as: .string) { output in
            var index = 0
            var isFirst = true
            while let found = subject.nextField(Span(), .unlisted, from: index) {
                if !isFirst { output.append(delimiter) }
                isFirst = false
                output.append(small: subject.name(of: subject.field(found)))
                index = found &+ 1
            }
        }
    }

    static func all(
        _ side: HeadSide, _ subject: Subject, _ state: inout FetchState,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return scratch.make(as: .string) { output in
            var index = 0
            while let found = subject.nextField(Span(), .unlisted, from: index) {
                let line = subject.field(found)
                output.append(small: subject.name(of: line))
                output.append(": ")
                subject.appendValue(of: line, to: &output)
                output.append("\r\n")
                index = found &+ 1
            }
            output.append("\r\n")
        }
    }

    static func allBinary(
        _ side: HeadSide, _ subject: Subject, _ state: inout FetchState,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return scratch.make(as: .binary) { output in
            var index = 0
            while let found = subject.nextField(Span(), .unlisted, from: index) {
                let line = subject.field(found)
                let name = subject.name(of: line)
                output.append(variable: UInt64(name.count))
                output.append(small: name)
                output.append(variable: UInt64(subject.seenValueCount(of: line)))
                subject.appendValue(of: line, to: &output)
                index = found &+ 1
            }
            output.append(variable: 0)
            output.append(variable: 0)
        }
    }
}

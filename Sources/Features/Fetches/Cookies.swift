// Samples of cookies (configuration manual: req.cook, res.cook and their kin). Access lists are
// given every cookie of a name, one by one; everybody else gets the last one.

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Cookies of requests and responses.
    static let cookies = FetchFamily("cookies", areSteady: true, requests + responses)

    private static let requests: [Fetch] = {
        let value = CookieRow.value("req.cook", .request) {
            CookieValue.value(.request, $0, $1, &$2, &$3)
        }
        let count = CookieRow.count("req.cook_cnt", .request) {
            subject, arguments, state, _ in
            CookieValue.count(.request, subject, arguments, &state)
        }
        let number = CookieRow.number("req.cook_val", .request) {
            CookieValue.number(.request, $0, $1, &$2, &$3)
        }
        return [
            value, value.alias("cook", hasDerivatives: true),
            CookieRow.value("cookie", .either) { CookieValue.value(.either, $0, $1, &$2, &$3) },
            count, count.alias("cook_cnt"), number, number.alias("cook_val"),
            CookieRow.names("req.cook_names", .request) {
                CookieValue.names(.request, $0, $1, &$2, &$3)
            },
        ]
    }()

    private static let responses: [Fetch] = {
        let value = CookieRow.value("res.cook", .response) {
            CookieValue.value(.response, $0, $1, &$2, &$3)
        }
        let count = CookieRow.count("res.cook_cnt", .response) {
            subject, arguments, state, _ in
            CookieValue.count(.response, subject, arguments, &state)
        }
        let number = CookieRow.number("res.cook_val", .response) {
            CookieValue.number(.response, $0, $1, &$2, &$3)
        }
        return [
            value, value.alias("scook", hasDerivatives: true), value.alias("set-cookie"),
            count, count.alias("scook_cnt"), number, number.alias("scook_val"),
            CookieRow.names("res.cook_names", .response) {
                CookieValue.names(.response, $0, $1, &$2, &$3)
            },
        ]
    }()
}

/// The rows that exist for each side.
private enum CookieRow {
    static func value(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch
    {
        Fetch(
            name, .string, takes: [.text("name").optional], needs: side.needs, comparedBy: .str,
            "Is the value of the last cookie of a name, or of the first of all.", apply)
    }

    static func number(
        _ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function
    ) -> Fetch {
        Fetch(
            name, .integer, takes: [.text("name").optional], needs: side.needs,
            "Is the number that the value of a cookie begins with.", apply)
    }

    static func count(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch
    {
        Fetch(
            name, .integer, takes: [.text("name").optional], needs: side.needs,
            "Is how many cookies of a name there are, or of any.", apply)
    }

    static func names(_ name: String, _ side: HeadSide, _ apply: @escaping Fetch.Function) -> Fetch
    {
        Fetch(
            name, .string, takes: [.text("delim").optional], needs: side.needs,
            "Is the names of all cookies with commas, or another character, between them.", apply)
    }
}

/// Functions of the rows above.
private enum CookieValue {
    /// Which fields hold the cookies of the head that is there.
    @inline(__always)
    private static func field(_ subject: Subject) -> (known: KnownField, kind: Cookies.Field) {
        subject.hasResponseHead ? (.setCookie, .response) : (.cookie, .request)
    }

    @inline(__always)
    static func value(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return state.isIterating
            ? next(subject, arguments, &state, &scratch) : last(subject, arguments, &scratch)
    }

    /// The next cookie of all; `position` is the line, `cookies` how far it is read.
    private static func next(
        _ subject: Subject, _ arguments: ConverterArguments, _ state: inout FetchState,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        let (known, kind) = field(subject)
        while let index = subject.nextField(known, from: state.position) {
            if index != state.position {
                state.position = index
                state.cookies = Cookies.Cursor()
            }
            let value = subject.value(of: subject.field(index))
            let found = Cookies.next(
                named: arguments.bytes(0), in: value, at: &state.cookies, field: kind)
            if let found {
                var sample = scratch.copy(value.extracting(found))
                sample?.flags.insert(.hasMore)
                return sample
            }
            state.position = index &+ 1
            state.cookies = Cookies.Cursor()
        }
        return nil
    }

    /// The last cookie of a name; without a name, the first of all.
    private static func last(
        _ subject: Subject, _ arguments: ConverterArguments, _ scratch: inout SampleScratch
    ) -> Sample? {
        let (known, kind) = field(subject)
        let name = arguments.bytes(0)
        var place: (index: Int, range: Range<Int>)?
        var index = 0
        while let found = subject.nextField(known, from: index) {
            let value = subject.value(of: subject.field(found))
            if let range = Cookies.value(named: name, in: value, field: kind) {
                place = (found, range)
                if name.isEmpty { break }
            }
            index = found &+ 1
        }
        guard let place else { return nil }
        return scratch.copy(subject.value(of: subject.field(place.index)).extracting(place.range))
    }

    /// Differs: HAProxy keeps 32 bits of the number and reads some marks as digits.
    @inline(__always)
    static func number(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        value(side, subject, arguments, &state, &scratch)?.leadingNumber(in: scratch)
    }

    static func count(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        let (known, kind) = field(subject)
        var count = 0
        var index = 0
        while let found = subject.nextField(known, from: index) {
            count &+= Cookies.count(
                named: arguments.bytes(0), in: subject.value(of: subject.field(found)), field: kind)
            index = found &+ 1
        }
        return .integer(Int64(count))
    }

    static func names(
        _ side: HeadSide, _ subject: Subject, _ arguments: ConverterArguments,
        _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        let (known, kind) = field(subject)
        let delimiter = arguments.firstByte(0) ?? 0x2C
        return scratch.make(as: .string) { output in
            var index = 0
            while let found = subject.nextField(known, from: index) {
                let value = subject.value(of: subject.field(found))
                var cursor = Cookies.Cursor()
                while let cookie = Cookies.next(in: value, at: &cursor, field: kind) {
                    if output.count > 0 { output.append(delimiter) }
                    output.append(value.extracting(cookie.name))
                }
                index = found &+ 1
            }
        }
    }
}

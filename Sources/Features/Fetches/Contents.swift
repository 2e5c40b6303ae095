// Samples of the bytes of a relay before they are passed on (configuration manual: fetching samples
// from buffer contents). Bytes that have not come yet are waited for, as long as rules wait.

import Proxy
import Samples

extension FetchFamily {
    /// Bytes as they come.
    static let contents = FetchFamily(
        "buffer contents",
        [
            block("payload", [.requestBuffer, .responseBuffer]) { $0.isRequest },
            counted("payload_lv", [.requestBuffer, .responseBuffer]) { $0.isRequest },
            length("req.len", .requestBuffer, isRequest: true),
            length("req_len", .requestBuffer, isRequest: true),
            block("req.payload", .requestBuffer) { _ in true },
            counted("req.payload_lv", .requestBuffer) { _ in true },
            length("res.len", .responseBuffer, isRequest: false),
            block("res.payload", .responseBuffer) { _ in false },
            counted("res.payload_lv", .responseBuffer) { _ in false },
        ])

    private static func length(
        _ name: String, _ needs: FetchNeeds, isRequest: Bool
    ) -> Fetch {
        Fetch(
            name, .integer, needs: needs,
            "Is how many bytes of the \(isRequest ? "client" : "server") are there."
        ) { subject, _, _, _ in
            guard subject.hasStream else { return nil }
            let count =
                subject.contents(request: isRequest)?.count
                ?? (subject.hasBlocks ? subject.blockBytes : 0)
            var sample = Sample.integer(Int64(count))
            if subject.mayGrow(request: isRequest) { sample.flags.insert(.mayChange) }
            return sample
        }
    }

    private static func block(
        _ name: String, _ needs: FetchNeeds, _ isRequest: @escaping @Sendable (Subject) -> Bool
    ) -> Fetch {
        Fetch(
            name, .binary, takes: [.integer("offset"), .integer("length")], needs: needs,
            comparedBy: .bin, "Is bytes from an offset on; all where the length is 0.",
            prepare: Ranges.prepare
        ) { subject, arguments, state, scratch in
            let isRequest = isRequest(subject)
            guard let bytes = subject.contents(request: isRequest) else { return nil }
            let offset = Int(clamping: arguments.integer(0))
            let length = Int(clamping: arguments.integer(1))
            let limit = subject.contentLimit
            if offset > limit || length > limit - offset { return nil }
            guard offset + length <= bytes.count else {
                state.isIncomplete = true
                return nil
            }
            let end = length == 0 ? bytes.count : offset + length
            var sample = scratch.copy(bytes.extracting(offset..<end), as: .binary)
            if length == 0 && subject.mayGrow(request: isRequest) {
                sample?.flags.insert(.mayChange)
            }
            return sample
        }
    }

    private static func counted(
        _ name: String, _ needs: FetchNeeds, _ isRequest: @escaping @Sendable (Subject) -> Bool
    ) -> Fetch {
        Fetch(
            name, .binary,
            takes: [.integer("offset1"), .integer("length"), .text("offset2").optional],
            needs: needs, comparedBy: .bin,
            "Is as many bytes as a number among the bytes says, behind it or at an offset.",
            prepare: Ranges.prepareCounted
        ) { subject, arguments, state, scratch in
            guard let bytes = subject.contents(request: isRequest(subject)) else { return nil }
            let limit = subject.contentLimit
            let place = Int(clamping: arguments.integer(0))
            let size = Int(clamping: arguments.integer(1))
            if place > limit || size > limit - place { return nil }
            guard place + size <= bytes.count else {
                state.isIncomplete = true
                return nil
            }
            // Differs: HAProxy 2.6 halves offsets that are not relative.
            // As in HAProxy, of a longer number the last 32 bits count.
            var length: UInt32 = 0
            for index in place..<place + size {
                length = length &<< 8 | UInt32(bytes[index])
            }
            let offset = Int(clamping: arguments.integer(2))
            if length == 0 || offset > limit || Int(length) > limit - offset { return nil }
            guard offset + Int(length) <= bytes.count else {
                state.isIncomplete = true
                return nil
            }
            return scratch.copy(
                bytes.extracting(offset..<offset + Int(length)), as: .binary)
        }
    }
}

/// What is done with offsets and lengths at load.
private enum Ranges {
    // Differs: HAProxy takes numbers below 0, which never fit.
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        for index in 0...1 {
            if case .integer(let value)? = arguments[index], value < 0 {
                throw ArgumentMistake(expected: "a number from 0 on", at: index)
            }
        }
        return nil
    }

    /// Replaces the second offset by the absolute one, which also stands for one left out.
    static let prepareCounted: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        _ = try prepare(&arguments, loading)
        guard case .integer(let place)? = arguments[0], case .integer(let size)? = arguments[1],
            size > 0
        else { throw ArgumentMistake(expected: "a length of at least 1", at: 1) }
        let (behind, overflows) = place.addingReportingOverflow(size)
        guard arguments[2] != nil else {
            arguments[2] = .integer(overflows ? .max : behind)
            return nil
        }
        let text = arguments.text(2)
        guard let offset = Int64(text) else {
            throw ArgumentMistake(
                expected: "an offset such as 4, or +4 from the number's end", at: 2)
        }
        let isRelative = text.hasPrefix("+") || text.hasPrefix("-")
        let absolute = isRelative ? behind.addingReportingOverflow(offset).partialValue : offset
        guard !overflows, absolute >= 0 else {
            throw ArgumentMistake("an offset before the first byte is no place for bytes", at: 2)
        }
        arguments[2] = .integer(absolute)
        return nil
    }
}

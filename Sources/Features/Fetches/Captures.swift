// Samples of what was captured of a request and its response, which last longer than the messages
// (configuration manual: capture.req.hdr, capture.req.uri and their kin).

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Captured texts, and what is kept of the request line.
    static let captures = FetchFamily(
        "captures",
        [
            Fetch(
                "capture.req.hdr", .string, takes: [.integer("idx")], needs: .requestFacts,
                "Is the text that was captured of the request in a slot, counted from 0.",
                prepare: Capture.prepareSlot
            ) { Capture.text(request: true, $0, $1, &$3) },
            Fetch(
                "capture.req.method", .string, needs: [.requestFacts, .requestLine],
                "Is the method of the request as it came.", Capture.method),
            Fetch(
                "capture.req.uri", .string, needs: [.requestFacts, .requestLine],
                "Is the path of the request with its query as they came.", Capture.uri),
            Fetch(
                "capture.req.ver", .string, needs: .requestFacts,
                "Is the version of the request, such as HTTP/1.1."
            ) { subject, _, _, scratch in
                subject.keptRequestMinorVersion.flatMap { Capture.version($0, &scratch) }
            },
            Fetch(
                "capture.res.hdr", .string, takes: [.integer("idx")], needs: .responseFacts,
                "Is the text that was captured of the response in a slot, counted from 0.",
                prepare: Capture.prepareSlot
            ) { Capture.text(request: false, $0, $1, &$3) },
            Fetch(
                "capture.res.ver", .string, needs: .requestFacts,
                "Is the version of the response, such as HTTP/1.1."
            ) { subject, _, _, scratch in
                subject.keptResponseMinorVersion.flatMap { Capture.version($0, &scratch) }
            },
        ])
}

/// Functions of the rows above.
private enum Capture {
    static let prepareSlot: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .integer(let slot)? = arguments[0], slot >= 0, slot < 1 << 16 else {
            throw ArgumentMistake(expected: "the number of a capture, from 0", at: 0)
        }
        return nil
    }

    static func text(
        request isRequest: Bool, _ subject: Subject, _ arguments: ConverterArguments,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        let slot = Int(arguments.integer(0))
        guard let text = subject.capture(request: isRequest, slot: slot) else { return nil }
        return scratch.copy(text)
    }

    static let method: Fetch.Function = { subject, _, _, scratch in
        let line = subject.requestLine
        guard !line.isEmpty else { return nil }
        return scratch.copy(line.extracting(0..<(line.firstIndex(of: 0x20) ?? line.count)))
    }

    static let uri: Fetch.Function = { subject, _, _, scratch in
        let line = subject.requestLine
        guard let space = line.firstIndex(of: 0x20) else { return nil }
        let rest = line.extracting(space &+ 1..<line.count)
        let target = rest.extracting(0..<(rest.firstIndex(of: 0x20) ?? rest.count))
        let path = PathParts(of: target).pathAndQuery
        return path.isEmpty ? nil : scratch.copy(target.extracting(path))
    }

    static func version(_ minor: Int, _ scratch: inout SampleScratch) -> Sample? {
        scratch.make(as: .string) { output in
            output.append("HTTP/1.")
            output.append(decimal: Int64(minor))
        }
    }
}

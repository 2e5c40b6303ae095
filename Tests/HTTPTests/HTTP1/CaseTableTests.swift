// Every row of the tables, whole, byte by byte and in random pieces.

import HTTPCases
import RandomInputs
import Testing

@testable import HTTP

@Suite struct CaseTableTests {
    @Test func `has at least 150 malformed or ambiguous messages with distinct names`() {
        let names =
            requestCases.map(\.name) + responseCases.map { "response: " + $0.name }
            + chunkedCases.map { "chunked: " + $0.name }
        #expect(Set(names).count == names.count)
        let wrong =
            requestCases.filter { $0.outcome.isRefusal }.count
            + responseCases.filter { $0.outcome.isRefusal }.count
            + chunkedCases.filter { $0.outcome.isRefusal }.count
        #expect(wrong >= 130)
        #expect(names.count >= 250)
    }

    @Test func `names the rule behind each deliberate difference`() {
        let reasons =
            requestCases.compactMap(\.differs) + responseCases.compactMap(\.differs)
            + chunkedCases.compactMap(\.differs)
        for reason in reasons {
            #expect(
                reason.hasPrefix("RFC ") || reason.hasPrefix("configuration manual"), "\(reason)")
        }
    }

    @Test(arguments: requestCases)
    func `treats a request as the table says, in any pieces`(_ row: MessageCase) {
        #expect(outcome(of: Parsed(request: row.bytes, policy: row.policy)) == row.outcome)
        var random = Seeded(row.name)
        for pieces in 0..<8 {
            var table = FieldTable(capacity: 100)
            var head = MessageHead()
            let result = feed(row.bytes, pieces: pieces, &random) { bytes in
                HTTP1.parseRequest(bytes, policy: row.policy, into: &table, head: &head)
            }
            #expect(outcome(result, head) == row.outcome, "seed \(random.seed)")
        }
    }

    @Test(arguments: responseCases)
    func `treats a response as the table says, in any pieces`(_ row: MessageCase) {
        let whole = Parsed(
            response: row.bytes, to: row.method, upgradeAsked: row.upgradeAsked,
            policy: row.policy)
        #expect(outcome(of: whole) == row.outcome)
        var random = Seeded(row.name)
        for pieces in 0..<8 {
            var table = FieldTable(capacity: 100)
            var head = MessageHead()
            let result = feed(row.bytes, pieces: pieces, &random) { bytes in
                HTTP1.parseResponse(
                    bytes, to: row.method, upgradeAsked: row.upgradeAsked, policy: row.policy,
                    into: &table, head: &head)
            }
            #expect(outcome(result, head) == row.outcome, "seed \(random.seed)")
        }
    }

    @Test(arguments: chunkedCases)
    func `decodes a chunked body as the table says, in any pieces`(_ row: ChunkedCase) {
        for piece in [row.bytes.count, 1, 2, 3, 16] {
            #expect(decode(row.bytes, piece: piece) == row.outcome, "pieces of \(piece)")
        }
    }

    private func outcome(of parsed: Parsed) -> MessageCase.Outcome {
        outcome(parsed.result, parsed.head)
    }

    private func outcome(
        _ result: HTTP1.HeadResult, _ head: MessageHead
    ) -> MessageCase.Outcome {
        switch result {
        case .complete: .accepted(head.framing)
        case .incomplete: .unfinished
        case .invalid(let fault): .refused(fault)
        }
    }

    /// Parses a growing prefix: byte by byte for 0, else at random places. The bytes move to
    /// another address each time.
    private func feed(
        _ bytes: [UInt8], pieces: Int, _ random: inout Seeded,
        _ parse: (Span<UInt8>) -> HTTP1.HeadResult
    ) -> HTTP1.HeadResult {
        var count = 0
        while true {
            let step = pieces == 0 ? 1 : random.next(below: pieces * 7) + 1
            count = min(count + step, bytes.count)
            let result = parse(Array(bytes[..<count]).span)
            if result != .incomplete || count == bytes.count { return result }
        }
    }

    private func decode(_ bytes: [UInt8], piece: Int) -> ChunkedCase.Outcome {
        var decoder = ChunkedDecoder()
        var data: [UInt8] = []
        var trailers: [String] = []
        var start = 0
        var end = 0
        while true {
            let pending = Array(bytes[start..<end])
            switch decoder.step(pending.span) {
            case .header(let count, _, _), .lastChunk(let count, _), .chunkEnd(let count):
                start += count
            case .data(let count):
                data += pending[..<count]
                start += count
            case .trailer(let count, let line):
                if line.isKept {
                    let name = String(decoding: pending[line.name], as: UTF8.self)
                    let value = String(decoding: pending[line.value], as: UTF8.self)
                    trailers.append("\(name.lowercased()): \(value)")
                }
                start += count
            case .end:
                return .decoded(
                    String(decoding: data, as: UTF8.self),
                    trailers: trailers.joined(separator: "|"))
            case .needMore:
                if end == bytes.count { return .unfinished }
                end = min(end + piece, bytes.count)
            case .invalid(let fault): return .refused(fault)
            }
        }
    }
}

extension MessageCase.Outcome {
    var isRefusal: Bool { if case .refused = self { true } else { false } }
}

extension ChunkedCase.Outcome {
    var isRefusal: Bool { if case .refused = self { true } else { false } }
}

// The one way into each parser for fuzzers and for the test that replays their corpus. Beyond not
// trapping, each run checks what must hold for any input.

import Bytes

extension HTTP1 {
    /// Takes the first byte of an input for what the rest is: `q` a request, `r` a response,
    /// anything else a chunked body.
    public static func exercise(_ input: Span<UInt8>) {
        guard !input.isEmpty else { return }
        let rest = input.extracting(1...)
        switch input[0] {
        case 0x71: exerciseRequest(rest)
        case 0x72: exerciseResponse(rest)
        default: exerciseChunked(rest)
        }
    }

    /// Parses a request whole and byte by byte, and writes it out when it is valid. Traps when the
    /// two results differ, or when what was written is not valid again with the same framing.
    public static func exerciseRequest(_ input: Span<UInt8>) {
        for policy in [[], Policy.unsafeViolations] {
            var table = FieldTable(capacity: 32)
            var head = MessageHead()
            let whole = parseRequest(input, policy: policy, into: &table, head: &head)
            var pieces = FieldTable(capacity: 32)
            var grown = MessageHead()
            var result = HeadResult.incomplete
            var count = 0
            while result == .incomplete, count < input.count {
                count += 1
                result = parseRequest(
                    input.extracting(0..<count), policy: policy, into: &pieces, head: &grown)
            }
            agree(whole, head, table, result, grown, pieces)
            guard whole == .complete, policy.isEmpty else { continue }
            var buffer = Buffer(capacity: input.count * 2 + 256)
            precondition(appendRequestHead(head, table, from: input, to: &buffer))
            buffer.append("\r\n")
            var again = MessageHead()
            let reread = parseRequest(buffer.span, into: &pieces, head: &again)
            precondition(reread == .complete && again.framing == head.framing)
            precondition(Int(again.length) == buffer.count && again.method == head.method)
        }
    }

    /// As ``exerciseRequest(_:)``, for responses to every kind of request.
    public static func exerciseResponse(_ input: Span<UInt8>) {
        for method in [Method.get, .head, .connect] {
            let policy: Policy = method == .head ? .unsafeViolations : []
            var table = FieldTable(capacity: 32)
            var head = MessageHead()
            let whole = parseResponse(
                input, to: method, upgradeAsked: method == .get, policy: policy, into: &table,
                head: &head)
            var pieces = FieldTable(capacity: 32)
            var grown = MessageHead()
            var result = HeadResult.incomplete
            var count = 0
            while result == .incomplete, count < input.count {
                count += 1
                result = parseResponse(
                    input.extracting(0..<count), to: method, upgradeAsked: method == .get,
                    policy: policy, into: &pieces, head: &grown)
            }
            agree(whole, head, table, result, grown, pieces)
            guard whole == .complete, policy.isEmpty else { continue }
            var buffer = Buffer(capacity: input.count * 2 + 256)
            precondition(appendResponseHead(head, table, from: input, to: &buffer))
            if head.status == 101 { buffer.append("connection: upgrade\r\n") }
            buffer.append("\r\n")
            var again = MessageHead()
            let reread = parseResponse(
                buffer.span, to: method, upgradeAsked: method == .get, into: &pieces,
                head: &again)
            precondition(reread == .complete && again.framing == head.framing)
            precondition(Int(again.length) == buffer.count && again.status == head.status)
        }
    }

    /// Decodes a chunked body whole and with its bytes arriving one at a time.
    public static func exerciseChunked(_ input: Span<UInt8>) {
        let whole = decode(input, piece: input.count)
        for piece in [1, 7] {
            precondition(decode(input, piece: piece) == whole)
        }
    }

    private static func agree(
        _ whole: HeadResult, _ head: MessageHead, _ table: borrowing FieldTable,
        _ result: HeadResult, _ grown: MessageHead, _ pieces: borrowing FieldTable
    ) {
        precondition(whole == result)
        guard whole == .complete else { return }
        precondition(head.length == grown.length && head.framing == grown.framing)
        precondition(head.facts == grown.facts && head.seen == grown.seen)
        precondition(table.count == pieces.count)
        for index in 0..<table.count {
            precondition(table[index].value == pieces[index].value)
            precondition(table[index].name == pieces[index].name)
            precondition(table[index].flags == pieces[index].flags)
        }
    }

    /// What decoding a body came to: enough to compare two ways of feeding it.
    private struct Decoded: Equatable {
        var dataBytes = 0
        var dataHash: UInt64 = 0
        var chunks = 0
        var trailers = 0
        var consumed = 0
        var fault: HTTPFault?
        var isComplete = false
    }

    private static func decode(_ input: Span<UInt8>, piece: Int) -> Decoded {
        var decoder = ChunkedDecoder()
        var decoded = Decoded()
        var available = 0
        while true {
            let pending = input.extracting(decoded.consumed..<available)
            switch decoder.step(pending) {
            case .header(let count, _, _), .lastChunk(let count, _):
                decoded.chunks += 1
                decoded.consumed += count
            case .data(let count):
                precondition(count > 0 && count <= pending.count)
                for index in 0..<count {
                    decoded.dataHash = (decoded.dataHash ^ UInt64(pending[index])) &* 0x100_0193
                }
                decoded.dataBytes += count
                decoded.consumed += count
            case .chunkEnd(let count): decoded.consumed += count
            case .trailer(let count, let line):
                precondition(line.value.upperBound <= count)
                decoded.trailers += line.isKept ? 1 : 2
                decoded.consumed += count
            case .end(let count):
                decoded.consumed += count
                decoded.isComplete = true
                return decoded
            case .needMore:
                if available == input.count { return decoded }
                available = min(available + max(piece, 1), input.count)
            case .invalid(let fault):
                decoded.fault = fault
                return decoded
            }
        }
    }
}

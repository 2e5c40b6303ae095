// Replies that rules have made: status line, fields and body are put together by an action, framing
// and connection fields are added here, and `http-after-response` sees the whole.

import Bytes
import HTTP
import Kernel
import Structures

extension Worker {
    /// Begins a reply with its status line.
    mutating func beginReply(status: Int, _ reason: Span<UInt8>) -> Bool {
        if !replyHead.hasStorage { replyHead = buffers.take() }
        replyHead.removeAll()
        replyBody.removeAll()
        replyStatus = status
        guard replyHead.append("HTTP/1.1 "), replyHead.append(decimal: UInt64(max(status, 0))),
            replyHead.append(" ")
        else { return false }
        let hasReason =
            reason.isEmpty
            ? replyHead.append(Status.reason(status)) : replyHead.append(reason)
        return hasReason && replyHead.append("\r\n")
    }

    /// Sets the reply's body.
    mutating func setReplyBody(_ body: Span<UInt8>) -> Bool {
        if body.isEmpty {
            replyBody.removeAll()
            return true
        }
        if !replyBody.hasStorage { replyBody = buffers.take() }
        replyBody.removeAll()
        return replyBody.append(body)
    }

    /// Sends the reply that an action has put together and ends the exchange with it.
    mutating func replyPrepared(_ stream: Handle) {
        leaveRequest(stream)
        let status = replyStatus
        var head = replyHead.take()
        var body = replyBody.take()
        beginReplying(stream, status: status) { worker, output in
            output.compact()
            let closes = !worker.streams[stream].flags.contains(.clientPersists)
            let hasBody = status >= 200 && status != 204 && status != 304
            let room = head.count &+ body.count &+ 96
            guard output.room >= room else {
                worker.streams[stream].flags.remove(.clientPersists)
                return
            }
            var fits = output.append(head.span)
            if hasBody {
                fits = fits && output.append("content-length: ")
                fits = fits && output.append(decimal: UInt64(body.count)) && output.append("\r\n")
            }
            if closes { fits = fits && output.append("connection: close\r\n") }
            fits = fits && output.append("\r\n")
            if hasBody && worker.streams[stream].method != .head {
                fits = fits && output.append(body.span)
            }
            precondition(fits, "the room was looked at")
        }
        buffers.give(head.take())
        buffers.give(body.take())
    }

    /// Runs `http-after-response` over a reply that lies in `output` from `start` on, and writes
    /// what they have made of it in its place.
    mutating func applyAfterRules(_ stream: Handle, _ output: inout Buffer, from start: Int) {
        let own = streams[stream].program
        let front = Int(streams[stream].frontend)
        let back = Int(streams[stream].backend)
        var steps = programs[own].proxies[front].ruleSteps
        if back >= 0 { steps |= programs[own].proxies[back].ruleSteps }
        guard steps & RuleStep.httpAfterResponse.bit != 0, output.count > start else { return }
        dropMessage()
        if !replySource.hasStorage { replySource = buffers.take() }
        replySource.removeAll()
        guard replySource.append(output.span.extracting(start..<output.count)) else { return }
        var head = MessageHead()
        let source = replySource.take()
        let result = source.parseResponse(
            to: streams[stream].method, asksUpgrade: false, [], &fields, &head)
        replySource = source
        guard result == .complete else { return }
        take(head, .reply)
        streams[stream].rules = RulePlace()
        let proxies = back >= 0 && back != front ? [back, front] : [front]
        for proxy in proxies {
            if programs[own].proxies[proxy].ruleSteps & RuleStep.httpAfterResponse.bit == 0 {
                continue
            }
            let range = programs[own].rules.range(proxy, .httpAfterResponse)
            _ = withSubject(stream, isFinal: true) {
                $0.run(range, from: range.lowerBound, isAgain: false, program: own)
            }
        }
        if message.line.status != 0 { streams[stream].status = Int32(message.line.status) }
        writeEdited(&output, from: start)
        dropMessage()
        buffers.give(replySource.take())
    }

    /// Writes the present reply's head with its changes, then its framing and its body.
    private mutating func writeEdited(_ output: inout Buffer, from start: Int) {
        output.dropLast(output.count &- start)
        // Framing lines are part of the reply as it was parsed and pass like other lines.
        let fits = HTTP1.appendResponseHead(
            message.head, fields, from: replySource.span, message.line, message.edits.span,
            to: &output)
        let closes = message.head.facts.contains(.saidClose)
        if closes { _ = output.append("connection: close\r\n") }
        guard fits, output.append("\r\n") else { return }
        let body = Int(message.head.length)..<replySource.count
        _ = output.append(replySource.span.extracting(body))
    }
}

/// Makes a reply of our own for a stream, such as that of an `http-error` line.
///
/// Instances are made at load and shared by all workers; they do not change.
///
/// Safety: subclasses hold constants.
open class ReplyMaker: @unchecked Sendable {
    /// A maker.
    public init() {}

    /// Puts a reply together by ``Subject/beginReply(status:_:)`` and its kin; false where that
    /// fails.
    open func make(_ subject: Subject) -> Bool { false }
}

extension Worker {
    /// Writes what a maker makes; false where it made nothing that fits.
    mutating func write(
        _ maker: ReplyMaker, for stream: Handle, to output: inout Buffer
    ) -> Bool {
        guard withSubject(stream, isFinal: true, { maker.make($0) }) else { return false }
        var head = replyHead.take()
        var body = replyBody.take()
        defer {
            buffers.give(head.take())
            buffers.give(body.take())
        }
        guard output.room >= head.count &+ body.count &+ 96 else { return false }
        let closes = !streams[stream].flags.contains(.clientPersists)
        var fits = output.append(head.span) && output.append("content-length: ")
        fits = fits && output.append(decimal: UInt64(body.count)) && output.append("\r\n")
        if closes { fits = fits && output.append("connection: close\r\n") }
        fits = fits && output.append("\r\n")
        if streams[stream].method != .head { fits = fits && output.append(body.span) }
        return fits
    }
}

// Replies that rules have made: status line, fields and body are put together by an action, framing
// and connection fields are added here, and `http-after-response` sees the whole.

import Bytes
import HTTP
import Kernel
import Structures

extension Worker {
    /// Begins a reply with its status line.
    mutating func beginReply(status: Int, _ reason: Span<UInt8>) -> Bool {
        clearReply(status: status)
        guard replyHead.append("HTTP/1.1 "), replyHead.append(decimal: UInt64(max(status, 0))),
            replyHead.append(" ")
        else { return false }
        let hasReason =
            reason.isEmpty
            ? replyHead.append(Status.reason(status)) : replyHead.append(reason)
        return hasReason && replyHead.append("\r\n")
    }

    /// Forgets what an action has put together before.
    private mutating func clearReply(status: Int) {
        if !replyHead.hasStorage { replyHead = buffers.take() }
        replyHead.removeAll()
        replyBody.removeAll()
        replyStatus = status
        replyHasLength = false
    }

    /// Begins a reply with what a file or a built-in text says, as far as it has no framing; a
    /// silent one leaves no head at all.
    ///
    /// - Parameter status: what is logged and counted.
    mutating func beginReply(
        _ reply: borrowing ErrorReply, status: Int, for stream: Handle
    ) -> Bool {
        clearReply(status: status)
        if reply.closes { streams[stream].flags.remove(.clientPersists) }
        let split = reply.lengthOffset
        let front = reply.head.span.extracting(0..<split)
        let rest = reply.head.span.extracting(split..<reply.head.count)
        guard replyHead.append(front) else { return false }
        if reply.isSilent { return true }
        return addReplyBody(reply.body.span) && replyHead.append(rest)
    }

    /// Begins the proxy's own reply of a status, as `errorfile`, `http-error` and their kin have
    /// it; false where that fails.
    mutating func beginErrorReply(status: Int, for stream: Handle) -> Bool {
        let own = streams[stream].program
        let back = Int(streams[stream].backend)
        let front = Int(streams[stream].frontend)
        if back >= 0, let isMade = beginReply(of: back, status: status, for: stream) {
            return isMade
        }
        if let isMade = beginReply(of: front, status: status, for: stream) { return isMade }
        guard let reply = programs[own].standardReplies[status] else { return false }
        return beginReply(reply, status: status, for: stream)
    }

    /// Begins the reply that a proxy has for a status; nil where it has none of its own.
    private mutating func beginReply(
        of proxy: Int, status: Int, for stream: Handle
    ) -> Bool? {
        let own = streams[stream].program
        if let maker = programs[own].replyMakers[proxy][status] {
            return withSubject(stream, isFinal: true) { maker.make($0) }
        }
        guard let reply = programs[own].errorReplies[proxy][status] else { return nil }
        return beginReply(reply, status: status, for: stream)
    }

    /// Sets the reply's body and adds the field with its length, where the status allows a body;
    /// false when there is no room.
    mutating func addReplyBody(_ body: Span<UInt8>) -> Bool {
        replyHasLength = true
        guard Status.hasBody(replyStatus) else { return true }
        guard replyHead.append("content-length: "),
            replyHead.append(decimal: UInt64(body.count)), replyHead.append("\r\n")
        else { return false }
        if body.isEmpty { return true }
        if !replyBody.hasStorage { replyBody = buffers.take() }
        replyBody.removeAll()
        return replyBody.append(body)
    }

    /// Puts the proxy's own reply of a status together, or the built-in one where that fails.
    mutating func prepareErrorReply(status: Int, for stream: Handle) {
        if beginErrorReply(status: status, for: stream) { return }
        clearReply(status: status)
        // What a format made may be too large; what is built in fits any buffer.
        guard let reply = programs[streams[stream].program].standardReplies[status] else { return }
        _ = beginReply(reply, status: status, for: stream)
    }

    /// Sends the reply that was put together and ends the exchange with it.
    mutating func replyPrepared(_ stream: Handle) {
        leaveRequest(stream)
        guard mayReply(stream) else {
            buffers.give(replyHead.take())
            buffers.give(replyBody.take())
            return end(stream, client: .abort)
        }
        beginReplying(stream, status: replyStatus)
    }

    /// Writes the reply that was put together behind what `output` holds. Where that does not fit,
    /// the reply of status 500 takes its place, and the connection ends.
    mutating func writePrepared(_ stream: Handle, to output: inout Buffer) {
        output.compact()
        if !replyHead.isEmpty, !fitsReply(output) {
            streams[stream].flags.remove(.clientPersists)
            prepareErrorReply(status: 500, for: stream)
            streams[stream].status = 500
        }
        let fits = !replyHead.isEmpty && fitsReply(output)
        var head = replyHead.take()
        var body = replyBody.take()
        if !fits {
            streams[stream].flags.remove(.clientPersists)
        } else {
            var fits = output.append(head.span)
            if !replyHasLength && Status.hasBody(replyStatus) {
                fits = fits && output.append("content-length: 0\r\n")
            }
            if !streams[stream].flags.contains(.clientPersists) {
                fits = fits && output.append("connection: close\r\n")
            } else if streams[stream].flags.contains(.isHTTP10) {
                fits = fits && output.append("connection: keep-alive\r\n")
            }
            fits = fits && output.append("\r\n")
            if !answersHead(stream) { fits = fits && output.append(body.span) }
            precondition(fits, "the room was looked at")
        }
        buffers.give(head.take())
        buffers.give(body.take())
    }

    private func fitsReply(_ output: borrowing Buffer) -> Bool {
        output.room >= replyHead.count &+ replyBody.count &+ 96
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
        beginResponseVariables(stream)
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
        streams[stream].flags.remove(.isLenient)
        if message.line.status != 0 { streams[stream].status = Int32(message.line.status) }
        let hasBody = !fitFraming(stream)
        writeEdited(stream, &output, from: start, hasBody: hasBody)
        dropMessage()
        buffers.give(replySource.take())
    }

    /// Writes the present reply's head with its changes, then its framing and its body. Where that
    /// does not fit, nothing is written, and the connection ends.
    private mutating func writeEdited(
        _ stream: Handle, _ output: inout Buffer, from start: Int, hasBody: Bool
    ) {
        output.dropLast(output.count &- start)
        // Framing lines are part of the reply as it was parsed and pass like other lines.
        var fits = HTTP1.appendResponseHead(
            message.head, fields, from: replySource.span, message.line, message.edits.span,
            to: &output)
        if !streams[stream].flags.contains(.clientPersists) {
            fits = fits && output.append("connection: close\r\n")
        } else if streams[stream].flags.contains(.isHTTP10) {
            fits = fits && output.append("connection: keep-alive\r\n")
        }
        fits = fits && output.append("\r\n")
        if hasBody {
            let body = Int(message.head.length)..<replySource.count
            fits = fits && output.append(replySource.span.extracting(body))
        }
        if fits { return }
        output.dropLast(output.count &- start)
        streams[stream].flags.remove(.clientPersists)
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

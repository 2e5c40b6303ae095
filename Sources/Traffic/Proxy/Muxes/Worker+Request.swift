// The client's side of HTTP/1: from bytes to a request on its way to a backend.

import Bytes
import HTTP
import Kernel
import Structures

/// What became of the bytes a client has sent.
enum RequestParse {
    /// More bytes are needed.
    case incomplete
    /// A stream or a refusal took over; the connection may be gone.
    case taken
}

extension Worker {
    /// Parses the head at the front of a client's buffer and begins a stream when it is complete.
    mutating func parseRequest(_ client: Handle) -> RequestParse {
        var head = MessageHead()
        switch parseHead(client, &head) {
        case .complete:
            beginRequest(client, head)
            return .taken
        case .incomplete:
            return .incomplete
        case .invalid(let fault):
            refuse(client, fault)
            return .taken
        }
    }

    /// Parses the head at the front of a client's buffer.
    ///
    /// A head in pieces is parsed again for each further line, and lines are bounded by the field
    /// limit; bytes that end no line cost one look.
    mutating func parseHead(_ client: Handle, _ head: inout MessageHead) -> HTTP1.HeadResult {
        let count = connections[client].inbound.count
        let scanned = Int(connections[client].scanned)
        connections[client].scanned = UInt32(truncatingIfNeeded: count)
        if scanned > 0, !connections[client].inbound.span.hasLineFeed(from: scanned) {
            return checkRoom(client)
        }
        let options = sessionEntry(connections[client].session).options
        let inbound = connections[client].inbound.take()
        let result = inbound.parseRequest(
            tuning.policy(isRelaxed: options.contains(.acceptUnsafeRequest)), &fields, &head)
        connections[client].inbound = inbound
        switch result {
        case .complete: connections[client].scanned = 0
        case .incomplete: return checkRoom(client)
        case .invalid: break
        }
        return result
    }

    /// A head that fills the buffer without an end is refused.
    private mutating func checkRoom(_ client: Handle) -> HTTP1.HeadResult {
        let most = max(64, connections[client].inbound.capacity &- tuning.maxRewriteBytes)
        guard connections[client].inbound.count >= most else { return .incomplete }
        var head = MessageHead()
        let inbound = connections[client].inbound.take()
        _ = inbound.parseRequest([], &fields, &head)
        connections[client].inbound = inbound
        return .invalid(HTTP1.overflow(head))
    }

    private mutating func refuse(_ client: Handle, _ fault: HTTPFault) {
        countRequestError(ofSession: connections[client].session)
        refuse(client, status: fault.status, cause: UInt8(ascii: "P"))
    }

    /// A complete and valid head: make the stream, choose the backend, write the head anew.
    private mutating func beginRequest(_ client: Handle, _ head: MessageHead) {
        let session = connections[client].session
        if sessions[session].program != program { follow(session: session) }
        guard let stream = makeStream(client, flags: .isHTTP) else {
            closeClient(client)
            return
        }
        let own = streams[stream].program
        let entry = programs[own].proxies[Int(streams[stream].frontend)]
        take(stream, head, entry)
        if entry.hasMonitorURI && asksForMonitor(stream, head) {
            if entry.keepsRequestLine { keepRequestLine(stream, head) }
            hand(stream, head)
            walkRequest(stream)
            return
        }
        if entry.logSteps != nil { logStep(stream, .accept) }
        if head.hasUnusualTarget {
            hand(stream, head)
            keepRequestLine(stream, head)
            if entry.logSteps != nil { logStep(stream, .request) }
            walkRequest(stream)
            return
        }
        if entry.keepsRequestLine { keepRequestLine(stream, head) }
        if entry.logSteps != nil { logStep(stream, .request) }
        if hasRequestRules(entry, own) {
            hand(stream, head)
            walkRequest(stream)
            return
        }
        countTrackedRequest(stream)
        let target = entry.defaultBackend
        if target >= 0, programs[own].proxies[Int(target)].isHTTP {
            enter(stream, backend: target)
            programs[own].proxies[Int(target)].backendCounters.add(.requests)
            if writeHead(stream, head) {
                takeHead(stream, head)
                if programs[own].proxies[Int(target)].keepsRequests { keepRequest(stream) }
                assignServer(stream)
                return
            }
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "P"), state: UInt8(ascii: "R"))
            entry.frontendCounters.add(.failedRewrites)
        } else {
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "S"), state: UInt8(ascii: "C"))
        }
        takeHead(stream, head)
        reply(stream, status: target >= 0 ? 500 : 503)
    }

    /// Counts a request and keeps what its head says.
    @inline(__always)
    private mutating func take(_ stream: Handle, _ head: MessageHead, _ entry: ProxyEntry) {
        note(stream, head)
        entry.frontendCounters.add(.requests)
        entry.frontendCounters.tick(.requests, now: now)
        setFraming(stream, head)
    }

    /// A relay has become an exchange whose request is there, and meets the rules of HTTP.
    mutating func adoptRequest(_ stream: Handle, _ head: MessageHead) {
        let own = streams[stream].program
        let entry = programs[own].proxies[Int(streams[stream].frontend)]
        streams[stream].flags.insert(.isHTTP)
        take(stream, head, entry)
        hand(stream, head)
        if entry.keepsRequestLine || message.isEdited { keepRequestLine(stream, head) }
        if entry.logSteps != nil { logStep(stream, .request) }
        let back = streams[stream].backend
        if streams[stream].flags.contains(.isInBackend) {
            programs[own].proxies[Int(back)].backendCounters.add(.requests)
        }
        countTrackedRequest(stream)
        walkRequest(stream)
    }

    /// Lets rules see a request's head, which stays in the client's buffer meanwhile.
    private mutating func hand(_ stream: Handle, _ head: MessageHead) {
        take(head, .request)
        streams[stream].flags.insert(.holdsRequestHead)
        streams[stream].requestHeadBytes = head.length
        if head.hasUnusualTarget {
            withSubject(stream, isFinal: true) { $0.normalizeTarget() }
        }
    }

    /// The rules have passed the request: its head is written anew and a server is looked for.
    mutating func sendOn(_ stream: Handle) {
        let own = streams[stream].program
        let head = message.head
        if writeHead(stream, head) {
            leaveRequest(stream)
            let back = Int(streams[stream].backend)
            if programs[own].proxies[back].keepsRequests,
                !streams[stream].flags.contains(.forbidsLaterRetries)
            {
                keepRequest(stream)
            }
            assignServer(stream)
            return
        }
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: "P"), state: UInt8(ascii: "R"))
        programs[own].proxies[Int(streams[stream].frontend)].frontendCounters.add(.failedRewrites)
        leaveRequest(stream)
        reply(stream, status: 500)
    }

    /// The rules need the request's head no more: it leaves the client's buffer.
    mutating func leaveRequest(_ stream: Handle) {
        dropMessage()
        dropHeld(stream)
        guard streams[stream].flags.contains(.holdsRequestHead) else { return }
        streams[stream].flags.remove(.holdsRequestHead)
        let client = streams[stream].client
        connections[client].inbound.consume(Int(streams[stream].requestHeadBytes))
        if connections[client].inbound.isEmpty {
            buffers.give(connections[client].inbound.take())
        }
        if streams[stream].flows[0].framing == .none {
            streams[stream].flows[0].isComplete = true
        }
    }

    /// Answers a request for the frontend's `monitor-uri`, which has passed the rules of its
    /// content; false for any other.
    mutating func answerMonitor(_ stream: Handle) -> Bool {
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].frontend)]
        guard entry.hasMonitorURI, asksForMonitor(stream, message.head) else { return false }
        // Neither forwarded nor logged: it says that this process serves.
        streams[stream].flags.remove(.isLogged)
        let fails = monitorFails(stream)
        if isTraced { explainMonitor(fails) }
        countIntercepted(stream)
        reply(stream, status: fails ? 503 : 200)
        return true
    }

    /// Whether the target is the frontend's `monitor-uri`: the path where that begins with a slash,
    /// else all of it.
    private mutating func asksForMonitor(_ stream: Handle, _ head: MessageHead) -> Bool {
        let own = streams[stream].program
        let front = Int(streams[stream].frontend)
        let count = programs[own].monitorURIs[front].count
        let isPath = count > 0 && programs[own].monitorURIs[front][0] == UInt8(ascii: "/")
        let range = isPath ? head.pathAndQueryRange : head.targetRange
        guard range.count == count else { return false }
        let bytes = connections[streams[stream].client].inbound.span
        for index in 0..<count
        where bytes[range.lowerBound &+ index] != programs[own].monitorURIs[front][index] {
            return false
        }
        return true
    }

    /// Drops the head from the client's buffer; what is left is the body or the next request.
    private mutating func takeHead(_ stream: Handle, _ head: MessageHead) {
        let client = streams[stream].client
        connections[client].inbound.consume(Int(head.length))
        if connections[client].inbound.isEmpty {
            buffers.give(connections[client].inbound.take())
        }
        if streams[stream].flows[0].framing == .none {
            streams[stream].flows[0].isComplete = true
        }
    }

    /// A session moves to the generation in force before its next stream. A frontend that is gone
    /// keeps the old one; its connection closes after the response.
    mutating func follow(session: Handle) {
        let old = sessions[session].program
        let identity = Int(
            programs[old].proxies[Int(sessions[session].frontend)].frontendIdentity)
        let known = programs[program].frontendOfIdentity
        guard identity < known.count, known[identity] >= 0,
            programs[program].proxies[Int(known[identity])].isHTTP
                == programs[old].proxies[Int(sessions[session].frontend)].isHTTP
        else { return }
        sessions[session].frontend = known[identity]
        sessions[session].lastBackend = backendIndex(sessions[session].lastBackend, of: old)
        keepTracked(session: session, in: program)
        sessions[session].program = program
        programs[program].users &+= 1
        release(program: old)
    }

    /// Takes the facts of the head over into the stream.
    private mutating func note(_ stream: Handle, _ head: MessageHead) {
        let session = streams[stream].session
        var flags = streams[stream].flags
        if sessions[session].requests > 0 { flags.insert(.isNotFirst) }
        sessions[session].requests &+= 1
        let begun = sessions[session].firstByteAt
        streams[stream].firstByteAt = begun == 0 ? now : begun
        streams[stream].idleMilliseconds =
            streams[stream].firstByteAt &- sessions[session].idleSince
        sessions[session].firstByteAt = 0
        streams[stream].headAt = now
        if head.minorVersion == 0 { flags.insert(.isHTTP10) }
        if head.method == .connect { flags.insert(.isConnect) }
        if head.facts.contains(.upgrade) { flags.insert(.asksUpgrade) }
        if head.facts.contains(.expectsContinue) { flags.insert(.expectsContinue) }
        streams[stream].method = head.method
        streams[stream].sentMethod = head.method
        let options = programs[streams[stream].program]
            .proxies[Int(streams[stream].frontend)].options
        let isCurrent = sessions[session].program == program
        if head.keepsAlive && !options.contains(.httpClose) && isCurrent
            && !(isStopping && closing.closesActive(now))
        {
            flags.insert(.clientPersists)
        }
        streams[stream].flags = flags
    }

    private mutating func setFraming(_ stream: Handle, _ head: MessageHead) {
        streams[stream].flows[0].bytes = UInt64(head.length)
        // What has come of the body with the head is not read again.
        let rest = connections[streams[stream].client].inbound.count &- Int(head.length)
        let come = UInt64(max(0, rest))
        switch head.framing {
        case .none: streams[stream].flows[0].framing = .none
        case .length(let count):
            streams[stream].flows[0].framing = .length
            streams[stream].flows[0].remaining = count
            streams[stream].flows[0].bytes &+= min(come, UInt64(count))
        case .chunked:
            streams[stream].flows[0].framing = .chunked
            streams[stream].flows[0].bytes &+= come
        case .untilClose: preconditionFailure("no request lasts until the close")
        }
    }

    /// Keeps the request line, as far as the log and expressions want it.
    private mutating func keepRequestLine(_ stream: Handle, _ head: MessageHead) {
        let client = streams[stream].client
        var line = lineBuffers.take()
        let range = requestLineRange(head, in: connections[client].inbound.count)
        if message.side == .request && message.line.target.isSet {
            let most = tuning.logURIBytes
            let target = head.targetRange
            let bytes = connections[client].inbound.span
            line.append(bytes.extracting(range.lowerBound..<target.lowerBound), upTo: most)
            line.append(
                message.edits.span.extracting(message.line.target.range), upTo: most)
            let end = min(target.upperBound &+ 9, bytes.count)
            line.append(bytes.extracting(target.upperBound..<end), upTo: most)
        } else {
            line.append(connections[client].inbound.span.extracting(range))
        }
        streams[stream].requestLine = line
    }

    /// Where the request line stands, as far as the log wants it.
    func requestLineRange(_ head: MessageHead, in count: Int) -> Range<Int> {
        let start = Int(head.startLine)
        // ` HTTP/1.x` follows the target.
        let end = min(
            head.targetRange.upperBound &+ 9, start &+ tuning.logURIBytes, count)
        return start..<max(start, end)
    }

    /// Writes the request's head as the server will get it. False: it does not fit.
    private mutating func writeHead(_ stream: Handle, _ head: MessageHead) -> Bool {
        let client = streams[stream].client
        let own = streams[stream].program
        let front = Int(streams[stream].frontend)
        let back = Int(streams[stream].backend)
        // `httpclose` of a frontend is about its clients, of a backend about its servers.
        let options = programs[own].proxies[back].options.union(
            programs[own].proxies[front].options.intersection(.httpServerClose))
        // Rules may have taken out the protocol that was asked for.
        if streams[stream].flags.contains(.asksUpgrade), fields.firstIndex(of: .upgrade) == nil {
            streams[stream].flags.remove(.asksUpgrade)
        }
        let namesServer = programs[own].proxies[back].hasServerNameField
        if namesServer { leaveOutServerName(stream) }
        var output = buffers.take()
        var fits =
            message.isEdited
            ? HTTP1.appendRequestHead(
                head, fields, from: connections[client].inbound.span, message.line,
                message.edits.span, to: &output)
            : HTTP1.appendRequestHead(
                head, fields, from: connections[client].inbound.span, to: &output)
        if programs[own].proxies[front].hasUniqueIDField {
            fits = fits && appendUniqueID(stream, front, &output)
        }
        fits = fits && appendAddressFields(stream, front, back, &output)
        let closes =
            options.contains(.httpClose) || options.contains(.httpServerClose)
            || streams[stream].flags.contains(.closesServer)
        if streams[stream].flags.contains(.asksUpgrade) {
            fits = fits && output.append("connection: upgrade\r\n")
            // A server that declines keeps its connection.
            if !closes { streams[stream].flags.insert(.serverPersists) }
        } else if closes {
            // A server that is told of the close may answer without a length.
            if !options.contains(.httpPretendKeepAlive)
                || streams[stream].flags.contains(.closesServer)
            {
                fits = fits && output.append("connection: close\r\n")
            }
        } else if !streams[stream].flags.contains(.isConnect) {
            streams[stream].flags.insert(.serverPersists)
            if streams[stream].flags.contains(.isHTTP10) {
                fits = fits && output.append("connection: keep-alive\r\n")
            }
        }
        if namesServer {
            streams[stream].nameFieldAt = UInt32(truncatingIfNeeded: output.count)
        }
        fits = fits && output.append("\r\n")
        streams[stream].head = output
        return fits
    }

    /// `unique-id-header`: adds the field that carries the stream's identifier.
    private mutating func appendUniqueID(
        _ stream: Handle, _ frontend: Int, _ output: inout Buffer
    ) -> Bool {
        let own = streams[stream].program
        if let trace { trace.assume(.chance) }
        let name = programs[own].uniqueIDFields[frontend]
        _ = withSubject(stream, isFinal: true) { $0.makeUniqueID() }
        let extras = streams[stream].extras
        guard !extras.isNone else { return true }
        return output.append(name) && output.append(streamExtras[extras].uniqueID.text(0))
            && output.append("\r\n")
    }
}

extension Buffer {
    /// Appends what of some bytes fits until so many are held.
    fileprivate mutating func append(_ bytes: Span<UInt8>, upTo most: Int) {
        append(bytes.extracting(0..<min(bytes.count, max(0, most &- count), room)))
    }

    /// Parses the request head at the front.
    @inline(__always)
    func parseRequest(
        _ policy: HTTP1.Policy, _ fields: inout FieldTable, _ head: inout MessageHead
    ) -> HTTP1.HeadResult {
        HTTP1.parseRequest(span, policy: policy, into: &fields, head: &head)
    }
}

extension Tuning {
    /// What the parser lets pass.
    @inline(__always)
    func policy(isRelaxed: Bool) -> HTTP1.Policy {
        var policy: HTTP1.Policy = isRelaxed ? .unsafeViolations : []
        if acceptsAnyPayload { policy.insert(.payloadWithAnyMethod) }
        if keepsAfterRepair { policy.insert(.keepAfterRepair) }
        return policy
    }
}

extension Span where Element == UInt8 {
    /// Whether a range begins with a small-letter ASCII word, letters of either case.
    func beginsWith(_ word: StaticString, in range: Range<Int>) -> Bool {
        guard range.count >= word.utf8CodeUnitCount else { return false }
        for position in 0..<word.utf8CodeUnitCount {
            // Safety: the position is below the word's length.
            let letter = unsafe word.utf8Start[position]
            if self[range.lowerBound &+ position] | 0x20 != letter { return false }
        }
        return true
    }

    /// Whether a line feed stands at or behind an index.
    func hasLineFeed(from start: Int) -> Bool {
        var index = start
        while index < count {
            if self[index] == 0x0a { return true }
            index &+= 1
        }
        return false
    }
}

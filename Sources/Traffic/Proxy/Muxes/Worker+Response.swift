// The server's side of HTTP/1: the exchange, the response's head, interim responses, switching of
// protocols.

import Bytes
import HTTP
import Kernel
import Structures

extension Worker {
    /// The request goes out, the response's head is awaited.
    mutating func driveExchange(_ stream: Handle) {
        let client = streams[stream].client
        if connections[client].flags.contains(.failed) || clientIsGone(stream) {
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "C"), state: UInt8(ascii: "H"))
            countAbort(stream, ofClient: true)
            end(stream, client: .abort)
            return
        }
        if !streams[stream].flows[0].isDelivered {
            guard sendRequest(stream) else { return }
        }
        readResponse(stream)
    }

    /// Pumps the request; false when the stream was ended or replied to.
    private mutating func sendRequest(_ stream: Handle) -> Bool {
        switch pump(stream, .request) {
        case .waiting, .delivered, .sinkFailed:
            // A server that refuses the rest may have answered: its response is read first.
            return true
        case .again:
            postpone(streams[stream].client)
            return true
        case .truncated, .sourceFailed:
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "C"), state: UInt8(ascii: "D"))
            countAbort(stream, ofClient: true)
            reply(stream, status: 400)
            return false
        case .invalid:
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "P"), state: UInt8(ascii: "R"))
            countRequestError(stream)
            reply(stream, status: 400)
            return false
        }
    }

    /// Reads from the server until a final head is complete.
    private mutating func readResponse(_ stream: Handle) {
        let server = streams[stream].server
        var budget = 16
        while true {
            if connections[server].inbound.count > Int(connections[server].scanned) {
                switch parseResponse(stream) {
                case .final:
                    drive(stream)
                    return
                case .interim: continue
                case .incomplete: break
                case .ended: return
                }
            }
            guard connections[server].flags.contains(.readable) else { break }
            guard budget > 0 else {
                postpone(streams[stream].client)
                break
            }
            budget &-= 1
            if !connections[server].inbound.hasStorage {
                connections[server].inbound = buffers.take()
            } else if connections[server].inbound.room == 0 {
                connections[server].inbound.compact()
            }
            let room = connections[server].inbound.room
            switch receive(server) {
            case .bytes(let count):
                streams[stream].flows[1].bytes &+= UInt64(count)
                streams[stream].flows[1].fullReads = count == room ? 1 : 0
                streams[stream].serverActivity = now
                streams[stream].serverReadAt = now
            case .wouldBlock: break
            case .ended, .failed:
                serverEndedEarly(stream)
                return
            }
        }
        if connections[server].inbound.isEmpty && connections[server].inbound.hasStorage {
            buffers.give(connections[server].inbound.take())
        }
        guard flushInterim(stream) else { return }
        if watchBoth(stream) { armTimer(stream) }
    }

    /// Writes interim responses to the client; false when the stream was ended.
    mutating func flushInterim(_ stream: Handle) -> Bool {
        let client = streams[stream].client
        let count = connections[client].outbound.count
        guard count > 0, connections[client].flags.contains(.writable) else { return true }
        switch connections[client].sendOutbound() {
        case .bytes(let sent):
            streams[stream].bytesToClient &+= UInt64(sent)
            streams[stream].clientActivity = now
            if sent < count {
                connections[client].flags.remove(.writable)
                // Half an interim response is out: no reply of our own can follow it.
                streams[stream].flags.insert(.hasAnswered)
            } else {
                streams[stream].flags.remove(.hasAnswered)
                buffers.give(connections[client].outbound.take())
            }
            return true
        case .wouldBlock:
            connections[client].flags.remove(.writable)
            return true
        case .failed:
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "C"), state: UInt8(ascii: "H"))
            countAbort(stream, ofClient: true)
            end(stream, client: .abort)
            return false
        }
    }

    /// The server ended before a complete head.
    private mutating func serverEndedEarly(_ stream: Handle) {
        let server = streams[stream].server
        let isSilent =
            connections[server].inbound.isEmpty && streams[stream].interimResponses == 0
        let wasReused = connections[server].flags.contains(.isReused)
        // The idle connection died just as the request was sent.
        if isSilent && wasReused && askAgain(stream) { return }
        if retry(stream, after: isSilent ? .emptyResponse : .junkResponse) { return }
        if isSilent && wasReused && streams[stream].flags.contains(.isNotFirst) {
            // The client, which knows that kept connections may end at any time, is left to try
            // again.
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "S"), state: UInt8(ascii: "L"))
            countResponseError(stream)
            end(stream, client: .close)
            return
        }
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: "S"), state: UInt8(ascii: "H"))
        countResponseError(stream)
        reply(stream, status: 502)
    }

    private enum ResponseParse {
        case incomplete, interim, final, ended
    }

    /// Parses the head at the front of the server's buffer.
    private mutating func parseResponse(_ stream: Handle) -> ResponseParse {
        let server = streams[stream].server
        let count = connections[server].inbound.count
        let scanned = Int(connections[server].scanned)
        connections[server].scanned = UInt32(truncatingIfNeeded: count)
        if scanned > 0, !connections[server].inbound.span.hasLineFeed(from: scanned) {
            return checkRoom(stream)
        }
        let back = programs[streams[stream].program].proxies[Int(streams[stream].backend)]
        var head = MessageHead()
        let inbound = connections[server].inbound.take()
        let result = inbound.parseResponse(
            to: streams[stream].method, asksUpgrade: streams[stream].flags.contains(.asksUpgrade),
            tuning.policy(isRelaxed: back.options.contains(.acceptUnsafeResponse)), &fields, &head)
        connections[server].inbound = inbound
        switch result {
        case .incomplete:
            return checkRoom(stream)
        case .invalid:
            badResponse(stream)
            return .ended
        case .complete:
            connections[server].scanned = 0
            if streams[stream].flags.contains(.keepsRequest) && !head.isInterim {
                if retry(stream, after: .status(Int(head.status))) { return .ended }
                forgetRequest(stream)
            }
            return head.isInterim ? relayInterim(stream, head) : beginResponse(stream, head)
        }
    }

    private mutating func checkRoom(_ stream: Handle) -> ResponseParse {
        let server = streams[stream].server
        let most = max(64, connections[server].inbound.capacity &- tuning.maxRewriteBytes)
        if connections[server].inbound.count < most { return .incomplete }
        badResponse(stream)
        return .ended
    }

    private mutating func badResponse(_ stream: Handle) {
        if retry(stream, after: .junkResponse) { return }
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: "P"), state: UInt8(ascii: "H"))
        countResponseError(stream)
        reply(stream, status: 502)
    }

    /// Passes an interim response on to a client that can understand it.
    private mutating func relayInterim(_ stream: Handle, _ head: MessageHead) -> ResponseParse {
        let server = streams[stream].server
        streams[stream].interimResponses &+= 1
        guard streams[stream].interimResponses < 100 else {
            badResponse(stream)
            return .ended
        }
        if !streams[stream].flags.contains(.isHTTP10) {
            guard appendHead(stream, head),
                connections[streams[stream].client].outbound.append("\r\n")
            else {
                // Interim responses without end are an attack, not information.
                badResponse(stream)
                return .ended
            }
        }
        connections[server].inbound.consume(Int(head.length))
        return .interim
    }

    /// Appends a response's start line and fields to what goes to the client.
    private mutating func appendHead(_ stream: Handle, _ head: MessageHead) -> Bool {
        let server = streams[stream].server
        let client = streams[stream].client
        var output = connections[client].outbound.take()
        if !output.hasStorage { output = buffers.take() }
        let fits =
            message.side == .response && message.isEdited
            ? HTTP1.appendResponseHead(
                head, fields, from: connections[server].inbound.span, message.line,
                message.edits.span, to: &output)
            : HTTP1.appendResponseHead(
                head, fields, from: connections[server].inbound.span, to: &output)
        connections[client].outbound = output
        return fits
    }

    /// The final head: decide what both connections may do afterwards and write it to the client.
    private mutating func beginResponse(_ stream: Handle, _ head: MessageHead) -> ResponseParse {
        let server = streams[stream].server
        if streams[stream].head.hasStorage { buffers.give(streams[stream].head.take()) }
        streams[stream].status = Int32(head.status)
        streams[stream].serverStatus = Int16(truncatingIfNeeded: head.status)
        streams[stream].responseMinorVersion = Int8(truncatingIfNeeded: head.minorVersion)
        streams[stream].responseAt = now
        countTracked(stream, status: Int(head.status))
        let isTunnel = head.facts.contains(.tunnel)
        let dechunks = head.framing == .chunked && streams[stream].flags.contains(.isHTTP10)
        if !head.keepsAlive || !streams[stream].flows[0].isDelivered {
            streams[stream].flags.remove(.serverPersists)
        }
        // A body that nobody has asked for ends with the server's connection.
        let dropsBody = cameAsHead(stream) && head.framing != .none && !isTunnel
        let hasEnd = dropsBody || head.framing != .untilClose && !dechunks
        if !hasEnd || isTunnel || !hasLeftRequest(stream) {
            streams[stream].flags.remove(.clientPersists)
        }
        if dechunks, let line = fields.firstIndex(of: .transferEncoding) {
            fields.mark(line, .removed)
        }
        if head.status == 401 || head.status == 407 { noteChallenge(stream) }
        setFraming(stream, head, dechunks: dechunks, isTunnel: isTunnel)
        if dropsBody {
            if head.framing == .untilClose {
                streams[stream].flows[1].framing = .none
                streams[stream].flags.remove(.serverPersists)
            }
            streams[stream].flows[1].isLimited = true
            streams[stream].flows[1].isDropped = true
        }
        if hasResponseRules(stream) {
            take(head, .response)
            beginResponseVariables(stream)
            streams[stream].rules = RulePlace()
            walkResponse(stream)
            return .ended
        }
        guard writeHead(stream, head, isTunnel: isTunnel) else {
            badResponse(stream)
            return .ended
        }
        connections[server].inbound.consume(Int(head.length))
        logEarly(stream)
        if isTunnel {
            streams[stream].phase = .tunnel
            streams[stream].flows[0].framing = .untilClose
            streams[stream].flows[0].isComplete = false
            streams[stream].flows[0].isDelivered = false
        } else {
            streams[stream].phase = .responding
        }
        return .final
    }

    /// The rules have passed the response: its head is written to the client.
    mutating func passResponse(_ stream: Handle) {
        let head = message.head
        let server = streams[stream].server
        let isTunnel = head.facts.contains(.tunnel)
        if message.line.status != 0 { streams[stream].status = Int32(message.line.status) }
        if fitFraming(stream) && head.framing != .none {
            streams[stream].flows[1].framing = .none
            streams[stream].flags.remove(.serverPersists)
        }
        let fits = writeHead(stream, head, isTunnel: isTunnel)
        dropMessage()
        guard fits else { return badResponse(stream) }
        connections[server].inbound.consume(Int(head.length))
        logEarly(stream)
        if isTunnel {
            streams[stream].phase = .tunnel
            streams[stream].flows[0].framing = .untilClose
            streams[stream].flows[0].isComplete = false
            streams[stream].flows[0].isDelivered = false
        } else {
            streams[stream].phase = .responding
        }
        drive(stream)
    }

    /// NTLM and Negotiate authenticate a connection: it must not serve other clients.
    private mutating func noteChallenge(_ stream: Handle) {
        let server = streams[stream].server
        for index in 0..<fields.count {
            let line = fields[index]
            guard line.known == .wwwAuthenticate || line.known == .proxyAuthenticate else {
                continue
            }
            let value = line.value
            let isConnectionBound =
                connections[server].inbound.span.beginsWith("ntlm", in: value)
                || connections[server].inbound.span.beginsWith("negotiate", in: value)
            if isConnectionBound { streams[stream].flags.insert(.isPrivate) }
        }
    }

    private mutating func setFraming(
        _ stream: Handle, _ head: MessageHead, dechunks: Bool, isTunnel: Bool
    ) {
        streams[stream].flows[1].dechunks = dechunks
        if isTunnel {
            streams[stream].flows[1].framing = .untilClose
            return
        }
        switch head.framing {
        case .none: streams[stream].flows[1].framing = .none
        case .length(let count):
            streams[stream].flows[1].framing = .length
            streams[stream].flows[1].remaining = count
        case .chunked: streams[stream].flows[1].framing = .chunked
        case .untilClose: streams[stream].flows[1].framing = .untilClose
        }
    }

    private mutating func writeHead(
        _ stream: Handle, _ head: MessageHead, isTunnel: Bool
    ) -> Bool {
        guard appendHead(stream, head) else { return false }
        let client = streams[stream].client
        var fits = true
        if isTunnel {
            if head.status == 101 {
                fits = connections[client].outbound.append("connection: upgrade\r\n")
            }
        } else if !streams[stream].flags.contains(.clientPersists) {
            fits = connections[client].outbound.append("connection: close\r\n")
        } else if streams[stream].flags.contains(.isHTTP10) || head.minorVersion == 0 {
            fits = connections[client].outbound.append("connection: keep-alive\r\n")
        }
        return connections[client].outbound.append("\r\n") && fits
    }

    /// The response flows; what is left of the request still goes out.
    mutating func driveResponse(_ stream: Handle) {
        if connections[streams[stream].client].flags.contains(.failed) {
            abort(stream, causedByClient: true)
            return
        }
        switch pump(stream, .response) {
        case .waiting:
            restOfRequest(stream)
            if watchBoth(stream) { armTimer(stream) }
        case .again:
            postpone(streams[stream].client)
            if watchBoth(stream) { armTimer(stream) }
        case .delivered:
            end(stream, client: streams[stream].flags.contains(.clientPersists) ? .keep : .close)
        case .truncated, .sourceFailed:
            countResponseError(stream)
            abort(stream, causedByClient: false)
        case .sinkFailed:
            abort(stream, causedByClient: true)
        case .invalid where streams[stream].flags.isDisjoint(with: [.hasAnswered, .wasLogged]):
            // Not one byte has left yet: the client gets an answer that is whole.
            buffers.give(connections[streams[stream].client].outbound.take())
            badResponse(stream)
        case .invalid:
            countResponseError(stream)
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "P"), state: UInt8(ascii: "D"))
            end(stream, client: .abort)
        }
    }

    /// An early response: the request's body goes on for as long as the server takes it.
    private mutating func restOfRequest(_ stream: Handle) {
        guard !streams[stream].flows[0].isDelivered,
            !connections[streams[stream].server].flags.contains(.failed)
        else { return }
        if case .again = pump(stream, .request) { postpone(streams[stream].client) }
    }
}

extension Buffer {
    /// Parses the response head at the front.
    @inline(__always)
    func parseResponse(
        to method: Method, asksUpgrade: Bool, _ policy: HTTP1.Policy,
        _ fields: inout FieldTable, _ head: inout MessageHead
    ) -> HTTP1.HeadResult {
        HTTP1.parseResponse(
            span, to: method, upgradeAsked: asksUpgrade, policy: policy, into: &fields,
            head: &head)
    }
}

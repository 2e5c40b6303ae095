// Moving bytes in one direction of a stream. What the two sides share is the source's buffer: it
// is written straight to the sink; a full sink stops the reader, and that is the flow control.
// Bulk data goes through a pipe with splice(2) once two reads in a row have filled the buffer.

import Bytes
import HTTP
import Kernel
import Structures

/// Where a direction stands after a turn of ``Worker/pump(_:_:)``.
enum PumpOutcome {
    /// Waits for an event of either side.
    case waiting
    /// The message has been handed over to its last byte.
    case delivered
    /// The budget is spent; go on in the next turn.
    case again
    /// The source ended inside the message; what it had sent was handed over.
    case truncated
    /// The source's socket failed.
    case sourceFailed
    /// The sink's socket failed.
    case sinkFailed
    /// The source broke the framing of its body.
    case invalid(HTTPFault)
}

extension Worker {
    /// Reads from the source and writes to the sink until one of them blocks, the message is
    /// delivered, or the budget is spent.
    mutating func pump(_ stream: Handle, _ direction: Direction) -> PumpOutcome {
        if streams[stream].flows[direction.rawValue].isLimited {
            return pumpLimited(stream, direction)
        }
        return move(stream, direction, isLimited: false)
    }

    /// As ``pump(_:_:)``, for a flow that bandwidth limits hold, or that is dropped.
    @inline(never)
    private mutating func pumpLimited(_ stream: Handle, _ direction: Direction) -> PumpOutcome {
        if streams[stream].flows[direction.rawValue].isDropped { return dropBody(stream) }
        return move(stream, direction, isLimited: true)
    }

    /// Most bytes of a response that are read away to keep the server's connection.
    private static var droppedBytes: UInt64 { 1 << 18 }

    /// Sends the response's head and reads its body away, so that the server's connection can be
    /// used again. Where that is not worth it, or the body goes wrong, the connection ends.
    private mutating func dropBody(_ stream: Handle) -> PumpOutcome {
        let server = streams[stream].server
        let client = streams[stream].client
        var budget = 16
        while true {
            let isSound = clear(stream, 1, server) == nil
            let cleared = streams[stream].flows[1].cleared
            connections[server].inbound.consume(cleared)
            streams[stream].flows[1].cleared = 0
            if connections[client].outbound.count > 0 {
                guard connections[client].flags.contains(.writable) else { return .waiting }
                switch deliver(stream, .response, from: server, to: client, atMost: .max) {
                case .sent: continue
                case .blocked: return .waiting
                case .failed: return .sinkFailed
                }
            }
            let isComplete = isSound && streams[stream].flows[1].isComplete
            // There may be more of it in the buffer than was cleared at once.
            if isSound && !isComplete && cleared > 0 { continue }
            if isComplete || !isSound || connections[server].flags.contains(.readClosed)
                || streams[stream].flows[1].bytes > Self.droppedBytes
                || isStuck(stream, 1, server)
            {
                if !isComplete { streams[stream].flags.remove(.serverPersists) }
                streams[stream].flows[1].isComplete = true
                finishFlow(stream, 1, server)
                return .delivered
            }
            guard connections[server].flags.contains(.readable) else {
                rest(stream, 1, server)
                return .waiting
            }
            guard budget > 0 else { return .again }
            budget &-= 1
            if !readMore(stream, .response, from: server) {
                connections[server].flags.insert(.readClosed)
            }
        }
    }

    /// The work of ``pump(_:_:)``; compiled twice, so that limits cost others nothing.
    @inline(__always)
    private mutating func move(
        _ stream: Handle, _ direction: Direction, isLimited: Bool
    ) -> PumpOutcome {
        let source = direction == .request ? streams[stream].client : streams[stream].server
        let sink = direction == .request ? streams[stream].server : streams[stream].client
        let index = direction.rawValue
        var budget = 16
        while true {
            if let fault = clear(stream, index, source) { return .invalid(fault) }
            let pending = connections[sink].outbound.count
            // All there is, for a flow without limits.
            var room = Int.max
            if isLimited {
                let waiting =
                    streams[stream].flows[index].cleared &+ streams[stream].flows[index].inPipe
                room = self.room(stream, index, waiting: waiting)
                if room == 0 && pending == 0 && waiting > 0 { return .waiting }
            }
            if pending > 0 || streams[stream].flows[index].cleared > 0 {
                guard connections[sink].flags.contains(.writable) else { return .waiting }
                switch deliver(stream, direction, from: source, to: sink, atMost: room) {
                case .sent: break
                case .blocked: return .waiting
                case .failed: return .sinkFailed
                }
                continue
            }
            if streams[stream].flows[index].inPipe > 0 {
                switch drainPipe(stream, direction, to: sink, atMost: room) {
                case .sent: break
                case .blocked: return .waiting
                case .failed: return .sinkFailed
                }
                if streams[stream].flows[index].inPipe > 0 { continue }
            }
            if streams[stream].flows[index].isComplete {
                finishFlow(stream, index, source)
                return .delivered
            }
            if connections[source].flags.contains(.readClosed) {
                finishFlow(stream, index, source)
                return connections[source].flags.contains(.failed) ? .sourceFailed : .truncated
            }
            guard connections[source].flags.contains(.readable) else {
                rest(stream, index, source)
                return .waiting
            }
            guard budget > 0 else { return .again }
            budget &-= 1
            if streams[stream].flows[index].fullReads >= 2, room > 0, maySplice(stream, index) {
                if fillPipe(stream, direction, from: source, atMost: room) { continue }
            }
            if isStuck(stream, index, source) { return .invalid(.trailersTooLarge) }
            if !readMore(stream, direction, from: source) {
                finishFlow(stream, index, source)
                return .sourceFailed
            }
        }
    }

    // MARK: Reading

    /// One read; false when the source failed.
    private mutating func readMore(
        _ stream: Handle, _ direction: Direction, from source: Handle
    ) -> Bool {
        if !connections[source].inbound.hasStorage {
            connections[source].inbound = buffers.take()
        } else if connections[source].inbound.room == 0 {
            connections[source].inbound.compact()
        }
        let room = connections[source].inbound.room
        switch receive(source) {
        case .bytes(let count):
            let index = direction.rawValue
            streams[stream].flows[index].bytes &+= UInt64(count)
            streams[stream].flows[index].fullReads =
                count == room ? min(2, streams[stream].flows[index].fullReads &+ 1) : 0
            noteRead(stream, ofClient: direction == .request)
            return true
        case .wouldBlock, .ended:
            return true
        case .failed:
            return false
        }
    }

    /// Whether the source's buffer is full and yet holds no complete piece of a chunked body.
    private mutating func isStuck(_ stream: Handle, _ index: Int, _ source: Handle) -> Bool {
        streams[stream].flows[index].framing == .chunked
            && connections[source].inbound.hasStorage
            && connections[source].inbound.freeCount == 0
    }

    /// Marks bytes at the front of the source's buffer as cleared for sending. Returns the fault
    /// of a chunked body that is not well formed.
    private mutating func clear(
        _ stream: Handle, _ index: Int, _ source: Handle
    ) -> HTTPFault? {
        if streams[stream].flows[index].isComplete { return nil }
        let cleared = streams[stream].flows[index].cleared
        let held = connections[source].inbound.count
        switch streams[stream].flows[index].framing {
        case .none:
            streams[stream].flows[index].isComplete = true
        case .length:
            let remaining = streams[stream].flows[index].remaining
            let more = Int(min(UInt64(held &- cleared), remaining))
            streams[stream].flows[index].cleared = cleared &+ more
            streams[stream].flows[index].remaining = remaining &- UInt64(more)
            if remaining == UInt64(more) { streams[stream].flows[index].isComplete = true }
        case .untilClose:
            streams[stream].flows[index].cleared = held
            if connections[source].flags.contains(.readClosed) {
                streams[stream].flows[index].isComplete =
                    !connections[source].flags.contains(.failed)
            }
        case .chunked:
            return clearChunks(stream, index, source)
        }
        return nil
    }

    /// Nothing to read now: an empty buffer goes back to the pool.
    private mutating func rest(_ stream: Handle, _ index: Int, _ source: Handle) {
        if connections[source].inbound.isEmpty && connections[source].inbound.hasStorage {
            buffers.give(connections[source].inbound.take())
        }
        releasePipe(stream, index)
    }

    private mutating func finishFlow(_ stream: Handle, _ index: Int, _ source: Handle) {
        streams[stream].flows[index].isDelivered = true
        rest(stream, index, source)
    }

    // MARK: Writing

    /// What became of one write.
    enum Delivery {
        case sent, blocked, failed
    }

    /// Writes our bytes for the sink and then the cleared ones of the source, as far as there is
    /// room for them, in one call.
    @inline(__always)
    private mutating func deliver(
        _ stream: Handle, _ direction: Direction, from source: Handle, to sink: Handle,
        atMost room: Int
    ) -> Delivery {
        let index = direction.rawValue
        let pending = connections[sink].outbound.count
        let all = streams[stream].flows[index].cleared
        let cleared = min(all, room)
        let isLast = direction == .response && cleared == all && isLastWrite(stream)
        if isLast { connections[sink].flags.insert(.isCorked) }
        let result: WriteResult
        if cleared == 0 {
            result = connections[sink].sendOutbound(more: isLast)
        } else {
            var body = connections[source].inbound.take()
            if index == 0 && streams[stream].flags.contains(.keepsRequest) {
                result = sendKept(stream, &body, cleared, to: sink)
            } else if pending == 0 {
                result = connections[sink].descriptor.send(
                    from: &body, length: cleared, more: isLast)
            } else {
                result = connections[sink].sendOutbound(
                    then: &body, length: cleared, more: isLast)
            }
            connections[source].inbound = body
        }
        switch result {
        case .bytes(let count):
            let fromBody = max(0, count &- pending)
            streams[stream].flows[index].cleared = all &- fromBody
            if room != .max { charge(stream, index, fromBody) }
            if count < pending &+ cleared { connections[sink].flags.remove(.writable) }
            if connections[sink].outbound.isEmpty && pending > 0 {
                let isHead = direction == .request
                if isHead && streams[stream].flags.contains(.keepsHead) {
                    streams[stream].head = connections[sink].outbound.take()
                } else {
                    buffers.give(connections[sink].outbound.take())
                }
            }
            noteSent(stream, direction, count, sink)
            return .sent
        case .wouldBlock:
            connections[sink].flags.remove(.writable)
            return .blocked
        case .failed:
            connections[sink].flags.insert(.failed)
            return .failed
        }
    }

    /// Whether what is cleared ends the last response of a client: its FIN, which follows at once,
    /// then goes in the same packet.
    @inline(__always)
    private mutating func isLastWrite(_ stream: Handle) -> Bool {
        streams[stream].phase == .responding && streams[stream].flows[1].isComplete
            && !streams[stream].flags.contains(.clientPersists)
    }

    private mutating func noteSent(
        _ stream: Handle, _ direction: Direction, _ count: Int, _ sink: Handle
    ) {
        if direction == .response {
            streams[stream].bytesToClient &+= UInt64(count)
            streams[stream].flags.insert(.hasAnswered)
        } else if connections[sink].flags.contains(.connecting) {
            serverConnected(stream, sink)
        }
        noteActivity(stream, ofClient: direction == .response)
    }

    /// Notes that bytes came from one side.
    @inline(__always)
    mutating func noteRead(_ stream: Handle, ofClient: Bool) {
        if ofClient {
            streams[stream].clientReadAt = now
        } else {
            streams[stream].serverReadAt = now
        }
        noteActivity(stream, ofClient: ofClient)
    }

    /// Notes progress of one side, which its timeout counts from.
    @inline(__always)
    mutating func noteActivity(_ stream: Handle, ofClient: Bool) {
        if ofClient {
            streams[stream].clientActivity = now
        } else {
            streams[stream].serverActivity = now
        }
    }

    // MARK: Splicing

    /// Whether what follows is worth a pipe, and a pipe can be had.
    private mutating func maySplice(_ stream: Handle, _ index: Int) -> Bool {
        guard usesSplice else { return false }
        switch streams[stream].flows[index].framing {
        case .untilClose: break
        case .length: if streams[stream].flows[index].remaining < 16384 { return false }
        default: return false
        }
        if streams[stream].flows[index].pipe >= 0 { return true }
        let bytes = tuning.pipeBytes > 0 ? tuning.pipeBytes : 1 << 20
        guard let pipe = pipes.take(bytes: bytes) else { return false }
        // What goes through a pipe is not seen.
        if index == 0 { forgetRequest(stream) }
        streams[stream].flows[index].pipe = pipe
        return true
    }

    /// Moves bytes from the source into the pipe, as far as there is room behind it. False:
    /// splicing does not work here.
    private mutating func fillPipe(
        _ stream: Handle, _ direction: Direction, from source: Handle, atMost room: Int
    ) -> Bool {
        let index = direction.rawValue
        let pipe = streams[stream].flows[index].pipe
        var most = min(pipes.capacity(pipe), room)
        let isLength = streams[stream].flows[index].framing == .length
        if isLength {
            most = Int(min(UInt64(most), streams[stream].flows[index].remaining))
        }
        // The reader's block is not needed while bytes go through the pipe.
        if connections[source].inbound.isEmpty && connections[source].inbound.hasStorage {
            buffers.give(connections[source].inbound.take())
        }
        let result = connections[source].descriptor.splice(
            intoPipe: pipes.writeEnd(pipe), length: most)
        switch result {
        case .bytes(let count):
            streams[stream].flows[index].inPipe &+= count
            streams[stream].flows[index].bytes &+= UInt64(count)
            if isLength {
                streams[stream].flows[index].remaining &-= UInt64(count)
                if streams[stream].flows[index].remaining == 0 {
                    streams[stream].flows[index].isComplete = true
                }
            }
            // Small pieces are cheaper through the buffer.
            if count < 4096 { streams[stream].flows[index].fullReads = 0 }
            processCounters.add(.splicedBytes, UInt64(count))
            noteRead(stream, ofClient: direction == .request)
            return true
        case .wouldBlock:
            connections[source].flags.remove(.readable)
            return true
        case .ended:
            connections[source].flags.remove(.readable)
            connections[source].flags.insert(.readClosed)
            return true
        case .failed(let error):
            if error.isUnsupported {
                streams[stream].flows[index].fullReads = 0
                releasePipe(stream, index)
                return false
            }
            connections[source].flags.formUnion([.readClosed, .failed])
            return true
        }
    }

    /// Moves bytes from the pipe into the sink until the pipe is empty, the sink blocks, or there
    /// is no room for more.
    private mutating func drainPipe(
        _ stream: Handle, _ direction: Direction, to sink: Handle, atMost room: Int
    ) -> Delivery {
        let index = direction.rawValue
        let pipe = pipes.readEnd(streams[stream].flows[index].pipe)
        var room = room
        while streams[stream].flows[index].inPipe > 0 && room > 0 {
            guard connections[sink].flags.contains(.writable) else { return .blocked }
            let result = connections[sink].descriptor.splice(
                fromPipe: pipe, length: min(streams[stream].flows[index].inPipe, room))
            switch result {
            case .bytes(let count):
                streams[stream].flows[index].inPipe &-= count
                if room != .max {
                    room &-= count
                    charge(stream, index, count)
                }
                noteSent(stream, direction, count, sink)
            case .wouldBlock:
                connections[sink].flags.remove(.writable)
                return .blocked
            case .failed:
                connections[sink].flags.insert(.failed)
                return .failed
            }
        }
        return .sent
    }

    /// Gives the pipe of a flow back.
    @inline(__always)
    mutating func releasePipe(_ stream: Handle, _ index: Int) {
        let pipe = streams[stream].flows[index].pipe
        if pipe >= 0 { givePipe(pipe, stream, index) }
    }

    @inline(never)
    private mutating func givePipe(_ pipe: Int32, _ stream: Handle, _ index: Int) {
        pipes.give(pipe, isEmpty: streams[stream].flows[index].inPipe == 0)
        streams[stream].flows[index].pipe = -1
        streams[stream].flows[index].inPipe = 0
    }

    /// Closes pipes beyond those worth keeping.
    mutating func trimPipes() { pipes.trim() }
}

extension Connection {
    /// One write of all of `outbound` and `length` bytes of `body` behind it.
    @inline(__always)
    mutating func sendOutbound(
        then body: inout Buffer, length: Int, more: Bool = false
    ) -> WriteResult {
        if length <= Self.copiedBytes, outbound.room >= length {
            return sendCopied(&body, length, more: more)
        }
        let result = descriptor.send(&outbound, then: &body, length: length, more: more)
        if case .failed(let error) = result { note(error) }
        return result
    }

    /// Bodies up to this size are copied behind the head: a write of one piece costs less than one
    /// of two by more than the copy.
    private static var copiedBytes: Int { 2048 }

    private mutating func sendCopied(
        _ body: inout Buffer, _ length: Int, more: Bool
    ) -> WriteResult {
        let headLength = outbound.count
        let isCopied = outbound.append(body.span.extracting(0..<length))
        precondition(isCopied, "the room was looked at")
        let result = descriptor.send(from: &outbound, length: headLength &+ length, more: more)
        var fromBody = 0
        switch result {
        case .bytes(let count): fromBody = max(0, count &- headLength)
        case .wouldBlock: break
        case .failed(let error): note(error)
        }
        // What was not taken stays where it came from.
        body.consume(fromBody)
        outbound.dropLast(length &- fromBody)
        return result
    }
}

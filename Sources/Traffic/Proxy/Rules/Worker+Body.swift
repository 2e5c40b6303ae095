// Waiting for bodies: `option http-buffer-request` and actions that look at what is in a body.

import HTTP
import Structures

extension Worker {
    /// Waits until a request's body is there as a whole, or fills the buffer, or the client ends;
    /// at most for `timeout http-request`.
    mutating func awaitBody(_ stream: Handle, proxy: Int) -> RuleEnd {
        if isCutShort(stream) {
            finishCutShort(stream)
            return .ended
        }
        if hasBody(stream, isRequest: true, atLeast: 0) { return .passed }
        let entry = programs[streams[stream].program].proxies[proxy]
        if streams[stream].rules.since == 0 { streams[stream].rules.since = now }
        let patience = entry.httpRequest > 0 ? entry.httpRequest : entry.client
        let until = patience > 0 ? streams[stream].rules.since &+ UInt64(patience) : 0
        if until != 0 && now >= until {
            finishLate(stream, false)
            return .ended
        }
        askForBody(stream)
        if streams[stream].flags.contains(.hasInterim) && !sendInterim(stream) { return .ended }
        streams[stream].rules.until = until
        return .waiting
    }

    /// Throws a request's body away that lies in the client's buffer to its end, so that the next
    /// request can follow.
    mutating func skipHeldBody(_ stream: Handle) {
        guard !streams[stream].flows[0].isComplete, streams[stream].flows[0].inPipe == 0,
            !streams[stream].flags.contains(.holdsRequestHead)
        else { return }
        let client = streams[stream].client
        let cleared = streams[stream].flows[0].cleared
        var end: Int?
        switch streams[stream].flows[0].framing {
        case .length:
            end = cleared &+ Int(clamping: streams[stream].flows[0].remaining)
        case .chunked:
            end = connections[client].inbound.span.endOfChunks(
                from: cleared, streams[stream].flows[0].chunks)
        case .none, .untilClose: break
        }
        guard let end, end <= connections[client].inbound.count else { return }
        connections[client].inbound.consume(end)
        if connections[client].inbound.isEmpty {
            buffers.give(connections[client].inbound.take())
        }
        streams[stream].flows[0].cleared = 0
        streams[stream].flows[0].remaining = 0
        streams[stream].flows[0].isComplete = true
    }

    /// Whether a body is there to its end, or `bytes` of it where that is not 0, or as much of it
    /// as can be waited for.
    mutating func hasBody(_ stream: Handle, isRequest: Bool, atLeast bytes: Int) -> Bool {
        let source = isRequest ? streams[stream].client : streams[stream].server
        let head = Int(message.head.length)
        let held = connections[source].inbound.count &- head
        // The framing of chunks is no part of the body.
        if bytes > 0 && held >= bytes
            && (message.head.framing != .chunked
                || connections[source].inbound.span.chunkData(from: head) >= bytes)
        {
            return true
        }
        if hasEnded(source) { return true }
        if connections[source].inbound.hasStorage,
            connections[source].inbound.freeCount <= tuning.maxRewriteBytes
        {
            return true
        }
        return holdsBody(source)
    }

    /// Whether a client has ended before its request's body was there, so that nobody waits for a
    /// response.
    mutating func isCutShort(_ stream: Handle) -> Bool {
        let client = streams[stream].client
        return hasEnded(client) && !holdsBody(client)
    }

    private mutating func hasEnded(_ source: Handle) -> Bool {
        !connections[source].flags.isDisjoint(with: [.readClosed, .failed])
    }

    /// Whether the body of the present message is there to its end.
    private mutating func holdsBody(_ source: Handle) -> Bool {
        let head = Int(message.head.length)
        let held = connections[source].inbound.count &- head
        switch message.head.framing {
        case .none: return true
        case .length(let count): return UInt64(held) >= count
        case .untilClose: return false
        case .chunked:
            return connections[source].inbound.span.holdsAllChunks(from: head)
        }
    }
}

extension Span where Element == UInt8 {
    /// One past the last byte of a chunked body; nil where it does not end here, or is malformed.
    ///
    /// - Parameters:
    ///   - start: how far it was decoded.
    ///   - decoder: the decoder's state there.
    func endOfChunks(from start: Int, _ decoder: ChunkedDecoder) -> Int? {
        var decoder = decoder
        var position = start
        while true {
            switch decoder.step(extracting(position..<count)) {
            case .data(let count): position &+= count
            case .header(let count, _, _): position &+= count
            case .lastChunk(let count, _): position &+= count
            case .chunkEnd(let count): position &+= count
            case .trailer(let count, _): position &+= count
            case .end(let count): return position &+ count
            case .needMore, .invalid: return nil
            }
        }
    }

    /// Bytes of data in a chunked body that begins at an index, as far as it is there.
    func chunkData(from start: Int) -> Int {
        var chunks = ChunkReader()
        let bytes = extracting(start..<count)
        var total = 0
        while let data = chunks.next(in: bytes) { total &+= data.count }
        return total
    }

    /// Whether a chunked body that begins at an index ends inside.
    func holdsAllChunks(from start: Int) -> Bool {
        var position = start
        while true {
            var size = 0
            var digits = 0
            while position < count, let digit = self[position].hexadecimalValue {
                if digits == 15 { return true }
                size = size &* 16 &+ digit
                digits &+= 1
                position &+= 1
            }
            // What is no chunk is left to whoever reads the body.
            if position < count && digits == 0 { return true }
            while position < count, self[position] != 0x0A { position &+= 1 }
            guard position < count else { return false }
            position &+= 1
            if size == 0 { return endsTrailers(from: position) }
            position &+= size &+ 2
            if position > count { return false }
        }
    }

    private func endsTrailers(from start: Int) -> Bool {
        var position = start
        var lineStart = start
        while position < count {
            if self[position] == 0x0A {
                let length = position &- lineStart
                if length == 0 || length == 1 && self[lineStart] == 0x0D { return true }
                lineStart = position &+ 1
            }
            position &+= 1
        }
        return false
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit; nil for other bytes.
    var hexadecimalValue: Int? {
        switch self {
        case 0x30...0x39: Int(self) &- 0x30
        case 0x41...0x46: Int(self) &- 0x37
        case 0x61...0x66: Int(self) &- 0x57
        default: nil
        }
    }
}

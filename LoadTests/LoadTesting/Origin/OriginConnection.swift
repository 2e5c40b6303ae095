// One connection of the demo origin. It is stepped until it waits: for bytes, for room, for time.
//
//     head ──request──▶ body (discarded or echoed) ──▶ answer ──▶ head
//                                                        └──▶ closed or reset

import Bytes
import Kernel
import Structures

/// What a listener of the origin speaks.
public enum OriginProtocol: Sendable, Equatable {
    case http
    /// Sends back what it receives, and ends when the client has ended.
    case tcpEcho
    /// Says its name on one line and ends.
    case tcpBanner
    /// Reads until the client ends, then says its name and how much it read.
    case tcpSink
    /// Sends this many bytes and ends.
    case tcpSource(Int)
}

/// What the connection needs next.
enum OriginStep {
    case again
    case wait
    /// Step again this many milliseconds later, not before.
    case pause(milliseconds: Int)
    case close
}

/// State of one client connection.
struct OriginConnection: ~Copyable {
    private enum Phase: Equatable {
        case head
        case discardedBody(RequestBodyWalk)
        case echoedBody(RequestBodyWalk)
    }

    /// What follows the bytes in `output`.
    private enum Remainder: Equatable {
        case nothing
        case plain(Int)
        case chunks(Int)
        case lines(Int)
        case drip(Int)
        /// The answer with the name, when the pause is over.
        case delayedName(html: Bool)
    }

    private enum Ending { case none, close, reset }

    let socket: Descriptor
    private let speaks: OriginProtocol
    private var input = Buffer()
    private var output = Buffer()
    private var phase = Phase.head
    private var remainder = Remainder.nothing
    private var ending = Ending.none
    private var script = OriginScript.name
    private var keepsAlive = true
    private var wantsBody = true
    private var acceptsHTML = false
    private var receivedBytes = 0
    private var isReadable = true
    private var isWritable = true
    private var hasHungUp = false
    private var clientEnded = false
    /// Whether a timer will step the connection; events only update it until then.
    var isPaused = false

    init(socket: consuming Descriptor, speaks: OriginProtocol) {
        self.socket = socket
        self.speaks = speaks
        if case .tcpSource(let count) = speaks { remainder = .plain(count) }
    }

    /// Notes what the poller saw.
    mutating func note(_ events: PollEvents) {
        if events.contains(.readable) { isReadable = true }
        if events.contains(.writable) { isWritable = true }
        if events.contains(.peerEnded) || events.contains(.hangUp) || events.contains(.error) {
            isReadable = true
            hasHungUp = true
        }
    }

    /// Does the next piece of work.
    mutating func step(_ origin: inout OriginParts) -> OriginStep {
        if remainder != .nothing { return pour(&origin) }
        if ending != .none {
            if !output.isEmpty { return flush(&origin) }
            if ending == .reset { socket.resetOnClose() }
            return .close
        }
        switch phase {
        case .head: return speaks == .http ? stepHead(&origin) : stepTCP(&origin)
        case .discardedBody(let walk): return stepBody(walk, echoes: false, &origin)
        case .echoedBody(let walk): return stepBody(walk, echoes: true, &origin)
        }
    }

    /// Gives blocks back while nothing is in them.
    mutating func releaseBuffers(_ origin: inout OriginParts) {
        if input.isEmpty { origin.pool.give(input.take()) }
        if output.isEmpty { origin.pool.give(output.take()) }
    }

    // MARK: HTTP

    private mutating func stepHead(_ origin: inout OriginParts) -> OriginStep {
        // Answers to pipelined requests collect in `output` as long as a head surely fits.
        if output.hasStorage, output.room < OriginParts.answerBytes {
            if output.count > 0 { return flush(&origin) }
            output.compact()
        }
        switch OriginRequest.read(input.span) {
        case .head(let request):
            takeStorage(&origin)
            begin(request, &origin)
            return .again
        case .malformed:
            takeStorage(&origin)
            origin.answers.appendStatus(400, to: &output, keepsAlive: false, withBody: true)
            ending = .close
            return .again
        case .incomplete:
            if !output.isEmpty { return flush(&origin) }
            if input.hasStorage, input.freeCount == 0 {
                takeStorage(&origin)
                origin.answers.appendStatus(431, to: &output, keepsAlive: false, withBody: true)
                ending = .close
                return .again
            }
            return receive(&origin)
        }
    }

    private mutating func begin(_ request: OriginRequest, _ origin: inout OriginParts) {
        origin.requests += 1
        script = OriginScript.of(target: input.span.extracting(request.target))
        let isHead =
            request.method.count == 4
            && matches("head", in: input.span, at: request.method.lowerBound)
        wantsBody = !isHead
        keepsAlive = request.keepsAlive
        acceptsHTML = request.acceptsHTML
        if request.expectsContinue { output.append("HTTP/1.1 100 Continue\r\n\r\n") }
        if script == .headers {
            origin.answers.appendHead(
                to: &output, length: request.headBytes, keepsAlive: keepsAlive)
            if wantsBody { appendBytes(0..<request.headBytes, of: input, to: &output) }
        }
        input.consume(request.headBytes)
        let walk = RequestBodyWalk(request.body)
        if script == .echo {
            switch request.body {
            case .length(let length):
                origin.answers.appendHead(to: &output, length: length, keepsAlive: keepsAlive)
            case .chunked:
                origin.answers.appendChunkedHead(to: &output, keepsAlive: keepsAlive)
            }
            phase = .echoedBody(walk)
        } else if request.body == .length(0) {
            answer(&origin)
        } else {
            phase = .discardedBody(walk)
        }
    }

    /// Walks over the request's body and answers behind it.
    private mutating func stepBody(
        _ current: RequestBodyWalk, echoes: Bool, _ origin: inout OriginParts
    ) -> OriginStep {
        takeStorage(&origin)
        var walk = current
        if echoes, output.room < 64 + min(input.count, 4096) {
            if !output.isEmpty { return flush(&origin) }
        }
        var at = 0
        let piece = walk.next(input.span, at: &at, atMost: echoes ? output.room - 64 : .max)
        if case .data(let range) = piece, echoes, wantsBody {
            let isChunked = walk.isChunked
            if isChunked {
                output.append(hexadecimal: UInt64(range.count))
                output.append("\r\n")
            }
            appendBytes(range, of: input, to: &output)
            if isChunked { output.append("\r\n") }
        }
        input.consume(at)
        phase = echoes ? .echoedBody(walk) : .discardedBody(walk)
        switch piece {
        case .data: return .again
        case .malformed:
            ending = .close
            return .again
        case .ended:
            if echoes {
                if walk.isChunked, wantsBody { output.append("0\r\n\r\n") }
                if !keepsAlive { ending = .close }
            } else {
                answer(&origin)
            }
            phase = .head
            return .again
        case .needsMore:
            if !output.isEmpty { return flush(&origin) }
            return receive(&origin)
        }
    }

    private mutating func answer(_ origin: inout OriginParts) {
        var closes = !keepsAlive
        switch script {
        case .name:
            origin.answers.appendName(
                to: &output, html: acceptsHTML, keepsAlive: keepsAlive, withBody: wantsBody)
        case .headers, .echo: break
        case .bytes(let count):
            origin.answers.appendHead(to: &output, length: count, keepsAlive: keepsAlive)
            if wantsBody { remainder = count > 0 ? .plain(count) : .nothing }
        case .chunked(let count):
            origin.answers.appendChunkedHead(to: &output, keepsAlive: keepsAlive)
            if wantsBody { remainder = .chunks(count) }
        case .untilClose(let count):
            origin.answers.appendUndelimitedHead(to: &output)
            if wantsBody { remainder = count > 0 ? .plain(count) : .nothing }
            closes = true
        case .stream(let count):
            origin.answers.appendChunkedHead(to: &output, keepsAlive: keepsAlive)
            if wantsBody { remainder = .lines(count) }
        case .drip(let count):
            origin.answers.appendHead(to: &output, length: count, keepsAlive: keepsAlive)
            if wantsBody { remainder = count > 0 ? .drip(count) : .nothing }
        case .delay(let milliseconds):
            remainder = .delayedName(html: acceptsHTML)
            origin.pauseMilliseconds = milliseconds
        case .status(let status):
            origin.answers.appendStatus(
                status, to: &output, keepsAlive: keepsAlive, withBody: wantsBody)
        case .truncate(let count):
            origin.answers.appendHead(to: &output, length: 2 * count, keepsAlive: keepsAlive)
            remainder = count > 0 ? .plain(count) : .nothing
            closes = true
        case .close: closes = true
        case .reset:
            ending = .reset
            return
        }
        if closes { ending = .close }
    }

    // MARK: TCP

    private mutating func stepTCP(_ origin: inout OriginParts) -> OriginStep {
        switch speaks {
        case .http: return .close
        case .tcpSource:
            ending = .close
            return .again
        case .tcpBanner:
            takeStorage(&origin)
            output.append(Array("\(origin.answers.name)\n".utf8))
            ending = .close
            return .again
        case .tcpSink:
            receivedBytes += input.count
            input.removeAll()
            if clientEnded {
                takeStorage(&origin)
                output.append(Array("\(origin.answers.name) \(receivedBytes)\n".utf8))
                ending = .close
                return .again
            }
            return receive(&origin)
        case .tcpEcho:
            if input.isEmpty, output.isEmpty {
                if clientEnded { return .close }
                return receive(&origin)
            }
            if output.isEmpty { swap(&input, &output) }
            return flush(&origin)
        }
    }

    // MARK: Bytes

    /// Makes sure that both buffers have storage.
    private mutating func takeStorage(_ origin: inout OriginParts) {
        if !output.hasStorage { output = origin.pool.take() }
    }

    private mutating func receive(_ origin: inout OriginParts) -> OriginStep {
        if clientEnded { return .close }
        guard isReadable else { return .wait }
        if !input.hasStorage { input = origin.pool.take() }
        if input.room == 0 { input.compact() }
        let room = input.room
        switch socket.receive(into: &input) {
        case .bytes(let count):
            // A short read means that the socket is drained, unless its end is near.
            if count < room, !hasHungUp { isReadable = false }
            return .again
        case .wouldBlock:
            isReadable = false
            return .wait
        case .ended:
            clientEnded = true
            return speaks == .http ? .close : .again
        case .failed: return .close
        }
    }

    /// Sends what is in `output`.
    private mutating func flush(_ origin: inout OriginParts) -> OriginStep {
        guard isWritable else { return .wait }
        switch socket.send(from: &output, length: output.count) {
        case .bytes: return .again
        case .wouldBlock:
            isWritable = false
            return .wait
        case .failed: return .close
        }
    }

    /// Sends what is in `output` and what follows it.
    private mutating func pour(_ origin: inout OriginParts) -> OriginStep {
        takeStorage(&origin)
        switch remainder {
        case .nothing: return .again
        case .plain(let left):
            // The beginning goes out with the head, the rest straight from the pattern.
            if !output.isEmpty {
                output.compact()
                let count = min(left, output.room)
                output.append(origin.answers.pattern.span.extracting(first: count))
                remainder = left == count ? .nothing : .plain(left - count)
                return left == count ? .again : flush(&origin)
            }
            guard isWritable else { return .wait }
            let count = min(left, origin.answers.pattern.count)
            switch socket.write(origin.answers.pattern.span.extracting(first: count)) {
            case .bytes(let written):
                remainder = left == written ? .nothing : .plain(left - written)
                return .again
            case .wouldBlock:
                isWritable = false
                return .wait
            case .failed: return .close
            }
        case .chunks(let left):
            if output.count > output.capacity / 2 { return flush(&origin) }
            output.compact()
            let count = min(left, 4000)
            appendChunk(origin.answers.pattern.span.extracting(first: count))
            remainder = left == 0 ? .nothing : .chunks(left - count)
            return .again
        case .lines(let left):
            if !output.isEmpty { return flush(&origin) }
            guard left > 0 else {
                output.append("0\r\n\r\n")
                remainder = .nothing
                return .again
            }
            appendChunk(Array("line \(left) from origin \(origin.answers.name)\n".utf8).span)
            remainder = .lines(left - 1)
            return sendThenPause(milliseconds: 100, &origin)
        case .drip(let left):
            if !output.isEmpty { return flush(&origin) }
            output.append(46)
            remainder = left == 1 ? .nothing : .drip(left - 1)
            return sendThenPause(milliseconds: 20, &origin)
        case .delayedName(let html):
            if origin.pauseMilliseconds > 0 {
                let milliseconds = origin.pauseMilliseconds
                origin.pauseMilliseconds = 0
                return .pause(milliseconds: milliseconds)
            }
            origin.answers.appendName(
                to: &output, html: html, keepsAlive: keepsAlive, withBody: wantsBody)
            remainder = .nothing
            return .again
        }
    }

    private mutating func sendThenPause(
        milliseconds: Int, _ origin: inout OriginParts
    ) -> OriginStep {
        if case .close = flush(&origin) { return .close }
        return .pause(milliseconds: milliseconds)
    }

    private mutating func appendChunk(_ bytes: Span<UInt8>) {
        output.append(hexadecimal: UInt64(bytes.count))
        output.append("\r\n")
        output.append(bytes)
        output.append("\r\n")
    }
}

/// What all connections of one origin thread share.
struct OriginParts: ~Copyable {
    /// Room that an answer's head, or a whole small answer, surely fits in.
    static let answerBytes = 6144

    let answers: OriginAnswers
    var pool = BufferPool(blockBytes: 16384, keepAtMost: 256)
    /// Requests answered.
    var requests = 0
    /// The pause that the connection being stepped asked for.
    var pauseMilliseconds = 0

    init(name: String) { answers = OriginAnswers(name: name) }
}

/// Copies a range of one buffer to the end of another.
private func appendBytes(_ range: Range<Int>, of source: borrowing Buffer, to target: inout Buffer)
{
    target.append(source.span.extracting(range))
}

/// Where the walk over a request's body stands.
enum RequestBodyWalk: Equatable {
    case length(left: Int)
    case chunks(ChunkWalker)

    init(_ body: RequestBody) {
        switch body {
        case .length(let length): self = .length(left: length)
        case .chunked: self = .chunks(ChunkWalker())
        }
    }

    var isChunked: Bool {
        if case .chunks = self { return true }
        return false
    }

    /// Walks on from `at` over at most `limit` bytes.
    mutating func next(_ bytes: Span<UInt8>, at: inout Int, atMost limit: Int) -> ChunkWalker.Piece
    {
        switch self {
        case .length(let left):
            if left == 0 { return .ended(at: at) }
            let count = min(left, bytes.count - at, limit)
            if count <= 0 { return .needsMore }
            self = .length(left: left - count)
            at += count
            return .data((at - count)..<at)
        case .chunks(var walker):
            let visible = bytes.extracting(first: min(bytes.count, max(limit, 0)))
            let piece = walker.next(visible, at: &at)
            self = .chunks(walker)
            return piece
        }
    }
}

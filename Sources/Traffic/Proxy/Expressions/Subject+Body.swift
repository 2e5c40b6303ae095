// The body of the message that rules see, as far as it lies in the buffer behind its head. Chunked
// bodies are read without their framing.

import HTTP
import Samples

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Whether the body comes in chunks, so that its bytes do not lie in one piece.
    public var isBodyChunked: Bool { head.framing == .chunked }

    /// The bytes behind the head that belong to the body, chunk framing included.
    public var bodyBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = headBytes
            let head = self.head
            let start = min(Int(head.length), bytes.count)
            let end: Int
            switch head.framing {
            case .none: end = start
            case .length(let length):
                end = start &+ Int(min(length, UInt64(bytes.count &- start)))
            case .chunked, .untilClose: end = bytes.count
            }
            // Safety: a part of what is tied to this subject.
            return unsafe _overrideLifetime(bytes.extracting(start..<end), borrowing: self)
        }
    }

    /// Writes the body as far as it is there, without the framing of chunks.
    public func appendBody(to output: inout OutputBytes) {
        let bytes = bodyBytes
        guard isBodyChunked else { return output.append(bytes) }
        var chunks = ChunkReader()
        while let data = chunks.next(in: bytes) { output.append(bytes.extracting(data)) }
    }

    /// How many bytes of the body are there, without the framing of chunks.
    public var bodyByteCount: Int {
        let bytes = bodyBytes
        return isBodyChunked ? bytes.chunkData(from: 0) : bytes.count
    }

    /// Whether the body is there to its end.
    public var isBodyWhole: Bool {
        switch head.framing {
        case .none: true
        case .length(let length): UInt64(bodyBytes.count) == length
        case .chunked: headBytes.holdsAllChunks(from: Int(head.length))
        case .untilClose: false
        }
    }

    /// How many bytes the body has as far as its head says: those announced, or those there where
    /// nothing is announced.
    public var announcedBodyBytes: UInt64 {
        if case .length(let length) = head.framing { return length }
        return UInt64(bodyByteCount)
    }
}

/// Finds the data among the framing of a chunked body.
struct ChunkReader {
    private var decoder = ChunkedDecoder()
    private var position = 0

    /// The next piece of data; nil at the end of the body, of the bytes, or of what is valid.
    mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        while true {
            switch decoder.step(bytes.extracting(position..<bytes.count)) {
            case .data(let count):
                position &+= count
                return position &- count..<position
            case .header(let count, _, _), .chunkEnd(let count):
                position &+= count
            case .lastChunk, .trailer, .end, .needMore, .invalid: return nil
            }
        }
    }
}

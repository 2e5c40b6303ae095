// Chunked bodies on their way through: framing is checked piece by piece in the source's buffer
// and passed on as it stands; what is not canonical is rewritten in place, and taken off where the
// other side does not know the coding.

import Bytes
import HTTP
import Structures

extension Worker {
    /// Clears as much of a chunked body as the source's buffer holds.
    mutating func clearChunks(
        _ stream: Handle, _ index: Int, _ source: Handle
    ) -> HTTPFault? {
        var decoder = streams[stream].flows[index].chunks
        var cleared = streams[stream].flows[index].cleared
        let dechunks = streams[stream].flows[index].dechunks
        defer {
            streams[stream].flows[index].chunks = decoder
            streams[stream].flows[index].cleared = cleared
        }
        // Each rewrite moves the cleared bytes before it: after some, they are delivered first.
        var rewrites = 0
        while rewrites < 32 || cleared == 0 {
            let held = connections[source].inbound.count
            let step = decoder.step(
                connections[source].inbound.span.extracting(cleared..<held))
            switch step {
            case .data(let count):
                cleared &+= count
            case .header(let count, let size, let isCanonical):
                if !isCanonical || dechunks { rewrites &+= 1 }
                cleared &+= framing(source, at: cleared, count, size, isCanonical, dechunks)
            case .lastChunk(let count, let isCanonical):
                cleared &+= framing(source, at: cleared, count, 0, isCanonical, dechunks)
            case .chunkEnd(let count):
                cleared &+= keep(source, at: cleared, count, !dechunks)
            case .trailer(let count, let line):
                let isKept = line.isKept && !dechunks
                if isKept { lowerCase(source, from: cleared, line.name) }
                cleared &+= keep(source, at: cleared, count, isKept)
            case .end(let count):
                cleared &+= keep(source, at: cleared, count, !dechunks)
                streams[stream].flows[index].isComplete = true
                return nil
            case .needMore:
                return nil
            case .invalid(let fault):
                return fault
            }
        }
        return nil
    }

    /// Passes a size line on, rewritten where it is not canonical; returns the bytes that stay.
    private mutating func framing(
        _ source: Handle, at offset: Int, _ count: Int, _ size: UInt64, _ isCanonical: Bool,
        _ dechunks: Bool
    ) -> Int {
        if isCanonical && !dechunks { return count }
        if dechunks { return keep(source, at: offset, count, false) }
        let digits = max(1, (67 &- size.leadingZeroBitCount) / 4)
        // A line that is not canonical is at least as long as the canonical one.
        connections[source].inbound.remove(at: offset, length: count &- digits &- 2)
        for position in 0..<digits {
            let shift = UInt64(4 &* (digits &- 1 &- position))
            let nibble = UInt8(truncatingIfNeeded: (size &>> shift) & 15)
            connections[source].inbound.set(
                nibble < 10 ? 48 &+ nibble : 87 &+ nibble, at: offset &+ position)
        }
        connections[source].inbound.set(13, at: offset &+ digits)
        connections[source].inbound.set(10, at: offset &+ digits &+ 1)
        return digits &+ 2
    }

    /// Makes the letters of a trailer's name small, as all field names leave.
    private mutating func lowerCase(_ source: Handle, from offset: Int, _ name: Range<Int>) {
        for position in name {
            let byte = connections[source].inbound.span[offset &+ position]
            if byte >= 0x41 && byte <= 0x5a {
                connections[source].inbound.set(byte | 0x20, at: offset &+ position)
            }
        }
    }

    /// Keeps `count` bytes, or takes them out of the buffer; returns the bytes that stay.
    private mutating func keep(
        _ source: Handle, at offset: Int, _ count: Int, _ isKept: Bool
    ) -> Int {
        if isKept { return count }
        connections[source].inbound.remove(at: offset, length: count)
        return 0
    }
}

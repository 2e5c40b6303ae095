// Waiting, as actions see it: for a body, or for a time to pass.

import HTTP
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The tick (milliseconds) that the action has waited for, when it runs again.
    public var waitEnd: UInt64 {
        stream.isNone ? 0 : unsafe worker.pointee.streams[stream].rules.until
    }

    /// Whether the body of the present message is there to its end, or `bytes` of it where that is
    /// not 0, or as much of it as can be waited for.
    public func hasBody(atLeast bytes: Int) -> Bool {
        // Safety: as the type says; so below.
        unsafe worker.pointee.hasBody(stream, isRequest: hasRequestHead, atLeast: bytes)
    }

    /// Tells a client that waits for it that its body is wanted.
    public func askForBody() { unsafe worker.pointee.askForBody(stream) }

    /// Adds a field to the interim response that goes to the client once the list of rules has
    /// ended (RFC 8297); false when there is no room.
    ///
    /// A client that speaks HTTP/1.0 gets none.
    ///
    /// - Parameter name: in small letters.
    public func addHint(_ name: Span<UInt8>, _ value: Span<UInt8>) -> Bool {
        if value.hasLineEnd { return false }
        return unsafe worker.pointee.addHint(stream, name, value)
    }
}

extension Worker {
    /// Answers `Expect: 100-continue` in place of the server, which is then not asked.
    mutating func askForBody(_ stream: Handle) {
        guard streams[stream].flags.contains(.expectsContinue) else { return }
        streams[stream].flags.remove(.expectsContinue)
        while let line = fields.firstIndex(of: .expect) { fields.mark(line, .removed) }
        let client = streams[stream].client
        let held = connections[client].inbound.count &- Int(message.head.length)
        // One that sends without being asked knows already.
        if held > 0 { return }
        if !connections[client].outbound.hasStorage {
            connections[client].outbound = buffers.take()
        }
        _ = connections[client].outbound.append("HTTP/1.1 100 Continue\r\n\r\n")
        streams[stream].flags.insert(.hasInterim)
    }

    /// Adds a field to the interim response that is being made.
    mutating func addHint(
        _ stream: Handle, _ name: Span<UInt8>, _ value: Span<UInt8>
    ) -> Bool {
        if streams[stream].flags.contains(.isHTTP10) { return true }
        let client = streams[stream].client
        if !connections[client].outbound.hasStorage {
            connections[client].outbound = buffers.take()
        }
        let room = connections[client].outbound.room
        guard room > name.count &+ value.count &+ 64 else { return false }
        if !streams[stream].flags.contains(.hasOpenHints) {
            _ = connections[client].outbound.append("HTTP/1.1 103 Early Hints\r\n")
            streams[stream].flags.formUnion([.hasOpenHints, .hasInterim])
        }
        _ = connections[client].outbound.append(name)
        _ = connections[client].outbound.append(": ")
        _ = connections[client].outbound.append(value)
        _ = connections[client].outbound.append("\r\n")
        return true
    }

    /// Ends the interim response that rules have made and sends what waits; false when the stream
    /// was ended.
    mutating func sendInterim(_ stream: Handle) -> Bool {
        let client = streams[stream].client
        if streams[stream].flags.contains(.hasOpenHints) {
            _ = connections[client].outbound.append("\r\n")
        }
        streams[stream].flags.subtract([.hasOpenHints, .hasInterim])
        return flushInterim(stream)
    }
}

// A relay that becomes an exchange of HTTP: its backend speaks HTTP, or a rule has said so
// (configuration manual: switch-mode http, and §4 on upgrades). What rules have set for the stream
// stays. The request then meets the frontend's rules, though these come before a backend is chosen.

import HTTP
import Structures

extension Worker {
    /// Waits for the request of a stream that has been a relay so far.
    mutating func upgrade(_ stream: Handle) {
        dropMessage()
        streams[stream].phase = .awaitingRequest
        streams[stream].rules.stage = RequestStage.frontBody.rawValue
        streams[stream].rules.since = now
        driveUpgrade(stream)
    }

    /// Reads and parses until the request is there.
    mutating func driveUpgrade(_ stream: Handle) {
        let client = streams[stream].client
        while true {
            // What has come before the client's end counts.
            if connections[client].inbound.count > Int(connections[client].scanned) {
                var head = MessageHead()
                switch parseHead(client, &head) {
                case .complete: return adoptRequest(stream, head)
                case .incomplete: break
                case .invalid(let fault):
                    return refuseUpgrade(stream, status: fault.status, cause: "P")
                }
            }
            if connections[client].flags.contains(.readClosed) { return endUpgrade(stream) }
            guard connections[client].flags.contains(.readable) else { break }
            let before = connections[client].inbound.count
            guard fill(client, stream) else { return endUpgrade(stream) }
            if connections[client].inbound.count > before {
                streams[stream].clientActivity = now
            } else if !connections[client].flags.contains(.readClosed) {
                break
            }
        }
        if watchBoth(stream) { armTimer(stream) }
    }

    /// The client has ended before its request was there.
    private mutating func endUpgrade(_ stream: Handle) {
        countRequestError(stream)
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: "C"), state: UInt8(ascii: "R"))
        end(stream, client: .abort)
    }

    /// Answers a client that was expected to speak HTTP.
    mutating func refuseUpgrade(_ stream: Handle, status: Int, cause: Unicode.Scalar) {
        streams[stream].flags.formUnion([.isHTTP, .isBadRequest])
        countRequestError(stream)
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: cause), state: UInt8(ascii: "R"))
        connections[streams[stream].client].inbound.removeAll()
        reply(stream, status: status)
    }
}

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
            if connections[client].inbound.count > Int(connections[client].scanned) {
                var head = MessageHead()
                switch parseHead(client, &head) {
                case .complete: return adoptRequest(stream, head)
                case .incomplete: break
                case .invalid(let fault):
                    return refuseUpgrade(stream, status: fault.status, cause: "P")
                }
            }
            guard connections[client].flags.contains(.readable) else { break }
            let before = connections[client].inbound.count
            guard fill(client, stream), !connections[client].flags.contains(.readClosed) else {
                countRequestError(stream)
                streams[stream].termination = TerminationState(
                    cause: UInt8(ascii: "C"), state: UInt8(ascii: "R"))
                return end(stream, client: .abort)
            }
            if connections[client].inbound.count == before { break }
            streams[stream].clientActivity = now
        }
        if watchBoth(stream) { armTimer(stream) }
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

// Samples of how long the stages of a stream have taken, in milliseconds (configuration manual:
// timing events); -1 where a stage was not reached.

import Proxy
import Samples

extension FetchFamily {
    /// Times of a stream's stages.
    static let times = FetchFamily(
        "times",
        [
            time("bc.timer.connect", "Is the time to connect to the server (%Tc).") {
                $0.connectTime
            },
            time("fc.timer.handshake", "Is the time of the client's handshakes (%Th).") { _ in 0 },
            time("fc.timer.total", "Is the time since the accept (%Tt).") { $0.totalTime },
            time("req.timer.hdr", "Is the time to get the request's head (%TR).") {
                $0.time(.request) ?? -1
            },
            time("req.timer.idle", "Is the time before the request's first byte (%Ti).") {
                $0.time(.idle) ?? -1
            },
            time("req.timer.queue", "Is the time in queues (%Tw).") { $0.time(.queue) ?? -1 },
            time("req.timer.tq", "Is the time to get the request since the accept (%Tq).") {
                $0.time(.requestWithIdle) ?? -1
            },
            time("res.timer.data", "Is the time of the response's body (%Td).") { $0.dataTime },
            time("res.timer.hdr", "Is the time to get the response's head (%Tr).") {
                $0.time(.response) ?? -1
            },
            time("txn.timer.total", "Is the time since the request's first byte (%Ta).") {
                $0.time(.active) ?? -1
            },
            time("txn.timer.user", "Is the time as the client sees it (%Tu).") {
                max(0, $0.totalTime - ($0.time(.idle) ?? 0))
            },
        ])

    private static func time(
        _ name: String, _ sentence: String, _ milliseconds: @escaping @Sendable (Subject) -> Int
    ) -> Fetch {
        Fetch(name, .integer, needs: .stream, sentence) { subject, _, _, _ in
            .integer(Int64(milliseconds(subject)))
        }
    }
}

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
            time("fc.timer.handshake", "Is the time of the client's handshakes (%Th).") {
                $0.handshakeTime
            },
            time("fc.timer.total", "Is the time from the accept to the end (%Tt).") {
                $0.totalTime
            },
            time("req.timer.hdr", "Is the time to get the request's head (%TR).") { $0.headTime },
            time("req.timer.idle", "Is the time before the request's first byte (%Ti).") {
                $0.idleTime
            },
            time("req.timer.queue", "Is the time in queues (%Tw).") { $0.waitTime },
            time("req.timer.tq", "Is the time to get the request since the accept (%Tq).") {
                $0.queryTime
            },
            time("res.timer.data", "Is the time of the response's body (%Td).") { $0.dataTime },
            time("res.timer.hdr", "Is the time to get the response's head (%Tr).") {
                $0.responseTime
            },
            time("txn.timer.total", "Is the time from the request's first byte to the end (%Ta).") {
                $0.activeTime
            },
            time("txn.timer.user", "Is the time as the client sees it (%Tu).") { $0.userTime },
        ])

    private static func time(
        _ name: String, _ sentence: String, _ milliseconds: @escaping @Sendable (Subject) -> Int64
    ) -> Fetch {
        Fetch(name, .integer, needs: .stream, sentence) { subject, _, _, _ in
            .integer(milliseconds(subject))
        }
    }
}

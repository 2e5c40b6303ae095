// Samples of what the kernel has measured of TCP connections (configuration manual: fc_rtt and its
// kin). Each costs a system call; over UNIX sockets there is no sample.

import Kernel
import Proxy
import Samples

extension FetchFamily {
    /// Figures of TCP connections.
    static let socketInformation = FetchFamily(
        "TCP connections",
        [
            time("bc_rtt", .server, "Is the round trip time to the server.") {
                $0.serverFigures?.roundTripMicroseconds
            },
            time("bc_rttvar", .server, "Is how much the round trip time to the server varies.") {
                $0.serverFigures?.variationMicroseconds
            },
            count("fc_fackets", "Is how many segments were acknowledged ahead.") {
                $0.clientFigures?.forwardAcknowledged
            },
            count("fc_lost", "Is how many segments to the client are held to be lost.") {
                $0.clientFigures?.lost
            },
            count("fc_reordering", "Is how far segments to the client may be out of order.") {
                $0.clientFigures?.reordering
            },
            count("fc_retrans", "Is how many segments to the client were sent again.") {
                $0.clientFigures?.retransmitted
            },
            time("fc_rtt", .client, "Is the round trip time to the client.") {
                $0.clientFigures?.roundTripMicroseconds
            },
            time("fc_rttvar", .client, "Is how much the round trip time to the client varies.") {
                $0.clientFigures?.variationMicroseconds
            },
            count("fc_sacked", "Is how many segments were acknowledged selectively.") {
                $0.clientFigures?.selectivelyAcknowledged
            },
            count("fc_unacked", "Is how many segments to the client are not acknowledged.") {
                $0.clientFigures?.unacknowledged
            },
        ])

    private static func time(
        _ name: String, _ needs: FetchNeeds, _ sentence: String,
        _ microseconds: @escaping @Sendable (Subject) -> UInt32?
    ) -> Fetch {
        Fetch(
            name, .integer, takes: [.text("unit").optional], needs: needs, sentence,
            prepare: TimeUnit.prepare(
                at: 0, default: .milliseconds, among: [.milliseconds, .microseconds])
        ) { subject, arguments, _, _ in
            microseconds(subject).map { .integer(TimeUnit.of(arguments, 0).rounded($0)) }
        }
    }

    private static func count(
        _ name: String, _ sentence: String, _ value: @escaping @Sendable (Subject) -> UInt32?
    ) -> Fetch {
        Fetch(name, .integer, needs: .client, sentence) { subject, _, _, _ in
            value(subject).map { .integer(Int64($0)) }
        }
    }
}

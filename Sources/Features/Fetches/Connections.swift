// Samples of connections and their addresses (configuration manual: fetching samples at layer 4).

import Proxy
import Samples

extension FetchFamily {
    /// Addresses, ports and sockets of both sides.
    static let connections = FetchFamily(
        "layer 4",
        [
            Fetch(
                "src", .address, needs: .client, comparedBy: .ip, "Is the client's address."
            ) { subject, _, _, _ in
                subject.clientAddress.map { .address($0.address) }
            },
            Fetch(
                "src_port", .integer, needs: .client, "Is the client's port."
            ) { subject, _, _, _ in
                subject.clientAddress.map { .integer(Int64($0.port)) }
            },
        ])
}

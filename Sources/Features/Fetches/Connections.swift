// Samples of the two connections of a stream (configuration manual: fetching samples at layer 4).

import Addresses
import Kernel
import Proxy
import Samples

extension FetchFamily {
    /// The client's connection.
    static let client = FetchFamily(
        "client connections",
        [
            Fetch(
                "dst", .address, needs: .client, comparedBy: .ip,
                "Is the address the client came to."
            ) { subject, _, _, _ in
                subject.destinationAddress.map { .address($0.address) }
            }.steady(),
            Fetch("dst_conn", .integer, needs: .client, "Is how many clients the listener has.") {
                subject, _, _, _ in .integer(Int64(subject.listenerConnections))
            },
            local("dst_is_local", "Is true where the client came to an address of this machine.") {
                $0.destinationAddress
            },
            port("dst_port", .client, "Is the port the client came to.") {
                $0.destinationAddress
            },
            address("fc_dst", .client, "Is the address the connection came to, without rules.") {
                $0.connectionDestination
            },
            local("fc_dst_is_local", "Is true where the connection came to this machine.") {
                $0.connectionDestination
            },
            port("fc_dst_port", .client, "Is the port the connection came to, without rules.") {
                $0.connectionDestination
            },
            number("fc_err", .client, "Is the number of what went wrong with the connection.") {
                $0.clientFault.map { Int($0.number) }
            },
            text("fc_err_name", .client, "Is the name of what went wrong with the connection.") {
                $0.clientFault?.name
            },
            text("fc_err_str", .client, "Says what went wrong with the connection.") {
                $0.clientFault?.message
            },
            number("fc_glitches", .client, "Is 0: oddities of clients are not counted.") { _ in 0 },
            number("fc_http_major", .client, "Is the HTTP version on the client's connection.") {
                $0.isHTTP ? 1 : nil
            },
            number("fc_nb_streams", .client, "Is how many streams the client's connection has.") {
                $0.hasStream ? 1 : 0
            },
            number(
                "fc_settings_streams_limit", .client,
                "Is how many streams the client's connection may have."
            ) { _ in 1 },
            later("fc_pp_authority", .string), later("fc_pp_tlv", .string),
            later("fc_pp_unique_id", .string), later("fc_rcvd_proxy", .boolean),
            address("fc_src", .client, "Is the connection's address, without rules.") {
                $0.connectionSource
            },
            local("fc_src_is_local", "Is true where the connection comes from this machine.") {
                $0.connectionSource
            },
            port("fc_src_port", .client, "Is the connection's port, without rules.") {
                $0.connectionSource
            },
            number("so_id", .client, "Is the number of the listener.") { $0.listenerIdentifier },
            Fetch("so_name", .string, needs: .client, "Is the name of the listener.") {
                subject, _, _, scratch in
                guard let name = subject.listenerName else { return nil }
                return scratch.copy(name)
            },
            Fetch(
                "src", .address, needs: .client, comparedBy: .ip, "Is the client's address."
            ) { subject, _, _, _ in
                subject.clientAddress.map { .address($0.address) }
            }.steady(),
            local("src_is_local", "Is true where the client comes from this machine.") {
                $0.clientAddress
            },
            port("src_port", .client, "Is the client's port.") { $0.clientAddress },
        ])

    /// The server's connection.
    static let serverSide = FetchFamily(
        "server connections",
        [
            address("bc_dst", .server, "Is the address connected to.") { $0.serverDestination },
            port("bc_dst_port", .server, "Is the port connected to.") { $0.serverDestination },
            number(
                "bc_err", .server, "Is the number of what went wrong with the server's connection."
            ) { $0.serverFault.map { Int($0.number) } },
            text("bc_err_name", .server, "Is the name of what went wrong with it.") {
                $0.serverFault?.name
            },
            text("bc_err_str", .server, "Says what went wrong with the server's connection.") {
                $0.serverFault?.message
            },
            number("bc_glitches", .server, "Is 0: oddities of servers are not counted.") {
                $0.hasServerConnection ? 0 : nil
            },
            number("bc_http_major", .server, "Is the HTTP version on the server's connection.") {
                $0.isHTTP && $0.hasServerConnection ? 1 : nil
            },
            number("bc_nb_streams", .server, "Is how many streams the server's connection has.") {
                $0.hasServerConnection ? 1 : nil
            },
            Fetch(
                "bc_reused", .boolean, needs: .server,
                "Is true where the server's connection had served other requests."
            ) { subject, _, _, _ in
                subject.hasServerConnection ? .boolean(subject.isServerConnectionReused) : nil
            },
            number(
                "bc_settings_streams_limit", .server,
                "Is how many streams the server's connection may have."
            ) { $0.hasServerConnection ? 1 : nil },
            address("bc_src", .server, "Is the address connected from.") { $0.serverSource },
            port("bc_src_port", .server, "Is the port connected from.") { $0.serverSource },
        ])

    private static func address(
        _ name: String, _ needs: FetchNeeds, _ sentence: String,
        _ value: @escaping @Sendable (Subject) -> IPSocketAddress?
    ) -> Fetch {
        Fetch(
            name, .address, needs: needs, comparedBy: .ip, sentence
        ) { subject, _, _, _ in value(subject).map { .address($0.address) } }
    }

    private static func port(
        _ name: String, _ needs: FetchNeeds, _ sentence: String,
        _ value: @escaping @Sendable (Subject) -> IPSocketAddress?
    ) -> Fetch {
        Fetch(name, .integer, needs: needs, sentence) { subject, _, _, _ in
            guard let port = value(subject)?.port, port != 0 else { return nil }
            return .integer(Int64(port))
        }
    }

    /// Whether an address is the machine's own; those of UNIX sockets are.
    private static func local(
        _ name: String, _ sentence: String,
        _ value: @escaping @Sendable (Subject) -> IPSocketAddress?
    ) -> Fetch {
        Fetch(name, .boolean, needs: .client, sentence) { subject, _, _, _ in
            if let address = value(subject) {
                return .boolean(LocalAddresses.hold(address.address))
            }
            return subject.isLocalClient ? .boolean(true) : nil
        }
    }

    private static func number(
        _ name: String, _ needs: FetchNeeds, _ sentence: String,
        _ value: @escaping @Sendable (Subject) -> Int?
    ) -> Fetch {
        Fetch(name, .integer, needs: needs, sentence) { subject, _, _, _ in .count(value(subject)) }
    }

    private static func text(
        _ name: String, _ needs: FetchNeeds, _ sentence: String,
        _ value: @escaping @Sendable (Subject) -> StaticString?
    ) -> Fetch {
        Fetch(name, .string, needs: needs, sentence) { subject, _, _, scratch in
            guard let text = value(subject) else { return nil }
            return scratch.make(as: .string) { $0.append(text) }
        }
    }

    private static func later(_ name: String, _ type: SampleType) -> Fetch {
        Fetch(
            name, type, "Is part of the PROXY header that the client has sent.",
            .notYet("the PROXY protocol is not built yet"))
    }
}

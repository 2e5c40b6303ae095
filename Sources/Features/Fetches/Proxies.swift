// Samples of frontends and backends: names, numbers, timeouts, and what goes on in them at present
// (configuration manual: fetching samples from internal states and at layer 4).

import Proxy
import Samples

extension FetchFamily {
    /// Frontends.
    static let frontends = FetchFamily(
        "frontends",
        [
            Fetch(
                "cur_client_timeout", .integer, needs: .stream,
                "Is how long the client may be silent in this stream, in milliseconds."
            ) { subject, _, _, _ in .integer(Int64(subject.clientTimeout)) },
            Fetch(
                "fe_client_timeout", .integer, needs: .client,
                "Is the frontend's timeout for clients in milliseconds."
            ) { subject, _, _, _ in .integer(Int64(subject.configuredClientTimeout)) },
            Fetch(
                "fe_conn", .integer, takes: [.text("frontend").optional], needs: .running,
                "Is how many client connections a frontend has.", prepare: Names.frontend
            ) { subject, arguments, _, _ in
                Names.frontend(arguments, subject).map {
                    .integer(Int64(subject.connections(ofFrontend: $0)))
                }
            },
            Fetch(
                "fe_defbe", .string, needs: .client, "Is the name of the default backend."
            ) { subject, _, _, scratch in
                subject.defaultBackend.flatMap { scratch.copy(subject.name(ofProxy: $0)) }
            },
            Fetch(
                "fe_id", .integer, needs: .client, "Is the frontend's number."
            ) { subject, _, _, _ in
                .integer(Int64(subject.identifier(ofProxy: subject.frontend)))
            },
            Fetch(
                "fe_name", .string, needs: .client, "Is the frontend's name."
            ) { subject, _, _, scratch in scratch.copy(subject.name(ofProxy: subject.frontend)) },
            Fetch(
                "fe_req_rate", .integer, takes: [.text("frontend").optional], needs: .running,
                "Is how many requests a frontend gets in a second.", prepare: Names.frontend
            ) { subject, arguments, _, _ in
                Names.frontend(arguments, subject).map {
                    .integer(Int64(subject.rate(.requests, ofFrontend: $0)))
                }
            },
            Fetch(
                "fe_sess_rate", .integer, takes: [.text("frontend").optional], needs: .running,
                "Is how many sessions begin in a frontend in a second.", prepare: Names.frontend
            ) { subject, arguments, _, _ in
                Names.frontend(arguments, subject).map {
                    .integer(Int64(subject.rate(.sessions, ofFrontend: $0)))
                }
            },
        ])

    /// Backends.
    static let backends = FetchFamily(
        "backends",
        [
            backend(
                "avg_queue", "Is how many streams wait in a backend for each usable server."
            ) { subject, proxy in subject.withOrder(ofBackend: proxy) { $0.averageQueued } },
            backend("be_conn", "Is how many streams a backend has.") { subject, proxy in
                subject.connections(ofBackend: proxy)
            },
            backend(
                "be_conn_free",
                "Is how many streams the usable servers of a backend can take; -1 without limit."
            ) { subject, proxy in subject.withOrder(ofBackend: proxy) { $0.freeConnections } },
            Fetch("be_id", .integer, needs: .backend, "Is the backend's number.") {
                subject, _, _, _ in
                .integer(Int64(subject.identifier(ofProxy: subject.currentBackend)))
            },
            Fetch("be_name", .string, needs: .backend, "Is the backend's name.") {
                subject, _, _, scratch in
                scratch.copy(subject.name(ofProxy: subject.currentBackend))
            },
            Fetch(
                "be_server_timeout", .integer, needs: .backend,
                "Is the backend's timeout for servers in milliseconds."
            ) { subject, _, _, _ in .integer(Int64(subject.configuredServerTimeout)) },
            backend("be_sess_rate", "Is how many streams come to a backend in a second.") {
                subject, proxy in subject.sessionRate(ofBackend: proxy)
            },
            Fetch(
                "be_tunnel_timeout", .integer, needs: .backend,
                "Is the backend's timeout for tunnels in milliseconds."
            ) { subject, _, _, _ in .integer(Int64(subject.configuredTunnelTimeout)) },
            backend(
                "connslots",
                "Is how many streams the servers of a backend and their queues can take; -1 without "
                    + "limit."
            ) { subject, proxy in subject.withOrder(ofBackend: proxy) { $0.freeSlots } },
            // Differs: HAProxy 2.6 says 0 before the server's connection is made.
            Fetch(
                "cur_server_timeout", .integer, needs: .backend,
                "Is how long the server may be silent in this stream, in milliseconds."
            ) { subject, _, _, _ in .integer(Int64(subject.serverTimeout)) },
            Fetch(
                "cur_tunnel_timeout", .integer, needs: .backend,
                "Is how long both sides may be silent in this stream's tunnel, in milliseconds."
            ) { subject, _, _, _ in .integer(Int64(subject.tunnelTimeout)) },
            backend("nbsrv", "Is how many servers of a backend are usable.") { subject, proxy in
                subject.withOrder(ofBackend: proxy) { $0.usableCount }
            },
            backend("queue", "Is how many streams wait in a backend.") { subject, proxy in
                subject.withOrder(ofBackend: proxy) { $0.queued }
            },
        ])

    private static func backend(
        _ name: String, _ sentence: String,
        _ figure: @escaping @Sendable (_ subject: Subject, _ proxy: Int) -> Int
    ) -> Fetch {
        Fetch(
            name, .integer, takes: [.text("backend").optional], needs: .running, sentence,
            prepare: Names.backend
        ) { subject, arguments, _, _ in
            Names.backend(arguments, subject).map { .integer(Int64(figure(subject, $0))) }
        }
    }
}

/// Names of proxies as arguments.
enum Names {
    /// Replaces the name of a frontend by a reference.
    static let frontend = preparation(.frontend)
    /// Replaces the name of a backend by a reference.
    static let backend = preparation(.backend)

    private static func preparation(_ kind: ProxyReference.Kind) -> Converter.Preparation {
        { (arguments, loading) throws(ArgumentMistake) -> SampleType? in
            guard let references = loading.proxies else {
                throw ArgumentMistake("proxies cannot be named here", at: 0)
            }
            arguments[0] = .object(references.make(kind, arguments.text(0)))
            return nil
        }
    }

    /// The frontend that the first argument means; the stream's own where none is named.
    static func frontend(_ arguments: ConverterArguments, _ subject: Subject) -> Int? {
        let named = arguments.withObject(0, as: ProxyReference.self) { Int($0.index) }
        return named >= 0 ? named : subject.frontend
    }

    /// The backend that the first argument means; the stream's own where none is named.
    static func backend(_ arguments: ConverterArguments, _ subject: Subject) -> Int? {
        let named = arguments.withObject(0, as: ProxyReference.self) { Int($0.index) }
        if named >= 0 { return named }
        let current = subject.currentBackend
        return subject.capability(ofProxy: current).contains(.backend) ? current : nil
    }
}

// Samples of servers (configuration manual: srv_conn and its kin).

import Proxy
import Samples

extension FetchFamily {
    /// Servers.
    static let servers = FetchFamily(
        "servers",
        [
            server("srv_conn", "Is how many streams a server has.") { $0.served },
            server(
                "srv_conn_free", "Is how many more streams a server can take; -1 without limit."
            ) { $0.free },
            Fetch(
                "srv_id", .integer, needs: .server, "Is the number of the stream's server."
            ) { subject, _, _, _ in subject.serverIdentifier.map { .integer(Int64($0)) } },
            Fetch(
                "srv_is_up", .boolean, takes: [name], needs: .running,
                "Is true where a server is neither down nor in maintenance.",
                prepare: Server.prepare
            ) { subject, arguments, _, _ in
                arguments.withObject(0, as: ProxyReference.self) {
                    .boolean(subject.figures(ofServer: Int($0.server), of: Int($0.index)).isUp)
                }
            },
            server("srv_iweight", "Is the weight a server was configured with.") {
                $0.initialWeight
            },
            Fetch(
                "srv_name", .string, needs: .server, "Is the name of the stream's server."
            ) { subject, _, _, scratch in
                guard let name = subject.serverName else { return nil }
                return scratch.copy(name.span)
            },
            server("srv_queue", "Is how many streams wait for a server.") { $0.queued },
            Fetch(
                "srv_sess_rate", .integer, takes: [name], needs: .running,
                "Is how many streams come to a server in a second.", prepare: Server.prepare
            ) { subject, arguments, _, _ in
                arguments.withObject(0, as: ProxyReference.self) {
                    .integer(
                        Int64(subject.sessionRate(ofServer: Int($0.server), of: Int($0.index))))
                }
            },
            server("srv_uweight", "Is the weight that was set for a server.") { $0.weight },
            server("srv_weight", "Is the weight of a server at present.") {
                $0.effectiveWeight
            },
        ])

    private static let name = ConverterArgumentShape.text("[backend/]server")

    private static func server(
        _ row: String, _ sentence: String, _ figure: @escaping @Sendable (ServerFigures) -> Int
    ) -> Fetch {
        Fetch(
            row, .integer, takes: [name], needs: .running, sentence, prepare: Server.prepare
        ) {
            subject, arguments, _, _ in
            arguments.withObject(0, as: ProxyReference.self) {
                .integer(
                    Int64(figure(subject.figures(ofServer: Int($0.server), of: Int($0.index)))))
            }
        }
    }
}

private enum Server {
    static let prepare: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        let name = arguments.text(0)
        guard !name.isEmpty else { throw ArgumentMistake(expected: "a server's name", at: 0) }
        guard let references = loading.proxies else {
            throw ArgumentMistake("servers cannot be named here", at: 0)
        }
        arguments[0] = .object(references.make(.server, name))
        return nil
    }
}

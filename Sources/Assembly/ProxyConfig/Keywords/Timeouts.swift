// `timeout …`: how long each kind of waiting may last.
// configuration manual: timeout.

import ConfigLanguage
import Proxy

extension ProxyKeywords {
    static let timeouts: [Row] = [
        timeout("client", .clientSide, \.client, "Bounds the client's silence."),
        timeout(
            "client-fin", .clientSide, \.clientFin,
            "Bounds the client's silence once one direction is closed."),
        timeout("connect", .serverSide, \.connect, "Bounds the time to connect to a server."),
        timeout("server", .serverSide, \.server, "Bounds the server's silence."),
        timeout(
            "server-fin", .serverSide, \.serverFin,
            "Bounds the server's silence once one direction is closed."),
        timeout("queue", .serverSide, \.queue, "Bounds the wait for a free connection slot."),
        .withoutEffect(
            "timeout check", .serverSide, takes: [.time], elsewhere: .ignored,
            "Bounds the reading part of a health check.", reason: "there are no health checks yet"),
        timeout("tunnel", .serverSide, \.tunnel, "Bounds the silence of both sides of a tunnel."),
        timeout(
            "http-request", .proxies, \.httpRequest, "Bounds the arrival of a whole request head."),
        timeout(
            "http-keep-alive", .proxies, \.httpKeepAlive,
            "Bounds the wait for the next request on a connection."),
        timeout(
            "tarpit", .proxies, \.tarpit,
            "Sets how long a client in the tarpit waits for its reply."),
    ]

    private static func timeout(
        _ name: String, _ sections: SectionSet, _ field: WritableKeyPath<Timeouts, Int> & Sendable,
        _ summary: String
    ) -> Row {
        Row("timeout \(name)", sections, takes: [.time], elsewhere: .ignored, summary) {
            draft, arguments, _ in
            draft.proxy.timeouts[keyPath: field] = arguments.number(0)
        }
    }
}

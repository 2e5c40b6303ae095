// `option …` switches. Those that exclude each other replace each other.
// configuration manual: option.

import ConfigLanguage
import Proxy

extension ProxyKeywords {
    static let options: [Row] = [
        option(
            "abortonclose", .serverSide, .abortOnClose,
            "Drops a waiting request when its client closes."),
        option(
            "accept-unsafe-violations-in-http-request", .clientSide, .acceptUnsafeRequest,
            "Lets some malformed requests pass."),
        option(
            "accept-unsafe-violations-in-http-response", .serverSide, .acceptUnsafeResponse,
            "Lets some malformed responses pass."),
        option(
            "accept-invalid-http-request", .clientSide, .acceptUnsafeRequest,
            "Is the old name of accept-unsafe-violations-in-http-request."),
        option(
            "accept-invalid-http-response", .serverSide, .acceptUnsafeResponse,
            "Is the old name of accept-unsafe-violations-in-http-response."),
        option(
            "allbackups", .serverSide, .allBackups,
            "Balances over all backup servers, not only the first."),
        option(
            "contstats", .clientSide, .continuousStats,
            "Counts bytes every five seconds while a stream runs, not only at its end."),
        option(
            "independent-streams", .proxies, .independentStreams,
            "Lets what is sent to a side not extend the wait for what comes from it."),
        option("clitcpka", .clientSide, .clientTCPKeepAlive, "Sends TCP keepalives to clients."),
        option("srvtcpka", .serverSide, .serverTCPKeepAlive, "Sends TCP keepalives to servers."),
        option(
            "tcpka", .proxies, [.clientTCPKeepAlive, .serverTCPKeepAlive],
            "Sends TCP keepalives to both sides."),
        option(
            "disable-h2-upgrade", .clientSide, .disableH2Upgrade,
            "Never upgrades a connection to HTTP/2 on its preface."),
        option("dontlog-normal", .clientSide, .dontLogNormal, "Logs only what went wrong."),
        option(
            "dontlognull", .clientSide, .dontLogNull,
            "Leaves connections without a byte out of the log."),
        option(
            "http-ignore-probes", .clientSide, .ignoreProbes,
            "Neither answers nor logs connections closed or timed out without a byte."),
        option(
            "http-buffer-request", .proxies, .httpBufferRequest,
            "Waits for a request's whole body before rules look at it."),
        option(
            "http-no-delay", .proxies, .httpNoDelay,
            "Sends every piece at once, at the price of more packets."),
        option(
            "http-pretend-keepalive", .serverSide, .httpPretendKeepAlive,
            "Does not tell the server that its connection will be closed."),
        option(
            "idle-close-on-response", .clientSide, .idleCloseOnResponse,
            "Keeps idle client connections open until their next response while stopping."),
        option(
            "log-separate-errors", .clientSide, .logSeparateErrors,
            "Logs what went wrong at level err."),
        option("logasap", .clientSide, .logASAP, "Logs a stream before it has ended."),
        option(
            "prefer-last-server", .serverSide, .preferLastServer,
            "Sends a connection's next request to the same server."),
        option(
            "socket-stats", .clientSide, .socketStats,
            "Counts each listener on its own, with rows in 'show stat'."),
        option("splice-auto", .proxies, .spliceAuto, "Splices in the direction where it pays."),
        option("splice-request", .proxies, .spliceRequest, "Splices from client to server."),
        option("splice-response", .proxies, .spliceResponse, "Splices from server to client."),
        option(
            "tcp-smart-accept", .clientSide, .tcpSmartAccept,
            "Saves the acknowledgement before the first answer to a client."),
        option(
            "tcp-smart-connect", .serverSide, .tcpSmartConnect,
            "Saves the acknowledgement of a connection to a server."),
        Row(
            "option nolinger", .proxies, prefixes: .both,
            "Forgets connections at once when closing, with a reset."
        ) {
            draft, arguments, _ in
            var sides: ProxyOptions = []
            if draft.proxy.capability.contains(.frontend) { sides.insert(.noLingerClient) }
            if draft.proxy.capability.contains(.backend) { sides.insert(.noLingerServer) }
            draft.set(sides, arguments)
        },
        connectionOption("httpclose", .httpClose, "Closes both sides after each exchange."),
        connectionOption(
            "http-server-close", .httpServerClose, "Keeps clients' connections and closes servers'."
        ),
        connectionOption(
            "http-keep-alive", [], "Keeps both sides open after an exchange, as is the default."),
        Row(
            "option redispatch", .serverSide, takes: [.integer(-1000...1000).optional],
            prefixes: .both, elsewhere: .ignored,
            "Tries another server after some failed attempts to connect."
        ) {
            draft, arguments, _ in
            let isOn = arguments.prefix == .none
            let interval = arguments.optionalNumber(0) ?? -1
            draft.proxy.redispatchAfter = isOn ? interval : 0
            draft.proxy.options =
                isOn && interval != 0
                ? draft.proxy.options.union(.redispatch)
                : draft.proxy.options.subtracting(.redispatch)
        },
        // As in HAProxy since 2.2, Proxy-Connection says nothing about connections all the same.
        option(
            "http-use-proxy-header", .clientSide, .httpUseProxyHeader,
            "Asks clients of a proxy for their name by Proxy-Authenticate."),
        option(
            "persist", .serverSide, .persist,
            "Sends streams to the server that a table or a rule names even when it is down."),
        .withoutEffect(
            "option log-health-checks", .serverSide, prefixes: .both,
            "Logs every change in the results of health checks.",
            reason: "there are no health checks yet"),
        .withoutEffect(
            "option http-use-htx", .proxies, prefixes: .both,
            "Chose an internal representation once.", reason: "there is only one representation"),
        .refused(
            "option forceclose", .proxies, "Closed connections harder than httpclose.",
            advice: "use 'option httpclose' or remove the line"),
        .refused(
            "option http-tunnel", .proxies, "Stopped looking after the first exchange.",
            advice: "remove the line"),
        .refused(
            "option http_proxy", .proxies, "Connected to the address in the request.",
            advice: "use 'http-request set-dst' when it is there"),
    ]

    /// A switch that stands for itself.
    private static func option(
        _ name: String, _ sections: SectionSet, _ bits: ProxyOptions, _ summary: String
    ) -> Row {
        Row("option \(name)", sections, prefixes: .both, elsewhere: .ignored, summary) {
            draft, arguments, _ in
            draft.set(bits, arguments)
        }
    }

    /// One of the ways to end an exchange, of which the last one given holds.
    private static func connectionOption(
        _ name: String, _ bits: ProxyOptions, _ summary: String
    ) -> Row {
        Row("option \(name)", .proxies, prefixes: .both, summary) { draft, arguments, _ in
            let all: ProxyOptions = [.httpClose, .httpServerClose]
            if arguments.prefix == .none {
                draft.proxy.options = draft.proxy.options.subtracting(all).union(bits)
            } else {
                draft.proxy.options.subtract(bits)
            }
        }
    }
}

extension ProxyDraft {
    /// Sets options, or clears them behind `no` and `default`.
    mutating func set(_ bits: ProxyOptions, _ arguments: KeywordArguments) {
        if arguments.prefix == .none {
            proxy.options.formUnion(bits)
        } else {
            proxy.options.subtract(bits)
        }
    }
}

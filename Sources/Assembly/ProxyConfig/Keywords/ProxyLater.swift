// Keywords of proxies that are known and refused until they work, and those HAProxy has given up.

import ConfigLanguage

extension ProxyKeywords {
    static let later: [Row] =
        rows(.proxies, everywhere) + rows(.clientSide, clients) + rows(.serverSide, servers)
        + rows([.frontend, .listen], frontends) + rows([.backend, .listen], backends)
        + rows([.frontend, .backend, .listen], notInDefaults) + refusals

    /// Names with an exclamation mark may stand behind `no`, which changes nothing.
    private static func rows(_ sections: SectionSet, _ names: [(String, String)]) -> [Row] {
        names.map { name, summary in
            name.hasSuffix("!")
                ? .notYet(String(name.dropLast()), sections, prefixes: .both, summary)
                : .notYet(name, sections, summary)
        }
    }

    private static let everywhere: [(String, String)] = [
        ("compression algo", "Chooses compression algorithms."),
        ("compression algo-req", "Chooses the compression algorithm of requests."),
        ("compression algo-res", "Chooses compression algorithms of responses."),
        ("compression direction", "Chooses whether requests, responses or both are compressed."),
        ("compression minsize-req", "Leaves small requests uncompressed."),
        ("compression minsize-res", "Leaves small responses uncompressed."),
        ("compression type", "Chooses what is worth compressing."),
        ("email-alert from", "Sets the sender of alert mails."),
        ("email-alert level", "Sets from which level on alert mails are sent."),
        ("email-alert mailers", "Names who delivers alert mails."),
        ("email-alert myhostname", "Sets the host name told to mail servers."),
        ("email-alert to", "Sets the receiver of alert mails."),
        ("stats auth", "Asks for a password before the statistics page."),
        ("stats enable", "Serves the statistics page."),
        ("stats hide-version", "Leaves the version out of the statistics page."),
        ("stats realm", "Names the realm of the statistics page."),
        ("stats refresh", "Sets how often the statistics page reloads."),
        ("stats scope", "Limits the statistics page to some proxies."),
        ("stats show-desc", "Shows a description on the statistics page."),
        ("stats show-legends", "Shows more details on the statistics page."),
        ("stats show-modules", "Shows counters of modules on the statistics page."),
        ("stats show-node", "Shows the node's name on the statistics page."),
        ("stats uri", "Sets the path of the statistics page."),
    ]

    private static let clients: [(String, String)] = [
        ("clitcpka-cnt", "Sets how many keepalives a client may miss."),
        ("clitcpka-idle", "Sets how long a client is silent before keepalives."),
        ("clitcpka-intvl", "Sets the pause between keepalives to a client."),
        ("max-session-srv-conns", "Bounds the server connections a client's connection may hold."),
        ("option h1-case-adjust-bogus-client!", "Writes field names in another case to clients."),
        ("option http-drop-response-trailers!", "Removes trailers of responses."),
        ("quic-initial", "Acts on the first packets of QUIC connections."),
        ("timeout client-hs", "Bounds a client's TLS handshake."),
    ]

    private static let servers: [(String, String)] = [
        ("cookie", "Binds clients to servers by a cookie."),
        ("dynamic-cookie-key", "Sets the secret of cookies that are made up."),
        ("external-check command", "Names the program that checks servers."),
        ("external-check path", "Sets PATH for the program that checks servers."),
        ("hash-balance-factor", "Bounds the load that hashing may put on one server."),
        ("hash-preserve-affinity", "Sets when hashing may leave its server."),
        ("hash-type", "Chooses how hashes point to servers."),
        ("http-check comment", "Names the step of a check that failed."),
        ("http-check connect", "Opens a connection in a check."),
        ("http-check disable-on-404", "Takes a server out softly when its check says 404."),
        ("http-check expect", "Sets what a check must answer."),
        ("http-check send", "Sets what a check asks."),
        ("http-check send-state", "Tells the server its state in a check."),
        ("http-check set-var()", "Sets a variable in a check."),
        ("http-check set-var-fmt()", "Sets a variable in a check from a log format."),
        ("http-check unset-var()", "Removes a variable in a check."),
        ("option checkcache!", "Refuses responses that caches could leak."),
        ("option external-check", "Checks servers by a program."),
        ("option h1-case-adjust-bogus-server!", "Writes field names in another case to servers."),
        ("option http-drop-request-trailers!", "Removes trailers of requests."),
        ("option httpchk", "Checks servers by HTTP requests."),
        ("option ldap-check", "Checks LDAP servers."),
        ("option mysql-check", "Checks MySQL servers."),
        ("option pgsql-check", "Checks PostgreSQL servers."),
        ("option redis-check", "Checks Redis servers."),
        ("option smtpchk", "Checks SMTP servers."),
        ("option spop-check", "Checks SPOP agents."),
        ("option ssl-hello-chk", "Checks servers by a TLS hello."),
        ("option tcp-check", "Checks servers by a script of bytes."),
        ("option transparent!", "Sends what no server takes where the client wanted to go."),
        ("option use-small-buffers!", "Keeps waiting requests in small buffers."),
        ("persist rdp-cookie()", "Binds clients to servers by an RDP cookie."),
        ("persist rdp-cookie", "Binds clients to servers by an RDP cookie."),
        ("srvtcpka-cnt", "Sets how many keepalives a server may miss."),
        ("srvtcpka-idle", "Sets how long a server is silent before keepalives."),
        ("srvtcpka-intvl", "Sets the pause between keepalives to a server."),
        ("tcp-check comment", "Names the step of a check that failed."),
        ("tcp-check connect", "Opens a connection in a check."),
        ("tcp-check expect", "Sets what a check must receive."),
        ("tcp-check send", "Sends a text in a check."),
        ("tcp-check send-lf", "Sends a formatted text in a check."),
        ("tcp-check send-binary", "Sends bytes in a check."),
        ("tcp-check send-binary-lf", "Sends formatted bytes in a check."),
        ("tcp-check set-var()", "Sets a variable in a check."),
        ("tcp-check set-var-fmt()", "Sets a variable in a check from a log format."),
        ("tcp-check unset-var()", "Removes a variable in a check."),
        ("transparent", "Is the old name of option transparent."),
    ]

    private static let frontends: [(String, String)] = [
        ("crt", "Loads a certificate."),
        ("ssl-f-use", "Adds a certificate to the listeners of this frontend."),
    ]

    private static let backends: [(String, String)] = [
        ("dispatch", "Sends everything to one address."),
        ("use-fcgi-app", "Names the FastCGI application of the servers."),
    ]

    private static let notInDefaults: [(String, String)] = [
        ("compression offload", "Keeps servers from compressing."),
        ("filter-sequence", "Sets the order of filters."),
        ("force-be-switch", "Sends streams to a backend that takes no traffic."),
        ("stats admin", "Allows actions on the statistics page."),
        ("stats http-request", "Controls access to the statistics page."),
    ]

    private static let refusals: [Row] = gone.map { name, summary, advice in
        .refused(name, .proxies, summary, advice: advice)
    }

    /// Keywords of old configurations, with what took their place.
    private static let gone: [(String, String, String)] = [
        ("clitimeout", "Was the old form of 'timeout client'.", "use 'timeout client'"),
        ("contimeout", "Was the old form of 'timeout connect'.", "use 'timeout connect'"),
        ("srvtimeout", "Was the old form of 'timeout server'.", "use 'timeout server'"),
        ("redispatch", "Was the old form of 'option redispatch'.", "use 'option redispatch'"),
        (
            "appsession", "Bound clients to servers by an application's cookie.",
            "use 'stick-table' and 'stick' when they are there"
        ),
        ("block", "Refused requests by a condition.", "use 'http-request deny' when it is there"),
        ("reqadd", "Added a request field.", "use 'http-request add-header' when it is there"),
        (
            "reqrep", "Changed a request by a pattern.",
            "use 'http-request' rules when they are there"
        ),
        (
            "reqirep", "Changed a request by a pattern.",
            "use 'http-request' rules when they are there"
        ),
        (
            "reqdel", "Removed request fields by a pattern.",
            "use 'http-request del-header' when it is there"
        ),
        (
            "reqidel", "Removed request fields by a pattern.",
            "use 'http-request del-header' when it is there"
        ),
        ("reqdeny", "Refused requests by a pattern.", "use 'http-request deny' when it is there"),
        ("reqideny", "Refused requests by a pattern.", "use 'http-request deny' when it is there"),
        ("reqallow", "Allowed requests by a pattern.", "use 'http-request allow' when it is there"),
        (
            "reqiallow", "Allowed requests by a pattern.",
            "use 'http-request allow' when it is there"
        ),
        (
            "reqtarpit", "Tarpitted requests by a pattern.",
            "use 'http-request tarpit' when it is there"
        ),
        (
            "reqitarpit", "Tarpitted requests by a pattern.",
            "use 'http-request tarpit' when it is there"
        ),
        (
            "reqpass", "Left requests alone by a pattern.",
            "use 'http-request' rules when they are there"
        ),
        (
            "reqipass", "Left requests alone by a pattern.",
            "use 'http-request' rules when they are there"
        ),
        ("rspadd", "Added a response field.", "use 'http-response add-header' when it is there"),
        (
            "rspdel", "Removed response fields by a pattern.",
            "use 'http-response del-header' when it is there"
        ),
        (
            "rspidel", "Removed response fields by a pattern.",
            "use 'http-response del-header' when it is there"
        ),
        ("rspdeny", "Refused responses by a pattern.", "use 'http-response deny' when it is there"),
        (
            "rspideny", "Refused responses by a pattern.",
            "use 'http-response deny' when it is there"
        ),
        (
            "rsprep", "Changed a response by a pattern.",
            "use 'http-response' rules when they are there"
        ),
        (
            "rspirep", "Changed a response by a pattern.",
            "use 'http-response' rules when they are there"
        ),
        (
            "monitor-net", "Answered a network's connections by itself.",
            "use 'http-request return' when it is there"
        ),
        ("bind-process", "Bound a proxy to processes.", "use 'thread' on 'bind' lines"),
        ("grace", "Was the grace time of a proxy.", "use 'grace' in the global section"),
    ]
}

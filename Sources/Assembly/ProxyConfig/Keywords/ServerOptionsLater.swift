// Options of `server` that are known and change nothing yet, and those refused until they work.

import ConfigLanguage

extension ServerOptions {
    static let withoutEffect: [Row] =
        because(
            "no connection is taken from another worker",
            [
                ("pool-low-conn", [.count], "Takes no connections of others below this number.")
            ])
        + because(
            "there are no health checks yet",
            [
                ("error-limit", [.count], "Sets how many errors count as too many."),
                ("fall", [.count], "Sets how many failed checks take a server down."),
                ("rise", [.count], "Sets how many good checks bring a server up."),
                ("inter", [.time], "Sets the pause between checks."),
                ("fastinter", [.time], "Sets the pause between checks while the state changes."),
                ("downinter", [.time], "Sets the pause between checks of a server that is down."),
                ("port", [.integer(1...65535)], "Checks this port instead of the server's."),
                (
                    "init-state", [.choice("fully-up", "up", "down", "fully-down", "none")],
                    "Sets the state before the first check."
                ),
                ("no-agent-check", [], "Takes 'agent-check' of the default-server back."),
                ("no-check", [], "Takes 'check' of the default-server back."),
                ("no-check-reuse-pool", [], "Takes 'check-reuse-pool' of the default-server back."),
                ("no-check-send-proxy", [], "Takes 'check-send-proxy' of the default-server back."),
                ("no-check-sni-auto", [], "Takes 'check-sni-auto' of the default-server back."),
                ("no-check-ssl", [], "Takes 'check-ssl' of the default-server back."),
            ])
        + because(
            "there is no TLS yet",
            [
                ("no-renegotiate", [], "Takes 'renegotiate' of the default-server back."),
                ("no-sni-auto", [], "Takes 'sni-auto' of the default-server back."),
                ("no-ssl", [], "Takes 'ssl' of the default-server back."),
                ("no-ssl-reuse", [], "Resumes no TLS sessions."),
                ("no-sslv3", [], "Refuses SSLv3."),
                ("no-tls-tickets", [], "Asks for no session tickets."),
                ("no-tlsv10", [], "Refuses TLS 1.0."),
                ("no-tlsv11", [], "Refuses TLS 1.1."),
                ("no-tlsv12", [], "Refuses TLS 1.2."),
                ("no-tlsv13", [], "Refuses TLS 1.3."),
                ("no-verifyhost", [], "Takes 'verifyhost' of the default-server back."),
            ])
        + because(
            "PROXY headers are not sent yet",
            [
                ("no-send-proxy", [], "Takes 'send-proxy' of the default-server back."),
                ("no-send-proxy-v2", [], "Takes 'send-proxy-v2' of the default-server back."),
                (
                    "no-send-proxy-v2-ssl", [],
                    "Takes 'send-proxy-v2-ssl' of the default-server back."
                ),
                (
                    "no-send-proxy-v2-ssl-cn", [],
                    "Takes 'send-proxy-v2-ssl-cn' of the default-server back."
                ),
            ])

    private static func because(
        _ reason: String, _ names: [(String, [ArgumentShape], String)]
    ) -> [Row] {
        names.map { name, shapes, summary in
            .withoutEffect(name, .backend, takes: shapes, summary, reason: reason)
        }
    }

    static let later: [Row] = notYet.map { name, summary in .notYet(name, .backend, summary) }

    private static let notYet: [(String, String)] = [
        ("addr", "Checks this address instead of the server's."),
        ("agent-addr", "Sets the address of the agent."),
        ("agent-check", "Asks an agent for the server's state."),
        ("agent-inter", "Sets how often the agent is asked."),
        ("agent-port", "Sets the port of the agent."),
        ("agent-send", "Sets what is sent to the agent."),
        ("allow-0rtt", "Sends early data of TLS 1.3."),
        ("alpn", "Lists the protocols offered over TLS."),
        ("ca-file", "Names the CAs of the server's certificate."),
        ("cc", "Chooses the congestion control of connections."),
        ("check", "Checks the server's health."),
        ("check-alpn", "Lists the protocols offered in checks."),
        ("check-pool-conn-name", "Chooses the connections that checks may use."),
        ("check-proto", "Forces the protocol of checks."),
        ("check-reuse-pool", "Lets checks use idle connections."),
        ("check-send-proxy", "Sends a PROXY header in checks."),
        ("check-sni", "Sets the name asked for in checks."),
        ("check-sni-auto", "Asks in checks for the name in the Host field."),
        ("check-ssl", "Speaks TLS in checks."),
        ("check-via-socks4", "Checks through a SOCKS4 proxy."),
        ("ciphers", "Lists the allowed ciphers."),
        ("ciphersuites", "Lists the allowed TLS 1.3 ciphers."),
        ("client-sigalgs", "Lists the signature algorithms of our certificate."),
        ("crl-file", "Names the list of revoked certificates."),
        ("crt", "Names the certificate shown to the server."),
        ("curves", "Lists the allowed curves."),
        ("ech", "Encrypts the hello."),
        ("force-sslv3", "Allows SSLv3 only."),
        ("force-tlsv10", "Allows TLS 1.0 only."),
        ("force-tlsv11", "Allows TLS 1.1 only."),
        ("force-tlsv12", "Allows TLS 1.2 only."),
        ("force-tlsv13", "Allows TLS 1.3 only."),
        ("hash-key", "Sets what a server's place in hashing comes from."),
        ("idle-ping", "Pings idle HTTP/2 connections."),
        ("ktls", "Lets the kernel encrypt."),
        ("log-bufsize", "Sets the buffer of a log server."),
        ("namespace", "Connects in a network namespace."),
        ("npn", "Lists the protocols offered the old way."),
        ("observe", "Watches live traffic for errors."),
        ("on-error", "Sets what follows too many errors."),
        ("on-marked-down", "Sets what happens to connections of a server that went down."),
        ("on-marked-up", "Sets what happens to connections of backups when a server came up."),
        ("pool-conn-name", "Chooses the connections that requests may share."),
        ("proxy-v2-options", "Adds details to PROXY headers."),
        ("quic-cc-algo", "Chooses the congestion control of QUIC."),
        ("redir", "Answers with a redirect to the server."),
        ("renegotiate", "Allows TLS renegotiation."),
        ("resolve-net", "Prefers addresses in a network."),
        ("resolve-opts", "Sets details of name resolution."),
        ("resolve-prefer", "Prefers an address family."),
        ("resolvers", "Keeps the address up to date by DNS."),
        ("send-proxy", "Sends a PROXY header."),
        ("send-proxy-v2", "Sends a PROXY header of version 2."),
        ("send-proxy-v2-ssl", "Sends a PROXY header with TLS details."),
        ("send-proxy-v2-ssl-cn", "Sends a PROXY header with the client certificate's name."),
        ("set-proxy-v2-tlv-fmt()", "Adds a value to PROXY headers."),
        ("shard", "Sets the server's share of stick-table entries."),
        ("sigalgs", "Lists the allowed signature algorithms."),
        ("sni", "Sets the name asked for over TLS."),
        ("sni-auto", "Asks for the name in the Host field over TLS."),
        ("socks4", "Connects through a SOCKS4 proxy."),
        ("ssl", "Speaks TLS."),
        ("ssl-max-ver", "Sets the highest TLS version."),
        ("ssl-min-ver", "Sets the lowest TLS version."),
        ("ssl-reuse", "Resumes TLS sessions."),
        ("strict-maxconn", "Counts connections instead of requests in 'maxconn'."),
        ("tcp-md5sig", "Signs segments with MD5."),
        ("tls-tickets", "Asks for session tickets."),
        ("track", "Takes the state of another server."),
        ("usesrc", "Connects from the client's address."),
        ("verify", "Checks the server's certificate."),
        ("verifyhost", "Sets the name the certificate must have."),
        ("ws", "Sets how WebSocket reaches the server."),
    ]
}

// The commands of the manual that are known and not supported yet: they are answered by name, so
// that a client can tell them from a typing mistake.

import Proxy

/// The rows without function.
enum LaterCommands {
    static let commands =
        admin.map { row(.admin, $0, $1) } + operators.map { row(.operator_, $0, $1) }
        + users.map { row(.user, $0, $1) }

    private static func row(
        _ level: StatsSocketConfiguration.Level, _ name: String, _ sentence: String
    ) -> Command {
        Command(
            name.split(separator: " ").map(String.init), level: level, sentence, run: nil)
    }

    private static let admin = [
        ("abort ssl ca-file", "give up the change of a CA file"),
        ("abort ssl cert", "give up the change of a certificate"),
        ("abort ssl crl-file", "give up the change of a revocation list"),
        ("acme renew", "renew a certificate"),
        ("add server", "add a server to a backend"),
        ("add ssl ca-file", "add to a CA file"),
        ("add ssl crt-list", "add to a list of certificates"),
        ("commit ssl ca-file", "put the change of a CA file into force"),
        ("commit ssl cert", "put the change of a certificate into force"),
        ("commit ssl crl-file", "put the change of a revocation list into force"),
        ("debug counters", "show or clear counters of internal events"),
        ("debug dev", "use a command for developers"),
        ("del server", "remove a server from a backend"),
        ("del ssl ca-file", "remove a CA file"),
        ("del ssl cert", "remove a certificate"),
        ("del ssl crl-file", "remove a revocation list"),
        ("del ssl crt-list", "remove from a list of certificates"),
        ("disable agent", "stop the agent checks of a server"),
        ("disable dynamic-cookie backend", "stop dynamic cookies in a backend"),
        ("disable health", "stop the health checks of a server"),
        ("dump ssl cert", "show a certificate as it would be in a file"),
        ("enable agent", "resume the agent checks of a server"),
        ("enable dynamic-cookie backend", "resume dynamic cookies in a backend"),
        ("enable health", "resume the health checks of a server"),
        ("httpclient", "make an HTTP request"),
        ("new ssl ca-file", "create an empty CA file"),
        ("new ssl cert", "create an empty certificate"),
        ("new ssl crl-file", "create an empty revocation list"),
        ("set anon", "hide names in what is shown"),
        ("set dynamic-cookie-key backend", "change the key of dynamic cookies"),
        ("set profiling", "measure the work of tasks or memory"),
        ("set rate-limit", "change a limit of events per second"),
        ("set ssl ca-file", "replace a CA file"),
        ("set ssl cert", "replace a certificate"),
        ("set ssl crl-file", "replace a revocation list"),
        ("set ssl ocsp-response", "replace an OCSP response"),
        ("set ssl tls-key", "set the next key for session tickets"),
        ("show ssl sni", "list the names certificates are served for"),
        ("trace", "follow events"),
        ("update ssl ocsp-response", "fetch an OCSP response"),
    ]

    private static let operators = [
        ("acme status", "list the certificates that are renewed"),
        ("show activity", "show the work of threads"),
        ("show anon", "show whether names are hidden"), ("show cache", "show the cache"),
        ("show dev", "show facts for developers"),
        ("show errors", "show the last messages that were not valid"),
        ("show fd", "list descriptors"),
        ("show libs", "list loaded libraries"), ("show peers", "show the peers"),
        ("show pools", "show the memory in pools"),
        ("show profiling", "show what profiling measured"), ("show quic", "list QUIC connections"),
        ("show resolvers", "show counters of name resolution"),
        ("show ssl ca-file", "list CA files or show one"),
        ("show ssl cert", "list certificates or show one"),
        ("show ssl crl-file", "list revocation lists or show one"),
        ("show ssl crt-list", "list lists of certificates or show one"),
        ("show ssl ocsp-response", "list OCSP responses or show one"),
        ("show ssl ocsp-updates", "list the next updates of OCSP responses"),
        ("show ssl providers", "list providers of cryptography"),
        ("show startup-logs", "show what was said at the start"),
        ("show tasks", "list tasks"),
        ("show threads", "show the state of threads"),
        ("show tls-keys", "list keys for session tickets"), ("show trace", "show what is followed"),
        ("dump stats-file", "show the counters for a statistics file"),
    ]

    private static let users: [(String, String)] = []
}

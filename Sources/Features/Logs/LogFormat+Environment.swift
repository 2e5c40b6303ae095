// The standard formats under the names of environment variables, so that a configuration can build
// on them. Source: configuration manual, "Environment variables".

extension LogFormat {
    /// Each standard format by the variable that holds it.
    public static let variables = [
        "HAPROXY_TCP_LOG_FMT": StandardFormat.tcp,
        "HAPROXY_TCP_CLF_LOG_FMT": StandardFormat.tcpCLF,
        "HAPROXY_HTTP_LOG_FMT": StandardFormat.http,
        "HAPROXY_HTTP_CLF_LOG_FMT": StandardFormat.httpCLF,
    ]
}

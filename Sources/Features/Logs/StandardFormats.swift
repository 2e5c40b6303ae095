// The formats behind `option tcplog` and its kin, and which of them a proxy gets. Some have names
// in the environment, so that a configuration can build on them.
// Source: configuration manual, "Log formats" and "Environment variables".

import Proxy

/// The formats that options choose.
public enum StandardFormat {
    /// `option tcplog`.
    public static let tcp =
        "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"
    /// `option tcplog clf`.
    public static let tcpCLF =
        #"%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- "#
        + #"%ac %fc %bc %sc %rc %sq %bq "" "" "#
    /// `option httplog`.
    public static let http = """
        %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
        %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r
        """
    /// `option httpslog`: dashes and zeros stand for what only connections with TLS have, of which
    /// there are none towards clients yet.
    public static let https = http + " %[fc_err]/-/-/-/0 -/-/-"
    /// `option httplog clf`.
    public static let httpCLF = """
        %{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc \
        %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl
        """
    /// Without any format: one line when a connection is accepted.
    public static let connectTCP = "Connect from %ci:%cp to %fi:%fp (%f/TCP)"
    /// As `connectTCP`, in HTTP mode.
    public static let connectHTTP = "Connect from %ci:%cp to %fi:%fp (%f/HTTP)"

    /// Each standard format by the environment variable that holds it.
    public static let variables = [
        "HAPROXY_TCP_LOG_FMT": tcp,
        "HAPROXY_TCP_CLF_LOG_FMT": tcpCLF,
        "HAPROXY_HTTP_LOG_FMT": http,
        "HAPROXY_HTTP_CLF_LOG_FMT": httpCLF,
        "HAPROXY_HTTPS_LOG_FMT": https,
    ]

    /// The format that a proxy's options choose; nil where they choose none.
    public static func chosen(by options: ProxyOptions, isHTTP: Bool) -> String? {
        let isCLF = options.contains(.clfLog)
        if options.contains(.httpLog) && isHTTP {
            if options.contains(.httpsLog) { return https }
            return isCLF ? httpCLF : http
        }
        if !options.isDisjoint(with: [.httpLog, .tcpLog]) {
            return isCLF ? tcpCLF : tcp
        }
        return nil
    }
}

// Small configurations and whether they are accepted, beside haproxy -c.

import ConfigLanguage
import Foundation
import ProxyConfig
import ReferenceHAProxy
import Testing

/// The same small configurations given to `haproxy -c` and to the loader: both accept or both
/// refuse, and both give the same warnings, for a warning is a failure under `-dW`.
@Suite(.enabled(if: ReferenceProcess.program != nil, "haproxy is not installed"))
struct VerdictTests {
    private static let tcp =
        "defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
    private static let http = tcp + " mode http\n"

    /// Configurations whose verdict and warnings are the same.
    static let same: [String] = {
        let inGlobal = global.map { "global\n \($0)\n" }
        let inFrontend = frontends.map { http + "frontend f\n bind :8001\n \($0)\n" }
        let inBackend = backends.map { tcp + "backend b\n \($0)\n" }
        let inTCP = needingHTTP.map { tcp + "frontend f\n bind :8001\n option \($0)\n" }
        return inTCP + whole + inGlobal + proxies.map { tcp + $0 } + inFrontend + inBackend
    }()

    private static let inherited =
        "defaults n\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n "
    private static let ruled = inherited + "mode http\n http-request set-header a b\n"
    private static let ring = tcp + "listen l\n bind :8001\nring a\n "

    private static let whole: [String] = [
        "", "# nothing\n", "global\n", "foo\n", "global\n foo\n", "global x\n", "frontend\n",
        "frontend a/b\n", "frontend f\n bind :8001\n", "global\n maxconn 10",
        "frontend f\n bind :8001\n default_backend b\nbackend b\n server s 127.0.0.1:1\n",
        "frontend f\n timeout client 1s\n bind :8001\nbackend b\n timeout server 1s\n"
            + " server s 127.0.0.1:1\n",
        "listen b\n bind :8001\n timeout client 1s\n monitor-uri /a\n",
        "listen b\n bind :8001\n timeout client 1s\n mode http\n monitor-uri\n",
        "listen b\n bind :8001\n timeout client 1s\n mode http\n monitor-uri /a\n",
        "backend b\n timeout server 1s\n", "ring\n", "ring a\nring a\n", "ring a/b\n",
        "ring buf0\n", ring + "size 100\n", ring + "maxlen 20000\n", ring + "format foo\n",
        ring + "format rfc5424\n maxlen 500\n size 32764\n description a b\n",
        ring + "foo\n", ring + "timeout server x\n", ring + "server s 127.0.0.1:1\n",
        ring + "server s 127.0.0.1:1 log-proto x\n",
        ring + "timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1 log-proto legacy\n",
        ring + "timeout connect 1s\n timeout server 1s\n server s 127.0.0.1:1\n"
            + " server s 127.0.0.1:2\n",
        "global\n log ring@buf0 local0\n", "global\n log tcp@127.0.0.1:4 len 2000 local0\n",
        "global\n log uxst@/tmp/a local0\n", "global\n log stream+127.0.0.1:4 local0\n",
        "backend b\n timeout connect 1s\n timeout tunnel 1s\n server s 127.0.0.1:1\n",
        "defaults\n timeout client 1s\ndefaults b\nfrontend f\n bind :8001\n",
        "defaults a\n timeout client 1s\ndefaults b from a\nfrontend f\n bind :8001\n",
        "defaults a\n timeout client 1s\ndefaults b\nfrontend f from a\n bind :8001\n",
        "defaults a\ndefaults a\nfrontend f from a\n bind :8001\n",
        "frontend f from nope\n bind :8001\n",
        "defaults c from nope\n",
        tcp + " mode http\nfrontend f\n bind :8001\n option httpslog\n",
        tcp + "frontend f\n bind :8001\n option httpslog\n",
        tcp + "frontend f\n bind :8001\n no option httpslog\n",
        // Rules of defaults are for frontends or for backends, and not for both.
        ruled + "listen l\n bind :8001\n server s 127.0.0.1:1\n",
        ruled + "listen l from n\n bind :8001\n server s 127.0.0.1:1\n",
        ruled + "frontend f\n bind :8001\nbackend b\n server s 127.0.0.1:1\n",
        ruled + "frontend f from n\n bind :8001\nbackend b from n\n server s 127.0.0.1:1\n",
        ruled + "backend b\n server s 127.0.0.1:1\nfrontend f\n bind :8001\n",
        ruled + "frontend f\n bind :8001\nfrontend g\n bind :8002\n",
        ruled + "defaults m from n\n timeout queue 1s\nfrontend f\n bind :8001\n",
        ruled + "frontend f from n\n bind :8001\n" + http + "listen l\n bind :8002\n",
        inherited + "mode http\n http-after-response set-header a b\nlisten l\n bind :8001\n",
        inherited + "tcp-request content accept\nlisten l\n bind :8001\n",
        inherited + "tcp-request inspect-delay 1s\nlisten l\n bind :8001\n",
        inherited + "mode http\n acl a path /\nlisten l from n\n bind :8001\n",
        // Rules that a proxy cannot have are not inherited by it either, in silence.
        tcp + " acl a src 127.0.0.1\nfrontend f\n bind :8001\n",
        inherited + "tcp-response content reject\nfrontend f from n\n bind :8001\n",
        inherited + "tcp-response content reject\nbackend b from n\n",
        inherited + "tcp-request connection reject\nfrontend f from n\n bind :8001\n",
        inherited + "tcp-request connection reject\nbackend b from n\n",
        inherited + "tcp-request session reject\nbackend b from n\n",
        inherited + "tcp-request content reject\nbackend b from n\n",
        inherited + "acl a src 127.0.0.1\nbackend b from n\n",
        "global\n setenv A :8001\nfrontend f\n timeout client 1s\n bind \"$A\"\n",
        "global\n setenv A\n", "global\n unsetenv\n",
        "global\npresetenv A b\nfrontend f\n timeout client 1s\n bind $A:8001\n",
        ".if 1\n.endif\n", ".if 1\n", ".if foo\n.endif\n", ".alert x\n", ".warning x\n",
        ".notice x\n", ".foo\n",
        ".if feature(THREAD) && !defined(NOPE)\nfrontend f\n timeout client 1s\n bind :8001\n.endif\n",
        "global\ndescription \"a\n", "global\n description \\xZZ\n",
        "global\n description \"${A\"\n",
    ]

    private static let global: [String] = [
        "maxconn", "maxconn 1 2", "maxconn 5\n maxconn 6", "nbthread 0", "nbthread x", "nbthread 2",
        "daemon", "daemon x", "quiet", "pidfile /a\n pidfile /b", "chroot /a\n chroot /b",
        "user root",
        "user nosuchuser", "group nosuch", "user root\n uid 3", "node", "node a/b", "node a b",
        "description",
        "description a b c", "hard-stop-after", "hard-stop-after x", "hard-stop-after 5s",
        "grace 5s",
        "strict-limits", "no strict-limits", "zero-warning",
        "log", "log foo", "log 127.0.0.1", "log 127.0.0.1 local9", "log 127.0.0.1 local0 foo",
        "log 127.0.0.1 local0 info debug", "log 127.0.0.1 local0 info foo",
        "log 127.0.0.1 len 100 local0",
        "log 127.0.0.1 len 70 local0", "log 127.0.0.1 format rfc5424 local0",
        "log 127.0.0.1 format foo local0",
        "log stdout local0", "log stdout format raw local0", "log global", "log stderr local0",
        "log fd@2 local0",
        "log /dev/log local0 notice notice", "log 127.0.0.1:514 sample 1:2 local0",
        "log 127.0.0.1 sample 1,3-5:7 local0", "log 127.0.0.1 sample 8:7 local0",
        "log 127.0.0.1 sample foo local0", "log $NO local0", "log 127.0.0.1 local0 info info info",
        "stats socket", "stats socket /tmp/x", "stats socket /tmp/y mode 600 level admin",
        "stats socket /tmp/z level foo", "stats socket /tmp/z level", "stats socket /tmp/z mode 9",
        "stats socket 127.0.0.1:9999 level operator", "stats socket ipv4@127.0.0.1:9998",
        "stats socket fd@77",
        "stats socket /tmp/a expose-fd listeners", "stats socket /tmp/a expose-fd foo",
        "stats socket /tmp/a user root group root", "stats socket /tmp/a user nosuch",
        "stats socket /tmp/a foo",
        "stats timeout 5s", "stats timeout", "stats timeout x", "stats timeout 0",
        "stats maxconn 5",
        "stats maxconn 0", "stats foo", "stats", "unix-bind prefix /tmp mode 700 user root",
        "unix-bind foo",
        "cpu-map 1 0", "cpu-map auto:1-4 0-3", "cpu-map 1/1-4 0-1", "cpu-map x 0", "cpu-map 1",
        "cpu-map 1 x",
        "cpu-map 1/all 0-1", "tune.http.maxhdr 0", "tune.http.maxhdr 32768", "tune.http.maxhdr 100",
        "tune.idletimer 65536", "tune.idletimer 100", "tune.pool-low-fd-ratio 101",

        "tune.idle-pool.shared maybe", "tune.idle-pool.shared off", "tune.bufsize 16384",
        "tune.bufsize 16k",
        "tune.bufsize x", "tune.bufsize", "tune.maxaccept -1", "nosplice", "noreuseport",
        "log-tag a",
        "log-send-hostname", "log-send-hostname a", "no foo", "fd-hard-limit 1000", "localpeer x",
    ]

    private static let proxies: [String] = [
        "frontend f\n", "frontend f\n bind :8001\n",
        "frontend f\n bind :8001\n default_backend nope\n",
        "frontend f\n bind :8001\n default_backend g\nfrontend g\n bind :8002\n",
        "listen l\n bind :8001\n",
        "listen l\n server s 127.0.0.1:1\n", "backend b\n", "backend b\nbackend b\n",
        "backend b\nfrontend b\n bind :8001\n", "backend b\nlisten b\n bind :8001\n",
        "backend b\n id 5\n server s 127.0.0.1:1\nbackend c\n id 5\n",
        "frontend f\n bind :8001\n mode http\n default_backend b\nbackend b\n server s 127.0.0.1:1\n",
        "frontend f\n bind :8001\n default_backend b\nbackend b\n mode http\n server s 127.0.0.1:1\n",
        "frontend f\n bind :8001\n option httplog\n",
        "frontend f\n bind :8001\n option httplog\n log 127.0.0.1 local0\n",
        "frontend f\n bind :8001\n log global\n option tcplog\n",
        "global\n log 127.0.0.1 local0\nfrontend f\n bind :8001\n log global\n option tcplog\n",
        "frontend f\n bind :8001\n option forwardfor\n",
        "frontend f\n bind :8001\n option http-server-close\n",
        "frontend f\n bind :8001\n server s 127.0.0.1:1\n", "backend b\n bind :80\n",
        "frontend f\n bind :8001\n balance roundrobin\n retries 3\n option redispatch\n timeout server 1s\n"
            + " timeout connect 1s\n option abortonclose\n",
        "backend b\n timeout client 1s\n option dontlognull\n backlog 3\n option clitcpka\n",
        "backend b\n option httplog\n mode http\n", "backend b\n log-format %ci\n",
        "defaults\n mode http\n option httplog\n log-format %ci\n option tcplog\nfrontend f\n timeout client 1s\n bind :1\n log-format %ci\n option httplog\n",
        "backend b\n timeout client-fin 3\n",
        "defaults\n bind :80\n", "defaults\n server s 127.0.0.1:1\n", "defaults\n id 3\n",
        "defaults\n mode http\n option httplog\n option tcplog\n",
        "defaults\n mode http\n option forwardfor\n timeout client 1s\nlisten x\n mode tcp\n bind :8001\n",
        "backend z\n mode tcp\n option http-server-close\n option forwardfor\n",
        "frontend f\n bind :8001\n disabled\n default_backend nope\n",
        "frontend f\n bind :8001 id 3\n bind :8002 id 3\n",
    ]

    /// Options that need HTTP, in TCP mode.
    private static let needingHTTP: [String] = [
        "http-ignore-probes", "idle-close-on-response", "disable-h2-upgrade", "http-no-delay",
        "accept-invalid-http-request", "originalto", "forwardfor",
        "httpclose", "http-server-close", "http-keep-alive", "splice-auto",
    ]

    private static let frontends: [String] = [
        "mode htp", "bind", "bind foo", "bind ::1", "bind [::1]", "bind [::1]:80", "bind :::80",
        "bind 1.2.3.4",
        "bind *:80", "bind /tmp/x", "bind abns@x", "bind unix@x", "bind fd@99", "bind fd@x",
        "bind ipv4@::1:80",
        "bind ipv6@:80", "bind udp@1.2.3.4:80", "bind tcp@1.2.3.4:80", "bind :8000-8010",
        "bind :8010-8000",
        "bind :0", "bind :80-", "bind :+80", "bind :65536", "bind :80,:81", "bind :80,",
        "bind ,:80", "bind $NO:80",
        "bind foo@1.2.3.4:80", "bind :80 foo", "bind :80 maxconn", "bind :80 maxconn 3",
        "bind :80 mode 600",
        "bind :80 name", "bind :80 name x", "bind :80 id 0", "bind :80 id x", "bind :80 interface",
        "bind :80 mss 0", "bind :80 mss 1400", "bind :80 mss 99999",
        "bind :80 nice 5000",
        "bind :80 tcp-ut 5s", "bind :80 thread 1", "bind :80 thread 1-2", "bind :80 thread all",
        "bind :80 thread odd", "bind :80 thread x", "bind :80 level admin", "bind :80 proto h1",
        "bind :80 proto foo", "bind :80 v4v6 v6only transparent tfo defer-accept",
        "bind /tmp/s mode 777x",
        "bind /tmp/s user nosuch", "timeout", "timeout foo 3", "timeout client",
        "timeout client 5x",
        "timeout client 5 6", "timeout client 100d", "timeout client 500us", "timeout client 1S",
        "timeout client -1", "timeout tarpit 5s", "timeout http-keep-alive 1s",
        "timeout http-request 1s",
        "option", "option foo", "option htplog", "option httplog x", "option forwardfor foo",
        "option forwardfor except 127.0.0.0/8 header X-Y if-none", "option forwardfor except foo",
        "option forwardfor header", "option originalto except 10.0.0.1 header A",
        "option nolinger x",
        "option tcpka", "option http_proxy", "option forceclose", "option http-tunnel",
        "option splice-auto",
        "no option httplog", "no option http-server-close", "no option foo",
        "no timeout client 5s", "no log", "no maxconn 3", "no", "no option",
        "rate-limit sessions 5",
        "rate-limit sessions x", "rate-limit foo", "maxconn", "maxconn 5", "maxconn 5 6",
        "default_backend",
        "clitimeout 3", "disabled", "enabled", "mode", "id", "id 0", "id x", "id 7", "description",
        "log-tag x",
        "errorfile 999 /dev/null", "errorfile 503", "errorfile", "errorfile 500 nofile",
        "errorfile 500 /dev/null",
        "errorfile 500 /etc/passwd", "backlog 5", "log global", "log global local0",
        "log 127.0.0.1 local0\n no log\n log 127.0.0.1:5 local1",
        "option http-ignore-probes", "option log-separate-errors", "option logasap",

        "option dontlog-normal", "option tcp-smart-accept",
        "log-format", "log-format a b", "log-format %foo", "log-format \"%ci %ST\"",
        "log-format %r", "log-format %TR", "log-format %ci%", "log-format %{+Q", "log-format %{+Q}",
        "log-format \"% ci\"", "log-format %[src", "log-format %[nope]", "log-format %[src,nope]",
        "log-format %[req.hdr(x)]", "unique-id-format %foo", "unique-id-format %r",
        "unique-id-format \"%{+X}o %ci:%cp_%fi:%fp_%Ts_%rt:%pid\"",
        "tcp-request session set-var-fmt(sess.x) %HM",
        "tcp-request session set-var-fmt(sess.x) %ci",
        "log 127.0.0.1 local0\n log-format \"%{+Q,-X}o %[src] %{+E}[var(txn.x)] %%\"",
        "log 127.0.0.1 local0\n log-format-sd \"[a@1 b=%ci]\"\n option tcplog",
        "log-format-sd", "log-format-sd %foo",
        "log 127.0.0.1 local0\n log-format \"%ci %ST\"\n error-log-format %ci",
        "log 127.0.0.1 local0\n log-format \"%{+Q}o %ci [%t] %%\"",
    ]

    private static let backends: [String] = [
        "server s", "server", "server s 127.0.0.1:1", "server s/4 127.0.0.1:1",
        "server 's 4' 127.0.0.1:1",
        "server s 127.0.0.1", "server s 127.0.0.1:+10", "server s 127.0.0.1:-5", "server s *",
        "server s :80", "server s 127.0.0.1:1 minconn 5 maxconn 3 slowstart 5s",
        "server s 127.0.0.1:1 slowstart", "fullconn 0",
        "max-keep-alive-queue 5", "max-keep-alive-queue x", "option independent-streams",
        "fullconn 20",
        "server s [::1]:80", "server s ::1:", "server s /tmp/x", "server s 127.0.0.1:80-90",
        "server s 127.0.0.1:70000", "server s fd@3", "server s dgram+127.0.0.1:80",
        "server s stream+127.0.0.1:80",
        "server s 127.0.0.1:1\n server s 127.0.0.1:2",
        "server s 127.0.0.1:1 id 5\n server t 127.0.0.1:2 id 5",
        "server s 127.0.0.1:1 weight 5", "server s 127.0.0.1:1 weight 257",
        "server s 127.0.0.1:1 id 0",
        "server s 127.0.0.1:1 slowstart x",

        "server s 127.0.0.1:1 pool-max-conn -1", "server s 127.0.0.1:1 pool-max-conn -2",
        "server s 127.0.0.1:1 pool-purge-delay 5s", "server s 127.0.0.1:1 foo",
        "server s 127.0.0.1:1 cookie",
        "server s 127.0.0.1:1 cookie x backup no-backup disabled enabled",
        "server s 127.0.0.1:1 init-addr foo",
        "server s 127.0.0.1:1 init-addr last,libc,none", "server s nosuch.invalid:1",
        "server s nosuch.invalid:1 init-addr none", "server s nosuch.invalid:1 init-addr libc,none",
        "server s nosuch.invalid:1 init-addr 1.2.3.4", "server s localhost:1",
        "server s 127.0.0.1:1 source 1.2.3.4:80-90 interface lo backup",
        "server s 127.0.0.1:1 source",
        "server s 127.0.0.1:1 source foo", "server s 127.0.0.1:1 tfo tcp-ut 5s proto h1",
        "server s 127.0.0.1:1 inter 1s fall 2 rise 3", "default-server weight 5 maxconn 7",
        "default-server foo", "default-server", "default-server 127.0.0.1:1",
        "default-server backup cookie x source 1.2.3.4\n server s 127.0.0.1:1", "balance",
        "balance foo",
        "balance random(3)", "balance random(x)", "balance random(0)", "balance static-rr",
        "balance first",
        "balance leastconn", "retries 0", "retries", "retries 3", "fullconn 5",
        "server-template s 3 127.0.0.1:80", "server-template s 1-3 localhost:80 weight 2",
        "server-template s 3-1 127.0.0.1:80", "server-template s 0 127.0.0.1:80",
        "server-template s 5-5 127.0.0.1:80", "server-template s", "server-template s 3",
        "server-template s x 127.0.0.1:80", "server-template s 1-x 127.0.0.1:80",
        "server-template s 0-2 127.0.0.1", "server-template s -2 127.0.0.1:80",
        "server-template s/a 3 127.0.0.1:80", "server-template s 3 127.0.0.1:80-82",
        "server-template s 3 127.0.0.1:80 id 7", "server-template s 3 unix@/tmp/x",
        "server-template s 3 127.0.0.1:80 foo", "server-template s 3 nosuch.invalid:80",
        "server-template s 3 nosuch.invalid:80 init-addr none",
        "server s2 127.0.0.1:1\n server-template s 3 127.0.0.1:80",
        "server-template s 3 127.0.0.1:80\n server s2 127.0.0.1:1",
        "load-server-state-from-file", "load-server-state-from-file foo",
        "load-server-state-from-file global", "load-server-state-from-file none",
        "load-server-state-from-file local", "server-state-file-name a b",
        "server-state-file-name", "server-state-file-name /a", "server a nosuch.invalid:1",
        "no option forwardfor", "no option originalto",
        "no option httplog", "no option tcplog",
        "retry-on", "retry-on none", "retry-on none 503", "retry-on 503 504 conn-failure",
        "retry-on 418", "retry-on all-retryable-errors 0rtt-rejected 401", "retry-on junk-respons",
        "retry-on empty-response response-timeout junk-response", "no retry-on 503",
        "option redispatch",
        "option redispatch 3", "option redispatch -1", "http-reuse foo", "http-reuse always",
        "http-reuse",
        "max-keep-alive-queue x", "source", "source 1.2.3.4",
        "source 1.2.3.4:80",
        "source 1.2.3.4:80-90", "source 0.0.0.0 interface lo", "source foo", "source 1.2.3.4 foo",
        "source ::1",
        "source 127.0.0.1 interface", "option allbackups", "option prefer-last-server",
        "option srvtcpka",
        "option persist", "option http-pretend-keepalive", "option tcp-smart-connect",
        "server s 127.0.0.1:1 proto h1", "server s 127.0.0.1:1 tfo",
        "timeout tunnel 3",
        "timeout queue 3s", "timeout check 3s", "timeout server-fin 3s", "option log-health-checks",
    ]

    /// Where the two differ on purpose, and what each says: accepted or not.
    static let different: [(text: String, haproxy: Bool, ours: Bool, why: String)] = [
        ("global\n maxconn 10k\n", true, false, "HAProxy reads 10"),
        ("global\n maxconn x\n", true, false, "HAProxy reads 0"),
        ("global\n ulimit-n x\n", true, false, "HAProxy reads 0"),
        (tcp + "frontend f\n bind :80a\n", true, false, "HAProxy reads 80"),
        (tcp + "frontend f\n bind abns@\n bind :80\n", true, false, "a name is missing"),
        (tcp + "backend b\n retries x\n", true, false, "HAProxy reads 0"),
        (tcp + "backend b\n server s 127.0.0.1:1 weight x\n", true, false, "HAProxy reads 0"),
        (tcp + "backend b\n server s 127.0.0.1:+x\n", true, false, "HAProxy reads 0"),
        (tcp + "backend b\n balance roundrobin x\n", true, false, "HAProxy ignores it"),
        (tcp + "frontend f\n bind :80\n option dontlognull x\n", false, false, "both refuse"),
        (tcp + "backend b\n option forwarded\n", false, true, "came after 2.6"),
        (tcp + "backend b\n server s 127.0.0.1:1 guid x\n", false, true, "came after 2.6"),
        (tcp + "backend b\n server s 127.0.0.1:1 check\n", true, false, "not supported yet"),
        (tcp + "backend b\n server s 127.0.0.1:1 minconn x\n", true, false, "HAProxy reads 0"),
        ("global\n spread-checks 5\n", true, false, "not supported yet"),
        (tcp + "frontend f\n bind :80 nice 5\n", true, false, "not supported yet"),
        ("listen x :80\n", true, false, "HAProxy complains and goes on"),
        ("frontend f from\n", true, false, "HAProxy complains and goes on"),
        (tcp + "backend b\n default-server id 3\n", true, false, "HAProxy complains and goes on"),
        ("peers p\n", true, false, "not supported yet"),
        ("backend x y\n", true, false, "a stray word"),
    ]

    @Test(arguments: same)
    func `the verdict and the warnings are those of haproxy -c`(text: String) throws {
        let reference = try Self.check(text)
        let ours = Loading.check(text)
        #expect(ours.isAccepted == reference.isAccepted, "\(reference.output)\n\(ours.output)")
        if reference.isAccepted && ours.isAccepted {
            #expect(ours.warnings.sorted() == reference.warnings.sorted())
        }
    }

    @Test(arguments: different)
    func `deliberate differences stay as they are`(
        text: String, haproxy: Bool, ours: Bool, why: String
    ) throws {
        #expect(try Self.check(text).isAccepted == haproxy, "\(why)")
        #expect(Loading.check(text).isAccepted == ours, "\(why)")
    }

    /// What `haproxy -c` says.
    private static func check(_ text: String) throws -> Verdict {
        let folder = try ReferenceProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text.write(toFile: folder + "/t.cfg", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ReferenceProcess.program ?? "/nonexistent")
        process.arguments = ["-c", "-f", "t.cfg"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        // 2 says that nothing listens, which is no mistake of the file.
        return Verdict(
            isAccepted: process.terminationStatus != 1,
            output: String(decoding: bytes, as: UTF8.self))
    }
}

/// What a program said about a configuration.
struct Verdict {
    let isAccepted: Bool
    let output: String

    /// The warnings without process number and without the word before their place.
    var warnings: [String] {
        output.split(separator: "\n").filter { $0.hasPrefix("[WARNING]") }.map { line in
            let text = String(line.drop { $0 != ")" }.dropFirst(") : config : ".count))
            return text.replacing("parsing [", with: "[").replacing("] : ", with: "]: ")
        }
    }
}

extension Loading {
    /// What the loader says, with the machine's own accounts and files.
    static func check(_ text: String) -> Verdict {
        let loaded = ConfigurationLoader.load(
            files: [ConfigurationFile(name: "t.cfg", bytes: Array(text.utf8))],
            environment: Environment(ProcessInfo.processInfo.environment), facts: facts)
        return Verdict(
            isAccepted: loaded.configuration != nil,
            output: loaded.lines(processID: 1).joined(separator: "\n"))
    }
}

// Global keywords that are known and change nothing, each group with its reason.

import ConfigLanguage

extension GlobalKeywords {
    static let withoutEffect: [Row] =
        because(
            "there is no TLS yet for it to shape",
            [
                ("ca-base", "Names the directory of relative CA paths."),
                ("crt-base", "Names the directory of relative certificate paths."),
                ("key-base", "Names the directory of relative key paths."),
                ("maxsslconn", "Bounds the TLS connections of the process."),
                ("maxsslrate", "Bounds the TLS sessions begun in a second."),
                ("ssl-default-bind-ciphers", "Sets the ciphers listeners use unless told."),
                (
                    "ssl-default-bind-ciphersuites",
                    "Sets the TLS 1.3 ciphers listeners use unless told."
                ),
                (
                    "ssl-default-bind-client-sigalgs",
                    "Sets the signature algorithms asked of clients unless told."
                ),
                ("ssl-default-bind-curves", "Sets the curves listeners use unless told."),
                ("ssl-default-bind-options", "Sets the TLS options listeners begin with."),
                (
                    "ssl-default-bind-sigalgs",
                    "Sets the signature algorithms listeners use unless told."
                ),
                ("ssl-default-server-ciphers", "Sets the ciphers used with servers unless told."),
                (
                    "ssl-default-server-ciphersuites",
                    "Sets the TLS 1.3 ciphers used with servers unless told."
                ),
                (
                    "ssl-default-server-client-sigalgs",
                    "Sets the signature algorithms for client certificates unless told."
                ),
                ("ssl-default-server-curves", "Sets the curves used with servers unless told."),
                ("ssl-default-server-options", "Sets the TLS options servers begin with."),
                (
                    "ssl-default-server-sigalgs",
                    "Sets the signature algorithms used with servers unless told."
                ),
                ("ssl-dh-param-file", "Names the file of Diffie-Hellman parameters."),
                (
                    "ssl-load-extra-del-ext",
                    "Drops a file's extension when looking for its companions."
                ),
                (
                    "ssl-load-extra-files",
                    "Chooses which companions of a certificate file are loaded."
                ),
                ("ssl-security-level", "Sets OpenSSL's security level."),
                (
                    "ssl-server-verify",
                    "Sets whether servers' certificates are checked unless told."
                ),
                ("ssl-skip-self-issued-ca", "Leaves self-issued CAs out of chains."),
                ("tune.ssl.cachesize", "Sets how many TLS sessions are remembered."),
                ("tune.ssl.capture-buffer-size", "Bounds what is kept of a TLS hello."),
                (
                    "tune.ssl.capture-cipherlist-size",
                    "Is the old name of tune.ssl.capture-buffer-size."
                ),
                ("tune.ssl.certificate-compression", "Switches certificate compression."),
                ("tune.ssl.default-dh-param", "Sets the size of Diffie-Hellman parameters."),
                ("tune.ssl.force-private-cache", "Keeps TLS sessions to one process."),
                ("tune.ssl.hard-maxrecord", "Bounds every TLS record."),
                ("tune.ssl.keylog", "Keeps TLS secrets for fetches."),
                ("tune.ssl.lifetime", "Sets how long a TLS session may be resumed."),
                ("tune.ssl.maxrecord", "Bounds TLS records at the start of a connection."),
                ("tune.ssl.ocsp-update.maxdelay", "Is the old name of ocsp-update.maxdelay."),
                ("tune.ssl.ocsp-update.mindelay", "Is the old name of ocsp-update.mindelay."),
                (
                    "tune.ssl.ssl-ctx-cache-size",
                    "Sets how many generated certificates are remembered."
                ),
            ])
        + because(
            "there is no HTTP/2 yet for it to tune",
            [
                (
                    "tune.glitches.kill.cpu-usage",
                    "Sets the load above which connections with glitches are closed."
                ),
                (
                    "tune.h2.be.glitches-threshold",
                    "Sets how many glitches a server's HTTP/2 connection may have."
                ),
                ("tune.h2.be.initial-window-size", "Sets the window offered to HTTP/2 servers."),
                (
                    "tune.h2.be.max-concurrent-streams",
                    "Bounds the streams of a server's HTTP/2 connection."
                ),
                (
                    "tune.h2.be.max-frames-at-once",
                    "Bounds the frames handled in a row from a server."
                ),
                ("tune.h2.be.rxbuf", "Sets the receive buffer of a server's HTTP/2 connection."),
                (
                    "tune.h2.fe.glitches-threshold",
                    "Sets how many glitches a client's HTTP/2 connection may have."
                ),
                ("tune.h2.fe.initial-window-size", "Sets the window offered to HTTP/2 clients."),
                (
                    "tune.h2.fe.max-concurrent-streams",
                    "Bounds the streams of a client's HTTP/2 connection."
                ),
                (
                    "tune.h2.fe.max-frames-at-once",
                    "Bounds the frames handled in a row from a client."
                ),
                ("tune.h2.fe.max-rst-at-once", "Bounds the stream resets handled in a row."),
                (
                    "tune.h2.fe.max-total-streams",
                    "Bounds the streams in the life of a client's HTTP/2 connection."
                ),
                ("tune.h2.fe.rxbuf", "Sets the receive buffer of a client's HTTP/2 connection."),
                ("tune.h2.header-table-size", "Sets the size of the field compression table."),
                ("tune.h2.initial-window-size", "Sets the window offered to HTTP/2 peers."),
                ("tune.h2.log-errors", "Chooses which HTTP/2 errors are logged."),
                ("tune.h2.max-concurrent-streams", "Bounds the streams of an HTTP/2 connection."),
                ("tune.h2.max-frame-size", "Bounds HTTP/2 frames."),
                ("tune.h2.zero-copy-fwd-send", "Forwards HTTP/2 data without copying it."),
            ])
        + because(
            "there is no QUIC yet for it to tune",
            [
                (
                    "harden.reject-privileged-ports.quic",
                    "Ignores QUIC packets from ports below 1024."
                ),
                ("tune.quic.cc-hystart", "Leaves slow start early when delays grow."),
                (
                    "tune.quic.cc.cubic.min-losses",
                    "Sets how many losses slow the cubic algorithm down."
                ),
                ("tune.quic.disable-tx-pacing", "Turns pacing off."),
                ("tune.quic.disable-udp-gso", "Sends packets one by one."),
                ("tune.quic.frontend.default-max-window-size", "Bounds the congestion window."),
                (
                    "tune.quic.frontend.glitches-threshold",
                    "Sets how many glitches a QUIC connection may have."
                ),
                ("tune.quic.frontend.max-data-size", "Bounds unread data of a connection."),
                ("tune.quic.frontend.max-idle-timeout", "Bounds the silence of a connection."),
                ("tune.quic.frontend.max-streams-bidi", "Bounds the streams of a connection."),
                ("tune.quic.frontend.max-tx-mem", "Bounds the memory of the congestion windows."),
                (
                    "tune.quic.frontend.stream-data-ratio",
                    "Sets the share of the window one stream may take."
                ),
                ("tune.quic.max-frame-loss", "Bounds how often a frame may be lost."),
                ("tune.quic.reorder-ratio", "Sets how far packets may be out of order."),
                (
                    "tune.quic.retry-threshold",
                    "Asks clients to prove their address above this load."
                ),
                (
                    "tune.quic.socket-owner",
                    "Chooses whether connections have sockets of their own."
                ),
                ("tune.quic.zero-copy-fwd-send", "Forwards QUIC data without copying it."),
            ])
        + because(
            "there is no Lua yet for it to tune",
            [
                ("tune.lua.bool-sample-conversion", "Sets how booleans become Lua values."),
                ("tune.lua.burst-timeout", "Bounds the time Lua runs without a pause."),
                ("tune.lua.forced-yield", "Sets how often Lua programs are interrupted."),
                ("tune.lua.log.loggers", "Sends Lua's messages to the logs."),
                ("tune.lua.log.stderr", "Sends Lua's messages to standard error."),
                ("tune.lua.maxmem", "Bounds the memory of Lua."),
                ("tune.lua.openlibs", "Chooses which Lua libraries are open."),
                ("tune.lua.service-timeout", "Bounds the run time of Lua services."),
                ("tune.lua.session-timeout", "Bounds the run time of Lua actions."),
                ("tune.lua.task-timeout", "Bounds the run time of Lua tasks."),
            ])
        + because(
            "there is no compression yet for it to limit",
            [
                ("maxcompcpuusage", "Compresses less above this load."),
                ("maxcomprate", "Bounds the rate of data put into compression."),
                ("maxzlibmem", "Bounds the memory of compression."),
                ("tune.comp.maxlevel", "Bounds the level of compression."),
                ("tune.zlib.memlevel", "Sets the memory of a compression stream."),
                ("tune.zlib.windowsize", "Sets the window of a compression stream."),
            ])
        + because(
            "there is no internal HTTP client yet for it to set up",
            [
                (
                    "httpclient.resolvers.disabled",
                    "Switches the resolving of names off in the internal client."
                ),
                ("httpclient.resolvers.id", "Names the resolvers of the internal client."),
                (
                    "httpclient.resolvers.prefer",
                    "Prefers an address family in the internal client."
                ),
                ("httpclient.retries", "Sets how often the internal client tries again."),
                ("httpclient.ssl.ca-file", "Names the CAs of the internal client."),
                ("httpclient.ssl.verify", "Sets whether the internal client checks certificates."),
                ("httpclient.timeout.connect", "Bounds connecting in the internal client."),
            ])
        + because(
            "there are no stick tables or peers yet for it to limit",
            [
                (
                    "tune.peers.max-updates-at-once",
                    "Bounds the table updates sent to a peer in a row."
                ),
                ("tune.vars.check-max-size", "Bounds the variables of health checks."),
                ("tune.pattern.cache-size", "Sets how many pattern lookups are remembered."),
            ])
        + because(
            "there are no health checks yet for it to spread",
            [
                (
                    "max-spread-checks",
                    "Bounds the time over which the first health checks are spread."
                ),
                ("tune.max-checks-per-thread", "Bounds the health checks that run at once."),
            ])
        + because(
            "the engine arranges this by itself",
            [
                ("busy-polling", "Polls without ever sleeping."),
                ("prealloc-fd", "Prepares the table of descriptors at start."),
                ("no-memory-trimming", "Keeps freed memory."),
                ("noevports", "Avoids Solaris event ports."),
                ("nogetaddrinfo", "Avoids the resolver function getaddrinfo."),
                ("nokqueue", "Avoids BSD kqueue."),
                ("nopoll", "Avoids poll."),
                ("pp2-never-send-local", "Never announces local connections as such."),
                ("profiling.memory", "Counts allocations."),
                ("profiling.tasks", "Measures the run time of tasks."),
                ("thread-group", "Puts workers into a group."),
                ("thread-groups", "Sets the number of groups of workers."),
                (
                    "tune.applet.zero-copy-forwarding",
                    "Forwards internal answers without copying them."
                ),
                ("tune.buffers.limit", "Bounds the number of buffers."),
                ("tune.buffers.reserve", "Keeps buffers for when memory is short."),
                ("tune.bufsize.large", "Sets the size of large buffers."),
                ("tune.bufsize.small", "Sets the size of small buffers."),
                ("tune.defaults.purge", "Forgets defaults sections after the start."),
                ("tune.disable-fast-forward", "Looks at every byte that passes."),
                ("tune.disable-zero-copy-forwarding", "Copies every byte that passes."),
                ("tune.epoll.mask-events", "Hides kinds of events."),
                ("tune.events.max-events-at-once", "Bounds the events handled in a row."),
                ("tune.fail-alloc", "Lets allocations fail, for tests."),
                ("tune.fd.edge-triggered", "Uses edge-triggered polling."),
                (
                    "tune.h1.be.glitches-threshold",
                    "Sets how many glitches a server's HTTP/1 connection may have."
                ),
                (
                    "tune.h1.fe.glitches-threshold",
                    "Sets how many glitches a client's HTTP/1 connection may have."
                ),
                ("tune.h1.zero-copy-fwd-recv", "Receives HTTP/1 data without copying it."),
                ("tune.h1.zero-copy-fwd-send", "Sends HTTP/1 data without copying it."),
                (
                    "tune.listener.default-shards",
                    "Sets how often an address is opened unless told."
                ),
                ("tune.listener.multi-queue", "Spreads accepted connections over workers."),
                ("tune.max-rules-at-once", "Bounds the rules evaluated in a row."),
                ("tune.memory.hot-size", "Sets how much freed memory a worker keeps."),
                ("tune.notsent-lowat.client", "Bounds unsent data in the kernel towards clients."),
                ("tune.notsent-lowat.server", "Bounds unsent data in the kernel towards servers."),
                ("tune.pt.zero-copy-forwarding", "Forwards TCP data without copying it."),
                (
                    "tune.rcvbuf.backend",
                    "Sets the kernel's receive buffer of datagrams from servers."
                ),
                (
                    "tune.rcvbuf.frontend",
                    "Sets the kernel's receive buffer of datagrams from clients."
                ),
                ("tune.recv_enough", "Stops receiving when so many bytes came."),
                ("tune.renice.runtime", "Changes the priority of the process while it serves."),
                ("tune.renice.startup", "Changes the priority of the process while it starts."),
                ("tune.ring.queues", "Sets the queues in front of a ring."),
                ("tune.sched.low-latency", "Prefers short delays over throughput."),
                ("tune.sndbuf.backend", "Sets the kernel's send buffer of datagrams to servers."),
                ("tune.sndbuf.frontend", "Sets the kernel's send buffer of datagrams to clients."),
                (
                    "tune.takeover-other-tg-connections",
                    "Lets groups of workers use each other's connections."
                ),
                ("quick-exit", "Ends without tidying up."),
            ])
        + because(
            "workers are not watched yet",
            [
                ("warn-blocked-traffic-after", "Warns when a worker is held up for this long.")
            ])
        + because(
            "cores are not chosen by their place yet",
            [
                ("cpu-policy", "Chooses how workers are spread over cores."),
                ("numa-cpu-mapping", "Keeps workers on one memory node."),
            ])
        + because(
            "no other program is started",
            [
                ("insecure-fork-wanted", "Allows starting other programs while serving."),
                ("insecure-setuid-wanted", "Allows programs to gain privileges."),
            ])
        + because(
            "the system decides about core dumps",
            [
                ("set-dumpable", "Allows core dumps.")
            ])
        + because(
            "no directive needs permission",
            [
                ("expose-deprecated-directives", "Allows deprecated directives."),
                ("expose-experimental-directives", "Allows experimental directives."),
            ])

    /// Rows that take any arguments and change nothing.
    private static func because(_ reason: String, _ names: [(String, String)]) -> [Row] {
        names.map { name, summary in
            .withoutEffect(
                name, .global, takes: [.rest("...")],
                prefixes: invertible.contains(name) ? .both : [], summary, reason: reason)
        }
    }

    /// Names that may stand behind `no`.
    private static let invertible: Set<String> = [
        "busy-polling", "set-dumpable", "numa-cpu-mapping", "insecure-fork-wanted",
    ]
}

// Global keywords that are known and refused until they work.

import ConfigLanguage

extension GlobalKeywords {
    static let later: [Row] =
        notYet.map { name, summary in .notYet(name, .global, summary) } + refusals

    private static let refusals: [Row] = [
        .refused(
            "noepoll", .global, "Avoided epoll.",
            advice: "there is no other poller; remove the line"),
        .refused("nbproc", .global, "Set the number of processes.", advice: "use 'nbthread'"),
        .refused("debug", .global, "Showed traffic on the terminal.", advice: "start with '-d'"),
    ]

    private static let notYet: [(String, String)] = [
        ("spread-checks", "Varies the times of health checks by so many percent."),
        ("tune.pool-high-fd-ratio", "Kills idle server connections above this share."),
        ("tune.pool-low-fd-ratio", "Keeps no idle server connections above this share."),
        ("51degrees-allow-unmatched", "Accepts devices that match no known one."),
        ("51degrees-cache-size", "Sets how many detected devices are remembered."),
        ("51degrees-data-file", "Names the data of the 51Degrees device detection."),
        ("51degrees-difference", "Sets how much a match may differ."),
        ("51degrees-drift", "Sets how far a match may be shifted."),
        ("51degrees-property-name-list", "Lists the device properties to look up."),
        ("51degrees-property-separator", "Separates device properties in a result."),
        ("51degrees-use-performance-graph", "Prefers the performance graph of the data."),
        ("51degrees-use-predictive-graph", "Prefers the predictive graph of the data."),
        ("acme.scheduler", "Starts or stops the scheduler of certificate orders."),
        ("anonkey", "Sets the key that makes names unreadable in dumps."),
        ("cluster-secret", "Sets the secret that nodes of a cluster share."),
        ("cpu-set", "Limits the cores that workers may use."),
        ("debug.counters", "Switches event counters for developers."),
        ("deviceatlas-json-file", "Names the data of the DeviceAtlas device detection."),
        ("deviceatlas-log-level", "Sets how much device detection says."),
        ("deviceatlas-properties-cookie", "Names the cookie that holds device properties."),
        ("deviceatlas-separator", "Separates device properties in a result."),
        ("dns-accept-family", "Chooses which address families resolvers use."),
        ("external-check", "Allows health checks by external programs."),
        ("force-cfg-parser-pause", "Pauses while the configuration is read, for tests."),
        ("h1-case-adjust", "Writes a field name to HTTP/1 peers in another case."),
        ("h1-case-adjust-file", "Reads field names and their cases from a file."),
        (
            "h2-workaround-bogus-websocket-clients",
            "Hides WebSocket over HTTP/2 from clients that fail with it."
        ),
        ("harden.reject-privileged-ports.tcp", "Refuses connections from ports below 1024."),
        ("issuers-chain-path", "Names a directory of certificates that complete chains."),
        ("limited-quic", "Allows QUIC with a limited TLS library."),
        ("lua-load", "Loads a Lua program."),
        ("lua-load-per-thread", "Loads a Lua program for each worker on its own."),
        ("lua-prepend-path", "Puts a path in front of where Lua looks for modules."),
        ("master-worker", "Runs a master process that watches its worker process."),
        ("mworker-max-reloads", "Bounds the reloads an old worker may survive."),
        ("no-quic", "Turns QUIC off."),
        ("ocsp-update.disable", "Turns the renewal of OCSP responses off."),
        ("ocsp-update.httpproxy", "Fetches OCSP responses through a proxy."),
        ("ocsp-update.maxdelay", "Sets the longest time between renewals of an OCSP response."),
        ("ocsp-update.mindelay", "Sets the shortest time between renewals of an OCSP response."),
        ("ocsp-update.mode", "Renews OCSP responses unless told otherwise."),
        ("ocsp-update", "Renews OCSP responses unless told otherwise."),
        ("setcap", "Keeps capabilities after leaving root."),
        ("shm-stats-file", "Keeps counters in a file that processes share."),
        ("shm-stats-file-max-objects", "Bounds the objects in the shared counter file."),
        ("ssl-engine", "Loads an OpenSSL engine."),
        ("ssl-mode-async", "Uses asynchronous TLS engines."),
        ("ssl-propquery", "Sets OpenSSL's default property query."),
        ("ssl-provider", "Loads an OpenSSL provider."),
        ("ssl-provider-path", "Names where OpenSSL providers are found."),
        ("stats-file", "Reads counters from a file at start."),
        ("stress-level", "Chooses slow and rare code paths, for tests."),
        ("thread-hard-limit", "Bounds the number of workers."),
        ("wurfl-cache-size", "Sets how many detected devices are remembered."),
        ("wurfl-data-file", "Names the data of the WURFL device detection."),
        ("wurfl-information-list", "Lists the device properties to look up."),
        ("wurfl-information-list-separator", "Separates device properties in a result."),
        ("wurfl-patch-file", "Names changes to the WURFL data."),
        ("jwt.decrypt_alg_list", "Lists the algorithms allowed for encrypted tokens."),
    ]
}

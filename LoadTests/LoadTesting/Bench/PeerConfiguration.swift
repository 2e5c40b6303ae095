// The configurations of the proxies for one scenario, side by side. Martlet reads HAProxy's.

/// Where a proxy of the bench listens and where it sends requests.
public struct BenchPorts: Sendable, Equatable {
    /// Where the proxy listens.
    public var listen: Int
    /// Where the origins listen.
    public var origins: [Int]
    /// Where log lines go.
    public var log: Int

    /// Ports on the loopback address.
    public init(listen: Int, origins: [Int], log: Int) {
        self.listen = listen
        self.origins = origins
        self.log = log
    }
}

extension BenchScenario {
    /// The configuration for HAProxy and for Martlet.
    public func haproxyConfiguration(_ ports: BenchPorts) -> String {
        var lines = ["global", "    nbthread 1", "    maxconn 9000"]
        if logs { lines.append("    log 127.0.0.1:\(ports.log) local0") }
        lines += [
            "", "defaults", "    mode \(mode)", "    timeout connect 5s", "    timeout client 60s",
            "    timeout server 60s",
        ]
        if logs { lines += ["    log global", "    option httplog"] }
        if mode == .http { lines.append("    option forwardfor") }
        lines += ["", "frontend bench", "    bind 127.0.0.1:\(ports.listen)"]
        for rule in benchRules { lines.append("    http-request deny if { \(rule.haproxy) }") }
        if rules > 0 { lines += Self.edits }
        if tracks {
            lines += [
                "    stick-table type integer size 1m expire 60s store http_req_rate(10s)",
                "    http-request track-sc0 rand(1000000)",
            ]
        }
        lines += ["    default_backend origins", "", "backend origins", "    balance roundrobin"]
        for (index, port) in ports.origins.enumerated() {
            lines.append("    server o\(index + 1) 127.0.0.1:\(port)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The configuration for nginx.
    ///
    /// - Parameters:
    ///   - folder: where it may write.
    ///   - streamModule: the module for TCP, where it has to be loaded.
    ///   - user: the account of the worker, when started as root.
    ///   - isSingleProcess: whether it shall run without a master, for callgrind.
    public func nginxConfiguration(
        _ ports: BenchPorts, folder: String, streamModule: String?, user: String?,
        isSingleProcess: Bool
    ) -> String {
        var lines: [String] = []
        if let streamModule, mode == .tcp { lines.append("load_module \(streamModule);") }
        if let user { lines.append("user \(user);") }
        lines += [
            "worker_processes 1;", "worker_rlimit_nofile 20000;", "daemon off;",
            "pid \(folder)/nginx.pid;", "error_log \(folder)/nginx-error.log warn;",
            "events { worker_connections 19000; }", "",
        ]
        if isSingleProcess { lines.insert("master_process off;", at: 0) }
        let servers = ports.origins.map { "        server 127.0.0.1:\($0);" }
        guard mode == .http else {
            lines += ["stream {", "    upstream origins {"] + servers
            lines += [
                "    }", "    server {", "        listen 127.0.0.1:\(ports.listen) backlog=4096;",
                "        proxy_connect_timeout 5s;", "        proxy_timeout 60s;",
                "        proxy_pass origins;", "    }", "}",
            ]
            return lines.joined(separator: "\n") + "\n"
        }
        lines.append("http {")
        if logs {
            lines.append(
                "    access_log syslog:server=127.0.0.1:\(ports.log),facility=local0,tag=nginx "
                    + "combined;")
        } else {
            lines.append("    access_log off;")
        }
        lines += temporaryFolders(folder)
        lines += ["    upstream origins {"] + servers
        lines += [
            // As many as there are clients, and for as many requests as HAProxy's: without limit.
            "        keepalive 256;", "        keepalive_requests 1000000000;", "    }",
            "    server {", "        listen 127.0.0.1:\(ports.listen) backlog=4096;",
            "        keepalive_requests 1000000000;", "        keepalive_timeout 60s;",
            "        proxy_connect_timeout 5s;", "        proxy_read_timeout 60s;",
            "        proxy_http_version 1.1;",
            "        proxy_set_header Connection \"\";",
            "        proxy_set_header Host $http_host;",
            "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
            // Bodies larger than the buffers must not go through a file.
            "        proxy_max_temp_file_size 0;",
        ]
        for rule in benchRules { lines.append("        \(rule.nginx)") }
        if rules > 0 { lines += Self.nginxEdits }
        lines += ["        location / { proxy_pass http://origins; }", "    }", "}"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func temporaryFolders(_ folder: String) -> [String] {
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "    \($0)_temp_path \(folder)/nginx-\($0);"
        }
    }

    /// What is changed in the heads beside the rules.
    private static let edits = [
        "    http-request set-header X-Real-IP %[src]",
        "    http-request set-header X-Request-Path %[path]",
        "    http-request del-header Sec-Fetch-Dest",
        "    http-response set-header X-Served-By edge-1",
        "    http-response del-header Server",
    ]

    /// The same for nginx.
    private static let nginxEdits = [
        "        proxy_set_header X-Real-IP $remote_addr;",
        "        proxy_set_header X-Request-Path $uri;",
        "        proxy_set_header Sec-Fetch-Dest \"\";",
        "        add_header X-Served-By edge-1;", "        proxy_hide_header Server;",
    ]

    /// Conditions of which none applies, in both languages: paths, hosts, networks and methods.
    private var benchRules: [(haproxy: String, nginx: String)] {
        (0..<rules).map { index in
            switch index % 4 {
            case 0:
                ("path_beg /blocked-\(index)/", "if ($uri ~ ^/blocked-\(index)/) { return 403; }")
            case 1:
                (
                    "hdr(host) -i host-\(index).example",
                    "if ($http_host = host-\(index).example) { return 403; }"
                )
            case 2: ("src 10.\(index).0.0/16", "deny 10.\(index).0.0/16;")
            default:
                ("method METHOD\(index)", "if ($request_method = METHOD\(index)) { return 403; }")
            }
        }
    }
}

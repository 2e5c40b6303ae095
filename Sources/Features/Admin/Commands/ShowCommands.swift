// Commands that show servers, backends, the environment and the Runtime API's own sockets.
// Source: management manual, `show servers state`, `show servers conn`, `show env`.

import Addresses
import Kernel
import Proxy

/// The rows that only show.
enum ShowCommands {
    static let commands = [
        Command(
            ["show", "backend"], level: .user, "list the backends"
        ) { .text(backends($0)) },
        Command(
            ["show", "servers", "state"], level: .user, arguments: "[<backend>]",
            "list what can change of servers (of all backends or of one)"
        ) { answer($0, serverStates) },
        Command(
            ["show", "servers", "conn"], level: .user, arguments: "[<backend>]",
            "list the connections of servers (of all backends or of one)"
        ) { answer($0, serverConnections) },
        Command(
            ["show", "env"], level: .operator_, arguments: "[<name>]",
            "show one or all environment variables"
        ) { answer($0, environment) },
    ]

    private static func backends(_ request: CommandRequest) -> String {
        let names = request.engine.configuration.proxies
            .filter { $0.capability.contains(.backend) }.map(\.name)
        return "# name\n" + names.map { $0 + "\n" }.joined()
    }

    private static func environment(_ request: CommandRequest) throws(Refusal) -> String {
        guard let name = request.arguments.first else {
            return ProcessEnvironment.entries.map { $0 + "\n" }.joined()
        }
        guard let value = ProcessEnvironment.value(of: name) else {
            throw Refusal("Variable not found")
        }
        return "\(name)=\(value)\n"
    }

    // MARK: Servers

    private static let stateColumns = """
        be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight \
        srv_iweight srv_time_since_last_change srv_check_status srv_check_result \
        srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn \
        srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
        """

    private static func serverStates(_ request: CommandRequest) throws(Refusal) -> String {
        let now = Clock.calendarMicroseconds() / 1_000_000
        let lines = try servers(request).map { server in
            stateLine(server, request.engine, now: now)
        }
        return "1\n# \(stateColumns)\n" + lines.joined()
    }

    private static func stateLine(
        _ found: FoundServer, _ engine: Engine, now: Int64
    ) -> String {
        let order = found.order
        let address = found.live.addressOverride.withLock { $0 } ?? found.server.address
        let isInMaintenance = order.admin.isMaintenance
        // 0 stopped, 1 starting slowly, 2 running.
        let operation = isInMaintenance || !order.isUp ? "0" : order.isRising ? "1" : "2"
        let isConfigured = order.admin.contains(.configuredMaintenance)
        let fields: [String] = [
            "\(engine.proxyNumber(found.proxyIndex))", found.proxy.name, "\(number(found))",
            found.server.name, addressText(address), operation,
            "\(order.admin.rawValue)", "\(order.weight)", "\(order.initialWeight)",
            "\(max(now - order.lastChangeSeconds, 0))", "1", "0", isInMaintenance ? "0" : "2",
            isConfigured ? "8" : "0", "0", "0", hasOwnNumber(found) ? "1" : "0",
            found.server.hostName ?? "-", "\(address.port)", "-", "0", "0", "-", "-", "0",
        ]
        return fields.joined(separator: " ") + "\n"
    }

    private static func serverConnections(_ request: CommandRequest) throws(Refusal) -> String {
        // No figures by thread: the header says so, as it says their number in HAProxy.
        let header = """
            # bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb \
            safe_nb idle_lim idle_cur idle_per_thr[0]
            """
        let lines = try servers(request).map { found in
            let live = found.live
            let used = found.order.served
            let idle = max(live.idleConnections.load(ordering: .relaxed), 0)
            let address = live.addressOverride.withLock { $0 } ?? found.server.address
            let fields = [
                "\(found.proxy.name)/\(found.server.name)",
                "\(request.engine.proxyNumber(found.proxyIndex))/\(number(found))",
                addressText(address), "\(address.port)", "-",
                "\(found.server.poolPurgeDelayMilliseconds)", "\(used)",
                "\(max(found.order.servedMax, used))", "\(used)", "\(idle)", "0",
                "\(found.server.poolMaxConnections)", "\(idle)",
            ]
            return fields.joined(separator: " ") + "\n"
        }
        return header + "\n" + lines.joined()
    }

    /// The servers of the backend that is named, or of all.
    private static func servers(_ request: CommandRequest) throws(Refusal) -> [FoundServer] {
        let engine = request.engine
        var only: Int?
        if let word = request.arguments.first {
            guard let index = engine.proxy(word, .backend) ?? engine.proxy("#" + word, .backend)
            else { throw Refusal("Can't find backend.") }
            only = index
        }
        var found: [FoundServer] = []
        for (index, proxy) in engine.configuration.proxies.enumerated()
        where proxy.capability.contains(.backend) && (only == nil || only == index) {
            for server in proxy.servers {
                if let one = try? engine.server("\(proxy.name)/\(server.name)") {
                    found.append(one)
                }
            }
        }
        return found
    }

    private static func number(_ found: FoundServer) -> Int {
        if found.server.id != 0 { return found.server.id }
        return (found.proxy.servers.firstIndex { $0.name == found.server.name } ?? 0) + 1
    }

    /// Whether the configuration gave the number: one that is not the server's position.
    private static func hasOwnNumber(_ found: FoundServer) -> Bool {
        let position = found.proxy.servers.firstIndex { $0.name == found.server.name } ?? 0
        return found.server.id != 0 && found.server.id != position + 1
    }

    private static func addressText(_ address: RawSocketAddress) -> String {
        address.ip.map { "\($0.address)" } ?? "-"
    }
}

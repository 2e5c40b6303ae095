// What SIGHUP tells about proxies and servers, in HAProxy's words.

import Proxy

/// The states of proxies as lines.
enum StateDump {
    /// The lines about one proxy: its servers, then itself.
    static func lines(_ proxy: ProxyConfiguration, _ live: LiveState) -> [String] {
        let now = current(proxy, live)
        let total = cumulated(proxy, live)
        var lines: [String] = []
        var queued = 0
        var unassigned = 0
        var usable = (primaries: 0, backups: 0)
        if proxy.capability.contains(.backend) {
            live.backend(proxy.name).order.withLock { order in
                for (ordinal, server) in order.live.enumerated()
                where order.servers[ordinal].slot >= 0 {
                    lines.append(line(proxy.name, server, order.servers[ordinal]))
                    queued += order.servers[ordinal].queued
                }
                unassigned = order.queued
                usable = order.usable
            }
        }
        let state: String =
            if proxy.servers.isEmpty {
                "has no servers."
            } else if usable.primaries == 0 && usable.backups == 0 {
                "has no server available !"
            } else if usable.primaries == 0 {
                "is running on backup servers !"
            } else {
                "has \(usable.primaries) active servers and \(usable.backups) backup servers "
                    + "available."
            }
        lines.append(
            "Proxy \(proxy.name) \(state) Conn: act(FE+BE): \(now.front)+\(now.back), "
                + "\(queued + unassigned) pend (\(unassigned) unass), "
                + "tot(FE+BE): \(total.front)+\(total.back).")
        return lines
    }

    private static func line(
        _ proxy: String, _ server: ServerLive, _ order: ServerOrder
    ) -> String {
        let state = order.isUp && order.admin.isServing ? "UP" : "DOWN"
        return "Server \(proxy)/\(server.name) is \(state). Conn: \(order.served) act, "
            + "\(order.queued) pend, \(server.counters.value(.sessions)) tot."
    }

    /// Connections of the proxy's two sides now.
    static func current(
        _ proxy: ProxyConfiguration, _ live: LiveState
    ) -> (front: Int, back: Int) {
        (
            proxy.capability.contains(.frontend)
                ? live.frontend(proxy.name).connections.load(ordering: .relaxed) : 0,
            proxy.capability.contains(.backend)
                ? live.backend(proxy.name).connections.load(ordering: .relaxed) : 0
        )
    }

    /// Connections of the proxy's two sides since the start.
    static func cumulated(
        _ proxy: ProxyConfiguration, _ live: LiveState
    ) -> (front: UInt64, back: UInt64) {
        (
            proxy.capability.contains(.frontend)
                ? live.frontend(proxy.name).counters.value(.connections) : 0,
            proxy.capability.contains(.backend)
                ? live.backend(proxy.name).counters.value(.sessions) : 0
        )
    }
}

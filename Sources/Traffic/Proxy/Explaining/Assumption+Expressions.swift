// Which expressions read what only a live process knows. Names are those of chapter 7.3 of the
// configuration manual.

import Samples

extension Assumption {
    /// What has to be taken for granted when an expression is evaluated.
    static func all(of expression: Expression) -> [Assumption] {
        let name = expression.fetch.name
        var found: [Assumption] = []
        if isOfTables(name) || expression.text.contains(",table_")
            || expression.text.contains(",in_table")
        {
            found.append(.tables)
        }
        if expression.text.contains(",map") { found.append(.lists) }
        if isOfLoad(name) { found.append(.load) }
        if isOfChance(name) { found.append(.chance) }
        if isOfSockets(name) { found.append(.sockets) }
        if name == "env" { found.append(.environment) }
        return found
    }

    private static func isOfTables(_ name: String) -> Bool {
        let sources = ["src", "src_is_local", "src_port"]
        return name.hasPrefix("sc") && name.contains("_")
            || name.hasPrefix("src_") && !sources.contains(name) || name.hasPrefix("table_")
    }

    private static let ofLoad = [
        "act_conn", "avg_queue", "be_conn", "be_conn_free", "be_sess_rate", "bc_be_queue",
        "bc_srv_queue", "connslots", "dst_conn", "fe_conn", "fe_req_rate", "fe_sess_rate", "nbsrv",
        "queue", "srv_conn", "srv_conn_free", "srv_is_up", "srv_queue", "srv_sess_rate",
        "srv_iweight", "srv_uweight", "srv_weight", "stopping",
    ]

    private static func isOfLoad(_ name: String) -> Bool { ofLoad.contains(name) }

    private static let ofChance = [
        "accept_date", "cpu_calls", "cpu_ns_avg", "cpu_ns_tot", "date", "date_us", "hostname",
        "lat_ns_avg", "lat_ns_tot", "nbproc", "pid", "proc", "rand", "request_date", "thread",
        "txn.id32", "unique-id", "uptime", "uuid",
    ]

    private static func isOfChance(_ name: String) -> Bool {
        ofChance.contains(name) || name.contains(".timer.")
    }

    private static let ofSockets = [
        "dst_is_local", "fc_dst_is_local", "fc_src_is_local", "so_id", "so_name", "src_is_local",
    ]

    private static func isOfSockets(_ name: String) -> Bool {
        let known = ["fc_dst", "fc_dst_port", "fc_src", "fc_src_port", "fc_http_major"]
        return ofSockets.contains(name) || name.hasPrefix("bc_") && !isOfLoad(name)
            || name.hasPrefix("fc_") && !known.contains(name)
    }

    /// Aliases of formats, by what they tell of.
    private static let ofAliases: [(names: Set<String>, assumption: Assumption)] = [
        (
            [
                "H", "ID", "T", "Ta", "Tc", "Td", "Th", "Ti", "Tl", "Tq", "TR", "Tr", "Ts", "Tt",
                "Tu", "Tw", "ms", "pid", "rt", "t", "tr", "trg", "trl",
            ], .chance
        ),
        (["ac", "bc", "bq", "fc", "lc", "rc", "sc", "sq"], .load), (["bi", "bp"], .sockets),
    ]

    /// What has to be taken for granted for the `%` aliases in a rule.
    static func all(ofFormatsIn rule: String) -> [Assumption] {
        var found: [Assumption] = []
        for part in rule.split(separator: "%").dropFirst() {
            let rest = part.first == "{" ? part.drop { $0 != "}" }.dropFirst() : part
            let name = String(rest.prefix { $0.isLetter })
            for row in ofAliases where row.names.contains(name) { found.append(row.assumption) }
        }
        return found
    }
}

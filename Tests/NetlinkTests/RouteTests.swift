// Routes and rules, each as a value that is added through rtnetlink, compared with what ip(8) makes
// of the same words, read back and deleted.

import Addresses
import Kernel
import Netlink
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct RouteTests {
    /// A namespace with `one` (192.0.2.1/24, 2001:db8::1/64) and `two` (198.51.100.1/24), both up.
    static func network<Result>(
        _ body: (inout NetlinkSocket, _ one: UInt32, _ two: UInt32) throws -> Result
    ) throws -> Result {
        try PrivateNetwork.run {
            try PrivateNetwork.shell(
                """
                set -e
                ip link add one type veth peer name two
                for i in one two; do ip link set $i up; done
                ip addr add 192.0.2.1/24 dev one; ip addr add 198.51.100.1/24 dev two
                ip addr add 2001:db8::1/64 dev one nodad
                """)
            var socket = try NetlinkSocket()
            return try body(
                &socket, try #require(NetworkInterfaces.index(of: "one")),
                try #require(NetworkInterfaces.index(of: "two")))
        }
    }

    /// What `ip` shows, one object a line, sorted.
    static func shown(_ what: String) throws -> [String] {
        try PrivateNetwork.shell("ip -d \(what)").split(separator: "\n")
            .map { $0.split(separator: " ").joined(separator: " ") }
            // A multipath route goes on in lines of its own.
            .reduce(into: [String]()) { lines, line in
                if line.hasPrefix("nexthop"), !lines.isEmpty {
                    lines[lines.count - 1] += " " + line
                } else {
                    lines.append(line)
                }
            }
    }

    static func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }
    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    /// Every route the tests try, with the words of `ip route add` for the same.
    static func routes(_ one: UInt32, _ two: UInt32) throws -> [(String, Route)] {
        let gateway = try address("192.0.2.254")
        var cases: [(String, Route)] = []
        func add(_ words: String, _ route: Route, _ change: (inout Route) -> Void = { _ in }) {
            var route = route
            change(&route)
            cases.append((words, route))
        }
        add(
            "10.1.0.0/16 via 192.0.2.254 dev one proto keepalived",
            Route(to: try prefix("10.1.0.0/16"), [.init(gateway: gateway, interface: one)]))
        add(
            "10.2.0.0/16 via 192.0.2.254 proto keepalived src 192.0.2.1 metric 12 tos 0x04",
            Route(to: try prefix("10.2.0.0/16"), [.init(gateway: gateway)])
        ) {
            $0.preferredSource = IPAddress("192.0.2.1")
            $0.priority = 12
            $0.typeOfService = 4
        }
        add(
            "default via 192.0.2.254 table 6909 proto bird",
            Route(to: try prefix("0.0.0.0/0"), [.init(gateway: gateway)], table: 6909)
        ) { $0.origin = 12 }
        add(
            "10.3.0.0/16 dev two scope link proto keepalived",
            Route(to: try prefix("10.3.0.0/16"), [.init(interface: two)]))
        add(
            "10.4.0.0/16 proto keepalived nexthop via 203.0.113.1 dev one onlink weight 1 "
                + "nexthop via 198.51.100.2 dev two weight 7",
            Route(
                to: try prefix("10.4.0.0/16"),
                [
                    .init(gateway: try address("203.0.113.1"), interface: one, isOnLink: true),
                    .init(gateway: try address("198.51.100.2"), interface: two, weight: 7),
                ]))
        for kind in ["blackhole", "unreachable", "prohibit", "throw"] {
            let kinds: [String: Route.Kind] = [
                "blackhole": .blackhole, "unreachable": .unreachable, "prohibit": .prohibit,
                "throw": .throw,
            ]
            add(
                "\(kind) 10.5.\(kind.count).0/24 proto keepalived",
                Route(
                    to: try prefix("10.5.\(kind.count).0/24"), kind: try #require(kinds[kind])))
        }
        add(
            "10.6.0.0/16 via 192.0.2.254 proto keepalived mtu lock 1000 hoplimit 100 advmss 101 "
                + "rtt 102ms rttvar 103ms reordering 104 window 105 cwnd 106 ssthresh lock 107 "
                + "rto_min 108 initcwnd 109 initrwnd 110 features ecn quickack 1 "
                + "fastopen_no_cookie 1 realms 3/20",
            Route(to: try prefix("10.6.0.0/16"), [.init(gateway: gateway)])
        ) {
            $0.metrics = [
                .mtu: 1000, .hopLimit: 100, .largestSegment: 101, .roundTrip: 816,
                .roundTripVariation: 412, .reordering: 104, .window: 105, .congestionWindow: 106,
                .slowStartThreshold: 107, .leastRetransmission: 108,
                .initialCongestionWindow: 109, .initialReceiveWindow: 110, .features: 1,
                .quickAcknowledgement: 1, .fastOpenNoCookie: 1,
            ]
            $0.lockedMetrics = [.mtu, .slowStartThreshold, .leastRetransmission]
            $0.realms = 3 << 16 | 20
        }
        add(
            "10.7.0.0/16 via inet6 2001:db8::9 dev one proto keepalived",
            Route(
                to: try prefix("10.7.0.0/16"),
                [.init(gateway: try address("2001:db8::9"), interface: one)]))
        add(
            "2001:db8:1::/48 via 2001:db8::9 dev one proto keepalived metric 30 pref high "
                + "congctl reno mtu 1400",
            Route(
                to: try prefix("2001:db8:1::/48"),
                [.init(gateway: try address("2001:db8::9"), interface: one)])
        ) {
            $0.priority = 30
            $0.preference = 1
            $0.congestionControl = "reno"
            $0.metrics = [.mtu: 1400]
        }
        add(
            "2001:db8:2::/48 dev two proto keepalived",
            Route(to: try prefix("2001:db8:2::/48"), [.init(interface: two)]))
        return cases
    }

    @Test func `routes are those ip(8) makes, are read back, and go again`() throws {
        try Self.network { socket, one, two in
            for (words, route) in try Self.routes(one, two) {
                let family = route.family == .v4 ? "-4" : "-6"
                let show = "\(family) route show table all proto \(route.origin)"
                let version = route.family == .v4 ? "" : "-6 "
                try PrivateNetwork.shell("ip \(version)route add \(words)")
                let expected = try Self.shown(show)
                try PrivateNetwork.shell("ip \(version)route del \(words)")
                #expect(try Self.shown(show) == [])
                let outcome = try socket.perform([.add(route, .only)])
                #expect(outcome == [nil], "\(words)")
                let shown = try Self.shown(show)
                #expect(shown == expected, "\(words)")
                let again = try socket.perform([.add(route, .only)])
                #expect(again.first??.errno == NetlinkFailure.exists, "\(words)")
                let found = try socket.dump(.routes(route.family, table: route.table))
                    .compactMap { Route($0) }.filter { $0.origin == route.origin }
                #expect(found.count == 1 && found[0].isSame(as: route), "\(words): \(found)")
                #expect(found.first?.metrics == route.metrics)
                #expect(found.first?.lockedMetrics == route.lockedMetrics)
                let gone = try socket.perform([.delete(route), .delete(route)])
                #expect(gone[0] == nil && gone[1]?.errno == NetlinkFailure.noSuchRoute, "\(words)")
                #expect(try Self.shown(show) == [])
            }
        }
    }

    /// Every rule the tests try, with the words of `ip rule add` for the same.
    static func rules() throws -> [(String, RoutingRule)] {
        var cases: [(String, RoutingRule)] = []
        func add(
            _ words: String, _ family: IPAddress.Family, _ action: RoutingRule.Action,
            _ change: (inout RoutingRule) throws -> Void
        ) rethrows {
            var rule = RoutingRule(family, action, priority: 39)
            try change(&rule)
            cases.append((words + " pref 39 protocol 18", rule))
        }
        try add("from 192.168.28.0/24 to 192.168.29.0/26 table 6909", .v4, .table(6909)) {
            $0.source = try prefix("192.168.28.0/24")
            $0.destination = try prefix("192.168.29.0/26")
        }
        add("iif p33p1 oif wlan0 tos 0x10 fwmark 24/12 realms 30/20 table 7", .v4, .table(7)) {
            $0.inputInterface = "p33p1"
            $0.outputInterface = "wlan0"
            $0.typeOfService = 0x10
            $0.mark = .init(24, mask: 12)
            $0.realms = 30 << 16 | 20
        }
        add("goto 40", .v4, .goto(40)) { _ in }
        try add("not from 10.0.0.0/8 unreachable", .v4, .unreachable) {
            $0.isInverted = true
            $0.source = try prefix("10.0.0.0/8")
        }
        add("blackhole", .v4, .blackhole) { _ in }
        add("prohibit", .v4, .prohibit) { _ in }
        add("nop", .v4, .nothing) { _ in }
        add("table main suppress_prefixlength 0", .v4, .table(254)) {
            $0.suppressedPrefixLength = 0
        }
        add("table 6908 suppress_ifgroup 3", .v4, .table(6908)) { $0.suppressedGroup = 3 }
        try add(
            "to 1:2:3:4:5:6:7:0/112 from 7:6:5:4:3:2::/96 table 6908 uidrange 10000-19999", .v6,
            .table(6908)
        ) {
            $0.destination = try prefix("1:2:3:4:5:6:7:0/112")
            $0.source = try prefix("7:6:5:4:3:2::/96")
            $0.users = 10000...19999
        }
        add("ipproto udp sport 10-20 dport 30 table 9", .v6, .table(9)) {
            $0.protocolNumber = 17
            $0.sourcePorts = 10...20
            $0.destinationPorts = 30...30
        }
        return cases
    }

    @Test func `rules are those ip(8) makes, are read back, and go again`() throws {
        try Self.network { socket, _, _ in
            for (words, rule) in try Self.rules() {
                let version = rule.family == .v4 ? "-4" : "-6"
                let show = "\(version) rule show pref 39"
                try PrivateNetwork.shell("ip \(version) rule add \(words)")
                let expected = try Self.shown(show)
                try PrivateNetwork.shell("ip \(version) rule del \(words)")
                #expect(try socket.perform([.add(rule)]) == [nil], "\(words)")
                let shown = try Self.shown(show)
                #expect(shown == expected, "\(words)")
                let found = try socket.dump(.rules(rule.family)).compactMap { RoutingRule($0) }
                    .filter { $0.priority == 39 }
                #expect(found.count == 1 && found[0].isSame(as: rule), "\(words): \(found)")
                #expect(found.first?.origin == 18)
                let gone = try socket.perform([.delete(rule), .delete(rule)])
                #expect(gone[0] == nil && gone[1]?.errno == NetlinkFailure.noSuchObject, "\(words)")
                #expect(try Self.shown(show) == [])
            }
        }
    }

    @Test func `a rule for the VRF of a packet is encoded as ip(8) does`() throws {
        try Self.network { socket, _, _ in
            let rule = RoutingRule(.v4, .masterDevice, priority: 39)
            // Kernels without VRF refuse both.
            let ours = try socket.perform([.add(rule)])
            if ours == [nil] {
                let seen = try Self.shown("rule show pref 39")
                #expect(seen.count == 1 && seen[0].contains("l3mdev"))
            } else {
                #expect(throws: CommandFailure.self) {
                    try PrivateNetwork.shell("ip rule add l3mdev pref 39")
                }
            }
        }
    }

    @Test func `changes to routes and rules are reported, ours as ours`() throws {
        try Self.network { socket, one, _ in
            var monitor = try NetworkMonitor(routesAndRules: true, using: &socket)
            let route = Route(to: try Self.prefix("10.1.0.0/16"), [.init(interface: one)])
            let rule = RoutingRule(.v4, .table(7), priority: 39)
            #expect(try socket.perform([.add(route), .add(rule)]) == [nil, nil])
            try PrivateNetwork.shell("ip route del 10.1.0.0/16; ip rule del pref 39")
            let reports = try monitor.read(using: &socket)
            let kinds = reports.compactMap { report -> String? in
                let who = report.port == socket.port ? "we" : "they"
                switch report.event {
                case .route(let found): return found.isSame(as: route) ? who + " add route" : nil
                case .routeRemoved(let found):
                    return found.isSame(as: route) ? who + " delete route" : nil
                case .rule(let found): return found.isSame(as: rule) ? who + " add rule" : nil
                case .ruleRemoved(let found):
                    return found.isSame(as: rule) ? who + " delete rule" : nil
                default: return nil
                }
            }
            #expect(
                kinds == ["we add route", "we add rule", "they delete route", "they delete rule"])
        }
    }
}

@Suite struct RoutingNamesTests {
    @Test func `names come from text, numbers stand for themselves`() {
        var names = RoutingNames(builtIn: .tables)
        names.add(Array("# a comment\n100 small # behind\n0x10\thex\nnonsense\n 7  seven\n".utf8))
        #expect(names.number(of: "main") == 254 && names.number(of: "local") == 255)
        #expect(names.number(of: "small") == 100 && names.number(of: "hex") == 16)
        #expect(names.number(of: "seven") == 7 && names.number(of: "0x1A") == 26)
        #expect(names.number(of: "6909") == 6909 && names.number(of: "nobody") == nil)
        #expect(names.number(of: "-1") == nil && names.number(of: "4294967296") == nil)
    }
}

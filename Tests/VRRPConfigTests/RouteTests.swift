// Routes and rules, with the examples of keepalived.conf(5).

import Addresses
import Testing

@testable import VRRPConfig

@Suite struct RouteTests {
    private func route(_ line: String) -> VirtualRoute? {
        let loaded = load(instanceText("no_virtual_ipaddress\n virtual_routes {\n \(line)\n}"))
        return loaded.instance?.routes.first
    }

    @Test func `the manual's routes are read`() throws {
        let first = try #require(
            route("src 192.168.100.1 to 192.168.109.0/24 via 192.168.200.254 dev eth1"))
        #expect(first.preferredSource == IPAddress("192.168.100.1"))
        #expect(first.destination == Prefix("192.168.109.0/24"))
        #expect(first.hop.gateway == IPAddress("192.168.200.254"))
        #expect(first.hop.interface == "eth1")
        #expect(route("192.168.111.0/24 dev eth2 no_track")?.isUntracked == true)
        let two = route("192.168.113.0/24 via 192.168.200.254 or 192.168.100.254 dev eth1")
        #expect(two?.alternateGateway == IPAddress("192.168.100.254"))
        #expect(route("blackhole 192.168.114.0/24")?.kind == .blackhole)
        let gateway = try #require(route("0.0.0.0/0 gw 192.168.0.1 table 100"))
        #expect(gateway.destination == nil && gateway.table == 100)
    }

    @Test func `several ways and all metrics are read`() throws {
        let ways = try #require(
            route(
                "192.168.100.0/24 table 6909 nexthop via 192.168.101.1 dev wlan0 onlink weight 1 "
                    + "nexthop via 192.168.101.2 dev wlan0 onlink weight 2"))
        #expect(ways.nextHops.map(\.weight) == [1, 2])
        #expect(ways.nextHops.map(\.isOnLink) == [true, true])
        let rich = try #require(
            route(
                "192.168.200.0/24 dev p33p1.2 table 6909 tos 0x04 protocol bird scope link "
                    + "priority 12 mtu 1000 hoplimit 100 advmss 101 rtt 102 rttvar 103 reordering "
                    + "104 window 105 cwnd 106 ssthresh lock 107 realms 3/0x14 rto_min 108 "
                    + "initcwnd 109 initrwnd 110 features ecn append"))
        #expect(rich.typeOfService == 4 && rich.routeProtocol == 12 && rich.scope == 253)
        #expect(rich.metric == 12 && rich.usesECN && rich.placement == .appended)
        #expect(rich.metrics.count == 12 && rich.metrics.filter(\.isLocked).count == 1)
        #expect(rich.hop.realms == 196_628)
        let six = try #require(
            route("2001:db8:1:2::4 dev eth1 via fe80::1 pref high ttl-propagate enabled"))
        #expect(six.family == .v6 && six.routerPreference == 1 && six.propagatesTTL == true)
        #expect(route("default inet6 dev eth0")?.family == .v6)
        #expect(route("10.0.0.0/8 congctl lock bbr dev eth0")?.metrics.first?.text == "bbr")
    }

    @Test(arguments: [
        "10.0.0.0/8 dve eth0", "via 192.0.2.1", "10.0.0.0/8 src ::1", "10.0.0.0/8 table nowhere",
        "10.0.0.0/8 nexthop", "10.0.0.0/8 via 192.0.2.1 nexthop via 192.0.2.2",
        "10.0.0.0/8 or 192.0.2.1", "10.0.0.0/8 mtu", "10.0.0.0/8 features fast",
        "10.0.0.0/8 encap mpls 100 via 192.0.2.1", "10.0.0.0/8 track_group G",
        "to 10.0.0.0/8 from 10.9.0.1 dev eth0",
    ])
    func `a route with a mistake is left out and said`(_ line: String) {
        let text = instanceText("no_virtual_ipaddress\n virtual_routes {\n \(line)\n}")
        let loaded = load(text)
        #expect(loaded.instance?.routes == [])
        #expect(loaded.grade == .repaired)
    }

    @Test func `a route may be for where none matches`() {
        #expect(route("10.0.0.0/8 dev eth0 features ecn add")?.placement == .alone)
        #expect(route("2001:db8::/32 from 2001:db8:1::/48 dev eth0")?.source?.length == 48)
    }

    /// Options at the wrong place: none is its own correction.
    @Test(arguments: [
        ("virtual_routes {\n 10.0.0.0/8 dev eth0 weight 10\n}", "behind 'nexthop' only"),
        ("virtual_routes {\n 10.0.0.0/8 dev eth0 track_group G\n}", "at this place"),
        ("virtual_rules {\n from 10.0.0.0/8 table 1 track_group G\n}", "at this place"),
        ("virtual_ipaddress_excluded {\n 10.0.0.1 track_group G\n}", "at this place"),
        ("virtual_routes {\n 10.0.0.0/8 dve eth0\n}", "is no option of a route"),
    ])
    func `an option at the wrong place is no spelling mistake`(_ lines: String, _ words: String) {
        let loaded = load(instanceText("no_virtual_ipaddress\n \(lines)"))
        #expect(loaded.texts.contains { $0.contains(words) }, "\(loaded.texts)")
        #expect(loaded.diagnostics.allSatisfy { $0.suggestion == nil || $0.suggestion == "dev" })
    }

    private func rule(_ line: String) -> VirtualRule? {
        let loaded = load(instanceText("no_virtual_ipaddress\n virtual_rules {\n \(line)\n}"))
        return loaded.instance?.rules.first
    }

    @Test func `the manual's rules are read`() throws {
        let rich = try #require(
            rule(
                "from 192.168.28.0/24 to 192.168.29.0/26 table 7 iif p33p1 oif wlan0 tos 22 "
                    + "fwmark 24/12 preference 39 realms 30/20 no_track"))
        #expect(rich.from == Prefix("192.168.28.0/24") && rich.to == Prefix("192.168.29.0/26"))
        #expect(rich.action == .table(7) && rich.inputInterface == "p33p1")
        #expect(rich.outputInterface == "wlan0" && rich.typeOfService == 22)
        #expect(rich.mark == 24 && rich.markMask == 12 && rich.preference == 39)
        #expect(rich.realms == 1_966_100 && rich.isUntracked)
        let users = try #require(
            rule(
                "to 1:2:3:4:5:6:7:0/112 from 7:6:5:4:3:2::/96 table 6908 uidrange 10000-19999"))
        #expect(users.family == .v6 && users.users == 10000...19999)
        let ports = try #require(
            rule("to 10.0.0.0/8 l3mdev protocol 12 ip_proto UDP sport 10-20 dport 20"))
        #expect(ports.usesL3Device && ports.action == nil && ports.ipProtocol == 17)
        #expect(ports.sourcePorts == 10...20 && ports.destinationPorts == 20...20)
        #expect(ports.ruleProtocol == 12)
        let others = try #require(
            rule(
                "not from all suppress_prefixlength 0 suppress_ifgroup 3 tun_id 9 goto 400 "
                    + "preference 5"))
        #expect(others.isInverted && others.from == nil && others.action == .goTo(400))
        #expect(others.suppressedPrefixLength == 0 && others.suppressedGroup == 3)
        #expect(others.tunnelID == 9)
        for (word, action) in [
            ("nop", VirtualRule.Action.nop), ("blackhole", .blackhole),
            ("unreachable", .unreachable), ("prohibit", .prohibit),
        ] {
            #expect(rule("from 10.0.0.0/8 \(word)")?.action == action)
        }
        #expect(rule("inet6 from all table main")?.family == .v6)
    }

    @Test(arguments: [
        "from 10.0.0.0/8", "from 10.0.0.0/8 to ::/0 table 1 from ::1", "table nowhere",
        "from 10.0.0.0/8 goto 3 preference 5", "tabel 5", "uidrange 9-3 table 1",
        "sport 70000 table 1", "ip_proto none table 1", "fwmark x table 1",
    ])
    func `a rule with a mistake is left out and said`(_ line: String) {
        let loaded = load(instanceText("no_virtual_ipaddress\n virtual_rules {\n \(line)\n}"))
        #expect(loaded.instance?.rules == [])
        #expect(loaded.grade == .repaired)
    }

    @Test func `names come from the files of iproute2, the later over the earlier`() {
        let files = [
            "/usr/share/iproute2/rt_tables": "100 blue # comment\n200\tred\nx y\n",
            "/etc/iproute2/rt_tables": "101 blue",
            "/etc/iproute2/rt_tables.d/own.conf": "0x12c green",
        ]
        let text = instanceText(
            """
            no_virtual_ipaddress
            virtual_routes {
                10.0.0.0/8 dev eth0 table blue
                10.0.0.0/8 dev eth0 table red
                10.0.0.0/8 dev eth0 table green
                10.0.0.0/8 dev eth0 table local
            }
            """)
        let tables = load(text, world(files)).instance?.routes.map(\.table)
        #expect(tables == [101, 200, 300, 255])
    }
}

// What definitions mean to the election, to packets and to the kernel's routing.

import Addresses
import Netlink
import Testing
import VRRPConfig
import VRRPProtocol

@testable import VRRPDaemon

@Suite struct DefinitionTests {
    private func definition(
        _ change: (inout InstanceDefinition) -> Void = { _ in }
    ) -> InstanceDefinition {
        var definition = InstanceDefinition(name: "V")
        definition.virtualRouterID = 51
        definition.version = .three
        definition.interface = "eth0"
        change(&definition)
        return definition
    }

    @Test func `settings of the election follow the definition`() {
        let source = IPAddress(v4: 0x0A00_0001)
        let plain = definition().settings(startupDelay: 7, source: source)
        #expect(plain.version == .three && plain.priority == 100 && plain.preempts)
        #expect(plain.primaryAddress == source && plain.startupDelay == 7)
        #expect(plain.answersLowerPriority && !plain.ownerIgnoresAdvertisements)
        #expect(!plain.ownerServesAtOnce && plain.downTimerAdverts == 3)
        let changed = definition {
            $0.version = .two
            $0.initialState = .master
            $0.preempts = false
            $0.preemptDelayNanoseconds = 5
            $0.downTimerAdverts = 4
            $0.staysSilentOnLowerPriority = true
            $0.ownerIgnoresAdverts = true
        }.settings(startupDelay: 0, source: nil)
        #expect(changed.version == .two && !changed.preempts && changed.preemptDelay == 5)
        #expect(changed.downTimerAdverts == 4 && !changed.answersLowerPriority)
        #expect(changed.ownerIgnoresAdvertisements && changed.ownerServesAtOnce)
        #expect(changed.primaryAddress == .anyV4)
        let strict = definition { $0.isStrict = true }.settings(startupDelay: 0, source: nil)
        #expect(strict.isStrict)
    }

    @Test func `the checksum follows version, family and settings`() {
        typealias Row = (change: (inout InstanceDefinition) -> Void, kind: ChecksumKind)
        let rows: [Row] = [
            ({ _ in }, .pseudoHeader), ({ $0.version = .two }, .messageOnly),
            ({ $0.omitsPseudoHeader = true }, .messageOnly),
            ({ ($0.omitsPseudoHeader, $0.family) = (true, .v6) }, .pseudoHeader),
            ({ $0.oldChecksum = .always }, .pseudoHeader),
            ({ ($0.oldChecksum, $0.isUnicast) = (.always, true) }, .groupPseudoHeader),
            ({ ($0.oldChecksum, $0.isUnicast) = (.never, true) }, .pseudoHeader),
        ]
        for (index, row) in rows.enumerated() {
            #expect(definition(row.change).sentChecksum == row.kind, "row \(index)")
        }
    }

    @Test func `adverts go to the group, or to all peers but ourselves and other families`() {
        let own = IPAddress(v4: 1)
        #expect(definition().destinations(from: own) == [IPAddress(v4: 0xE000_0012)])
        let unicast = definition {
            $0.isUnicast = true
            $0.unicastPeers = [1, 2, 3].map { UnicastPeer(address: IPAddress(v4: $0)) }
            $0.unicastPeers.append(UnicastPeer(address: IPAddress(v6High: 1, low: 1)))
        }
        #expect(unicast.destinations(from: own) == [IPAddress(v4: 2), IPAddress(v4: 3)])
        #expect(!unicast.isAloneAsConfigured)
        #expect(definition { $0.isUnicast = true }.isAloneAsConfigured)
    }

    @Test func `what is accepted follows peers, passwords and keys`() {
        let rules = definition {
            $0.isUnicast = true
            $0.checksUnicastSource = true
            $0.unicastPeers = [
                UnicastPeer(address: IPAddress(v4: 2), minimumTTL: 250, maximumTTL: nil),
                UnicastPeer(address: IPAddress(v4: 3), minimumTTL: nil, maximumTTL: 9),
                UnicastPeer(address: IPAddress(v4: 4), minimumTTL: 20, maximumTTL: 10),
            ]
        }.receiveRules()
        #expect(rules.isUnicast && rules.checksUnicastSource)
        #expect(rules.peers.map(\.hopLimits) == [250...255, 0...9, 20...20])
        let password = definition { $0.authentication = .password(Array("secret".utf8)) }
        #expect(password.passwordAuthentication == .none)
        let old = definition {
            $0.version = .two
            $0.authentication = .password(Array("secret".utf8))
        }
        #expect(old.passwordAuthentication == .password(Array("secret".utf8)))
        #expect(old.trailer == nil)
    }

    @Test func `a router is the same while it speaks about the same addresses in the same way`() {
        let changes: [(inout InstanceDefinition) -> Void] = [
            { $0.virtualRouterID = 52 }, { $0.interface = "eth1" }, { $0.version = .two },
            { $0.family = .v6 }, { $0.isUnicast = true }, { $0.transmitsFromBase = true },
            { $0.name = "W" }, { $0.virtualMAC = VRRPConfig.VirtualMAC() },
            { $0.sourceAddress = IPAddress(v4: 9) }, { $0.multicastDestination = .anyV4 },
        ]
        for (index, change) in changes.enumerated() {
            #expect(!definition().isSameRouter(as: definition(change)), "change \(index)")
        }
        let same = definition {
            $0.priority = 7
            $0.advertIntervalNanoseconds = 10_000_000
            $0.preempts = false
        }
        #expect(definition().isSameRouter(as: same))
    }

    @Test func `interfaces are named by addresses, routes and their hops`() {
        let instance = definition {
            var route = VirtualRoute()
            route.hop.interface = "eth2"
            var two = VirtualRoute()
            two.nextHops = [VirtualRoute.NextHop(), VirtualRoute.NextHop()]
            two.nextHops[1].interface = "eth3"
            $0.routes = [route, two]
        }
        #expect(instance.names("eth2") && instance.names("eth3"))
        #expect(!instance.names("eth0") && !instance.names("eth1"))
    }

    // MARK: Routes and rules

    private let indexes: [String: UInt32] = ["eth0": 2, "eth1": 3]

    private func route(
        _ fallback: String? = nil, _ change: (inout VirtualRoute) -> Void
    ) -> Route? {
        var line = VirtualRoute()
        line.destination = Prefix(IPAddress(v4: 0x0A4D_0000), length: 24)
        change(&line)
        return Route(line, fallback: fallback) { indexes[$0] }
    }

    @Test func `a route goes by its hop, its alternative, or the fallback`() {
        let gateway = IPAddress(v4: 0x0A09_0002)
        #expect(route("eth0") { _ in }?.hops == [Route.Hop(interface: 2)])
        #expect(route { $0.hop.interface = "eth1" }?.hops == [Route.Hop(interface: 3)])
        #expect(route("eth0") { $0.hop.realms = 0x3_0014 }?.realms == 0x3_0014)
        #expect(route("eth0") { $0.hop.gateway = gateway }?.hops == [Route.Hop(gateway: gateway)])
        #expect(route { $0.hop.interface = "gone0" } == nil)
        let two = route {
            $0.hop.gateway = gateway
            $0.alternateGateway = IPAddress(v4: 0x0A09_0003)
        }
        #expect(two?.hops.map(\.gateway) == [gateway, IPAddress(v4: 0x0A09_0003)])
        for kind: VirtualRoute.Kind in [.blackhole, .unreachable, .prohibit, .throw] {
            #expect(route("eth0") { $0.kind = kind }?.hops == [], "\(kind)")
        }
        let everywhere = route("eth0") { $0.destination = nil }
        #expect(everywhere?.destination == Prefix(.anyV4, length: 0))
    }

    @Test func `metrics have the kernel's units`() {
        typealias Name = VirtualRoute.Metric.Name
        let rows: [(Name, UInt32, Route.Metric, UInt32)] = [
            (.mtu, 1400, .mtu, 1400), (.rtt, 5, .roundTrip, 40),
            (.rttvar, 5, .roundTripVariation, 20), (.initcwnd, 10, .initialCongestionWindow, 10),
            (.hoplimit, 9, .hopLimit, 9), (.advmss, 1300, .largestSegment, 1300),
        ]
        for (name, value, metric, result) in rows {
            let made = route("eth0") {
                $0.metrics = [VirtualRoute.Metric(name: name, value: value, isLocked: true)]
            }
            #expect(made?.metrics == [metric: result], "\(name)")
            #expect(made?.lockedMetrics == [metric], "\(name)")
        }
        #expect(route("eth0") { $0.usesECN = true }?.metrics == [.features: 1])
        let huge = VirtualRoute.Metric(name: .rtt, value: .max)
        #expect(route("eth0") { $0.metrics = [huge] } != nil)
    }

    @Test func `a rule leads to its table, to another rule, or nowhere`() {
        let rows: [(VirtualRule.Action?, RoutingRule.Action)] = [
            (.table(77), .table(77)), (.goTo(5), .goto(5)), (.nop, .nothing),
            (.blackhole, .blackhole), (.prohibit, .prohibit), (.unreachable, .unreachable),
            (nil, .table(Route.mainTable)),
        ]
        for (action, result) in rows {
            var line = VirtualRule()
            line.action = action
            line.preference = 9
            line.mark = 1
            let rule = RoutingRule(line)
            #expect(rule.action == result && rule.priority == 9)
            #expect(rule.mark == RoutingRule.Mark(1, mask: .max))
        }
    }
}

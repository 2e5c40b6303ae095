// The dump of a configuration loads to the same configuration: for the shipped examples and for
// random ones.

import Addresses
import RandomInputs
import Testing

@testable import VRRPConfig

@Suite struct DumpTests {
    /// A world in which every account exists but the one that is taken unasked.
    private func anyWorld() -> VRRPSurroundings {
        var surroundings = VRRPSurroundings(configurationID: "main")
        surroundings.userExists = { $0 != "keepalived_script" }
        return surroundings
    }

    private func expectSame(_ configuration: VRRPConfiguration) {
        let text = VRRPConfigurationDump.text(of: configuration)
        let again = load(text, anyWorld())
        let isSame = again.configuration == configuration
        #expect(isSame, "\(difference(configuration, again))")
    }

    /// The first place where two configurations differ, for the log of a failed test.
    private func difference(
        _ configuration: VRRPConfiguration, _ again: LoadedVRRPConfiguration
    ) -> String {
        guard let found = again.configuration else { return "\(again.texts)" }
        let left = Array("\(configuration)".replacing(/place: (nowhere|[a-z.:0-9]*)/, with: ""))
        let right = Array("\(found)".replacing(/place: (nowhere|[a-z.:0-9]*)/, with: ""))
        let same = zip(left, right).prefix { $0 == $1 }.count
        let from = max(0, same - 120)
        let lost = again.texts.filter { $0.contains("left out") }
        return
            "\(lost) \(String(left[from...].prefix(240))) --- \(String(right[from...].prefix(240)))"
    }

    @Test(arguments: ExamplesTests.files)
    func `the dump of an example loads to the same`(_ file: String) throws {
        let loaded = VRRPConfigurationLoader.load(
            path: file, surroundings: ExamplesTests.surroundings("lb1"))
        expectSame(try #require(loaded.configuration))
    }

    @Test func `the dump of random configurations loads to the same`() {
        var random = Seeded.fresh()
        for _ in 0..<300 {
            var maker = ConfigurationMaker(random: random)
            let configuration = maker.configuration()
            random = maker.random
            expectSame(configuration)
        }
    }

    @Test func `secrets can be left out`() {
        var instance = InstanceDefinition(name: "VI")
        instance.authentication = .password(Array("verysecr".utf8))
        var hmac = HMACAuthentication()
        hmac.keys = [.init(id: 1, secret: [UInt8](repeating: 0xAB, count: 32))]
        var other = InstanceDefinition(name: "VJ")
        other.authentication = .hmac(hmac)
        var configuration = VRRPConfiguration()
        configuration.instances = [instance, other]
        let hidden = VRRPConfigurationDump.text(of: configuration, hidesSecrets: true)
        #expect(!hidden.contains("verysecr") && !hidden.contains("abab"))
        let open = VRRPConfigurationDump.text(of: configuration)
        #expect(open.contains("verysecr") && open.contains("abab"))
    }
}

/// Makes random configurations in which nothing contradicts.
struct ConfigurationMaker {
    var random: Seeded

    mutating func flip() -> Bool { random.next(below: 2) == 0 }
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + random.next(below: range.count)
    }
    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[random.next(below: values.count)]
    }
    mutating func maybe<Value>(_ value: Value) -> Value? { flip() ? value : nil }

    mutating func word() -> String {
        let letters = Array("abcXYZ019_-./ #!{}'@~,;=()&|<>*")
        return String((0..<number(1...8)).map { _ in pick(letters) })
    }

    mutating func path() -> String { "/" + word() }

    mutating func time(_ range: ClosedRange<Int>, unit: UInt64 = 1000) -> UInt64 {
        UInt64(number(range)) * unit
    }

    mutating func v4() -> IPAddress { IPAddress(v4: UInt32(number(0x0100_0000...0x7EFF_FFFF))) }
    mutating func v6() -> IPAddress {
        IPAddress(v6High: 0x2001_0DB8_0000_0000 | UInt64(number(0...65535)), low: random.next())
    }
    mutating func address(_ family: IPAddress.Family) -> IPAddress { family == .v4 ? v4() : v6() }
    mutating func prefix(_ family: IPAddress.Family) -> Prefix? {
        Prefix(address(family), length: number(1...family.bitCount))
    }

    mutating func command() -> ScriptCommand {
        let letters = Array("abc '\"\\$#!{}x1\n\t~@")
        let arguments = (0..<number(0...3)).map { _ in
            String((0..<number(0...6)).map { _ in pick(letters) })
        }
        var command = ScriptCommand(arguments: [path()] + arguments)
        command.user = "nobody"
        command.group = maybe("nogroup")
        return command
    }

    mutating func weight(_ limit: Int = 253) -> TrackWeight {
        TrackWeight(number(-limit...limit), isReversed: flip())
    }

    mutating func virtualAddress(_ family: IPAddress.Family, isFixed: Bool) -> VirtualAddress {
        var item = VirtualAddress(
            address: address(family), prefixLength: UInt8(number(1...family.bitCount)))
        if family == .v4, item.prefixLength <= 30 {
            item.broadcast = maybe(pick([.hostBitsSet, .hostBitsClear]))
        }
        item.interface = maybe("eth\(number(0...3))")
        if !isFixed {
            item.usesVirtualMAC = item.interface != nil && flip()
            item.isUntracked = flip()
        }
        item.scope = maybe(pick([0, 200, 253, 254]))
        item.label = maybe("eth0:\(number(0...9))")
        item.peer = maybe(address(family))
        if item.peer != nil { item.peerPrefixLength = maybe(UInt8(number(1...32))) }
        item.isHome = flip()
        item.detectsDuplicates = flip()
        item.managesTemporaryAddresses = flip()
        item.omitsPrefixRoute = flip()
        item.joinsGroup = flip()
        item.preferredLifetime = maybe(pick([.forever, .seconds(0), .seconds(77)]))
        return item
    }

    mutating func route(isFixed: Bool) -> VirtualRoute {
        var route = VirtualRoute()
        route.family = pick([.v4, .v6])
        route.kind = pick(VirtualRoute.Kind.allCases)
        route.destination = maybe(prefix(route.family)) ?? nil
        route.preferredSource = maybe(address(route.family))
        if flip() {
            route.hop = hop(route.family, isNested: false)
            if let gateway = route.hop.gateway, gateway.family == route.family {
                route.alternateGateway = maybe(address(route.family))
            }
        } else {
            route.nextHops = (0..<2).map { _ in hop(route.family, isNested: true) }
        }
        route.table = maybe(UInt32(number(1...100_000)))
        route.typeOfService = maybe(UInt8(number(0...255)))
        route.routeProtocol = maybe(UInt8(number(0...255)))
        route.scope = maybe(UInt8(number(0...255)))
        route.metric = maybe(UInt32(number(0...100_000)))
        for name in VirtualRoute.Metric.Name.allCases where number(0...3) == 0 {
            let isText = name == .congestionControl
            route.metrics.append(
                VirtualRoute.Metric(
                    name: name, value: isText ? 0 : UInt32(number(0...10000)),
                    text: isText ? "bbr" : nil, isLocked: flip()))
        }
        route.usesECN = flip()
        route.routerPreference = maybe(pick([0, 1, 3]))
        route.propagatesTTL = maybe(flip())
        route.placement = pick([.prepended, .appended, .alone])
        if !isFixed { route.isUntracked = flip() }
        return route
    }

    private mutating func hop(
        _ family: IPAddress.Family, isNested: Bool
    ) -> VirtualRoute.NextHop {
        var hop = VirtualRoute.NextHop()
        hop.gateway = flip() ? address(family) : nil
        hop.interface = "eth\(number(0...3))"
        hop.isOnLink = flip()
        hop.realms = maybe(UInt32(number(1...65535)))
        if isNested { hop.weight = number(1...256) }
        return hop
    }

    mutating func rule(isFixed: Bool) -> VirtualRule {
        var rule = VirtualRule()
        rule.family = pick([.v4, .v6])
        rule.action = pick([.table(7), .nop, .blackhole, .unreachable, .prohibit])
        rule.isInverted = flip()
        rule.from = maybe(prefix(rule.family)) ?? nil
        rule.to = maybe(prefix(rule.family)) ?? nil
        rule.preference = UInt32(number(1...1000))
        rule.typeOfService = maybe(UInt8(number(0...255)))
        rule.mark = maybe(UInt32(number(0...65535)))
        if rule.mark != nil { rule.markMask = maybe(255) }
        rule.inputInterface = maybe("eth0")
        rule.outputInterface = maybe("eth1")
        rule.realms = maybe(7 << 16 | 5)
        rule.usesL3Device = flip()
        rule.ruleProtocol = maybe(18)
        rule.suppressedPrefixLength = maybe(0)
        rule.suppressedGroup = maybe(3)
        rule.tunnelID = maybe(9)
        rule.users = maybe(5...9)
        rule.ipProtocol = maybe(6)
        rule.sourcePorts = maybe(10...20)
        rule.destinationPorts = maybe(80...80)
        if !isFixed { rule.isUntracked = flip() }
        return rule
    }

    mutating func notify() -> NotifySettings {
        var notify = NotifySettings()
        notify.master = maybe(command())
        notify.backup = maybe(command())
        notify.fault = maybe(command())
        notify.stop = maybe(command())
        notify.any = maybe(command())
        notify.tellsDeleted = flip()
        if notify.tellsDeleted { notify.deleted = maybe(command()) }
        notify.tellsPriorityChanges = flip()
        notify.sendsMail = flip()
        return notify
    }

    mutating func instance(_ index: Int) -> InstanceDefinition {
        var instance = InstanceDefinition(name: "VI \(index) \(word())")
        instance.virtualRouterID = UInt8(index + 1)
        instance.priority = UInt8(number(1...254))
        instance.interface = "eth0"
        instance.family = pick([.v4, .v6])
        instance.version = instance.family == .v6 ? .three : pick([.two, .three])
        instance.advertIntervalNanoseconds =
            instance.version == .two
            ? time(1...255, unit: 1_000_000_000) : time(1...4095, unit: 10_000_000)
        instance.preempts = flip()
        instance.preemptDelayNanoseconds = time(0...1_000_000)
        instance.downTimerAdverts = number(1...100)
        instance.staysSilentOnLowerPriority = flip()
        instance.advertisesBeforeSteppingDown = flip()
        instance.timerExpiredPriority = maybe(UInt8(number(1...254)))
        instance.acceptsPackets = flip()
        instance.skipsAddressCheckOfKnownSender = flip()
        instance.ownerIgnoresAdverts = flip()
        if instance.version == .two, flip() {
            instance.authentication = .password(Array(word().utf8))
        } else if flip() {
            var hmac = HMACAuthentication()
            hmac.keys = [.init(id: 9, secret: (0..<40).map { _ in UInt8(number(0...255)) })]
            hmac.activeKey = 9
            hmac.mode = pick(HMACAuthentication.Mode.allCases)
            hmac.replayGuard = pick(HMACAuthentication.ReplayGuard.allCases)
            hmac.timeWindowSeconds = number(1...300)
            instance.authentication = .hmac(hmac)
        }
        if flip() {
            var mac = VirtualMAC()
            mac.interfaceName = maybe("vm\(index)")
            mac.hardwareAddress = maybe([2, 0, 0, 1, 2, UInt8(number(0...255))])
            mac.linkGroup = maybe("5")
            instance.virtualMAC = mac
        } else if flip() {
            var ipvlan = IPVLAN()
            ipvlan.interfaceName = maybe("iv\(index)")
            ipvlan.address = address(instance.family)
            ipvlan.prefixLength = maybe(24)
            ipvlan.mode = pick(IPVLAN.Mode.allCases)
            instance.ipvlan = ipvlan
        }
        instance.usesVirtualMACForAddresses = flip()
        instance.transmitsFromBase = flip()
        instance.pollsLink = flip()
        instance.receiveBufferBytes = maybe(number(1...100_000))
        fillSockets(&instance)
        fillItems(&instance)
        return instance
    }

    private mutating func fillSockets(_ instance: inout InstanceDefinition) {
        instance.sourceAddress = maybe(address(instance.family))
        instance.tracksSourceAddress = flip()
        instance.multicastDestination =
            instance.family == .v4
            ? IPAddress(v4: 0xE000_0012 + UInt32(number(0...20)))
            : IPAddress(v6High: 0xFF02_0000_0000_0000, low: UInt64(number(1...200)))
        for _ in 0..<number(0...2) {
            instance.unicastPeers.append(
                UnicastPeer(
                    address: address(instance.family), minimumTTL: maybe(10), maximumTTL: maybe(20)
                ))
        }
        instance.checksUnicastSource =
            flip()
            || instance.unicastPeers.contains { $0.minimumTTL != nil || $0.maximumTTL != nil }
        instance.unicastTTL = maybe(UInt8(number(0...255)))
        instance.faultsWithoutPeers = flip()
        instance.isUnicast = !instance.unicastPeers.isEmpty || instance.faultsWithoutPeers
        instance.oldChecksum = pick([.detected, .always, .never])
        instance.omitsPseudoHeader = flip()
        instance.announcements.masterRepeat = number(1...255)
        instance.announcements.masterDelayNanoseconds = time(0...99, unit: 1_000_000_000)
        instance.announcements.lowerPriorityRepeat = number(0...255)
        instance.announcements.lowerPriorityDelayNanoseconds = time(0...99, unit: 1_000_000_000)
        instance.announcements.refreshNanoseconds = time(0...99, unit: 1_000_000_000)
        instance.announcements.refreshRepeat = number(0...255)
        instance.announcements.extraInterfaceNanoseconds = time(0...1_000_000)
        instance.announcements.extraOnAllInterfaces = flip()
    }

    private mutating func fillItems(_ instance: inout InstanceDefinition) {
        for _ in 0..<number(0...3) {
            instance.virtualAddresses.append(virtualAddress(instance.family, isFixed: false))
        }
        for _ in 0..<number(0...2) {
            instance.excludedAddresses.append(virtualAddress(pick([.v4, .v6]), isFixed: false))
        }
        instance.meansNoAddresses = instance.virtualAddresses.isEmpty || flip()
        instance.promotesSecondaries = flip()
        for _ in 0..<number(0...2) { instance.routes.append(route(isFixed: false)) }
        for _ in 0..<number(0...2) { instance.rules.append(rule(isFixed: false)) }
        instance.tracksInterface = flip()
        instance.tracks = tracks()
        instance.notify = notify()
        instance.notify.masterHearsLowerPriority = maybe(command())
    }

    /// References to the definitions that every random configuration has.
    private mutating func tracks() -> TrackReferences {
        var tracks = TrackReferences()
        for kind in TrackKind.allCases where flip() {
            tracks.append(TrackReference(name: "t-\(kind.keyword)", weight: weight()), kind)
        }
        return tracks
    }

    mutating func configuration() -> VRRPConfiguration {
        var configuration = VRRPConfiguration()
        configuration.global = global()
        definitions(&configuration)
        for index in 0..<number(1...4) { configuration.instances.append(instance(index)) }
        if flip() {
            var group = SyncGroupDefinition(name: "G \(word())")
            group.members = configuration.instances.map(\.name)
            group.allowsWeights = true
            group.tracks = tracks()
            group.notify = notify()
            configuration.syncGroups = [group]
        }
        var trackGroup = TrackGroup(name: "T")
        trackGroup.members = [configuration.instances[0].name]
        configuration.trackGroups = [trackGroup]
        configuration.staticAddresses = [virtualAddress(.v4, isFixed: true)]
        configuration.staticAddresses[0].trackGroup = maybe("T")
        configuration.staticRoutes = [route(isFixed: true)]
        configuration.staticRules = [rule(isFixed: true)]
        configuration.interfaceDelays = [
            InterfaceDelays(
                interface: "eth0", downNanoseconds: time(0...1_000_000),
                upNanoseconds: time(0...1_000_000))
        ]
        configuration.polledInterfaces = [
            PolledInterface(interface: "eth1", method: maybe(.ethtool))
        ]
        var announcements = AnnouncementGroup()
        announcements.arpIntervalNanoseconds = time(0...1000)
        announcements.neighbourIntervalNanoseconds = maybe(time(0...1000))
        announcements.interfaces = ["eth0", "eth1"]
        configuration.announcementGroups = [announcements]
        return configuration
    }

    private mutating func definitions(_ configuration: inout VRRPConfiguration) {
        var script = ScriptDefinition(name: "t-track_script")
        script.command = command()
        script.intervalNanoseconds = time(1...5000, unit: 1_000_000)
        script.timeoutNanoseconds = time(1...5000, unit: 1_000_000)
        script.weight = weight()
        script.rise = number(1...9)
        script.beginsFailed = flip()
        configuration.scripts = [script]
        var file = TrackFileDefinition(name: "t-track_file")
        file.path = path()
        file.weight = weight(1_000_000)
        file.initialization = maybe(.init(value: number(-5...5), overwrites: flip()))
        configuration.trackFiles = [file]
        var process = TrackProcessDefinition(name: "t-track_process")
        process.process = word()
        process.parameters = (0..<number(0...3)).map { _ in word() }
        process.parameterMatch = maybe(pick([.exact, .partial, .initial]))
        process.comparesCommandLine = flip()
        process.weight = weight()
        process.quorumLimit = maybe(number(1...5))
        process.forkDelayNanoseconds = time(0...1_000_000)
        configuration.trackProcesses = [process]
        var bfd = BFDDefinition(name: "t-track_bfd")
        bfd.neighbour = pick([v4(), v6()])
        bfd.source = maybe(address(bfd.neighbour.family))
        bfd.minimumReceiveNanoseconds = time(1000...100_000)
        bfd.hopLimit = UInt8(number(1...255))
        bfd.isMultihop = flip()
        bfd.weight = weight()
        configuration.bfdInstances = [bfd]
        var martlet = MartletDefinition(name: "t-track_martlet")
        martlet.socketPath = path()
        martlet.pidFile = maybe(path())
        martlet.intervalNanoseconds = time(1000...100_000)
        martlet.loopDelayNanoseconds = maybe(time(1000...100_000))
        martlet.listeners = (0..<number(0...2)).map { "f\($0) \(word())" }
        martlet.needsAllListeners = flip()
        if martlet.loopDelayNanoseconds != nil { martlet.loopDelayWeight = maybe(-7) }
        if martlet.needsAllListeners { martlet.listenersWeight = maybe(3) }
        if let address = IPAddress("192.0.2.1"), flip() {
            martlet.acceptingAddresses = [IPSocketAddress(address, port: 80)]
            martlet.acceptsWeight = maybe(9)
        }
        martlet.backends = [
            .init(
                name: word(), minimumPercent: number(1...100), countsWeights: flip(),
                weight: maybe(4))
        ]
        martlet.weight = weight()
        configuration.martlets = [martlet]
        var check = CheckDefinition(name: "t-track_check")
        let address = IPSocketAddress(pick([v4(), v6()]), port: UInt16(number(1...65535)))
        check.target = pick([
            .tcp(address), .unix(path()),
            .http(.init(address: address, target: "/a?b=c", host: "h", expected: 200...204)),
        ])
        check.timeoutNanoseconds = time(1000...100_000)
        check.fall = number(1...9)
        configuration.checks = [check]
    }

    private mutating func global() -> GlobalDefinitions {
        var global = GlobalDefinitions()
        global.networkNamespace = maybe(word())
        global.instanceName = maybe(word())
        global.usesPIDDirectory = flip()
        global.pollsAllLinks = flip()
        global.childWaitSeconds = number(0...60)
        global.routerID = maybe(word())
        global.mail.recipients = (0..<number(0...2)).map { _ in word() }
        global.mail.server = maybe("mail")
        if global.mail.server != nil { global.mail.port = 2525 }
        global.mail.omitsFaults = flip()
        global.scriptUser = "root"
        global.scriptGroup = maybe("root")
        global.enforcesScriptSecurity = flip()
        global.startupScript = maybe(command())
        if flip() {
            var fifo = NotifyFifo(path: "/run/fifo " + word())
            fifo.user = maybe("nobody")
            fifo.script = maybe(command())
            global.vrrpNotifyFifo = fifo
        }
        global.startupDelayNanoseconds = time(0...1_000_000)
        global.allowsMissingInterfaces = true
        global.nftablesPriority = number(-400...400)
        global.niceValue = maybe(number(-20...19))
        global.processors = (0..<number(0...3)).map { $0 }
        global.receiveBufferPolicy = pick([.system, .mtu, .advert, .bytes(5000)])
        global.fileModeMask = maybe(number(0...511))
        global.checksBeforeReload = flip()
        if global.checksBeforeReload { global.reloadCheckLog = maybe(path()) }
        global.reloadFile = maybe(pick(["", "/run/r"]))
        global.jsonVersion = number(1...2)
        global.randomSeed = maybe(UInt64(number(0...1000)))
        global.statusSocket = maybe(StatusSocket(path: path(), mode: UInt32(number(0...511))))
        global.metricsAddress = maybe(IPSocketAddress(.loopbackV6, port: 9650))
        global.eventsFile = maybe(path())
        return global
    }
}

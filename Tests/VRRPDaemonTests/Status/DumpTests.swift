// The dumps beside keepalived's own for the same configuration, and the files they go to.

import Addresses
import Foundation
import Kernel
import Testing
import VRRPConfig
import VRRPProtocol

@testable import VRRPDaemon

/// keepalived in a network namespace of its own, whose /tmp is a directory of ours.
struct ReferenceDumps {
    var json: [UInt8] = []
    var statistics = ""
    var data = ""

    static let reason: Comment =
        "keepalived, ip, unshare or the right to make namespaces is missing"

    /// Whether it can be run here.
    static let isPossible: Bool = {
        guard geteuid() == 0, run("keepalived", "--version") == 0 else { return false }
        let name = "martlet-dump-\(getpid())-try"
        defer { run("ip", "netns", "del", name) }
        return run("ip", "netns", "add", name) == 0
            && run("ip", "netns", "exec", name, "unshare", "-m", "true") == 0
    }()

    @discardableResult
    private static func run(_ words: String...) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Runs keepalived on a veth pair `v0`-`v1` until the JSON dump satisfies a condition.
    init(
        configuration: String, until isReady: ([[String: Any]]) -> Bool
    ) throws {
        let directory = TemporaryDirectory()
        let namespace = "martlet-dump-\(getpid())"
        defer { Self.run("ip", "netns", "del", namespace) }
        try #require(Self.run("ip", "netns", "add", namespace) == 0)
        Self.run("ip", "-n", namespace, "link", "add", "v0", "type", "veth", "peer", "name", "v1")
        for words in [["link", "set", "v0", "up"], ["link", "set", "v1", "up"]] {
            Self.run("ip", "-n", namespace, words[0], words[1], words[2], words[3])
        }
        Self.run("ip", "-n", namespace, "addr", "add", "10.9.0.1/24", "dev", "v0")
        try configuration.write(
            toFile: directory.path + "/k.conf", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "ip", "netns", "exec", namespace, "unshare", "-m", "sh", "-c",
            "mount --bind '\(directory.path)' /tmp && "
                + "exec keepalived -n -l -P -f /tmp/k.conf -p /tmp/p.pid -r /tmp/v.pid",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        func dump(_ signal: Int32, _ name: String) -> Data {
            let path = "\(directory.path)/keepalived.\(name)"
            try? FileManager.default.removeItem(atPath: path)
            kill(process.processIdentifier, signal)
            // Nothing tells when a dump is whole; it is when it no longer grows.
            var last = Data()
            for _ in 0..<20 {
                usleep(20_000)
                let now = FileManager.default.contents(atPath: path) ?? Data()
                if !now.isEmpty, now == last { break }
                last = now
            }
            return last
        }
        let deadline = Date(timeIntervalSinceNow: 15)
        while true {
            // A signal before the handlers stand would end it.
            if FileManager.default.fileExists(atPath: directory.path + "/v.pid") {
                let data = dump(36, "json")
                json = Array(data)
                let object = try? JSONSerialization.jsonObject(with: data)
                if let instances = object as? [[String: Any]], isReady(instances) { break }
            }
            try #require(Date() < deadline, "keepalived did not get there")
            usleep(50_000)
        }
        statistics = String(decoding: dump(SIGUSR2, "stats"), as: UTF8.self)
        data = String(decoding: dump(SIGUSR1, "data"), as: UTF8.self)
    }
}

/// A configuration in keepalived's words, and what ours makes of it.
private enum Twin {
    static let text = """
        global_defs {
            router_id lb1
            script_user root
            enable_script_security
            vrrp_garp_master_refresh 60
        }
        vrrp_script chk {
            script "/usr/bin/true with 'an arg'"
            interval 1
            weight 5
        }
        vrrp_sync_group G {
            group {
                A
                B
            }
        }
        vrrp_instance A {
            state MASTER
            interface v0
            virtual_router_id 51
            priority 255
            advert_int 1
            garp_master_delay 7
            garp_lower_prio_delay 3
            garp_lower_prio_repeat 2
            lower_prio_no_advert
            higher_prio_send_advert
            promote_secondaries
            authentication {
                auth_type PASS
                auth_pass 1234
            }
            track_interface {
                v1
            }
            virtual_ipaddress {
                10.9.0.100/24 brd 10.9.0.255 dev v0 label v0:1
                10.9.0.102 dev v1 peer 10.9.0.103
                10.9.0.110 home
            }
            virtual_ipaddress_excluded {
                10.9.0.101/32 scope link
            }
            virtual_routes {
                10.78.0.0/24 dev v0 scope link
                10.85.0.0/16 via 10.9.0.2 dev v0 metric 9 mtu 1300 no_track
            }
            virtual_rules {
                from 10.9.0.100 table 100 priority 500
                to 10.9.0.0/24 iif v0 tos 0x10 fwmark 5 table 100 priority 501 no_track
                not from 10.9.0.7 blackhole priority 502
            }
            notify "/usr/bin/true n"
            notify_master "/usr/bin/true m"
            notify_backup "/usr/bin/true b"
            notify_fault "/usr/bin/true f"
            notify_stop "/usr/bin/true s"
            notify_deleted "/usr/bin/true d"
            notify_master_rx_lower_pri "/usr/bin/true r"
            smtp_alert
        }
        vrrp_instance B {
            version 3
            state BACKUP
            interface v0
            virtual_router_id 52
            higher_prio_send_advert off
            priority 120
            advert_int 0.05
            nopreempt
            virtual_ipaddress {
                fe80::1234/64
                fd00::100
                fd00::101 -nodad preferred_lft 77 dev v1
            }
        }
        vrrp_instance C {
            version 3
            state BACKUP
            interface v0
            virtual_router_id 53
            higher_prio_send_advert off
            priority 120
            advert_int 0.04
            preempt_delay 2
            dont_track_primary
            skip_check_adv_addr
            virtual_ipaddress {
                10.9.0.153
            }
            track_script {
                chk weight 0
            }
        }
        """

    private static func address(_ text: String, _ length: UInt8) -> VirtualAddress {
        VirtualAddress(address: IPAddress(text) ?? .anyV4, prefixLength: length)
    }

    private static func command(_ words: String...) -> ScriptCommand {
        ScriptCommand(arguments: words, user: "root")
    }

    private static func first() -> InstanceDefinition {
        var first = InstanceDefinition(name: "A")
        first.initialState = .master
        first.interface = "v0"
        first.virtualRouterID = 51
        first.priority = 255
        first.announcements.masterDelayNanoseconds = 7_000_000_000
        first.announcements.lowerPriorityDelayNanoseconds = 3_000_000_000
        first.announcements.lowerPriorityRepeat = 2
        first.announcements.refreshNanoseconds = 60_000_000_000
        first.staysSilentOnLowerPriority = true
        first.advertisesBeforeSteppingDown = true
        first.promotesSecondaries = true
        first.authentication = .password(Array("1234".utf8))
        first.tracks.interfaces = [TrackReference(name: "v1")]
        var addresses = [
            address("10.9.0.100", 24), address("10.9.0.102", 32), address("10.9.0.110", 32),
        ]
        addresses[0].broadcast = IPAddress("10.9.0.255").map { .address($0) }
        addresses[0].interface = "v0"
        addresses[0].label = "v0:1"
        addresses[1].interface = "v1"
        addresses[1].peer = IPAddress("10.9.0.103")
        addresses[2].isHome = true
        first.virtualAddresses = addresses
        first.excludedAddresses = [address("10.9.0.101", 32)]
        first.excludedAddresses[0].scope = 253
        first.routes = [VirtualRoute(), VirtualRoute()]
        first.routes[0].destination = Prefix("10.78.0.0/24")
        first.routes[0].hop.interface = "v0"
        first.routes[0].scope = 253
        first.routes[1].destination = Prefix("10.85.0.0/16")
        first.routes[1].hop.gateway = IPAddress("10.9.0.2")
        first.routes[1].hop.interface = "v0"
        first.routes[1].metric = 9
        first.routes[1].metrics = [VirtualRoute.Metric(name: .mtu, value: 1300)]
        first.routes[1].isUntracked = true
        first.rules = [VirtualRule(), VirtualRule(), VirtualRule()]
        first.rules[0].from = Prefix("10.9.0.100/32")
        first.rules[0].action = .table(100)
        first.rules[0].preference = 500
        first.rules[1].to = Prefix("10.9.0.0/24")
        first.rules[1].inputInterface = "v0"
        first.rules[1].typeOfService = 16
        first.rules[1].mark = 5
        first.rules[1].action = .table(100)
        first.rules[1].preference = 501
        first.rules[1].isUntracked = true
        first.rules[2].isInverted = true
        first.rules[2].from = Prefix("10.9.0.7/32")
        first.rules[2].action = .blackhole
        first.rules[2].preference = 502
        first.notify.any = command("/usr/bin/true", "n")
        first.notify.master = command("/usr/bin/true", "m")
        first.notify.backup = command("/usr/bin/true", "b")
        first.notify.fault = command("/usr/bin/true", "f")
        first.notify.stop = command("/usr/bin/true", "s")
        first.notify.deleted = command("/usr/bin/true", "d")
        first.notify.masterHearsLowerPriority = command("/usr/bin/true", "r")
        first.notify.tellsDeleted = true
        first.notify.sendsMail = true
        return first
    }

    private static func second() -> InstanceDefinition {
        var second = InstanceDefinition(name: "B")
        second.advertisesBeforeSteppingDown = false
        second.version = .three
        second.family = .v6
        second.interface = "v0"
        second.virtualRouterID = 52
        second.priority = 120
        second.advertIntervalNanoseconds = 50_000_000
        second.preempts = false
        second.announcements.refreshNanoseconds = 60_000_000_000
        second.virtualAddresses = [
            address("fe80::1234", 64), address("fd00::100", 128), address("fd00::101", 128),
        ]
        second.virtualAddresses[2].detectsDuplicates = true
        second.virtualAddresses[2].preferredLifetime = .seconds(77)
        second.virtualAddresses[2].interface = "v1"
        return second
    }

    private static func third() -> InstanceDefinition {
        var third = InstanceDefinition(name: "C")
        third.advertisesBeforeSteppingDown = false
        third.version = .three
        third.interface = "v0"
        third.virtualRouterID = 53
        third.priority = 120
        third.advertIntervalNanoseconds = 40_000_000
        third.preemptDelayNanoseconds = 2_000_000_000
        third.tracksInterface = false
        third.skipsAddressCheckOfKnownSender = true
        third.announcements.refreshNanoseconds = 60_000_000_000
        third.virtualAddresses = [address("10.9.0.153", 32)]
        third.tracks.scripts = [TrackReference(name: "chk")]
        return third
    }

    /// What ours makes of the text, as the parts above say.
    static func configuration() -> VRRPConfiguration {
        var configuration = VRRPConfiguration()
        var script = ScriptDefinition(name: "chk")
        script.command = command("/usr/bin/true", "with", "an arg")
        configuration.scripts = [script]
        var group = SyncGroupDefinition(name: "G")
        group.members = ["A", "B"]
        configuration.syncGroups = [group]
        configuration.instances = [first(), second(), third()]
        return configuration
    }

    /// All three as masters that have all their addresses.
    static func status(_ configuration: VRRPConfiguration = configuration()) -> DaemonStatus {
        var status = DaemonStatus()
        status.configuration = configuration
        status.groups = configuration.syncGroups.map {
            GroupStatus(definition: $0, state: .master)
        }
        status.instances = status.configuration.instances.map { definition in
            var instance = InstanceStatus(definition: definition)
            instance.state = .master
            instance.priority = definition.priority
            instance.lastTransition = 1_795_782_498_250_014
            instance.addressInterface = "v0"
            instance.group = definition.name == "C" ? nil : "G"
            instance.addressesSet = definition.virtualAddresses.map { _ in true }
            instance.excludedSet = definition.excludedAddresses.map { _ in true }
            instance.counters.becameMaster = 1
            instance.counters.advertsSent = 3
            return instance
        }
        return status
    }
}

/// The keys of a JSON text in the order they stand in.
private func keys(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).matches(of: #/"([a-z_]+)":/#).map { String($0.1) }
}

/// What kind of value it is.
private func shape(_ value: Any?) -> String {
    switch value {
    case let number as NSNumber:
        CFNumberShape.isBoolean(number) ? "boolean" : "number"
    case is String: "string"
    case let array as [Any]: "array of \(Set(array.map { shape($0) }).sorted())"
    case is NSNull: "null"
    case nil: "nothing"
    default: "object"
    }
}

private enum CFNumberShape {
    static func isBoolean(_ number: NSNumber) -> Bool {
        number === (true as NSNumber) || number === (false as NSNumber)
    }
}

@Suite struct DumpTests {
    @Test(.enabled(if: ReferenceDumps.isPossible, ReferenceDumps.reason))
    func `dumps are keepalived's for the same configuration`() throws {
        let reference = try ReferenceDumps(configuration: Twin.text) { instances in
            instances.count == 3
                && instances.allSatisfy { ($0["data"] as? [String: Any])?["state"] as? Int == 2 }
        }
        let status = Twin.status()
        let ours = KeepalivedJSON.bytes(of: status)
        #expect(keys(ours) == keys(reference.json))
        let left = try #require(try parsed(ours) as? [[String: [String: Any]]])
        let right = try #require(try parsed(reference.json) as? [[String: [String: Any]]])
        try #require(left.count == right.count)
        for (mine, other) in zip(left, right) {
            for part in ["data", "stats"] {
                let (mine, other) = (try #require(mine[part]), try #require(other[part]))
                for (key, value) in other {
                    #expect(shape(mine[key]) == shape(value), "\(part).\(key)")
                    // Times and counts are of the moment.
                    if part == "data", key != "last_transition" {
                        #expect("\(mine[key] ?? "")" == "\(value)", "\(key)")
                    }
                }
            }
        }
        compareStatistics(KeepalivedStatistics.text(of: status), reference.statistics)
        compareData(KeepalivedData.text(of: status), reference.data)
    }

    /// Equal but for the numbers.
    private func compareStatistics(_ ours: String, _ theirs: String) {
        #expect(ours.replacing(#/: \d+/#, with: ": N") == theirs.replacing(#/: \d+/#, with: ": N"))
    }

    /// The lines that exporters read are equal, in the same order.
    private func compareData(_ ours: String, _ theirs: String) {
        let read = [
            " VRRP Instance = ", "   State = ", "   Wantstate = ", "   Interface = ",
            "   Virtual Router ID = ", "   Gratuitous ARP ", "   Priority = ",
            "   Effective priority = ", "   Virtual IP", "     ", "   Advert interval = ",
            "   Sync group = ", "   VRRP Version = ", "   Accept = ", "   Preempt",
            " VRRP Script = ",
            "   Status = ", " VRRP Sync Group = ", "   Authentication type = ", "   Password = ",
        ]
        func lines(_ text: String) -> [Substring] {
            let topology = text.split(separator: "------< VRRP Topology >------", maxSplits: 1).last
            var section = ""
            return (topology ?? "").split(separator: "\n").filter { line in
                if line.hasPrefix("------<") { section = String(line) }
                // Sockets, interfaces and followers of scripts are shown in other ways.
                guard section.isEmpty || section.contains("Sync groups") else { return false }
                return read.contains { line.hasPrefix($0) } && !line.contains("checking")
            }
        }
        let (mine, other) = (lines(ours), lines(theirs))
        for line in other where !mine.contains(line) { Issue.record("not in ours: \(line)") }
        for line in mine where !other.contains(line) { Issue.record("only in ours: \(line)") }
        #expect(mine == other)
    }

    @Test func `our reader makes of the text what the dumps are compared with`() throws {
        var surroundings = VRRPSurroundings()
        surroundings.scriptFile = { _ in VRRPSurroundings.ScriptFile(isExecutable: true) }
        let loaded = VRRPConfigurationLoader.load(text: Twin.text, surroundings: surroundings)
        let configuration = try #require(loaded.configuration, "\(loaded.diagnostics)")
        let status = Twin.status(configuration)
        let expected = KeepalivedJSON.bytes(of: Twin.status())
        #expect(
            String(decoding: KeepalivedJSON.bytes(of: status), as: UTF8.self)
                == String(decoding: expected, as: UTF8.self))
    }

    @Test func `the second form of the JSON adds processes`() throws {
        var status = Twin.status()
        status.configuration.global.jsonVersion = 2
        var process = TrackProcessDefinition(name: "tp")
        process.process = "sleep"
        process.parameters = ["100"]
        process.parameterMatch = .initial
        process.weight = TrackWeight(10)
        process.forkDelayNanoseconds = 500_000_000
        status.configuration.trackProcesses = [process]
        var tracker = TrackerStatus(kind: "process", name: "tp", isGood: true)
        tracker.number = 2
        tracker.pending = false
        status.trackers = [tracker]
        let bytes = KeepalivedJSON.bytes(of: status)
        // As keepalived 2.3.4 writes it.
        #expect(
            String(decoding: bytes, as: UTF8.self).hasSuffix(
                #"""
                ,"track_process":[{"process":"tp","parameters":"100","param_match":"initial",\#
                "min_processes":1,"current_processes":2,"have_quorum":true,"weight":10,\#
                "terminate_delay":0,"fork_delay":0.5,"fork_delay_timer_running":false,\#
                "terminate_delay_timer_running":true,"full_command":true}]}
                """#))
        let object = try #require(try parsed(bytes) as? [String: Any])
        #expect((object["vrrp"] as? [Any])?.count == 3)
    }

    @Test func `hostile names break no dump`() throws {
        let status = sampleStatus()
        let array = try #require(
            try parsed(KeepalivedJSON.bytes(of: status)) as? [[String: [String: Any]]])
        #expect(array.map { $0["data"]?["iname"] as? String } == hostileNames)
        let names = KeepalivedStatistics.text(of: status).split(separator: "\n").filter {
            $0.hasPrefix("VRRP Instance: ")
        }
        #expect(names.count == hostileNames.count)
        let data = KeepalivedData.text(of: status)
        #expect(
            data.split(separator: "\n").count { $0.hasPrefix(" VRRP Instance = ") }
                == hostileNames.count)
        #expect(!data.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }

    @Test func `cleared counters count from zero in dumps, and a counter that began anew is whole`()
    {
        var status = Twin.status()
        var baseline = CounterBaseline()
        #expect(baseline.counters(of: status.instances[0])[1].value == 3)
        baseline.clear(status)
        #expect(baseline.counters(of: status.instances[0]).allSatisfy { $0.value == 0 })
        status.instances[0].counters.advertsSent += 4
        #expect(baseline.counters(of: status.instances[0])[1].value == 4)
        status.instances[0].counters.advertsSent = 1
        #expect(baseline.counters(of: status.instances[0])[1].value == 1)
    }
}

@Suite struct DumpFilesTests {
    private let directory = TemporaryDirectory()

    private func dumps(_ reports: Reports) -> DumpFiles {
        let directory = directory.path
        return DumpFiles(
            provider: {
                var status = Twin.status()
                status.configuration.global.stateFilePath = directory + "/"
                status.configuration.global.statsFilePath = directory + "/"
                status.configuration.global.jsonFilePath = directory + "/"
                return status
            }, report: { reports.lines.append($0) })
    }

    private func content(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(directory.path)/\(name)").map(Array.init)
    }

    @Test func `a link that was planted is replaced and not followed`() throws {
        let victim = directory.path + "/victim"
        _ = FileManager.default.createFile(atPath: victim, contents: Data("precious".utf8))
        for name in ["keepalived.json", "keepalived.data", "keepalived.stats"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory.path)/\(name)", withDestinationPath: victim)
        }
        let reports = Reports()
        let dumps = dumps(reports)
        for dump in DumpFiles.Dump.allCases { #expect(dumps.write(dump)) }
        #expect(content("victim") == Array("precious".utf8))
        #expect(content("keepalived.json") == KeepalivedJSON.bytes(of: Twin.status()))
        #expect(
            content("keepalived.stats") == Array(KeepalivedStatistics.text(of: Twin.status()).utf8))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(names == ["keepalived.data", "keepalived.json", "keepalived.stats", "victim"])
        var status = stat()
        #expect(lstat(directory.path + "/keepalived.json", &status) == 0)
        #expect(status.st_mode == S_IFREG | 0o600)
        #expect(reports.lines.isEmpty)
    }

    @Test func `statistics are written and then cleared`() {
        let dumps = dumps(Reports())
        dumps.writeAndClearStatistics()
        let first = content("keepalived.stats")
        #expect(first == Array(KeepalivedStatistics.text(of: Twin.status()).utf8))
        dumps.write(.statistics)
        let second = String(decoding: content("keepalived.stats") ?? [], as: UTF8.self)
        #expect(!second.contains(#/: [1-9]/#))
    }

    @Test func `a place that is not there is reported, and nothing is left`() throws {
        let reports = Reports()
        let missing = directory.path + "/missing/"
        let dumps = DumpFiles(
            provider: {
                var status = DaemonStatus()
                status.configuration.global.jsonFilePath = missing
                return status
            }, report: { reports.lines.append($0) })
        #expect(!dumps.write(.json))
        #expect(
            reports.lines == [
                "Unable to write \(missing)keepalived.json: No such file or directory"
            ])
        // A directory has the name: the new file goes away again.
        try FileManager.default.createDirectory(
            atPath: missing + "keepalived.json", withIntermediateDirectories: true)
        #expect(!dumps.write(.json))
        #expect(try FileManager.default.contentsOfDirectory(atPath: missing) == ["keepalived.json"])
    }

    @Test func `places are those of the manual`() {
        var global = GlobalDefinitions()
        func paths() -> [String] { DumpFiles.Dump.allCases.map { DumpFiles.path(of: $0, global) } }
        let plain = ["/tmp/keepalived.data", "/tmp/keepalived.stats", "/tmp/keepalived.json"]
        #expect(paths() == plain)
        global.instanceName = "foo"
        #expect(paths() == plain)
        global.stateFilesCarryInstance = true
        #expect(
            paths() == ["/tmp/keepalived.foo.data", "/tmp/keepalived.foo.stats", plain[2]])
        global.networkNamespace = "blue"
        #expect(paths()[0] == "/tmp/keepalived.blue_foo.data")
        global.stateFilePath = "/run/k.d/state"
        global.jsonFilePath = "/run/x.json"
        #expect(paths()[0] == "/run/k.d/state.blue_foo")
        #expect(paths()[2] == "/run/x.json")
    }
}

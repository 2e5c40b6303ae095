// A daemon with everything in it, names of the nastiest kind among them.

import Addresses
import VRRPConfig
import VRRPProtocol

@testable import VRRPDaemon

/// Names that break what does not escape.
let hostileNames = [
    "plain", "two words", "quote\"quote", "back\\slash", "line\nfeed", "return\rhere", "tab\there",
    "bell\u{07}", "nul\u{0}nul", "escape\u{1B}[31m", "delete\u{7F}", "\u{2028}separator",
    "umlaut äöü", "emoji 👩‍👩‍👧", "slash/slash", "brace{}[],:", "",
]

func sampleStatus() -> DaemonStatus {
    var status = DaemonStatus()
    status.version = "1.2.3"
    status.configurationPath = "/etc/keepalived/keepalived.conf"
    status.processID = 4711
    status.startedAt = 1_795_782_000_000_000
    status.now = 1_795_782_498_250_014
    status.reloads = 2
    status.unknownVRIDs = 7
    status.strayRejections.count(.checksum)
    status.longestDelay = 1_500_000
    for (index, name) in hostileNames.enumerated() {
        status.instances.append(sampleInstance(name, UInt8(index + 1)))
    }
    var group = SyncGroupDefinition(name: "G \"1\"")
    group.members = ["plain", "two words"]
    status.groups = [GroupStatus(definition: group, state: .master)]
    status.trackers = hostileNames.map { name in
        var tracker = TrackerStatus(kind: "script", name: name)
        tracker.isGood = name.isEmpty ? nil : name != "plain"
        tracker.detail = "exit status 1: \(name)"
        tracker.runs = 12
        tracker.failures = 3
        tracker.lastDurationNanoseconds = 1_250_000
        tracker.followers = [(name: name, weight: -5)]
        return tracker
    }
    var script = ScriptDefinition(name: "plain")
    script.command = ScriptCommand(arguments: ["/usr/bin/true", "x y"])
    status.configuration.scripts = [script]
    status.configuration.instances = status.instances.map(\.definition)
    return status
}

func sampleInstance(_ name: String, _ number: UInt8) -> InstanceStatus {
    var definition = InstanceDefinition(name: name)
    definition.virtualRouterID = number
    definition.interface = "eth0"
    definition.virtualAddresses = (0..<5).map {
        VirtualAddress(address: IPAddress(v4: 0x0A00_0100 + $0), prefixLength: 24)
    }
    definition.excludedAddresses = [
        VirtualAddress(address: IPAddress(v6High: 0xFD00 << 48, low: 1), prefixLength: 64)
    ]
    var instance = InstanceStatus(definition: definition)
    instance.state = number % 2 == 0 ? .backup : .master
    instance.priority = 90
    instance.lastTransition = 1_795_782_400_000_001
    instance.addressInterface = "eth0"
    instance.source = IPAddress(v4: 0x0A00_0001)
    instance.masterAddress = number % 2 == 0 ? IPAddress(v4: 0x0A00_0002) : nil
    instance.masterPriority = number % 2 == 0 ? 200 : 0
    instance.masterIntervalNanoseconds = 100_000_000
    instance.lastHeardNanoseconds = number % 2 == 0 ? 12_345_678 : nil
    instance.masterDownNanoseconds = 361_000_000
    instance.faults = number == 3 ? ["interface eth0 is down\n"] : []
    instance.addressesSet = [true, true, true, true, false]
    instance.excludedSet = [true]
    instance.isSplit = number == 1
    instance.counters.advertsSent = 1000
    instance.counters.splits = 1
    instance.counters.splitNanoseconds = 2_500_000_000
    instance.counters.rejections.count(.ttl)
    instance.counters.rejections.count(.authData)
    instance.counters.rejections.count(.authData)
    return instance
}

// Addresses through rtnetlink, looked at again through ip(8).

import Addresses
import Kernel
import Netlink
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct AddressTests {
    @Test func `an address is added, seen, reported as ours and deleted`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket()
            #expect(try socket.perform([.addVeth("one", peer: "two")]) == [nil])
            var monitor = try NetworkMonitor(using: &socket)
            let one = try #require(monitor.picture.link(named: "one"))
            try socket.perform(.setLink(one.index, isUp: true))
            var address = InterfaceAddress(
                try #require(IPAddress("192.0.2.7")), prefixLength: 24, interface: one.index)
            address.origin = InterfaceAddress.originVRRP
            address.label = "one:7"
            try socket.perform(.add(address))
            #expect(throws: NetlinkFailure.self) { try socket.perform(.add(address)) }
            let seen = try PrivateNetwork.json("ip -j addr show dev one")
            let list = try #require(seen.first?["addr_info"] as? [[String: Any]])
            let entry = try #require(list.first { $0["local"] as? String == "192.0.2.7" })
            #expect(entry["prefixlen"] as? Int == 24 && entry["label"] as? String == "one:7")
            let reports = try monitor.read(using: &socket)
            let mine = reports.filter { $0.port == socket.port }
            #expect(
                mine.contains {
                    if case .address(let found) = $0.event { return found.isSame(as: address) }
                    return false
                })
            #expect(monitor.picture.address(like: address)?.origin == 18)
            try socket.perform(.delete(address))
            #expect(
                try socket.perform([.delete(address)]).first??.errno
                    == NetlinkFailure.noSuchAddress)
            _ = try monitor.read(using: &socket)
            #expect(monitor.picture.address(like: address) == nil)
        }
    }
}

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct AddressOptionTests {
    /// Options of `virtual_ipaddress`, with the words of `ip addr add` for the same.
    static func cases(_ interface: UInt32) throws -> [(String, InterfaceAddress)] {
        func made(
            _ text: String, _ length: UInt8, _ change: (inout InterfaceAddress) -> Void
        ) throws -> InterfaceAddress {
            var address = InterfaceAddress(
                try #require(IPAddress(text)), prefixLength: length, interface: interface)
            change(&address)
            return address
        }
        return [
            ("192.0.2.9/32", try made("192.0.2.9", 32) { _ in }),
            (
                "192.0.2.9/24 brd + label one:9 scope link",
                try made("192.0.2.9", 24) {
                    $0.broadcast = InterfaceAddress.broadcast(of: $0.address, prefixLength: 24)
                    $0.label = "one:9"
                    $0.scope = .link
                }
            ),
            (
                "192.0.2.9 peer 203.0.113.8/24 noprefixroute",
                try made("192.0.2.9", 24) {
                    $0.peer = IPAddress("203.0.113.8")
                    $0.flags = .noPrefixRoute
                }
            ),
            (
                "224.0.0.99/32 autojoin",
                try made("224.0.0.99", 32) { $0.flags = .autoJoin }
            ),
            (
                "2001:db8::9/128 nodad preferred_lft 0",
                try made("2001:db8::9", 128) {
                    $0.flags = .noDuplicateDetection
                    $0.preferredSeconds = 0
                }
            ),
            (
                "2001:db8::9/64 nodad home mngtmpaddr",
                try made("2001:db8::9", 64) {
                    $0.flags = [.noDuplicateDetection, .home, .managesTemporary]
                }
            ),
            (
                "2001:db8::9 peer 2001:db8:1::8/64 nodad",
                try made("2001:db8::9", 64) {
                    $0.peer = IPAddress("2001:db8:1::8")
                    $0.flags = .noDuplicateDetection
                }
            ),
        ]
    }

    /// The permanent address as `ip` shows it, one line.
    static func shown() throws -> String {
        try PrivateNetwork.shell("ip -o addr show dev one").split(separator: "\n")
            .filter { !$0.contains("fe80:") }
            .map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }.joined()
    }

    @Test func `addresses are those ip(8) makes, are read back, and go again`() throws {
        try RouteTests.network { socket, one, _ in
            try PrivateNetwork.shell("ip addr flush dev one scope global")
            for (words, address) in try Self.cases(one) {
                try PrivateNetwork.shell("ip addr add \(words) dev one")
                let expected = try Self.shown()
                try PrivateNetwork.shell(
                    "ip addr flush dev one scope global; ip -4 addr flush dev one")
                #expect(try Self.shown() == "")
                #expect(try socket.perform([.add(address)]) == [nil], "\(words)")
                let shown = try Self.shown()
                #expect(shown == expected, "\(words)")
                let found = try socket.dump(.addresses(address.address.family))
                    .compactMap { InterfaceAddress($0) }.filter { $0.isSame(as: address) }
                #expect(found.count == 1, "\(words)")
                let settable = found.first?.flags.intersection(.settable)
                #expect(settable == address.flags, "\(words)")
                #expect(try socket.perform([.replace(address)]) == [nil], "\(words)")
                let gone = try socket.perform([.delete(address), .delete(address)])
                #expect(gone[0] == nil && gone[1]?.errno == NetlinkFailure.noSuchAddress)
            }
        }
    }

    @Test func `a thousand addresses come and go, and lost reports are made up for`() throws {
        try RouteTests.network { socket, one, _ in
            var monitor = try NetworkMonitor(receiveBufferBytes: 4096, using: &socket)
            let addresses = (0..<1000).map {
                InterfaceAddress(IPAddress(v4: 0x0A00_0000 + UInt32($0)), interface: one)
            }
            let began = Clock.monotonic()
            let added = try socket.perform(addresses.map { .add($0) })
            let milliseconds = (Clock.monotonic().nanoseconds - began.nanoseconds) / 1_000_000
            print("1000 addresses added in \(milliseconds) ms")
            #expect(added.allSatisfy { $0 == nil })
            let reports = try monitor.read(using: &socket)
            #expect(monitor.resynchronizations == 1)
            #expect(reports.contains { $0.event == .reportsLost })
            #expect(addresses.allSatisfy { monitor.picture.address(like: $0) != nil })
            // Errors of some leave the others alone.
            var mixed = addresses.map { NetlinkRequest.delete($0) }
            mixed.insert(.delete(InterfaceAddress(.loopbackV4, interface: one)), at: 500)
            mixed.insert(.delete(InterfaceAddress(.loopbackV4, interface: 9999)), at: 700)
            let removed = try socket.perform(mixed)
            #expect(removed.filter { $0 != nil }.count == 2)
            #expect(removed[500]?.errno == NetlinkFailure.noSuchAddress)
            #expect(removed[700]?.errno == NetlinkFailure.noSuchInterface)
        }
    }
}

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct LinkTests {
    @Test func `links are made, changed, put into a bridge and deleted`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket()
            let made = try socket.perform([
                .addVeth("one", peer: "two"), .addBridge("bridge"), .addBridge("bridge"),
            ])
            #expect(made[0] == nil && made[1] == nil && made[2]?.errno == NetlinkFailure.exists)
            let one = try #require(try socket.link(named: "one"))
            let bridge = try #require(try socket.link(named: "bridge"))
            #expect(try socket.link(named: "nobody") == nil)
            #expect(bridge.kind == .named("bridge") && one.kind == .named("veth"))
            #expect(!one.flags.contains(.up) && !one.isUsable)
            let changes = try socket.perform([
                .setLink(one.index, mtu: 1400), .setLink(one.index, master: bridge.index),
                .setLink(one.index, addressGeneration: 1), .setLink(one.index, isUp: true),
                .setLink(9999, isUp: true),
            ])
            #expect(changes.dropLast().allSatisfy { $0 == nil })
            #expect(changes[4]?.errno == NetlinkFailure.noSuchInterface)
            let changed = try #require(try socket.link(named: "one"))
            #expect(changed.mtu == 1400 && changed.master == bridge.index)
            // Up, but the other end is not.
            #expect(changed.flags.contains(.up) && !changed.isUsable && changed.carrier == false)
            #expect(try Sysctl.read("net/ipv6/conf/one/addr_gen_mode") == "1")
            let two = try #require(try socket.link(named: "two"))
            try socket.perform(.setLink(two.index, isUp: true))
            try PrivateNetwork.awaitUp("one")
            let usable = try #require(try socket.link(named: "one"))
            #expect(usable.isUsable && usable.carrier == true)
            try socket.perform(.deleteLink(one.index))
            #expect(try socket.link(named: "two") == nil)
        }
    }

    @Test func `a VLAN and a macvlan name what they stand on, and an ipvlan is made`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket()
            try socket.perform(.addVeth("one", peer: "two"))
            // Not every kernel has VLANs.
            _ = try? PrivateNetwork.shell("ip link add link one name one.5 type vlan id 5")
            let one = try #require(try socket.link(named: "one"))
            if let vlan = try socket.link(named: "one.5") {
                #expect(vlan.kind == .vlan(identifier: 5) && vlan.parent == one.index)
            }
            let mac = MACAddress(virtualRouter: 9, family: .v6)
            try socket.perform(
                .addMacvlan("vrrp6.9", on: one.index, mac: mac, mode: .bridge, group: 7))
            let macvlan = try #require(try socket.link(named: "vrrp6.9"))
            #expect(macvlan.kind == .macvlan(mode: 4) && macvlan.parent == one.index)
            #expect(macvlan.mac == mac && macvlan.group == 7)
            let outcome = try socket.perform([.addIPVLAN("ip.9", on: one.index)])[0]
            if let outcome {
                // EOPNOTSUPP where the kernel has none, EBUSY where there is a macvlan.
                #expect([95, 16].contains(outcome.errno.code))
                #expect(outcome.errno.code != 95 || outcome.explanation.contains("device type"))
            } else {
                #expect(try socket.link(named: "ip.9")?.kind == .ipvlan(mode: 0))
            }
        }
    }

    @Test func `link flaps and removed links are reported`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket()
            try socket.perform(.addVeth("one", peer: "two"))
            try PrivateNetwork.shell(
                "ip link set one up; ip link set two up; ip addr add 192.0.2.1/24 dev one")
            var monitor = try NetworkMonitor(using: &socket)
            var poller = try Poller(batch: 1)
            try poller.add(monitor.number, .readable, data: 0)
            var reports: [NetworkReport] = []
            /// Reads until the picture is as expected, at most ten waits of a second.
            func reach(_ isReached: (NetworkPicture) -> Bool) throws -> Bool {
                for _ in 0..<100 {
                    reports += try monitor.read(using: &socket)
                    if isReached(monitor.picture) { return true }
                    if poller.wait(milliseconds: 1000) == 0 { return false }
                }
                return false
            }
            #expect(try reach { $0.link(named: "one")?.isUsable == true })
            try PrivateNetwork.shell("ip link set two down")
            #expect(try reach { $0.link(named: "one")?.isUsable == false })
            #expect(monitor.picture.link(named: "one")?.flags.contains(.up) == true)
            try PrivateNetwork.shell("ip link set two up")
            #expect(try reach { $0.link(named: "one")?.isUsable == true })
            try PrivateNetwork.shell("ip link del one")
            #expect(try reach { $0.link(named: "one") == nil })
            #expect(
                reports.contains {
                    if case .addressRemoved(let gone) = $0.event {
                        return gone.address == IPAddress("192.0.2.1")
                    }
                    return false
                })
            #expect(monitor.picture.holders(of: IPAddress(v4: 0xC000_0201)).isEmpty)
        }
    }
}

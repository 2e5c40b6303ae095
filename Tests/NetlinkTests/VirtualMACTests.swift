// Virtual MACs on a wire with a client: what the client's cache says, whatever is sent.

import Addresses
import Kernel
import Netlink
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct VirtualMACTests {
    static let addresses = ["192.0.2.100", "2001:db8::100"].compactMap { IPAddress($0) }

    /// The commands of a client in a namespace of its own, reached through the interface `client`,
    /// whose other end is `base`.
    struct Client {
        let name: String

        func run(_ line: String) throws -> String {
            try PrivateNetwork.shell("ip netns exec \(name) sh -c '\(line)'")
        }

        /// The MAC the client's cache has for an address.
        func mac(of address: IPAddress) throws -> String? {
            let words = try run("ip neigh show \(address)").split(separator: " ")
            guard let place = words.firstIndex(of: "lladdr") else { return nil }
            return String(words[place + 1])
        }
    }

    /// Runs with a base interface (192.0.2.1, 2001:db8::1) and a client (192.0.2.9, 2001:db8::9).
    static func wire(_ body: (inout NetlinkSocket, Client) throws -> Void) throws {
        try PrivateNetwork.run {
            let name = "martlet-\(UInt32.random(in: 0 ... .max))"
            try PrivateNetwork.shell(
                """
                set -e
                ip netns add \(name)
                ip link add base type veth peer name client netns \(name)
                sysctl -qw net.ipv6.conf.base.accept_dad=0
                ip link set base up; ip addr add 192.0.2.1/24 dev base
                ip addr add 2001:db8::1/64 dev base nodad
                ip -n \(name) link set client up; ip -n \(name) addr add 192.0.2.9/24 dev client
                ip -n \(name) addr add 2001:db8::9/64 dev client nodad
                """)
            defer { _ = try? PrivateNetwork.shell("ip netns del \(name)") }
            try PrivateNetwork.awaitUp("base")
            try PrivateNetwork.awaitUp("client", in: name)
            var socket = try NetlinkSocket()
            try body(&socket, Client(name: name))
        }
    }

    /// One virtual MAC for each family with its address, ready to serve.
    static func serve(
        _ socket: inout NetlinkSocket, table: Bool, record: inout SysctlRecord
    ) throws -> [VirtualMAC] {
        var made: [VirtualMAC] = []
        let base = try #require(NetworkInterfaces.index(of: "base"))
        let baseAddresses = try socket.dump(.addresses()).compactMap { InterfaceAddress($0) }
            .filter { $0.interface == base }
        for (number, address) in addresses.enumerated() {
            let identifier = UInt8(7 + number)
            var virtual = VirtualMAC(
                "vrrp.\(identifier)", on: "base",
                mac: MACAddress(virtualRouter: identifier, family: address.family),
                families: [address.family])
            virtual.table = table ? VirtualMAC.firstTable + UInt32(identifier) : nil
            let result = try virtual.make(using: &socket, record: &record)
            #expect(result.refused == [])
            var held = InterfaceAddress(
                address, prefixLength: address.family == .v4 ? 24 : 64, interface: result.index,
                flags: address.family == .v4 ? [] : .noDuplicateDetection)
            held = virtual.prepared(held)
            try socket.perform(.add(held))
            if let policy = virtual.policy(
                for: held, index: result.index, baseIndex: base, baseAddresses: baseAddresses)
            {
                let outcomes = try socket.perform(
                    policy.routes.map { .add($0) } + [.add(policy.rule)])
                #expect(outcomes.allSatisfy { $0 == nil })
            }
            made.append(virtual)
        }
        return made
    }

    @Test(arguments: [true, false])
    func `a client's cache never leaves the virtual MAC`(table: Bool) throws {
        try Self.wire { socket, client in
            var record = SysctlRecord()
            let virtual = try Self.serve(&socket, table: table, record: &record)
            let steps = [
                { _ = try client.run("ping -c1 -W4 192.0.2.100; ping -c1 -W4 2001:db8::100") },
                {
                    // This machine has forgotten the client, and asks for it to answer.
                    try PrivateNetwork.shell("ip neigh flush all")
                    _ = try client.run("ping -c1 -W4 192.0.2.100; ping -c1 -W4 2001:db8::100")
                },
                {
                    try PrivateNetwork.shell(
                        """
                        ip neigh flush all; ping -c1 -W4 -I 192.0.2.100 192.0.2.9
                        ping -c1 -W4 -I 2001:db8::100 2001:db8::9
                        """)
                },
                {
                    // In its own name.
                    try PrivateNetwork.shell(
                        "ip neigh flush all; ping -c1 -W4 192.0.2.9; ping -c1 -W4 2001:db8::9")
                },
            ]
            for round in 0..<3 {
                for (number, step) in steps.enumerated() {
                    try step()
                    for (address, virtual) in zip(Self.addresses, virtual) {
                        #expect(
                            try client.mac(of: address) == virtual.mac.description,
                            "round \(round), step \(number), \(address)")
                    }
                }
            }
            for virtual in virtual { try virtual.remove(using: &socket) }
            let rules = try PrivateNetwork.shell("ip rule; ip -6 rule; ip -br link")
            #expect(!rules.contains("1000:") && !rules.contains("vrrp."))
            record.restore()
            #expect(try Sysctl.read("net/ipv4/conf/base/arp_announce") == "0")
            #expect(try Sysctl.read("net/ipv4/conf/base/arp_ignore") == "0")
        }
    }

    @Test func `frames of a virtual address carry the virtual MAC, and an idle one is silent`()
        throws
    {
        try Self.wire { socket, client in
            // All frames the client sees, from before the virtual MACs are made.
            let own = try NetworkNamespace.current()
            try NetworkNamespace.named(client.name).enter()
            let interface = try #require(NetworkInterfaces.index(of: "client"))
            let listeners = try [PacketSocket.Kind.ipv4, .arp, .ipv6].map {
                try Listener($0, interface)
            }
            try own.enter()
            var record = SysctlRecord()
            var idle = VirtualMAC(
                "vrrp.9", on: "base", mac: MACAddress(virtualRouter: 9, family: .v6),
                families: [.v4, .v6])
            idle.table = VirtualMAC.firstTable
            #expect(try idle.make(using: &socket, record: &record).refused == [])
            let virtual = try Self.serve(&socket, table: true, record: &record)
            try PrivateNetwork.shell(
                """
                ping -c1 -W4 -I 192.0.2.100 192.0.2.9; ping -c1 -W4 -I 2001:db8::100 2001:db8::9
                """)
            _ = try client.run("ping -c1 -W4 192.0.2.100; ping -c1 -W4 2001:db8::100")
            // Advertisements leave by the virtual MAC in the name of the interface below.
            let advertisers = try ["192.0.2.1", "fe80::b"].map { try #require(IPAddress($0)) }
            let groups = try ["224.0.0.18", "ff02::12"].map { try #require(IPAddress($0)) }
            for ((source, group), virtual) in zip(zip(advertisers, groups), virtual) {
                let socket = try RawIPSocket(source.family, protocol: 112)
                let index = try #require(NetworkInterfaces.index(of: virtual.name))
                let departure = RawIPSocket.Departure(from: source, to: group, interface: index)
                let sent = socket.send([UInt8](repeating: 0, count: 32), departure)
                #expect(sent == .bytes(source.family == .v4 ? 52 : 32))
            }
            let frames = listeners.flatMap { $0.frames() }
            func sources(_ kind: [UInt8], _ offset: Int, _ address: IPAddress) -> Set<MACAddress> {
                let wanted = (0..<address.family.bitCount / 8).map { address.byte(at: $0) }
                return Set(
                    frames.filter {
                        $0[12..<14].elementsEqual(kind)
                            && $0[offset..<offset + wanted.count].elementsEqual(wanted)
                    }.compactMap { MACAddress($0.span.extracting(6..<12)) })
            }
            #expect(sources([0x08, 0x00], 26, Self.addresses[0]) == [virtual[0].mac])
            #expect(sources([0x08, 0x06], 28, Self.addresses[0]) == [virtual[0].mac])
            #expect(sources([0x86, 0xDD], 22, Self.addresses[1]) == [virtual[1].mac])
            #expect(sources([0x08, 0x00], 30, groups[0]) == [virtual[0].mac])
            #expect(sources([0x86, 0xDD], 38, groups[1]) == [virtual[1].mac])
            #expect(!frames.contains { $0[6..<12].elementsEqual(idle.mac.bytes) })
        }
    }

    /// A packet socket with what it has received.
    final class Listener {
        private let socket: PacketSocket

        init(_ kind: PacketSocket.Kind, _ interface: UInt32) throws {
            socket = try .listener(
                kind, interface: interface, filter: .everything, receiveBufferBytes: 1 << 20)
        }

        /// All frames so far, those long enough to have addresses.
        func frames() -> [[UInt8]] {
            var frames: [[UInt8]] = []
            while let frame = socket.receive() { frames.append(frame.bytes) }
            return frames.filter { $0.count >= 42 }
        }
    }

    @Test func `255 virtual MACs with their addresses are made and go`() throws {
        try Self.wire { socket, _ in
            var record = SysctlRecord()
            var virtual: [VirtualMAC] = []
            let base = try #require(NetworkInterfaces.index(of: "base"))
            var requests: [NetlinkRequest] = []
            func milliseconds(_ what: String, _ body: () throws -> Void) rethrows {
                let began = Clock.monotonic().nanoseconds
                try body()
                let took = (Clock.monotonic().nanoseconds - began) / 1_000_000
                print("255 virtual MACs: \(what) in \(took) ms")
                // The bound is for a machine that does nothing else; a test leaves room.
                #expect(took < 5000)
            }
            try milliseconds("made") {
                for identifier in UInt8(1)...255 {
                    let one = VirtualMAC(
                        "vrrp.\(identifier)", on: "base",
                        mac: MACAddress(virtualRouter: identifier, family: .v4), families: [.v4],
                        table: VirtualMAC.firstTable + UInt32(identifier))
                    let made = try one.make(using: &socket, record: &record)
                    let address = one.prepared(
                        InterfaceAddress(
                            IPAddress(v4: 0xC000_0200 | UInt32(identifier)), prefixLength: 24,
                            interface: made.index))
                    let policy = try #require(
                        one.policy(
                            for: address, index: made.index, baseIndex: base, baseAddresses: []))
                    requests.append(.add(address))
                    requests += policy.routes.map { .add($0) } + [.add(policy.rule)]
                    virtual.append(one)
                }
            }
            try milliseconds("given addresses, routes and rules") {
                let outcomes = try socket.perform(requests)
                #expect(outcomes.allSatisfy { $0 == nil })
            }
            try milliseconds("removed") {
                try VirtualMAC.remove(virtual, using: &socket)
            }
            let left = try PrivateNetwork.shell("ip -br link; ip rule; ip route show table all")
            #expect(!left.contains("vrrp.") && !left.contains("1000:"))
            #expect(NetworkInterfaces.index(of: "base") == base)
        }
    }

    @Test func `one left by a run before is taken over without its addresses`() throws {
        try Self.wire { socket, _ in
            var record = SysctlRecord()
            let virtual = VirtualMAC(
                "vrrp.7", on: "base", mac: MACAddress(virtualRouter: 7, family: .v4),
                families: [.v4])
            let first = try virtual.make(using: &socket, record: &record)
            try socket.perform(.add(InterfaceAddress(Self.addresses[0], interface: first.index)))
            let second = try virtual.make(using: &socket, record: &record)
            #expect(second.index == first.index && second.wasAdopted && !first.wasAdopted)
            #expect(try PrivateNetwork.shell("ip addr show dev vrrp.7 | grep inet || true") == "")
            // Of another MAC it is made anew; what is no macvlan is left alone.
            var changed = virtual
            changed.mac = MACAddress(virtualRouter: 8, family: .v4)
            let third = try changed.make(using: &socket, record: &record)
            #expect(!third.wasAdopted && third.index != first.index)
            changed.name = "base"
            changed.base = "vrrp.7"
            let refused = #expect(throws: NetlinkFailure.self) {
                try changed.make(using: &socket, record: &record)
            }
            #expect(refused?.errno == NetlinkFailure.exists)
        }
    }
}

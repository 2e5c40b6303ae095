// Raw sockets, filters and announcements between two interfaces of a network namespace.

import Addresses
import Glibc
import Kernel
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct RawIPSocketTests {
    /// Two connected interfaces, `one` with 192.0.2.1 and fe80::1, `two` in the same namespace.
    static func wire<Result>(_ body: (_ one: UInt32, _ two: UInt32) throws -> Result) throws
        -> Result
    {
        try PrivateNetwork.run {
            try PrivateNetwork.command(
                "ip", "link", "add", "one", "type", "veth", "peer", "name", "two")
            for name in ["one", "two"] {
                try Sysctl.write("0", to: "net/ipv6/conf/\(name)/accept_dad")
                try Sysctl.write("0", to: "net/ipv4/conf/\(name)/rp_filter")
                try Sysctl.write("1", to: "net/ipv4/conf/\(name)/accept_local")
                try PrivateNetwork.command("ip", "link", "set", name, "up")
            }
            try PrivateNetwork.awaitUp("one", "two")
            try Sysctl.write("0", to: "net/ipv4/conf/all/rp_filter")
            try PrivateNetwork.command("ip", "addr", "add", "192.0.2.1/24", "dev", "one")
            try PrivateNetwork.command("ip", "addr", "add", "fe80::1/64", "dev", "one", "nodad")
            let one = try #require(NetworkInterfaces.index(of: "one"))
            let two = try #require(NetworkInterfaces.index(of: "two"))
            return try body(one, two)
        }
    }

    /// What comes next within a second.
    static func next(_ socket: borrowing RawIPSocket) throws -> Arrival? {
        let batch = ArrivalBatch(limit: 4)
        guard socket.descriptor.awaitReadable(milliseconds: 1000) else { return nil }
        return try socket.receive(into: batch) > 0 ? batch.arrival(at: 0) : nil
    }

    static let advertisement: [UInt8] = [0x31, 7, 100, 1, 0, 100, 0, 0, 192, 0, 2, 7]

    @Test func `an IPv4 multicast packet arrives with its header's figures`() throws {
        try Self.wire { one, two in
            let group = try #require(IPAddress("224.0.0.18"))
            let source = try #require(IPAddress("198.51.100.9"))
            var options = RawIPSocket.Options(interface: "two")
            options.timestamps = true
            options.filter = .vrrp(.v4, versions: [2, 3], identifiers: [7])
            let receiver = try RawIPSocket(.v4, protocol: 112, options: options)
            try receiver.join(group, on: two)
            let sender = try RawIPSocket(.v4, protocol: 112, options: .init(filter: .nothing))
            // The source is no address of this machine, as with mcast_src_ip.
            let departure = RawIPSocket.Departure(from: source, to: group, interface: one)
            let put = sender.send(Self.advertisement, departure)
            #expect(put == .bytes(32))
            let arrival = try #require(try Self.next(receiver))
            #expect(arrival.payload == Self.advertisement)
            #expect(arrival.source == source && arrival.destination == group)
            #expect(arrival.interface == two)
            #expect(arrival.hopLimit == 255 && arrival.trafficClass == 0xC0)
            #expect(arrival.calendarNanoseconds != nil && !arrival.wasCut)
        }
    }

    @Test func `an IPv6 multicast packet arrives with its header's figures`() throws {
        try Self.wire { one, two in
            let group = try #require(IPAddress("ff02::12"))
            // No address of the interface, as below a virtual MAC.
            let source = try #require(IPAddress("fe80::99"))
            var options = RawIPSocket.Options(interface: "two")
            options.filter = .vrrp(.v6, versions: [3], identifiers: [7])
            let receiver = try RawIPSocket(.v6, protocol: 112, options: options)
            try receiver.join(group, on: two)
            let sender = try RawIPSocket(.v6, protocol: 112, options: .init(filter: .nothing))
            let departure = RawIPSocket.Departure(from: source, to: group, interface: one)
            // Nobody computes or checks a checksum at any offset.
            let put = sender.send(Self.advertisement, departure)
            #expect(put == .bytes(12))
            let arrival = try #require(try Self.next(receiver))
            #expect(arrival.payload == Self.advertisement)
            #expect(arrival.source == source && arrival.destination == group)
            #expect(arrival.interface == two)
            #expect(arrival.hopLimit == 255 && arrival.trafficClass == 0xC0)
        }
    }

    @Test(arguments: [IPAddress.Family.v4, .v6])
    func `a unicast packet arrives with the hop limit it was sent with`(
        family: IPAddress.Family
    ) throws {
        try PrivateNetwork.run {
            try PrivateNetwork.shell("ip link set lo up")
            let own = family == .v4 ? IPAddress.loopbackV4 : .loopbackV6
            var options = RawIPSocket.Options()
            options.filter = .vrrp(family, versions: [2, 3], identifiers: [7], hopLimit: nil)
            options.receiveBufferBytes = 1 << 20
            let receiver = try RawIPSocket(family, protocol: 112, options: options)
            let sender = try RawIPSocket(family, protocol: 112, options: .init(filter: .nothing))
            var departure = RawIPSocket.Departure(from: own, to: own, interface: 0)
            departure.hopLimit = 64
            _ = sender.send(Self.advertisement, departure)
            let arrival = try #require(try Self.next(receiver))
            #expect(arrival.payload == Self.advertisement)
            #expect(arrival.hopLimit == 64 && arrival.source == own && arrival.destination == own)
            let size = receiver.descriptor.option(SOL_SOCKET, SO_RCVBUF)
            #expect(try #require(size) >= 1 << 20)
        }
    }

    @Test func `many packets are taken in batches, and one that is too long is cut`() throws {
        try PrivateNetwork.run {
            try PrivateNetwork.shell("ip link set lo up")
            let receiver = try RawIPSocket(.v4, protocol: 112)
            let sender = try RawIPSocket(.v4, protocol: 112, options: .init(filter: .nothing))
            let departure = RawIPSocket.Departure(
                from: .loopbackV4, to: .loopbackV4, interface: 0)
            for number in 0..<50 {
                _ = sender.send([0x31, UInt8(number)] + Self.advertisement[2...], departure)
            }
            _ = sender.send([UInt8](repeating: 7, count: 200), departure)
            let batch = ArrivalBatch(limit: 20, slotBytes: 128)
            var found: [Arrival] = []
            while try receiver.receive(into: batch) > 0 {
                #expect(batch.count <= 20)
                found += (0..<batch.count).compactMap { batch.arrival(at: $0) }
            }
            #expect(found.map { Int($0.payload[1]) } == Array(0..<50) + [7])
            #expect(found.filter(\.wasCut).count == 1 && found[50].payload.count == 108)
        }
    }

    /// Whether this kernel has VLANs.
    static let hasVLANs =
        (try? PrivateNetwork.run {
            try PrivateNetwork.shell(
                """
                ip link add one type veth peer name two &&
                ip link add link one name one.5 type vlan id 5
                """)
        }) != nil

    @Test(.enabled(if: hasVLANs, "the kernel has no VLANs"))
    func `an announcement out of a VLAN comes in on the VLAN`() throws {
        try Self.wire { _, _ in
            try PrivateNetwork.shell(
                """
                set -e
                for i in one two; do
                    ip link add link $i name $i.5 type vlan id 5; ip link set $i.5 up
                done
                """)
            try PrivateNetwork.awaitUp("one.5", "two.5")
            let from = try #require(NetworkInterfaces.index(of: "one.5"))
            let to = try #require(NetworkInterfaces.index(of: "two.5"))
            let address = try #require(IPAddress("192.0.2.7"))
            let listener = try PacketSocket.listener(
                .arp, interface: to, filter: .arp(claiming: [address]))
            let sender = try PacketSocket.sender()
            let mac = MACAddress(bits: 0x0200_0000_0007)
            let frame = AddressAnnouncement.frame(for: address, at: mac)
            _ = sender.send(frame, interface: from)
            let heard = listener.descriptor.awaitReadable(milliseconds: 1000)
            #expect(heard)
            let seen = listener.receive()
            #expect(seen?.interface == to && seen?.bytes.prefix(42) == frame.prefix(42))
        }
    }

    @Test(arguments: [IPAddress.Family.v4, .v6])
    func `the filter drops what is not meant for us`(family: IPAddress.Family) throws {
        try Self.wire { one, two in
            let isV4 = family == .v4
            let group = try #require(IPAddress(isV4 ? "224.0.0.18" : "ff02::12"))
            let source = try #require(IPAddress(isV4 ? "192.0.2.1" : "fe80::1"))
            var options = RawIPSocket.Options(interface: "two")
            options.filter = .vrrp(family, versions: [3], identifiers: [1, 2, 3, 7, 9, 255])
            let receiver = try RawIPSocket(family, protocol: 112, options: options)
            try receiver.join(group, on: two)
            let sender = try RawIPSocket(family, protocol: 112)
            var departure = RawIPSocket.Departure(from: source, to: group, interface: one)
            func send(_ first: UInt8, _ identifier: UInt8) {
                _ = sender.send([first, identifier] + Self.advertisement[2...], departure)
            }
            for first: UInt8 in [0x21, 0x30, 0x32, 0x41, 0, 0xFF] { send(first, 7) }
            for identifier: UInt8 in [0, 4, 6, 8, 10, 254] { send(0x31, identifier) }
            departure.hopLimit = 254
            send(0x31, 7)
            departure.hopLimit = 255
            _ = sender.send([0x31], departure)
            for identifier: UInt8 in [1, 2, 3, 7, 9, 255] { send(0x31, identifier) }
            let batch = ArrivalBatch()
            let receiverHeard = receiver.descriptor.awaitReadable(milliseconds: 1000)
            #expect(receiverHeard)
            let count = try receiver.receive(into: batch)
            let found = (0..<count).compactMap { batch.arrival(at: $0)?.payload }
            #expect(found.map { $0[1] } == [1, 2, 3, 7, 9, 255])
            #expect(found.allSatisfy { $0[0] == 0x31 })
        }
    }

    @Test func `a filter of all VRIDs is within the kernel's limit`() throws {
        let odd = (0..<128).map { UInt8($0 * 2 + 1) }
        let filter = PacketFilter.vrrp(.v4, versions: [2, 3], identifiers: odd)
        #expect(filter.steps.count < 600)
        let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_DGRAM.rawValue))
        try socket.attach(filter)
        let all = PacketFilter.vrrp(
            .v6, versions: [2, 3], identifiers: (1...255).map { UInt8($0) })
        #expect(all.steps.count < 20)
    }

    @Test func `announcements arrive and are understood`() throws {
        try Self.wire { one, two in
            let mac = MACAddress(virtualRouter: 7, family: .v4)
            let addresses = try ["192.0.2.7", "fe80::7", "2001:db8::7"].map {
                try #require(IPAddress($0))
            }
            let arp = try PacketSocket.listener(
                .arp, interface: two, filter: .arp(claiming: addresses.filter { $0.family == .v4 }))
            let neighbors = try PacketSocket.listener(
                .ipv6, interface: two,
                filter: .neighborAdvertisement(claiming: addresses.filter { $0.family == .v6 }))
            let sender = try PacketSocket.sender()
            for address in try addresses + [
                #require(IPAddress("192.0.2.8")), #require(IPAddress("fe80::8")),
            ] {
                let frame = AddressAnnouncement.frame(for: address, at: mac, isRouter: true)
                let put = sender.send(frame, interface: one)
                #expect(put == .bytes(frame.count))
            }
            var claims: [AddressClaim] = []
            let arpHeard = arp.descriptor.awaitReadable(milliseconds: 1000)
            #expect(arpHeard)
            while let frame = arp.receive() {
                #expect(frame.interface == two)
                if let claim = AddressClaim(frame: frame.bytes.span) { claims.append(claim) }
            }
            let neighborsHeard = neighbors.descriptor.awaitReadable(milliseconds: 1000)
            #expect(neighborsHeard)
            while let frame = neighbors.receive() {
                if let claim = AddressClaim(frame: frame.bytes.span) { claims.append(claim) }
            }
            #expect(claims.map(\.address) == addresses)
            #expect(claims.allSatisfy { $0.mac == mac && $0.isAnnouncement })
        }
    }

    @Test func `a client's neighbor cache takes the announced address`() throws {
        try Self.wire { one, two in
            let mac = MACAddress(virtualRouter: 9, family: .v6)
            let sender = try PacketSocket.sender()
            let client = "2001:db8::7"
            try PrivateNetwork.command(
                "ip", "neigh", "add", client, "lladdr", "02:00:00:00:00:01", "dev", "two", "nud",
                "stale")
            try PrivateNetwork.command(
                "ip", "neigh", "add", "192.0.2.7", "lladdr", "02:00:00:00:00:01", "dev", "two",
                "nud", "stale")
            for text in [client, "192.0.2.7"] {
                let address = try #require(IPAddress(text))
                let frame = AddressAnnouncement.frame(for: address, at: mac)
                _ = sender.send(frame, interface: one)
            }
            let seen = try PrivateNetwork.json("ip -j neigh show dev two")
            for text in [client, "192.0.2.7"] {
                let entry = seen.first { $0["dst"] as? String == text }
                #expect(entry?["lladdr"] as? String == mac.description, "\(text): \(seen)")
            }
        }
    }
}

@Suite struct AddressAnnouncementTests {
    @Test func `a gratuitous ARP is a request whose sender and target are the address`() throws {
        let address = try #require(IPAddress("192.0.2.7"))
        let mac = MACAddress(virtualRouter: 7, family: .v4)
        let frame = AddressAnnouncement.frame(for: address, at: mac)
        let virtual: [UInt8] = [0, 0, 0x5E, 0, 1, 7]
        let own: [UInt8] = [192, 0, 2, 7]
        let head: [UInt8] = [8, 6, 0, 1, 8, 0, 6, 4, 0, 1]
        let zeros = [UInt8](repeating: 0, count: 6)
        let expected = [UInt8](repeating: 255, count: 6) + virtual + head + virtual + own
        #expect(frame == expected + zeros + own + [UInt8](repeating: 0, count: 18))
    }

    @Test func `checksums are those of RFC 1071`() {
        func sum(_ bytes: [UInt8]) -> UInt16 { InternetChecksum.of(bytes.span) }
        #expect(sum([0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]) == ~0xDDF2)
        #expect(sum([]) == 0xFFFF)
        #expect(sum([0x12]) == ~0x1200)
    }
}

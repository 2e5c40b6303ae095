// Reading netlink messages: what is written is read back, and no bytes make the readers trap.

import Addresses
import Kernel
import RandomInputs
import Testing

@testable import Netlink

@Suite struct NetlinkReaderTests {
    /// A datagram of one message.
    static func datagram(_ request: NetlinkRequest) -> [UInt8] {
        var bytes: [UInt8] = []
        request.append(to: &bytes, sequence: 7)
        return bytes
    }

    /// What a datagram holds.
    static func messages(_ bytes: [UInt8]) -> [NetlinkMessage] {
        NetlinkMessage.all(in: bytes.span)
    }

    /// Everything that reads, over one datagram.
    static func exercise(_ bytes: [UInt8]) {
        for message in messages(bytes) {
            _ = NetworkEvent(message)
            _ = NetlinkFailure(answer: message)
            for type: UInt16 in [2, 3, 16, 17, 20, 21, 24, 25, 32, 33] {
                var other = message
                other.type = type
                _ = NetworkEvent(other)
                _ = NetlinkFailure(answer: other)
            }
        }
        _ = AddressClaim(frame: bytes.span)
    }

    static func samples() throws -> [[UInt8]] {
        let one = try #require(IPAddress("192.0.2.7"))
        let six = try #require(IPAddress("2001:db8::7"))
        var address = InterfaceAddress(one, prefixLength: 24, interface: 3)
        address.label = "eth0:1"
        address.preferredSeconds = 0
        var route = Route(
            to: try #require(Prefix("10.0.0.0/8")),
            [.init(gateway: one, interface: 3), .init(gateway: six, interface: 4, weight: 9)])
        route.metrics = [.mtu: 1400]
        route.congestionControl = "reno"
        var rule = RoutingRule(.v6, .table(7), priority: 9)
        rule.users = 1...2
        rule.sourcePorts = 3...4
        rule.inputInterface = "eth0"
        return [
            NetlinkRequest.add(address), .add(InterfaceAddress(six, interface: 9)), .add(route),
            .add(rule),
            .addMacvlan("vrrp.7", on: 3, mac: MACAddress(virtualRouter: 7, family: .v4)),
            .addIPVLAN("ip.7", on: 3), .setLink(3, addressGeneration: 1),
        ].map(datagram)
            + [
                AddressAnnouncement.frame(for: one, at: .broadcast),
                AddressAnnouncement.frame(for: six, at: .broadcast),
            ]
    }

    @Test func `what is written is read back`() throws {
        let samples = try Self.samples()
        let first = try #require(Self.messages(samples[0]).first)
        let address = try #require(NetworkEvent(first))
        guard case .address(let found) = address else { throw Errno(22) }
        #expect(found.address == IPAddress("192.0.2.7") && found.prefixLength == 24)
        #expect(found.label == "eth0:1" && found.preferredSeconds == 0)
        #expect(found.validSeconds == nil)
        let fifth = try #require(Self.messages(samples[4]).first)
        let link = try #require(Link(fifth))
        #expect(link.name == "vrrp.7" && link.kind == .macvlan(mode: 1) && link.parent == 3)
        #expect(link.mac == MACAddress(virtualRouter: 7, family: .v4))
    }

    @Test func `no bytes make the readers trap`() throws {
        var random = Seeded.fresh()
        let samples = try Self.samples()
        samples.forEach(Self.exercise)
        for _ in 0..<20_000 {
            var bytes = samples[random.next(below: samples.count)]
            for _ in 0...random.next(below: 6) {
                switch random.next(below: 4) {
                case 0 where !bytes.isEmpty: bytes.removeLast(1 + random.next(below: bytes.count))
                case 1: bytes += samples[random.next(below: samples.count)]
                default:
                    if bytes.isEmpty { continue }
                    bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
                }
            }
            Self.exercise(bytes)
        }
        for _ in 0..<5_000 {
            Self.exercise((0..<random.next(below: 200)).map { _ in UInt8(random.next(below: 256)) })
        }
    }

    @Test func `a picture tells what a dump has changed`() throws {
        var picture = NetworkPicture()
        let one = Link(index: 1, name: "one", flags: [.up])
        let address = InterfaceAddress(.loopbackV4, interface: 1)
        #expect(
            picture.replace(links: [one], addresses: [address]) == [.link(one), .address(address)])
        #expect(picture.replace(links: [one], addresses: [address]) == [])
        var down = one
        down.flags = []
        #expect(
            picture.replace(links: [down], addresses: []) == [
                .addressRemoved(address), .link(down),
            ])
        #expect(picture.apply(.address(address)) && !picture.apply(.address(address)))
        #expect(picture.holders(of: .loopbackV4) == [address])
        #expect(picture.apply(.linkRemoved(down)) && picture.addresses.isEmpty)
    }
}

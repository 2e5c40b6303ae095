// Network interfaces as rtnetlink tells of them (rtnetlink(7): RTM_NEWLINK), and the requests that
// ask for and change them.

import Addresses

/// A network interface.
public struct Link: Hashable, Sendable {
    /// States of an interface (IFF_…, netdevice(7)).
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Switched on by the administrator.
        public static let up = Flags(rawValue: 1 << 0)
        public static let loopback = Flags(rawValue: 1 << 3)
        public static let pointToPoint = Flags(rawValue: 1 << 4)
        /// Up, and the link below works.
        public static let running = Flags(rawValue: 1 << 6)
        public static let noARP = Flags(rawValue: 1 << 7)
        public static let multicast = Flags(rawValue: 1 << 12)
        /// The driver sees a carrier.
        public static let lowerUp = Flags(rawValue: 1 << 16)
    }

    /// What a virtual interface is, as far as we tell them apart.
    public enum Kind: Hashable, Sendable {
        /// A device, or one the kernel gives no kind.
        case device
        /// A virtual Ethernet interface on another, with a mode (MACVLAN_MODE_…).
        case macvlan(mode: UInt32)
        case ipvlan(mode: UInt16)
        case vlan(identifier: UInt16)
        /// Any other kind by the kernel's name for it: `bridge`, `veth`, `bond`, `vrf`, …
        case named(String)
    }

    public var index: UInt32
    public var name: String
    public var kind: Kind
    public var flags: Flags
    /// Nil where the link layer has none, or none of six bytes.
    public var mac: MACAddress?
    /// Bytes of the largest packet.
    public var mtu: UInt32
    /// What the driver says of the carrier; nil where the kernel does not tell.
    public var carrier: Bool?
    /// RFC 2863's state: 0 unknown, 2 down, 3 lower layer down, 5 dormant, 6 up.
    public var operationalState: UInt8
    /// The interface below a macvlan, ipvlan or VLAN, or the other end of a veth.
    public var parent: UInt32?
    /// The bridge, bond or VRF it belongs to.
    public var master: UInt32?
    /// The group number (ip-link(8): group).
    public var group: UInt32

    public init(index: UInt32, name: String, flags: Flags = []) {
        self.index = index
        self.name = name
        kind = .device
        self.flags = flags
        mtu = 0
        operationalState = 0
        group = 0
    }

    /// Whether it can carry packets now: switched on, and with a carrier.
    public var isUsable: Bool { flags.isSuperset(of: [.up, .running]) }
}

/// Attributes of a link (IFLA_…, linux/if_link.h).
enum LinkAttribute {
    static let address: UInt16 = 1
    static let name: UInt16 = 3
    static let mtu: UInt16 = 4
    static let link: UInt16 = 5
    static let master: UInt16 = 10
    static let operationalState: UInt16 = 16
    static let kind: UInt16 = 18
    static let addressFamilies: UInt16 = 26
    static let group: UInt16 = 27
    static let filterMask: UInt16 = 29
    static let carrier: UInt16 = 33
}

/// Message types (RTM_…, linux/rtnetlink.h).
enum RouteMessageType {
    static let newLink: UInt16 = 16
    static let deleteLink: UInt16 = 17
    static let getLink: UInt16 = 18
    static let setLink: UInt16 = 19
    static let newAddress: UInt16 = 20
    static let deleteAddress: UInt16 = 21
    static let getAddress: UInt16 = 22
    static let newRoute: UInt16 = 24
    static let deleteRoute: UInt16 = 25
    static let getRoute: UInt16 = 26
    static let newRule: UInt16 = 32
    static let deleteRule: UInt16 = 33
    static let getRule: UInt16 = 34
}

extension Link {
    /// Reads RTM_NEWLINK or RTM_DELLINK; nil where it is neither, or tells of a bridge's port.
    public init?(_ message: NetlinkMessage) {
        guard
            message.type == RouteMessageType.newLink
                || message.type == RouteMessageType.deleteLink,
            message.body.count >= 16, message.body[0] == 0
        else { return nil }
        let span = message.body.span
        let attributes = NetlinkAttributes(message.body, from: 16)
        self.init(
            index: span.word(at: 4), name: attributes.text(LinkAttribute.name) ?? "",
            flags: Flags(rawValue: span.word(at: 8)))
        mac = attributes.bytes(LinkAttribute.address).flatMap { MACAddress($0.span) }
        mtu = attributes.word(LinkAttribute.mtu) ?? 0
        carrier = attributes.byte(LinkAttribute.carrier).map { $0 != 0 }
        operationalState = attributes.byte(LinkAttribute.operationalState) ?? 0
        parent = attributes.word(LinkAttribute.link).flatMap { $0 == 0 ? nil : $0 }
        master = attributes.word(LinkAttribute.master).flatMap { $0 == 0 ? nil : $0 }
        group = attributes.word(LinkAttribute.group) ?? 0
        if let details = attributes.nest(LinkAttribute.kind), let name = details.text(1) {
            kind = Self.kind(name, details.nest(2))
        }
    }

    private static func kind(_ name: String, _ data: NetlinkAttributes?) -> Kind {
        switch name {
        case "macvlan": .macvlan(mode: data?.word(1) ?? 0)
        case "ipvlan": .ipvlan(mode: data?.half(1) ?? 0)
        case "vlan": .vlan(identifier: data?.half(1) ?? 0)
        default: .named(name)
        }
    }
}

extension NetlinkRequest {
    /// Asks for all links, without their counters.
    public static var links: NetlinkRequest {
        var writer = linkHeader(index: 0)
        // RTEXT_FILTER_SKIP_STATS.
        writer.attribute(LinkAttribute.filterMask, word: 8)
        return NetlinkRequest(type: RouteMessageType.getLink, body: writer.bytes)
    }

    /// Asks for one link by name, without its counters.
    public static func link(named name: String) -> NetlinkRequest {
        var writer = linkHeader(index: 0)
        writer.attribute(LinkAttribute.name, text: name)
        writer.attribute(LinkAttribute.filterMask, word: 8)
        return NetlinkRequest(type: RouteMessageType.getLink, body: writer.bytes)
    }

    /// Switches a link on or off.
    public static func setLink(_ index: UInt32, isUp: Bool) -> NetlinkRequest {
        let writer = linkHeader(index: index, flags: isUp ? 1 : 0, changed: 1)
        return NetlinkRequest(type: RouteMessageType.newLink, body: writer.bytes)
    }

    /// Sets the largest packet of a link, in bytes.
    public static func setLink(_ index: UInt32, mtu: UInt32) -> NetlinkRequest {
        var writer = linkHeader(index: index)
        writer.attribute(LinkAttribute.mtu, word: mtu)
        return NetlinkRequest(type: RouteMessageType.newLink, body: writer.bytes)
    }

    /// Puts a link into a bridge, bond or VRF; 0 takes it out.
    public static func setLink(_ index: UInt32, master: UInt32) -> NetlinkRequest {
        var writer = linkHeader(index: index)
        writer.attribute(LinkAttribute.master, word: master)
        return NetlinkRequest(type: RouteMessageType.newLink, body: writer.bytes)
    }

    /// Sets how a link makes its own IPv6 addresses: 0 from its MAC, 1 not at all
    /// (IN6_ADDR_GEN_MODE_…).
    public static func setLink(_ index: UInt32, addressGeneration mode: UInt8) -> NetlinkRequest {
        var writer = linkHeader(index: index)
        writer.nest(LinkAttribute.addressFamilies) { families in
            // AF_INET6, then IFLA_INET6_ADDR_GEN_MODE.
            families.nest(10) { $0.attribute(8, byte: mode) }
        }
        return NetlinkRequest(type: RouteMessageType.newLink, body: writer.bytes)
    }

    /// Puts a link into a group.
    public static func setLink(_ index: UInt32, group: UInt32) -> NetlinkRequest {
        var writer = linkHeader(index: index)
        writer.attribute(LinkAttribute.group, word: group)
        return NetlinkRequest(type: RouteMessageType.newLink, body: writer.bytes)
    }

    /// Deletes all links of a group, much faster than one by one. The group must not be 0, to which
    /// all others belong.
    public static func deleteLinks(group: UInt32) -> NetlinkRequest {
        precondition(group != 0)
        var writer = linkHeader(index: 0)
        writer.attribute(LinkAttribute.group, word: group)
        return NetlinkRequest(type: RouteMessageType.deleteLink, body: writer.bytes)
    }

    /// Deletes a link.
    public static func deleteLink(_ index: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: RouteMessageType.deleteLink, body: linkHeader(index: index).bytes)
    }

    /// Modes of a macvlan (linux/if_link.h).
    public enum MacvlanMode: UInt32, Sendable {
        /// Hears nothing of the other macvlans on the same link.
        case `private` = 1
        case vepa = 2
        case bridge = 4
        case passthrough = 8
    }

    /// Makes a macvlan on another link, down. Fails with `exists` where the name is taken.
    public static func addMacvlan(
        _ name: String, on parent: UInt32, mac: MACAddress, mode: MacvlanMode = .private,
        group: UInt32 = 0
    ) -> NetlinkRequest {
        var writer = linkHeader(index: 0)
        writer.attribute(LinkAttribute.name, text: name)
        writer.attribute(LinkAttribute.link, word: parent)
        writer.attribute(LinkAttribute.address, bytes: mac.bytes)
        if group != 0 { writer.attribute(LinkAttribute.group, word: group) }
        writer.nest(LinkAttribute.kind) { details in
            details.attribute(1, text: "macvlan")
            details.nest(2) { $0.attribute(1, word: mode.rawValue) }
        }
        return NetlinkRequest(
            type: RouteMessageType.newLink, flags: [.create, .exclusive], body: writer.bytes)
    }

    /// Modes of an ipvlan in L2 (IPVLAN_F_…, linux/if_link.h).
    public enum IPVLANFlag: UInt16, Sendable {
        case bridge = 0
        case `private` = 1
        case vepa = 2
    }

    /// Makes an ipvlan in L2 mode on another link, down.
    public static func addIPVLAN(
        _ name: String, on parent: UInt32, flag: IPVLANFlag = .bridge, group: UInt32 = 0
    ) -> NetlinkRequest {
        var writer = linkHeader(index: 0)
        writer.attribute(LinkAttribute.name, text: name)
        writer.attribute(LinkAttribute.link, word: parent)
        if group != 0 { writer.attribute(LinkAttribute.group, word: group) }
        writer.nest(LinkAttribute.kind) { details in
            details.attribute(1, text: "ipvlan")
            details.nest(2) { data in
                data.attribute(1, half: 0)
                data.attribute(2, half: flag.rawValue)
            }
        }
        return NetlinkRequest(
            type: RouteMessageType.newLink, flags: [.create, .exclusive], body: writer.bytes)
    }

    /// Makes two Ethernet interfaces that are connected to each other, down.
    public static func addVeth(_ name: String, peer: String) -> NetlinkRequest {
        var writer = linkHeader(index: 0)
        writer.attribute(LinkAttribute.name, text: name)
        writer.nest(LinkAttribute.kind) { details in
            details.attribute(1, text: "veth")
            details.nest(2) { data in
                // VETH_INFO_PEER holds a whole link message.
                data.nest(1) { other in
                    other.plain(linkHeader(index: 0).bytes)
                    other.attribute(LinkAttribute.name, text: peer)
                }
            }
        }
        return NetlinkRequest(
            type: RouteMessageType.newLink, flags: [.create, .exclusive], body: writer.bytes)
    }

    /// Makes a bridge, down.
    public static func addBridge(_ name: String) -> NetlinkRequest {
        var writer = linkHeader(index: 0)
        writer.attribute(LinkAttribute.name, text: name)
        writer.nest(LinkAttribute.kind) { $0.attribute(1, text: "bridge") }
        return NetlinkRequest(
            type: RouteMessageType.newLink, flags: [.create, .exclusive], body: writer.bytes)
    }

    /// struct ifinfomsg.
    private static func linkHeader(
        index: UInt32, flags: UInt32 = 0, changed: UInt32 = 0
    ) -> NetlinkWriter {
        var writer = NetlinkWriter()
        writer.word(0)
        writer.word(index)
        writer.word(flags)
        writer.word(changed)
        return writer
    }
}

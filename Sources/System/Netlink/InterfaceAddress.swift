// Addresses of interfaces as rtnetlink tells of them (rtnetlink(7): RTM_NEWADDR), and the requests
// that ask for, add and delete them. Covers every option of keepalived.conf(5): virtual_ipaddress.

import Addresses

/// How far an address or a route reaches (ip-address(8): scope; names in rt_scopes).
public struct AddressScope: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Everywhere.
    public static let global = AddressScope(rawValue: 0)
    public static let site = AddressScope(rawValue: 200)
    /// On this link.
    public static let link = AddressScope(rawValue: 253)
    /// On this machine.
    public static let host = AddressScope(rawValue: 254)
    public static let nowhere = AddressScope(rawValue: 255)
}

/// An address on an interface.
public struct InterfaceAddress: Hashable, Sendable {
    /// Flags (IFA_F_…, linux/if_addr.h).
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// IPv4: not the first of its subnet. IPv6: temporary.
        public static let secondary = Flags(rawValue: 1 << 0)
        /// Used at once, without looking for duplicates.
        public static let noDuplicateDetection = Flags(rawValue: 1 << 1)
        public static let optimistic = Flags(rawValue: 1 << 2)
        /// Somebody else has it.
        public static let duplicate = Flags(rawValue: 1 << 3)
        /// Mobile IPv6's home address.
        public static let home = Flags(rawValue: 1 << 4)
        /// Not chosen as a source any more.
        public static let deprecated = Flags(rawValue: 1 << 5)
        /// Not usable yet.
        public static let tentative = Flags(rawValue: 1 << 6)
        /// Without an end.
        public static let permanent = Flags(rawValue: 1 << 7)
        /// Template of temporary addresses.
        public static let managesTemporary = Flags(rawValue: 1 << 8)
        /// Makes no route for its subnet.
        public static let noPrefixRoute = Flags(rawValue: 1 << 9)
        /// A multicast group that is joined on its link.
        public static let autoJoin = Flags(rawValue: 1 << 10)
        public static let stablePrivacy = Flags(rawValue: 1 << 11)

        /// Those a request may carry; the kernel sets the others itself.
        public static let settable: Flags = [
            .noDuplicateDetection, .home, .managesTemporary, .noPrefixRoute, .autoJoin,
        ]
    }

    /// The interface's own address.
    public var address: IPAddress
    /// Leading bits that are the subnet's.
    public var prefixLength: UInt8
    /// Index of the interface.
    public var interface: UInt32
    /// The other end of a point-to-point link; the prefix is then the peer's.
    public var peer: IPAddress?
    public var broadcast: IPAddress?
    public var scope: AddressScope
    /// A name of up to 15 bytes that begins with the interface's (IPv4); nil is the interface's.
    public var label: String?
    public var flags: Flags
    /// Seconds for which it is chosen as a source; nil for ever, 0 is deprecated.
    public var preferredSeconds: UInt32?
    /// Seconds for which it is there; nil for ever.
    public var validSeconds: UInt32?
    /// Who made it (IFAPROT_…; 18 is what keepalived writes with routes). 0 is not told.
    public var origin: UInt8

    public init(
        _ address: IPAddress, prefixLength: UInt8? = nil, interface: UInt32, flags: Flags = []
    ) {
        self.address = address
        self.prefixLength = prefixLength ?? UInt8(address.family.bitCount)
        self.interface = interface
        scope = .global
        self.flags = flags
        origin = 0
    }

    /// RTPROT_KEEPALIVED, which also marks addresses that a VRRP daemon has made (kernels from 5.18
    /// on keep it).
    public static let originVRRP: UInt8 = 18

    /// Whether the kernel takes the two for the same: address, prefix, peer and interface.
    public func isSame(as other: InterfaceAddress) -> Bool {
        address == other.address && prefixLength == other.prefixLength
            && interface == other.interface && (peer ?? address) == (other.peer ?? other.address)
    }

    /// The subnet's last address, which `brd +` stands for; nil for IPv6 and for prefixes from 31
    /// on.
    public static func broadcast(of address: IPAddress, prefixLength: UInt8) -> IPAddress? {
        guard address.family == .v4, prefixLength < 31 else { return nil }
        let bits = UInt32(truncatingIfNeeded: address.low)
        return IPAddress(v4: bits | UInt32.max >> UInt32(prefixLength))
    }
}

/// Attributes of an address (IFA_…).
private enum AddressAttribute {
    static let address: UInt16 = 1
    static let local: UInt16 = 2
    static let label: UInt16 = 3
    static let broadcast: UInt16 = 4
    static let lifetimes: UInt16 = 6
    static let flags: UInt16 = 8
    static let origin: UInt16 = 11
}

extension InterfaceAddress {
    /// Reads RTM_NEWADDR or RTM_DELADDR; nil where it is neither, or not of IP.
    public init?(_ message: NetlinkMessage) {
        guard
            message.type == RouteMessageType.newAddress
                || message.type == RouteMessageType.deleteAddress,
            message.body.count >= 8
        else { return nil }
        let attributes = NetlinkAttributes(message.body, from: 8)
        // IPv4 says the address as local and the peer as address; IPv6 leaves out local without a
        // peer.
        let other = attributes.address(AddressAttribute.address)
        guard let own = attributes.address(AddressAttribute.local) ?? other,
            message.body[1] <= own.family.bitCount
        else { return nil }
        self.init(
            own, prefixLength: message.body[1], interface: message.body.span.word(at: 4),
            flags: Flags(
                rawValue: attributes.word(AddressAttribute.flags) ?? UInt32(message.body[2])))
        scope = AddressScope(rawValue: message.body[3])
        if let other, other != own, other.family == own.family { peer = other }
        broadcast = attributes.address(AddressAttribute.broadcast)
        label = attributes.text(AddressAttribute.label)
        origin = attributes.byte(AddressAttribute.origin) ?? 0
        if let times = attributes.bytes(AddressAttribute.lifetimes), times.count >= 8 {
            let preferred = times.span.word(at: 0)
            let valid = times.span.word(at: 4)
            preferredSeconds = preferred == .max ? nil : preferred
            validSeconds = valid == .max ? nil : valid
        }
    }

    fileprivate func body(isDeletion: Bool) -> [UInt8] {
        var writer = NetlinkWriter()
        writer.byte(UInt8(address.family == .v4 ? SocketFamily.inet : SocketFamily.inet6))
        writer.byte(prefixLength)
        writer.byte(UInt8(truncatingIfNeeded: flags.intersection(.settable).rawValue))
        writer.byte(scope.rawValue)
        writer.word(interface)
        writer.attribute(AddressAttribute.local, address: address)
        writer.attribute(AddressAttribute.address, address: peer ?? address)
        // A label would have to match for a deletion, and somebody may have changed it.
        if isDeletion { return writer.bytes }
        if let label, address.family == .v4 {
            writer.attribute(AddressAttribute.label, text: label)
        }
        if let broadcast { writer.attribute(AddressAttribute.broadcast, address: broadcast) }
        if !flags.intersection(.settable).isEmpty {
            writer.attribute(AddressAttribute.flags, word: flags.intersection(.settable).rawValue)
        }
        if origin != 0 { writer.attribute(AddressAttribute.origin, byte: origin) }
        if preferredSeconds != nil || validSeconds != nil {
            var times = NetlinkWriter()
            times.word(preferredSeconds ?? .max)
            times.word(validSeconds ?? .max)
            times.zeros(8)
            writer.attribute(AddressAttribute.lifetimes, bytes: times.bytes)
        }
        return writer.bytes
    }
}

extension NetlinkRequest {
    /// Asks for all addresses, of one family or both.
    public static func addresses(_ family: IPAddress.Family? = nil) -> NetlinkRequest {
        var writer = NetlinkWriter()
        writer.byte(number(of: family))
        writer.zeros(7)
        return NetlinkRequest(type: RouteMessageType.getAddress, body: writer.bytes)
    }

    /// Adds an address; fails with `exists` where it is there.
    ///
    /// The kernel goes on with an IPv6 address in a queue of its own after it has answered, even
    /// without a search for duplicates: packets to it are taken a moment later, usually well within
    /// a millisecond.
    public static func add(_ address: InterfaceAddress) -> NetlinkRequest {
        NetlinkRequest(
            type: RouteMessageType.newAddress, flags: [.create, .exclusive],
            body: address.body(isDeletion: false))
    }

    /// Adds an address, or changes flags and lifetimes of the one that is there.
    public static func replace(_ address: InterfaceAddress) -> NetlinkRequest {
        NetlinkRequest(
            type: RouteMessageType.newAddress, flags: [.create, .replace],
            body: address.body(isDeletion: false))
    }

    /// Deletes an address; fails with `noSuchAddress` where it is not there.
    public static func delete(_ address: InterfaceAddress) -> NetlinkRequest {
        NetlinkRequest(
            type: RouteMessageType.deleteAddress, body: address.body(isDeletion: true))
    }

    /// The kernel's number of an address family; 0 for any.
    static func number(of family: IPAddress.Family?) -> UInt8 {
        guard let family else { return 0 }
        return UInt8(family == .v4 ? SocketFamily.inet : SocketFamily.inet6)
    }
}

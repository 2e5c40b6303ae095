// Classic BPF programs that let a socket receive only what is meant for it, so that a flood of
// other packets costs no wake-up. Building them is pure; attaching is one call.

import Addresses
import CLinux
import Glibc

/// A classic BPF program.
public struct PacketFilter: Equatable, Sendable {
    /// One instruction, as `struct sock_filter` has it.
    public struct Step: Equatable, Sendable {
        /// Class, size and mode.
        public let code: UInt16
        /// Steps to skip where a comparison holds.
        public let whenTrue: UInt8
        /// Steps to skip where it does not.
        public let whenFalse: UInt8
        /// The operand.
        public let operand: UInt32
    }

    /// The most steps the kernel takes (BPF_MAXINSNS).
    public static let mostSteps = 4096

    /// The program.
    public private(set) var steps: [Step] = []

    /// An empty program; it must end with an answer before it is attached.
    public init() {}

    // MARK: Instructions (linux/bpf_common.h)

    /// Loads a byte, 16 or 32 bits at an offset; behind X where `indexed`.
    mutating func load(_ size: Size, at offset: UInt32, indexed: Bool = false) {
        add(size.rawValue | (indexed ? 0x40 : 0x20), 0, 0, offset)
    }

    /// Sets X to the length of the IPv4 header that begins at an offset.
    mutating func loadHeaderLength(at offset: UInt32) { add(0xB1, 0, 0, offset) }

    /// Keeps only some bits.
    mutating func mask(_ bits: UInt32) { add(0x54, 0, 0, bits) }

    /// Skips steps where the value is the operand, or where it is not.
    mutating func skip(ifEqual value: UInt32, _ whenTrue: UInt8, otherwise whenFalse: UInt8) {
        add(0x15, whenTrue, whenFalse, value)
    }

    /// The same for greater than, without sign.
    mutating func skip(ifAbove value: UInt32, _ whenTrue: UInt8, otherwise whenFalse: UInt8) {
        add(0x25, whenTrue, whenFalse, value)
    }

    /// Drops the packet unless the value is the operand.
    mutating func require(_ value: UInt32) {
        skip(ifEqual: value, 1, otherwise: 0)
        drop()
    }

    /// Drops the packet where the value is the operand.
    mutating func refuse(_ value: UInt32) {
        skip(ifEqual: value, 0, otherwise: 1)
        drop()
    }

    /// Accepts the whole packet.
    mutating func accept() { add(0x06, 0, 0, 0xFFFF) }

    /// Drops the packet.
    mutating func drop() { add(0x06, 0, 0, 0) }

    private mutating func add(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ operand: UInt32) {
        steps.append(Step(code: code, whenTrue: yes, whenFalse: no, operand: operand))
    }

    /// How much a load takes.
    enum Size: UInt16 {
        case word = 0x00
        case half = 0x08
        case byte = 0x10
    }

    /// Offsets from here are behind the network header (SKF_NET_OFF).
    static let networkHeader: UInt32 = 0xFFF0_0000
    /// The direction of a frame, PACKET_HOST and so on (SKF_AD_OFF + SKF_AD_PKTTYPE).
    static let frameKind: UInt32 = 0xFFFF_F000 + 4

    /// Accepts values of a sorted list and drops all others. Ends the program.
    mutating func acceptAmong(_ values: [UInt8]) {
        var ranges: [ClosedRange<UInt8>] = []
        for value in Set(values).sorted() {
            if let last = ranges.last, Int(last.upperBound) + 1 == Int(value) {
                ranges[ranges.count - 1] = last.lowerBound...value
            } else {
                ranges.append(value...value)
            }
        }
        for range in ranges {
            if range.lowerBound > 0 {
                skip(ifAbove: UInt32(range.lowerBound) - 1, 1, otherwise: 0)
                drop()
            }
            skip(ifAbove: UInt32(range.upperBound), 1, otherwise: 0)
            accept()
        }
        drop()
    }
}

extension PacketFilter {
    /// Passes VRRP advertisements that may be meant for us and drops everything else.
    ///
    /// For a raw socket, whose IPv4 packets begin with their IP header and whose IPv6 packets begin
    /// behind it.
    ///
    /// - Parameters:
    ///   - versions: VRRP versions, 2 and 3.
    ///   - identifiers: the VRIDs that somebody is configured for.
    ///   - hopLimit: the only TTL or hop limit that passes (255, RFC 9568 §7.1); nil for any, where
    ///     unicast peers may be far.
    public static func vrrp(
        _ family: IPAddress.Family, versions: [UInt8], identifiers: [UInt8], hopLimit: UInt8? = 255
    ) -> PacketFilter {
        var filter = PacketFilter()
        if let hopLimit {
            filter.load(.byte, at: networkHeader + (family == .v4 ? 8 : 7))
            filter.require(UInt32(hopLimit))
        }
        let isV4 = family == .v4
        if isV4 { filter.loadHeaderLength(at: 0) }
        filter.load(.byte, at: 0, indexed: isV4)
        let kinds = Set(versions).sorted().map { UInt32($0) << 4 | 1 }
        for (index, kind) in kinds.enumerated() {
            filter.skip(ifEqual: kind, UInt8(kinds.count - index), otherwise: 0)
        }
        filter.drop()
        filter.load(.byte, at: 1, indexed: isV4)
        filter.acceptAmong(identifiers)
        return filter
    }

    /// Passes frames with an advertisement for one VRID that come from one hardware address.
    ///
    /// For a packet socket whose frames begin with their Ethernet header.
    public static func vrrpFrames(
        _ family: IPAddress.Family, identifier: UInt8, from mac: MACAddress
    ) -> PacketFilter {
        var filter = PacketFilter()
        filter.load(.word, at: 6)
        filter.require(UInt32(truncatingIfNeeded: mac.bits >> 16))
        filter.load(.half, at: 10)
        filter.require(UInt32(mac.bits & 0xFFFF))
        let isV4 = family == .v4
        filter.load(.byte, at: isV4 ? 23 : 20)
        filter.require(112)
        if isV4 { filter.loadHeaderLength(at: 14) }
        filter.load(.byte, at: isV4 ? 15 : 55, indexed: isV4)
        filter.require(UInt32(identifier))
        filter.accept()
        return filter
    }

    /// Passes ARP packets in which somebody says to have one of some IPv4 addresses.
    ///
    /// For a packet socket of protocol ARP. Frames this machine sends are dropped.
    ///
    /// - Parameter addresses: at most ``mostAddresses``.
    public static func arp(claiming addresses: [IPAddress]) -> PacketFilter {
        var filter = PacketFilter()
        filter.load(.byte, at: frameKind)
        filter.refuse(4)
        // Ethernet header 14, then type 2, protocol 2, lengths 2, operation 2, sender's MAC 6.
        filter.load(.word, at: 28)
        filter.acceptWords(addresses)
        return filter
    }

    /// Passes neighbor advertisements (RFC 4861 §4.4) for one of some IPv6 addresses. They are told
    /// by their last 32 bits; what passes is to be looked at again.
    ///
    /// For a packet socket of protocol IPv6. Frames this machine sends are dropped.
    ///
    /// - Parameter addresses: at most ``mostAddresses``.
    public static func neighborAdvertisement(claiming addresses: [IPAddress]) -> PacketFilter {
        var filter = PacketFilter()
        filter.load(.byte, at: frameKind)
        filter.refuse(4)
        filter.load(.byte, at: 20)
        filter.require(58)
        filter.load(.byte, at: 54)
        filter.require(136)
        filter.load(.word, at: 74)
        filter.acceptWords(addresses)
        return filter
    }

    /// How many addresses a filter may name.
    public static let mostAddresses = 1024

    /// Accepts where the value is the last 32 bits of an address. Ends the program.
    private mutating func acceptWords(_ addresses: [IPAddress]) {
        precondition(addresses.count <= Self.mostAddresses)
        for word in Set(addresses.map { UInt32(truncatingIfNeeded: $0.low) }).sorted() {
            skip(ifEqual: word, 0, otherwise: 1)
            accept()
        }
        drop()
    }

    /// Passes everything.
    public static let everything = {
        var filter = PacketFilter()
        filter.accept()
        return filter
    }()

    /// Drops everything, for a socket that nobody wants to hear from yet.
    public static let nothing = {
        var filter = PacketFilter()
        filter.drop()
        return filter
    }()
}

extension Descriptor {
    /// Attaches a filter to a socket, in place of the one before. What the socket has received
    /// already stays.
    public borrowing func attach(_ filter: PacketFilter) throws(Errno) {
        precondition(filter.steps.count <= PacketFilter.mostSteps)
        let program = filter.steps.map {
            martlet_sock_filter(
                code: $0.code, when_true: $0.whenTrue, when_false: $0.whenFalse,
                operand: $0.operand)
        }
        // Safety: the kernel copies the program during the call.
        let status = unsafe program.withUnsafeBufferPointer {
            unsafe martlet_attach_filter(number, $0.baseAddress, UInt16($0.count))
        }
        if status < 0 { throw Errno.last }
    }
}

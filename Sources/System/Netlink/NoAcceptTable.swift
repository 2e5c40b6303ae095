// The nf_tables table that keeps packets to virtual addresses from this machine where it is not
// their owner (RFC 9568 §6.1 Accept_Mode; keepalived.conf(5): no_accept). ARP is no matter of it,
// and neighbor discovery passes, so the addresses stay reachable for routing.
//
//   table inet NAME {
//     set addresses4 { type ipv4_addr }   set addresses6 { type ipv6_addr }
//     chain input  { type filter hook input priority N ... ip daddr @addresses4 drop ... }
//     chain output { type filter hook output priority N ... ip saddr @addresses4 drop ... }
//   }

import Addresses

/// Builds the requests for the table; to be sent by ``NetlinkSocket/transact(_:)``, all or nothing.
public struct NoAcceptTable: Equatable, Sendable {
    /// The table's name.
    public let name: String

    /// The priority of its chains: lower ones see packets first.
    public let priority: Int32
    /// Whether rules count what they drop.
    public let counts: Bool

    /// A table of that name, which belongs to us alone.
    public init(
        named name: String = "martlet_vrrp", priority: Int32 = -1, counts: Bool = true
    ) {
        self.name = name
        self.priority = priority
        self.counts = counts
    }

    /// Makes the table with its addresses, in place of one that a run before has left.
    public func install(_ addresses: [IPAddress]) -> [NetlinkRequest] {
        var requests = [table(flags: .create), remove()]
        requests.append(table(flags: .create))
        for family in [IPAddress.Family.v4, .v6] { requests.append(set(family)) }
        // NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT.
        requests.append(chain("input", hook: 1))
        requests.append(chain("output", hook: 3))
        requests += [
            rule("input", v4(offset: 16)), rule("input", neighborDiscovery),
            rule("input", v6(offset: 24)),
            rule("output", v4(offset: 12)), rule("output", neighborDiscovery),
            rule("output", v6(offset: 8)),
        ]
        return requests + insert(addresses)
    }

    /// Adds addresses; those that are there stay.
    public func insert(_ addresses: [IPAddress]) -> [NetlinkRequest] {
        elements(addresses, type: 12, flags: .create)
    }

    /// Takes addresses away; fails where one is not there.
    public func withdraw(_ addresses: [IPAddress]) -> [NetlinkRequest] {
        elements(addresses, type: 14, flags: [])
    }

    /// Removes the table and all that is in it; fails where there is none.
    public func remove() -> NetlinkRequest { table(type: 2, flags: []) }

    // MARK: Objects (linux/netfilter/nf_tables.h)

    /// Addresses of one message, at most.
    private static let mostElements = 1000
    private static let familyInet: UInt8 = 1

    private func message(
        _ type: UInt16, _ flags: NetlinkFlags, _ fill: (inout NetlinkWriter) -> Void
    ) -> NetlinkRequest {
        var writer = NetlinkWriter()
        // struct nfgenmsg.
        writer.byte(Self.familyInet)
        writer.zeros(3)
        fill(&writer)
        return NetlinkRequest(type: 10 << 8 | type, flags: flags, body: writer.bytes)
    }

    private func table(type: UInt16 = 0, flags: NetlinkFlags) -> NetlinkRequest {
        message(type, flags) { $0.attribute(1, text: name) }
    }

    private static func setName(_ family: IPAddress.Family) -> String {
        family == .v4 ? "addresses4" : "addresses6"
    }

    private func set(_ family: IPAddress.Family) -> NetlinkRequest {
        message(9, [.create]) { writer in
            writer.attribute(1, text: name)
            writer.attribute(2, text: Self.setName(family))
            writer.attribute(3, wireWord: 0)
            // The type is a word of nft(8) for itself: ipv4_addr, ipv6_addr.
            writer.attribute(4, wireWord: family == .v4 ? 7 : 8)
            writer.attribute(5, wireWord: UInt32(family.bitCount / 8))
            writer.attribute(10, wireWord: family == .v4 ? 1 : 2)
        }
    }

    private func chain(_ chain: String, hook: UInt32) -> NetlinkRequest {
        message(3, .create) { writer in
            writer.attribute(1, text: name)
            writer.attribute(3, text: chain)
            writer.nest(4, isMarked: true) { place in
                place.attribute(1, wireWord: hook)
                place.attribute(2, wireWord: UInt32(bitPattern: priority))
            }
            // NF_ACCEPT.
            writer.attribute(5, wireWord: 1)
            writer.attribute(7, text: "filter")
        }
    }

    private func rule(_ chain: String, _ expressions: [NetlinkWriter]) -> NetlinkRequest {
        message(6, [.create, .append]) { writer in
            writer.attribute(1, text: name)
            writer.attribute(2, text: chain)
            writer.nest(4, isMarked: true) { list in
                for expression in expressions {
                    list.attribute(1 | 0x8000, bytes: expression.bytes)
                }
            }
        }
    }

    private func elements(
        _ addresses: [IPAddress], type: UInt16, flags: NetlinkFlags
    ) -> [NetlinkRequest] {
        var requests: [NetlinkRequest] = []
        for family in [IPAddress.Family.v4, .v6] {
            let wanted = addresses.filter { $0.family == family }
            for start in stride(from: 0, to: wanted.count, by: Self.mostElements) {
                let part = wanted[start..<min(start + Self.mostElements, wanted.count)]
                requests.append(
                    message(type, flags) { writer in
                        writer.attribute(1, text: name)
                        writer.attribute(2, text: Self.setName(family))
                        writer.nest(3, isMarked: true) { list in
                            for address in part {
                                list.nest(1, isMarked: true) { element in
                                    element.nest(1, isMarked: true) { key in
                                        key.attribute(1, address: address)
                                    }
                                }
                            }
                        }
                    })
            }
        }
        return requests
    }

    // MARK: Rules

    private func v4(offset: UInt32) -> [NetlinkWriter] {
        [
            Self.meta(15), Self.compare([2]), Self.payload(base: 1, offset: offset, length: 4),
            Self.lookUp(Self.setName(.v4)),
        ] + counter + [Self.verdict(0)]
    }

    private func v6(offset: UInt32) -> [NetlinkWriter] {
        [
            Self.meta(15), Self.compare([10]), Self.payload(base: 1, offset: offset, length: 16),
            Self.lookUp(Self.setName(.v6)),
        ] + counter + [Self.verdict(0)]
    }

    /// Neighbor solicitations and advertisements (ICMPv6 135 and 136) leave the chain.
    private var neighborDiscovery: [NetlinkWriter] {
        [
            Self.meta(15), Self.compare([10]), Self.meta(16), Self.compare([58]),
            Self.payload(base: 2, offset: 0, length: 1), Self.compare([135], operation: 5),
            Self.compare([136], operation: 3),
            // NFT_RETURN.
            Self.verdict(UInt32(bitPattern: -5)),
        ]
    }

    private static func expression(
        _ name: String, _ fill: (inout NetlinkWriter) -> Void
    ) -> NetlinkWriter {
        var writer = NetlinkWriter()
        writer.attribute(1, text: name)
        writer.nest(2, isMarked: true, fill)
        return writer
    }

    /// Loads a property of the packet into register 1: 15 the family, 16 the protocol.
    private static func meta(_ key: UInt32) -> NetlinkWriter {
        expression("meta") { writer in
            writer.attribute(2, wireWord: key)
            writer.attribute(1, wireWord: 1)
        }
    }

    /// Compares register 1: 0 equal, 3 at most, 5 at least.
    private static func compare(_ value: [UInt8], operation: UInt32 = 0) -> NetlinkWriter {
        expression("cmp") { writer in
            writer.attribute(1, wireWord: 1)
            writer.attribute(2, wireWord: operation)
            writer.nest(3, isMarked: true) { $0.attribute(1, bytes: value) }
        }
    }

    /// Loads bytes of the network (1) or transport (2) header into register 1.
    private static func payload(base: UInt32, offset: UInt32, length: UInt32) -> NetlinkWriter {
        expression("payload") { writer in
            writer.attribute(1, wireWord: 1)
            writer.attribute(2, wireWord: base)
            writer.attribute(3, wireWord: offset)
            writer.attribute(4, wireWord: length)
        }
    }

    private static func lookUp(_ set: String) -> NetlinkWriter {
        expression("lookup") { writer in
            writer.attribute(1, text: set)
            writer.attribute(2, wireWord: 1)
        }
    }

    private var counter: [NetlinkWriter] { counts ? [Self.expression("counter") { _ in }] : [] }

    private static func verdict(_ code: UInt32) -> NetlinkWriter {
        expression("immediate") { writer in
            writer.attribute(1, wireWord: 0)
            writer.nest(2, isMarked: true) { data in
                data.nest(2, isMarked: true) { $0.attribute(1, wireWord: code) }
            }
        }
    }
}

// Reads netlink messages: splits a datagram into messages and a message into attributes. Whatever
// does not fit its length ends the reading; nothing here trusts a length.

import Addresses
import Bytes

/// One message of a datagram.
public struct NetlinkMessage: Equatable, Sendable {
    /// Its type; below 16 for those of netlink itself.
    public var type: UInt16
    /// Its flags (NLM_F_MULTI 2, NLM_F_DUMP_INTR 16, NLM_F_CAPPED 0x100, NLM_F_ACK_TLVS 0x200).
    public var flags: UInt16
    /// The number of the request it answers.
    public var sequence: UInt32
    /// The port of who asked for what it tells; in a notification, who made the change.
    public var port: UInt32
    /// What follows the header.
    public var body: [UInt8]

    /// NLMSG_ERROR: an acknowledgement when its number is 0.
    public static let failure: UInt16 = 2
    /// NLMSG_DONE: the end of a dump.
    public static let done: UInt16 = 3

    /// The messages of a datagram, up to the first that does not fit.
    public static func all(in datagram: Span<UInt8>) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var offset = 0
        while offset + 16 <= datagram.count {
            let length = Int(datagram.word(at: offset))
            guard length >= 16, length <= datagram.count - offset else { break }
            messages.append(
                NetlinkMessage(
                    type: datagram.half(at: offset + 4), flags: datagram.half(at: offset + 6),
                    sequence: datagram.word(at: offset + 8),
                    port: datagram.word(at: offset + 12),
                    body: datagram.extracting(offset + 16..<offset + length).array))
            offset += (length + 3) & ~3
        }
        return messages
    }
}

/// The attributes behind the fixed part of a message, or inside another attribute. The last of a
/// type counts, as in the kernel.
public struct NetlinkAttributes: Equatable, Sendable {
    private var contents: [UInt16: [UInt8]] = [:]
    /// Types and contents in their order, for lists.
    public private(set) var list: [(type: UInt16, content: [UInt8])] = []

    /// Reads attributes from an offset on, at most 1024 of them.
    public init(_ bytes: [UInt8], from start: Int = 0) {
        var offset = start
        while offset >= 0, offset + 4 <= bytes.count, list.count < 1024 {
            let length = Int(bytes.span.half(at: offset))
            guard length >= 4, length <= bytes.count - offset else { break }
            // The two highest bits say how it is written (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
            let type = bytes.span.half(at: offset + 2) & 0x3FFF
            let content = Array(bytes[offset + 4..<offset + length])
            contents[type] = content
            list.append((type, content))
            offset += (length + 3) & ~3
        }
    }

    public static func == (left: NetlinkAttributes, right: NetlinkAttributes) -> Bool {
        left.list.elementsEqual(right.list, by: ==)
    }

    /// The bytes of an attribute.
    public func bytes(_ type: UInt16) -> [UInt8]? { contents[type] }

    /// An attribute of one byte.
    public func byte(_ type: UInt16) -> UInt8? { contents[type]?.first }

    /// An attribute of 16 bits in the machine's order.
    public func half(_ type: UInt16) -> UInt16? {
        guard let content = contents[type], content.count >= 2 else { return nil }
        return content.span.half(at: 0)
    }

    /// An attribute of 32 bits in the machine's order.
    public func word(_ type: UInt16) -> UInt32? {
        guard let content = contents[type], content.count >= 4 else { return nil }
        return content.span.word(at: 0)
    }

    /// An attribute of 16 bits in the order of the wire.
    public func wireHalf(_ type: UInt16) -> UInt16? { half(type)?.byteSwapped }

    /// An attribute of 32 bits in the order of the wire.
    public func wireWord(_ type: UInt16) -> UInt32? { word(type)?.byteSwapped }

    /// An attribute of an address of either family.
    public func address(_ type: UInt16) -> IPAddress? {
        contents[type].flatMap { IPAddress(networkOrder: $0.span) }
    }

    /// An attribute of text, up to its zero.
    public func text(_ type: UInt16) -> String? {
        contents[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The attributes inside an attribute.
    public func nest(_ type: UInt16) -> NetlinkAttributes? {
        contents[type].map { NetlinkAttributes($0) }
    }
}

extension Span<UInt8> {
    /// 16 bits in the machine's order.
    func half(at offset: Int) -> UInt16 {
        UInt16(littleEndian: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8)
    }

    /// 32 bits in the machine's order.
    func word(at offset: Int) -> UInt32 {
        UInt32(half(at: offset)) | UInt32(half(at: offset + 2)) << 16
    }
}

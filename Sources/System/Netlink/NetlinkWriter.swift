// Writes netlink messages: a header, a fixed part, attributes padded to four bytes, nests. Numbers
// are in the machine's order unless a name says otherwise (RFC 3549 §2.2; linux/netlink.h).

import Addresses

/// Builds the body of one message: what follows the 16 bytes of its header.
public struct NetlinkWriter: Sendable {
    /// The body so far.
    public private(set) var bytes: [UInt8] = []

    /// Begins with nothing.
    public init() {}

    /// Appends one byte.
    public mutating func byte(_ value: UInt8) { bytes.append(value) }

    /// Appends 16 bits in the machine's order.
    public mutating func half(_ value: UInt16) { append(value) }

    /// Appends 32 bits in the machine's order.
    public mutating func word(_ value: UInt32) { append(value) }

    /// Appends zeros.
    public mutating func zeros(_ count: Int) { bytes += [UInt8](repeating: 0, count: count) }

    /// Appends plain bytes without an attribute's header, padded.
    public mutating func plain(_ content: some Collection<UInt8>) {
        bytes += content
        pad()
    }

    private mutating func append<Number: FixedWidthInteger>(_ value: Number) {
        let ordered = value.littleEndian
        for index in 0..<MemoryLayout<Number>.size {
            bytes.append(UInt8(truncatingIfNeeded: ordered >> Number(index * 8)))
        }
    }

    private mutating func pad() { zeros((4 - bytes.count % 4) % 4) }

    // MARK: Attributes

    /// Appends an attribute of plain bytes.
    public mutating func attribute(_ type: UInt16, bytes content: some Collection<UInt8>) {
        precondition(content.count <= 65000)
        append(UInt16(content.count + 4))
        append(type)
        bytes += content
        pad()
    }

    /// Appends an attribute of one byte.
    public mutating func attribute(_ type: UInt16, byte value: UInt8) {
        attribute(type, bytes: CollectionOfOne(value))
    }

    /// Appends an attribute of 16 bits in the machine's order.
    public mutating func attribute(_ type: UInt16, half value: UInt16) {
        number(type, value.littleEndian)
    }

    /// Appends an attribute of 32 bits in the machine's order.
    public mutating func attribute(_ type: UInt16, word value: UInt32) {
        number(type, value.littleEndian)
    }

    /// Appends an attribute of 16 bits in the order of the wire.
    public mutating func attribute(_ type: UInt16, wireHalf value: UInt16) {
        number(type, value.byteSwapped.littleEndian)
    }

    /// Appends an attribute of 32 bits in the order of the wire, as nf_tables wants all numbers.
    public mutating func attribute(_ type: UInt16, wireWord value: UInt32) {
        number(type, value.byteSwapped.littleEndian)
    }

    private mutating func number<Number: FixedWidthInteger>(_ type: UInt16, _ ordered: Number) {
        append(UInt16(MemoryLayout<Number>.size + 4))
        append(type)
        for index in 0..<MemoryLayout<Number>.size {
            bytes.append(UInt8(truncatingIfNeeded: ordered >> Number(index * 8)))
        }
        pad()
    }

    /// Appends an attribute of an address in the order of the wire.
    public mutating func attribute(_ type: UInt16, address: IPAddress) {
        attribute(type, bytes: (0..<address.family.bitCount / 8).map { address.byte(at: $0) })
    }

    /// Appends an attribute of text with its zero.
    public mutating func attribute(_ type: UInt16, text: String) {
        attribute(type, bytes: Array(text.utf8) + [0])
    }

    /// Appends an attribute without content.
    public mutating func flag(_ type: UInt16) { attribute(type, bytes: EmptyCollection()) }

    /// Appends an attribute of attributes.
    ///
    /// - Parameter isMarked: sets NLA_F_NESTED, as newer messages want it.
    public mutating func nest(
        _ type: UInt16, isMarked: Bool = false, _ fill: (inout NetlinkWriter) -> Void
    ) {
        var inner = NetlinkWriter()
        fill(&inner)
        attribute(isMarked ? type | 0x8000 : type, bytes: inner.bytes)
    }
}

/// What a request asks of the kernel beside its type (NLM_F_…).
public struct NetlinkFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// It is a request.
    public static let request = NetlinkFlags(rawValue: 0x1)
    /// It is to be acknowledged.
    public static let acknowledge = NetlinkFlags(rawValue: 0x4)
    /// All objects are wanted.
    public static let dump = NetlinkFlags(rawValue: 0x300)
    /// What is there is replaced.
    public static let replace = NetlinkFlags(rawValue: 0x100)
    /// It fails where the object is there already.
    public static let exclusive = NetlinkFlags(rawValue: 0x200)
    /// The object is made where it is not there.
    public static let create = NetlinkFlags(rawValue: 0x400)
    /// The object goes behind those it competes with.
    public static let append = NetlinkFlags(rawValue: 0x800)
}

/// One request, complete but for the sequence number and port a socket gives it.
public struct NetlinkRequest: Equatable, Sendable {
    /// Its type (RTM_NEWADDR and so on).
    public var type: UInt16
    /// What is asked; `request` and `acknowledge` are added when it is sent.
    public var flags: NetlinkFlags
    /// What follows the header.
    public var body: [UInt8]

    public init(type: UInt16, flags: NetlinkFlags = [], body: [UInt8]) {
        self.type = type
        self.flags = flags
        self.body = body
    }

    /// Bytes of the header.
    static let headerBytes = 16

    /// Appends the message with its header to others.
    ///
    /// - Parameter isAcknowledged: false inside a transaction of nf_tables.
    func append(to bytes: inout [UInt8], sequence: UInt32, isAcknowledged: Bool = true) {
        var flags = flags.union(.request)
        if isAcknowledged { flags.insert(.acknowledge) }
        var writer = NetlinkWriter()
        writer.word(UInt32(Self.headerBytes + body.count))
        writer.half(type)
        writer.half(flags.rawValue)
        writer.word(sequence)
        writer.word(0)
        bytes += writer.bytes
        bytes += body
        bytes += [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
    }
}

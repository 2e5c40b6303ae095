// Raw IP sockets as VRRP needs them: one protocol number, multicast by interface index, the
// sender's address and hop limit chosen, and datagrams taken in bounded batches with where they
// came in.
//
// The kernel lets one socket join 20 IPv4 groups (igmp_max_memberships), so there is one receiving
// socket for each interface; one sending socket for each family is enough.

import Addresses
import Bytes
import CLinux
import Glibc

/// A raw IPv4 or IPv6 socket. Needs CAP_NET_RAW.
public struct RawIPSocket: ~Copyable {
    /// The socket; to be watched by its number.
    public let descriptor: Descriptor
    /// What it carries.
    public let family: IPAddress.Family
    /// The IP protocol number.
    public let protocolNumber: UInt8

    /// How a socket is made.
    public struct Options: Sendable {
        /// Only packets of this interface are received, and packets leave by it; nil for any.
        public var interface: String?
        /// Bytes of packets that may wait; nil leaves the system's default.
        public var receiveBufferBytes: Int32?
        /// TTL or hop limit of what is sent.
        public var hopLimit: UInt8 = 255
        /// TOS or traffic class of what is sent.
        public var trafficClass: UInt8 = 0xC0
        /// What the kernel passes on.
        public var filter: PacketFilter?
        /// Notes the calendar time of each arrival.
        public var timestamps = false

        public init(interface: String? = nil, filter: PacketFilter? = nil) {
            self.interface = interface
            self.filter = filter
        }
    }

    /// Opens a socket.
    public init(
        _ family: IPAddress.Family, protocol number: UInt8, options: Options = Options()
    ) throws(Errno) {
        let descriptor = try Descriptor.socket(
            family: family == .v4 ? AF_INET : AF_INET6, type: Int32(SOCK_RAW.rawValue),
            protocol: Int32(number))
        // What arrives before the filter and the interface hold is told by its arrival's interface.
        if let filter = options.filter { try descriptor.attach(filter) }
        if let interface = options.interface, !descriptor.bind(toDevice: interface) {
            throw Errno.last
        }
        if let bytes = options.receiveBufferBytes { descriptor.setReceiveBuffer(bytes: bytes) }
        if options.timestamps {
            descriptor.setOption(SOL_SOCKET, Int32(MARTLET_SO_TIMESTAMPNS), Int32(1))
        }
        // TC_PRIO_CONTROL: before everything else that waits for the wire.
        descriptor.setOption(SOL_SOCKET, SO_PRIORITY, Int32(7))
        let done =
            family == .v4
            ? Self.prepareV4(descriptor, options) : Self.prepareV6(descriptor, options)
        if !done { throw Errno.last }
        self.family = family
        protocolNumber = number
        self.descriptor = descriptor
    }

    private static func prepareV4(_ socket: borrowing Descriptor, _ options: Options) -> Bool {
        let level = Int32(IPPROTO_IP)
        return socket.setOption(level, IP_HDRINCL, Int32(1))
            && socket.setOption(level, IP_PKTINFO, Int32(1))
            && socket.setOption(level, IP_MULTICAST_LOOP, Int32(0))
            && socket.setOption(level, IP_MULTICAST_ALL, Int32(0))
    }

    private static func prepareV6(_ socket: borrowing Descriptor, _ options: Options) -> Bool {
        let level = Int32(IPPROTO_IPV6)
        socket.setOption(level, MARTLET_IPV6_MULTICAST_ALL, Int32(0))
        return socket.setOption(level, MARTLET_IPV6_RECVPKTINFO, Int32(1))
            && socket.setOption(level, MARTLET_IPV6_RECVHOPLIMIT, Int32(1))
            && socket.setOption(level, MARTLET_IPV6_RECVTCLASS, Int32(1))
            && socket.setOption(level, MARTLET_IPV6_TCLASS, Int32(options.trafficClass))
            && socket.setOption(level, IPV6_MULTICAST_HOPS, Int32(options.hopLimit))
            && socket.setOption(level, IPV6_UNICAST_HOPS, Int32(options.hopLimit))
            && socket.setOption(level, IPV6_MULTICAST_LOOP, Int32(0))
            // A virtual MAC sends from the link-local address of the interface below it.
            && socket.setOption(level, MARTLET_IPV6_FREEBIND, Int32(1))
    }

    // MARK: Groups

    /// Joins a multicast group on an interface.
    public borrowing func join(_ group: IPAddress, on interface: UInt32) throws(Errno) {
        try change(group, interface, isJoin: true)
    }

    /// Leaves a multicast group.
    public borrowing func leave(_ group: IPAddress, on interface: UInt32) throws(Errno) {
        try change(group, interface, isJoin: false)
    }

    private borrowing func change(
        _ group: IPAddress, _ interface: UInt32, isJoin: Bool
    ) throws(Errno) {
        precondition(group.family == family && group.isMulticast)
        let address = RawSocketAddress(IPSocketAddress(group, port: 0))
        // Safety: the pointer is used only for the call.
        let status = unsafe address.withSocketAddress { pointer, _ in
            unsafe martlet_membership(descriptor.number, isJoin ? 1 : 0, pointer, interface)
        }
        if status < 0 { throw Errno.last }
    }

    // MARK: Sending

    /// One datagram to be sent.
    public struct Departure: Sendable {
        /// Where to.
        public var destination: IPAddress
        /// Where from; need not be an address of the interface.
        public var source: IPAddress
        /// Index of the interface it leaves by; 0 as routed.
        public var interface: UInt32
        /// TTL or hop limit.
        public var hopLimit: UInt8 = 255
        /// TOS of an IPv4 datagram. An IPv6 datagram has the traffic class of the socket.
        public var trafficClass: UInt8 = 0xC0

        public init(from source: IPAddress, to destination: IPAddress, interface: UInt32) {
            self.source = source
            self.destination = destination
            self.interface = interface
        }
    }

    /// Sends one datagram.
    public borrowing func send(_ payload: [UInt8], _ departure: Departure) -> WriteResult {
        precondition(departure.destination.family == family && departure.source.family == family)
        let put = family == .v4 ? sendV4(payload, departure) : sendV6(payload, departure)
        if put >= 0 { return .bytes(put) }
        let code = errno
        return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
    }

    private borrowing func sendV4(_ payload: [UInt8], _ departure: Departure) -> Int {
        let datagram = IPv4Datagram.bytes(
            payload, protocolNumber: protocolNumber, source: departure.source,
            destination: departure.destination, hopLimit: departure.hopLimit,
            typeOfService: departure.trafficClass)
        let address = RawSocketAddress(IPSocketAddress(departure.destination, port: 0))
        // Safety: both pointers are used only for the call; the storage holds a sockaddr_in.
        return unsafe datagram.withUnsafeBytes { bytes in
            unsafe withUnsafeBytes(of: address.storage) { storage in
                unsafe martlet_send_ipv4(
                    descriptor.number, bytes.baseAddress, bytes.count,
                    storage.baseAddress?.assumingMemoryBound(to: sockaddr_in.self),
                    departure.interface)
            }
        }
    }

    private borrowing func sendV6(_ payload: [UInt8], _ departure: Departure) -> Int {
        let needsScope =
            departure.destination.high >> 54 == 0x3FA || departure.destination.isMulticast
        let address = RawSocketAddress(
            IPSocketAddress(
                departure.destination, port: 0, scope: needsScope ? departure.interface : 0))
        let source = (0..<16).map { departure.source.byte(at: $0) }
        // Safety: all pointers are used only for the call; the storage holds a sockaddr_in6, the
        // source sixteen bytes.
        return unsafe payload.withUnsafeBytes { bytes in
            unsafe withUnsafeBytes(of: address.storage) { storage in
                unsafe martlet_send_ipv6(
                    descriptor.number, bytes.baseAddress, bytes.count,
                    storage.baseAddress?.assumingMemoryBound(to: sockaddr_in6.self), source,
                    departure.interface, Int32(departure.hopLimit))
            }
        }
    }

    // MARK: Receiving

    /// Takes what has arrived, up to the batch's size or to fewer, and returns how many datagrams
    /// that are; 0 when there is none. Room for each one that may come has its cost.
    public borrowing func receive(
        into batch: ArrivalBatch, atMost most: Int = .max
    ) throws(Errno) -> Int {
        try batch.fill(from: descriptor, family, atMost: most)
    }
}

/// Builds IPv4 datagrams with their header (RFC 791 §3.1).
public enum IPv4Datagram {
    /// Bytes of a header without options.
    public static let headerBytes = 20

    /// Where what a datagram carries begins, and where its header says that it ends, which may be
    /// behind the bytes that are there; nil for what is no header. (RFC 791 §3.1)
    static func payload(of datagram: Span<UInt8>) -> Range<Int>? {
        guard datagram.count >= headerBytes, datagram[0] >> 4 == 4 else { return nil }
        let header = Int(datagram[0] & 15) * 4
        let total = Int(datagram[2]) << 8 | Int(datagram[3])
        guard header >= headerBytes, header <= datagram.count, header <= total else { return nil }
        return header..<total
    }

    /// What a datagram with a whole header says about itself, with what it carries.
    static func arrival(
        _ datagram: Span<UInt8>, _ payload: Range<Int>, interface: UInt32,
        calendarNanoseconds: Int64? = nil, wasCut: Bool = false
    ) -> Arrival? {
        guard let source = IPAddress(networkOrder: datagram.extracting(12..<16)),
            let destination = IPAddress(networkOrder: datagram.extracting(16..<20))
        else { return nil }
        return Arrival(
            payload: datagram.extracting(payload).array, source: source,
            destination: destination, interface: interface, hopLimit: datagram[8],
            trafficClass: datagram[1], calendarNanoseconds: calendarNanoseconds, wasCut: wasCut)
    }

    /// A datagram that must not be fragmented. The kernel fills in length, identification and
    /// checksum of what a raw socket sends; they are right here already.
    public static func bytes(
        _ payload: [UInt8], protocolNumber: UInt8, source: IPAddress, destination: IPAddress,
        hopLimit: UInt8, typeOfService: UInt8, identification: UInt16 = 0
    ) -> [UInt8] {
        let total = headerBytes + payload.count
        precondition(total <= 65535 && source.family == .v4 && destination.family == .v4)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        bytes += [0x45, typeOfService, UInt8(total >> 8), UInt8(total & 255)]
        bytes += [UInt8(identification >> 8), UInt8(identification & 255), 0x40, 0]
        bytes += [hopLimit, protocolNumber, 0, 0]
        for index in 0..<4 { bytes.append(source.byte(at: index)) }
        for index in 0..<4 { bytes.append(destination.byte(at: index)) }
        let sum = InternetChecksum.of(bytes.span)
        bytes[10] = UInt8(sum >> 8)
        bytes[11] = UInt8(sum & 255)
        bytes += payload
        return bytes
    }
}

/// The one's complement sum of IP, ICMPv6 and VRRP (RFC 1071).
public enum InternetChecksum {
    /// The checksum of bytes, an odd one padded with zero.
    public static func of(_ bytes: Span<UInt8>) -> UInt16 {
        var sum: UInt64 = 0
        var index = 0
        while index + 1 < bytes.count {
            sum += UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1])
            index += 2
        }
        if index < bytes.count { sum += UInt64(bytes[index]) << 8 }
        while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}

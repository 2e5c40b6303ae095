// Datagrams of raw sockets, taken from the kernel many at once into room that is made once.

import Addresses
import Bytes
import CLinux
import Glibc

/// One datagram that came in, without its IP header.
public struct Arrival: Equatable, Sendable {
    /// What the IP header carried; cut to the batch's room where `wasCut`.
    public var payload: [UInt8]
    public var source: IPAddress
    public var destination: IPAddress
    /// Index of the interface it came in on.
    public var interface: UInt32
    /// TTL or hop limit.
    public var hopLimit: UInt8
    /// TOS or traffic class.
    public var trafficClass: UInt8
    /// Nanoseconds since 1970-01-01 UTC; nil unless the socket was asked for it.
    public var calendarNanoseconds: Int64?
    /// Whether it was longer than the room.
    public var wasCut: Bool
}

/// Room for datagrams of one receiving call.
@safe
public final class ArrivalBatch {
    /// The most datagrams of one call.
    public static let most = Int(MARTLET_MOST_ARRIVALS)

    /// Datagrams taken at once, at most.
    public let limit: Int
    /// The longest datagram with its header.
    public let slotBytes: Int

    private let room: UnsafeMutablePointer<UInt8>
    private let arrivals: UnsafeMutablePointer<martlet_arrival>
    private var family = IPAddress.Family.v4
    /// Datagrams of the last call.
    public private(set) var count = 0

    /// Room for some datagrams. The longest advertisement (255 IPv6 addresses and an authentication
    /// trailer) has fewer than 4,608 bytes.
    public init(limit: Int = 32, slotBytes: Int = 4608) {
        precondition(limit > 0 && limit <= Self.most && slotBytes >= 64)
        self.limit = limit
        self.slotBytes = slotBytes
        // Safety: owned by this object and given back in `deinit`; the bytes begin as zero.
        unsafe room = .allocate(capacity: limit * slotBytes)
        unsafe room.initialize(repeating: 0, count: limit * slotBytes)
        unsafe arrivals = .allocate(capacity: limit)
        unsafe arrivals.initialize(repeating: martlet_arrival(), count: limit)
    }

    deinit {
        // Safety: allocated by the initializer, given back once.
        unsafe room.deallocate()
        unsafe arrivals.deallocate()
    }

    /// Takes what a socket holds.
    func fill(
        from descriptor: borrowing Descriptor, _ family: IPAddress.Family, atMost most: Int
    ) throws(Errno) -> Int {
        self.family = family
        count = 0
        while true {
            // Safety: both blocks have room for `limit` entries.
            let got = unsafe martlet_receive_arrivals(
                descriptor.number, room, slotBytes, arrivals, UInt32(min(max(1, most), limit)))
            if got >= 0 {
                count = Int(got)
                return count
            }
            if errno == EINTR { continue }
            if errno == EAGAIN { return 0 }
            throw Errno.last
        }
    }

    /// A datagram of the last call; nil where its IP header makes no sense, which the kernel does
    /// not let happen.
    public func arrival(at index: Int) -> Arrival? {
        precondition(index >= 0 && index < count)
        // Safety: the index is below `count`, whose entries the kernel has filled; `length` is at
        // most `slotBytes`.
        let noted = unsafe arrivals[index]
        let length = min(Int(noted.length), slotBytes)
        let bytes = unsafe Span<UInt8>(
            _unsafeElements: UnsafeBufferPointer(start: room + index * slotBytes, count: length))
        let time = noted.calendar_nanoseconds == 0 ? nil : noted.calendar_nanoseconds
        switch family {
        case .v4: return arrivalV4(noted, bytes, time)
        case .v6: return arrivalV6(noted, bytes, time)
        }
    }

    private func arrivalV4(
        _ noted: martlet_arrival, _ bytes: Span<UInt8>, _ time: Int64?
    ) -> Arrival? {
        guard let payload = IPv4Datagram.payload(of: bytes) else { return nil }
        // Padding of a short frame is no part of the datagram.
        let end = min(payload.upperBound, bytes.count)
        return IPv4Datagram.arrival(
            bytes, payload.lowerBound..<end, interface: noted.interface, calendarNanoseconds: time,
            wasCut: noted.was_cut != 0 || payload.upperBound > bytes.count)
    }

    private func arrivalV6(
        _ noted: martlet_arrival, _ bytes: Span<UInt8>, _ time: Int64?
    ) -> Arrival {
        func address(_ value: some BitwiseCopyable) -> IPAddress {
            // Safety: the tuple holds sixteen bytes next to each other.
            unsafe withUnsafeBytes(of: value) { raw in
                let high = unsafe raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
                let low = unsafe raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                return IPAddress(v6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
            }
        }
        return Arrival(
            payload: bytes.array, source: address(noted.source),
            destination: address(noted.destination), interface: noted.interface,
            hopLimit: UInt8(clamping: noted.hop_limit),
            trafficClass: UInt8(clamping: noted.traffic_class), calendarNanoseconds: time,
            wasCut: noted.was_cut != 0)
    }
}

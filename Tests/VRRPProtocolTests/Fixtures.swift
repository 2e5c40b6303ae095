// Packets of keepalived as they were seen on a wire, and what tests build packets with.

import Addresses
import Bytes

@testable import VRRPProtocol

/// The bytes of a hexadecimal text.
func bytes(_ text: String) -> [UInt8] {
    let digits = text.filter { $0 != " " }.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func address(_ text: String) -> IPAddress { IPAddress(text)! }

/// Packets of keepalived 2.2.7; the one with the other checksum is of 2.3.4.
enum Captured {
    /// Version 2, VRID 51, priority 200, 1 s, password, two addresses; from the IP header on.
    static let version2 = bytes(
        """
        45c0002c00010000ff70d0840a090001e0000012 2133c8020101936f0a0900640a090065
        7365637265743132
        """.filter { $0 != "\n" })
    /// Version 3, VRID 52, priority 150, 100 ms, pseudo header.
    static let version3 = bytes(
        "45c0002000010000ff70d0900a090001e0000012 31349601000a43b00a09006e")
    /// The same with `v3_checksum_as_v2`.
    static let version3MessageOnly = bytes(
        "45c0002000020000ff70d08f0a090001e0000012 31349601000a2e490a09006e")
    /// Version 3, VRID 54, priority 150, 200 ms, to one peer.
    static let unicast = bytes(
        "45c0002000010000ff70a6980a0900010a090002 31369601001419a20a090078")
    /// Version 3 over IPv6, VRID 53, priority 150, 100 ms: the message alone.
    static let version6 = bytes(
        "31359602000ac487fe800000000000000000000000000100fd090000000000000000000000000100")
    static let source6 = address("fe80::a051:1ff:feff:d72c")

    static let sender = address("10.9.0.1")
    static let receiver = address("10.9.0.2")
}

extension AdvertisementReceiver {
    /// Judges a datagram with its IPv4 header.
    mutating func receive(datagram: [UInt8], wallClock: UInt64 = 0) throws(Rejection) -> Accepted {
        let (envelope, message) = try PacketEnvelope.parseIPv4(datagram.span)
        return try receive(datagram.span, message, envelope, wallClock: wallClock)
    }
}

/// The rules that fit a captured packet.
func rules(
    _ version: VRRPVersion, _ virtualRouter: UInt8, _ interval: UInt64, _ addresses: [String],
    family: IPAddress.Family = .v4
) -> ReceiveRules {
    var rules = ReceiveRules(
        version: version, family: family, virtualRouter: virtualRouter, interval: interval,
        addresses: addresses.map(address))
    if version == .two { rules.authentication = .password(text: "secret12") }
    return rules
}

// Signed adverts as other routers make them: whole packets with their keys, made and checked
// outside of this project (the images of draft-cassen-vrrp-auth-hmac's appendix among them).

import Addresses
import Testing

@testable import VRRPProtocol

/// A signed advert and everything that it was made of.
struct SignedAdvert: CustomTestStringConvertible {
    var testDescription: String
    var keyNumber: UInt8
    var key: String
    var source: String
    var destination: String
    var version = VRRPVersion.three
    var virtualRouter: UInt8 = 51
    var priority: UInt8 = 200
    var steps: UInt64 = 100
    var addresses: [String]
    var sequence: UInt64
    var checksum = ChecksumKind.pseudoHeader
    /// The message with its trailer.
    var packet: String

    /// The advertisement without a signature.
    var advertisement: Advertisement {
        Advertisement(
            version: version, virtualRouter: virtualRouter, priority: priority,
            interval: steps
                * (version == .two ? ProtocolNumbers.second : ProtocolNumbers.centisecond),
            addresses: addresses.map { address($0) })
    }

    /// The one key, and receivers that demand a signature.
    var rules: TrailerRules {
        TrailerRules(
            keys: [TrailerKey(number: keyNumber, secret: bytes(key))], activeKey: keyNumber,
            window: 5 * ProtocolNumbers.second)
    }

    private static let usualKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

    static let all: [SignedAdvert] = [
        SignedAdvert(
            testDescription: "version 3, IPv4, to the group",
            keyNumber: 1,
            key: usualKey,
            source: "198.51.100.10", destination: "224.0.0.18",
            addresses: ["192.0.2.100"], sequence: 0x6800_0000_8000_0000,
            packet: "3133c80100643935c00002640101000068000000800000001b84bc4e8e43892d"
                + "c6d98448f8ee2265"),
        SignedAdvert(
            testDescription: "version 3, IPv4, to a peer, checksum without pseudo header",
            keyNumber: 1,
            key: usualKey,
            source: "198.51.100.10", destination: "192.0.2.10",
            addresses: ["192.0.2.100"], sequence: 0x6800_0000_8000_0000,
            checksum: .messageOnly,
            packet: "3133c80100644402c00002640101000068000000800000001b84bc4e8e43892d"
                + "c6d98448f8ee2265"),
        SignedAdvert(
            testDescription: "version 3, IPv4, to a peer",
            keyNumber: 1,
            key: usualKey,
            source: "198.51.100.10", destination: "192.0.2.10",
            addresses: ["192.0.2.100"], sequence: 0x6800_0000_8000_0000,
            packet: "3133c8010064573dc00002640101000068000000800000001b84bc4e8e43892d"
                + "c6d98448f8ee2265"),
        SignedAdvert(
            testDescription: "version 3, IPv6, to a peer",
            keyNumber: 1,
            key: usualKey,
            source: "fe80::10", destination: "fe80::20",
            addresses: ["fe80::100"], sequence: 0x6800_0000_8000_0000,
            packet: "3133c8010064a2e9fe8000000000000000000000000001000101000068000000"
                + "80000000c8c56146ebfd66ee10ec4d8186461b78"),
        SignedAdvert(
            testDescription: "version 3, IPv6, to the group, two addresses",
            keyNumber: 1,
            key: usualKey,
            source: "fe80::10", destination: "ff02::12",
            addresses: ["fe80::100", "2001:db8::1"], sequence: 0x6800_0000_8000_0000,
            packet: "3133c80200644e94fe80000000000000000000000000010020010db800000000"
                + "000000000000000101010000680000008000000087dce307d58e0c16dff0cb14"
                + "c766e444"),
        SignedAdvert(
            testDescription: "priority 0",
            keyNumber: 1,
            key: usualKey,
            source: "198.51.100.10", destination: "224.0.0.18",
            priority: 0,
            addresses: ["192.0.2.100"], sequence: 0x6800_0000_8000_0001,
            packet: "3133000100640136c0000264010100006800000080000001424d4bed71455128"
                + "4ce91cfd2ba1ddea"),
        SignedAdvert(
            testDescription: "another number, a key of text",
            keyNumber: 2,
            key: "636f727265637420686f727365206261747465727920737461706c6520303132"
                + "33343536373839",
            source: "198.51.100.10", destination: "224.0.0.18",
            addresses: ["192.0.2.100"], sequence: 0x6800_0000_C0DE_0003,
            packet: "3133c80100643935c00002640102000068000000c0de0003a7344e355abb5ddd"
                + "b19dc18c1b8e0811"),
        SignedAdvert(
            testDescription: "the largest of everything",
            keyNumber: 255,
            key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
                + "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf",
            source: "198.51.100.10", destination: "224.0.0.18",
            virtualRouter: 255, priority: 1, steps: 4095,
            addresses: ["192.0.2.100", "192.0.2.101"], sequence: 0xFFFF_FFFF_FFFF_FFFF,
            packet: "31ff01020fff2d64c0000264c000026501ff0000ffffffffffffffffce944c46"
                + "ca0003ef607111f5c9bffda7"),
        SignedAdvert(
            testDescription: "version 2",
            keyNumber: 1,
            key: usualKey,
            source: "198.51.100.10", destination: "224.0.0.18",
            version: .two, steps: 1,
            addresses: ["192.0.2.100"], sequence: 0x6800_0000_8000_0000,
            packet: "2133c80100015465c00002640000000000000000010100006800000080000000"
                + "d0b9391b8d008f779ef2e8cf66238947"),
        SignedAdvert(
            testDescription: "no addresses",
            keyNumber: 1,
            key: usualKey,
            source: "198.51.100.10", destination: "224.0.0.18",
            addresses: [], sequence: 0x6800_0000_8000_0000,
            packet: "3133c8000064fb9e01010000680000008000000018baafc03bedebd5a2411277"
                + "33e93356"),
    ]
}

@Suite struct SignedAdvertTests {
    @Test(arguments: SignedAdvert.all)
    func `the packet is accepted, once`(_ advert: SignedAdvert) throws {
        let packet = bytes(advert.packet)
        let destination = address(advert.destination)
        var rules = ReceiveRules(
            version: advert.version, family: destination.family,
            virtualRouter: advert.virtualRouter, interval: advert.advertisement.interval,
            addresses: advert.advertisement.addresses)
        rules.trailer = advert.rules
        rules.isUnicast = !destination.isMulticast
        rules.peers = [UnicastPeer(address(advert.source))]
        var receiver = AdvertisementReceiver(rules: rules, sentChecksum: advert.checksum)
        let envelope = PacketEnvelope(
            source: address(advert.source), destination: destination, hopLimit: 255)
        let time = (advert.sequence >> 32) * ProtocolNumbers.second
        let accepted = try receiver.receive(
            packet.span, 0..<packet.count, envelope, wallClock: time)
        #expect(accepted.advertisement == advert.advertisement)
        #expect(accepted.notices.isEmpty)
        #expect(throws: Rejection.hmacReplay) {
            try receiver.receive(packet.span, 0..<packet.count, envelope, wallClock: time)
        }
    }

    @Test(arguments: SignedAdvert.all)
    func `the same packet is made`(_ advert: SignedAdvert) {
        // The sender's counter is not at hand: what a clock gives is signed as it is.
        let source = address(advert.source)
        let destination = address(advert.destination)
        var message: [UInt8] = []
        advert.advertisement.encode(
            from: source, to: destination, checksum: advert.checksum, into: &message)
        #expect(
            HMACTrailer.sign(
                &message, sequence: advert.sequence, from: source, to: destination, advert.rules))
        #expect(message == bytes(advert.packet))
    }

    @Test func `the checksum is no part of what is signed, but counts`() throws {
        let advert = SignedAdvert.all[0]
        var packet = bytes(advert.packet)
        packet[6] = 0
        packet[7] = 0
        let claim = try HMACTrailer.read(packet.span, 12)
        try HMACTrailer.verify(
            packet.span, 12, claim, from: address(advert.source), advert.rules.keys)
        let envelope = PacketEnvelope(
            source: address(advert.source), destination: address(advert.destination),
            hopLimit: 255)
        #expect(throws: Rejection.checksum) {
            try ParsedAdvertisement.parse(packet.span, 0..<packet.count, envelope)
        }
    }
}

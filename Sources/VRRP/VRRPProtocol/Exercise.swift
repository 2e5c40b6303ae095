// The entry points that fuzzing and ordinary tests share.

import Addresses
import Bytes

/// Reads arbitrary bytes as datagrams of both families, and as messages for receivers of every
/// kind.
///
/// Traps only when an invariant of ours is broken. Returns how many were accepted.
@discardableResult
public func exerciseAdvertisements(_ input: Span<UInt8>) -> Int {
    var accepted = 0
    if let parsed = try? PacketEnvelope.parseIPv4(input) {
        precondition(parsed.message.upperBound <= input.count)
        accepted += judge(input, parsed.message, parsed.envelope)
    }
    let senders = [IPAddress(v4: 0x0A00_0001), IPAddress(v6High: 0xFE80 << 48, low: 1)]
    for source in senders {
        let envelope = PacketEnvelope(
            source: source, destination: ProtocolNumbers.group(source.family), hopLimit: 255)
        accepted += judge(input, 0..<input.count, envelope)
    }
    return accepted
}

private func judge(
    _ input: Span<UInt8>, _ range: Range<Int>, _ envelope: PacketEnvelope
) -> Int {
    var accepted = 0
    let number = ParsedAdvertisement.virtualRouter(of: input.extracting(range)) ?? 1
    for version in VRRPVersion.allCases {
        var rules = ReceiveRules(
            version: version, family: envelope.source.family, virtualRouter: number,
            interval: ProtocolNumbers.second, addresses: [])
        for signs in [false, true] {
            if signs { rules.trailer = exerciseTrailer() }
            var receiver = AdvertisementReceiver(rules: rules, sentChecksum: .pseudoHeader)
            guard
                let packet = try? receiver.receive(input, range, envelope, wallClock: 0)
            else { continue }
            precondition(packet.advertisement.addresses.count <= ProtocolNumbers.addressLimit)
            accepted += 1
        }
    }
    return accepted
}

private func exerciseTrailer() -> TrailerRules {
    TrailerRules(
        keys: [TrailerKey(number: 1, secret: [UInt8](repeating: 7, count: 32))], activeKey: 1,
        window: 5 * ProtocolNumbers.second)
}

/// Reads arbitrary bytes as a BFD packet, and gives it to a session.
///
/// Traps only when an invariant of ours is broken. Returns whether it was well-formed.
@discardableResult
public func exerciseBFD(_ input: Span<UInt8>) -> Bool {
    guard let packet = try? BFDPacket.parse(input) else { return false }
    guard let again = try? BFDPacket.parse(packet.bytes.span) else {
        preconditionFailure("what was written is not read")
    }
    precondition(again == packet)
    var session = BFDSession(settings: BFDSession.Settings(discriminator: 1), seed: 1)
    var effects: [BFDSession.Effect] = []
    session.step(.start, at: 0, into: &effects)
    session.step(.received(packet), at: 1_000_000, into: &effects)
    session.step(.received(packet), at: 2_000_000, into: &effects)
    precondition(effects.count < 32)
    return true
}

// What a definition means to the election and to packets.

import Addresses
import VRRPConfig
import VRRPProtocol

extension InstanceDefinition {
    /// The version as the protocol has it.
    var protocolVersion: VRRPVersion { version == .two ? .two : .three }

    /// How the election behaves.
    func settings(startupDelay: UInt64, source: IPAddress?) -> Election.Settings {
        var settings = Election.Settings(
            version: protocolVersion, priority: priority,
            primaryAddress: source ?? (family == .v4 ? .anyV4 : .anyV6),
            interval: advertIntervalNanoseconds)
        // A thousandth, so that adverts of many instances go out together.
        settings.advertiseSlack = min(advertIntervalNanoseconds / 1000, 1_000_000)
        settings.preempts = preempts
        settings.preemptDelay = preemptDelayNanoseconds
        settings.downTimerAdverts = downTimerAdverts
        settings.answersLowerPriority = !staysSilentOnLowerPriority
        settings.sendsLastAdvertisement = advertisesBeforeSteppingDown
        settings.isStrict = isStrict
        settings.startupDelay = startupDelay
        settings.ownerServesAtOnce = initialState == .master
        settings.ownerIgnoresAdvertisements = ownerIgnoresAdverts
        if let timerExpiredPriority { settings.highestOtherPriority = timerExpiredPriority }
        return settings
    }

    /// What is accepted from others.
    func receiveRules() -> ReceiveRules {
        var rules = ReceiveRules(
            version: protocolVersion, family: family, virtualRouter: virtualRouterID,
            interval: advertIntervalNanoseconds, addresses: virtualAddresses.map(\.address))
        rules.addressListRule = skipsAddressCheckOfKnownSender ? .skipForKnownSender : .note
        rules.group = multicastDestination
        rules.isUnicast = isUnicast
        rules.peers = unicastPeers.map {
            VRRPProtocol.UnicastPeer(
                $0.address,
                hopLimits: ($0.minimumTTL ?? 0)...max(
                    $0.minimumTTL ?? 0, $0.maximumTTL ?? 255))
        }
        rules.checksUnicastSource = checksUnicastSource
        rules.authentication = passwordAuthentication
        rules.oldChecksumRule =
            switch oldChecksum {
            case .detected: .learn
            case .always: .always
            case .never: .never
            }
        rules.trailer = trailer
        rules.ignoresAll = ownerIgnoresAdverts && priority == ProtocolNumbers.ownerPriority
        return rules
    }

    /// What is in adverts of version 2.
    var passwordAuthentication: Advertisement.Authentication {
        if version == .two, case .password(let bytes) = authentication {
            return .password(bytes)
        }
        return .none
    }

    /// The keys of the trailer, where there is one.
    var trailer: TrailerRules? {
        guard case .hmac(let settings) = authentication else { return nil }
        return TrailerRules(
            keys: settings.keys.map { TrailerKey(number: $0.id, secret: $0.secret) },
            activeKey: settings.activeKey,
            antiReplay: settings.replayGuard == .time ? .time : .monotonic,
            window: UInt64(settings.timeWindowSeconds) * 1_000_000_000,
            mode: settings.mode == .enforce
                ? .enforce : settings.mode == .permissive ? .permissive : .receiveOnly)
    }

    /// How the checksum of what is sent is computed.
    var sentChecksum: ChecksumKind {
        if version == .two || family == .v4 && omitsPseudoHeader { return .messageOnly }
        return isUnicast && oldChecksum == .always ? .groupPseudoHeader : .pseudoHeader
    }

    /// Where adverts go. Our own address among the peers is left out: generated configurations list
    /// everybody.
    func destinations(from source: IPAddress) -> [IPAddress] {
        isUnicast
            ? unicastPeers.map(\.address).filter { $0 != source && $0.family == family }
            : [multicastDestination]
    }

    /// Whether an address or a route names an interface.
    func names(_ interface: String) -> Bool {
        (virtualAddresses + excludedAddresses).contains { $0.interface == interface }
            || routes.contains { route in
                route.hop.interface == interface
                    || route.nextHops.contains { $0.interface == interface }
            }
    }

    /// Whether the configuration names nobody who could take over.
    var isAloneAsConfigured: Bool { isUnicast && unicastPeers.isEmpty }

    /// Whether a reload may keep the running instance: it speaks about the same virtual router in
    /// the same way.
    func isSameRouter(as other: InstanceDefinition) -> Bool {
        name == other.name && virtualRouterID == other.virtualRouterID && family == other.family
            && interface == other.interface && isUnicast == other.isUnicast
            && version == other.version && virtualMAC == other.virtualMAC
            && ipvlan == other.ipvlan && transmitsFromBase == other.transmitsFromBase
            && multicastDestination == other.multicastDestination
            && sourceAddress == other.sourceAddress && vrf == other.vrf
    }
}

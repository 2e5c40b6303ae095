// Words for people: states, causes and reasons as log lines have them.

import VRRPProtocol

extension Election.State {
    /// `MASTER` and so on.
    var title: String {
        switch self {
        case .initial: "INIT"
        case .backup: "BACKUP"
        case .master: "MASTER"
        case .fault: "FAULT"
        }
    }
}

extension Election.Cause {
    /// Why, in a few words.
    var text: String {
        switch self {
        case .started: "started"
        case .owner: "owner of the addresses"
        case .masterDown: "no advert came in time"
        case .masterStopped: "the master stopped"
        case .higherPriority(let priority, let source): "priority \(priority) heard from \(source)"
        case .fault: "a fault"
        case .faultEnded: "no fault any more"
        case .overslept: "we did not run for too long"
        case .syncGroup: "the sync group"
        case .handOver: "handed over"
        case .stayBackup: "told to stay backup"
        case .settings: "a reload"
        case .shutdown: "the end"
        }
    }
}

extension Election.Fact {
    /// What it is, in a few words.
    var text: String {
        switch self {
        case .intervalLearnt(let interval):
            "the master's interval of \(interval / 1_000_000) ms counts from now on"
        case .late(let late): "an advert was \(late / 1000) us late"
        case .overslept(let late):
            "not run for \(late / 1_000_000) ms beyond a deadline: listening first"
        case .secondOwner(let source):
            "\(source) claims to own the addresses too: the lower address yields"
        case .preemptionDelayed: "a master of lower priority may stay for the preempt delay"
        case .lowerPriorityStays(let priority, let source):
            "\(source) stays master with priority \(priority)"
        case .heldBack: "no master is there, and we are told to stay backup"
        }
    }
}

extension Rejection {
    /// Why, in a few words.
    var text: String {
        switch self {
        case .tooShort: "too short"
        case .ipLength: "lengths of the IP header do not fit"
        case .ipProtocol: "not VRRP"
        case .version: "another version of VRRP"
        case .type: "not an advert"
        case .ttl: "wrong TTL or hop limit"
        case .count: "too short for its addresses"
        case .excess: "longer than its addresses"
        case .checksum: "wrong checksum"
        case .unknownVRID: "unknown virtual router"
        case .castMismatch: "unicast where multicast is spoken, or the reverse"
        case .looped: "our own packet"
        case .authType: "another type of authentication"
        case .authData: "wrong password"
        case .authAH: "authentication AH, which is not supported"
        case .interval: "another advert interval"
        case .addressList: "other addresses"
        case .notAPeer: "not from a peer"
        case .ownerIgnores: "we own the addresses"
        case .hmacMissing: "no signature"
        case .hmacMalformed: "a signature of an unknown kind"
        case .hmacUnknownKey: "a signature with an unknown key"
        case .hmacInvalid: "a wrong signature"
        case .hmacStale: "a signature from another time"
        case .hmacReplay: "a replayed signature"
        case .truncated: "arrived in part only"
        }
    }
}

extension AdvertisementReceiver.Notice {
    /// What is odd, in a few words.
    var text: String {
        switch self {
        case .addressListDiffers:
            "it has other addresses than we do: whoever is master serves its own list"
        case .intervalDiffers(let interval):
            "its interval is \(interval / 1_000_000) ms, not ours; the master's counts"
        case .unsigned: "it carries no signature, which is still permitted"
        case .clocksDiffer(let skew):
            "its clock is \(skew) s from ours, near the limit for signatures"
        case .checksumDiffers: "its checksum covers other bytes than ours does"
        case .oldChecksumLearnt: "it uses the old checksum, and so do we from now on"
        }
    }
}

extension BFDPacket.Rejection {
    /// Why, in a few words.
    var text: String {
        switch self {
        case .tooShort: "too short"
        case .version: "another version of BFD"
        case .length: "its length field does not fit"
        case .multiplier: "a multiplier of zero"
        case .multipoint: "the multipoint bit is set"
        case .myDiscriminator: "it names no session of its sender"
        case .yourDiscriminator: "it names none of our sessions"
        case .authentication: "authentication, which no session uses"
        case .hops: "over more hops than allowed"
        }
    }
}

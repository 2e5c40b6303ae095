// The words by which states, causes and reasons are shown to programs. They never change.

import VRRPProtocol

extension Election.State {
    /// The word in JSON and metrics.
    var word: String {
        switch self {
        case .initial: "init"
        case .backup: "backup"
        case .master: "master"
        case .fault: "fault"
        }
    }

    /// The number that keepalived shows for it.
    var keepalivedNumber: Int {
        switch self {
        case .initial: 0
        case .backup: 1
        case .master: 2
        case .fault: 3
        }
    }
}

extension Election.Hold {
    /// The word in JSON; nil: nobody holds the instance back.
    var word: String? {
        switch self {
        case .none: nil
        case .yielding: "handed_over"
        case .standby: "stay_backup"
        }
    }
}

extension Election.Cause {
    /// The word in JSON.
    var word: String {
        switch self {
        case .started: "started"
        case .owner: "owner"
        case .masterDown: "master_down"
        case .masterStopped: "master_stopped"
        case .higherPriority: "higher_priority"
        case .fault: "fault"
        case .faultEnded: "fault_ended"
        case .overslept: "overslept"
        case .syncGroup: "sync_group"
        case .handOver: "hand_over"
        case .stayBackup: "stay_backup"
        case .settings: "settings"
        case .shutdown: "shutdown"
        }
    }
}

extension Rejection {
    /// The word in JSON and metrics.
    var word: String {
        switch self {
        case .tooShort: "too_short"
        case .ipLength: "ip_length"
        case .ipProtocol: "ip_protocol"
        case .version: "version"
        case .type: "type"
        case .ttl: "ttl"
        case .count: "count"
        case .excess: "excess"
        case .checksum: "checksum"
        case .unknownVRID: "unknown_vrid"
        case .castMismatch: "cast_mismatch"
        case .looped: "looped"
        case .authType: "auth_type"
        case .authData: "auth_data"
        case .authAH: "auth_ah"
        case .interval: "interval"
        case .addressList: "address_list"
        case .notAPeer: "not_a_peer"
        case .ownerIgnores: "owner_ignores"
        case .hmacMissing: "hmac_missing"
        case .hmacMalformed: "hmac_malformed"
        case .hmacUnknownKey: "hmac_unknown_key"
        case .hmacInvalid: "hmac_invalid"
        case .hmacStale: "hmac_stale"
        case .hmacReplay: "hmac_replay"
        case .truncated: "truncated"
        }
    }
}

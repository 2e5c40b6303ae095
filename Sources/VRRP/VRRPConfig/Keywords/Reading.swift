// What is being read: the configuration so far, the block that is open, and how arguments of each
// shape are taken from a statement. A bad argument leaves the value as it was and says so.

import Addresses
import ConfigLanguage

/// A tracked name before its definition is known.
struct TrackDraft {
    /// Which block.
    var kind: TrackKind
    /// The definition's or interface's name.
    var name: String
    /// `weight`, when it is written.
    var weight: Int?
    /// `reverse` or `noreverse`, when one is written.
    var isReversed: Bool?
    /// The line.
    var place: SourceLocation
}

extension TrackKind {
    /// Limits of a weight.
    var weights: ClosedRange<Int> {
        switch self {
        case .file, .process: -254...254
        default: -253...253
        }
    }
}

/// An instance before defaults are filled in.
struct InstanceDraft {
    /// What was written so far, over the manual's defaults.
    var definition: InstanceDefinition
    /// The keywords that were written.
    var given: Set<String> = []
    /// What it follows.
    var tracks: [TrackDraft] = []
    /// `native_ipv6`.
    var wantsIPv6 = false
    /// `smtp_alert`, when it is written.
    var smtpAlert: Bool?
    /// `auth_type`.
    var authenticationType: String?
    /// `auth_pass`, uncut.
    var password: [UInt8]?
    /// `auth_hmac`.
    var hmac: HMACAuthentication?
    /// Where keywords stand.
    var places: [String: SourceLocation] = [:]

    /// Where a keyword of the instance stands, or else the block.
    func place(of keyword: String) -> SourceLocation? {
        places[keyword] ?? definition.place.location
    }
}

/// A sync group before defaults are filled in.
struct SyncGroupDraft {
    /// What was written so far.
    var definition: SyncGroupDefinition
    /// The keywords that were written.
    var given: Set<String> = []
    /// What it follows.
    var tracks: [TrackDraft] = []
    /// `smtp_alert`, when it is written.
    var smtpAlert: Bool?
}

/// Defaults of instances that `global_defs` sets.
struct InstanceDefaults {
    /// `vrrp_garp_*`.
    var announcements = AnnouncementSettings()
    /// `vrrp_version`.
    var version = InstanceDefinition.Version.two
    /// `vrrp_strict`.
    var isStrict = false
    /// `vrrp_owner_ignore_adverts`, when it is written.
    var ownerIgnoresAdverts: Bool?
    /// `vrrp_lower_prio_no_advert`, when it is written.
    var staysSilentOnLowerPriority: Bool?
    /// `vrrp_higher_prio_send_advert`, when it is written.
    var advertisesBeforeSteppingDown: Bool?
    /// `v3_checksum_as_v2`.
    var omitsPseudoHeader = false
    /// `vrrp_check_unicast_src`.
    var checksUnicastSource = false
    /// `vrrp_skip_check_adv_addr`.
    var skipsAddressCheck = false
    /// `vrrp_down_timer_adverts`.
    var downTimerAdverts = 3
    /// `vrrp_notify_priority_changes`.
    var tellsPriorityChanges = false
    /// `smtp_alert`, when it is written.
    var smtpAlert: Bool?
    /// `smtp_alert_vrrp`, when it is written.
    var smtpAlertVRRP: Bool?
    /// `vrrp_min_garp`.
    var usesMinimalAnnouncements = false
    /// The keywords that were written.
    var given: Set<String> = []
}

/// The state of reading.
struct Reading {
    /// What comes out.
    var configuration = VRRPConfiguration()
    /// What is said.
    var remarks: Remarks
    /// The world.
    let surroundings: VRRPSurroundings
    /// Names of tables, protocols and scopes.
    var names: RouteNames
    /// Defaults of instances.
    var defaults = InstanceDefaults()
    /// Instances that are complete.
    var instances: [InstanceDraft] = []
    /// Sync groups that are complete.
    var syncGroups: [SyncGroupDraft] = []
    /// Keywords of the load balancer in the kernel, for the one notice.
    var foreignBlocks: [String: SourceLocation] = [:]
    /// Where named blocks are defined, by keyword and name.
    var titles: [String: SourceLocation] = [:]
    /// Keywords without effect that were already mentioned.
    var mentioned: Set<String> = []
    /// The fifo scripts, which may stand before their fifos.
    var fifoScript: ScriptCommand?
    /// The same of `vrrp_notify_fifo_script`.
    var vrrpFifoScript: ScriptCommand?

    // What is open.
    /// The `vrrp_instance`.
    var instance = InstanceDraft(definition: InstanceDefinition(name: ""))
    /// The `vrrp_sync_group`.
    var syncGroup = SyncGroupDraft(definition: SyncGroupDefinition(name: ""))
    /// The `vrrp_script`.
    var script = ScriptDefinition(name: "")
    /// The `track_file`.
    var trackFile = TrackFileDefinition(name: "")
    /// The `vrrp_track_process`.
    var trackProcess = TrackProcessDefinition(name: "")
    /// The `bfd_instance`.
    var bfd = BFDDefinition(name: "")
    /// The `track_martlet`.
    var martlet = MartletDefinition(name: "")
    /// The `track_check`.
    var check = CheckDefinition(name: "")
    /// The `garp_group`.
    var announcementGroup = AnnouncementGroup()
    /// The `track_group`.
    var trackGroup = TrackGroup(name: "")
    /// The `auth_hmac`.
    var hmac = HMACAuthentication()
    /// Keywords of the block that is open and has defaults that depend on one another.
    var given: Set<String> = []
    /// What messages call the open block.
    private var blockName = ""

    /// Nothing read yet, after what was said before.
    init(_ surroundings: VRRPSurroundings, _ remarks: Remarks) {
        self.surroundings = surroundings
        self.remarks = remarks
        names = RouteNames(surroundings)
    }

    // MARK: Blocks

    /// Reads the block of a definition, whose given keywords are noted from here on.
    mutating func readBlock(_ statement: Statement, in block: VRRPBlock, called name: String = "") {
        given = []
        read(statement.children ?? [], in: block, called: name)
    }

    /// Reads the statements of a block by its rows.
    mutating func read(_ statements: [Statement], in block: VRRPBlock, called name: String = "") {
        let outer = blockName
        blockName = name.isEmpty ? block.rawValue : "\(block.rawValue) '\(name)'"
        defer { blockName = outer }
        for statement in statements where !statement.words.isEmpty {
            guard let row = VRRPKeywords.row(statement.name, in: block) else {
                reportUnknown(statement, in: block)
                continue
            }
            switch row.status {
            case .refused(let advice):
                remarks.refuse(
                    "'\(row.name)' in \(blockName) is not supported; \(advice)",
                    at: statement.place)
            case .acceptedWithoutEffect(let reason):
                if mentioned.insert(row.name).inserted {
                    remarks.note(
                        "'\(row.name)' in \(blockName) has no effect here: \(reason)",
                        at: statement.place)
                }
            case .supported:
                if !row.opensBlock, statement.children != nil {
                    remarks.repair(
                        "'\(row.name)' in \(blockName) has no block; the block is left out",
                        at: statement.place)
                }
                if row.opensBlock, statement.children == nil {
                    remarks.repair(
                        "'\(row.name)' in \(blockName) needs a block '{ }'; it is left out",
                        at: statement.place)
                    continue
                }
                given.insert(row.name)
                instance.places[row.name] = statement.place
                row.apply(&self, statement)
            }
        }
    }

    private mutating func reportUnknown(_ statement: Statement, in block: VRRPBlock) {
        let name = statement.name
        let consequence = statement.children == nil ? "the line" : "the block"
        let known = VRRPKeywords.all.filter { $0.name == name }.map(\.block.rawValue)
        if let home = known.first, known.count < 4 {
            remarks.repair(
                "keyword '\(name)' does not belong to \(blockName) but to \(home); "
                    + "\(consequence) is left out", at: statement.place)
            return
        }
        let nearest = Spelling.nearest(to: name, among: VRRPKeywords.names(in: block))
        remarks.repair(
            "unknown keyword '\(name)' in \(blockName); \(consequence) is left out",
            at: statement.place, suggestion: nearest)
    }

    /// The name behind the keyword of a block; nil, and said, when it is missing.
    mutating func blockTitle(_ statement: Statement) -> String? {
        guard let name = statement.arguments.first, !name.isEmpty else {
            remarks.repair(
                "'\(statement.name)' needs a name; the block is left out", at: statement.place)
            return nil
        }
        if statement.arguments.count > 1 {
            remarks.warn(
                "'\(statement.words[2])' behind the name of \(statement.name) is ignored",
                at: statement.place)
        }
        return name
    }

    // MARK: Arguments

    /// Says that an argument is wrong and the value stays as it was.
    mutating func mistake(_ statement: Statement, expected: String, found: String?) {
        let finding = found.map { ", found '\($0)'" } ?? " and found nothing"
        remarks.repair(
            "'\(statement.name)' in \(blockName) expects \(expected)\(finding); "
                + "the line is left out", at: statement.place)
    }

    /// Warns about words beyond those that count.
    mutating func expect(atMost count: Int, in statement: Statement) {
        if statement.arguments.count > count {
            remarks.warn(
                "'\(statement.words[count + 1])' behind '\(statement.name)' is ignored",
                at: statement.place)
        }
    }

    /// The one word that must be there.
    mutating func word(_ statement: Statement) -> String? {
        guard let word = statement.arguments.first, !word.isEmpty else {
            mistake(statement, expected: "a word", found: nil)
            return nil
        }
        return word
    }

    /// `on`, `off` and their kin; on when nothing is there.
    mutating func flag(_ statement: Statement) -> Bool? {
        guard let word = statement.arguments.first else { return true }
        switch word {
        case "on", "true", "yes": return true
        case "off", "false", "no": return false
        default:
            mistake(statement, expected: "'on' or 'off'", found: word)
            return nil
        }
    }

    /// A whole number in a range.
    mutating func integer(_ statement: Statement, in range: ClosedRange<Int>) -> Int? {
        // What has a fraction where none is taken is cut, as keepalived does.
        if let word = statement.arguments.first, Numbers.integer(word) == nil,
            let dot = word.firstIndex(of: "."), let whole = Numbers.integer(word[..<dot]),
            Numbers.decimal(word, unit: 1) != nil, range.contains(whole)
        {
            remarks.repair(
                "'\(statement.name)' in \(blockName) takes whole numbers; '\(word)' is cut to "
                    + "\(whole)", at: statement.place)
            return whole
        }
        guard let word = statement.arguments.first, let value = Numbers.integer(word),
            range.contains(value)
        else {
            mistake(
                statement, expected: "a number from \(range.lowerBound) to \(range.upperBound)",
                found: statement.arguments.first)
            return nil
        }
        return value
    }

    /// Seconds with a fraction, in nanoseconds.
    mutating func duration(_ statement: Statement, in range: ClosedRange<UInt64>) -> UInt64? {
        guard let word = statement.arguments.first,
            let value = Numbers.decimal(word, unit: 1_000_000_000), range.contains(value)
        else {
            let low = Numbers.seconds(range.lowerBound)
            let high = Numbers.seconds(range.upperBound)
            mistake(
                statement, expected: "seconds from \(low) to \(high)",
                found: statement.arguments.first)
            return nil
        }
        return value
    }

    /// A duration with a unit, in nanoseconds; seconds without one.
    mutating func durationWithUnit(
        _ statement: Statement, in range: ClosedRange<UInt64>
    ) -> UInt64? {
        expect(atMost: 1, in: statement)
        guard let word = statement.arguments.first, let value = Numbers.duration(word),
            range.contains(value)
        else {
            let low = Numbers.milliseconds(range.lowerBound)
            let high = Numbers.milliseconds(range.upperBound)
            mistake(
                statement, expected: "a duration such as 200ms or 1s, from \(low) to \(high) ms",
                found: statement.arguments.first)
            return nil
        }
        return value
    }

    /// An address without a prefix.
    mutating func address(_ statement: Statement) -> IPAddress? {
        guard let word = statement.arguments.first, let address = IPAddress(word) else {
            mistake(statement, expected: "an address", found: statement.arguments.first)
            return nil
        }
        return address
    }

    /// A command and the account behind it.
    mutating func command(_ statement: Statement) -> ScriptCommand? {
        let words: [String]
        switch Words.escaped(statement.text[...]) {
        case .success(let found): words = found
        case .failure:
            mistake(statement, expected: "a command with closed quotes", found: nil)
            return nil
        }
        guard words.count > 1, let command = commandWords(words[1], statement) else {
            if words.count < 2 { mistake(statement, expected: "a command", found: nil) }
            return nil
        }
        if words.count > 4 {
            remarks.warn("'\(words[4])' behind '\(statement.name)' is ignored", at: statement.place)
        }
        let user = words.count > 2 ? words[2] : nil
        let group = words.count > 3 ? words[3] : nil
        guard accountExists(user, group, statement) else { return nil }
        return ScriptCommand(arguments: command, user: user, group: group)
    }

    /// The words of a command in one text.
    mutating func commandWords(_ text: String, _ statement: Statement) -> [String]? {
        switch Words.command(text) {
        case .success(let words) where words.first?.isEmpty == false: return words
        case .success:
            mistake(statement, expected: "a command", found: nil)
        case .failure:
            mistake(statement, expected: "a command with closed quotes", found: text)
        }
        return nil
    }

    /// Whether user and group exist; says so when not.
    mutating func accountExists(_ user: String?, _ group: String?, _ statement: Statement) -> Bool {
        if let user, !surroundings.userExists(user) {
            mistake(statement, expected: "a user of this host", found: user)
            return false
        }
        if let group, !surroundings.groupExists(group) {
            mistake(statement, expected: "a group of this host", found: group)
            return false
        }
        return true
    }

    /// `WEIGHT [reverse]` of a definition.
    mutating func weight(_ statement: Statement, in range: ClosedRange<Int>) -> TrackWeight? {
        expect(atMost: 2, in: statement)
        guard let value = integer(statement, in: range) else { return nil }
        guard statement.words.count > 2 else { return TrackWeight(value) }
        guard statement.words[2] == "reverse" else {
            mistake(statement, expected: "'reverse' or nothing", found: statement.words[2])
            return nil
        }
        return TrackWeight(value, isReversed: true)
    }

    /// The lines of a `track_*` block inside an instance or a group.
    mutating func trackDrafts(_ statement: Statement, _ kind: TrackKind) -> [TrackDraft] {
        (statement.children ?? []).compactMap { line in
            line.words.isEmpty ? nil : trackDraft(line, kind)
        }
    }

    private mutating func trackDraft(_ line: Statement, _ kind: TrackKind) -> TrackDraft? {
        var draft = TrackDraft(kind: kind, name: line.name, place: line.place)
        if line.children != nil {
            remarks.repair("'\(line.name)' has no block here; it is left out", at: line.place)
        }
        var words = line.arguments
        while let word = words.popFirst() {
            switch word {
            case "weight":
                guard let text = words.popFirst(), let value = Numbers.integer(text),
                    kind.weights.contains(value)
                else {
                    let range = kind.weights
                    remarks.repair(
                        "'weight' of '\(line.name)' expects a number from \(range.lowerBound) to "
                            + "\(range.upperBound); the default weight is used", at: line.place)
                    continue
                }
                draft.weight = value
            case "reverse": draft.isReversed = true
            case "noreverse": draft.isReversed = false
            default:
                remarks.repair(
                    "'\(word)' behind '\(line.name)' in \(kind.keyword) is unknown; "
                        + "it is left out", at: line.place,
                    suggestion: Spelling.nearest(
                        to: word, among: ["weight", "reverse", "noreverse"]))
            }
        }
        return draft
    }
}

// Keywords of sync groups, track groups and garp groups, and what they share with instances.
// keepalived.conf(5): VRRP synchronization group(s).

import ConfigLanguage

private let hour: UInt64 = 3_600_000_000_000

extension VRRPKeyword {
    /// Rows of `vrrp_sync_group`.
    static let syncGroup: [VRRPKeyword] =
        [
            VRRPKeyword(
                "group", .syncGroup, opensBlock: true, "Lists the instances of the group."
            ) { reading, statement in
                for line in statement.children ?? [] {
                    reading.syncGroup.definition.members += line.words
                }
            },
            .mark("global_tracking", .syncGroup, "Lets what members follow count for all.") {
                $0.syncGroup.definition.tracksGlobally = true
            },
            .mark(
                "sync_group_tracking_weight", .syncGroup, "Allows members to have weights."
            ) { $0.syncGroup.definition.allowsWeights = true },
            .flag("notify_priority_changes", .syncGroup, "Tells fifos about priorities too.") {
                $0.syncGroup.definition.notify.tellsPriorityChanges = $1
            },
            .flag("smtp_alert", .syncGroup, "Sends mail about changes.") {
                $0.syncGroup.smtpAlert = $1
            },
        ]
        + tracks(.syncGroup) { $0.syncGroup.tracks += $1 }
        + notifies(.syncGroup, { $0.syncGroup.definition.notify }) {
            $0.syncGroup.definition.notify = $1
        }

    /// Rows of `track_group`.
    static let trackGroup: [VRRPKeyword] = [
        VRRPKeyword(
            "group", .trackGroup, opensBlock: true, "Lists the instances of the group."
        ) { reading, statement in
            for line in statement.children ?? [] { reading.trackGroup.members += line.words }
        }
    ]

    /// Rows of `garp_group`.
    static let announcementGroup: [VRRPKeyword] = [
        .seconds(
            "garp_interval", .announcementGroup, 0...hour,
            "Sets the time between two gratuitous ARPs."
        ) { $0.announcementGroup.arpIntervalNanoseconds = $1 },
        .seconds(
            "gna_interval", .announcementGroup, 0...hour,
            "Sets the time between two neighbour advertisements."
        ) { $0.announcementGroup.neighbourIntervalNanoseconds = $1 },
        .word("interface", .announcementGroup, "INTERFACE", "Names the one interface.") {
            $0.announcementGroup.interfaces.append($1)
        },
        VRRPKeyword(
            "interfaces", .announcementGroup, opensBlock: true,
            "Lists interfaces that share the spacing."
        ) { reading, statement in
            for line in statement.children ?? [] {
                reading.announcementGroup.interfaces += line.words
            }
        },
    ]

    /// `track_*` blocks of an instance or a group.
    static func tracks(
        _ block: VRRPBlock, add: @escaping @Sendable (inout Reading, [TrackDraft]) -> Void
    ) -> [VRRPKeyword] {
        TrackKind.allCases.map { kind in
            let summary =
                switch kind {
                case .interface: "Lists interfaces to follow."
                case .script: "Lists scripts to follow."
                case .file: "Lists files to follow."
                case .process: "Lists processes to follow."
                case .bfd: "Lists BFD sessions to follow."
                case .martlet: "Lists proxies to follow."
                case .check: "Lists built-in checks to follow."
                }
            return VRRPKeyword(
                kind.keyword, block, "{ NAME [weight NUMBER] [reverse|noreverse] }",
                opensBlock: true, summary
            ) { reading, statement in add(&reading, reading.trackDrafts(statement, kind)) }
        }
    }

    /// `notify_*` keywords of an instance or a group.
    static func notifies(
        _ block: VRRPBlock, _ get: @escaping @Sendable (Reading) -> NotifySettings,
        set: @escaping @Sendable (inout Reading, NotifySettings) -> Void
    ) -> [VRRPKeyword] {
        func row(
            _ name: String, _ summary: String,
            _ change: @escaping @Sendable (inout NotifySettings, ScriptCommand) -> Void
        ) -> VRRPKeyword {
            .command(name, block, summary) { reading, command in
                var notify = get(reading)
                change(&notify, command)
                set(&reading, notify)
            }
        }
        return [
            row("notify_master", "Runs on becoming active.") { $0.master = $1 },
            row("notify_backup", "Runs on becoming backup.") { $0.backup = $1 },
            row("notify_fault", "Runs on a fault.") { $0.fault = $1 },
            row("notify_stop", "Runs when the daemon ends.") { $0.stop = $1 },
            row("notify", "Runs at every change, with kind, name, state and priority.") {
                $0.any = $1
            },
            VRRPKeyword(
                "notify_deleted", block, "[COMMAND [USER [GROUP]]]",
                "Tells DELETED instead of FAULT when a reload removes the instance."
            ) { reading, statement in
                var notify = get(reading)
                notify.tellsDeleted = true
                if statement.text.count > statement.name.utf8.count {
                    notify.deleted = reading.command(statement)
                }
                set(&reading, notify)
            },
        ]
    }
}

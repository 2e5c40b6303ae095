// A sync group as it runs: instances that change state together. The rule itself is pure and lives
// beside the election.

import VRRPConfig
import VRRPProtocol

/// A running sync group.
final class Group {
    private(set) var definition: SyncGroupDefinition
    private(set) var members: [Instance] = []
    private var rule: SyncGroup
    /// What members must do that disagreed when the group was made.
    private var firstOrders: [SyncGroup.Order] = []
    /// What was last told to scripts.
    private(set) var toldState = Election.State.initial

    init(_ definition: SyncGroupDefinition, members: [Instance]) {
        self.definition = definition
        self.members = members
        rule = SyncGroup(memberCount: members.count)
        for (index, member) in members.enumerated() {
            member.group = self
            rule.changed(member: index, to: member.election.state, into: &firstOrders)
        }
        toldState = rule.state
    }

    /// Whether a definition has the same members, as they run now.
    func isMade(for definition: SyncGroupDefinition, of instances: [Instance]) -> Bool {
        name == definition.name && members.map(\.name) == definition.members
            && members.allSatisfy { member in instances.contains { $0 === member } }
    }

    var name: String { definition.name }
    var state: Election.State { rule.state }

    /// What members must do that were in different states when the group was made, once.
    func takeFirstOrders() -> [(Instance, Election.Command)] {
        defer { firstOrders = [] }
        return firstOrders.map { (members[$0.member], $0.command) }
    }

    /// Notes a member's state and returns what the others must do.
    func changed(_ member: Instance, to state: Election.State) -> [(Instance, Election.Command)] {
        guard let index = members.firstIndex(where: { $0 === member }) else { return [] }
        var orders: [SyncGroup.Order] = []
        rule.changed(member: index, to: state, into: &orders)
        return orders.map { (members[$0.member], $0.command) }
    }

    /// Notes that a member's faults began or ended.
    func changed(_ member: Instance, isFaulty: Bool) -> [(Instance, Election.Command)] {
        guard let index = members.firstIndex(where: { $0 === member }) else { return [] }
        var orders: [SyncGroup.Order] = []
        rule.changed(member: index, isFaulty: isFaulty, into: &orders)
        return orders.map { (members[$0.member], $0.command) }
    }

    /// A member lost its master; returns what the members must do.
    func asked(
        by member: Instance, masterStopped: Bool, at now: UInt64
    ) -> [(Instance, Election.Command)] {
        guard let index = members.firstIndex(where: { $0 === member }) else { return [] }
        var orders: [SyncGroup.Order] = []
        rule.asked(
            by: index, masterStopped: masterStopped,
            isUnopposed: members.map { $0.election.isUnopposed(at: now) }, into: &orders)
        return orders.map { (members[$0.member], $0.command) }
    }

    /// The state to tell scripts, if it is another than they were told.
    func takeNews() -> Election.State? {
        guard rule.state != toldState else { return nil }
        toldState = rule.state
        return toldState == .initial ? nil : toldState
    }

    func redefine(_ next: SyncGroupDefinition) { definition = next }
}

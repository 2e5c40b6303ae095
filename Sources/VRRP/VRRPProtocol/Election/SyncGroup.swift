// Instances that move together: `vrrp_sync_group`. One leaves MASTER, all do; one becomes MASTER,
// all do; one is in FAULT, all are. Pure: what members do goes in, commands to members come out.
// A member that lost its master takes over only together with the others, as keepalived has it:
// while one of them still hears a master, that master would take all of them back at once.

/// The rule of one sync group.
public struct SyncGroup: Sendable {
    /// A command to one member.
    public struct Order: Sendable, Hashable {
        /// The index of the member.
        public var member: Int
        /// What it must do.
        public var command: Election.Command

        /// An order.
        public init(member: Int, command: Election.Command) {
            self.member = member
            self.command = command
        }
    }

    /// What the group as a whole is: FAULT when one member is, MASTER when all are, else BACKUP;
    /// INIT before all have started.
    public private(set) var state = Election.State.initial
    /// The states of the members, by index.
    public private(set) var states: [Election.State]
    private var faulty: Set<Int> = []

    /// A group whose members have not started.
    public init(memberCount: Int) {
        states = [Election.State](repeating: .initial, count: memberCount)
    }

    /// A member's own faults began or ended; the caller also tells the member itself.
    public mutating func changed(
        member: Int, isFaulty: Bool, into orders: inout [Order]
    ) {
        guard states.indices.contains(member) else { return }
        let before = faulty.isEmpty
        if isFaulty { faulty.insert(member) } else { faulty.remove(member) }
        guard before != faulty.isEmpty else { return }
        let command: Election.Command = faulty.isEmpty ? .leaveFault : .becomeFault
        for index in states.indices { orders.append(Order(member: index, command: command)) }
    }

    /// A member asks to take over. All do when nobody keeps any of them from it, or when the master
    /// itself said that it stops: then its whole group does, and a link that is down need not be
    /// waited for. Else the last member to lose its master asks again.
    public func asked(
        by member: Int, masterStopped: Bool, isUnopposed: [Bool], into orders: inout [Order]
    ) {
        guard states.indices.contains(member), isUnopposed.count == states.count,
            masterStopped || isUnopposed.allSatisfy({ $0 })
        else { return }
        for index in states.indices where states[index] == .backup {
            orders.append(Order(member: index, command: .becomeMaster))
        }
    }

    /// A member changed its state. Orders go to the others; what they do in turn comes back here.
    public mutating func changed(
        member: Int, to next: Election.State, into orders: inout [Order]
    ) {
        guard states.indices.contains(member) else { return }
        let previous = states[member]
        states[member] = next
        defer { state = combined }
        guard previous != next else { return }
        if next == .master {
            order(.becomeMaster, where: .backup, but: member, into: &orders)
        } else if previous == .master, next == .backup || next == .initial {
            order(.becomeBackup, where: .master, but: member, into: &orders)
        } else if next == .backup, states.contains(.master) {
            // Started or out of fault after another member that did not have to wait.
            orders.append(Order(member: member, command: .becomeMaster))
        }
    }

    private func order(
        _ command: Election.Command, where state: Election.State, but member: Int,
        into orders: inout [Order]
    ) {
        for index in states.indices where index != member && states[index] == state {
            orders.append(Order(member: index, command: command))
        }
    }

    private var combined: Election.State {
        if states.contains(.initial) { return .initial }
        if states.contains(.fault) { return .fault }
        return states.allSatisfy { $0 == .master } ? .master : .backup
    }
}

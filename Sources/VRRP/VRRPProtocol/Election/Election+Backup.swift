// A backup listens: for whom it waits, and when it takes over (RFC 9568 §6.4.2).

import Addresses

extension Election {
    mutating func hear(_ heard: Heard, at now: UInt64, into effects: inout [Effect]) {
        if isOwner, settings.ownerIgnoresAdvertisements { return }
        switch state {
        case .initial, .fault: return
        case .backup: hearAsBackup(heard, at: now, into: &effects)
        case .master: hearAsMaster(heard, at: now, into: &effects)
        }
    }

    private mutating func hearAsBackup(
        _ heard: Heard, at now: UInt64, into effects: inout [Effect]
    ) {
        guard heard.priority > 0 else {
            hearStop(of: heard.source, at: now, into: &effects)
            return
        }
        if heard.priority >= runningPriority {
            preemptFrom = nil
            follow(heard, at: now, into: &effects)
        } else if !mayPreempt {
            if stayingMaster != heard.source {
                stayingMaster = heard.source
                effects.append(.note(.lowerPriorityStays(heard.priority, heard.source)))
            }
            follow(heard, at: now, into: &effects)
        } else if isPreemptionDelayed(at: now, into: &effects) {
            follow(heard, at: now, into: &effects)
        } else {
            // Its timer runs on: at its end we serve.
            remember(heard, at: now)
        }
    }

    /// The owner replaces any other; else it is a matter of settings and of operators.
    private var mayPreempt: Bool { hold == .none && (settings.preempts || isOwner) }

    private mutating func isPreemptionDelayed(
        at now: UInt64, into effects: inout [Effect]
    ) -> Bool {
        guard settings.preemptDelay > 0, !settings.isStrict, !isOwner else { return false }
        if preemptFrom == nil {
            preemptFrom = now + settings.preemptDelay
            effects.append(.note(.preemptionDelayed(until: now + settings.preemptDelay)))
        }
        return preemptFrom.map { now < $0 } ?? false
    }

    /// This is our master: learn its interval, wait again.
    ///
    /// Who is worse than the master so far may be its loser that says its last word. That must not
    /// shorten the wait for the master, whose interval may be longer.
    mutating func follow(_ heard: Heard, at now: UInt64, into effects: inout [Effect]) {
        var earliest: UInt64 = 0
        if let master, master.source != heard.source, Self.isBetter(master, than: heard) {
            earliest = deadlines[.masterDown] ?? 0
        }
        remember(heard, at: now)
        awaitsGroup = false
        if settings.version == .three, heard.interval != masterInterval, heard.interval > 0 {
            masterInterval = heard.interval
            effects.append(.note(.intervalLearnt(heard.interval)))
        }
        arm(.masterDown, max(now + masterDownTime, earliest), into: &effects)
    }

    /// The order of masters: by priority, then by address (RFC 9568 §6.4.3).
    private static func isBetter(_ left: Heard, than right: Heard) -> Bool {
        left.priority != right.priority
            ? left.priority > right.priority : right.source < left.source
    }

    private mutating func remember(_ heard: Heard, at now: UInt64) {
        master = heard
        lastHeard = now
        masterSaidStop = false
    }

    /// A master stops: only the skew separates the backups now.
    ///
    /// Differs: what another router than the master says about its end is no news. Just defeated
    /// and then stopped, it would make us compete with the one that serves.
    private mutating func hearStop(
        of source: IPAddress, at now: UInt64, into effects: inout [Effect]
    ) {
        if let master, master.source != source { return }
        master = nil
        lastHeard = now
        masterSaidStop = true
        // Who yields lets the others go first.
        guard hold == .none else { return }
        let skew = settings.skew(priority: runningPriority, masterInterval: masterInterval)
        arm(.masterDown, now + skew, into: &effects)
    }

    /// The master-down timer was reached.
    mutating func loseMaster(due: UInt64, at now: UInt64, into effects: inout [Effect]) {
        guard state == .backup else { return }
        // Asleep ourselves, we cannot know that nobody spoke.
        if settings.listensAfterOversleeping, now - due > masterDownTime {
            effects.append(.note(.overslept(now - due)))
            arm(.masterDown, now + masterDownTime, into: &effects)
            return
        }
        guard hold != .standby else {
            if master != nil { effects.append(.note(.heldBack)) }
            master = nil
            arm(.masterDown, now + masterDownTime, into: &effects)
            return
        }
        guard !asksGroup else {
            awaitsGroup = true
            arm(.masterDown, now + masterDownTime, into: &effects)
            effects.append(.askGroup(masterStopped: masterSaidStop))
            return
        }
        let cause = masterSaidStop ? Cause.masterStopped : .masterDown
        becomeMaster(because: cause, at: now, into: &effects)
    }
}

// How an election enters and leaves its states.

import Addresses

extension Election {
    mutating func start(at now: UInt64, into effects: inout [Effect]) {
        guard !isStarted else { return }
        isStarted = true
        if settings.startupDelay > 0 {
            arm(.startup, now + settings.startupDelay, into: &effects)
        } else {
            begin(because: .started, at: now, into: &effects)
        }
    }

    /// From no state, or from fault, into the election.
    mutating func begin(because cause: Cause, at now: UInt64, into effects: inout [Effect]) {
        guard !hasOwnFault, !hasGroupFault else {
            if state != .fault { enter(.fault, because: .fault, into: &effects) }
            return
        }
        if isOwner, settings.ownerServesAtOnce, hold == .none {
            becomeMaster(because: .owner, at: now, into: &effects)
        } else {
            becomeBackup(because: cause, at: now, into: &effects)
        }
    }

    mutating func becomeMaster(because cause: Cause, at now: UInt64, into effects: inout [Effect]) {
        disarmAll(into: &effects)
        yieldsOwnership = false
        hold = .none
        master = nil
        preemptFrom = nil
        stayingMaster = nil
        masterSaidStop = false
        awaitsGroup = false
        masterInterval = settings.interval
        masterSince = now
        answers = AnswerLimit()
        pendingAnnouncement = nil
        effects.append(.sendAdvertisement(priority: priority))
        effects.append(.takeAddresses)
        effects.append(.announce(.transition))
        arm(.advertise, now + settings.interval, into: &effects)
        enter(.master, because: cause, into: &effects)
    }

    /// Into backup from a state that does not serve.
    mutating func becomeBackup(because cause: Cause, at now: UInt64, into effects: inout [Effect]) {
        disarmAll(into: &effects)
        preemptFrom = nil
        stayingMaster = nil
        masterSaidStop = false
        awaitsGroup = false
        arm(.masterDown, now + masterDownTime, into: &effects)
        enter(.backup, because: cause, into: &effects)
    }

    /// Stops serving. `last` is the priority of the last advertisement; nil: there is none.
    mutating func stopServing(last: UInt8?, at now: UInt64, into effects: inout [Effect]) {
        endSplit(into: &effects)
        masterSince = nil
        pendingAnnouncement = nil
        effects.append(.releaseAddresses)
        if let last { effects.append(.sendAdvertisement(priority: last)) }
    }

    mutating func enter(_ next: State, because cause: Cause, into effects: inout [Effect]) {
        let previous = state
        state = next
        effects.append(.transition(from: previous, to: next, because: cause))
    }

    mutating func shutDown(at now: UInt64, into effects: inout [Effect]) {
        isStarted = false
        let wasInitial = state == .initial
        if state == .master {
            stopServing(last: ProtocolNumbers.stopPriority, at: now, into: &effects)
        }
        disarmAll(into: &effects)
        master = nil
        if !wasInitial { enter(.initial, because: .shutdown, into: &effects) }
    }

    mutating func fault(own: Bool, at now: UInt64, into effects: inout [Effect]) {
        hasOwnFault = own
        followFaults(at: now, into: &effects)
    }

    /// The two kinds of fault and the state agree again.
    private mutating func followFaults(at now: UInt64, into effects: inout [Effect]) {
        let isFaulty = hasOwnFault || hasGroupFault
        switch state {
        case .initial: return
        case .fault:
            guard !isFaulty else { return }
            master = nil
            begin(because: .faultEnded, at: now, into: &effects)
        case .master, .backup:
            guard isFaulty else { return }
            if state == .master {
                stopServing(last: ProtocolNumbers.stopPriority, at: now, into: &effects)
            }
            disarmAll(into: &effects)
            enter(.fault, because: .fault, into: &effects)
        }
    }

    mutating func obey(_ command: Command, at now: UInt64, into effects: inout [Effect]) {
        switch command {
        case .becomeMaster:
            guard state == .backup, hold != .standby else { return }
            becomeMaster(because: .syncGroup, at: now, into: &effects)
        case .becomeBackup:
            guard state == .master else { return }
            stepDown(because: .syncGroup, at: now, into: &effects)
        case .becomeFault:
            hasGroupFault = true
            followFaults(at: now, into: &effects)
        case .leaveFault:
            hasGroupFault = false
            followFaults(at: now, into: &effects)
        }
    }

    mutating func handOver(at now: UInt64, into effects: inout [Effect]) {
        hold = .yielding
        if state == .master { stepDown(because: .handOver, at: now, into: &effects) }
    }

    mutating func stayBackup(at now: UInt64, into effects: inout [Effect]) {
        hold = .standby
        if state == .master { stepDown(because: .stayBackup, at: now, into: &effects) }
    }

    mutating func resume(at now: UInt64, into effects: inout [Effect]) {
        hold = .none
        stayingMaster = nil
        guard state == .backup else { return }
        if isOwner {
            becomeMaster(because: .owner, at: now, into: &effects)
        } else {
            arm(.masterDown, now + masterDownTime, into: &effects)
        }
    }

    /// Leaves mastership on purpose: others serve as soon as they hear the priority of zero.
    private mutating func stepDown(
        because cause: Cause, at now: UInt64, into effects: inout [Effect]
    ) {
        stopServing(last: ProtocolNumbers.stopPriority, at: now, into: &effects)
        master = nil
        becomeBackup(because: cause, at: now, into: &effects)
    }

    mutating func change(_ next: UInt8, at now: UInt64, into effects: inout [Effect]) {
        guard next != priority else { return }
        priority = next
        guard state == .master else { return }
        // Told at once, for a backup that is better now need not wait for the next interval.
        answer(announcing: nil, at: now, into: &effects)
    }

    mutating func change(
        _ next: Settings, _ nextPriority: UInt8, at now: UInt64, into effects: inout [Effect]
    ) {
        guard next != settings else {
            change(nextPriority, at: now, into: &effects)
            return
        }
        let previousWait = masterDownTime
        settings = next
        priority = nextPriority
        switch state {
        case .initial, .fault: masterInterval = next.interval
        case .master:
            masterInterval = next.interval
            effects.append(.sendAdvertisement(priority: priority))
            arm(.advertise, now + next.interval, into: &effects)
        case .backup:
            if next.version == .two || master == nil { masterInterval = next.interval }
            preemptFrom = nil
            stayingMaster = nil
            if isOwner, hold == .none {
                becomeMaster(because: .settings, at: now, into: &effects)
            } else {
                waitAnew(insteadOf: previousWait, at: now, into: &effects)
            }
        }
    }

    /// Another master-down time. Only a longer one starts anew: reloads without end must not keep
    /// a backup from taking over.
    private mutating func waitAnew(
        insteadOf previous: UInt64, at now: UInt64, into effects: inout [Effect]
    ) {
        let next = masterDownTime
        guard next != previous else { return }
        let planned = next > previous ? nil : deadlines[.masterDown]
        arm(.masterDown, min(planned ?? .max, now + next), into: &effects)
    }
}

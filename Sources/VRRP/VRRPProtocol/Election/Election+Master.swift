// A master speaks: its advertisements, and what it does when it is not alone (RFC 9568 §6.4.3).

import Addresses

extension Election {
    /// An advertisement is due.
    mutating func advertise(due: UInt64, at now: UInt64, into effects: inout [Effect]) {
        guard state == .master else { return }
        let late = now > due ? now - due : 0
        if late > settings.interval { effects.append(.note(.late(late))) }
        effects.append(.sendAdvertisement(priority: priority))
        // Keeps the beat unless a beat was missed.
        let next = late < settings.interval ? due + settings.interval : now + settings.interval
        arm(.advertise, next, into: &effects)
    }

    /// A master that was asleep for so long that another may serve now listens before it asserts.
    /// The owner need not: nobody may keep its addresses.
    ///
    /// Differs: it says that it stopped. A master that took over meanwhile then announces itself to
    /// hosts that were cut off with us, and if there is none, the backups need not wait.
    mutating func listenIfOverslept(at now: UInt64, into effects: inout [Effect]) {
        guard state == .master, settings.listensAfterOversleeping, !isOwner,
            let due = deadlines[.advertise], now > due, now - due > settings.oversleepLimit
        else { return }
        effects.append(.note(.overslept(now - due)))
        stopServing(last: ProtocolNumbers.stopPriority, at: now, into: &effects)
        master = nil
        becomeBackup(because: .overslept, at: now, into: &effects)
    }

    mutating func hearAsMaster(_ heard: Heard, at now: UInt64, into effects: inout [Effect]) {
        lastHeard = now
        guard heard.priority > 0 else {
            // Differs: announced too. It served until now, so hosts may still send to it.
            seeSecondMaster(at: now, into: &effects)
            answer(announcing: .secondMaster, at: now, into: &effects)
            return
        }
        if heard.priority == ProtocolNumbers.ownerPriority, isOwner {
            effects.append(.note(.secondOwner(heard.source)))
        }
        let isBetter =
            heard.priority > runningPriority
            || heard.priority == runningPriority && settings.primaryAddress < heard.source
        if isBetter {
            yield(to: heard, at: now, into: &effects)
        } else {
            if answers.admits(at: now) {
                effects.append(.lowerPriorityHeard(heard.priority, heard.source))
            }
            seeSecondMaster(at: now, into: &effects)
            answer(announcing: .lowerPriority, at: now, into: &effects)
        }
    }

    /// A better master is there.
    private mutating func yield(
        to heard: Heard, at now: UInt64, into effects: inout [Effect]
    ) {
        let says = settings.sendsLastAdvertisement && !settings.isStrict
        stopServing(last: says ? priority : nil, at: now, into: &effects)
        yieldsOwnership = priority == ProtocolNumbers.ownerPriority
        becomeBackup(
            because: .higherPriority(heard.priority, heard.source), at: now, into: &effects)
        follow(heard, at: now, into: &effects)
    }

    mutating func seeForeignAnnouncement(at now: UInt64, into effects: inout [Effect]) {
        guard state == .master else { return }
        seeSecondMaster(at: now, into: &effects)
        answer(announcing: .secondMaster, at: now, into: &effects)
    }

    /// Advertises and announces at once, or when the limit of answers allows.
    mutating func answer(
        announcing cause: AnnouncementCause?, at now: UInt64, into effects: inout [Effect]
    ) {
        if let cause { pendingAnnouncement = cause }
        if answers.admit(at: now) {
            giveAnswer(into: &effects)
        } else if deadlines[.answer] == nil {
            arm(.answer, answers.deadline, into: &effects)
        }
    }

    mutating func answerLate(at now: UInt64, into effects: inout [Effect]) {
        guard state == .master, answers.isPending else { return }
        answers.answered(at: now)
        giveAnswer(into: &effects)
    }

    private mutating func giveAnswer(into effects: inout [Effect]) {
        let cause = pendingAnnouncement
        pendingAnnouncement = nil
        if cause != .lowerPriority || settings.answersLowerPriority {
            effects.append(.sendAdvertisement(priority: priority))
        }
        if let cause { effects.append(.announce(cause)) }
    }

    /// A sign of a second master. In the first interval after taking over it is the one that we
    /// replaced, which has not heard us yet.
    private mutating func seeSecondMaster(at now: UInt64, into effects: inout [Effect]) {
        guard let masterSince, now - masterSince > settings.interval else { return }
        lastSecondSign = now
        guard splitSince == nil else { return }
        splitSince = now
        effects.append(.splitBegan)
        arm(.splitQuiet, now + quietTime, into: &effects)
    }

    private var quietTime: UInt64 {
        settings.masterDown(priority: runningPriority, masterInterval: settings.interval)
    }

    mutating func checkSplit(at now: UInt64, into effects: inout [Effect]) {
        guard splitSince != nil else { return }
        if now >= lastSecondSign + quietTime {
            endSplit(into: &effects)
        } else {
            arm(.splitQuiet, lastSecondSign + quietTime, into: &effects)
        }
    }

    mutating func endSplit(into effects: inout [Effect]) {
        guard let since = splitSince else { return }
        splitSince = nil
        effects.append(.splitEnded(lasted: lastSecondSign - since))
        disarm(.splitQuiet, into: &effects)
    }
}

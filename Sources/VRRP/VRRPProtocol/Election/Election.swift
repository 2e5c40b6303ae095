// The election of one virtual router: who serves the addresses (RFC 9568 §6.4, RFC 3768 §6.4).
// Pure: events and a clock go in, effects come out. Packets that failed a check never come here.

import Addresses

/// The state machine of one instance.
///
/// ```
///            start, priority 255                 ┌───────────── fault ends ───────────┐
/// initial ─────────────────────────► master ─────┼── fault ──────────────────────► fault
///    │                              ▲   │        │                                    ▲
///    │ start          master down   │   │ better master, hand-over, overslept         │
///    └──────────────► backup ───────┘   │                                             │
///                       ▲ │ └───────────┼─────────── fault ───────────────────────────┘
///                       │ └─────────────┘
/// ```
/// Order of effects: addresses are taken before they are announced, and released before the last
/// advertisement is sent, so that at no time two routers answer for them on purpose.
///
/// The clock should run on while the machine sleeps (CLOCK_BOOTTIME): a master that finds itself
/// late by more than the master-down time of the keenest backup listens before it asserts.
public struct Election: Sendable {
    /// The settings in force.
    public internal(set) var settings: Settings
    /// Where the instance stands.
    public internal(set) var state = State.initial
    /// The effective priority, after weights.
    public internal(set) var priority: UInt8
    /// Whether an operator holds the instance back.
    public internal(set) var hold = Hold.none
    /// The interval that master-down times follow from, in nanoseconds.
    public internal(set) var masterInterval: UInt64
    /// The master last heard; nil while we serve or know of none.
    public internal(set) var master: Heard?
    /// When an advertisement was last heard, in nanoseconds.
    public internal(set) var lastHeard: UInt64?
    /// When we became master, in nanoseconds.
    public internal(set) var masterSince: UInt64?
    /// Since when there is a second master, in nanoseconds.
    public internal(set) var splitSince: UInt64?

    /// A member of a sync group asks the group before it takes over.
    public var asksGroup = false

    var hasOwnFault = false
    var hasGroupFault = false
    var isStarted = false
    /// Two owners: we have the lower address and behave as priority 254 until the other is quiet.
    var yieldsOwnership = false
    var deadlines = Deadlines()
    var preemptFrom: UInt64?
    var lastSecondSign: UInt64 = 0
    var answers = AnswerLimit()
    var pendingAnnouncement: AnnouncementCause?
    /// What was last said about a lower master that stays.
    var stayingMaster: IPAddress?
    var masterSaidStop = false
    /// The master-down time passed, and the sync group has not answered yet.
    var awaitsGroup = false

    /// An election that has not started.
    public init(settings: Settings) {
        self.settings = settings
        priority = settings.priority
        masterInterval = settings.interval
    }

    /// The priority in use: the effective one, or 254 for the owner that yields to another.
    public var runningPriority: UInt8 {
        priority == ProtocolNumbers.ownerPriority && yieldsOwnership ? priority - 1 : priority
    }

    /// Whether the instance acts as the owner of the addresses.
    public var isOwner: Bool { runningPriority == ProtocolNumbers.ownerPriority }

    /// Whether nobody keeps this member of a sync group from serving: it serves, its master is
    /// gone, or it has missed so much of the master that less than one interval is left to wait.
    public func isUnopposed(at now: UInt64) -> Bool {
        switch state {
        case .master: return true
        case .backup:
            guard hold != .standby, let deadline = deadlines[.masterDown] else { return false }
            return awaitsGroup || deadline <= now + masterInterval
        case .initial, .fault: return false
        }
    }

    /// The deadline of a timer, in nanoseconds; nil while it is not armed.
    public func deadline(of timer: Timer) -> UInt64? { deadlines[timer] }

    /// How long without a master this instance waits, in nanoseconds.
    public var masterDownTime: UInt64 {
        settings.masterDown(priority: runningPriority, masterInterval: masterInterval)
    }

    /// Takes an event at a time in nanoseconds and appends what is to be done.
    ///
    /// A timer that is not due, or not armed, does nothing: events may be late or repeated.
    public mutating func step(_ event: Event, at now: UInt64, into effects: inout [Effect]) {
        listenIfOverslept(at: now, into: &effects)
        switch event {
        case .start: start(at: now, into: &effects)
        case .timer(let timer): reach(timer, at: now, into: &effects)
        case .heard(let heard): hear(heard, at: now, into: &effects)
        case .priorityChanged(let priority): change(priority, at: now, into: &effects)
        case .faultBegan: fault(own: true, at: now, into: &effects)
        case .faultEnded: fault(own: false, at: now, into: &effects)
        case .foreignAnnouncement: seeForeignAnnouncement(at: now, into: &effects)
        case .commanded(let command): obey(command, at: now, into: &effects)
        case .handOver: handOver(at: now, into: &effects)
        case .stayBackup: stayBackup(at: now, into: &effects)
        case .resume: resume(at: now, into: &effects)
        case .settingsChanged(let settings, let priority):
            change(settings, priority, at: now, into: &effects)
        case .shutdown: shutDown(at: now, into: &effects)
        }
    }
}

extension Election {
    /// One deadline for each timer, or none.
    struct Deadlines: Sendable, Hashable {
        private var advertise: UInt64?
        private var masterDown: UInt64?
        private var startup: UInt64?
        private var answer: UInt64?
        private var splitQuiet: UInt64?

        subscript(timer: Timer) -> UInt64? {
            get {
                switch timer {
                case .advertise: advertise
                case .masterDown: masterDown
                case .startup: startup
                case .answer: answer
                case .splitQuiet: splitQuiet
                }
            }
            set {
                switch timer {
                case .advertise: advertise = newValue
                case .masterDown: masterDown = newValue
                case .startup: startup = newValue
                case .answer: answer = newValue
                case .splitQuiet: splitQuiet = newValue
                }
            }
        }
    }

    mutating func arm(_ timer: Timer, _ deadline: UInt64, into effects: inout [Effect]) {
        deadlines[timer] = deadline
        effects.append(.arm(timer, deadline: deadline))
    }

    mutating func disarm(_ timer: Timer, into effects: inout [Effect]) {
        guard deadlines[timer] != nil else { return }
        deadlines[timer] = nil
        effects.append(.disarm(timer))
    }

    mutating func disarmAll(into effects: inout [Effect]) {
        for timer in Timer.allCases { disarm(timer, into: &effects) }
    }

    private mutating func reach(_ timer: Timer, at now: UInt64, into effects: inout [Effect]) {
        guard let deadline = deadlines[timer] else { return }
        let slack = timer == .advertise ? settings.advertiseSlack : 0
        guard now &+ slack >= deadline else {
            effects.append(.arm(timer, deadline: deadline))
            return
        }
        deadlines[timer] = nil
        switch timer {
        case .startup: begin(because: .started, at: now, into: &effects)
        case .advertise: advertise(due: deadline, at: now, into: &effects)
        case .masterDown: loseMaster(due: deadline, at: now, into: &effects)
        case .answer: answerLate(at: now, into: &effects)
        case .splitQuiet: checkSplit(at: now, into: &effects)
        }
    }
}

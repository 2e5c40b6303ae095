// One BFD session in asynchronous mode (RFC 5880 §6.8; single hop RFC 5881, many hops RFC 5883).
// Pure: events and a clock go in, packets to send and timers come out. No echo, no authentication.

/// The session machine.
///
/// ```
///          Down heard             Init or Up heard
///  Down ───────────────► Init ──────────────────────► Up
///   │ ▲ ▲ Init heard ────────────────────────────────► │
///   │ │ └── nothing heard, AdminDown heard ── Init     │
///   │ └──── nothing heard, Down or AdminDown heard ─── ┘
/// ```
public struct BFDSession: Sendable {
    /// The settings of `bfd_instance`; times in nanoseconds.
    public struct Settings: Sendable, Hashable {
        /// Our number of the session; not zero, and no other session's.
        public var discriminator: UInt32
        /// How often we want to send: `min_tx`.
        public var minimumTransmit: UInt64 = 10_000_000
        /// How often we can receive: `min_rx`.
        public var minimumReceive: UInt64 = 10_000_000
        /// How often we send while the session is not Up: `idle_tx`; at least one second is used
        /// (RFC 5880 §6.8.3).
        public var idleTransmit: UInt64 = 1_000_000_000
        /// After how many missed packets of ours the peer counts us gone: `multiplier`.
        public var multiplier: UInt8 = 5
        /// Whether we wait until the peer speaks: `passive`.
        public var isPassive = false

        /// keepalived's defaults.
        public init(discriminator: UInt32) { self.discriminator = discriminator }
    }

    /// The timers of a session.
    public enum Timer: Sendable, Hashable, CaseIterable {
        /// A packet is due.
        case transmit
        /// The peer is gone when this is reached.
        case detect
    }

    /// What happens to a session.
    public enum Event: Sendable, Hashable {
        /// Begin, or leave the state AdminDown.
        case start
        /// A packet that names this session, or that comes from its peer.
        case received(BFDPacket)
        /// The deadline of a timer was reached.
        case timer(Timer)
        /// Hold the session down; the peer is told as long as timers run.
        case disable
        /// Other settings; the discriminator stays.
        case settingsChanged(Settings)
        /// The end: nothing is sent any more.
        case stop
    }

    /// What is to be done.
    public enum Effect: Sendable, Hashable {
        /// Send a packet to the peer.
        case send(BFDPacket)
        /// Wake the machine at a time in nanoseconds.
        case arm(Timer, deadline: UInt64)
        /// Do not wake it.
        case disarm(Timer)
        /// The state changed.
        case transition(from: BFDState, to: BFDState, because: BFDDiagnostic)
    }

    /// The settings in force.
    public private(set) var settings: Settings
    /// The state.
    public private(set) var state = BFDState.down
    /// Why the session last left Up.
    public private(set) var diagnostic = BFDDiagnostic.none
    /// The peer's number of the session; 0: not known.
    public private(set) var remoteDiscriminator: UInt32 = 0
    /// The peer's state as last heard.
    public private(set) var remoteState = BFDState.down

    private var remoteReceive: UInt64 = 1000
    private var remoteTransmit: UInt64 = 0
    private var remoteMultiplier: UInt8 = 0
    private var remoteIsDemand = false
    /// We ask until the peer answers.
    private var isPolling = false
    /// What is in force while the peer has not confirmed a slower pace or a faster detection.
    private var transmitInForce: UInt64
    private var receiveInForce: UInt64
    private var isRunning = false
    private var deadlines: (transmit: UInt64?, detect: UInt64?) = (nil, nil)
    private var randomState: UInt64

    /// A session that has not started; `seed` decides the jitter.
    public init(settings: Settings, seed: UInt64) {
        self.settings = settings
        transmitInForce = max(settings.idleTransmit, Self.slowTransmit)
        receiveInForce = settings.minimumReceive
        randomState = seed
    }

    /// The least interval while not Up (RFC 5880 §6.8.3).
    static let slowTransmit: UInt64 = 1_000_000_000

    /// How often we want to send now: slower while not Up.
    public var desiredTransmit: UInt64 {
        state == .up
            ? settings.minimumTransmit
            : max(settings.idleTransmit, settings.minimumTransmit, Self.slowTransmit)
    }

    /// The time between packets before jitter, in nanoseconds; 0: the peer wants none.
    public var transmitInterval: UInt64 {
        remoteReceive == 0 ? 0 : max(transmitInForce, remoteReceive)
    }

    /// How long without a packet the peer counts as there, in nanoseconds (RFC 5880 §6.8.4).
    public var detectionTime: UInt64 {
        UInt64(remoteMultiplier) * max(receiveInForce, remoteTransmit)
    }

    /// The deadline of a timer, in nanoseconds; nil while it is not armed.
    public func deadline(of timer: Timer) -> UInt64? {
        timer == .transmit ? deadlines.transmit : deadlines.detect
    }

    /// Takes an event at a time in nanoseconds and appends what is to be done.
    public mutating func step(_ event: Event, at now: UInt64, into effects: inout [Effect]) {
        switch event {
        case .start: start(at: now, into: &effects)
        case .received(let packet): receive(packet, at: now, into: &effects)
        case .timer(let timer): reach(timer, at: now, into: &effects)
        case .disable:
            guard isRunning else { return }
            change(to: .adminDown, because: .administrativelyDown, into: &effects)
            transmit(at: now, into: &effects)
        case .settingsChanged(let next): change(next, at: now, into: &effects)
        case .stop:
            isRunning = false
            disarm(.transmit, into: &effects)
            disarm(.detect, into: &effects)
            change(to: .down, because: .none, into: &effects)
            remoteDiscriminator = 0
        }
    }
}

extension BFDSession {
    private mutating func start(at now: UInt64, into effects: inout [Effect]) {
        if state == .adminDown { change(to: .down, because: .none, into: &effects) }
        isRunning = true
        if maySend { transmit(at: now, into: &effects) }
    }

    private mutating func change(
        _ next: Settings, at now: UInt64, into effects: inout [Effect]
    ) {
        guard next != settings else { return }
        let discriminator = settings.discriminator
        settings = next
        settings.discriminator = discriminator
        settle(at: now, into: &effects)
    }

    /// Our wishes changed: what makes the peer wait longer, or us wait less for it, counts only
    /// when the peer has confirmed (RFC 5880 §6.8.3).
    private mutating func settle(at now: UInt64, into effects: inout [Effect]) {
        if state == .up {
            isPolling = true
            transmitInForce = min(transmitInForce, desiredTransmit)
            receiveInForce = max(receiveInForce, settings.minimumReceive)
        } else {
            isPolling = false
            confirm()
        }
        guard isRunning else { return }
        rescheduleSooner(at: now, into: &effects)
    }

    private mutating func confirm() {
        transmitInForce = desiredTransmit
        receiveInForce = settings.minimumReceive
    }

    // MARK: Receiving

    private mutating func receive(
        _ packet: BFDPacket, at now: UInt64, into effects: inout [Effect]
    ) {
        guard isRunning else { return }
        guard packet.yourDiscriminator == 0 || packet.yourDiscriminator == settings.discriminator
        else { return }
        remoteDiscriminator = packet.myDiscriminator
        remoteState = packet.state
        remoteIsDemand = packet.isDemand
        remoteTransmit = packet.desiredTransmit
        remoteMultiplier = packet.multiplier
        let hadInterval = transmitInterval
        remoteReceive = packet.requiredReceive
        if isPolling, packet.isFinal {
            isPolling = false
            confirm()
        }
        if state != .adminDown { follow(packet.state, at: now, into: &effects) }
        arm(.detect, now + detectionTime, into: &effects)
        if packet.isPoll {
            send(isFinal: true, into: &effects)
        }
        if transmitInterval != hadInterval || deadlines.transmit == nil {
            rescheduleSooner(at: now, into: &effects)
        }
    }

    private mutating func follow(
        _ remote: BFDState, at now: UInt64, into effects: inout [Effect]
    ) {
        switch (state, remote) {
        case (.down, .down): change(to: .initializing, because: .none, into: &effects)
        case (.down, .initializing), (.initializing, .initializing), (.initializing, .up):
            change(to: .up, because: .none, into: &effects)
            settle(at: now, into: &effects)
            // The peer learns at once, so it need not wait for a slow packet of ours.
            transmit(at: now, into: &effects)
        case (.initializing, .adminDown), (.up, .down), (.up, .adminDown):
            change(to: .down, because: .neighborSignaledDown, into: &effects)
            transmit(at: now, into: &effects)
        default: return
        }
        if state == .initializing { transmit(at: now, into: &effects) }
    }

    private mutating func change(
        to next: BFDState, because cause: BFDDiagnostic, into effects: inout [Effect]
    ) {
        guard next != state else { return }
        let previous = state
        state = next
        if next == .down || next == .adminDown {
            diagnostic = cause
            isPolling = false
            confirm()
        }
        if next == .up { diagnostic = .none }
        effects.append(.transition(from: previous, to: next, because: cause))
    }

    // MARK: Timers

    private mutating func reach(_ timer: Timer, at now: UInt64, into effects: inout [Effect]) {
        guard isRunning, let deadline = deadline(of: timer) else { return }
        guard now >= deadline else {
            effects.append(.arm(timer, deadline: deadline))
            return
        }
        switch timer {
        case .transmit:
            deadlines.transmit = nil
            transmit(at: now, into: &effects)
        case .detect:
            deadlines.detect = nil
            remoteDiscriminator = 0
            remoteState = .down
            remoteIsDemand = false
            guard state == .initializing || state == .up else { return }
            change(to: .down, because: .detectionTimeExpired, into: &effects)
            transmit(at: now, into: &effects)
        }
    }

    private mutating func arm(
        _ timer: Timer, _ deadline: UInt64, into effects: inout [Effect]
    ) {
        switch timer {
        case .transmit: deadlines.transmit = deadline
        case .detect: deadlines.detect = deadline
        }
        effects.append(.arm(timer, deadline: deadline))
    }

    private mutating func disarm(_ timer: Timer, into effects: inout [Effect]) {
        guard deadline(of: timer) != nil else { return }
        switch timer {
        case .transmit: deadlines.transmit = nil
        case .detect: deadlines.detect = nil
        }
        effects.append(.disarm(timer))
    }

    // MARK: Sending

    /// Whether periodic packets go out (RFC 5880 §6.8.7).
    private var maySend: Bool {
        guard isRunning, !(settings.isPassive && remoteDiscriminator == 0) else { return false }
        guard remoteReceive > 0 else { return false }
        return !(remoteIsDemand && state == .up && remoteState == .up && !isPolling)
    }

    /// Sends now, where anything may be sent, and plans the next packet.
    private mutating func transmit(at now: UInt64, into effects: inout [Effect]) {
        guard maySend else {
            disarm(.transmit, into: &effects)
            return
        }
        send(isFinal: false, into: &effects)
        arm(.transmit, now + jittered(transmitInterval), into: &effects)
    }

    /// The interval changed: a packet planned for later than a new interval comes sooner.
    private mutating func rescheduleSooner(at now: UInt64, into effects: inout [Effect]) {
        guard maySend else {
            disarm(.transmit, into: &effects)
            return
        }
        let next = now + jittered(transmitInterval)
        if let planned = deadlines.transmit, planned <= next { return }
        arm(.transmit, next, into: &effects)
    }

    private mutating func send(isFinal: Bool, into effects: inout [Effect]) {
        var packet = BFDPacket(
            state: state, multiplier: settings.multiplier,
            myDiscriminator: settings.discriminator, yourDiscriminator: remoteDiscriminator,
            desiredTransmit: desiredTransmit, requiredReceive: settings.minimumReceive)
        packet.diagnostic = diagnostic
        packet.isFinal = isFinal
        packet.isPoll = isPolling && !isFinal
        effects.append(.send(packet))
    }

    /// The interval less up to a quarter, so that routers do not fall into step; with a multiplier
    /// of one at most nine tenths of it, or a late packet would end the session (RFC 5880 §6.8.7).
    private mutating func jittered(_ interval: UInt64) -> UInt64 {
        randomState &+= 0x9E37_79B9_7F4A_7C15
        var mixed = randomState
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        let range: UInt64 = settings.multiplier == 1 ? 15 : 25
        let part = 75 * 1024 + mixed % (range * 1024 + 1)
        return interval / (100 * 1024) * part + interval % (100 * 1024) * part / (100 * 1024)
    }
}

// One virtual router as it runs: its election, what it hears and says, what it holds. The election
// decides; what is here carries its effects out. Source: RFC 9568 §6.4.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPConfig
import VRRPProtocol

/// A running instance. Belongs to the daemon's one thread.
final class Instance {
    /// The definition in force; a reload replaces it.
    private(set) var definition: InstanceDefinition
    private(set) var election: Election
    private var receiver: AdvertisementReceiver
    private var sender: AdvertisementSender
    var counters = InstanceCounters()
    /// What is wrong, by a key that names the thing; empty where nothing is.
    private(set) var faults: [String: String] = [:]
    /// The sum of the weights of what it follows.
    private(set) var weight = 0
    /// When the state was entered, microseconds since 1970.
    private(set) var lastTransition = Clock.calendarMicroseconds()
    /// The group it moves with.
    var group: Group? {
        didSet { election.asksGroup = group != nil }
    }
    /// Where it sends and listens; nil while its interface is not there.
    private(set) var channel: Channel?
    /// Hears peers that send from the same virtual MAC; nil without one.
    private var ear: VirtualMACEar?
    /// The address that adverts come from.
    private(set) var source: IPAddress?
    /// The index of the interface that adverts leave by; 0 as routed.
    private(set) var transmitIndex: UInt32 = 0
    /// The interface below, and the one that carries addresses: the same without a virtual MAC.
    var virtualInterface: String?

    private unowned let routers: VirtualRouters
    private var timers: [Election.Timer: Armed] = [:]
    /// How many changes of faults are under way, one inside the other.
    private var settleDepth = 0
    /// What the election was last told.
    private var isFaultyAsTold = false
    private var departure: ControlTimer?
    private var isDeparting = false
    private var message: [UInt8] = []
    private var usualMessage: UsualMessage?
    private var effects: [Election.Effect] = []
    private var rejectionLines = LogBudget()
    private var noticeLines = LogBudget()
    /// Whoever was last heard with a lower priority while we were master.
    private var lastLower: IPAddress?

    init(_ definition: InstanceDefinition, startupDelay: UInt64, _ routers: VirtualRouters) {
        self.definition = definition
        self.routers = routers
        election = Election(settings: definition.settings(startupDelay: startupDelay, source: nil))
        receiver = AdvertisementReceiver(
            rules: definition.receiveRules(), sentChecksum: definition.sentChecksum)
        sender = AdvertisementSender(trailer: definition.trailer)
    }

    var name: String { definition.name }

    /// The name of the interface that adverts are sent from; nil for unicast as routed.
    var transmitInterface: String? {
        definition.transmitsFromBase
            ? definition.interface : virtualInterface ?? definition.interface ?? definition.vrf
    }

    /// The name of the interface that carries addresses that name none.
    var addressInterface: String? { virtualInterface ?? definition.interface }

    // MARK: Events

    /// Steps the election and carries out what it wants. Called by the daemon's queue alone.
    func handle(_ event: Election.Event) {
        let now = Clock.sinceBoot().nanoseconds
        election.step(event, at: now, into: &effects)
        // Nothing that is carried out comes back here: the queue lets one event after the other in.
        for effect in effects { perform(effect, now) }
        effects.removeAll(keepingCapacity: true)
    }

    /// A packet for this instance's number.
    func hear(_ arrival: Arrival) {
        do throws(Rejection) {
            if arrival.wasCut { throw .truncated }
            let envelope = PacketEnvelope(
                source: arrival.source, destination: arrival.destination,
                hopLimit: arrival.hopLimit)
            let accepted = try receiver.receive(
                arrival.payload.span, 0..<arrival.payload.count, envelope,
                wallClock: wallClock)
            take(accepted)
        } catch {
            reject(error, from: arrival.source)
        }
    }

    private func take(_ accepted: AdvertisementReceiver.Accepted) {
        let advertisement = accepted.advertisement
        counters.advertsReceived += 1
        if advertisement.priority == 0 { counters.priorityZeroReceived += 1 }
        for notice in accepted.notices { note(notice, from: accepted.envelope.source) }
        if isDeparting, advertisement.priority > 0 { finishDeparture() }
        routers.post(
            .heard(
                Election.Heard(
                    priority: advertisement.priority, source: accepted.envelope.source,
                    interval: advertisement.interval)), to: self)
    }

    private func reject(_ reason: Rejection, from source: IPAddress) {
        counters.rejections.count(reason)
        let line = rejectionLines.take(at: Clock.monotonic().nanoseconds)
        guard line.isAllowed else { return }
        let more = line.suppressed > 0 ? " (\(line.suppressed) more since the last line)" : ""
        routers.log.say(.warning, "(\(name)) packet from \(source) dropped: \(reason.text)\(more)")
    }

    private func note(_ notice: AdvertisementReceiver.Notice, from source: IPAddress) {
        switch notice {
        case .addressListDiffers: counters.addressListDiffered += 1
        case .intervalDiffers: counters.intervalDiffered += 1
        default: break
        }
        let line = noticeLines.take(at: Clock.monotonic().nanoseconds)
        guard line.isAllowed else { return }
        routers.log.say(.warning, "(\(name)) advert from \(source): \(notice.text)")
    }

    // MARK: Effects

    private func perform(_ effect: Election.Effect, _ now: UInt64) {
        switch effect {
        case .sendAdvertisement(let priority): send(priority)
        case .takeAddresses:
            finishDeparture()
            routers.addresses.take(self)
            routers.guardian.enterFarewells(of: self)
        case .releaseAddresses: release()
        case .announce(let cause): routers.announcer.announce(self, cause)
        case .transition(let from, let to, let cause): change(from, to, cause)
        case .arm(let timer, let deadline): arm(timer, until: deadline)
        case .disarm(let timer): disarm(timer)
        case .splitBegan:
            counters.splits += 1
            routers.log.say(.warning, "(\(name)) there is a second master")
            routers.emit(.splitBegan(instance: name, other: lastLower))
        case .splitEnded(let lasted):
            counters.splitNanoseconds += lasted
            routers.log.say(
                .notice, "(\(name)) there was a second master for \(lasted / 1_000_000) ms")
            routers.emit(.splitEnded(instance: name, lastedNanoseconds: lasted))
        case .lowerPriorityHeard(_, let source):
            lastLower = source
            counters.lowerPriorityHeard += 1
            routers.notifier.tell(.masterHeardLowerPriority, self)
        case .askGroup(let masterStopped):
            if let group { routers.ask(group, self, masterStopped: masterStopped, at: now) }
        case .note(let fact): note(fact)
        }
    }

    /// A timer of the loop that stands for one of the election.
    private struct Armed {
        var timer: ControlTimer
        /// When it runs, by the clock of the election.
        var due: UInt64
    }

    /// A deadline that moves away, as that of a backup does with each advert, leaves the timer of
    /// the loop alone: it runs too early, and the election then says how long is still to wait.
    private func arm(_ timer: Election.Timer, until deadline: UInt64) {
        if let armed = timers[timer] {
            if armed.due <= deadline { return }
            routers.loop.cancel(armed.timer)
        }
        // What was carried out before may have taken its time.
        let now = Clock.sinceBoot().nanoseconds
        let wait = deadline > now ? deadline - now : 0
        let slack = timer == .advertise ? election.settings.advertiseSlack : 0
        let loopTimer = routers.loop.after(nanoseconds: wait, slack: slack) { [unowned self] in
            timers[timer] = nil
            // The advert that makes a takeover wrong may have come already.
            if timer == .masterDown, let channel, channel.isInBurst,
                let due = election.deadline(of: timer), due <= Clock.sinceBoot().nanoseconds
            {
                routers.channels.receive(channel)
            }
            routers.post(.timer(timer), to: self)
        }
        timers[timer] = Armed(timer: loopTimer, due: now + wait)
    }

    private func disarm(_ timer: Election.Timer) {
        if let armed = timers.removeValue(forKey: timer) { routers.loop.cancel(armed.timer) }
    }

    /// The shortest interval that adverts may come in.
    var shortestInterval: UInt64 {
        min(definition.advertIntervalNanoseconds, election.masterInterval)
    }

    private func note(_ fact: Election.Fact) {
        switch fact {
        case .intervalLearnt: channel?.renewPatience()
        case .late(let late):
            counters.lateAdverts += 1
            routers.emit(.late(instance: name, nanoseconds: late, overslept: false))
        case .overslept(let late):
            counters.overslept += 1
            routers.emit(.late(instance: name, nanoseconds: late, overslept: true))
        default: break
        }
        let line = noticeLines.take(at: Clock.monotonic().nanoseconds)
        if line.isAllowed { routers.log.say(.notice, "(\(name)) \(fact.text)") }
    }

    private func change(
        _ from: Election.State, _ to: Election.State, _ cause: Election.Cause
    ) {
        lastTransition = Clock.calendarMicroseconds()
        if to == .master { counters.becameMaster += 1 }
        if from == .master { counters.releasedMaster += 1 }
        if to == .fault { counters.faults += 1 }
        if to == .initial {
            routers.log.say(.info, "(\(name)) stopped")
        } else if to == .fault, !faults.isEmpty {
            let reasons = faults.values.sorted().joined(separator: ", ")
            routers.log.say(.warning, "(\(name)) Entering FAULT STATE: \(reasons)")
        } else {
            routers.log.say(.info, "(\(name)) Entering \(to.title) STATE: \(cause.text)")
        }
        routers.changed(self, from: from, to: to, because: cause)
    }

    // MARK: Sending

    /// What is said again and again, and what its bytes follow from beside the definition.
    private struct UsualMessage {
        var priority: UInt8
        var source: IPAddress
        var destination: IPAddress
        var checksum: ChecksumKind
        var bytes: [UInt8]
    }

    /// Puts the bytes of an advert for a destination into `message`; false where it cannot be
    /// signed.
    private func prepare(
        _ priority: UInt8, from source: IPAddress, to destination: IPAddress
    ) -> Bool {
        if let usual = usualMessage, usual.priority == priority, usual.source == source,
            usual.destination == destination, usual.checksum == receiver.sentChecksum
        {
            message = usual.bytes
            return true
        }
        guard encode(advertisement(priority: priority), from: source, to: destination) else {
            return false
        }
        // A trailer is another one each time.
        if definition.trailer == nil {
            usualMessage = UsualMessage(
                priority: priority, source: source, destination: destination,
                checksum: receiver.sentChecksum, bytes: message)
        }
        return true
    }

    private func send(_ priority: UInt8) {
        guard channel != nil, let source else { return }
        for destination in definition.destinations(from: source) {
            guard prepare(priority, from: source, to: destination) else {
                counters.sendFailures += 1
                continue
            }
            switch routers.channels.send(message, departure(from: source, to: destination)) {
            case .bytes: counters.advertsSent += 1
            case .wouldBlock: counters.sendFailures += 1
            case .failed(let failure):
                counters.sendFailures += 1
                let line = noticeLines.take(at: Clock.monotonic().nanoseconds)
                if line.isAllowed {
                    routers.log.say(
                        .warning, "(\(name)) cannot send to \(destination): \(failure.text)")
                }
            }
        }
        if priority == 0 { counters.priorityZeroSent += 1 }
    }

    private func advertisement(priority: UInt8) -> Advertisement {
        Advertisement(
            version: definition.protocolVersion, virtualRouter: definition.virtualRouterID,
            priority: priority, interval: definition.advertIntervalNanoseconds,
            addresses: definition.virtualAddresses.map(\.address),
            authentication: definition.passwordAuthentication)
    }

    private func encode(
        _ advertisement: Advertisement, from source: IPAddress, to destination: IPAddress
    ) -> Bool {
        sender.encode(
            advertisement, from: source, to: destination, checksum: receiver.sentChecksum,
            wallClock: wallClock, into: &message)
    }

    /// Nanoseconds since 1970, for trailers; 0 without them.
    private var wallClock: UInt64 {
        definition.trailer == nil ? 0 : UInt64(clamping: Clock.calendarMicroseconds()) * 1000
    }

    private func departure(
        from source: IPAddress, to destination: IPAddress
    ) -> RawIPSocket.Departure {
        var departure = RawIPSocket.Departure(
            from: source, to: destination, interface: transmitIndex)
        departure.hopLimit = definition.isUnicast ? definition.unicastTTL ?? 255 : 255
        return departure
    }

    /// Adverts of priority 0 for the guardian to send should the daemon die. None where a trailer
    /// is required: its sequence numbers are not the guardian's to give.
    var farewells: [LedgerEntry.Farewell] {
        guard channel != nil, let source, definition.trailer == nil else { return [] }
        let advertisement = advertisement(priority: 0)
        return definition.destinations(from: source).compactMap { destination in
            guard encode(advertisement, from: source, to: destination) else { return nil }
            return LedgerEntry.Farewell(
                interface: transmitIndex, source: source, destination: destination,
                timeToLive: departure(from: source, to: destination).hopLimit, message: message)
        }
    }

    // MARK: Leaving in good order

    /// The next release is that of a stop or a hand-over. Addresses are then served until the
    /// successor speaks, or until the slowest backup must have spoken: a gap that clients would see
    /// is so avoided, and two answer for an address only while the successor's advert travels.
    func prepareToDepart() {
        isDeparting = election.state == .master && !definition.isAloneAsConfigured
    }

    /// Whether addresses are still served after the state was left.
    var isServingUntilSucceeded: Bool { departure != nil }

    private func release() {
        guard isDeparting else {
            routers.announcer.cancel(self)
            routers.guardian.strikeFarewells(of: self)
            routers.addresses.release(self)
            return
        }
        routers.announcer.cancel(self)
        routers.guardian.strikeFarewells(of: self)
        let slowest = election.settings.skew(
            priority: 1, masterInterval: definition.advertIntervalNanoseconds)
        departure = routers.loop.after(nanoseconds: slowest + 20_000_000) { [unowned self] in
            finishDeparture()
        }
    }

    private func finishDeparture() {
        isDeparting = false
        guard let timer = departure else { return }
        departure = nil
        routers.loop.cancel(timer)
        routers.addresses.release(self)
        routers.departed(self)
    }

    /// Gives everything up at once; nothing is armed afterwards.
    func abandon() {
        finishDeparture()
        for timer in Election.Timer.allCases { disarm(timer) }
        if let channel { routers.channels.leave(channel, self) }
        channel = nil
        ear?.close()
        ear = nil
    }

    // MARK: Surroundings

    /// Whether a change of a link concerns it.
    func uses(_ link: Link) -> Bool {
        link.name == definition.interface || link.name == virtualInterface
            || link.name == definition.vrf || link.index == channel?.interface
    }

    /// The virtual MAC's interface that an address of ours belongs on, if not its own.
    func virtualInterface(for address: VirtualAddress) -> String? {
        if let name = routers.paths.interface(for: address, of: self) { return name }
        let isOnOurs = address.interface == nil || address.interface == definition.interface
        return isOnOurs ? virtualInterface : nil
    }

    /// An address as it belongs on its interface.
    func prepared(_ address: InterfaceAddress) -> InterfaceAddress {
        routers.paths.prepared(address, of: self)
    }

    /// Follows the interface's index, the source address and the peers as they are now.
    func connect() { settle(follow) }

    private func follow() {
        let network = routers.network
        let link = transmitInterface.flatMap { network.link(named: $0) }
        // Unicast without an interface belongs to a VRF, or to none.
        let baseName = definition.interface ?? definition.vrf
        let base = baseName.flatMap { network.link(named: $0) }
        let isMissing = baseName != nil && (link == nil || base == nil)
        setFault(
            "interface-missing", isMissing ? "interface \(baseName ?? "") does not exist" : nil)
        transmitIndex = link?.index ?? 0
        listenOnVirtualMAC()
        updateSource(base)
        guard !isMissing else {
            if let channel { routers.channels.leave(channel, self) }
            channel = nil
            return
        }
        let key = Channel.Key(
            interface: base?.index ?? 0, family: definition.family,
            group: definition.isUnicast ? nil : definition.multicastDestination)
        if channel?.key == key { return }
        if let channel { routers.channels.leave(channel, self) }
        channel = nil
        do throws(Errno) {
            channel = try routers.channels.join(key, named: base?.name, self)
            setFault("socket", nil)
        } catch {
            setFault("socket", "no socket on \(base?.name ?? "any interface"): \(error.text)")
        }
    }

    private func listenOnVirtualMAC() {
        let isWanted = definition.virtualMAC != nil && !definition.isUnicast
        let link = isWanted ? virtualInterface.flatMap { routers.network.link(named: $0) } : nil
        guard ear?.interface != link?.index else { return }
        ear?.close()
        ear = nil
        guard let link else { return }
        do throws(Errno) {
            ear = try VirtualMACEar(self, on: link, routers)
        } catch {
            routers.log.say(.error, "(\(name)) cannot listen on \(link.name): \(error.text)")
        }
    }

    private func updateSource(_ base: Link?) {
        let found =
            definition.sourceAddress
            ?? base.flatMap { base in
                routers.network.primaryAddress(
                    of: base.index, definition.family, besides: routers.allVirtualAddresses)
            }
        let isThere =
            definition.sourceAddress == nil || !definition.tracksSourceAddress
            || !routers.network.picture.holders(of: definition.sourceAddress ?? .anyV4).isEmpty
        setFault(
            "source",
            found == nil
                ? "no \(definition.family == .v4 ? "IPv4" : "link-local IPv6") address on "
                    + "\(definition.interface ?? "any interface")"
                : isThere ? nil : "source address \(found ?? .anyV4) is not there")
        guard found != source else { return }
        source = found
        var rules = definition.receiveRules()
        rules.ownAddresses = found.map { [$0] } ?? []
        receiver.rules = rules
        if let found {
            var settings = election.settings
            settings.primaryAddress = found
            routers.post(.settingsChanged(settings, priority: effectivePriority), to: self)
        }
        if election.state == .master { routers.guardian.enterFarewells(of: self) }
    }

    /// Notes that something is wrong, or (nil) right again.
    func setFault(_ key: String, _ text: String?) {
        settle { faults[key] = text }
    }

    /// Has several faults change as one: only what is left of them in the end counts. An owner
    /// whose one fault ends as another begins would else serve in between.
    func settle(_ changes: () -> Void) {
        settleDepth += 1
        changes()
        settleDepth -= 1
        guard settleDepth == 0, isFaultyAsTold == faults.isEmpty else { return }
        isFaultyAsTold = !faults.isEmpty
        routers.post(faults.isEmpty ? .faultEnded : .faultBegan, to: self)
        routers.emit(
            faults.isEmpty
                ? .faultEnded(instance: name)
                : .faultBegan(instance: name, reasons: faults.values.sorted()))
        if let group { routers.changed(group, self, isFaulty: !faults.isEmpty) }
    }

    /// The sum of the weights of what is followed.
    func setWeight(_ sum: Int) {
        guard sum != weight else { return }
        let before = effectivePriority
        weight = sum
        let priority = effectivePriority
        guard priority != before else { return }
        routers.log.say(
            .info, "(\(name)) Changing effective priority from \(before) to \(priority)")
        routers.post(.priorityChanged(priority), to: self)
        routers.emit(
            .priorityChanged(
                instance: name, from: before, to: priority, because: "what it tracks"))
        switch election.state {
        case .master: routers.notifier.tell(.masterPriority, self)
        case .backup: routers.notifier.tell(.backupPriority, self)
        default: break
        }
    }

    /// The configured priority with the weights: 1 to 254, or 255 for the owner.
    var effectivePriority: UInt8 {
        TrackSum.effective(base: definition.priority, adjustment: weight)
    }

    // MARK: Reload

    /// Takes another definition of the same name; mastership and counters stay.
    ///
    /// The caller has seen to it that interface, number, family and kind of traffic are the same.
    func redefine(_ next: InstanceDefinition) {
        finishDeparture()
        let previous = definition
        definition = next
        usualMessage = nil
        channel?.renewPatience()
        var rules = next.receiveRules()
        rules.ownAddresses = source.map { [$0] } ?? []
        receiver.rules = rules
        if next.sentChecksum != previous.sentChecksum { receiver.sentChecksum = next.sentChecksum }
        sender.trailer = next.trailer
        if election.state == .master { routers.addresses.replace(self, previous: previous) }
        var settings = next.settings(startupDelay: 0, source: source)
        settings.primaryAddress = source ?? settings.primaryAddress
        routers.post(.settingsChanged(settings, priority: effectivePriority), to: self)
        if election.state == .master { routers.guardian.enterFarewells(of: self) }
    }

    /// What is shown of it.
    var status: InstanceStatus {
        let now = Clock.sinceBoot().nanoseconds
        var status = InstanceStatus(definition: definition)
        status.state = election.state
        status.hold = election.hold
        status.priority = election.runningPriority
        status.lastTransition = lastTransition
        status.group = group?.name
        status.addressInterface = addressInterface ?? ""
        status.source = source
        status.masterAddress = election.master?.source
        status.masterPriority = election.master?.priority ?? 0
        status.masterIntervalNanoseconds = election.masterInterval
        status.lastHeardNanoseconds = election.lastHeard.map { now > $0 ? now - $0 : 0 }
        status.masterDownNanoseconds = election.masterDownTime
        status.faults = faults.values.sorted()
        status.addressesSet = routers.addresses.areSet(definition.virtualAddresses, of: self)
        status.excludedSet = routers.addresses.areSet(definition.excludedAddresses, of: self)
        status.isSplit = election.splitSince != nil
        status.counters = counters
        let told = routers.notifier.counters(of: self)
        status.counters.notifications = told.runs
        status.counters.failedNotifications = told.failures
        return status
    }
}

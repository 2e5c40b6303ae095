// All that runs: instances and groups, sockets, addresses, trackers and notifications on one thread
// and one loop. Events for instances go through one queue, so that no election is stepped while it
// is being stepped.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPConfig
import VRRPProtocol
import VRRPTracking

/// The daemon's inside.
final class VirtualRouters {
    let loop: ControlLoop
    let log: DaemonLog
    /// The command line.
    let options: Options
    private(set) var configuration: VRRPConfiguration
    private(set) var instances: [Instance] = []
    private(set) var groups: [Group] = []
    let network: Network
    let guardian: GuardianLink

    private(set) var links: LinkStates! = nil
    private(set) var poller: LinkPoller! = nil
    private(set) var channels: Channels! = nil
    private(set) var addresses: AddressKeeper! = nil
    private(set) var paths: PathKeeper! = nil
    private(set) var announcer: Announcer! = nil
    private(set) var claims: ClaimWatch! = nil
    private(set) var board: TrackBoard! = nil
    private(set) var trackers: Trackers! = nil
    private(set) var notifier: Notifier! = nil

    /// Every configured address: none of them is ever a source.
    private(set) var allVirtualAddresses: Set<IPAddress> = []
    /// Sees what happens.
    var observer: ((DaemonEvent) -> Void)?

    private var queue: [(Instance, Election.Event)] = []
    private var isDraining = false
    private var leaving: [Instance] = []
    private var whenStopped: (() -> Void)?
    private var keepsAddresses = false
    private(set) var isStopping = false

    /// Events carried out in one go, at most; more is a loop between instances, which would be
    /// ours.
    static let eventLimit = 200_000

    init(
        _ configuration: VRRPConfiguration, _ options: Options = Options(), loop: ControlLoop,
        log: DaemonLog, guardian: consuming Descriptor
    ) throws(StartFailure) {
        self.configuration = configuration
        self.options = options
        self.loop = loop
        self.log = log
        self.guardian = GuardianLink(guardian, loop)
        do throws(NetlinkFailure) {
            network = try Network(configuration.global, log)
        } catch {
            throw StartFailure(text: "cannot talk to the kernel about the network: \(error)")
        }
        links = LinkStates(self)
        poller = LinkPoller(self)
        channels = Channels(self)
        addresses = AddressKeeper(self)
        paths = PathKeeper(self)
        do throws(Errno) {
            announcer = try Announcer(self)
        } catch {
            throw StartFailure(text: "cannot open a packet socket: \(error.text)")
        }
        claims = ClaimWatch(self)
        board = TrackBoard(self)
        trackers = Trackers(self)
        notifier = Notifier(self)
    }

    /// Under which conditions scripts run.
    private(set) lazy var scriptRules = ScriptRules(configuration.global, log)

    // MARK: Start

    /// Begins: clears what was left, opens sockets, starts trackers and elections.
    func start() throws(Errno) {
        try loop.watch(network.number, for: .readable) { [unowned self] _ in readNetwork() }
        let delay = startDelay
        instances = configuration.instances.map { Instance($0, startupDelay: delay, self) }
        renewAddressSet()
        // An owner keeps what it will hold in a moment, so that clients see no gap.
        let owners = instances.filter {
            $0.definition.priority == ProtocolNumbers.ownerPriority && delay == 0
                && $0.definition.initialState == .master
        }
        addresses.clearLeftovers(
            of: instances.filter { instance in
                !owners.contains { $0 === instance }
            })
        paths.clearLeftovers(of: instances)
        paths.addStatic(configuration)
        makeGroups()
        poller.follow(configuration)
        for link in network.picture.links.values { links.begin(link.name) }
        notifier.follow(configuration.global)
        trackers.follow(configuration)
        for instance in instances { begin(instance) }
        addresses.clearLeftovers(of: owners.filter { $0.election.state != .master })
    }

    private func begin(_ instance: Instance) {
        prepare(instance)
        assess(instance)
        post(.start, to: instance)
    }

    private func prepare(_ instance: Instance) {
        paths.prepare(instance)
        // What was found while interfaces were made is handled as any other change.
        guard network.hasFindings else { return }
        loop.after(nanoseconds: 0) { [unowned self] in readNetwork() }
    }

    /// Follows the surroundings of an instance, as one change.
    private func assess(_ instance: Instance) {
        instance.settle {
            instance.connect()
            board.assess(instance)
        }
    }

    /// `vrrp_startup_delay`, or what is left of `vrrp_delay_after_boot`, whichever is longer.
    private var startDelay: UInt64 {
        let sinceBoot = Clock.sinceBoot().nanoseconds
        let afterBoot = configuration.global.delayAfterBootNanoseconds
        return max(
            configuration.global.startupDelayNanoseconds,
            afterBoot > sinceBoot ? afterBoot - sinceBoot : 0)
    }

    /// Makes the groups of the configuration; those whose members are the same go on.
    private func makeGroups() {
        let previous = groups
        groups = configuration.syncGroups.map { definition in
            if let group = previous.first(where: { $0.isMade(for: definition, of: instances) }) {
                group.redefine(definition)
                return group
            }
            return Group(
                definition,
                members: definition.members.compactMap { name in
                    instances.first { $0.name == name }
                })
        }
        for group in previous where !groups.contains(where: { $0 === group }) {
            for member in group.members {
                if member.group === group { member.group = nil }
                post(.commanded(.leaveFault), to: member)
            }
        }
        for group in groups where !previous.contains(where: { $0 === group }) {
            for member in group.members where !member.faults.isEmpty {
                changed(group, member, isFaulty: true)
            }
            for (member, command) in group.takeFirstOrders() {
                post(.commanded(command), to: member)
            }
        }
    }

    private func renewAddressSet() {
        let all = configuration.instances.flatMap { $0.virtualAddresses + $0.excludedAddresses }
        allVirtualAddresses = Set(all.map(\.address))
    }

    // MARK: Events

    /// Gives an instance an event, now or after those before it.
    func post(_ event: Election.Event, to instance: Instance) {
        guard !isDraining, queue.isEmpty else {
            queue.append((instance, event))
            return drain()
        }
        // Nearly always nothing else is to be done.
        isDraining = true
        instance.handle(event)
        isDraining = false
        if !queue.isEmpty { drain() }
    }

    /// Carries out what is queued.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        var next = 0
        while next < queue.count {
            guard next < Self.eventLimit else {
                log.say(.error, "more than \(Self.eventLimit) events at once; the rest is dropped")
                break
            }
            queue[next].0.handle(queue[next].1)
            next += 1
        }
        queue.removeAll(keepingCapacity: next < 1024)
    }

    /// An instance has changed its state.
    func changed(
        _ instance: Instance, from: Election.State, to: Election.State,
        because cause: Election.Cause
    ) {
        emit(
            .transition(
                instance: instance.name, from: from, to: to, cause: cause,
                priority: instance.election.runningPriority))
        if let event = NotifyEvent(to) {
            notifier.tell(event, instance)
        } else {
            tellEnd(of: instance)
        }
        // At the end of all, each member stops by itself and is nobody's backup first.
        guard let group = instance.group, !isStopping else { return }
        for (member, command) in group.changed(instance, to: to) {
            post(.commanded(command), to: member)
        }
        tell(group)
    }

    private func tellEnd(of instance: Instance) {
        if isStopping {
            notifier.tell(.stop, instance)
        } else {
            notifier.tell(instance.definition.notify.tellsDeleted ? .deleted : .fault, instance)
        }
    }

    /// A member asks to take over.
    func ask(_ group: Group, _ member: Instance, masterStopped: Bool, at now: UInt64) {
        for (member, command) in group.asked(by: member, masterStopped: masterStopped, at: now) {
            post(.commanded(command), to: member)
        }
    }

    /// A member's faults began or ended.
    func changed(_ group: Group, _ member: Instance, isFaulty: Bool) {
        for (member, command) in group.changed(member, isFaulty: isFaulty) {
            post(.commanded(command), to: member)
        }
        tell(group)
    }

    private func tell(_ group: Group) {
        guard let state = group.takeNews() else { return }
        log.say(.info, "(\(group.name)) group is \(state.title)")
        if let event = NotifyEvent(state) { notifier.tell(event, group) }
    }

    func emit(_ event: DaemonEvent) { observer?(event) }

    // MARK: Network

    private func readNetwork() {
        for report in network.read() {
            switch report.event {
            case .link(let link): linkChanged(link)
            case .linkRemoved(let link): linkChanged(link)
            case .address(let address):
                logChange(of: address, "added")
                addressChanged(address)
            case .addressRemoved(let address):
                logChange(of: address, "removed")
                // Ours too: with a primary address the kernel removes secondary ones, which may be
                // another instance's.
                addresses.lost(address)
                if !network.isOwn(report) { paths.lost(report.event) }
                addressChanged(address)
            case .routeRemoved, .ruleRemoved:
                if !network.isOwn(report) { paths.lost(report.event) }
            case .route, .rule: break
            case .reportsLost: paths.restore()
            }
        }
        drain()
    }

    private func logChange(of address: InterfaceAddress, _ what: String) {
        guard options.logsAddressChanges else { return }
        let name = network.picture.links[address.interface]?.name ?? "\(address.interface)"
        log.say(.info, "address \(address.address)/\(address.prefixLength) on \(name) \(what)")
    }

    private func linkChanged(_ link: Link) {
        for instance in instances where paths.concerns(link, instance) { prepare(instance) }
        links.told(of: link.name) { [unowned self] name in settled(name) }
        for instance in instances {
            if instance.uses(link) { assess(instance) } else { board.assess(instance) }
        }
        paths.completeStatic()
        if links.isUp(link.name) { addresses.restore(on: link.index) }
        for instance in instances
        where instance.election.state == .master
            && (instance.uses(link) || instance.definition.names(link.name))
        {
            addresses.complete(instance)
        }
    }

    /// A driver that does not tell of its link by itself was asked, and says something new.
    func linkPolled(_ name: String) {
        if let link = network.link(named: name) { linkChanged(link) }
        drain()
    }

    private func settled(_ name: String) {
        log.say(.info, "interface \(name) is \(links.isUp(name) ? "up" : "down")")
        assessAll()
        if let link = network.link(named: name), links.isUp(name) {
            addresses.restore(on: link.index)
            paths.restore()
        }
    }

    private func assessAll() {
        for instance in instances { board.assess(instance) }
    }

    private func addressChanged(_ address: InterfaceAddress) {
        // Virtual addresses are never sources, and there may be many of them.
        guard !allVirtualAddresses.contains(address.address) else { return }
        for instance in instances
        where instance.definition.family == address.address.family {
            instance.connect()
        }
    }

    // MARK: Operators

    /// The instances that a name means: one, those of a group, or without a name all.
    func instances(named name: String?) -> [Instance] {
        guard let name else { return instances }
        if let group = groups.first(where: { $0.name == name }) { return group.members }
        guard let instance = instances.first(where: { $0.name == name }) else { return [] }
        // Those of a group move together, whichever of them is named.
        return instance.group?.members ?? [instance]
    }

    /// Has instances do what an operator wants.
    func operate(_ chosen: [Instance], _ event: Election.Event) {
        if event != .resume { for instance in chosen { instance.prepareToDepart() } }
        for instance in chosen { post(event, to: instance) }
    }

    // MARK: Reload

    /// Follows another configuration that was found good: what is the same goes on untouched.
    ///
    /// - Parameter names: what was found of the accounts and hosts that it names.
    func reload(_ next: VRRPConfiguration, _ names: NameBook = NameBook()) {
        let previous = configuration
        configuration = next
        renewAddressSet()
        let removed = instances.filter { instance in
            !next.instances.contains { instance.definition.isSameRouter(as: $0) }
        }
        instances.removeAll { instance in removed.contains { $0 === instance } }
        for instance in removed { end(instance) }
        var fresh: [Instance] = []
        var changed: [Instance] = []
        for definition in next.instances {
            if let running = instances.first(where: { $0.name == definition.name }) {
                if running.definition != definition {
                    running.redefine(definition)
                    changed.append(running)
                }
            } else {
                fresh.append(Instance(definition, startupDelay: 0, self))
            }
        }
        instances += fresh
        instances.sort { left, right in
            next.instances.firstIndex { $0.name == left.name } ?? 0
                < next.instances.firstIndex { $0.name == right.name } ?? 0
        }
        paths.replaceStatic(previous, next)
        paths.followFirewall(next.global)
        for instance in changed { prepare(instance) }
        makeGroups()
        poller.follow(next)
        scriptRules = ScriptRules(next.global, log, names)
        notifier.follow(next.global)
        trackers.follow(next)
        for instance in fresh { begin(instance) }
        for instance in instances { assess(instance) }
        if next.global.writesStatesOnReload { notifier.tellStates() }
        drain()
    }

    /// An instance that the configuration does not name any more.
    private func end(_ instance: Instance) {
        instance.group = nil
        post(.shutdown, to: instance)
        instance.abandon()
        paths.dismantle([instance])
    }

    // MARK: Stop

    /// Ends all instances in good order; `body` runs when their addresses are gone, their scripts
    /// have ended and nothing more is to be waited for.
    func stop(keepingAddresses: Bool, _ body: @escaping () -> Void) {
        guard !isStopping else { return }
        isStopping = true
        keepsAddresses = keepingAddresses
        trackers.stop()
        if keepingAddresses { guardian.strikeAll() }
        leaving = keepingAddresses ? [] : instances
        whenStopped = body
        if !keepingAddresses {
            for instance in instances { instance.prepareToDepart() }
            for instance in instances { post(.shutdown, to: instance) }
            for group in groups { notifier.tell(.stop, group) }
        }
        leaving.removeAll { !$0.isServingUntilSucceeded }
        finishWhenDone()
    }

    /// An instance that served on until its successor spoke has let its addresses go.
    func departed(_ instance: Instance) {
        leaving.removeAll { $0 === instance }
        if isStopping { finishWhenDone() }
    }

    private func finishWhenDone() {
        guard leaving.isEmpty, whenStopped != nil else { return }
        guard notifier.isIdle else {
            // Scripts get a moment, as keepalived gives its children.
            loop.after(milliseconds: 20) { [unowned self] in finishWhenDone() }
            return
        }
        paths.removeStatic()
        // The interfaces of virtual MACs would take their addresses along.
        if !keepsAddresses { paths.dismantle(instances) }
        guard let body = whenStopped else { return }
        whenStopped = nil
        // Mail for a server that does not answer is given up now.
        notifier.cancel()
        notifier.close(body)
    }

    /// Ends at once whatever is still waited for.
    func hurry() {
        notifier.cancel()
        for instance in leaving { instance.abandon() }
        leaving = []
        finishWhenDone()
    }
}

/// Why the daemon cannot begin.
struct StartFailure: Error {
    let text: String
}

// Tells hosts and switches where addresses live: gratuitous ARP and unsolicited neighbour
// advertisements, in sets, again after a delay, refreshed, and spaced where a switch wants it so.
// keepalived.conf(5): garp_*, gna_interval, garp_group.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPConfig
import VRRPProtocol

/// Sends announcements.
final class Announcer {
    /// The sets of one instance that are still to come.
    private struct Course {
        var plan: AnnouncementPlan
        var timer: ControlTimer?
        var extra: ControlTimer?
    }

    private struct Frame {
        var bytes: [UInt8]
        var interface: UInt32
        var instance: Instance
    }

    /// Frames that wait for their turn on one switch.
    private struct Lane {
        var frames: [Frame] = []
        var next = 0
        var pacer: AnnouncementPacer
        var timer: ControlTimer?
    }

    /// Which lane a frame waits in: its interface or garp_group, and its family.
    private struct LaneKey: Hashable {
        var interface: String
        var family: IPAddress.Family
    }

    private unowned let routers: VirtualRouters
    private let socket: PacketSocket
    private var courses: [ObjectIdentifier: Course] = [:]
    private var lanes: [LaneKey: Lane] = [:]

    /// Frames that wait on one switch, at most; more are dropped, since later sets repeat them.
    static let laneLimit = 20_000

    init(_ routers: VirtualRouters) throws(Errno) {
        self.routers = routers
        socket = try PacketSocket.sender()
    }

    /// Announces all addresses of an instance.
    func announce(_ instance: Instance, _ cause: Election.AnnouncementCause) {
        let key = ObjectIdentifier(instance)
        let settings = instance.definition.announcements
        var course = courses[key] ?? Course(plan: AnnouncementPlan())
        course.plan.settings = settings.plan
        course.plan.settings.repeatsSoon = instance.definition.usesVirtualMACs
        let count = course.plan.begin(cause, at: Clock.monotonic().nanoseconds)
        courses[key] = course
        send(routers.addresses.held(by: instance), count, instance)
        arm(instance)
        guard cause == .transition, settings.extraInterfaceNanoseconds > 0 else { return }
        if let extra = courses[key]?.extra { routers.loop.cancel(extra) }
        courses[key]?.extra = routers.loop.every(
            milliseconds: max(1, Int(settings.extraInterfaceNanoseconds / 1_000_000))
        ) { [unowned self, unowned instance] in sendExtra(instance) }
    }

    /// Announces some addresses of an instance at once.
    func announce(_ instance: Instance, _ addresses: [InterfaceAddress]) {
        send(addresses, instance.definition.announcements.masterRepeat, instance)
    }

    /// Ends everything that is still to come of an instance.
    func cancel(_ instance: Instance) {
        guard let course = courses.removeValue(forKey: ObjectIdentifier(instance)) else { return }
        for timer in [course.timer, course.extra].compactMap({ $0 }) {
            routers.loop.cancel(timer)
        }
        for key in lanes.keys {
            guard var lane = lanes[key] else { continue }
            lane.frames = lane.frames[lane.next...].filter { $0.instance !== instance }
            lane.next = 0
            lanes[key] = lane
        }
    }

    /// Wakes for the next set that is planned.
    private func arm(_ instance: Instance) {
        let key = ObjectIdentifier(instance)
        if let timer = courses[key]?.timer { routers.loop.cancel(timer) }
        guard let deadline = courses[key]?.plan.deadline else {
            courses[key]?.timer = nil
            return
        }
        courses[key]?.timer = routers.loop.at(Instant(nanoseconds: deadline)) {
            [unowned self, unowned instance] in
            guard var course = courses[key] else { return }
            let count = course.plan.reach(Clock.monotonic().nanoseconds)
            course.timer = nil
            courses[key] = course
            send(routers.addresses.held(by: instance), count, instance)
            arm(instance)
        }
    }

    /// Keeps switches from forgetting addresses on interfaces that no adverts leave by.
    private func sendExtra(_ instance: Instance) {
        let onAll = instance.definition.announcements.extraOnAllInterfaces
        let addresses = routers.addresses.held(by: instance).filter { address in
            guard let link = routers.network.picture.links[address.interface] else { return false }
            if link.index == instance.transmitIndex { return false }
            if case .macvlan = link.kind { return true }
            return onAll
        }
        send(addresses, 1, instance)
    }

    // MARK: Frames

    private func send(_ addresses: [InterfaceAddress], _ count: Int, _ instance: Instance) {
        let ordered = addresses.sorted { $0.address < $1.address }
        for _ in 0..<max(0, count) {
            for address in ordered {
                guard let link = routers.network.picture.links[address.interface],
                    let mac = link.mac,
                    link.flags.isDisjoint(with: [.loopback, .noARP, .pointToPoint])
                else { continue }
                let isRouter =
                    address.address.family == .v6 && routers.network.forwardsIPv6(link.name)
                let frame = Frame(
                    bytes: AddressAnnouncement.frame(
                        for: address.address, at: mac, isRouter: isRouter),
                    interface: link.index, instance: instance)
                pass(frame, link.name, address.address.family)
            }
        }
    }

    /// Sends a frame now or, where announcements are spaced, in its turn.
    private func pass(_ frame: Frame, _ interface: String, _ family: IPAddress.Family) {
        let (name, interval) = spacing(interface, family)
        guard interval > 0 else { return put(frame) }
        let key = LaneKey(interface: name, family: family)
        var lane = lanes[key] ?? Lane(pacer: AnnouncementPacer(interval: interval))
        lane.pacer.interval = interval
        if lane.frames.count < Self.laneLimit { lane.frames.append(frame) }
        lanes[key] = lane
        if lane.timer == nil { advance(key) }
    }

    private func advance(_ key: LaneKey) {
        guard var lane = lanes[key] else { return }
        lane.timer = nil
        while lane.next < lane.frames.count {
            let now = Clock.monotonic().nanoseconds
            let turn = lane.pacer.reserve(at: now)
            let frame = lane.frames[lane.next]
            lane.next += 1
            guard turn > now else {
                put(frame)
                continue
            }
            lane.timer = routers.loop.at(Instant(nanoseconds: turn)) { [unowned self] in
                // Its instance may not serve any more, and its successor have announced itself.
                if courses[ObjectIdentifier(frame.instance)] != nil { put(frame) }
                advance(key)
            }
            break
        }
        if lane.next == lane.frames.count {
            lane.frames = []
            lane.next = 0
        }
        lanes[key] = lane
    }

    /// The name of the lane of an interface, and the time between two frames in it.
    private func spacing(
        _ interface: String, _ family: IPAddress.Family
    ) -> (lane: String, interval: UInt64) {
        let configuration = routers.configuration
        let general =
            family == .v4
            ? configuration.global.arpIntervalNanoseconds
            : configuration.global.neighbourIntervalNanoseconds
        guard
            let group = configuration.announcementGroups.first(where: {
                $0.interfaces.contains(interface)
            })
        else { return (interface, general) }
        let own = family == .v4 ? group.arpIntervalNanoseconds : group.neighbourIntervalNanoseconds
        return (group.interfaces.first ?? interface, own ?? general)
    }

    private func put(_ frame: Frame) {
        if case .bytes = socket.send(frame.bytes, interface: frame.interface) {
            frame.instance.counters.announcements += 1
        }
    }
}

extension InstanceDefinition {
    /// Whether any of its addresses has a hardware address that other routers use too.
    fileprivate var usesVirtualMACs: Bool {
        virtualMAC != nil
            || (virtualAddresses + excludedAddresses).contains { $0.usesVirtualMAC }
    }
}

extension AnnouncementSettings {
    /// The settings as the plan has them.
    var plan: AnnouncementPlan.Settings {
        var plan = AnnouncementPlan.Settings()
        plan.repeatCount = masterRepeat
        plan.delay = masterDelayNanoseconds
        plan.lowerPriorityRepeatCount = lowerPriorityRepeat
        plan.lowerPriorityDelay = lowerPriorityDelayNanoseconds
        plan.refresh = refreshNanoseconds
        plan.refreshRepeatCount = refreshRepeat
        return plan
    }
}

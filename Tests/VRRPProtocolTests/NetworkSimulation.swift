// Routers on a network that loses, delays, doubles and cuts, with clocks of their own, driven by
// one seed. It executes the effects of elections, and watches the promises while the network is
// whole: never two masters, never none, for longer than a bound; hosts know the master.

import Addresses
import RandomInputs

@testable import VRRPProtocol

/// Things that happen at times, in order.
struct Agenda<Item> {
    private var heap: [(time: UInt64, serial: Int, item: Item)] = []
    private var lastSerial = 0

    var nextTime: UInt64? { heap.first?.time }

    mutating func add(_ item: Item, at time: UInt64) {
        lastSerial += 1
        heap.append((time, lastSerial, item))
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> (time: UInt64, item: Item)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2]
                where child < heap.count && isBefore(child, least) {
                    least = child
                }
                guard least != parent else { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (first.time, first.item)
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].serial) < (heap[right].time, heap[right].serial)
    }
}

let microsecond: UInt64 = 1000
let millisecond: UInt64 = 1_000_000

struct NetworkSimulation {
    /// One router: an election, a clock, and what its effects did.
    struct Router {
        var settings: Election.Settings
        var election: Election
        var isRunning = false
        var isPaused = false
        var clockOffset: Int64 = 0
        /// Counts restarts, so that timers of an earlier life do nothing.
        var life = 0
        var inbox: [Election.Event] = []
        var holdsAddresses = false
        var state = Election.State.initial
        var timerSerial: [Election.Timer: Int] = [:]
        var isSplit = false
        var splits = 0
    }

    enum Item {
        case deliver(Int, Election.Heard)
        case wake(Int, Election.Timer, serial: Int, life: Int)
        case announcement(client: Int, from: Int)
        case happen
    }

    var routers: [Router] = []
    var agenda = Agenda<Item>()
    var now: UInt64 = 0
    var random: Seeded
    var failures: [String] = []

    // The network.
    var side: [Int] = []
    var lossPercent = 0
    var doublePercent = 0
    var longestDelay: UInt64 = millisecond
    /// Which router each host sends to; a host stands beside the router of its index.
    var clients: [Int?] = []

    // What is promised.
    var cleanSince: UInt64 = 0
    var multipleSince: UInt64?
    var noneSince: UInt64?
    var singleSince: (router: Int, time: UInt64)?
    var multipleBound: UInt64 = 0
    var noneBound: UInt64 = 0
    var watchesClients = true
    var transitions = 0
    var trace: [String] = []
    var isTraced = false

    init(_ settings: [Election.Settings], random: Seeded) {
        self.random = random
        routers = settings.map { Router(settings: $0, election: Election(settings: $0)) }
        side = [Int](repeating: 0, count: settings.count)
        clients = [Int?](repeating: nil, count: settings.count)
        let longest = settings.map(\.interval).max() ?? 0
        let skewUnit = settings[0].version == .two ? ProtocolNumbers.second : longest
        let adverts = UInt64(settings.map(\.downTimerAdverts).max() ?? 3)
        multipleBound = longest + 4 * millisecond
        noneBound = adverts * longest + skewUnit + 5 * millisecond
    }

    /// Whether nothing is in the way of packets, and everybody runs.
    var isWhole: Bool {
        lossPercent == 0 && longestDelay <= millisecond && side.allSatisfy { $0 == side[0] }
            && !routers.contains { $0.isPaused }
    }

    func isEligible(_ router: Router) -> Bool {
        router.isRunning && !router.isPaused && router.election.hold != .standby
            && router.state != .fault && router.election.deadline(of: .startup) == nil
    }

    var masters: [Int] {
        routers.indices.filter {
            routers[$0].isRunning && !routers[$0].isPaused && routers[$0].state == .master
        }
    }

    // MARK: Time

    func clock(_ index: Int) -> UInt64 {
        UInt64(Int64(now) + routers[index].clockOffset + 1_000_000_000_000)
    }

    mutating func run(until end: UInt64) {
        while let time = agenda.nextTime, time <= end, failures.isEmpty {
            judge(until: time)
            guard let (time, item) = agenda.removeFirst() else { break }
            now = time
            perform(item)
            observe()
        }
        judge(until: end)
        now = end
    }

    private mutating func perform(_ item: Item) {
        switch item {
        case .deliver(let index, let heard): give(index, .heard(heard))
        case .wake(let index, let timer, let serial, let life):
            guard routers[index].life == life, routers[index].timerSerial[timer] == serial else {
                return
            }
            give(index, .timer(timer))
        case .announcement(let client, let router): clients[client] = router
        case .happen: break
        }
    }

    /// Something changed that the promises start anew from.
    mutating func disturb() {
        cleanSince = now + longestDelay
        observe()
    }

    /// Everybody reaches everybody again. A host whose master ended while both were cut off has no
    /// way to know: nothing is promised for it until it asks again.
    mutating func heal() {
        for client in clients.indices {
            if let router = clients[client], routers[router].state != .master {
                clients[client] = nil
            }
        }
        side = [Int](repeating: 0, count: routers.count)
    }

    // MARK: Routers

    mutating func start(_ index: Int) {
        routers[index].life += 1
        routers[index].isRunning = true
        routers[index].election = Election(settings: routers[index].settings)
        routers[index].state = .initial
        routers[index].inbox = []
        routers[index].timerSerial = [:]
        routers[index].isSplit = false
        give(index, .start)
    }

    mutating func crash(_ index: Int) {
        routers[index].life += 1
        routers[index].isRunning = false
        routers[index].holdsAddresses = false
        routers[index].state = .initial
    }

    mutating func pause(_ index: Int) { routers[index].isPaused = true }

    /// Runs again; its clock stood still, ran, or jumped.
    mutating func resume(_ index: Int, clockMoves: Int64) {
        routers[index].isPaused = false
        routers[index].clockOffset += clockMoves
        var inbox = routers[index].inbox
        routers[index].inbox = []
        if random.next(below: 2) == 0 { inbox.shuffle(using: &random) }
        for event in inbox { give(index, event) }
        for timer in Election.Timer.allCases {
            if let deadline = routers[index].election.deadline(of: timer) {
                schedule(index, timer, deadline)
            }
        }
    }

    mutating func give(_ index: Int, _ event: Election.Event) {
        guard routers[index].isRunning else { return }
        guard !routers[index].isPaused else {
            if routers[index].inbox.count < 64 { routers[index].inbox.append(event) }
            return
        }
        let before = routers[index].election
        let hasOverslept = overslept(before, at: clock(index))
        var effects: [Election.Effect] = []
        routers[index].election.step(event, at: clock(index), into: &effects)
        if hasOverslept, effects.contains(where: Self.asserts) {
            fail("\(index) asserts after it overslept")
        }
        if isTraced {
            trace.append("\(now / microsecond) \(index) \(event) -> \(effects)")
        }
        execute(index, effects)
        checkTimers(index)
    }

    /// Whether a master has not advertised for so long that another may serve.
    private func overslept(_ election: Election, at now: UInt64) -> Bool {
        guard election.state == .master, election.settings.listensAfterOversleeping,
            !election.isOwner, let due = election.deadline(of: .advertise)
        else { return false }
        let interval = election.settings.interval
        let skewUnit = election.settings.version == .two ? ProtocolNumbers.second : interval
        return now > due + 3 * interval + skewUnit / 128
    }

    private static func asserts(_ effect: Election.Effect) -> Bool {
        if case .sendAdvertisement(let priority) = effect { return priority > 0 }
        return effect == .takeAddresses
    }

    private mutating func execute(_ index: Int, _ effects: [Election.Effect]) {
        var hasReleased = false
        for effect in effects {
            switch effect {
            case .sendAdvertisement(let priority):
                let isRight =
                    priority == 0
                    ? hasReleased && !routers[index].holdsAddresses
                    : routers[index].holdsAddresses || hasReleased || willTake(effects)
                if !isRight { fail("\(index) sends \(priority) with the wrong addresses") }
                broadcast(from: index, priority)
            case .takeAddresses:
                if routers[index].holdsAddresses { fail("\(index) takes twice") }
                routers[index].holdsAddresses = true
            case .releaseAddresses:
                if !routers[index].holdsAddresses { fail("\(index) releases twice") }
                routers[index].holdsAddresses = false
                hasReleased = true
            case .announce:
                if !routers[index].holdsAddresses { fail("\(index) announces without addresses") }
                announce(from: index)
            case .transition(let from, let to, _):
                if from != routers[index].state { fail("\(index) leaves \(from)") }
                if (to == .master) != routers[index].holdsAddresses {
                    fail("\(index) is \(to) with the wrong addresses")
                }
                routers[index].state = to
                transitions += 1
            case .arm(let timer, let deadline): schedule(index, timer, deadline)
            case .disarm(let timer): routers[index].timerSerial[timer] = nil
            case .splitBegan:
                if routers[index].isSplit { fail("\(index) splits twice") }
                routers[index].isSplit = true
                routers[index].splits += 1
            case .splitEnded:
                if !routers[index].isSplit { fail("\(index) heals twice") }
                routers[index].isSplit = false
            case .lowerPriorityHeard, .note, .askGroup: break
            }
        }
    }

    private func willTake(_ effects: [Election.Effect]) -> Bool {
        effects.contains(.takeAddresses)
    }

    private mutating func checkTimers(_ index: Int) {
        let election = routers[index].election
        let state = election.state
        func agrees(_ timer: Election.Timer, must: Bool, may: Bool = false) -> Bool {
            let isArmed = election.deadline(of: timer) != nil
            return isArmed ? must || may : !must
        }
        let isRight =
            agrees(.advertise, must: state == .master)
            && agrees(.masterDown, must: state == .backup)
            && agrees(.answer, must: false, may: state == .master)
            && agrees(.splitQuiet, must: false, may: state == .master)
            && agrees(.startup, must: false, may: state == .initial)
        if !isRight { fail("\(index) is \(state) with the wrong timers") }
    }

    private mutating func schedule(_ index: Int, _ timer: Election.Timer, _ deadline: UInt64) {
        let serial = (routers[index].timerSerial[timer] ?? 0) + 1 + random.next(below: 1000) * 7
        routers[index].timerSerial[timer] = serial
        let remaining = Int64(deadline) - Int64(clock(index))
        let late = random.next(below: 300) * Int(microsecond)
        agenda.add(
            .wake(index, timer, serial: serial, life: routers[index].life),
            at: now + UInt64(max(remaining, 0)) + UInt64(late))
    }

    // MARK: The network

    private mutating func broadcast(from index: Int, _ priority: UInt8) {
        let settings = routers[index].election.settings
        let heard = Election.Heard(
            priority: priority, source: settings.primaryAddress, interval: settings.interval)
        for other in routers.indices where other != index && side[other] == side[index] {
            if random.next(below: 100) < lossPercent { continue }
            agenda.add(.deliver(other, heard), at: now + delay())
            if random.next(below: 100) < doublePercent {
                agenda.add(.deliver(other, heard), at: now + delay())
            }
        }
    }

    private mutating func announce(from index: Int) {
        for client in clients.indices where side[client] == side[index] {
            agenda.add(.announcement(client: client, from: index), at: now + delay() / 8)
        }
    }

    private mutating func delay() -> UInt64 {
        50 * microsecond + random.next() % max(longestDelay - 50 * microsecond, 1)
    }

    // MARK: The promises

    private mutating func observe() {
        let masters = masters
        multipleSince = masters.count > 1 ? (multipleSince ?? now) : nil
        noneSince =
            masters.isEmpty && routers.contains(where: isEligible) ? (noneSince ?? now) : nil
        if masters.count == 1 {
            if singleSince?.router != masters[0] { singleSince = (masters[0], now) }
        } else {
            singleSince = nil
        }
    }

    private mutating func judge(until time: UInt64) {
        guard isWhole, time > cleanSince else { return }
        if let since = multipleSince, time - max(since, cleanSince) > multipleBound {
            fail("masters \(masters) for \((time - max(since, cleanSince)) / microsecond) µs")
        }
        if let since = noneSince, time - max(since, cleanSince) > noneBound {
            fail("no master for \((time - max(since, cleanSince)) / microsecond) µs")
        }
        if watchesClients, let (router, since) = singleSince,
            time - max(since, cleanSince) > multipleBound + 100 * millisecond,
            let lost = clients.firstIndex(where: { $0 != nil && $0 != router })
        {
            fail("host \(lost) sends to \(String(describing: clients[lost])), not to \(router)")
        }
    }

    mutating func fail(_ what: String) {
        failures.append("at \(now / microsecond) µs: \(what)")
    }
}

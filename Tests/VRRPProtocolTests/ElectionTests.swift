// Single steps of elections: which events lead where, when, and in what order things are done.

import Addresses
import Testing

@testable import VRRPProtocol

/// An election with a clock, for tests.
struct Bench {
    var election: Election
    var now: UInt64 = 1_000_000_000_000
    var effects: [Election.Effect] = []

    init(
        _ version: VRRPVersion = .three, priority: UInt8 = 100,
        interval: UInt64 = ProtocolNumbers.second,
        change: (inout Election.Settings) -> Void = { _ in }
    ) {
        var settings = Election.Settings(
            version: version, priority: priority, primaryAddress: address("10.0.0.5"),
            interval: interval)
        change(&settings)
        election = Election(settings: settings)
    }

    /// Steps at a time in milliseconds from now; returns what is to be done, but for timers.
    @discardableResult
    mutating func step(_ event: Election.Event, after milliseconds: UInt64 = 0) -> [Election.Effect]
    {
        now += milliseconds * millisecond
        effects = []
        election.step(event, at: now, into: &effects)
        return effects.filter {
            switch $0 {
            case .arm, .disarm: false
            default: true
            }
        }
    }

    /// Goes to the deadline of a timer and lets it fire.
    @discardableResult
    mutating func reach(_ timer: Election.Timer) -> [Election.Effect] {
        now = election.deadline(of: timer)!
        return step(.timer(timer))
    }

    /// Milliseconds until a timer.
    func wait(_ timer: Election.Timer) -> UInt64? {
        election.deadline(of: timer).map { ($0 - now) / millisecond }
    }

    mutating func becomeMaster() {
        step(.start)
        if election.state == .backup { reach(.masterDown) }
    }

    /// Lets some intervals pass as master.
    mutating func serve(intervals: Int) {
        for _ in 0..<intervals { reach(.advertise) }
    }
}

func heard(
    _ priority: UInt8, from source: String = "10.0.0.9",
    interval: UInt64 = ProtocolNumbers.second
) -> Election.Event {
    .heard(Election.Heard(priority: priority, source: address(source), interval: interval))
}

@Suite struct ElectionTests {
    static let second = ProtocolNumbers.second

    // MARK: Times

    @Test func `an advert may go out a little early, and the beat stays`() throws {
        var bench = Bench { $0.advertiseSlack = 2 * millisecond }
        bench.becomeMaster()
        let due = try #require(bench.election.deadline(of: .advertise))
        bench.now = due - 2 * millisecond - 1
        #expect(bench.step(.timer(.advertise)) == [])
        #expect(bench.election.deadline(of: .advertise) == due)
        bench.now += 1
        #expect(bench.step(.timer(.advertise)) == [.sendAdvertisement(priority: 100)])
        #expect(bench.election.deadline(of: .advertise) == due + ProtocolNumbers.second)
    }

    @Test(arguments: [
        (VRRPVersion.two, second, UInt64(3609)), (.three, second, 3609), (.three, second / 10, 360),
        (.three, second / 50, 72), (.two, 2 * second, 6609),
    ])
    func `a backup of priority 100 waits as long as keepalived does`(
        _ version: VRRPVersion, _ interval: UInt64, _ milliseconds: UInt64
    ) {
        var bench = Bench(version, interval: interval)
        bench.step(.start)
        #expect(bench.election.state == .backup)
        #expect(bench.wait(.masterDown) == milliseconds)
    }

    @Test func `the number of missed intervals is a setting`() {
        var bench = Bench { $0.downTimerAdverts = 5 }
        bench.step(.start)
        #expect(bench.wait(.masterDown) == 5609)
    }

    @Test func `version 3 learns the master's interval, version 2 does not`() {
        for (version, expected) in [(VRRPVersion.three, UInt64(360)), (.two, 3609)] {
            var bench = Bench(version)
            bench.step(.start)
            bench.step(heard(200, interval: Self.second / 10))
            #expect(bench.wait(.masterDown) == expected)
        }
    }

    @Test func `a master that stops is followed after the skew`() {
        for (version, expected) in [(VRRPVersion.three, UInt64(60)), (.two, 609)] {
            var bench = Bench(version, interval: version == .two ? Self.second : Self.second / 10)
            bench.step(.start)
            bench.step(heard(200, interval: bench.election.settings.interval))
            bench.step(heard(0, interval: bench.election.settings.interval))
            #expect(bench.wait(.masterDown) == expected)
            #expect(
                bench.reach(.masterDown).contains(
                    .transition(from: .backup, to: .master, because: .masterStopped)))
        }
    }

    @Test func `the end of a router that is not the master is no news`() {
        var bench = Bench()
        bench.step(.start)
        bench.step(heard(200, from: "10.0.0.9"))
        bench.step(heard(0, from: "10.0.0.8"))
        #expect(bench.wait(.masterDown) == 3609)
    }

    // MARK: Start

    @Test func `the owner serves at once: advertisement, addresses, announcement`() {
        var bench = Bench(priority: 255)
        #expect(
            bench.step(.start) == [
                .sendAdvertisement(priority: 255), .takeAddresses, .announce(.transition),
                .transition(from: .initial, to: .master, because: .owner),
            ])
        #expect(bench.wait(.advertise) == 1000)
    }

    @Test func `a start delay holds the election back`() {
        var bench = Bench(priority: 255) { $0.startupDelay = 5 * Self.second }
        #expect(bench.step(.start).isEmpty)
        #expect(bench.election.state == .initial)
        #expect(bench.wait(.startup) == 5000)
        #expect(bench.step(heard(100), after: 100).isEmpty)
        bench.reach(.startup)
        #expect(bench.election.state == .master)
    }

    @Test func `a fault before the start begins in fault`() {
        var bench = Bench()
        bench.step(.faultBegan)
        #expect(
            bench.step(.start) == [.transition(from: .initial, to: .fault, because: .fault)])
        #expect(
            bench.step(.faultEnded) == [
                .transition(from: .fault, to: .backup, because: .faultEnded)
            ])
    }

    // MARK: Backup

    @Test func `equal and higher priorities keep a backup waiting, lower ones do not`() {
        var bench = Bench()
        bench.step(.start)
        for priority: UInt8 in [100, 101, 255] {
            bench.step(heard(priority), after: 1000)
            #expect(bench.wait(.masterDown) == 3609)
        }
        bench.step(heard(99), after: 1000)
        #expect(bench.wait(.masterDown) == 2609)
    }

    @Test func `who does not preempt lets a lower master stay, and says so once`() {
        var bench = Bench { $0.preempts = false }
        bench.step(.start)
        #expect(
            bench.step(heard(50), after: 1000) == [
                .note(.lowerPriorityStays(50, address("10.0.0.9")))
            ])
        #expect(bench.step(heard(50), after: 1000).isEmpty)
        #expect(bench.wait(.masterDown) == 3609)
        bench.reach(.masterDown)
        #expect(bench.election.state == .master)
    }

    @Test func `a delay of preemption begins with the first lower advertisement`() {
        var bench = Bench { $0.preemptDelay = 5 * Self.second }
        bench.step(.start)
        for tick in 0..<10 {
            bench.step(heard(50), after: 1000)
            // Five seconds later its timer runs on.
            #expect(bench.wait(.masterDown)! == (tick < 5 ? 3609 : 3609 - 1000 * UInt64(tick - 4)))
            if bench.wait(.masterDown)! < 1000 { break }
        }
        bench.reach(.masterDown)
        #expect(bench.election.state == .master)
    }

    @Test func `a delay of preemption is no delay when nobody serves`() {
        var bench = Bench { $0.preemptDelay = 50 * Self.second }
        bench.step(.start)
        bench.step(heard(50), after: 1000)
        bench.reach(.masterDown)
        #expect(bench.election.state == .master)
    }

    @Test func `the last word of a loser does not shorten the wait for the master`() {
        var bench = Bench { $0.preempts = false }
        bench.step(.start)
        bench.step(heard(200, from: "10.0.0.9"), after: 1000)
        bench.step(heard(150, from: "10.0.0.8", interval: Self.second / 100), after: 1)
        #expect(bench.wait(.masterDown) == 3608)
        // It was the master after all.
        bench.step(heard(150, from: "10.0.0.8", interval: Self.second / 100), after: 10)
        #expect(bench.wait(.masterDown) == 36)
    }

    @Test func `an early or stale timer does nothing`() {
        var bench = Bench()
        bench.step(.start)
        #expect(bench.step(.timer(.masterDown), after: 100).isEmpty)
        #expect(bench.step(.timer(.advertise), after: 10_000).isEmpty)
        #expect(bench.election.state == .backup)
    }

    // MARK: Master

    @Test func `a master keeps its beat, also when it is a little late`() {
        var bench = Bench(interval: Self.second / 100)
        bench.becomeMaster()
        let first = bench.election.deadline(of: .advertise)!
        for beat in 1..<50 as Range<UInt64> {
            bench.now = bench.election.deadline(of: .advertise)! + 3 * millisecond
            #expect(bench.step(.timer(.advertise)) == [.sendAdvertisement(priority: 100)])
            #expect(bench.election.deadline(of: .advertise) == first + beat * 10 * millisecond)
        }
    }

    @Test func `a better master is given way, with a last word after the addresses are gone`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 3)
        #expect(
            bench.step(heard(150)) == [
                .releaseAddresses, .sendAdvertisement(priority: 100),
                .transition(
                    from: .master, to: .backup,
                    because: .higherPriority(150, address("10.0.0.9"))),
            ])
        #expect(bench.wait(.masterDown) == 3609)
    }

    @Test func `the letter of the RFC has no last word`() {
        for change in [
            { (settings: inout Election.Settings) in settings.isStrict = true },
            { (settings: inout Election.Settings) in settings.sendsLastAdvertisement = false },
        ] {
            var bench = Bench(change: change)
            bench.becomeMaster()
            #expect(bench.step(heard(150))[0..<2].contains(.releaseAddresses))
            #expect(!bench.effects.contains(.sendAdvertisement(priority: 100)))
        }
    }

    @Test(arguments: [("10.0.0.4", Election.State.master), ("10.0.0.6", .backup)])
    func `between equal priorities the higher address serves`(
        _ source: String, _ state: Election.State
    ) {
        var bench = Bench()
        bench.becomeMaster()
        bench.step(heard(100, from: source))
        #expect(bench.election.state == state)
    }

    @Test func `a lower master is answered and the hosts are told, at once`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 3)
        #expect(
            bench.step(heard(50), after: 10) == [
                .lowerPriorityHeard(50, address("10.0.0.9")), .splitBegan,
                .sendAdvertisement(priority: 100), .announce(.lowerPriority),
            ])
    }

    @Test func `a lower master is only told off where the advertisement is not wanted`() {
        var bench = Bench { $0.answersLowerPriority = false }
        bench.becomeMaster()
        bench.serve(intervals: 3)
        let done = bench.step(heard(50), after: 10)
        #expect(done.contains(.announce(.lowerPriority)))
        #expect(!done.contains(.sendAdvertisement(priority: 100)))
    }

    @Test func `the master that was just replaced is no split`() {
        var bench = Bench()
        bench.becomeMaster()
        #expect(!bench.step(heard(50), after: 5).contains(.splitBegan))
    }

    @Test func `a split ends when the other is quiet, and its length is known`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 3)
        bench.step(heard(50), after: 10)
        bench.step(heard(50), after: 500)
        var done: [Election.Effect] = []
        while done.isEmpty {
            bench.step(.timer(.advertise))
            bench.now = min(
                bench.election.deadline(of: .splitQuiet)!,
                bench.election.deadline(of: .advertise)!)
            done = bench.step(.timer(.splitQuiet))
        }
        #expect(done == [.splitEnded(lasted: 500 * millisecond)])
    }

    @Test func `another's ARP for our address is answered`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 2)
        #expect(
            bench.step(.foreignAnnouncement, after: 10) == [
                .splitBegan, .sendAdvertisement(priority: 100), .announce(.secondMaster),
            ])
        var backup = Bench()
        backup.step(.start)
        #expect(backup.step(.foreignAnnouncement).isEmpty)
    }

    @Test func `ten thousand signs of a second master make few answers, and the last has one`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 2)
        var announcements = 0
        for _ in 0..<10_000 {
            bench.now += 100 * microsecond
            for event in [heard(50), .timer(.answer), .timer(.advertise)] {
                announcements +=
                    bench.step(event).filter { $0 == .announce(.lowerPriority) }.count
            }
        }
        #expect((10...17).contains(announcements))
        let wait = bench.wait(.answer)
        #expect(wait != nil && wait! <= 80)
        #expect(bench.reach(.answer).contains(.announce(.lowerPriority)))
        #expect(bench.wait(.answer) == nil)
    }

    @Test func `a stop heard by a master is answered and announced`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 2)
        #expect(
            bench.step(heard(0), after: 10) == [
                .splitBegan, .sendAdvertisement(priority: 100), .announce(.secondMaster),
            ])
    }

    // MARK: Sleep

    @Test func `a master that overslept listens before it asserts`() {
        var late = Bench()
        late.becomeMaster()
        late.now += 1000 * millisecond + late.election.settings.oversleepLimit + 1
        late.step(.timer(.advertise))
        #expect(late.election.state == .backup)
        #expect(late.effects.contains(.sendAdvertisement(priority: 0)))
        #expect(!late.effects.contains(.sendAdvertisement(priority: 100)))
        #expect(late.wait(.masterDown) == 3609)
    }

    @Test func `whatever wakes a master that overslept finds it a backup`() {
        for event in [heard(50), .priorityChanged(7), .timer(.answer), .foreignAnnouncement] {
            var bench = Bench()
            bench.becomeMaster()
            bench.step(event, after: 60_000)
            #expect(bench.election.state == .backup)
        }
    }

    @Test func `a smaller delay only sends`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.now += 1000 * millisecond + bench.election.settings.oversleepLimit
        #expect(bench.step(.timer(.advertise)).contains(.sendAdvertisement(priority: 100)))
        #expect(bench.election.state == .master)
        #expect(bench.wait(.advertise) == 1000)
    }

    @Test func `a backup that overslept listens again`() {
        var bench = Bench()
        bench.step(.start)
        #expect(
            bench.step(.timer(.masterDown), after: 60_000) == [
                .note(.overslept(56_390_625_000))
            ])
        #expect(bench.wait(.masterDown) == 3609)
    }

    @Test func `who need not listen asserts at once`() {
        var owner = Bench(priority: 255)
        owner.becomeMaster()
        owner.step(.timer(.advertise), after: 60_000)
        #expect(owner.election.state == .master)
        var bench = Bench { $0.listensAfterOversleeping = false }
        bench.becomeMaster()
        bench.step(.timer(.advertise), after: 60_000)
        #expect(bench.election.state == .master)
    }

    // MARK: Owners

    @Test func `of two owners the one with the lower address yields until the other is quiet`() {
        var bench = Bench(priority: 255)
        bench.becomeMaster()
        bench.serve(intervals: 2)
        #expect(bench.step(heard(255)).contains(.note(.secondOwner(address("10.0.0.9")))))
        #expect(bench.election.state == .backup)
        #expect(bench.election.runningPriority == 254)
        #expect(bench.wait(.masterDown) == 3007)
        bench.reach(.masterDown)
        #expect(bench.election.state == .master)
        #expect(bench.effects.contains(.sendAdvertisement(priority: 255)))
    }

    @Test func `an owner may be told to listen to nobody`() {
        var bench = Bench(priority: 255) { $0.ownerIgnoresAdvertisements = true }
        bench.becomeMaster()
        #expect(bench.step(heard(255)).isEmpty)
        #expect(bench.election.state == .master)
    }

    // MARK: Faults, operators, reloads, end

    @Test func `a fault of the master says so after the addresses are gone`() {
        var bench = Bench()
        bench.becomeMaster()
        #expect(
            bench.step(.faultBegan) == [
                .releaseAddresses, .sendAdvertisement(priority: 0),
                .transition(from: .master, to: .fault, because: .fault),
            ])
        #expect(bench.step(heard(50)).isEmpty)
        bench.step(.faultEnded)
        #expect(bench.election.state == .backup)
        #expect(bench.wait(.masterDown) == 3609)
    }

    @Test func `the end of a master says so after the addresses are gone`() {
        var bench = Bench()
        bench.becomeMaster()
        #expect(
            bench.step(.shutdown) == [
                .releaseAddresses, .sendAdvertisement(priority: 0),
                .transition(from: .master, to: .initial, because: .shutdown),
            ])
        #expect(Election.Timer.allCases.allSatisfy { bench.election.deadline(of: $0) == nil })
        #expect(bench.step(.shutdown).isEmpty)
    }

    @Test func `a master that hands over lets anybody serve, and serves when nobody does`() {
        var bench = Bench()
        bench.becomeMaster()
        let done = bench.step(.handOver)
        #expect(done.prefix(2) == [.releaseAddresses, .sendAdvertisement(priority: 0)])
        bench.step(heard(1), after: 50)
        for _ in 0..<20 {
            bench.step(heard(1), after: 1000)
            #expect(bench.wait(.masterDown) == 3609)
        }
        // The other stops: others still come first.
        bench.step(heard(0), after: 10)
        #expect(bench.wait(.masterDown) == 3599)
        bench.reach(.masterDown)
        #expect(bench.election.state == .master && bench.election.hold == .none)
    }

    @Test func `who is to stay backup stays, and says once that nobody serves`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.step(.stayBackup)
        bench.step(heard(1), after: 50)
        #expect(bench.reach(.masterDown) == [.note(.heldBack)])
        #expect(bench.reach(.masterDown).isEmpty)
        #expect(bench.election.state == .backup)
        bench.step(.commanded(.becomeMaster))
        #expect(bench.election.state == .backup)
        bench.step(.resume)
        bench.reach(.masterDown)
        #expect(bench.election.state == .master)
    }

    @Test func `a lower priority is told at once, and no advertisement follows for nothing`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 2)
        #expect(bench.step(.priorityChanged(70), after: 10) == [.sendAdvertisement(priority: 70)])
        #expect(bench.step(.priorityChanged(70), after: 10).isEmpty)
        #expect(bench.wait(.advertise) == 980)
    }

    @Test func `a reload keeps the mastership`() {
        var bench = Bench()
        bench.becomeMaster()
        bench.serve(intervals: 2)
        var settings = bench.election.settings
        settings.interval = Self.second / 10
        settings.priority = 120
        #expect(
            bench.step(.settingsChanged(settings, priority: 110), after: 500) == [
                .sendAdvertisement(priority: 110)
            ])
        #expect(bench.election.state == .master)
        #expect(bench.wait(.advertise) == 100)
        #expect(bench.step(.settingsChanged(settings, priority: 110)).isEmpty)
        #expect(
            bench.step(.settingsChanged(settings, priority: 90)) == [
                .sendAdvertisement(priority: 90)
            ])
    }

    @Test func `reloads without end do not keep a backup waiting`() {
        var bench = Bench()
        bench.step(.start)
        var settings = bench.election.settings
        for tick in 0..<3 as Range<UInt64> {
            settings.preemptDelay += Self.second
            bench.step(.settingsChanged(settings, priority: 100), after: 1000)
            #expect(bench.wait(.masterDown) == 2609 - 1000 * tick)
        }
        settings.downTimerAdverts = 2
        bench.step(.settingsChanged(settings, priority: 100))
        #expect(bench.wait(.masterDown) == 609)
        settings.downTimerAdverts = 5
        bench.step(.settingsChanged(settings, priority: 100))
        #expect(bench.wait(.masterDown) == 5609)
    }

    @Test func `a backup that a reload makes owner serves`() {
        var bench = Bench()
        bench.step(.start)
        var settings = bench.election.settings
        settings.priority = 255
        bench.step(.settingsChanged(settings, priority: 255))
        #expect(bench.election.state == .master)
    }
}

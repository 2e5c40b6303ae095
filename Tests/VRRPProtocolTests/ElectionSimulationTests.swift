// Thousands of schedules: whatever happened before, once packets flow both ways there is one
// master.

import Addresses
import RandomInputs
import Testing

@testable import VRRPProtocol

@Suite struct ElectionSimulationTests {
    /// What a schedule may contain.
    struct Character: Sendable, CustomTestStringConvertible {
        var name: String
        var version: VRRPVersion
        var hasLoss = true
        var hasOperator = true
        var isMixed = false
        var testDescription: String { name }
    }

    static let characters = [
        Character(name: "version 3", version: .three),
        Character(name: "version 2", version: .two),
        Character(name: "version 3, mixed settings", version: .three, isMixed: true),
        Character(name: "version 2, mixed settings", version: .two, isMixed: true),
        Character(name: "partitions and pauses alone", version: .three, hasLoss: false),
        Character(
            name: "partitions alone, default settings", version: .three, hasLoss: false,
            hasOperator: false),
    ]

    @Test(arguments: characters)
    func `there is one master once packets flow`(_ character: Character) {
        var seeds = Seeded(for: "elections, \(character.name)")
        var transitions = 0
        for _ in 0..<Self.schedulesPerCharacter {
            let seed = seeds.next()
            let simulation = Self.run(character, seed)
            transitions += simulation.transitions
            if let failure = simulation.failures.first {
                Issue.record("schedule \(seed): \(failure)")
                Self.show(character, seed)
                return
            }
        }
        #expect(transitions > 2 * Self.schedulesPerCharacter)
    }

    static let schedulesPerCharacter = 400

    /// The end of the trace of a schedule that failed.
    static func show(_ character: Character, _ seed: UInt64) {
        let simulation = run(character, seed, isTraced: true)
        for router in simulation.routers { print(router.settings) }
        for line in simulation.trace.suffix(60) { print(line) }
    }

    static func run(
        _ character: Character, _ seed: UInt64, isTraced: Bool = false
    ) -> NetworkSimulation {
        var random = Seeded("\(seed)")
        let settings = settings(character, &random)
        var simulation = NetworkSimulation(settings, random: random)
        simulation.isTraced = isTraced
        simulation.watchesClients = !character.hasLoss && !character.isMixed
        for index in settings.indices { simulation.start(index) }
        simulation.disturb()
        for _ in 0..<6 where simulation.failures.isEmpty {
            Schedule.disturb(&simulation, character)
            Schedule.settle(&simulation)
        }
        return simulation
    }

    static func settings(
        _ character: Character, _ random: inout Seeded
    ) -> [Election.Settings] {
        let count = 2 + random.next(below: 3)
        let steps: [UInt64] = [1, 2, 5, 10, 50, 100]
        let common =
            character.version == .two
            ? ProtocolNumbers.second * UInt64(1 + random.next(below: 2))
            : ProtocolNumbers.centisecond * steps[random.next(below: steps.count)]
        let hasEqual = random.next(below: 4) == 0
        return (0..<count).map { index in
            var settings = Election.Settings(
                version: character.version,
                priority: hasEqual ? 100 : UInt8(1 + random.next(below: 254)),
                primaryAddress: IPAddress(v4: 0x0A00_0001 + UInt32(index)), interval: common)
            guard character.isMixed else { return settings }
            settings.preempts = random.next(below: 2) == 0
            settings.preemptDelay = random.next(below: 3) == 0 ? 3 * common : 0
            settings.isStrict = random.next(below: 6) == 0
            settings.answersLowerPriority = random.next(below: 2) != 0
            settings.listensAfterOversleeping = random.next(below: 4) != 0
            settings.startupDelay = random.next(below: 4) == 0 ? 5 * common : 0
            if random.next(below: 8) == 0 { settings.priority = 255 }
            if character.version == .three, random.next(below: 2) == 0 {
                settings.interval = common * [1, 1, 2, 5, 8][random.next(below: 5)]
            }
            return settings
        }
    }
}

/// What happens to a network, by chance.
enum Schedule {
    typealias Character = ElectionSimulationTests.Character

    /// Some troubles, for a while, and their end.
    static func disturb(_ simulation: inout NetworkSimulation, _ character: Character) {
        let count = simulation.routers.count
        let while_ = (1 + simulation.random.next() % 8) * simulation.noneBound / 4
        var paused: [Int] = []
        var stopped: [Int] = []
        for _ in 0..<1 + simulation.random.next(below: 3) {
            let index = simulation.random.next(below: count)
            switch simulation.random.next(below: character.hasOperator ? 9 : 3) {
            case 0:
                for router in 0..<count {
                    simulation.side[router] = simulation.random.next(below: 2)
                }
            case 1:
                simulation.pause(index)
                paused.append(index)
            case 2:
                simulation.crash(index)
                stopped.append(index)
            case 3:
                simulation.give(index, .shutdown)
                simulation.crash(index)
                stopped.append(index)
            case 4:
                let priority = simulation.routers[index].settings.priority
                if priority != 255 {
                    simulation.give(
                        index, .priorityChanged(UInt8(1 + simulation.random.next(below: 254))))
                }
            case 5:
                simulation.give(
                    index, simulation.random.next(below: 2) == 0 ? .faultBegan : .faultEnded)
            case 6:
                let events: [Election.Event] = [.handOver, .stayBackup, .resume]
                simulation.give(index, events[simulation.random.next(below: 3)])
            case 7: reload(&simulation, index)
            default:
                guard character.hasLoss else { break }
                simulation.lossPercent = simulation.random.next(below: 90)
                simulation.doublePercent = simulation.random.next(below: 50)
                simulation.longestDelay =
                    millisecond + simulation.random.next() % (2 * simulation.multipleBound)
            }
        }
        simulation.disturb()
        let began = simulation.now
        simulation.run(until: began + while_)
        let delay = simulation.longestDelay
        simulation.lossPercent = 0
        simulation.longestDelay = millisecond
        simulation.heal()
        for index in Set(paused).sorted() {
            let asleep = Int64(simulation.now - began)
            let moves = [0, -asleep, asleep / 2, 3_600_000_000_000]
            simulation.resume(index, clockMoves: moves[simulation.random.next(below: 4)])
        }
        for index in Set(stopped).sorted() { simulation.start(index) }
        simulation.disturb()
        simulation.cleanSince = simulation.now + delay
    }

    private static func reload(_ simulation: inout NetworkSimulation, _ index: Int) {
        var settings = simulation.routers[index].settings
        guard settings.priority != 255 else { return }
        settings.priority = UInt8(1 + simulation.random.next(below: 254))
        simulation.routers[index].settings = settings
        simulation.give(index, .settingsChanged(settings, priority: settings.priority))
    }

    /// Long enough for everything to come to rest, and then for a while at rest.
    static func settle(_ simulation: inout NetworkSimulation) {
        let delays = simulation.routers.map { $0.settings.preemptDelay + $0.settings.startupDelay }
        let rest = simulation.noneBound * 3 + (delays.max() ?? 0)
        simulation.run(until: simulation.cleanSince + rest)
        guard simulation.failures.isEmpty else { return }
        let eligible = simulation.routers.indices.filter {
            simulation.isEligible(simulation.routers[$0])
        }
        let masters = simulation.masters
        let transitions = simulation.transitions
        if masters.count != (eligible.isEmpty ? 0 : 1) {
            simulation.fail("at rest, masters are \(masters) of \(eligible)")
        }
        checkBest(&simulation, eligible)
        simulation.run(until: simulation.now + simulation.noneBound)
        if simulation.transitions != transitions || simulation.masters != masters {
            simulation.fail("no rest: \(masters) became \(simulation.masters)")
        }
        if let split = simulation.routers.firstIndex(where: \.isSplit) {
            simulation.fail("\(split) still sees a split")
        }
    }

    /// Where everybody preempts and nobody is held back, the highest priority serves.
    private static func checkBest(_ simulation: inout NetworkSimulation, _ eligible: [Int]) {
        let elections = eligible.map { simulation.routers[$0].election }
        guard elections.allSatisfy({ $0.settings.preempts && $0.hold == .none }),
            let best = elections.map(\.runningPriority).max(),
            let master = simulation.masters.first
        else { return }
        let priority = simulation.routers[master].election.runningPriority
        if priority != best { simulation.fail("priority \(priority) serves, not \(best)") }
    }
}

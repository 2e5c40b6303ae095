// Measurements under load: many instances, junk, a busy machine.

import Glibc
import LoadTesting

extension VRRPBench {
    // MARK: - 255 instances

    private static let many = 255

    private static func manyConfiguration(_ priority: Int) -> RouterConfiguration {
        var configuration = RouterConfiguration(InstanceText(priority: priority))
        configuration.instances = (1...many).map { id in
            InstanceText(priority: priority).with {
                $0.name = "VI_\(id)"
                $0.id = id
                $0.interval = "1"
                $0.addresses = ["10.9.2.\(id)/32"]
            }
        }
        return configuration
    }

    mutating func measureMany() {
        for round in 1...max(1, min(options.rounds, 3)) {
            for program in options.programs {
                do {
                    try Lab.run { lab throws(LabFailure) in try measureMany(program, lab) }
                } catch {
                    report.fail("many, round \(round), \(program): \(error)")
                }
            }
            progress("  round \(round)")
        }
    }

    private static func owns(_ lab: Lab, _ host: String) -> Bool {
        (1...many).allSatisfy { lab.owners(of: "10.9.2.\($0)") == [host] }
    }

    private mutating func measureMany(
        _ program: RouterProgram, _ lab: Lab
    ) throws(LabFailure) {
        let (a, b) = (lab["A"], lab["B"])
        let configurations = [Self.manyConfiguration(250).text, Self.manyConfiguration(240).text]
        try a.start(program, configurations[0])
        guard Lab.wait(seconds: 60, until: { Self.owns(lab, "A") }) else {
            throw LabFailure("A is not master of all")
        }
        try b.start(program, configurations[1])
        // Addresses are announced once more five seconds after they were taken.
        Lab.pass(seconds: 8)
        try measureUse(program, ["as master": a, "as backup": b])
        let told = Lab.now
        a.beginStop()
        try addMoves(program, lab, since: told, "after SIGTERM")
        a.stop()
        try a.start(program, configurations[0])
        guard Lab.wait(seconds: 60, until: { Self.owns(lab, "A") }) else {
            throw LabFailure("A is not master of all again")
        }
        Lab.pass(seconds: 3)
        let killed = Lab.now
        a.crash()
        try addMoves(program, lab, since: killed, "after a kill")
    }

    /// CPU time over ten seconds and memory of two daemons.
    private mutating func measureUse(
        _ program: RouterProgram, _ hosts: [String: LabHost]
    ) throws(LabFailure) {
        func time(_ host: LabHost) throws(LabFailure) -> Double {
            guard let pid = host.process, let time = ProcessReadings.treeRunSeconds(of: pid) else {
                throw LabFailure("the daemon is gone")
            }
            return time
        }
        var before: [String: Double] = [:]
        for (role, host) in hosts { before[role] = try time(host) }
        Lab.pass(seconds: 10)
        for (role, host) in hosts.sorted(by: { $0.key > $1.key }) {
            let used = try time(host) - (before[role] ?? 0)
            report.add(
                "255 instances \(role), CPU", "ms/s", decimals: 2, aim: .atMostPeer, program,
                used * 100)
            report.add("255 instances \(role), memory", "MB", program, Self.memory(of: host))
        }
    }

    /// When B announced the first and the last of all addresses.
    private mutating func addMoves(
        _ program: RouterProgram, _ lab: Lab, since moment: UInt64, _ when: String
    ) throws(LabFailure) {
        func firsts() -> [UInt64] {
            var first: [String: UInt64] = [:]
            for seen in lab.announcements(from: "B", since: moment) {
                let address = "\(seen.address)"
                if address.hasPrefix("10.9.2."), first[address] == nil {
                    first[address] = seen.time
                }
            }
            return first.values.sorted()
        }
        let areAll = Lab.wait(seconds: 20) {
            usleep(50_000)
            return firsts().count == Self.many
        }
        let times = firsts()
        guard areAll, let first = times.first, let last = times.last else {
            throw LabFailure("B announced \(times.count) of \(Self.many) addresses \(when)")
        }
        report.add(
            "255 instances, all announced \(when)", "ms", decimals: 0, program,
            Double(last - moment) / 1e6)
        report.add(
            "255 instances, from first to last \(when)", "ms", decimals: 0, aim: .below(1000),
            program, Double(last - first) / 1e6)
    }

    /// Resident memory of a daemon's processes in megabytes.
    private static func memory(of host: LabHost) -> Double {
        let footprint = host.process.flatMap { ProcessReadings.treeFootprint(of: $0) }
        return Double(footprint?.residentBytes ?? 0) / 1e6
    }

    // MARK: - junk

    mutating func measureJunk() {
        for round in 1...max(1, min(options.rounds, 3)) {
            for program in options.programs {
                let plan = LabPlan(hosts: ["A", "B", "C"])
                do throws(LabFailure) {
                    let pair = try Pair(
                        program, Self.configuration(150), Self.configuration(100), plan: plan)
                    defer { pair.lab.close() }
                    try pair.settle()
                    try measureJunk(pair)
                } catch {
                    report.fail("junk, round \(round), \(program): \(error)")
                }
            }
            progress("  round \(round)")
        }
    }

    private mutating func measureJunk(_ pair: Pair) throws(LabFailure) {
        let lab = pair.lab
        var random = RandomFrames(seed: RandomFrames.seed)
        let memory = Self.memory(of: lab["A"])
        var moment = Lab.now
        // 4,000 packets a second.
        for mutated in [false, true] {
            for _ in 0..<500 {
                let frames = (0..<40).map { _ in
                    mutated ? random.nextMutated() : random.nextRandom()
                }
                try lab["C"].send(frames)
                Lab.pass(seconds: 0.01)
            }
        }
        addDisturbance(pair, "40,000 junk packets", since: moment)
        report.add(
            "40,000 junk packets, memory grew", "kB", decimals: 0, aim: .below(256), pair.program,
            (Self.memory(of: lab["A"]) - memory) * 1000)
        try pair.settle()
        let bad = CraftedAdvert().with {
            $0.priority = 254
            $0.checksumError = 7
        }.frame
        moment = Lab.now
        for _ in 0..<500 {
            try lab["C"].send([bad])
            Lab.pass(seconds: 0.02)
        }
        addDisturbance(pair, "50 bad adverts a second", since: moment)
    }

    /// Adverts that the master owed and did not send, and addresses that came and went.
    private mutating func addDisturbance(_ pair: Pair, _ cause: String, since moment: UInt64) {
        let times = [moment] + pair.lab.adverts(from: "A", since: moment).map(\.time) + [Lab.now]
        let missed = zip(times, times.dropFirst()).reduce(0) { sum, pair in
            sum + max(0, Int((Double(pair.1 - pair.0) / 1e8).rounded()) - 1)
        }
        report.add(
            "\(cause), missed adverts", "count", decimals: 0, aim: .below(1), pair.program,
            Double(missed))
        report.add(
            "\(cause), moves of the address", "count", decimals: 0, aim: .below(1), pair.program,
            Double(pair.lab.addressEvents(of: Pair.address, since: moment).count))
    }

    // MARK: - a busy machine

    mutating func measureJitter() {
        for round in 1...max(1, min(options.rounds, 5)) {
            for isRealTime in [false, true] {
                for program in options.programs {
                    do {
                        try Lab.run(LabPlan(hosts: ["A"], core: 0)) { lab throws(LabFailure) in
                            try measureJitter(program, lab, isRealTime: isRealTime)
                        }
                    } catch {
                        report.fail("jitter, round \(round), \(program): \(error)")
                    }
                }
            }
            progress("  round \(round)")
        }
    }

    private mutating func measureJitter(
        _ program: RouterProgram, _ lab: Lab, isRealTime: Bool
    ) throws(LabFailure) {
        let configuration = Self.configuration(150, "0.01").with {
            if isRealTime { $0.global = ["vrrp_rt_priority 50", "vrrp_no_swap"] }
        }
        let busy: ChildProcess
        do {
            busy = try ChildProcess(
                ["sh", "-c", "while :; do :; done"], core: 1, outputPath: "\(lab.folder)/busy")
        } catch {
            throw LabFailure("a busy program: \(error.text)")
        }
        defer { busy.stop(with: SIGKILL) }
        try lab["A"].start(program, configuration.text)
        guard Lab.wait(seconds: 10, until: { lab.adverts(from: "A").count > 50 }) else {
            throw LabFailure("A is not master")
        }
        let moment = Lab.now
        Lab.pass(seconds: 10)
        let times = lab.adverts(from: "A", since: moment).map(\.time)
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 }
        guard gaps.count > 100 else { throw LabFailure("\(gaps.count) adverts in 10 s") }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        let name = "10 ms adverts on a busy machine" + (isRealTime ? ", real-time" : "")
        report.add(
            "\(name), deviation", "ms", decimals: 3, aim: .below(1), program,
            variance.squareRoot())
        report.add("\(name), longest gap", "ms", decimals: 2, program, gaps.max() ?? 0)
    }
}

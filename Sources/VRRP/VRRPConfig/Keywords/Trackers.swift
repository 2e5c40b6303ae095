// Keywords of what instances follow: files, processes, scripts, BFD sessions, the proxy's health
// and built-in checks. keepalived.conf(5): Track files to VRRP script(s); the last two are ours.

import Addresses
import ConfigLanguage

private let millisecond: UInt64 = 1_000_000
private let hour: UInt64 = 3_600_000_000_000

extension VRRPKeyword {
    /// Rows of `track_file`.
    static let trackFile: [VRRPKeyword] = [
        .word("file", .trackFile, "PATH", "Names the file.") { $0.trackFile.path = $1 },
        VRRPKeyword(
            "weight", .trackFile, "-2147483647..2147483647 [reverse]",
            "Multiplies the number in the file."
        ) { reading, statement in
            let range = -2_147_483_647...2_147_483_647
            if let weight = reading.weight(statement, in: range) {
                reading.trackFile.weight = weight
            }
        },
        VRRPKeyword(
            "init_file", .trackFile, "[VALUE] [overwrite]", "Creates the file with a value."
        ) { reading, statement in
            var initialization = TrackFileDefinition.Initialization()
            for word in statement.arguments {
                if word == "overwrite" {
                    initialization.overwrites = true
                } else if let value = Numbers.integer(word), abs(value) <= 2_147_483_647 {
                    initialization.value = value
                } else {
                    return reading.mistake(
                        statement, expected: "a number and 'overwrite'", found: word)
                }
            }
            reading.trackFile.initialization = initialization
        },
    ]

    /// Rows of `vrrp_track_process`.
    static let trackProcess: [VRRPKeyword] = [
        VRRPKeyword(
            "process", .trackProcess, "NAME [PARAMETER...]", "Names the process."
        ) { reading, statement in
            guard let name = reading.word(statement) else { return }
            reading.trackProcess.process = name
            reading.trackProcess.parameters = Array(statement.arguments.dropFirst())
        },
        VRRPKeyword(
            "param_match", .trackProcess, "initial|partial",
            "Says how parameters are compared."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            switch statement.arguments.first {
            case nil: reading.trackProcess.parameterMatch = .exact
            case "partial": reading.trackProcess.parameterMatch = .partial
            case "initial": reading.trackProcess.parameterMatch = .initial
            case let word:
                reading.mistake(statement, expected: "'initial' or 'partial'", found: word)
            }
        },
        VRRPKeyword(
            "weight", .trackProcess, "-254..254 [reverse]",
            "Changes the priority; 0 makes a fault."
        ) { reading, statement in
            if let weight = reading.weight(statement, in: -254...254) {
                reading.trackProcess.weight = weight
            }
        },
        .integer("quorum", .trackProcess, 1...65535, "Sets the fewest processes.") {
            $0.trackProcess.quorum = $1
        },
        .integer("quorum_max", .trackProcess, 0...65535, "Sets the most processes.") {
            $0.trackProcess.quorumLimit = $1
        },
        .seconds(
            "fork_delay", .trackProcess, 0...hour, "Sets how long a gained quorum must last."
        ) { $0.trackProcess.forkDelayNanoseconds = $1 },
        .seconds(
            "terminate_delay", .trackProcess, 0...hour, "Sets how long a lost quorum must last."
        ) { $0.trackProcess.terminateDelayNanoseconds = $1 },
        .seconds("delay", .trackProcess, 0...hour, "Sets both delays.") {
            $0.trackProcess.forkDelayNanoseconds = $1
            $0.trackProcess.terminateDelayNanoseconds = $1
        },
        .flag("full_command", .trackProcess, "Compares the whole command line.") {
            $0.trackProcess.comparesCommandLine = $1
        },
    ]

    /// Rows of `vrrp_script`.
    static let script: [VRRPKeyword] = [
        VRRPKeyword(
            "script", .script, "COMMAND", "Names the command."
        ) { reading, statement in
            let before = reading.script.command
            guard var command = reading.command(statement) else { return }
            if command.user == nil {
                command.user = before.user
                command.group = before.group
            }
            reading.script.command = command
        },
        .seconds(
            "interval", .script, millisecond...1_000_000 * 1_000_000_000,
            "Sets the time between two runs."
        ) { $0.script.intervalNanoseconds = $1 },
        .seconds(
            "timeout", .script, millisecond...1_000_000 * 1_000_000_000,
            "Sets how long a run may take."
        ) { $0.script.timeoutNanoseconds = $1 },
        VRRPKeyword(
            "weight", .script, "-253..253 [reverse]", "Changes the priority; 0 makes a fault."
        ) { reading, statement in
            if let weight = reading.weight(statement, in: -253...253) {
                reading.script.weight = weight
            }
        },
        .integer("rise", .script, 1...Int(Int32.max), "Sets how many successes are needed.") {
            $0.script.rise = $1
        },
        .integer("fall", .script, 1...Int(Int32.max), "Sets how many failures are needed.") {
            $0.script.fall = $1
        },
        VRRPKeyword(
            "user", .script, "USER [GROUP]", "Names the account."
        ) { reading, statement in
            reading.expect(atMost: 2, in: statement)
            guard let user = reading.word(statement) else { return }
            let group = statement.words.count > 2 ? statement.words[2] : nil
            guard reading.accountExists(user, group, statement) else { return }
            reading.script.command.user = user
            reading.script.command.group = group
        },
        .mark("init_fail", .script, "Counts as failed until the first success.") {
            $0.script.beginsFailed = true
        },
    ]

    /// Rows of `bfd_instance`.
    static let bfd: [VRRPKeyword] =
        ["neighbor_ip", "neighbour_ip"].map { name in
            .address(name, .bfd, "Names the neighbour.") { $0.bfd.neighbour = $1 }
        } + [
            .address("source_ip", .bfd, "Sets the source address.") { $0.bfd.source = $1 },
            bfdTime("min_rx", "Sets how often packets may come, in milliseconds.") {
                $0.bfd.minimumReceiveNanoseconds = $1
            },
            bfdTime("min_tx", "Sets how often packets are sent, in milliseconds.") {
                $0.bfd.minimumTransmitNanoseconds = $1
            },
            bfdTime("idle_tx", "Sets the same while the session is down.") {
                $0.bfd.idleTransmitNanoseconds = $1
            },
            .integer("multiplier", .bfd, 1...255, "Sets how many missing packets mean down.") {
                $0.bfd.multiplier = $1
            },
            .mark("passive", .bfd, "Waits for the neighbour to begin.") {
                $0.bfd.isPassive = true
            },
            .integer("ttl", .bfd, 1...255, "Sets the TTL of IPv4 packets.") {
                $0.bfd.hopLimit = UInt8($1)
            },
            .integer("hoplimit", .bfd, 1...255, "Sets the hop limit of IPv6 packets.") {
                $0.bfd.hopLimit = UInt8($1)
            },
            .integer("max_hops", .bfd, 0...255, "Sets how much less may arrive.") {
                $0.bfd.allowedHops = UInt8($1)
            },
            .flag("multihop", .bfd, "Uses the port of RFC 5883.") { $0.bfd.isMultihop = $1 },
            VRRPKeyword(
                "weight", .bfd, "-253..253 [reverse]", "Changes the priority; 0 makes a fault."
            ) { reading, statement in
                if let weight = reading.weight(statement, in: -253...253) {
                    reading.bfd.weight = weight
                }
            },
            .mark("vrrp", .bfd, "Tells instances only, which are all there is.") { _ in },
            .withoutEffect(
                "checker", .bfd, "", "Tells checkers only.", reason: WithoutEffect.kernelBalancer),
        ]

    private static func bfdTime(
        _ name: String, _ summary: String,
        set: @escaping @Sendable (inout Reading, UInt64) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, .bfd, "MILLISECONDS", summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            guard let word = statement.arguments.first,
                let value = Numbers.decimal(word, unit: millisecond),
                (millisecond...1_000_000 * millisecond).contains(value)
            else {
                return reading.mistake(
                    statement, expected: "milliseconds from 1 to 1000000",
                    found: statement.arguments.first)
            }
            set(&reading, value)
        }
    }

    /// Rows of `track_martlet`.
    static let martlet: [VRRPKeyword] = [
        .word("socket", .martlet, "PATH", "Names the proxy's admin socket.") {
            $0.martlet.socketPath = $1
        },
        .word("pid_file", .martlet, "PATH", "Names the proxy's pid file.") {
            $0.martlet.pidFile = $1
        },
        .duration("interval", .martlet, "Sets the time between two questions.") {
            $0.martlet.intervalNanoseconds = $1
        },
        .duration("timeout", .martlet, "Sets how long an answer may take.") {
            $0.martlet.timeoutNanoseconds = $1
        },
        VRRPKeyword(
            "loop_delay", .martlet, "DURATION [weight -253..253]",
            "Sets the delay of its loops that is a failure.", apply: OurWords.loopDelay),
        VRRPKeyword(
            "listeners", .martlet, "all|FRONTEND... [weight -253..253]",
            "Names frontends that must be open.", apply: OurWords.listeners),
        VRRPKeyword(
            "accepts", .martlet, "ADDRESS:PORT... [weight -253..253]",
            "Names addresses that must accept connections.", apply: OurWords.accepts),
        VRRPKeyword(
            "backend", .martlet, "NAME|* min_percent 1..100 [by_weight] [weight -253..253]",
            "Sets the share of usable servers that a backend needs.", apply: OurWords.backend),
        .integer("rise", .martlet, 1...Int(Int32.max), "Sets how many good answers are needed.") {
            $0.martlet.rise = $1
        },
        .integer("fall", .martlet, 1...Int(Int32.max), "Sets how many bad answers are needed.") {
            $0.martlet.fall = $1
        },
        VRRPKeyword(
            "weight", .martlet, "-253..253 [reverse]", "Changes the priority; 0 makes a fault."
        ) { reading, statement in
            if let weight = reading.weight(statement, in: -253...253) {
                reading.martlet.weight = weight
            }
        },
        .mark("init_fail", .martlet, "Counts as failed until the first good answer.") {
            $0.martlet.beginsFailed = true
        },
    ]

    /// Rows of `track_check`.
    static let check: [VRRPKeyword] = [
        VRRPKeyword(
            "tcp", .check, "ADDRESS PORT", "Makes a connection.", apply: OurWords.tcp),
        .word("unix", .check, "PATH", "Makes a connection to a unix socket.") {
            $0.check.target = .unix($1)
        },
        VRRPKeyword(
            "http", .check, "http://ADDRESS[:PORT][/PATH] [expect FROM-TO] [host NAME]",
            "Sends a request and looks at the status.", apply: OurWords.http),
        .duration("interval", .check, "Sets the time between two checks.") {
            $0.check.intervalNanoseconds = $1
        },
        .duration("timeout", .check, "Sets how long a check may take.") {
            $0.check.timeoutNanoseconds = $1
        },
        .integer("rise", .check, 1...Int(Int32.max), "Sets how many successes are needed.") {
            $0.check.rise = $1
        },
        .integer("fall", .check, 1...Int(Int32.max), "Sets how many failures are needed.") {
            $0.check.fall = $1
        },
        VRRPKeyword(
            "weight", .check, "-253..253 [reverse]", "Changes the priority; 0 makes a fault."
        ) { reading, statement in
            if let weight = reading.weight(statement, in: -253...253) {
                reading.check.weight = weight
            }
        },
        .mark("init_fail", .check, "Counts as failed until the first success.") {
            $0.check.beginsFailed = true
        },
    ]

    private static func duration(
        _ name: String, _ block: VRRPBlock, _ summary: String,
        set: @escaping @Sendable (inout Reading, UInt64) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, "DURATION", summary) { reading, statement in
            if let value = reading.durationWithUnit(statement, in: millisecond...hour) {
                set(&reading, value)
            }
        }
    }
}

/// Keywords of ours with arguments of their own.
private enum OurWords {
    /// Takes a weight off the end of the words; nil, after an error, when it is none or there is
    /// nothing else.
    private static func words(
        _ reading: inout Reading, _ statement: Statement
    ) -> (words: ArraySlice<String>, weight: Int?)? {
        let words = statement.arguments
        guard let place = words.firstIndex(of: "weight") else { return (words, nil) }
        guard place > words.startIndex, place + 2 == words.endIndex,
            let weight = Numbers.integer(words[place + 1]), (-253...253).contains(weight)
        else {
            reading.mistake(
                statement, expected: "'weight -253..253' at the end", found: words.last)
            return nil
        }
        return (words[..<place], weight)
    }

    /// As ``words(_:_:)``, of a line that names something at least.
    private static func names(
        _ reading: inout Reading, _ statement: Statement
    ) -> (words: ArraySlice<String>, weight: Int?)? {
        reading.word(statement) == nil ? nil : words(&reading, statement)
    }

    /// The weight of all lines of a keyword: another one than that of the lines before would be
    /// lost, which is said.
    private static func joined(
        _ weight: Int?, with known: Int?, isFirst: Bool, _ reading: inout Reading,
        _ statement: Statement
    ) -> Int? {
        if isFirst || weight == known { return weight }
        reading.mistake(
            statement,
            expected: "the weight of the lines before: all '\(statement.name)' have one",
            found: weight.map { String($0) })
        return known
    }

    static func loopDelay(_ reading: inout Reading, _ statement: Statement) {
        guard let (words, weight) = words(&reading, statement) else { return }
        var duration = statement
        duration.words = [statement.name] + words
        guard let value = reading.durationWithUnit(duration, in: millisecond...hour) else {
            return
        }
        reading.martlet.loopDelayNanoseconds = value
        reading.martlet.loopDelayWeight = weight
    }

    static func listeners(_ reading: inout Reading, _ statement: Statement) {
        guard let (words, weight) = names(&reading, statement) else { return }
        let known = reading.martlet
        reading.martlet.listenersWeight = joined(
            weight, with: known.listenersWeight,
            isFirst: known.listeners.isEmpty && !known.needsAllListeners, &reading, statement)
        if words == ["all"] {
            reading.martlet.needsAllListeners = true
        } else {
            reading.martlet.listeners += words
        }
    }

    static func accepts(_ reading: inout Reading, _ statement: Statement) {
        guard let (words, weight) = names(&reading, statement) else { return }
        let known = reading.martlet
        reading.martlet.acceptsWeight = joined(
            weight, with: known.acceptsWeight, isFirst: known.acceptingAddresses.isEmpty,
            &reading, statement)
        for word in words {
            guard let address = parseSocketAddress(word), address.port > 0 else {
                return reading.mistake(statement, expected: "ADDRESS:PORT", found: word)
            }
            reading.martlet.acceptingAddresses.append(address)
        }
    }

    static func backend(_ reading: inout Reading, _ statement: Statement) {
        guard let name = reading.word(statement) else { return }
        var backend = MartletDefinition.Backend(name: name, minimumPercent: 0)
        var words = statement.arguments.dropFirst()
        while let option = words.popFirst() {
            if option == "by_weight" {
                backend.countsWeights = true
                continue
            }
            let value = words.popFirst().flatMap { Numbers.integer($0) }
            switch (option, value) {
            case ("min_percent", .some(1...100)): backend.minimumPercent = value ?? 0
            case ("weight", .some(-253...253)): backend.weight = value
            default:
                return reading.mistake(
                    statement,
                    expected: "'min_percent 1..100', 'by_weight' and 'weight -253..253'",
                    found: option)
            }
        }
        guard backend.minimumPercent > 0 else {
            return reading.mistake(statement, expected: "'min_percent 1..100'", found: nil)
        }
        reading.martlet.backends.removeAll { $0.name == name }
        reading.martlet.backends.append(backend)
    }

    static func tcp(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 2, in: statement)
        guard statement.words.count > 2, let address = IPAddress(statement.words[1]),
            let port = UInt16(statement.words[2]), port > 0
        else {
            return reading.mistake(
                statement, expected: "an address and a port", found: statement.arguments.first)
        }
        reading.check.target = .tcp(IPSocketAddress(address, port: port))
    }

    static func http(_ reading: inout Reading, _ statement: Statement) {
        guard let url = reading.word(statement), var request = parseURL(url) else {
            return reading.mistake(
                statement, expected: "http://ADDRESS[:PORT][/PATH]",
                found: statement.arguments.first)
        }
        var words = statement.arguments.dropFirst()
        while let option = words.popFirst() {
            switch (option, words.popFirst()) {
            case ("expect", let text?):
                guard let range = statuses(text) else {
                    return reading.mistake(statement, expected: "'expect 200-399'", found: text)
                }
                request.expected = range
            case ("host", let text?): request.host = text
            default:
                return reading.mistake(
                    statement, expected: "'expect FROM-TO' or 'host NAME'", found: option)
            }
        }
        reading.check.target = .http(request)
    }

    private static func parseURL(_ url: String) -> CheckDefinition.HTTPRequest? {
        guard url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst("http://".utf8.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let path = String(rest[authority.endIndex...])
        let target = path.hasPrefix("/") ? path : "/" + path
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var host = String(authority)
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if let address = IPAddress(host) {
            return CheckDefinition.HTTPRequest(
                address: IPSocketAddress(address, port: 80), target: target)
        }
        guard let address = parseSocketAddress(String(authority)), address.port > 0 else {
            return nil
        }
        return CheckDefinition.HTTPRequest(address: address, target: target)
    }

    private static func statuses(_ text: String) -> ClosedRange<Int>? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Numbers.integer($0) }
        guard numbers.count == parts.count, (1...2).contains(numbers.count),
            let low = numbers.first, let high = numbers.last, low >= 100, high <= 599, low <= high
        else { return nil }
        return low...high
    }
}

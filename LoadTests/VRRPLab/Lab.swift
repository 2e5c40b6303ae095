// The laboratory: a switch, hosts that run a router daemon, and a client, each in a network
// namespace of its own.
//
//     client ──┐
//     A ───────┤ br0 10.9.0.0/24, fd09::/64      (br1 10.9.1.0/24, fd09:0:0:1::/64, ...)
//     B ───────┘

import Addresses
import CLinux
import Glibc
import Kernel
import LoadTesting
import Synchronization

/// What a laboratory shall be made of.
public struct LabPlan: Sendable {
    /// Names of the hosts, in the order of their addresses: 10.9.0.11, 10.9.0.12, ...
    public var hosts = ["A", "B"]
    /// Links of every host: `eth0` and so on, each with a switch of its own.
    public var segments = 1
    /// The core that daemons run on; any when `nil`.
    public var core: Int?

    /// A plan.
    public init(hosts: [String] = ["A", "B"], segments: Int = 1, core: Int? = nil) {
        self.hosts = hosts
        self.segments = segments
        self.core = core
    }
}

/// A switch with hosts and a client.
public final class Lab: Sendable {
    /// The name of the client in `partition` and `mute`.
    public static let client = "client"

    /// The hosts, in the order of the plan.
    public let hosts: [LabHost]
    /// Files of this laboratory.
    public let folder: String
    /// The client's namespace.
    public let client: NetworkNamespace
    private let segments: NetworkNamespace
    private let observer: Observer
    private let faults = Mutex(Faults())
    private let prober = Mutex<Prober?>(nil)
    private let commands: LabCommands
    private let count: Int

    /// Builds a laboratory, runs a closure in it, and takes it down whatever happens.
    public static func run<Failure: Error>(
        _ plan: LabPlan = LabPlan(), _ body: (Lab) throws(Failure) -> Void
    ) throws {
        let lab = try Lab(plan)
        defer { lab.close() }
        try body(lab)
    }

    /// Builds a laboratory, which `close` takes down.
    public convenience init(_ plan: LabPlan = LabPlan()) throws(LabFailure) {
        _ = Self.swept
        guard let folder = makeTemporaryFolder("\(Self.folderPrefix)\(getpid())") else {
            throw LabFailure.ofSystem("a folder")
        }
        do throws(LabFailure) {
            try self.init(plan, in: folder)
        } catch {
            removeFolder(folder)
            throw error
        }
    }

    private init(_ plan: LabPlan, in folder: String) throws(LabFailure) {
        self.folder = folder
        commands = LabCommands(folder: folder)
        count = plan.segments
        segments = try NetworkNamespace()
        client = try NetworkNamespace()
        var made: [LabHost] = []
        for (index, name) in plan.hosts.enumerated() {
            made.append(
                try LabHost(
                    name, index: index, folder: folder, commands: commands, core: plan.core))
        }
        hosts = made
        try Self.wire(plan, segments, client, made, commands)
        var links: [Int32: String] = [:]
        segments.enter {
            for segment in 0..<plan.segments {
                for (index, name) in plan.hosts.enumerated() {
                    // Safety: the name is read only for the call.
                    let link = unsafe if_nametoindex(Self.port(of: index, segment))
                    links[Int32(bitPattern: link)] = name
                }
            }
        }
        let ends = made.map { ($0.name, $0.namespace) }
        observer = try Observer(switch: segments, links: links, hosts: ends)
        for host in made { host.attach(to: segments, ports: plan.segments) }
    }

    private static let folderPrefix = "vrrp-lab-"

    /// Removes, once, the folders of runs that were killed.
    private static let swept: Void = {
        for name in folderNames("/tmp") where name.hasPrefix(folderPrefix) {
            guard let owner = Int32(name.dropFirst(folderPrefix.count).prefix { $0 != "." })
            else { continue }
            if Glibc.kill(owner, 0) != 0, errno == ESRCH { removeFolder("/tmp/\(name)") }
        }
    }()

    /// Ends all daemons and threads and removes all files.
    public func close() {
        for host in hosts { host.kill() }
        prober.withLock { $0.take() }?.stop()
        observer.stop()
        removeFolder(folder)
    }

    /// The host of that name.
    public subscript(_ name: String) -> LabHost {
        guard let host = hosts.first(where: { $0.name == name }) else {
            preconditionFailure("there is no host \(name)")
        }
        return host
    }

    /// Now, in nanoseconds of the monotonic clock, which all times of a laboratory are.
    public static var now: UInt64 { Clock.monotonic().nanoseconds }

    // MARK: - the client

    /// Lets the client ask addresses all the time from now on.
    @discardableResult
    public func probe(
        _ addresses: [String], everyMicroseconds: UInt64 = 1000
    ) throws(LabFailure) -> Prober {
        let targets = addresses.compactMap { IPAddress($0) }
        precondition(targets.count == addresses.count, "addresses that are none")
        let started = try Prober(targets, from: client, interval: everyMicroseconds * 1000)
        prober.withLock {
            $0?.stop()
            $0 = started
        }
        return started
    }

    /// The name of the host that answers the client at an address now; `nil` when none does.
    public func server(of target: Int = 0) -> String? {
        prober.withLock { $0?.server(of: target) }.map { hosts[$0].name }
    }

    /// The longest time in milliseconds that the client got no answer, since a moment.
    public func outage(of target: Int = 0, since start: UInt64) -> Double {
        prober.withLock { $0 }?.longestOutage(of: target, from: start) ?? .infinity
    }

    /// The hardware address that the client believes an address has, as `ip neigh` prints it.
    public func neighbour(of address: String) -> String? {
        let said = client.enter { commands.output(["ip", "neigh", "show", address]) }
        let words = said.split(whereSeparator: \.isWhitespace)
        guard let index = words.firstIndex(of: "lladdr"), index + 1 < words.count else {
            return nil
        }
        return String(words[index + 1])
    }

    /// Runs a program in the client's namespace; its status and output.
    public func runOnClient(_ words: [String]) -> (status: Int32, output: String) {
        client.enter { commands.run(words) }
    }

    /// Starts a program in the client's namespace, whose output goes to a file of the laboratory.
    public func startOnClient(_ words: [String], output: String) -> ChildProcess? {
        client.enter { try? ChildProcess(words, outputPath: "\(folder)/\(output)") }
    }

    // MARK: - the wire

    /// Drops everything between two sides, in both directions.
    public func partition(_ left: [String], from right: [String]) throws(LabFailure) {
        try change { $0.cut.formUnion(Faults.pairs(left, right)) }
    }

    /// Drops VRRP between two sides, in both directions.
    public func mute(_ left: [String], from right: [String]) throws(LabFailure) {
        try change { $0.mute.formUnion(Faults.pairs(left, right)) }
    }

    /// Drops VRRP that one side sends to the other, but not what comes back.
    public func mute(sentBy left: [String], to right: [String]) throws(LabFailure) {
        try change { $0.mute.formUnion(Faults.ways(left, right)) }
    }

    /// Drops a part of all frames that some hosts send.
    public func lose(percent: Int, of names: [String]) throws(LabFailure) {
        try change { for name in names { $0.loss[name] = percent } }
    }

    /// Ends all of that.
    public func heal() throws(LabFailure) { try change { $0 = Faults() } }

    private func change(_ body: (inout Faults) -> Void) throws(LabFailure) {
        let changed = faults.withLock {
            body(&$0)
            return $0
        }
        var numbers = Dictionary(uniqueKeysWithValues: hosts.map { ($0.name, $0.index) })
        numbers[Self.client] = hosts.count
        let text = changed.ruleset(segments: count) { name, segment in
            Self.port(of: numbers[name] ?? 0, segment)
        }
        let result = segments.enter { commands.run(["nft", "-f"], input: text) }
        if result.status != 0 { throw LabFailure("nft: \(result.output)") }
    }

    // MARK: - what was seen

    /// Adverts in the order they were sent.
    public func adverts(
        from host: String? = nil, id: UInt8? = nil, since start: UInt64 = 0
    ) -> [SeenAdvert] {
        observer.withSeen { seen in
            seen.adverts.filter {
                $0.time >= start && (host == nil || $0.host == host)
                    && (id == nil || $0.virtualRouterID == id)
            }
        }
    }

    /// Announcements of an address, or of all, in the order they were sent.
    public func announcements(
        of text: String? = nil, from host: String? = nil, since start: UInt64 = 0
    ) -> [SeenAnnouncement] {
        let address = text.flatMap { IPAddress($0) }
        return observer.withSeen { seen in
            seen.announcements.filter {
                $0.time >= start && (host == nil || $0.host == host)
                    && (address == nil || $0.address == address)
            }
        }
    }

    /// Addresses that came and went.
    public func addressEvents(of text: String, since start: UInt64 = 0) -> [AddressEvent] {
        let address = IPAddress(text)
        return observer.withSeen { seen in
            seen.addresses.filter { $0.time >= start && $0.address == address }
        }
    }

    /// The hosts that have an address now, sorted.
    public func owners(of text: String) -> [String] {
        guard let address = IPAddress(text) else { return [] }
        return observer.withSeen { seen in
            seen.present.filter { $0.value.contains(address) }.keys.sorted()
        }
    }

    /// The longest time, in milliseconds, that more than one host, or (`owners` 0) none, had an
    /// address since a moment.
    public func longest(
        owners wanted: OwnerCount, of text: String, since start: UInt64
    ) -> Double {
        var present = Set<String>()
        var longest: UInt64 = 0
        var began: UInt64?
        func look(_ time: UInt64) {
            let holds = wanted == .several ? present.count > 1 : present.isEmpty
            if holds, began == nil { began = max(time, start) }
            if !holds, let first = began.take(), time > first {
                longest = max(longest, time - first)
            }
        }
        look(0)
        for event in addressEvents(of: text) {
            if event.isPresent {
                present.insert(event.host)
            } else {
                present.remove(event.host)
            }
            look(event.time)
        }
        if let began { longest = max(longest, Self.now - min(began, Self.now)) }
        return Double(longest) / 1e6
    }

    /// How many hosts have an address.
    public enum OwnerCount: Sendable { case none, several }

    /// Lets this thread, and all that it starts from now on, run before all ordinary work, where
    /// that is allowed. A router that gets no time is rightly taken for dead by the others, and a
    /// busy machine would be a fault that nobody asked for.
    public static func hurry() { _ = martlet_lab_hurry() }

    /// How much longer than it should take something is waited for on a busy machine.
    private static let patience = 4.0

    /// Waits until something is so; false when it is not in time.
    ///
    /// - Parameter seconds: how long it may take where there is nothing else to do. A busy machine
    ///   is given more; who wants to know how long it took asks what was seen.
    public static func wait(
        seconds: Double, until condition: () throws -> Bool
    ) rethrows -> Bool {
        let end = now + UInt64(seconds * patience * 1e9)
        while true {
            if try condition() { return true }
            if now >= end { return false }
            usleep(2000)
        }
    }

    /// Lets time pass in which nothing is to happen.
    public static func pass(seconds: Double) { usleep(UInt32(seconds * 1e6)) }
}

// MARK: - wires

extension Lab {
    /// The switch's port of a host.
    static func port(of index: Int, _ segment: Int) -> String { "p\(segment)x\(index)" }

    private static func wire(
        _ plan: LabPlan, _ segments: NetworkNamespace, _ client: NetworkNamespace,
        _ hosts: [LabHost], _ commands: LabCommands
    ) throws(LabFailure) {
        let ends = hosts.map(\.namespace) + [client]
        segments.enter {
            for which in ["all", "default"] {
                writeFile("/proc/sys/net/ipv6/conf/\(which)/disable_ipv6", "1")
            }
        }
        var lines: [String] = []
        for segment in 0..<plan.segments {
            lines.append("link add br\(segment) type bridge mcast_snooping 0")
            lines.append("link set br\(segment) up")
            for (index, end) in ends.enumerated() {
                let port = port(of: index, segment)
                let hardware = "02:00:00:00:0\(segment):\(hexadecimal(hostNumber(index, ends)))"
                lines.append(
                    "link add \(port) type veth peer name eth\(segment) address \(hardware) "
                        + "netns \(end.path)")
                lines.append("link set \(port) master br\(segment)")
                lines.append("link set \(port) up")
            }
        }
        // Addresses are usable at once, without looking for duplicates.
        for end in ends {
            end.enter {
                for which in ["all", "default"] {
                    let folder = "/proc/sys/net/ipv6/conf/\(which)"
                    for (name, value) in [
                        ("accept_dad", "0"), ("dad_transmits", "0"), ("router_solicitations", "0"),
                        ("accept_ra", "0"),
                    ] {
                        writeFile("\(folder)/\(name)", value)
                    }
                }
            }
        }
        try commands.batch(lines, in: segments)
        for (index, end) in ends.enumerated() {
            let number = hostNumber(index, ends)
            var lines = ["link set lo up"]
            for segment in 0..<plan.segments {
                lines.append("addr add 10.9.\(segment).\(number)/24 dev eth\(segment)")
                lines.append("link set eth\(segment) up")
                lines.append("addr add fd09:0:0:\(segment)::\(number)/64 dev eth\(segment) nodad")
            }
            try commands.batch(lines, in: end)
        }
    }

    /// The last number of a host's addresses: 11 and up; the client's is 1.
    private static func hostNumber(_ index: Int, _ ends: [NetworkNamespace]) -> Int {
        index == ends.count - 1 ? 1 : 11 + index
    }

    private static func hexadecimal(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}

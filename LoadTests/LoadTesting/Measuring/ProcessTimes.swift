// CPU time of processes, from /proc/PID/stat (proc(5)). Times are whole clock ticks: measure over
// seconds, never over milliseconds.

/// The fields of one `/proc/PID/stat` line that the measurements use.
public struct ProcessTimes: Sendable, Equatable {
    /// The process.
    public let pid: Int
    /// Its parent.
    public let parent: Int
    /// Time in user mode, ended and reaped children included, in clock ticks.
    public let userTicks: UInt64
    /// Time in the kernel, ended and reaped children included, in clock ticks.
    public let systemTicks: UInt64
    /// Pages in memory.
    public let residentPages: UInt64

    /// Reads one stat line; `nil` when it is not one. The command's name stands in parentheses and
    /// may itself hold blanks and parentheses, so fields are counted from the last `)`.
    public init?(statLine: String) {
        guard let open = statLine.firstIndex(of: "("), let close = statLine.lastIndex(of: ")"),
            let pid = Int(statLine[..<open].filter { $0 != " " })
        else { return nil }
        let fields = statLine[statLine.index(after: close)...].split(whereSeparator: \.isWhitespace)
        // fields[0] is field 3 of proc(5), the state.
        guard fields.count >= 22, let parent = Int(fields[1]), let user = UInt64(fields[11]),
            let system = UInt64(fields[12]), let childUser = Int64(fields[13]),
            let childSystem = Int64(fields[14]), let resident = Int64(fields[21])
        else { return nil }
        self.pid = pid
        self.parent = parent
        userTicks = user + UInt64(max(childUser, 0))
        systemTicks = system + UInt64(max(childSystem, 0))
        residentPages = UInt64(max(resident, 0))
    }
}

/// CPU time that a process and all its descendants have used.
public struct ProcessTreeTime: Sendable, Equatable {
    /// Seconds in user mode.
    public var userSeconds: Double
    /// Seconds in the kernel.
    public var systemSeconds: Double

    /// A time.
    public init(userSeconds: Double, systemSeconds: Double) {
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
    }

    /// Sums the tree below `root` out of a list of all processes; `nil` when `root` is not in it.
    public init?(root: Int, processes: [ProcessTimes], ticksPerSecond: Double) {
        let members = processes.descendants(of: root)
        guard !members.isEmpty else { return nil }
        userSeconds = Double(members.reduce(0) { $0 + $1.userTicks }) / ticksPerSecond
        systemSeconds = Double(members.reduce(0) { $0 + $1.systemTicks }) / ticksPerSecond
    }

    /// User and system time together.
    public var totalSeconds: Double { userSeconds + systemSeconds }

    /// What was used between two readings.
    public static func - (later: ProcessTreeTime, earlier: ProcessTreeTime) -> ProcessTreeTime {
        ProcessTreeTime(
            userSeconds: later.userSeconds - earlier.userSeconds,
            systemSeconds: later.systemSeconds - earlier.systemSeconds)
    }
}

extension [ProcessTimes] {
    /// The process `root` and everything below it; empty when `root` is not listed.
    public func descendants(of root: Int) -> [ProcessTimes] {
        var children: [Int: [ProcessTimes]] = [:]
        for process in self { children[process.parent, default: []].append(process) }
        guard let first = first(where: { $0.pid == root }) else { return [] }
        var found = [first]
        var next = 0
        while next < found.count {
            found += children[found[next].pid] ?? []
            next += 1
        }
        return found
    }
}

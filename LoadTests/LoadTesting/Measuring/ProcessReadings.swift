// Readings of running processes, through the parsers of this folder.

import CLinux
import Glibc

/// What the machine says about running processes.
public enum ProcessReadings {
    /// Clock ticks for each second.
    public static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// All processes.
    public static func all() -> [ProcessTimes] {
        folderNames("/proc").compactMap { name in
            Int(name).flatMap { readFile("/proc/\($0)/stat") }.flatMap(ProcessTimes.init)
        }
    }

    /// CPU time used by a process and everything below it; `nil` when it is gone.
    public static func treeTime(of pid: Int32) -> ProcessTreeTime? {
        ProcessTreeTime(root: Int(pid), processes: all(), ticksPerSecond: ticksPerSecond)
    }

    /// Seconds that the living threads of a process and everything below it have run, to the
    /// nanosecond; `nil` when it is gone or the kernel does not count them.
    public static func treeRunSeconds(of pid: Int32) -> Double? {
        var nanoseconds: UInt64?
        for member in all().descendants(of: Int(pid)) {
            let tasks = "/proc/\(member.pid)/task"
            for thread in folderNames(tasks) {
                guard let text = readFile("\(tasks)/\(thread)/schedstat"),
                    let first = text.split(separator: " ").first, let ran = UInt64(first)
                else { continue }
                nanoseconds = (nanoseconds ?? 0) + ran
            }
        }
        return nanoseconds.map { Double($0) / 1e9 }
    }

    /// Memory of a process and everything below it; `nil` when it is gone or hidden.
    public static func treeFootprint(of pid: Int32) -> MemoryFootprint? {
        let members = all().descendants(of: Int(pid))
        guard !members.isEmpty else { return nil }
        var sum = MemoryFootprint(residentBytes: 0, dirtyBytes: 0)
        for member in members {
            guard let text = readFile("/proc/\(member.pid)/smaps_rollup"),
                let footprint = MemoryFootprint(smapsRollup: text)
            else { return nil }
            sum = sum + footprint
        }
        return sum
    }

    /// The times of one core.
    public static func coreTimes(_ core: Int) -> CoreTimes? {
        readFile("/proc/stat").flatMap { CoreTimes(core: core, statFile: $0) }
    }

    /// Seconds that a core's counters stand for.
    fileprivate static func seconds(_ ticks: UInt64) -> Double { Double(ticks) / ticksPerSecond }

    /// Open descriptors of a process; `nil` when it is gone.
    public static func descriptorCount(of pid: Int32) -> Int? {
        let names = folderNames("/proc/\(pid)/fd")
        return names.isEmpty ? nil : names.count
    }

    /// Cores that this process may use.
    public static var usableCores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
}

extension CoreTimes {
    /// All ticks as seconds.
    var seconds: Double { ProcessReadings.seconds(totalTicks) }
}

/// The machine that figures come from.
public struct MachineDescription: Sendable, Equatable {
    /// The processor's name.
    public let processor: String
    /// Cores.
    public let cores: Int
    /// Memory in bytes.
    public let memoryBytes: Int
    /// Kernel release.
    public let kernel: String

    /// The machine we run on.
    public static func here() -> MachineDescription {
        let info = readFile("/proc/cpuinfo") ?? ""
        let model = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        let memory = (readFile("/proc/meminfo") ?? "").split(separator: "\n").first
        let kilobytes = memory?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let release = readFile("/proc/sys/kernel/osrelease") ?? "?"
        return MachineDescription(
            processor: model?.split(separator: ":").last.map { String($0.dropFirst()) }
                ?? "unknown",
            cores: ProcessReadings.usableCores, memoryBytes: kilobytes * 1024,
            kernel: release.split(separator: "\n").first.map(String.init) ?? "?")
    }
}

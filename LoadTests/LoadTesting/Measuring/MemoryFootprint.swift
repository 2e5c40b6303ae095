// Memory of a process, from /proc/PID/smaps_rollup (proc(5)).

/// What one process, or a tree of them, keeps in memory, in bytes.
public struct MemoryFootprint: Sendable, Equatable {
    /// Everything mapped and present, shared or not.
    public var residentBytes: Int
    /// Pages that were written to: private ones, and those shared with a forked relative.
    public var dirtyBytes: Int

    /// A footprint.
    public init(residentBytes: Int, dirtyBytes: Int) {
        self.residentBytes = residentBytes
        self.dirtyBytes = dirtyBytes
    }

    /// Reads an `smaps_rollup` file; `nil` when it lacks a field.
    public init?(smapsRollup text: String) {
        var kilobytes: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 3, words[2] == "kB", let value = Int(words[1]) else { continue }
            kilobytes[words[0].dropLast()] = value
        }
        guard let resident = kilobytes["Rss"], let privateDirty = kilobytes["Private_Dirty"],
            let sharedDirty = kilobytes["Shared_Dirty"]
        else { return nil }
        residentBytes = resident * 1024
        dirtyBytes = (privateDirty + sharedDirty) * 1024
    }

    /// Two footprints together.
    public static func + (one: MemoryFootprint, two: MemoryFootprint) -> MemoryFootprint {
        MemoryFootprint(
            residentBytes: one.residentBytes + two.residentBytes,
            dirtyBytes: one.dirtyBytes + two.dirtyBytes)
    }
}

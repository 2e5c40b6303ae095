// How the process stands with the kernel: its scheduling, its memory, and files that are locked for
// as long as it lives.

import CLinux
import Glibc

extension CurrentProcess {
    /// Takes a place before all processes without one: round robin at a priority of 1 to 99.
    public static func setRealTimePriority(_ priority: Int32) throws(Errno) {
        // What this process starts is ordinary again (SCHED_RESET_ON_FORK).
        if martlet_set_scheduling(SCHED_RR | 0x4000_0000, priority) < 0 { throw Errno.last }
    }

    /// Sets the nice value of the process, -20 to 19.
    public static func setNiceness(_ value: Int32) throws(Errno) {
        // The first 0 is PRIO_PROCESS, which Swift imports with another type than the call takes.
        if setpriority(0, 0, value) < 0 { throw Errno.last }
    }

    /// Keeps all memory of the process that it has touched, or will touch, from being swapped out.
    public static func lockMemory() throws(Errno) {
        // MCL_CURRENT, MCL_FUTURE and MCL_ONFAULT: what is never touched costs nothing.
        if mlockall(1 | 2 | 4) < 0 { throw Errno.last }
    }

    /// How late the kernel may wake this thread to save power, in nanoseconds; 50,000 by default.
    public static func setTimerSlack(nanoseconds: UInt) {
        _ = martlet_set_timer_slack(nanoseconds)
    }

    /// The signal this process gets when the one that forked it ends.
    public static func setParentDeathSignal(_ signal: Signal) {
        _ = martlet_set_parent_death_signal(signal.number)
    }

    /// Sets the mask for the permissions of new files.
    public static func setFileCreationMask(_ mask: UInt32) {
        _ = umask(mask)
    }
}

/// A file that this process alone holds for as long as it lives.
///
/// The lock ends with the process however that ends, so what the file says is never believed.
public struct LockedFile: ~Copyable {
    private let descriptor: Descriptor
    private let path: String

    /// How often a file that another process takes away meanwhile is opened anew.
    private static let attempts = 16

    /// Opens or creates a file and locks it; EWOULDBLOCK when a process holds it already.
    public init(path: String, mode: UInt32 = 0o644) throws(Errno) {
        self.path = path
        for _ in 0..<Self.attempts {
            // Safety: the path is handed over as a C string that lives as long as the call.
            let number = unsafe martlet_open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
            if number < 0 { throw Errno.last }
            let opened = Descriptor(owning: number)
            if flock(number, LOCK_EX | LOCK_NB) < 0 { throw Errno.last }
            // Who held it may have removed it before it could be locked: a lock on a file that
            // nobody finds would keep nobody out.
            if !Self.isFound(number, at: path) { continue }
            descriptor = opened
            return
        }
        throw .isTaken
    }

    /// Whether the path leads to an open file.
    private static func isFound(_ number: Int32, at path: String) -> Bool {
        var (opened, found) = (stat(), stat())
        // Safety: both live for the duration of the calls, and the path as a C string.
        guard unsafe fstat(number, &opened) == 0, unsafe stat(path, &found) == 0 else {
            return false
        }
        return opened.st_dev == found.st_dev && opened.st_ino == found.st_ino
    }

    /// Replaces what the file holds.
    public func write(_ text: String) throws(Errno) {
        if ftruncate(descriptor.number, 0) < 0 { throw Errno.last }
        _ = lseek(descriptor.number, 0, SEEK_SET)
        let bytes = Array(text.utf8)
        try Files.writeAll(bytes.span, to: descriptor)
    }

    /// Takes the file away and ends the lock; where that is not permitted it is emptied, so that
    /// whoever reads it does not take another process for this one.
    public consuming func remove() {
        try? write("")
        // Still locked: nobody else can have put another file in its place.
        if Self.isFound(descriptor.number, at: path) { try? Files.remove(path) }
    }
}

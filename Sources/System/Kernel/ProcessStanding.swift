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

    /// Opens or creates a file and locks it; EWOULDBLOCK when a process holds it already.
    public init(path: String, mode: UInt32 = 0o644) throws(Errno) {
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        let number = unsafe martlet_open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        if number < 0 { throw Errno.last }
        let opened = Descriptor(owning: number)
        if flock(number, LOCK_EX | LOCK_NB) < 0 { throw Errno.last }
        descriptor = opened
    }

    /// Replaces what the file holds.
    public func write(_ text: String) throws(Errno) {
        if ftruncate(descriptor.number, 0) < 0 { throw Errno.last }
        _ = lseek(descriptor.number, 0, SEEK_SET)
        let bytes = Array(text.utf8)
        try Files.writeAll(bytes.span, to: descriptor)
    }
}

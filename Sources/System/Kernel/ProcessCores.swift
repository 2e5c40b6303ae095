// Which cores the process may use, and binding a thread to some of them.

import CLinux
import Glibc

/// The processor cores a thread may run on.
public enum Cores {
    /// The highest core number understood, plus one.
    public static let limit = 4096

    /// The cores the calling thread may run on, ascending; one core when the kernel does not tell.
    public static func usable() -> [Int] {
        var mask = [UInt8](repeating: 0, count: limit / 8)
        // Safety: the call writes at most `count` bytes into the array that is alive here.
        let written = unsafe mask.withUnsafeMutableBytes { bytes in
            unsafe sched_getaffinity(0, UInt(bytes.count), bytes.baseAddress)
        }
        guard written >= 0 else { return [0] }
        let cores = (0..<limit).filter { mask[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
        return cores.isEmpty ? [0] : cores
    }

    /// Binds the calling thread to these cores; numbers at or above ``limit`` are ignored.
    public static func bindThread(to cores: [Int]) throws(Errno) {
        var mask = [UInt8](repeating: 0, count: limit / 8)
        for core in cores where core >= 0 && core < limit {
            mask[core / 8] |= 1 << UInt8(core % 8)
        }
        // Safety: the call reads `count` bytes of the array that is alive here.
        let status = unsafe mask.withUnsafeBytes { bytes in
            unsafe sched_setaffinity(0, UInt(bytes.count), bytes.baseAddress)
        }
        if status < 0 { throw Errno.last }
    }
}

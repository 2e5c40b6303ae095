// What the kernel lets the process have: descriptors, memory, processes.

import CLinux
import Glibc

/// A limit of the process: what holds now, and how far it may be raised without privileges.
public struct ResourceLimit: Equatable, Sendable {
    /// What is limited.
    public enum Resource: Sendable {
        /// Descriptor numbers, from zero.
        case descriptors
        /// Bytes of address space.
        case addressSpaceBytes
        /// Bytes of a core file.
        case coreFileBytes
        /// Microseconds that a real-time process may run without waiting; then SIGXCPU comes.
        case realTimeMicroseconds

        fileprivate var code: __rlimit_resource_t {
            switch self {
            case .descriptors: __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            case .addressSpaceBytes: __rlimit_resource_t(RLIMIT_AS.rawValue)
            case .coreFileBytes: __rlimit_resource_t(RLIMIT_CORE.rawValue)
            case .realTimeMicroseconds: __rlimit_resource_t(15)
            }
        }
    }

    /// The value that means no limit.
    public static let unlimited = UInt64.max

    /// What holds now.
    public var soft: UInt64
    /// How far `soft` may be raised.
    public var hard: UInt64

    public init(soft: UInt64, hard: UInt64) {
        self.soft = soft
        self.hard = hard
    }

    /// The limit that holds for the process.
    public init(of resource: Resource) {
        var limit = rlimit()
        // Safety: `limit` lives for the duration of the call.
        let status = unsafe getrlimit(resource.code, &limit)
        precondition(status == 0, "getrlimit cannot fail for a resource it knows")
        soft = UInt64(limit.rlim_cur)
        hard = UInt64(limit.rlim_max)
    }

    /// Makes the limit hold for the process.
    public func apply(to resource: Resource) throws(Errno) {
        var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
        // Safety: `limit` lives for the duration of the call.
        if unsafe setrlimit(resource.code, &limit) < 0 { throw Errno.last }
    }
}

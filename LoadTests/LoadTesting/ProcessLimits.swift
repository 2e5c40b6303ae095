// Limits and signals of the calling process.

import CLinux
import Glibc

/// Lets writes to closed connections fail instead of ending the process.
public func ignoreBrokenPipes() { _ = martlet_ignore_signal(SIGPIPE) }

/// Raises the limit of open descriptors, as far as it is allowed, and returns what it is then.
@discardableResult
public func raiseDescriptorLimit(to wanted: Int) -> Int {
    var limit = rlimit()
    // Safety: `limit` lives for the duration of the calls.
    guard unsafe getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else {
        return 0
    }
    if limit.rlim_cur >= UInt(wanted) { return Int(limit.rlim_cur) }
    var raised = limit
    raised.rlim_cur = UInt(wanted)
    raised.rlim_max = max(limit.rlim_max, raised.rlim_cur)
    // Above the hard limit only with the right to; at the hard limit always.
    let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
    if unsafe setrlimit(resource, &raised) == 0 { return wanted }
    raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
    return unsafe setrlimit(resource, &raised) == 0 ? Int(limit.rlim_max) : Int(limit.rlim_cur)
}

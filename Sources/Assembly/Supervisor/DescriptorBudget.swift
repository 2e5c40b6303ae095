// How many connections fit into the descriptors the process may have, or how many descriptors the
// wanted connections take. management manual: 5. File-descriptor limitations. Pure.

import Kernel
import Proxy

/// The plan for connections and descriptors.
struct DescriptorBudget: Equatable {
    /// Connections if nothing else limits them but descriptors, at least.
    static let leastConnections = 100
    /// Descriptors used at most when nobody says a number.
    static let defaultCeiling = 1_048_576

    /// `maxconn` in force.
    let maxConnections: Int
    /// Whether `maxconn` was computed rather than asked for.
    let isComputed: Bool
    /// Descriptors the process can come to need.
    let neededDescriptors: Int
    /// What the soft limit should be at least: what is needed, or `ulimit-n`.
    let wantedLimit: Int

    /// - Parameters:
    ///   - listeners: listening sockets.
    ///   - workers: worker threads; each has a poller and a way to be woken.
    ///   - memoryMegabytes: `-m`; 0 is no limit.
    init(
        for global: GlobalConfiguration, listeners: Int, workers: Int, limit: ResourceLimit,
        memoryMegabytes: Int = 0
    ) {
        // Standard streams, the control loop, the log, the pid file, and some room.
        let fixed = 16 + listeners + 3 * workers + 2 * global.maxPipes
        if global.maxConnections > 0 {
            maxConnections = global.maxConnections
            isComputed = false
        } else {
            let ceiling = DescriptorBudget.ceiling(global, limit)
            var connections = max(DescriptorBudget.leastConnections, (ceiling - fixed) / 2)
            if memoryMegabytes > 0 {
                // Two buffers and the state of both sides for each connection.
                let each = 2 * (global.tuning.bufferBytes + 1024)
                connections = min(connections, max(1, (memoryMegabytes << 20) / each))
            }
            maxConnections = connections
            isComputed = true
        }
        neededDescriptors = fixed + 2 * maxConnections
        wantedLimit = global.descriptorLimit > 0 ? global.descriptorLimit : neededDescriptors
    }

    private static func ceiling(_ global: GlobalConfiguration, _ limit: ResourceLimit) -> Int {
        if global.descriptorLimit > 0 { return global.descriptorLimit }
        let granted = Int(clamping: max(limit.soft, limit.hard))
        let bound =
            global.descriptorHardLimit > 0 ? global.descriptorHardLimit : defaultCeiling
        return min(granted, bound)
    }

    /// What comes of raising the limit; the texts are HAProxy's.
    enum Outcome: Equatable {
        case enough
        /// Something to say before going on, or before giving up where limits are strict.
        case short([String])
    }

    /// Raises the limit of the process as far as needed and possible.
    func raiseLimit() -> Outcome {
        var limit = ResourceLimit(of: .descriptors)
        let wanted = UInt64(max(0, wantedLimit))
        if limit.soft >= wanted { return verdict(limit, complaints: []) }
        let raised = ResourceLimit(soft: wanted, hard: max(limit.hard, wanted))
        if (try? raised.apply(to: .descriptors)) != nil {
            return verdict(raised, complaints: [])
        }
        // As far as it goes, then: a process that may not raise the hard limit may reach it.
        limit.soft = limit.hard
        try? limit.apply(to: .descriptors)
        let reached = ResourceLimit(of: .descriptors)
        return verdict(
            reached,
            complaints: ["Cannot raise FD limit to \(wanted), limit is \(reached.soft)."])
    }

    private func verdict(_ limit: ResourceLimit, complaints: [String]) -> Outcome {
        var complaints = complaints
        if UInt64(neededDescriptors) > limit.soft {
            complaints.append(
                "FD limit (\(limit.soft)) too low for maxconn=\(maxConnections)"
                    + "/maxsock=\(neededDescriptors). Please raise 'ulimit-n' to "
                    + "\(neededDescriptors) or more to avoid any trouble.")
        }
        return complaints.isEmpty ? .enough : .short(complaints)
    }
}

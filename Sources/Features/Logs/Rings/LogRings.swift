// The rings of the process, by name. They outlive generations: a ring whose size and servers stay
// keeps its lines over a reload.

import Kernel
import Proxy
import Synchronization

/// All rings. Any thread.
public final class LogRings: Sendable {
    private let rings = Mutex<[LogRing]>([])
    /// Rung when a forwarder has something to send again.
    let bell: Bell

    /// What workers ring and the control loop watches.
    final class Bell: Sendable {
        let wakeUp: WakeUp

        init() throws(Errno) { wakeUp = try WakeUp() }
    }

    /// No rings yet.
    public init() throws(Errno) { bell = try Bell() }

    /// The rings in the order of the configuration.
    public var all: [LogRing] { rings.withLock { $0 } }

    /// The ring of that name; nil when the configuration has none.
    func ring(_ name: String) -> LogRing? {
        rings.withLock { $0.first { $0.configuration.name == name } }
    }

    /// Makes the rings those of a configuration. To be called before the loggers of its generation
    /// are made.
    public func adopt(_ configuration: Configuration) {
        rings.withLock { rings in
            let old = rings
            rings = configuration.rings.map { wanted in
                if let known = old.first(where: { $0.configuration.isSame(as: wanted) }) {
                    return known
                }
                return LogRing(wanted) { [bell] in bell.wakeUp.signal() }
            }
        }
    }
}

extension RingConfiguration {
    /// Whether a ring of that configuration can go on as one of this.
    fileprivate func isSame(as next: RingConfiguration) -> Bool {
        name == next.name && bytes == next.bytes && format == next.format
            && maxBytes == next.maxBytes && describedAs == next.describedAs
            && connectMilliseconds == next.connectMilliseconds
            && serverMilliseconds == next.serverMilliseconds
            && servers.map(\.targetText) == next.servers.map(\.targetText)
    }
}

extension ServerConfiguration {
    /// What tells one target from another.
    fileprivate var targetText: String {
        let address = address.socketAddress?.description ?? hostText
        let from = source?.address.socketAddress?.description ?? ""
        return """
            \(name) \(address) \(logFraming) \(from) \(source?.interface ?? "") \(maxReuse) \
            \(tcpUserTimeoutMilliseconds)
            """
    }
}

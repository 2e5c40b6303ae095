// Asking all workers about their sessions, and ending some of them.

import Addresses
import Kernel
import Synchronization

/// One stream as `show sess` sees it.
public struct SessionDescription: Sendable {
    public var number: UInt64
    public var worker: Int
    /// The client's address and port; nil over a UNIX socket.
    public var clientAddress: IPSocketAddress?
    public var frontend: Int
    public var backend: Int
    public var server: Int
    public var isHTTP: Bool
    /// Milliseconds since the session was accepted, since the last activity on either side.
    public var ageMilliseconds: Int
    public var clientIdleMilliseconds: Int
    public var serverIdleMilliseconds: Int
    public var phase: String
    public var bytesIn: UInt64
    public var bytesOut: UInt64
    public var clientDescriptor: Int32
    public var serverDescriptor: Int32
    public var retries: Int
}

/// A listing under way: each worker adds its part, the last one hands the whole on.
public final class SessionListing: Sendable {
    private struct Part {
        var sessions: [SessionDescription] = []
        var missing: Int
        var completion: (@Sendable ([SessionDescription]) -> Void)?
    }
    private let part: Mutex<Part>

    init(workers: Int, completion: @escaping @Sendable ([SessionDescription]) -> Void) {
        part = Mutex(Part(missing: workers, completion: completion))
    }

    /// Takes in the streams of one worker; with the last one's the listing is complete.
    func add(_ sessions: [SessionDescription]) {
        let finished: (([SessionDescription]) -> Void, [SessionDescription])? = part.withLock {
            $0.sessions += sessions
            $0.missing -= 1
            guard $0.missing == 0, let completion = $0.completion else { return nil }
            $0.completion = nil
            return (completion, $0.sessions)
        }
        if let (completion, all) = finished { completion(all) }
    }
}

/// Which streams are to end.
public struct SessionShutdown: Sendable {
    /// Which streams are meant.
    public enum Choice: Sendable {
        case number(UInt64)
        /// All streams on a server, by the names of backend and server.
        case server(backend: String, server: String)
    }
    public var choice: Choice
    public init(_ choice: Choice) { self.choice = choice }
}

extension Engine {
    /// Collects the streams of all workers; `completion` is called once, on a worker's thread.
    public func listSessions(_ completion: @escaping @Sendable ([SessionDescription]) -> Void) {
        let listing = SessionListing(workers: workers, completion: completion)
        for worker in 0..<workers { post(.list(listing), to: worker) }
    }

    /// Ends streams; they are logged with termination cause `K`.
    public func shutdownSessions(_ shutdown: SessionShutdown) {
        for worker in 0..<workers { post(.shutdown(shutdown), to: worker) }
    }
}

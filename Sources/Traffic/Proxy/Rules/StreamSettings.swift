// What rules say of a single stream in place of its proxies: timeouts, retries, the level of its
// log line, marks of its server's connection. Few streams have any of it, so it is kept aside.
// configuration manual: set-timeout, set-retries, set-log-level, set-bc-mark, set-bc-tos.

import Bytes
import Kernel
import Structures

/// The timeouts that a rule can set for one stream.
public enum StreamTimeout: String, Sendable, CaseIterable {
    /// `timeout client`.
    case client
    /// `timeout server`.
    case server
    /// `timeout tunnel`.
    case tunnel
    /// `timeout connect`.
    case connect
    /// `timeout queue`.
    case queue
    /// `timeout tarpit`.
    case tarpit

    /// Whether it is one of the backend's, so that another backend brings its own.
    public var isOfBackend: Bool { self != .client }
}

/// What rules have set for one stream.
struct StreamSettings: BitwiseCopyable {
    /// Milliseconds; 0 leaves the proxy's.
    var client: UInt32 = 0
    var server: UInt32 = 0
    var tunnel: UInt32 = 0
    var connect: UInt32 = 0
    var queue: UInt32 = 0
    var tarpit: UInt32 = 0
    /// Tries after the first; -1 leaves the backend's.
    var retries: Int32 = -1
    /// The level of the log line, 0 to 7; -1 leaves the usual one.
    var logLevel: Int8 = -1
    /// The mark of packets to the server.
    var serverMark: UInt32?
    /// The type of service of packets to the server.
    var serverTOS: UInt8?

    /// The client has asked with HEAD, and the server is asked with another method.
    var cameAsHead = false
    /// The client has asked with another method, and the server is asked with HEAD.
    var becameHead = false

    /// Whether packets to the server are marked in any way.
    var marksServer: Bool { serverMark != nil || serverTOS != nil }

    /// Nothing is set.
    init() {}

    /// Forgets what belongs to a backend.
    mutating func leaveBackend() {
        server = 0
        tunnel = 0
        connect = 0
        queue = 0
        tarpit = 0
        retries = -1
    }
}

extension Worker {
    /// What rules have set for a stream.
    @inline(__always)
    mutating func settings(of stream: Handle) -> StreamSettings {
        guard streams[stream].flags.contains(.hasSettings) else { return StreamSettings() }
        return streamExtras[streams[stream].extras].settings
    }

    /// Whether the client's request was one for a head alone, however its server is asked.
    mutating func answersHead(_ stream: Handle) -> Bool {
        streams[stream].method == .head || cameAsHead(stream)
    }

    /// Whether the client has asked with HEAD, and the server is asked with another method.
    @inline(__always)
    mutating func cameAsHead(_ stream: Handle) -> Bool {
        streams[stream].flags.contains(.hasSettings)
            && streamExtras[streams[stream].extras].settings.cameAsHead
    }

    /// Tries after the first that a stream has.
    mutating func retryLimit(of stream: Handle, _ entry: ProxyEntry) -> Int32 {
        let own = settings(of: stream).retries
        return own >= 0 ? own : entry.retries
    }

    /// The stream goes to another backend than the one whose settings it has.
    mutating func leaveSettings(_ stream: Handle) {
        guard streams[stream].flags.contains(.hasSettings) else { return }
        streamExtras[streams[stream].extras].settings.leaveBackend()
    }

    /// Marks the packets of a connection that is made to a server.
    mutating func markServer(_ socket: borrowing Descriptor, _ stream: Handle) {
        let settings = settings(of: stream)
        if let mark = settings.serverMark { socket.setMark(mark) }
        if let tos = settings.serverTOS { socket.setTypeOfService(tos) }
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// What rules have set for the stream.
    var settings: StreamSettings {
        stream.isNone ? StreamSettings() : unsafe worker.pointee.settings(of: stream)
    }

    /// Makes a relay an exchange of HTTP when the present list is over.
    public func upgrade() {
        if stream.isNone { return }
        // Safety: as the type says.
        unsafe worker.pointee.streams[stream].rules.upgrades = true
    }

    /// Changes what is set for the stream alone; nothing happens without one.
    private func change(_ body: (inout StreamSettings) -> Void) {
        if stream.isNone { return }
        // Safety: as the type says; so below.
        let extras = unsafe worker.pointee.extras(of: stream)
        unsafe worker.pointee.streams[stream].flags.insert(.hasSettings)
        unsafe body(&worker.pointee.streamExtras[extras].settings)
    }

    /// The server is asked with HEAD from now on, or not any more. A client that asked with
    /// another method is left after the response: it may wait for a body.
    func setAsksWithHead(_ asksWithHead: Bool) {
        change { settings in
            if asksWithHead {
                settings.becameHead = !settings.cameAsHead
                settings.cameAsHead = false
            } else {
                settings.cameAsHead = !settings.becameHead
                settings.becameHead = false
            }
        }
        if settings.becameHead {
            unsafe worker.pointee.streams[stream].flags.remove(.clientPersists)
        }
    }

    /// Sets a timeout for this stream alone, in milliseconds.
    public func setTimeout(_ timeout: StreamTimeout, milliseconds: UInt32) {
        change { settings in
            switch timeout {
            case .client: settings.client = milliseconds
            case .server: settings.server = milliseconds
            case .tunnel: settings.tunnel = milliseconds
            case .connect: settings.connect = milliseconds
            case .queue: settings.queue = milliseconds
            case .tarpit: settings.tarpit = milliseconds
            }
        }
    }

    /// Sets how often this stream is tried again.
    public func setRetries(_ count: Int32) { change { $0.retries = count } }

    /// Sets the level of the stream's log line; nil means that none is written.
    public func setLogLevel(_ level: Int8?) {
        if stream.isNone { return }
        guard let level else {
            unsafe worker.pointee.streams[stream].flags.remove(.isLogged)
            return
        }
        let own = program
        let isLogged = unsafe worker.pointee.programs[own].proxies[frontend].isLogged
        if isLogged { unsafe worker.pointee.streams[stream].flags.insert(.isLogged) }
        change { $0.logLevel = level }
    }

    /// Lets other streams that have work at the same time go first.
    ///
    /// Differs: only the sign of the factor counts. Streams of a positive one are served behind
    /// all others of a turn of the worker's loop.
    public func setNice(_ factor: Int) {
        if factor > 0 {
            unsafe worker.pointee.streams[stream].flags.insert(.isNice)
        } else {
            unsafe worker.pointee.streams[stream].flags.remove(.isNice)
        }
    }

    /// A request that was sent is not tried again (`disable-l7-retry`).
    public func forbidLaterRetries() {
        unsafe worker.pointee.streams[stream].flags.insert(.forbidsLaterRetries)
    }

    /// Whether changes of heads that fail are passed over, for the rest of the list of rules.
    public func setLenient(_ isLenient: Bool) {
        if isLenient {
            unsafe worker.pointee.streams[stream].flags.insert(.isLenient)
        } else {
            unsafe worker.pointee.streams[stream].flags.remove(.isLenient)
        }
    }

    /// What an action answers whose change of a head has failed: an internal error, or nothing
    /// where `strict-mode off` says so.
    public var rewriteFailed: ActionResult {
        if stream.isNone { return .failed }
        unsafe worker.pointee.countEverywhere(stream, .failedRewrites)
        let isLenient = unsafe worker.pointee.streams[stream].flags.contains(.isLenient)
        return isLenient ? .goOn : .failed
    }

    // MARK: Queues

    /// Sets the class of the stream's priority in queues; lower comes first.
    ///
    /// - Parameter priority: -2047 to 2047.
    public func setPriority(class priority: Int) {
        let rank = unsafe QueueRank(worker.pointee.streams[stream].queueRank)
        unsafe worker.pointee.streams[stream].queueRank =
            QueueRank(class: priority, offset: rank.offset).value
    }

    /// Sets by how many milliseconds the stream's place in a queue is moved back.
    ///
    /// - Parameter offset: -524287 to 524287.
    public func setPriority(offset: Int) {
        let rank = unsafe QueueRank(worker.pointee.streams[stream].queueRank)
        unsafe worker.pointee.streams[stream].queueRank =
            QueueRank(class: rank.class, offset: offset).value
    }

    // MARK: Sockets

    /// Marks the packets to the client, for routing and filters of the system; without effect
    /// where the process may not.
    public func setClientMark(_ mark: UInt32) {
        let client = client
        if client.isNone { return }
        unsafe worker.pointee.connections[client].descriptor.setMark(mark)
    }

    /// Sets the type of service of packets to the client.
    public func setClientTypeOfService(_ tos: UInt8) {
        let client = client
        if client.isNone { return }
        unsafe worker.pointee.connections[client].descriptor.setTypeOfService(tos)
    }

    /// Marks the packets to the server of a connection that is made for this stream.
    public func setServerMark(_ mark: UInt32) { change { $0.serverMark = mark } }

    /// Sets the type of service of packets to the server of a connection that is made for this
    /// stream.
    public func setServerTypeOfService(_ tos: UInt8) { change { $0.serverTOS = tos } }
}

/// What orders a queue: the class of a priority, then when the stream came, moved by an offset.
struct QueueRank {
    /// -2047 to 2047.
    let `class`: Int
    /// Milliseconds.
    let offset: Int

    /// From its parts.
    init(class priority: Int, offset: Int) {
        self.class = priority
        self.offset = offset
    }

    /// From its value in a stream.
    init(_ value: Int64) {
        self.class = Int(value &>> 32)
        offset = Int(Int32(truncatingIfNeeded: value))
    }

    /// As a stream keeps it; 0 for a stream without priorities.
    var value: Int64 {
        Int64(`class`) &<< 32 | Int64(UInt32(truncatingIfNeeded: offset))
    }

    /// Where in a queue a stream stands that comes now (milliseconds).
    func place(at now: UInt64) -> Int64 {
        Int64(`class`) &<< 48 &+ Int64(truncatingIfNeeded: now & 0xFFFF_FFFF_FFFF)
            &+ Int64(offset)
    }
}

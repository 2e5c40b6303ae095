// One transport: a socket with what was read from it and not yet passed on, and what we have to
// write to it first. Owned by one worker, named by handle.

import Bytes
import Kernel
import Structures

/// What is known of a connection's socket.
struct ConnectionFlags: OptionSet {
    let rawValue: UInt32
    @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A read may give something. Cleared by EAGAIN or a short read, set by an event.
    static var readable: ConnectionFlags { ConnectionFlags(rawValue: 1 << 0) }
    /// A write may be taken. Cleared by EAGAIN or a short write, set by an event.
    static var writable: ConnectionFlags { ConnectionFlags(rawValue: 1 << 1) }
    /// The other side announced its end (EPOLLRDHUP): the end is read even after a short read.
    static var peerEnded: ConnectionFlags { ConnectionFlags(rawValue: 1 << 2) }
    /// The end was read.
    static var readClosed: ConnectionFlags { ConnectionFlags(rawValue: 1 << 3) }
    /// We have shut our sending side.
    static var writeClosed: ConnectionFlags { ConnectionFlags(rawValue: 1 << 4) }
    /// The socket reported an error.
    static var failed: ConnectionFlags { ConnectionFlags(rawValue: 1 << 5) }
    /// Connecting is under way.
    static var connecting: ConnectionFlags { ConnectionFlags(rawValue: 1 << 6) }
    /// Faces a server (else: a client).
    static var isServerSide: ConnectionFlags { ConnectionFlags(rawValue: 1 << 7) }
    /// Lies in an idle pool.
    static var isPooled: ConnectionFlags { ConnectionFlags(rawValue: 1 << 8) }
    /// Has served more than one request: `http-reuse aggressive` trusts it.
    static var isProven: ConnectionFlags { ConnectionFlags(rawValue: 1 << 9) }
    /// Was taken from a pool for the present stream.
    static var isReused: ConnectionFlags { ConnectionFlags(rawValue: 1 << 10) }
    /// Registered with the poller.
    static var isWatched: ConnectionFlags { ConnectionFlags(rawValue: 1 << 11) }
    /// Waits in the run queue.
    static var isScheduled: ConnectionFlags { ConnectionFlags(rawValue: 1 << 12) }
    /// The client is being drained before the close: what it sends is thrown away.
    static var isLingering: ConnectionFlags { ConnectionFlags(rawValue: 1 << 13) }
    /// A UNIX socket: no TCP options.
    static var isLocal: ConnectionFlags { ConnectionFlags(rawValue: 1 << 14) }
    /// Client side: waits for its response without being watched.
    static var restsUnwatched: ConnectionFlags { ConnectionFlags(rawValue: 1 << 15) }
    /// Server side: TCP_NODELAY is set.
    static var sendsAtOnce: ConnectionFlags { ConnectionFlags(rawValue: 1 << 16) }
    /// Client side: the end of its last response waits in the socket for the FIN.
    static var isCorked: ConnectionFlags { ConnectionFlags(rawValue: 1 << 17) }
}

/// A connection to a client or to a server.
@safe
struct Connection: ~Copyable {
    var descriptor: Descriptor
    var flags: ConnectionFlags
    /// What went wrong with it first.
    var fault = ConnectionFault.none
    /// The stream that uses it; none while idle.
    var stream = Handle.none
    /// Read and not yet passed on.
    var inbound = Buffer()
    /// To be written before anything of the other side's `inbound`.
    var outbound = Buffer()
    /// Client side: its session. Server side: none.
    var session = Handle.none
    /// Client side: how far `inbound` was searched for the end of a head.
    var scanned: UInt32 = 0
    /// Server side: requests it has served.
    var served: UInt32 = 0
    /// Server side: index of the server in the pools (its identity), and the pool's epoch when the
    /// connection was made.
    var serverIdentity: UInt32 = .max
    var poolEpoch: UInt32 = 0
    /// Server side: the server's live state, which outlives every worker.
    var serverLive: Unmanaged<ServerLive>?
    /// Server side: links of the idle pool, newest first.
    var olderIdle = Handle.none
    var newerIdle = Handle.none
    /// Server side: when it became idle. Client side: when the present wait began.
    var idleSince: UInt64 = 0

    init(descriptor: consuming Descriptor, flags: ConnectionFlags) {
        self.descriptor = descriptor
        self.flags = flags
    }

    /// Whether it faces a server.
    @inline(__always)
    var isServerSide: Bool { flags.contains(.isServerSide) }
}

extension Connection {
    /// Keeps what went wrong first.
    mutating func note(_ fault: ConnectionFault) {
        if self.fault == .none { self.fault = fault }
    }

    /// Keeps what the system said went wrong.
    mutating func note(_ error: Errno) { note(ConnectionFault(error)) }
}

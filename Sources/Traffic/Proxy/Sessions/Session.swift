// One client connection's life, from accept to close, over any number of streams.

import Addresses
import Kernel
import Structures

/// What is known of a client.
///
/// Safety: the live state of a bind line is kept for the life of the process.
@safe
struct Session: ~Copyable {
    /// Its connection.
    var client = Handle.none
    /// The client's address and port as accepted; nil over a UNIX socket.
    var clientAddress: IPSocketAddress?
    /// The client came over a UNIX socket.
    var isLocal = false
    /// Index of the frontend in the proxies of `program`.
    var frontend: Int32
    /// The program the frontend index belongs to; the session counts as one of its users.
    var program: Handle
    /// Index of the `bind` line.
    var bindIndex: Int32
    var bind: Unmanaged<BindLive>
    /// `option socket-stats`: the listener counts it.
    var countsListener = false
    /// Requests begun on this connection.
    var requests: UInt32 = 0
    /// The server of the previous stream, for `option prefer-last-server`: its backend (index in
    /// the proxies) and its ordinal; -1 none.
    var lastBackend: Int32 = -1
    var lastOrdinal: Int32 = -1
    /// An idle server connection only this session may use (`http-reuse never`).
    var privateServer = Handle.none
    /// Tick (milliseconds) of the accept, and of the end of the previous stream.
    var acceptedAt: UInt64
    var idleSince: UInt64
    /// Tick at which the first byte of the present head came; 0 while none has.
    var firstByteAt: UInt64 = 0
    /// Calendar microseconds of the accept.
    var acceptedMicroseconds: Int64
    /// The client's address as text, for X-Forwarded-For; made at first use.
    var addressText = InlineArray<48, UInt8>(repeating: 0)
    var addressTextLength: UInt8 = 0
    /// The address the client came to; asked for at first use.
    var destination: IPSocketAddress?
    /// Whether `destination` was asked for.
    var knowsDestination = false
    /// Variables and what else rules need; none while they need nothing.
    var extras = Handle.none
}

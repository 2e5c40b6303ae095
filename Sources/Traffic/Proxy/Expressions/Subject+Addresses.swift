// The addresses of a client as rules see them: those of its connection, or those that rules have
// put in their place (configuration manual: set-src, set-src-port, set-dst, set-dst-port).

import Addresses
import Kernel
import Structures

/// Addresses that take the place of a connection's own.
struct ReplacedAddresses: BitwiseCopyable {
    /// Where the client comes from.
    var source: IPSocketAddress?
    /// Where the client went.
    var destination: IPSocketAddress?

    /// None.
    init() {}
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// What rules have put in place of the address the client came to.
    var replacedDestination: IPSocketAddress? {
        unsafe worker.pointee.replaced(stream, session) { $0.destination }
    }

    /// The client's address and port; nil over a UNIX socket.
    public var clientAddress: IPSocketAddress? {
        unsafe worker.pointee.replaced(stream, session) { $0.source } ?? connectionSource
    }

    /// The client's address and port as its connection has them, whatever rules say.
    public var connectionSource: IPSocketAddress? {
        unsafe worker.pointee.sessions[session].clientAddress
    }

    /// The address and port the client came to; nil over a UNIX socket.
    public var destinationAddress: IPSocketAddress? {
        replacedDestination ?? connectionDestination
    }

    /// The address and port the client's connection came to, whatever rules say; where the machine
    /// has translated them, those that the client wanted.
    ///
    /// The first use in a session costs two system calls.
    public var connectionDestination: IPSocketAddress? {
        unsafe worker.pointee.destination(ofSession: session)
    }

    /// The client's connection; none where it is not known.
    var client: Handle {
        unsafe stream.isNone
            ? worker.pointee.sessions[session].client : worker.pointee.streams[stream].client
    }

    /// Makes the close of the client's connection a reset that reaches only so many routers.
    public func resetClient(timeToLive: Int) {
        let client = client
        if client.isNone { return }
        unsafe worker.pointee.connections[client].descriptor.resetOnClose(
            timeToLive: Int32(timeToLive))
    }

    /// Puts another address in the place of the client's.
    public func setSource(_ address: IPSocketAddress) {
        if stream.isNone {
            let extras = unsafe worker.pointee.extras(ofSession: session)
            unsafe worker.pointee.sessionExtras[extras].addresses.source = address
        } else {
            let extras = unsafe worker.pointee.extras(of: stream)
            unsafe worker.pointee.streamExtras[extras].addresses.source = address
        }
    }

    /// Puts another address in the place of the one the client came to.
    public func setDestination(_ address: IPSocketAddress) {
        if stream.isNone {
            let extras = unsafe worker.pointee.extras(ofSession: session)
            unsafe worker.pointee.sessionExtras[extras].addresses.destination = address
        } else {
            let extras = unsafe worker.pointee.extras(of: stream)
            unsafe worker.pointee.streamExtras[extras].addresses.destination = address
        }
    }
}

extension Worker {
    /// What rules have put in place of one of a connection's addresses; the stream's, if there is
    /// one, comes first.
    @inline(__always)
    mutating func replaced(
        _ stream: Handle, _ session: Handle, _ part: (ReplacedAddresses) -> IPSocketAddress?
    ) -> IPSocketAddress? {
        if !stream.isNone {
            let own = streams[stream].extras
            if !own.isNone, let address = part(streamExtras[own].addresses) { return address }
        }
        let extras = sessions[session].extras
        return extras.isNone ? nil : part(sessionExtras[extras].addresses)
    }

    /// The address and port a client came to; nil over a UNIX socket.
    mutating func destination(ofSession session: Handle) -> IPSocketAddress? {
        if let trace { return trace.destination }
        if sessions[session].knowsDestination { return sessions[session].destination }
        let client = sessions[session].client
        if client.isNone || connections[client].flags.contains(.isLocal) { return nil }
        let local = (try? connections[client].descriptor.localAddress())?.ip
        let wanted = local.flatMap {
            connections[client].descriptor.originalDestination(isIPv6: $0.address.family == .v6)?.ip
        }
        sessions[session].destination = wanted ?? local
        sessions[session].knowsDestination = true
        return sessions[session].destination
    }
}

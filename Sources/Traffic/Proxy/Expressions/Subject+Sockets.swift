// What fetches ask of the two connections of a stream, beside the client's addresses: the server's
// addresses, what the kernel has measured, and what went wrong.

import Addresses
import Kernel
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The connection to the server; none while there is none.
    private var server: Handle {
        stream.isNone ? .none : unsafe worker.pointee.streams[stream].server
    }

    /// Whether the client is connected over a UNIX socket.
    public var isLocalClient: Bool {
        let client = client
        if client.isNone { return false }
        return unsafe worker.pointee.connections[client].flags.contains(.isLocal)
    }

    /// What the kernel has measured of the client's connection; nil where it is no TCP connection.
    public var clientFigures: TCPFigures? {
        let client = client
        if client.isNone { return nil }
        return unsafe worker.pointee.connections[client].descriptor.transportFigures()
    }

    /// What the kernel has measured of the server's connection; nil where there is none, or it is
    /// no TCP connection.
    public var serverFigures: TCPFigures? {
        let server = server
        if server.isNone { return nil }
        return unsafe worker.pointee.connections[server].descriptor.transportFigures()
    }

    /// Our own address and port in the connection to the server; nil where there is none, or over a
    /// UNIX socket. Costs a system call.
    public var serverSource: IPSocketAddress? {
        if stream.isNone { return nil }
        return unsafe worker.pointee.serverSource(stream)
    }

    /// The server's address and port in the connection to it; nil while no server was chosen, or
    /// over a UNIX socket.
    public var serverDestination: IPSocketAddress? {
        guard !stream.isNone else { return nil }
        let index = unsafe worker.pointee.streams[stream].serverIndex
        if index < 0 { return nil }
        let entry = unsafe worker.pointee.programs[program].servers[Int(index)]
        return unsafe worker.pointee.destination(stream, entry).ip
    }

    /// Whether there is a connection to a server.
    public var hasServerConnection: Bool { !server.isNone }

    /// Whether the connection to the server had served other requests before.
    public var isServerConnectionReused: Bool {
        let server = server
        if server.isNone { return false }
        return unsafe worker.pointee.connections[server].flags.contains(.isReused)
    }

    /// How many requests the connection to the server has served, this one included.
    public var serverRequests: Int? {
        let server = server
        return server.isNone ? nil : unsafe Int(worker.pointee.connections[server].served)
    }

    /// How many requests the client's connection has brought, this one included.
    public var clientRequests: Int { unsafe Int(worker.pointee.sessions[session].requests) }

    /// What went wrong with the client's connection; nil where it is not known.
    public var clientFault: ConnectionFault? {
        let client = client
        return client.isNone ? nil : unsafe worker.pointee.connections[client].fault
    }

    /// What went wrong with the connection to the server, or with the last one that could not be
    /// made; nil where there was none.
    public var serverFault: ConnectionFault? {
        if stream.isNone { return nil }
        let server = server
        if !server.isNone { return unsafe worker.pointee.connections[server].fault }
        let fault = unsafe worker.pointee.streams[stream].serverFault
        return fault == .none ? nil : fault
    }

    /// Whether the client has broken off its connection.
    public var isClientAborted: Bool { isAborted(client) }

    /// Whether the server has broken off its connection.
    public var isServerAborted: Bool { isAborted(server) }

    private func isAborted(_ connection: Handle) -> Bool {
        if connection.isNone { return false }
        return unsafe worker.pointee.connections[connection].flags.contains(.failed)
    }

    /// The number of a connection's descriptor; nil where there is no connection.
    public func descriptor(isClient: Bool) -> Int? {
        let connection = isClient ? client : server
        if connection.isNone { return nil }
        return unsafe Int(worker.pointee.connections[connection].descriptor.number)
    }

    /// The states of a connection as bits; nil where there is none.
    public func states(isClient: Bool) -> Int? {
        let connection = isClient ? client : server
        if connection.isNone { return nil }
        return unsafe Int(worker.pointee.connections[connection].flags.rawValue)
    }
}

extension Worker {
    /// Our own address in a stream's connection to its server, or in the one it had.
    mutating func serverSource(_ stream: Handle) -> IPSocketAddress? {
        let server = streams[stream].server
        if server.isNone {
            let extras = streams[stream].extras
            return extras.isNone ? nil : streamExtras[extras].serverSource
        }
        return (try? connections[server].descriptor.localAddress())?.ip
    }

    /// Keeps for the log what is known only as long as there is a connection to the server.
    mutating func keepServerFacts(_ stream: Handle) {
        let own = streams[stream].program
        guard streams[stream].flags.contains(.isLogged),
            programs[own].generation.configuration.logsServerConnections
        else { return }
        let source = serverSource(stream)
        let extras = extras(of: stream)
        streamExtras[extras].serverSource = source
        streams[stream].serverFault = connections[streams[stream].server].fault
    }
}

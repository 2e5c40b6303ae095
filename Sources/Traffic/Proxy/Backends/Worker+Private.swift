// Server connections that belong to one session: `http-reuse never`, and servers that authenticate
// the connection rather than the request.

import Structures

extension Worker {
    /// Keeps an idle server connection for the next request of a session.
    mutating func keepPrivate(_ server: Handle, for session: Handle) {
        dropPrivate(session)
        buffers.give(connections[server].inbound.take())
        buffers.give(connections[server].outbound.take())
        connections[server].stream = .none
        connections[server].session = session
        connections[server].flags.insert(.isPooled)
        sessions[session].privateServer = server
    }

    /// The session's own connection, if it leads to that server and is still good.
    mutating func takePrivate(_ session: Handle, _ entry: ServerEntry) -> Handle? {
        let server = sessions[session].privateServer
        guard !server.isNone else { return nil }
        let epoch = unsafe entry.live._withUnsafeGuaranteedRef {
            $0.poolEpoch.load(ordering: .relaxed)
        }
        guard connections[server].serverIdentity == entry.identity,
            connections[server].poolEpoch == epoch
        else {
            dropPrivate(session)
            return nil
        }
        sessions[session].privateServer = .none
        connections[server].session = .none
        connections[server].flags.remove(.isPooled)
        return server
    }

    /// Closes the session's own connection, if it has one.
    mutating func dropPrivate(_ session: Handle) {
        let server = sessions[session].privateServer
        guard !server.isNone else { return }
        sessions[session].privateServer = .none
        closeServerConnection(server)
    }
}

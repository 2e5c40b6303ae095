// What a worker tells of a stream on its way when it is explained: the backend, the servers that
// may be chosen, the connection that stands for the server's, the reply, the end.

import Addresses
import Balancing
import Bytes
import HTTP
import Kernel
import Structures

extension Worker {
    /// A stream enters its backend.
    mutating func explainBackend(_ stream: Handle, _ backend: Int32) {
        let proxies = programs[streams[stream].program].generation.configuration.proxies
        let isOwn = streams[stream].frontend == backend
        let isChosen = streams[stream].backend >= 0
        let why = isOwn ? "its own servers" : isChosen ? "chosen by a rule" : "default_backend"
        trace?.note(
            .fact(TracedFact(kind: .backend, name: proxies[Int(backend)].name, value: why)))
    }

    /// The frontend's `monitor-uri` is asked for.
    mutating func explainMonitor(_ fails: Bool) {
        let value = fails ? "fails" : "serves"
        trace?.note(.fact(TracedFact(kind: .monitor, name: "", value: value)))
    }

    /// A stream looks for a server.
    mutating func explainCandidates(_ stream: Handle) {
        guard let trace else { return }
        let own = streams[stream].program
        let back = Int(streams[stream].backend)
        let entry = programs[own].proxies[back]
        let proxy = programs[own].generation.configuration.proxies[back]
        let pinned = Int(streams[stream].pinnedOrdinal)
        let servers = unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { $0.tracedServers(pinned: pinned) }
        }
        trace.candidates = servers.filter { $0.state == .candidate }.map(\.name)
        let algorithm = proxy.balance.joined(separator: " ")
        trace.note(
            .candidates(
                TracedChoice(
                    backend: proxy.name, algorithm: algorithm, isPinned: pinned >= 0,
                    servers: servers)))
        trace.assume(.servers)
        if trace.candidates.count > 1 { trace.assume(.turn(algorithm)) }
    }

    /// The server that was chosen is connected to: a stand-in answers in its place. Nil: the system
    /// has no sockets, or there is no room.
    mutating func openExplained(
        _ stream: Handle, _ server: ServerEntry, _ address: RawSocketAddress
    ) throws(Errno) -> Handle? {
        guard let trace else { return nil }
        let pair = try Descriptor.pair()
        let socket = Descriptor(owning: pair.second)
        let proxies = programs[streams[stream].program].generation.configuration.proxies
        let proxy = proxies[Int(server.proxy)]
        let configured = proxy.servers[Int(server.position)]
        let text = server.addressText
        let chosen = TracedServer(
            name: configured.name,
            address: address.ip.map { "\($0)" } ?? TracedText(text.span.array),
            state: .candidate)
        if trace.explanation.server != nil { trace.assume(.retries) }
        trace.explanation.server = chosen
        trace.explanation.author = .nobody
        trace.server = FarEnd(Descriptor(owning: pair.first))
        trace.awaitsAnswer = true
        trace.isHTTP = streams[stream].flags.contains(.isHTTP)
        trace.finish(.forwarded(backend: proxy.name, candidates: trace.candidates))
        trace.note(.fact(TracedFact(kind: .server, name: chosen.name, value: chosen.address)))
        let flags: ConnectionFlags = [.isServerSide, .writable, .isLocal]
        return connections.insert(Connection(descriptor: socket, flags: flags))
    }

    /// Lets the stand-in for the server answer when it has got its request, and ends a relay whose
    /// server has answered.
    ///
    /// - Parameter isIdle: no bytes have moved since this was asked last.
    mutating func answerExplained(_ stream: Handle, isIdle: Bool) {
        guard let trace, !streams[stream].server.isNone else { return }
        let isHTTP = streams[stream].flags.contains(.isHTTP)
        if trace.awaitsAnswer {
            let isDelivered = !isHTTP || streams[stream].flows[0].isDelivered
            guard isDelivered || isIdle else { return }
            if !isDelivered { trace.assume(.body) }
            trace.awaitsAnswer = false
            trace.explanation.author = .server
            let usual = isHTTP ? ExplainedRequest.plainResponse : []
            if trace.response == nil { trace.assume(isHTTP ? .response : .silence) }
            let response = trace.response ?? usual
            let line = response.prefix { $0 != 0x0D && $0 != 0x0A }
            trace.note(
                .fact(TracedFact(kind: .response, name: "", value: TracedText(Array(line)))))
            trace.server.send(response)
        } else if trace.server.hasSentAll && isIdle {
            trace.server.finish()
            if streams[stream].phase == .tunnel { trace.client.finish() }
        }
    }

    /// The client gets a reply from the proxy itself.
    mutating func explainReply(_ stream: Handle, _ status: Int) {
        guard let trace else { return }
        trace.finish(.replied(status: status))
        trace.explanation.author = .proxy
        trace.note(.fact(TracedFact(kind: .reply, name: "", value: "\(status)")))
    }

    /// A stream has ended.
    ///
    /// - Parameter hasLeft: its request was read to its end, so that what follows is another one.
    mutating func explainEnd(_ client: Handle, hasLeft: Bool) {
        trace?.close(hasRest: hasLeft && !connections[client].inbound.isEmpty)
    }
}

extension BackendOrder {
    /// The servers of the present configuration, and which of them a stream may be given.
    ///
    /// - Parameter pinned: the ordinal of the one that a rule asks for; -1 for none.
    func tracedServers(pinned: Int) -> [TracedServer] {
        let hasPrimary = usable.primaries > 0
        var mayUseBackup = !hasPrimary
        return live.indices.filter { servers[$0].slot >= 0 }.map { index in
            let server = servers[index]
            var state = TracedServer.State.candidate
            if pinned >= 0 && servers[pinned].isReachable {
                state = index == pinned ? .candidate : .passedOver
            } else if server.admin.isMaintenance {
                state = .disabled
            } else if !server.isUp {
                state = .down
            } else if server.isDraining {
                state = .drained
            } else if server.isBackup {
                state = mayUseBackup ? .candidate : .backup
                if !usesAllBackups { mayUseBackup = false }
            }
            return TracedServer(name: live[index].name, address: "", state: state)
        }
    }
}

// Gathering the facts of a stream for its log line.

import Kernel
import Structures

extension Worker {
    /// Writes the log line of a stream that ends, where its frontend has logs.
    mutating func logEnd(_ stream: Handle) {
        let flags = streams[stream].flags
        guard flags.contains(.isLogged), !flags.contains(.wasLogged) else { return }
        var facts = facts(stream)
        // A stream that ends is not counted any more where it was, as in HAProxy's lines.
        facts.backendConnections = max(facts.backendConnections &- 1, 0)
        facts.serverConnections = max(facts.serverConnections &- 1, 0)
        let program = streams[stream].program
        programs[program].logger.log(facts, requestLine: streams[stream].requestLine.span)
    }

    /// `option logasap`: the line is written when the response's head, or a TCP server's
    /// connection, is there; what the rest brings is not in it.
    mutating func logEarly(_ stream: Handle) {
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].frontend)]
        guard entry.options.contains(.logASAP), streams[stream].flags.contains(.isLogged) else {
            return
        }
        var facts = facts(stream)
        facts.isEarly = true
        facts.bytesToClient = UInt64(connections[streams[stream].client].outbound.count)
        programs[program].logger.log(facts, requestLine: streams[stream].requestLine.span)
        streams[stream].flags.insert(.wasLogged)
    }

    /// Writes the line of a connection that was just accepted, where that is all that is logged.
    mutating func logAccept(_ client: Handle) {
        var facts = StreamFacts()
        let session = connections[client].session
        facts.frontend = Int(sessions[session].frontend)
        facts.isHTTP = programs[program].proxies[facts.frontend].isHTTP
        facts.clientAddress = sessions[session].clientAddress
        facts.acceptedMicroseconds = sessions[session].acceptedMicroseconds
        facts.requestMicroseconds = facts.acceptedMicroseconds
        if let local = try? connections[client].descriptor.localAddress() {
            facts.destinationAddress = local
        }
        programs[program].logger.log(facts, requestLine: Span())
    }

    private mutating func facts(_ stream: Handle) -> StreamFacts {
        var facts = StreamFacts()
        let session = streams[stream].session
        let program = streams[stream].program
        let flags = streams[stream].flags
        let front = programs[program].proxies[Int(streams[stream].frontend)]
        facts.streamNumber = streams[stream].number
        facts.level = Int(settings(of: stream).logLevel)
        facts.frontend = Int(streams[stream].frontend)
        facts.backend = Int(streams[stream].backend)
        facts.isHTTP = flags.contains(.isHTTP)
        facts.isBadRequest = flags.contains(.isBadRequest)
        facts.clientAddress = sessions[session].clientAddress
        if let local = try? connections[streams[stream].client].descriptor.localAddress() {
            facts.destinationAddress = local
        }
        let replaced = withSubject(stream, isFinal: true) { $0.replacedAddresses }
        if let source = replaced.source { facts.clientAddress = RawSocketAddress(.ip(source)) }
        if let destination = replaced.destination {
            facts.destinationAddress = RawSocketAddress(.ip(destination))
        }
        facts.acceptedMicroseconds = sessions[session].acceptedMicroseconds
        let sinceAccept = Int64(streams[stream].firstByteAt &- sessions[session].acceptedAt)
        facts.requestMicroseconds = facts.acceptedMicroseconds &+ sinceAccept &* 1000
        let server = streams[stream].serverIndex
        if server >= 0 {
            let entry = programs[program].servers[Int(server)]
            facts.server = Int(entry.position)
            facts.serverAddress = entry.address
        }
        addTimes(stream, to: &facts)
        facts.status = Int(streams[stream].status)
        facts.bytesToClient = streams[stream].bytesToClient
        facts.bytesFromClient = streams[stream].flows[0].bytes
        facts.isNull = streams[stream].flows[0].bytes == 0
        facts.termination = streams[stream].termination
        facts.activeConnections = unsafe process._withUnsafeGuaranteedRef {
            $0.connections.load(ordering: .relaxed)
        }
        facts.frontendConnections = unsafe front.frontend._withUnsafeGuaranteedRef {
            $0.connections.load(ordering: .relaxed)
        }
        facts.backendConnections = Int(streams[stream].backendConnections)
        facts.serverConnections = Int(streams[stream].serverConnections)
        facts.retries = Int(streams[stream].retries)
        facts.wasRedispatched = flags.contains(.wasRedispatched)
        facts.serverQueue = Int(streams[stream].serverQueueAhead)
        facts.backendQueue = Int(streams[stream].backendQueueAhead)
        return facts
    }

    private mutating func addTimes(_ stream: Handle, to facts: inout StreamFacts) {
        let session = streams[stream].session
        facts.idleTime = Int(streams[stream].idleMilliseconds)
        let head = streams[stream].headAt
        facts.requestTime = head == 0 ? -1 : Int(head &- streams[stream].firstByteAt)
        facts.queueTime = waitTime(stream)
        facts.connectTime = connectTime(stream)
        facts.responseTime = responseTime(stream)
        let response = streams[stream].responseAt
        facts.dataTime = response == 0 ? -1 : Int(now &- response)
        facts.activeTime = Int(now &- streams[stream].firstByteAt)
        facts.totalTime =
            streams[stream].flags.contains(.isHTTP)
            ? Int(now &- streams[stream].firstByteAt) + facts.idleTime
            : Int(now &- sessions[session].acceptedAt)
    }
}

// BFD sessions on the loop: sockets and timers for the pure session machine. RFC 5880; ports and
// hop limits of RFC 5881 and 5883. keepalived.conf(5): bfd_instance.

import Addresses
import Daemon
import Kernel
import VRRPConfig
import VRRPProtocol

/// Runs all sessions.
final class BFDRunner {
    private final class Session {
        let definition: BFDDefinition
        var machine: BFDSession
        let socket: HopCountedSocket
        var timers: [BFDSession.Timer: ControlTimer] = [:]
        var packets: UInt64 = 0
        var rejected: UInt64 = 0
        var transitions: UInt64 = 0

        init(
            _ definition: BFDDefinition, _ machine: BFDSession, _ socket: consuming HopCountedSocket
        ) {
            self.definition = definition
            self.machine = machine
            self.socket = socket
        }
    }

    /// Where packets arrive; sockets cannot be kept in a dictionary themselves.
    private final class Listener {
        let socket: HopCountedSocket

        init(_ socket: consuming HopCountedSocket) { self.socket = socket }
    }

    private struct ListenerKey: Hashable {
        var family: IPAddress.Family
        var port: UInt16
    }

    private unowned let routers: VirtualRouters
    private var sessions: [String: Session] = [:]
    private var listeners: [ListenerKey: Listener] = [:]
    private var random = SystemRandomNumberGenerator()
    private var rejections = LogBudget()

    /// Datagrams taken in one turn of the loop, at most.
    static let datagramLimit = 64

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// Starts what is new, ends what is gone or has changed.
    func follow(_ definitions: [BFDDefinition]) {
        for (name, session) in sessions where !definitions.contains(session.definition) {
            step(session, .stop)
            sessions[name] = nil
            routers.board.forget(TrackBoard.Key(kind: .bfd, name: name))
        }
        for definition in definitions where sessions[definition.name] == nil { start(definition) }
        for key in listeners.keys where !definitions.contains(where: { self.key(of: $0) == key }) {
            if let listener = listeners.removeValue(forKey: key) {
                routers.loop.unwatch(listener.socket.descriptor.number)
            }
        }
    }

    /// Ends all sessions.
    func stop() { follow([]) }

    private func key(of definition: BFDDefinition) -> ListenerKey {
        ListenerKey(
            family: definition.neighbour.family,
            port: definition.isMultihop ? BFDPacket.multihopPort : BFDPacket.singleHopPort)
    }

    private func start(_ definition: BFDDefinition) {
        tell(definition.name, isUp: false, "the session is not up yet")
        do throws(Errno) {
            try listen(key(of: definition))
            let socket = try sender(for: definition)
            var settings = BFDSession.Settings(
                discriminator: UInt32.random(in: 1 ... .max, using: &random))
            settings.minimumTransmit = definition.minimumTransmitNanoseconds
            settings.minimumReceive = definition.minimumReceiveNanoseconds
            settings.idleTransmit = definition.idleTransmitNanoseconds
            settings.multiplier = UInt8(clamping: definition.multiplier)
            settings.isPassive = definition.isPassive
            let session = Session(
                definition,
                BFDSession(settings: settings, seed: UInt64.random(in: 0 ... .max, using: &random)),
                socket)
            sessions[definition.name] = session
            step(session, .start)
        } catch {
            routers.log.say(.error, "bfd \(definition.name): no socket: \(error.text)")
        }
    }

    /// A socket on one of the ports that BFD packets must come from (RFC 5881 §4).
    private func sender(for definition: BFDDefinition) throws(Errno) -> HopCountedSocket {
        let any = definition.neighbour.family == .v4 ? IPAddress.anyV4 : IPAddress.anyV6
        for _ in 0..<16 {
            let port = UInt16.random(in: BFDPacket.sourcePorts, using: &random)
            do {
                return try HopCountedSocket(
                    boundTo: IPSocketAddress(definition.source ?? any, port: port),
                    hopLimit: definition.hopLimit)
            } catch  where error == .addressInUse {
                continue
            } catch {
                throw error
            }
        }
        throw .addressInUse
    }

    private func listen(_ key: ListenerKey) throws(Errno) {
        guard listeners[key] == nil else { return }
        let any = key.family == .v4 ? IPAddress.anyV4 : IPAddress.anyV6
        let listener = Listener(
            try HopCountedSocket(boundTo: IPSocketAddress(any, port: key.port), hopLimit: 255))
        try routers.loop.watch(listener.socket.descriptor.number, for: .readable) {
            [unowned self, unowned listener] _ in read(listener, key)
        }
        listeners[key] = listener
    }

    // MARK: Packets

    private func read(_ listener: Listener, _ key: ListenerKey) {
        for _ in 0..<Self.datagramLimit {
            guard let arrival = listener.socket.receive() else { break }
            take(arrival, key)
        }
        routers.drain()
    }

    private func take(_ arrival: HopCountedSocket.Arrival, _ key: ListenerKey) {
        let packet: BFDPacket
        do throws(BFDPacket.Rejection) {
            packet = try BFDPacket.parse(arrival.bytes.span)
        } catch {
            return reject(arrival.sender, error.text, nil)
        }
        guard let session = session(for: packet, from: arrival.sender, key) else {
            return reject(arrival.sender, "no session", nil)
        }
        guard
            BFDPacket.admits(
                hopLimit: arrival.hopLimit, maximumHops: session.definition.allowedHops)
        else { return reject(arrival.sender, "it has come too far", session) }
        session.packets += 1
        step(session, .received(packet))
    }

    /// The session that a packet names or, before it knows our number, the one with its sender.
    private func session(
        for packet: BFDPacket, from sender: IPAddress, _ key: ListenerKey
    ) -> Session? {
        sessions.values.first { session in
            guard self.key(of: session.definition) == key,
                session.definition.neighbour == sender
            else { return false }
            return packet.yourDiscriminator == 0
                || packet.yourDiscriminator == session.machine.settings.discriminator
        }
    }

    private func reject(_ sender: IPAddress, _ reason: String, _ session: Session?) {
        session?.rejected += 1
        let line = rejections.take(at: Clock.monotonic().nanoseconds)
        if line.isAllowed {
            routers.log.say(.warning, "bfd packet from \(sender) dropped: \(reason)")
        }
    }

    // MARK: The machine

    private func step(_ session: Session, _ event: BFDSession.Event) {
        var effects: [BFDSession.Effect] = []
        let now = Clock.sinceBoot().nanoseconds
        session.machine.step(event, at: now, into: &effects)
        for effect in effects { perform(effect, session, now) }
    }

    private func perform(_ effect: BFDSession.Effect, _ session: Session, _ now: UInt64) {
        switch effect {
        case .send(let packet):
            let port = key(of: session.definition).port
            // What is lost here is as good as lost on the way: the next packet follows.
            _ = session.socket.send(
                packet.bytes, to: IPSocketAddress(session.definition.neighbour, port: port))
        case .arm(let timer, let deadline):
            if let armed = session.timers[timer] { routers.loop.cancel(armed) }
            let wait = deadline > now ? deadline - now : 0
            session.timers[timer] = routers.loop.after(nanoseconds: wait) {
                [unowned self, unowned session] in
                session.timers[timer] = nil
                step(session, .timer(timer))
            }
        case .disarm(let timer):
            if let armed = session.timers.removeValue(forKey: timer) { routers.loop.cancel(armed) }
        case .transition(_, let to, let reason):
            session.transitions += 1
            tell(session.definition.name, isUp: to == .up, "\(to), \(reason)")
        }
    }

    private func tell(_ name: String, isUp: Bool, _ detail: String) {
        routers.board.set(
            TrackBoard.Key(kind: .bfd, name: name),
            TrackBoard.Finding(isUp: isUp, detail: detail))
    }

    /// What is shown of the sessions.
    var statuses: [TrackerStatus] {
        sessions.map { name, session in
            var status = TrackerStatus(kind: "bfd", name: name)
            status.isGood = session.machine.state == .up
            status.detail = "\(session.machine.state)"
            status.runs = session.packets
            status.failures = session.rejected
            return status
        }
    }
}

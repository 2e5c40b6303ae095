// Sends a ring's lines to one server over a stream, in order, and begins again where it left off
// when the connection fails. Control thread only.
//
//     waiting ──► connecting ──► connected ──► lines … ──► (nothing left: asleep)
//        ▲             └── failed, timed out ──┴── closed, timed out
//        └───────────────── a second later ────────┘

import Daemon
import Kernel
import Proxy

/// One server of one ring.
final class RingForwarder {
    /// Bytes of lines taken at once.
    private static let batchBytes = 16384
    /// How long a failed connection is let rest.
    private static let pauseMilliseconds = 1000

    private unowned let loop: ControlLoop
    private let ring: LogRing
    private let server: ServerConfiguration
    private let number: Int
    /// Position of the first line that is not in `output`.
    private var position: UInt64
    /// Position of the first line that has not gone out whole.
    private var unsentPosition: UInt64
    private var output: [UInt8] = []
    private var written = 0
    /// For each line in `output` where it ends there, and the position behind it.
    private var ends: [(output: Int, position: UInt64)] = []
    /// Lines sent on this connection.
    private var lines = 0
    private var descriptor = Descriptor()
    private var isConnected = false
    private var timer: ControlTimer?

    init(_ ring: LogRing, _ server: ServerConfiguration, on loop: ControlLoop) {
        self.loop = loop
        self.ring = ring
        self.server = server
        (number, position) = ring.addForwarder()
        unsentPosition = position
        connect()
    }

    /// Sends what the socket takes now.
    func flush() {
        guard isConnected else { return }
        while true {
            if written == output.count {
                if limitIsReached { return reconnect() }
                if !fill() { return rest() }
            }
            switch descriptor.send(output.span.extracting(written...)) {
            case .bytes(let count):
                written += count
                confirm()
                setTimer(ring.configuration.serverMilliseconds)
            case .wouldBlock:
                if timer == nil { setTimer(ring.configuration.serverMilliseconds) }
                return watch([.readable, .writable])
            case .failed:
                return fail()
            }
        }
    }

    /// Ends the connection; the ring no longer waits for this server.
    func stop() {
        close()
        ring.sent(number, before: .max)
    }

    // MARK: Connecting

    private func connect() {
        do throws(Errno) {
            let address = server.address
            descriptor = try Descriptor.socket(
                family: address.family, type: SocketTypeNumber.stream)
            try setSource()
            let isDone = try descriptor.connect(to: address)
            try loop.watch(descriptor.number, for: .writable) { [unowned self] in happened($0) }
            isConnected = isDone
            setTimer(ring.configuration.connectMilliseconds)
            if isDone { flush() }
        } catch {
            fail()
        }
    }

    private func setSource() throws(Errno) {
        if server.tcpUserTimeoutMilliseconds > 0 {
            _ = descriptor.setUserTimeout(milliseconds: server.tcpUserTimeoutMilliseconds)
        }
        guard let source = server.source else { return }
        if let interface = source.interface { descriptor.bind(toDevice: interface) }
        try descriptor.bind(to: source.address)
    }

    private func happened(_ events: PollEvents) {
        if !isConnected {
            if descriptor.takeSocketError() != nil { return fail() }
            isConnected = true
            setTimer(0)
        } else if !events.isDisjoint(with: [.readable, .hangUp, .error]) {
            // A log server has nothing to say; what it says is dropped, and its end is noticed.
            if !drain() { return fail() }
        }
        flush()
    }

    /// Reads and forgets; false when the server has closed.
    private func drain() -> Bool {
        while true {
            switch descriptor.discard() {
            case .bytes: continue
            case .wouldBlock: return true
            case .ended, .failed: return false
            }
        }
    }

    private func fail() {
        close()
        timer = loop.after(milliseconds: Self.pauseMilliseconds) { [unowned self] in
            timer = nil
            connect()
        }
    }

    private func reconnect() {
        close()
        connect()
    }

    private func close() {
        setTimer(0)
        isConnected = false
        lines = 0
        output = []
        written = 0
        // Lines that were not sent whole are sent again on the next connection.
        position = unsentPosition
        ends = []
        if descriptor.number >= 0 {
            loop.unwatch(descriptor.number)
            descriptor = Descriptor()
        }
    }

    // MARK: Lines

    private var limitIsReached: Bool {
        server.maxReuse >= 0 && lines > server.maxReuse
    }

    /// Takes the next lines; false when there are none.
    private func fill() -> Bool {
        output.removeAll(keepingCapacity: true)
        written = 0
        var next = position
        ring.read(from: position, atMost: Self.batchBytes) { line, behind in
            if server.logFraming == .octetCount {
                output += "\(line.count) ".utf8
                output += line
            } else {
                output += line
                output.append(0x0A)
            }
            ends.append((output.count, behind))
            next = behind
        }
        position = next
        return !output.isEmpty
    }

    /// Tells the ring which lines have gone out whole.
    private func confirm() {
        var count = 0
        while count < ends.count && ends[count].output <= written { count += 1 }
        if count == 0 { return }
        unsentPosition = ends[count - 1].position
        ends.removeFirst(count)
        lines += count
        ring.sent(number, before: unsentPosition)
    }

    /// Nothing to send: sleep until the next line.
    private func rest() {
        setTimer(0)
        watch(.readable)
        if ring.await(behind: position) { flush() }
    }

    private func watch(_ events: PollEvents) {
        do throws(Errno) { try loop.rewatch(descriptor.number, for: events) } catch { fail() }
    }

    private func setTimer(_ milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        timer = nil
        if milliseconds > 0 {
            timer = loop.after(milliseconds: milliseconds) { [unowned self] in
                timer = nil
                fail()
            }
        }
    }
}

/// The forwarders of all rings. Control thread only.
public final class RingForwarding {
    private let rings: LogRings
    private let loop: ControlLoop
    private var forwarders: [ObjectIdentifier: [RingForwarder]] = [:]

    /// Begins to follow the rings there are.
    public init(_ rings: LogRings, on loop: ControlLoop) throws(Errno) {
        self.rings = rings
        self.loop = loop
        try loop.watch(rings.bell.wakeUp.number, for: .readable) { [unowned self] _ in
            self.rings.bell.wakeUp.clear()
            flush()
        }
        adopt()
    }

    /// Follows a new set of rings.
    public func adopt() {
        let all = rings.all
        let kept = Set(all.map(ObjectIdentifier.init))
        for (ring, gone) in forwarders where !kept.contains(ring) {
            for forwarder in gone { forwarder.stop() }
            forwarders[ring] = nil
        }
        for ring in all where forwarders[ObjectIdentifier(ring)] == nil {
            forwarders[ObjectIdentifier(ring)] = ring.configuration.servers.map {
                RingForwarder(ring, $0, on: loop)
            }
        }
    }

    /// Sends what can be sent now; before the process ends, for what the last streams have logged.
    public func flush() {
        for forwarder in forwarders.values.joined() { forwarder.flush() }
    }
}

// The demo origin: one thread, one poller, any number of listeners. Several threads are several
// origins that share their ports (SO_REUSEPORT).

import Bytes
import CLinux
import Glibc
import Kernel
import Structures
import Synchronization

/// How an origin is told to stop, from any thread.
public final class OriginStop: Sendable {
    private let isAsked = Atomic<Bool>(false)
    private let wakeUp: WakeUp

    /// A stop that was not asked for yet.
    public init() throws(Errno) { wakeUp = try WakeUp() }

    /// Asks the origin to stop.
    public func ask() {
        isAsked.store(true, ordering: .relaxed)
        wakeUp.signal()
    }

    fileprivate var number: Int32 { wakeUp.number }
    fileprivate var wasAsked: Bool { isAsked.load(ordering: .relaxed) }
}

/// A server that says its name and misbehaves on request.
public struct Origin: ~Copyable {
    // Not private: the compiler refers to it wherever an origin is destroyed.
    struct Listener: ~Copyable {
        let socket: Descriptor
        let speaks: OriginProtocol
    }

    /// A connection, or with its top bit set a listener, that has to be looked at later.
    private struct Wait {
        let atMilliseconds: UInt64
        let data: UInt64
    }

    private static let listenerBit: UInt64 = 1 << 63
    private static let stopData = UInt64.max

    private var parts: OriginParts
    private var poller: Poller
    private var listeners: Slab<Listener>
    private var listenerHandles: [Handle] = []
    private var connections: Slab<OriginConnection>
    /// Sorted by time, latest first.
    private var waits: [Wait] = []

    /// An origin without listeners.
    public init(name: String, maximumConnections: Int = 65_536) throws(Errno) {
        parts = OriginParts(name: name)
        poller = try Poller(batch: 256)
        listeners = Slab(capacity: 64)
        connections = Slab(capacity: maximumConnections)
    }

    /// Opens a listener and returns the address it is bound to.
    public mutating func listen(
        on address: RawSocketAddress, speaking speaks: OriginProtocol
    ) throws(Errno) -> RawSocketAddress {
        let socket = try Descriptor.socket(
            family: address.family, type: Int32(SOCK_STREAM.rawValue))
        if address.family != AF_UNIX {
            socket.setOption(SOL_SOCKET, SO_REUSEADDR, Int32(1))
            socket.setOption(SOL_SOCKET, MARTLET_SO_REUSEPORT, Int32(1))
        }
        try socket.bind(to: address)
        try socket.listen(backlog: 16_384)
        let bound = try socket.localAddress()
        let number = socket.number
        guard let handle = listeners.insert(Listener(socket: socket, speaks: speaks)) else {
            throw Errno(EMFILE)
        }
        try poller.add(number, .readable, data: handle.word | Self.listenerBit)
        listenerHandles.append(handle)
        return bound
    }

    /// Serves until `stop` is asked for.
    public mutating func run(until stop: OriginStop) throws(Errno) {
        try poller.add(stop.number, .readable, data: Self.stopData)
        while !stop.wasAsked {
            let count = poller.wait(milliseconds: millisecondsToNextWait())
            for index in 0..<count {
                let (events, data) = poller.event(at: index)
                if data == Self.stopData { return }
                if data & Self.listenerBit != 0 {
                    accept(from: Handle(word: data & ~Self.listenerBit))
                } else {
                    let handle = Handle(word: data)
                    guard connections.isLive(handle) else { continue }
                    connections[handle].note(events)
                    serve(handle)
                }
            }
            finishWaits()
        }
    }

    /// Accepts what is waiting, in batches so that connections get their turn.
    private mutating func accept(from listener: Handle) {
        var address = RawSocketAddress()
        for _ in 0..<64 {
            switch listeners[listener].socket.accept(from: &address) {
            case .accepted(let socket):
                if address.family != AF_UNIX { socket.setNoDelay() }
                let number = socket.number
                let speaks = listeners[listener].speaks
                let connection = OriginConnection(socket: socket, speaks: speaks)
                guard let handle = connections.insert(connection) else { continue }
                do throws(Errno) {
                    try poller.add(number, .stream, data: handle.word)
                } catch {
                    connections.remove(handle)
                    continue
                }
                serve(handle)
            case .wouldBlock: return
            case .failed:
                // Out of descriptors: the queue waits in the kernel, and we look again soon.
                try? poller.remove(listeners[listener].socket.number)
                wait(milliseconds: 50, data: listener.word | Self.listenerBit)
                return
            }
        }
    }

    private mutating func serve(_ handle: Handle) {
        while !connections[handle].isPaused {
            switch connections[handle].step(&parts) {
            case .again: continue
            case .wait:
                connections[handle].releaseBuffers(&parts)
                return
            case .pause(let milliseconds):
                connections[handle].isPaused = true
                wait(milliseconds: milliseconds, data: handle.word)
                return
            case .close:
                connections[handle].releaseBuffers(&parts)
                connections.remove(handle)
                return
            }
        }
    }

    private mutating func wait(milliseconds: Int, data: UInt64) {
        let at = Clock.monotonic().milliseconds + UInt64(milliseconds)
        var place = waits.count
        while place > 0, waits[place - 1].atMilliseconds < at { place -= 1 }
        waits.insert(Wait(atMilliseconds: at, data: data), at: place)
    }

    private func millisecondsToNextWait() -> Int32 {
        guard let next = waits.last else { return -1 }
        let now = Clock.monotonic().milliseconds
        return next.atMilliseconds <= now
            ? 0 : Int32(truncatingIfNeeded: next.atMilliseconds - now)
    }

    private mutating func finishWaits() {
        guard !waits.isEmpty else { return }
        let now = Clock.monotonic().milliseconds
        while let next = waits.last, next.atMilliseconds <= now {
            waits.removeLast()
            if next.data & Self.listenerBit != 0 {
                let handle = Handle(word: next.data & ~Self.listenerBit)
                try? poller.add(listeners[handle].socket.number, .readable, data: next.data)
            } else {
                let handle = Handle(word: next.data)
                guard connections.isLive(handle) else { continue }
                connections[handle].isPaused = false
                serve(handle)
            }
        }
    }
}

// What fetches ask of frontends, backends and servers: names, numbers, timeouts, and what goes on
// in them at present, of all workers.

import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Index of the backend in the configuration's proxies; the frontend while none is chosen.
    public var currentBackend: Int {
        let chosen = backend
        return chosen >= 0 ? chosen : frontend
    }

    /// What the worker knows of a proxy, by its index in the configuration.
    func entry(_ proxy: Int) -> ProxyEntry {
        unsafe worker.pointee.programs[program].proxies[proxy]
    }

    /// What a proxy can do.
    public func capability(ofProxy proxy: Int) -> ProxyCapability { entry(proxy).capability }

    /// The name of a proxy.
    @_lifetime(borrow self)
    public func name(ofProxy proxy: Int) -> Span<UInt8> {
        let name = entry(proxy).name
        // Safety: the program keeps the name; the span is tied to this subject.
        return unsafe _overrideLifetime(name.span, borrowing: self)
    }

    /// The `id` of a proxy.
    public func identifier(ofProxy proxy: Int) -> Int { Int(entry(proxy).id) }

    /// The index of the frontend's default backend; nil where it has none.
    public var defaultBackend: Int? {
        let front = entry(frontend)
        // A `listen` without `default_backend` is its own backend.
        if front.defaultBackend < 0 || front.defaultBackend == front.index { return nil }
        return Int(front.defaultBackend)
    }

    // MARK: Timeouts, in milliseconds; 0 means none

    /// `timeout client` of the frontend.
    public var configuredClientTimeout: Int { Int(entry(frontend).client) }

    /// `timeout server` of the backend.
    public var configuredServerTimeout: Int {
        let back = entry(currentBackend)
        return back.capability.contains(.backend) ? Int(back.server) : 0
    }

    /// `timeout tunnel` of the backend.
    public var configuredTunnelTimeout: Int {
        let back = entry(currentBackend)
        return back.capability.contains(.backend) ? Int(back.tunnel) : 0
    }

    /// How long the client may be silent in this stream.
    public var clientTimeout: Int {
        let own = Int(settings.client)
        return own > 0 ? own : configuredClientTimeout
    }

    /// How long the server may be silent in this stream.
    public var serverTimeout: Int {
        let own = Int(settings.server)
        return own > 0 ? own : configuredServerTimeout
    }

    /// How long both sides may be silent in this stream's tunnel.
    public var tunnelTimeout: Int {
        let own = Int(settings.tunnel)
        return own > 0 ? own : configuredTunnelTimeout
    }

    // MARK: Listeners

    /// What the worker knows of the `bind` line the client came to; nil where it is not known any
    /// more.
    private var bind: BindEntry? {
        let own = unsafe worker.pointee.sessions[session].program
        let proxy = unsafe Int(worker.pointee.sessions[session].frontend)
        let line = unsafe worker.pointee.sessions[session].bindIndex
        let front = unsafe worker.pointee.programs[own].proxies[proxy]
        guard line >= 0, line < front.bindCount else { return nil }
        return unsafe worker.pointee.programs[own].binds[Int(front.firstBind &+ line)]
    }

    /// The `id` of the `bind` line the client came to.
    public var listenerIdentifier: Int? { bind.map { Int($0.id) } }

    /// The `name` of the `bind` line the client came to; nil where it has none.
    public var listenerName: Span<UInt8>? {
        @_lifetime(borrow self)
        get {
            guard let name = bind?.name else { return nil }
            // Safety: the program keeps the name; the span is tied to this subject.
            return unsafe _overrideLifetime(name.span, borrowing: self)
        }
    }

    /// Client connections open now that came to the same listener, this one included.
    public var listenerConnections: Int {
        unsafe worker.pointee.sessions[session].bind._withUnsafeGuaranteedRef {
            $0.connections.load(ordering: .relaxed)
        }
    }

    // MARK: Frontends

    /// Client connections of a frontend that are open now.
    public func connections(ofFrontend proxy: Int) -> Int {
        unsafe entry(proxy).frontend._withUnsafeGuaranteedRef {
            $0.connections.load(ordering: .relaxed)
        }
    }

    /// How often something happens in a frontend, a second.
    public func rate(_ kind: RateKind, ofFrontend proxy: Int) -> Int {
        let now = now
        return unsafe entry(proxy).frontend._withUnsafeGuaranteedRef {
            Int(clamping: $0.counters.rate(kind, now: now))
        }
    }

    // MARK: Backends

    /// Streams that are in a backend now.
    public func connections(ofBackend proxy: Int) -> Int {
        unsafe entry(proxy).backend._withUnsafeGuaranteedRef {
            $0.connections.load(ordering: .relaxed)
        }
    }

    /// Streams that come to a backend, a second.
    public func sessionRate(ofBackend proxy: Int) -> Int {
        let now = now
        return unsafe entry(proxy).backend._withUnsafeGuaranteedRef {
            Int(clamping: $0.counters.rate(.sessions, now: now))
        }
    }

    /// Asks something of a backend's order, behind its lock.
    ///
    /// - Parameter body: short, as it holds up other workers.
    public func withOrder(
        ofBackend proxy: Int, _ body: (borrowing BackendOrder) -> Int
    ) -> Int {
        let now = now
        return unsafe entry(proxy).backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { order in
                if order.isElastic {
                    order.follow(
                        load: backend.connections.load(ordering: .relaxed), now: now)
                }
                return body(order)
            }
        }
    }

    // MARK: Servers

    /// The figures of a server.
    ///
    /// - Parameters:
    ///   - position: position in the servers of the backend.
    ///   - proxy: index of the backend in the configuration's proxies.
    public func figures(ofServer position: Int, of proxy: Int) -> ServerFigures {
        let server = serverEntry(position, of: proxy)
        let now = now
        return unsafe entry(proxy).backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { order in
                if order.isElastic {
                    order.follow(
                        load: backend.connections.load(ordering: .relaxed), now: now)
                }
                return order.figures(Int(server.ordinal))
            }
        }
    }

    /// Streams that come to a server, a second.
    public func sessionRate(ofServer position: Int, of proxy: Int) -> Int {
        let now = now
        return unsafe serverEntry(position, of: proxy).live._withUnsafeGuaranteedRef {
            Int(clamping: $0.counters.rate(.sessions, now: now))
        }
    }

    private func serverEntry(_ position: Int, of proxy: Int) -> ServerEntry {
        let back = entry(proxy)
        precondition(position >= 0 && position < Int(back.serverCount))
        return unsafe worker.pointee.programs[program].servers[Int(back.firstServer) &+ position]
    }

    /// What the worker knows of the stream's server; nil while it has none.
    var ownServer: ServerEntry? {
        if stream.isNone { return nil }
        let index = unsafe worker.pointee.streams[stream].serverIndex
        return index < 0 ? nil : unsafe worker.pointee.programs[program].servers[Int(index)]
    }

    /// The `id` of the stream's server; nil while it has none.
    public var serverIdentifier: Int? { ownServer.map { Int($0.id) } }
}

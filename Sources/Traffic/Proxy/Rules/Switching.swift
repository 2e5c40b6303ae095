// The rules that choose a backend and a server (configuration manual: use_backend, use-server,
// force-persist, ignore-persist).

import Samples
import Structures

/// What is chosen by a name known at load, or by one that a format makes.
///
/// Safety: constants; a reference is found before any worker sees it.
public class NamedChoice: Action, @unchecked Sendable {
    fileprivate let reference: ProxyReference?
    fileprivate let format: LogFormat?

    /// Something by its name.
    public init(_ reference: ProxyReference) {
        self.reference = reference
        format = nil
        super.init()
    }

    /// Something whose name a format makes.
    public init(_ format: LogFormat) {
        reference = nil
        self.format = format
        super.init()
    }
}

/// `use_backend`.
///
/// Safety: as of its base class.
public final class UseBackend: NamedChoice, @unchecked Sendable {
    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if let reference { return subject.use(backend: Int(reference.index)) ? .stop : .goOn }
        // A name that is no backend's leaves the stream to the default one.
        guard let format, subject.render(format) else { return .stop }
        subject.noteName()
        guard let backend = subject.backend(named: subject.renderedText)
        else { return .stop }
        return subject.use(backend: backend) ? .stop : .goOn
    }
}

/// `use-server`.
///
/// Safety: as of its base class.
public final class UseServer: NamedChoice, @unchecked Sendable {
    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        var position = -1
        if let reference {
            position = Int(reference.server)
        } else if let format, subject.render(format) {
            subject.noteName()
            position = subject.server(named: subject.renderedText) ?? -1
        }
        return position >= 0 && subject.pin(server: position) ? .stop : .goOn
    }
}

/// `force-persist` and `ignore-persist`: the first that fits holds.
///
/// Safety: a constant.
public final class SetPersistence: Action, @unchecked Sendable {
    private let persistence: Persistence

    /// `force-persist`, or else `ignore-persist`.
    public init(isForced: Bool) {
        persistence = isForced ? .forced : .ignored
        super.init()
    }

    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.set(persistence)
        return .stop
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Says what becomes of a server that something binds the stream to.
    fileprivate func set(_ persistence: Persistence) {
        if stream.isNone { return }
        unsafe worker.pointee.streams[stream].persistence = persistence
    }

    /// Sends the stream to a backend; false where the backend cannot serve its mode.
    func use(backend: Int) -> Bool {
        guard backend >= 0, !stream.isNone else { return false }
        // Safety: as the type says; so below.
        let entry = unsafe worker.pointee.programs[program].proxies[backend]
        let isHTTP = unsafe worker.pointee.streams[stream].flags.contains(.isHTTP)
        // A relay becomes HTTP where its backend speaks that; there is no way back.
        guard entry.isHTTP || !isHTTP else { return false }
        unsafe worker.pointee.streams[stream].backend = Int32(backend)
        return true
    }

    /// Tells who asks which name a format has made.
    fileprivate func noteName() {
        if unsafe worker.pointee.isTraced { traced(.name, "", renderedText) }
    }

    /// Index of the backend with that name; nil when there is none.
    public func backend(named name: Span<UInt8>) -> Int? {
        unsafe worker.pointee.programs[program].backendNames.index(of: name)
    }

    /// Position of the backend's server with that name; nil when there is none.
    func server(named name: Span<UInt8>) -> Int? { server(named: name, of: backend) }

    /// As ``server(named:)``, of any backend by its index.
    public func server(named name: Span<UInt8>, of backend: Int) -> Int? {
        guard backend >= 0 else { return nil }
        let entry = unsafe worker.pointee.programs[program].proxies[backend]
        for position in 0..<Int(entry.serverCount) {
            let index = Int(entry.firstServer) &+ position
            let server = unsafe worker.pointee.programs[program].servers[index]
            if server.name.span.isEqual(to: name) { return position }
        }
        return nil
    }

    /// Asks for one server of the stream's backend; false where it cannot be reached, unless
    /// `force-persist` or `option persist` says that this is no reason.
    ///
    /// - Parameter position: position in the backend's servers.
    public func pin(server position: Int) -> Bool {
        let backend = backend
        guard backend >= 0 else { return false }
        let entry = unsafe worker.pointee.programs[program].proxies[backend]
        guard position < Int(entry.serverCount) else { return false }
        let index = Int(entry.firstServer) &+ position
        let ordinal = unsafe Int(worker.pointee.programs[program].servers[index].ordinal)
        let isForced = unsafe worker.pointee.isForced(stream)
        let isReachable = unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { $0.reachable(ordinal, isForced: isForced) }
        }
        if isReachable {
            unsafe worker.pointee.streams[stream].pinnedOrdinal = Int32(ordinal)
        }
        return isReachable
    }
}

extension Span where Element == UInt8 {
    /// Whether it is the same text.
    public func isEqual(to text: Span<UInt8>) -> Bool {
        guard count == text.count else { return false }
        for index in 0..<count where self[index] != text[index] { return false }
        return true
    }
}

// Opens what a configuration wants to listen on. Sockets that an earlier generation holds are used
// again; the others are opened, and those whose address somebody else still holds can be tried
// again.

import Addresses
import Kernel

/// The listening sockets of one generation, on their way to being open.
///
///     var sockets = ListenerSockets(for: configuration, reusing: earlier)
///     sockets.open()                      again while `canRetry`, after asking others to let go
///     engine.publish(configuration, listeners: sockets.frontends)
public struct ListenerSockets: Sendable {
    /// Sockets of frontends, in the order of the files.
    public private(set) var frontends: [ListenerSocket] = []
    /// Sockets of `stats socket` lines; `bindIndex` is the line's index.
    public private(set) var statistics: [ListenerSocket] = []
    /// What went wrong with sockets that are not open, and with those that lack something.
    public private(set) var failures: [ListenerFailure]

    private var pending: [ListenerRequest]
    /// Numbers of inherited descriptors that were copied.
    private var adopted: Set<Int32> = []
    private let lineFailures: [ListenerFailure]
    private let opener: ListenerOpener

    /// Lists what a configuration asks for; nothing is opened yet.
    ///
    /// - Parameters:
    ///   - earlier: sockets of the generation before, to be used again where they fit.
    ///   - taken: sockets that an older process has handed over.
    ///   - environment: variables in addresses.
    public init(
        for configuration: Configuration, reusing earlier: [ListenerSocket] = [],
        taking taken: TakenSockets? = nil,
        environment: AddressSpecification.Environment = { ProcessEnvironment.value(of: $0) }
    ) {
        (pending, lineFailures) = ListenerRequest.all(of: configuration, environment: environment)
        failures = lineFailures
        opener = ListenerOpener(
            sharesPorts: configuration.global.usesReusePort,
            earlier: Dictionary(
                earlier.compactMap { socket in socket.identity.map { ($0, socket) } },
                uniquingKeysWith: { first, _ in first }), taken: taken)
    }

    /// Whether everything asked for is open.
    public var isComplete: Bool { pending.isEmpty && lineFailures.isEmpty }

    /// Whether another attempt can help: addresses are in use, and nothing else is wrong.
    public var canRetry: Bool {
        !pending.isEmpty
            && failures.allSatisfy { $0.severity == .warning || $0.isAddressInUse }
    }

    /// How many sockets are asked for.
    public var count: Int { pending.count + frontends.count + statistics.count }

    /// Closes the inherited descriptors whose copies are open, so that nothing but those copies
    /// keeps a port. Standard streams are left alone.
    public mutating func closeInheritedOriginals() {
        for number in adopted where number > 2 { Descriptor(owning: number).close() }
        adopted = []
    }

    /// Tries to open everything that is not open yet.
    ///
    /// Paths of UNIX sockets come last, and only when all else is open: they take the place of
    /// an older process's, which must stay reachable when this one cannot start.
    public mutating func open() {
        failures = lineFailures
        let paths = pending.filter { $0.isPath && !opener.holds($0) }
        pending = open(pending.filter { !$0.isPath || opener.holds($0) })
        pending = pending.isEmpty && lineFailures.isEmpty ? open(paths) : pending + paths
    }

    /// Closes everything that is open and not used by anybody.
    public func retireAll() {
        for socket in frontends + statistics { socket.retire() }
    }

    /// Opens what can be opened; the rest comes back.
    private mutating func open(_ requests: [ListenerRequest]) -> [ListenerRequest] {
        var left: [ListenerRequest] = []
        for request in requests {
            switch opener.open(request) {
            case .success(let opened):
                failures += opened.warnings
                if let number = opened.adopted { adopted.insert(number) }
                if request.isStatistics {
                    statistics.append(opened.socket)
                } else {
                    frontends.append(opened.socket)
                }
            case .failure(let failure):
                failures.append(failure)
                left.append(request)
            }
        }
        return left
    }
}

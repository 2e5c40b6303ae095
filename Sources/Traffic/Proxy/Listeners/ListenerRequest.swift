// What a configuration wants to listen on: one request for each socket, so port ranges are many.

import Addresses
import Kernel

/// One socket a configuration asks for.
struct ListenerRequest: Sendable {
    /// The frontend's name; `GLOBAL` for `stats socket`.
    var frontend: String
    /// Index of the `bind` line in the frontend, or of the `stats socket` line.
    var bindIndex: Int
    var isStatistics: Bool
    var bind: BindConfiguration
    var identity: ListenerIdentity
    /// Connections the kernel may queue.
    var backlog: Int32

    /// Whether the socket has a path in the file system.
    var isPath: Bool {
        if case .address(.unix(let address)) = identity.place {
            address.kind == .path
        } else {
            false
        }
    }
}

/// Why a socket could not be opened.
public struct ListenerFailure: Error, Sendable {
    /// How bad a failure is.
    public enum Severity: Sendable {
        /// The socket works without it.
        case warning
        /// There is no socket.
        case alert
    }
    public var severity: Severity
    /// The sentence for the start-up log, in HAProxy's shape.
    public var text: String
    /// Whether another process holds the address, which may let go of it.
    public var isAddressInUse = false
}

extension ListenerRequest {
    /// The name HAProxy gives `stats socket` lines in messages.
    static let statisticsName = "GLOBAL"

    /// Everything a configuration asks for, in the order of the files; lines that make no sense
    /// come back as failures.
    static func all(
        of configuration: Configuration, environment: AddressSpecification.Environment
    ) -> (requests: [ListenerRequest], failures: [ListenerFailure]) {
        var requests: [ListenerRequest] = []
        var failures: [ListenerFailure] = []
        func take(_ result: Result<[ListenerRequest], ListenerFailure>) {
            switch result {
            case .success(let found): requests += found
            case .failure(let failure): failures.append(failure)
            }
        }
        let global = configuration.global
        for (index, socket) in global.statsSockets.enumerated() {
            take(
                requested(
                    by: socket.bind, frontend: statisticsName, index: index, isStatistics: true,
                    backlog: global.statsMaxConnections, environment))
        }
        for proxy in configuration.proxies
        where proxy.capability.contains(.frontend) && !proxy.isDisabled {
            for (index, bind) in proxy.binds.enumerated() {
                let sizes = [
                    bind.backlog, proxy.backlog, bind.maxConnections, proxy.maxConnections,
                    global.maxConnections, 1024,
                ]
                take(
                    requested(
                        by: bind, frontend: proxy.name, index: index, isStatistics: false,
                        backlog: sizes.first { $0 > 0 } ?? 1024, environment))
            }
        }
        return (requests, failures)
    }

    private static func requested(
        by bind: BindConfiguration, frontend: String, index: Int, isStatistics: Bool,
        backlog: Int, _ environment: AddressSpecification.Environment
    ) -> Result<[ListenerRequest], ListenerFailure> {
        let target =
            bind.target.map { .success($0) }
            ?? self.target(of: bind, frontend, isStatistics ? .statsSocket : .bind, environment)
        return target.flatMap { places(of: $0, bind, frontend) }.map { places in
            places.map { place in
                var identity = ListenerIdentity(place)
                identity.interface = bind.interface
                identity.isTransparent = bind.isTransparent
                identity.isV6Only = bind.isV6Only
                return ListenerRequest(
                    frontend: frontend, bindIndex: index, isStatistics: isStatistics,
                    bind: bind, identity: identity, backlog: Int32(clamping: backlog))
            }
        }
    }

    /// What an address that nobody has resolved yet stands for.
    private static func target(
        of bind: BindConfiguration, _ frontend: String, _ rules: AddressSpecification.Rules,
        _ environment: AddressSpecification.Environment
    ) -> Result<BindTarget, ListenerFailure> {
        let parsed = AddressSpecification.parse(
            bind.addressText, rules: rules, environment: environment)
        return parsed.mapError {
            failure("\($0)", bind: bind, frontend: frontend)
        }.flatMap { specification in
            let address: IPAddress
            switch specification.place {
            case .unix(let name): return .success(.unix(name))
            case .descriptor(let number): return .success(.descriptor(number))
            case .socketPair(let number): return .success(.socketPair(number))
            case .reverse: return .failure(unsupported(bind, frontend))
            case .wildcard(let family): address = family == .v4 ? .anyV4 : .anyV6
            case .address(let literal): address = literal
            case .name(let name, let family):
                guard let found = NameResolution.address(of: name, family: family) else {
                    let text = "invalid address: '\(name)' in '\(bind.addressText)'"
                    return .failure(failure(text, bind: bind, frontend: frontend))
                }
                address = found
            }
            guard case .fixed(let range) = specification.port else {
                let text = "missing port number: '\(bind.addressText)'"
                return .failure(failure(text, bind: bind, frontend: frontend))
            }
            return .success(.ip(address, range))
        }
    }

    private static func places(
        of target: BindTarget, _ bind: BindConfiguration, _ frontend: String
    ) -> Result<[ListenerIdentity.Place], ListenerFailure> {
        switch target {
        case .ip(let address, let range):
            .success(range.ports.map { .address(.ip(IPSocketAddress(address, port: $0))) })
        case .unix(let name): .success([.address(.unix(name))])
        case .descriptor(let number): .success([.inherited(number)])
        case .socketPair: .failure(unsupported(bind, frontend))
        }
    }

    private static func unsupported(
        _ bind: BindConfiguration, _ frontend: String
    ) -> ListenerFailure {
        failure(
            "'\(bind.addressText)': this kind of address is not supported yet", bind: bind,
            frontend: frontend)
    }

    /// A failure in HAProxy's words.
    static func failure(
        _ text: String, bind: BindConfiguration, frontend: String,
        severity: ListenerFailure.Severity = .alert, isAddressInUse: Bool = false
    ) -> ListenerFailure {
        let place = "[\(bind.place.file):\(bind.place.line)]"
        return ListenerFailure(
            severity: severity, text: "Binding \(place) for frontend \(frontend): \(text)",
            isAddressInUse: isAddressInUse)
    }
}

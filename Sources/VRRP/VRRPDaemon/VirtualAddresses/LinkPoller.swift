// Asks drivers for their links once a second, where the configuration says that they do not tell by
// themselves. keepalived.conf(5): linkbeat_use_polling, linkbeat_interfaces.

import Daemon
import Kernel
import VRRPConfig

/// Polls carriers.
final class LinkPoller {
    private unowned let routers: VirtualRouters
    private let carrier: LinkCarrier?
    private var series: ControlTimer?
    /// The preferred way by interface; nil tries all in order.
    private var polled: [String: PolledInterface.Method?] = [:]
    private var found: [String: Bool] = [:]

    /// As keepalived has it.
    static let intervalMilliseconds = 1000

    init(_ routers: VirtualRouters) {
        self.routers = routers
        carrier = try? LinkCarrier()
    }

    /// What a driver has said of a link; nil for one that is not polled, or cannot be asked.
    func state(of name: String) -> Bool? { found[name] }

    /// Polls what a configuration names, and nothing else.
    func follow(_ configuration: VRRPConfiguration) {
        var wanted: [String: PolledInterface.Method?] = [:]
        for instance in configuration.instances {
            guard let name = instance.interface else { continue }
            if instance.pollsLink || configuration.global.pollsAllLinks {
                wanted[name] = .some(nil)
            }
        }
        if configuration.global.pollsAllLinks {
            let tracks =
                configuration.instances.map(\.tracks) + configuration.syncGroups.map(\.tracks)
            for name in tracks.flatMap({ $0.interfaces.map(\.name) }) { wanted[name] = .some(nil) }
        }
        for line in configuration.polledInterfaces { wanted[line.interface] = .some(line.method) }
        polled = wanted
        found = found.filter { wanted[$0.key] != nil }
        if wanted.isEmpty {
            if let series { routers.loop.cancel(series) }
            series = nil
            return
        }
        look { _ in }
        series =
            series
            ?? routers.loop.every(milliseconds: Self.intervalMilliseconds) { [unowned self] in
                look { routers.linkPolled($0) }
            }
    }

    /// Asks all drivers; `body` gets the names of links that have changed.
    private func look(_ body: (String) -> Void) {
        for (name, preferred) in polled {
            let state = ask(name, preferred)
            guard state != found[name] else { continue }
            found[name] = state
            body(name)
        }
    }

    private func ask(_ name: String, _ preferred: PolledInterface.Method?) -> Bool? {
        let order: [LinkCarrier.Method] = [.mii, .ethtool, .flags]
        let first = preferred.map { LinkCarrier.Method($0) }
        for method in (first.map { [$0] } ?? []) + order {
            if let state = carrier?.state(of: name, by: method) { return state }
        }
        return nil
    }
}

extension LinkCarrier.Method {
    /// The way by the configuration's word.
    init(_ method: PolledInterface.Method) {
        self =
            switch method {
            case .mii: .mii
            case .ethtool: .ethtool
            case .flags: .flags
            }
    }
}

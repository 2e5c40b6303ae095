// What the control thread serves beside the traffic: the Runtime API, and the second that the
// statistics' rates are counted in.

import Admin
import Daemon
import Kernel
import Logs
import Proxy
import Statistics

/// The services on the control loop.
final class ControlServices {
    private let admin: AdminServer

    /// - Parameter notify: what commands change is told there.
    init(
        on loop: ControlLoop, engine: Engine, drops: LogDrops, rings: LogRings,
        notify: @escaping @Sendable (Notice) -> Void
    ) {
        let product = ProductFacts(
            name: "Martlet", version: Version.compatibility, releaseDate: Version.releaseDate)
        let statistics = Statistics(product: product) { drops.lines }
        admin = AdminServer(
            loop: loop, engine: engine,
            commands: statistics.commands + rings.commands + Admin.commands(notify: notify))
        statistics.tick(engine)
        loop.every(milliseconds: 1000) { statistics.tick(engine) }
    }

    /// Serves exactly these sockets of `stats socket` lines.
    func adopt(_ sockets: [ListenerSocket], of settings: GlobalConfiguration) {
        admin.adopt(sockets, of: settings)
    }
}

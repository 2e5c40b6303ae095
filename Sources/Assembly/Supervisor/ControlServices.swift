// What the control thread serves beside the traffic: the Runtime API, and the second that the
// statistics' rates are counted in.

import Admin
import ConfigLanguage
import Daemon
import Kernel
import Logs
import Proxy
import ProxyConfig
import Samples
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
        let general = Admin.commands(
            setVariable: { name, words, isFormat in
                let workshop = VariableWorkshop(
                    engine: engine, environment: Environment(Facts.environmentNow))
                do throws(ExpressionMistake) {
                    return .success(try workshop.set(name, to: words, isFormat: isFormat))
                } catch {
                    return .failure(CommandFailure(error.message))
                }
            }, notify: notify)
        admin = AdminServer(
            loop: loop, engine: engine,
            commands: statistics.commands + rings.commands + general)
        statistics.tick(engine)
        loop.every(milliseconds: 1000) { statistics.tick(engine) }
    }

    /// Serves exactly these sockets of `stats socket` lines.
    func adopt(_ sockets: [ListenerSocket], of settings: GlobalConfiguration) {
        admin.adopt(sockets, of: settings)
    }
}

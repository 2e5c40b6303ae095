// Changing servers at run time: under the backend's lock, and then handing on the streams whose
// turn has come by it.

import Kernel

extension Engine {
    /// Changes a server of a backend; streams that wait and can now be served are woken.
    public func change(
        _ ordinal: Int, of backend: BackendLive,
        _ body: @Sendable (inout ServerOrder) -> Void
    ) {
        let now = Clock.calendarMicroseconds() / 1_000_000
        let grants = backend.order.withLock { $0.change(ordinal, nowSeconds: now, body) }
        for grant in grants { announce(grant, of: backend) }
    }

    /// Gives a server another address for new connections; idle ones to the old address end.
    public func setAddress(_ address: RawSocketAddress, of server: ServerLive) {
        server.addressOverride.withLock { $0 = address }
        server.poolEpoch.add(1, ordering: .relaxed)
        republish()
    }

    /// Lets workers compile the present configuration anew, without touching what was changed at
    /// run time.
    private func republish() {
        current.withLock { generation in
            let next = Generation(
                number: generation.number &+ 1, configuration: generation.configuration,
                listeners: generation.listeners, tables: generation.tables)
            generation = next
            epoch.store(next.number, ordering: .releasing)
        }
        listenersChanged()
    }
}

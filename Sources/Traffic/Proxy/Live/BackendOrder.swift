// What the lock of a backend protects: the balancer's order, each server's count of streams, and
// the queue of streams that wait for a free server.

import Balancing
import Structures

/// The order of a backend, held behind its lock.
public struct BackendOrder: ~Copyable {
    /// By ordinal.
    public internal(set) var servers: [ServerOrder] = []
    /// The live servers by ordinal.
    public internal(set) var live: [ServerLive] = []
}

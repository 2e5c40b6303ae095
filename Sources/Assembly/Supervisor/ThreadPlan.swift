// How many workers there are and on which cores each may run: `nbthread` and `cpu-map`.

import Kernel
import Proxy

/// Workers and their cores.
struct ThreadPlan: Equatable {
    /// The most workers there can be.
    static let limit = 64

    let workers: Int
    /// For each worker the cores it may run on; empty is any.
    let coresOfWorker: [[Int]]

    init(for global: GlobalConfiguration, usableCores: [Int] = Cores.usable()) {
        let wanted = global.threads > 0 ? global.threads : usableCores.count
        let workers = min(max(1, wanted), ThreadPlan.limit)
        self.workers = workers
        coresOfWorker = (1...workers).map { global.coresOfThread[$0] ?? [] }
    }
}

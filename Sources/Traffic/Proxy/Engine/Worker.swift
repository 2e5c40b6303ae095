// One worker thread: its reactor and everything it owns.

import Kernel
import Reactor
import Structures

/// A worker.
struct Worker: ~Copyable {
    let number: Int
    let engine: Engine

    mutating func run() {}
}

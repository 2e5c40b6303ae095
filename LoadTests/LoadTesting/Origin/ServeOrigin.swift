// An origin of one or several threads.

import Glibc
import Kernel

/// Opens the listeners, announces each bound address, and serves on the calling thread and
/// `threads - 1` further ones until `stop` is asked for.
///
/// - Throws: the error of the first listener that could not be opened; nothing is served then.
public func serveOrigin(
    name: String, on addresses: [RawSocketAddress], speaking speaks: OriginProtocol,
    threads: Int = 1, until stop: OriginStop, announce: (RawSocketAddress) -> Void
) throws(Errno) {
    var origin = try Origin(name: name)
    var bound: [RawSocketAddress] = []
    for address in addresses {
        let actual = try origin.listen(on: address, speaking: speaks)
        bound.append(actual)
        announce(actual)
    }
    // Further threads share the ports that were chosen.
    let shared = bound
    for _ in 1..<max(threads, 1) {
        startThread { serveFurther(name, shared, speaks, stop) }
    }
    try origin.run(until: stop)
}

private func serveFurther(
    _ name: String, _ addresses: [RawSocketAddress], _ speaks: OriginProtocol, _ stop: OriginStop
) {
    do {
        var origin = try Origin(name: name)
        for address in addresses { _ = try origin.listen(on: address, speaking: speaks) }
        try origin.run(until: stop)
    } catch {
        stop.ask()
    }
}

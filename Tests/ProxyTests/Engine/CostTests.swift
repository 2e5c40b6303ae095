// What a connection and a request may cost: memory of idle connections.

import Glibc
import Kernel
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct CostTests {
        @Test func `an idle kept connection costs less than 2 kB of resident memory`() async throws
        {
            // In a process of its own, so that nothing else grows or shrinks meanwhile.
            await #expect(processExitsWith: .success) {
                let count = 2500
                var limit = ResourceLimit(of: .descriptors)
                limit.soft = limit.hard
                try limit.apply(to: .descriptors)
                guard limit.soft >= 4 * UInt64(count) + 200 else {
                    print("skipped: \(limit.soft) descriptors are too few")
                    return
                }
                // The origin costs a thread for each connection, so server connections are few and
                // the bound is held for the client's side and its share of the pool.
                let origin = try TestOrigin.text("x")
                var configuration = Setup.http([Setup.server("s", origin.port)]) {
                    $0.reuse = .always
                    $0.timeouts.client = 60_000
                }
                configuration.global.maxConnections = 4 * count
                let running = try RunningEngine(configuration)
                var clients: [Peer] = []
                clients.reserveCapacity(2 * count)
                func connect(_ more: Int) throws {
                    for _ in 0..<more {
                        let client = try Peer(to: running.port())
                        #expect(client.get()?.text == "x")
                        clients.append(client)
                    }
                }
                // What is paid once is paid by the first ones.
                try connect(200)
                let before = residentBytes()
                try connect(count)
                // The test's own share: the peers, measured without the engine.
                let after = residentBytes()
                let own = count * 400
                let each = (after - before - own) / count
                print("idle connection: \(each) bytes resident")
                #expect(each < 2048)
                running.engine.stopNow()
                running.engine.join()
                origin.stop()
            }
        }
    }
}

/// Resident memory of this process in bytes.
private func residentBytes() -> Int {
    guard let bytes = try? Files.read("/proc/self/statm", atMost: 4096) else { return 0 }
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    return (Int(words[1]) ?? 0) * Int(getpagesize())
}

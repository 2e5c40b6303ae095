// What an idle connection may cost in resident memory.

import Glibc
import Kernel
import Synchronization
import Testing

@testable import Proxy

extension EngineTests {
    @Suite struct CostTests {
        @Test func `an idle client with its server connection costs less than 2 kB of memory`()
            async throws
        {
            // In a process of its own, so that nothing else grows or shrinks meanwhile.
            await #expect(processExitsWith: .success) {
                let count = 2500
                var limit = ResourceLimit(of: .descriptors)
                limit.soft = limit.hard
                try limit.apply(to: .descriptors)
                guard limit.soft >= 4 * UInt64(count + 200) + 100 else {
                    print("skipped: \(limit.soft) descriptors are too few")
                    return
                }
                let origin = try QuietOrigin()
                // Each client keeps a server connection of its own.
                var configuration = Setup.http([Setup.server("s", origin.port)]) {
                    $0.reuse = .never
                    $0.timeouts.client = 60_000
                }
                configuration.global.maxConnections = 4 * count
                let running = try RunningEngine(configuration)
                let address = loopback(running.port())
                var answered = 0
                func connect(_ more: Int) {
                    for _ in 0..<more {
                        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                        _ = address.withSocketAddress { Glibc.connect(client, $0, $1) }
                        if askQuietly(client) { answered += 1 }
                    }
                }
                // What is paid once is paid by the first ones.
                connect(200)
                let before = residentBytes()
                connect(count)
                // Blocks of the burst go back with the next sweep.
                usleep(300_000)
                let each = (residentBytes() - before) / count
                print("an idle client with its server connection: \(each) bytes resident")
                #expect(answered == count + 200)
                #expect(origin.accepted.load(ordering: .relaxed) == count + 200)
                #expect(each < 2048)
                running.engine.stopNow()
                running.engine.join()
            }
        }
    }
}

/// Sends a request and reads the short answer without keeping anything of it.
private func askQuietly(_ client: Int32) -> Bool {
    let request: StaticString = "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
    guard send(client, request.utf8Start, request.utf8CodeUnitCount, Int32(MSG_NOSIGNAL)) > 0
    else { return false }
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { room in
        recv(client, room.baseAddress, room.count, 0) > 0
    }
}

/// An origin in one thread that costs next to nothing for each connection.
private final class QuietOrigin: Sendable {
    let port: UInt16
    let accepted = Atomic<Int>(0)

    /// Serves until the process ends.
    init() throws {
        let listener = try RunningEngine.listener(of: "origin", backlog: 4096)
        port = listener.address.port
        var poller = try Poller()
        try poller.add(listener.number, [.readable], data: UInt64(listener.number))
        let box = PollerBox(poller: poller, listener: listener)
        _ = WorkerThread.start(cores: []) { [self] in
            box.serve { accepted.add(1, ordering: .relaxed) }
        }
    }

    private final class PollerBox: @unchecked Sendable {
        // Used by the origin's thread alone once that runs.
        private var poller: Poller
        private let listener: ListenerSocket

        init(poller: consuming Poller, listener: ListenerSocket) {
            self.poller = poller
            self.listener = listener
        }

        func serve(_ count: () -> Void) {
            let answer: StaticString = "HTTP/1.1 200 Fine\r\nContent-Length: 1\r\n\r\nx"
            while true {
                let events = poller.wait(milliseconds: -1)
                for index in 0..<events {
                    let number = Int32(truncatingIfNeeded: poller.event(at: index).data)
                    if number == listener.number {
                        let client = accept(number, nil, nil)
                        guard client >= 0 else { continue }
                        count()
                        try? poller.add(client, [.readable], data: UInt64(client))
                        continue
                    }
                    let got = withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) {
                        recv(number, $0.baseAddress, $0.count, 0)
                    }
                    if got <= 0 {
                        _ = close(number)
                    } else {
                        _ = send(
                            number, answer.utf8Start, answer.utf8CodeUnitCount,
                            Int32(MSG_NOSIGNAL))
                    }
                }
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

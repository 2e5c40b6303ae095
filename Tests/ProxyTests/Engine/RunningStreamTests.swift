// What options say of streams while they run: timeouts of each direction alone, and counters that
// follow the bytes.

import Glibc
import Kernel
@testable import Proxy
import Testing

extension EngineTests {
    @Suite struct RunningStreamTests {
        /// Sends a byte now and then until the proxy closes or many have gone; whether it closed.
        private func isCutOff(_ options: ProxyOptions, sends: Int) throws -> Bool {
            let origin = try TestOrigin { peer, _ in _ = peer.readToEnd() }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.tcp([Setup.server("s", origin.port)]) {
                    $0.timeouts.server = 250
                    $0.options = options
                })
            let client = try Peer(to: running.port())
            for _ in 0..<sends {
                client.send("x")
                if client.isReadable(within: 20) {
                    #expect(eventually { running.log.endings == ["sD"] })
                    return true
                }
            }
            return false
        }

        @Test func `what is sent to a silent server keeps the stream, unless directions are alone`()
            throws
        {
            #expect(try !isCutOff([], sends: 40))
            #expect(try isCutOff(.independentStreams, sends: 500))
        }

        @Test func `bytes are counted while a stream runs where that is asked for`() throws {
            let origin = try TestOrigin.echo()
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.tcp([Setup.server("s", origin.port)]) { $0.options = .continuousStats })
            let client = try Peer(to: running.port())
            client.send("four")
            #expect(client.read(4) == Array("four".utf8))
            let tables = [
                running.frontend().counters, running.backend().counters,
                running.server("s").counters,
            ]
            func bytes(_ kind: CounterKind) -> [UInt64] { tables.map { $0.value(kind) } }
            #expect(eventually { bytes(.bytesIn) == [4, 4, 4] }, "within five seconds or so")
            #expect(bytes(.bytesOut) == [4, 4, 4])
            client.send("and more")
            #expect(client.read(8) == Array("and more".utf8))
            client.close()
            #expect(eventually { bytes(.bytesIn) == [12, 12, 12] }, "each byte once")
            #expect(bytes(.bytesOut) == [12, 12, 12])
        }
    }
}

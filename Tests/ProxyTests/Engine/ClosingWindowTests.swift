// Soft stops that spread the closing of clients (`close-spread-time`).

import Kernel
@testable import Proxy
import Synchronization
import Testing

@Suite struct ClosingWindowTests {
    @Test func `without a time everything closes at once`() {
        var window = ClosingWindow(from: 1000, milliseconds: 0, seed: 1)
        #expect(window.isOver(1000))
        let answers = [window.closesActive(1000), window.closesIdle(1000, interval: 20)]
        #expect(answers == [true, true])
        #expect(ClosingWindow().isOver(0))
    }

    @Test func `an infinite window closes nothing`() {
        var window = ClosingWindow(from: 1000, milliseconds: .max, seed: 1)
        #expect(!window.isOver(.max - 1))
        let answers = [window.closesActive(1 << 40), window.closesIdle(1 << 40, interval: 20)]
        #expect(answers == [false, false])
    }

    @Test func `idle clients close evenly over the window`() {
        var window = ClosingWindow(from: 0, milliseconds: 1000, seed: 7)
        var closed = [0, 0, 0, 0]
        for _ in 0..<2000 {
            var now: UInt64 = 0
            while !window.closesIdle(now, interval: 20) { now += 20 }
            closed[Int(min(now, 999) / 250)] += 1
        }
        #expect(closed.allSatisfy { (400...600).contains($0) }, "\(closed)")
    }

    @Test func `active clients close the likelier the later they ask`() {
        var window = ClosingWindow(from: 0, milliseconds: 1000, seed: 3)
        let early = (0..<1000).filter { _ in window.closesActive(100) }.count
        let late = (0..<1000).filter { _ in window.closesActive(900) }.count
        #expect((50...150).contains(early) && (850...950).contains(late), "\(early) \(late)")
        let atEnd = window.closesActive(1000)
        #expect(atEnd)
    }
}

extension EngineTests {
    @Suite struct SoftStopTests {
        private func running(_ origin: TestOrigin, spread: Int) throws -> RunningEngine {
            var configuration = Setup.http([Setup.server("s", origin.port)])
            configuration.global.closeSpreadMilliseconds = spread
            return try RunningEngine(configuration, workers: 1)
        }

        @Test func `an infinite close-spread-time leaves clients alone`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try running(origin, spread: .max)
            let client = try Peer(to: running.port())
            #expect(client.get()?.closes == false)
            running.engine.stopListening()
            #expect(running.settle() && running.settle())
            for _ in 0..<3 { #expect(client.get()?.closes == false) }
        }

        @Test func `clients are closed within the time, not all at once`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try running(origin, spread: 600)
            let clients = try (0..<40).map { _ in try Peer(to: running.port()) }
            for client in clients { #expect(client.get()?.text == "x") }
            let frontend = running.frontend()
            running.engine.stopListening()
            #expect(running.settle())
            #expect(frontend.connections.load(ordering: .relaxed) > 10)
            for client in clients { #expect(client.readToEnd().bytes.isEmpty) }
            #expect(eventually { frontend.connections.load(ordering: .relaxed) == 0 })
        }

        @Test func `without it idle clients are closed at once`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try running(origin, spread: 0)
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "x")
            running.engine.stopListening()
            #expect(client.readToEnd().end == .ended)
        }
    }
}

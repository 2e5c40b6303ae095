// Programs that are started, stopped and asked how they ended.

import Foundation
import Glibc
import LoadTesting
import Testing

@Suite struct ChildProcessTests {
    private func sleeping() throws -> ChildProcess {
        try ChildProcess(["sleep", "60"], outputPath: "/dev/null")
    }

    @Test func `a program blocks no signals, whatever its starter's thread does`() throws {
        let child = try sleeping()
        defer { child.stop() }
        let text = try String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)
        let blocked = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
        #expect(blocked.hasSuffix("0000000000000000"))
    }

    @Test func `a program that was stopped is not signalled again`() throws {
        let child = try sleeping()
        #expect(child.statusIfEnded() == nil)
        child.stop()
        // The number is free now: whoever has it next is not to be hit.
        #expect(!child.signal(SIGTERM))
        child.stop()
        #expect(child.statusIfEnded() == 128 + SIGTERM)
        #expect(child.wait(atMostSeconds: 1) == 128 + SIGTERM)
    }

    @Test func `two who stop a program at once both come back`() throws {
        let child = try sleeping()
        let group = DispatchGroup()
        for _ in 0..<2 {
            DispatchQueue.global().async(group: group) { child.stop() }
        }
        #expect(group.wait(timeout: .now() + 10) == .success)
        #expect(child.statusIfEnded() == 128 + SIGTERM)
    }

    @Test func `a program that ends by itself keeps its status`() throws {
        let child = try ChildProcess(["sh", "-c", "exit 7"], outputPath: "/dev/null")
        #expect(child.wait(atMostSeconds: 10) == 7)
        child.stop()
        #expect(child.statusIfEnded() == 7)
    }
}

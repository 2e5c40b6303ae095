// Children held by descriptors: what they inherit and what not, how they end, why they do not run.

import Foundation
import Kernel
import Testing

/// capabilities(7): in the C library, but in no header of its.
@_silgen_name("capget")
private func capget(_ header: UnsafeMutablePointer<UInt32>, _ sets: UnsafeMutablePointer<UInt32>)
    -> Int32

@_silgen_name("capset")
private func capset(_ header: UnsafeMutablePointer<UInt32>, _ sets: UnsafeMutablePointer<UInt32>)
    -> Int32

@Suite struct ChildProcessTests {
    /// Runs a program to its end and gives what it wrote.
    private func run(
        _ plan: ProgramPlan
    ) throws -> (end: ChildEnd?, output: String, failure: ProgramFailure?) {
        let pipe = try OutputPipe()
        let program = try CurrentProcess.start(plan, output: pipe.writeEnd)
        let output = pipe.keepReadEnd()
        var bytes: [UInt8] = []
        reading: while true {
            switch output.read(appendingTo: &bytes, atMost: 4096) {
            case .bytes: continue
            case .wouldBlock: _ = output.awaitReadable(milliseconds: 1000)
            case .ended, .failed: break reading
            }
        }
        var end: ChildEnd?
        while end == nil {
            _ = waitReadable(program.handle.number)
            end = try program.handle.takeEnd()
        }
        return (end, String(decoding: bytes, as: UTF8.self), program.failure)
    }

    private func waitReadable(_ number: Int32) -> Bool {
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, 10_000) > 0
    }

    private func shell(_ text: String, _ change: (inout ProgramPlan) -> Void = { _ in }) throws
        -> (end: ChildEnd?, output: String, failure: ProgramFailure?)
    {
        var plan = ProgramPlan(
            path: "/bin/sh", arguments: ["sh", "-c", text], environment: ["PATH=/usr/bin:/bin"])
        change(&plan)
        return try run(plan)
    }

    @Test func `status, signal and output of a child are told`() throws {
        let exit = try shell("echo out; echo err >&2; exit 7")
        #expect(exit.end == .exited(status: 7) && exit.output == "out\nerr\n")
        #expect(exit.failure == nil)
        #expect(try shell("kill -TERM $$").end == .killed(by: .terminate))
    }

    @Test func `a child has nothing of its parent's but what the plan says`() throws {
        let leaked = dup(1)
        defer { close(leaked) }
        let found = try shell("ls -l /proc/self/fd; env; readlink /proc/self/fd/0")
        #expect(!found.output.contains(" \(leaked) ->"))
        #expect(found.output.contains("/dev/null"))
        #expect(found.output.contains("PATH=/usr/bin:/bin"))
        let variables = found.output.split(separator: "\n").filter { $0.contains("=") }
        #expect(
            variables.allSatisfy {
                $0.hasPrefix("PATH=") || $0.hasPrefix("PWD=") || $0.hasPrefix("_=")
                    || $0.hasPrefix("SHLVL=") || $0.hasPrefix("OLDPWD=")
            })
    }

    @Test func `signals are as a new program expects them`() throws {
        let found = try shell("grep -E 'SigBlk|SigIgn' /proc/self/status")
        #expect(found.output == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
    }

    @Test func `a child leads a process group of its own`() throws {
        let found = try shell("cut -d' ' -f1,5 /proc/$$/stat")
        let numbers = found.output.split(whereSeparator: \.isWhitespace)
        #expect(numbers.count == 2 && numbers[0] == numbers[1])
    }

    @Test func `directory and mask are those of the plan`() throws {
        let found = try shell("pwd; umask") {
            $0.directory = "/usr"
            $0.fileModeMask = 0o177
        }
        #expect(found.output == "/usr\n0177\n")
    }

    @Test(.enabled(if: CurrentProcess.isRoot))
    func `a child runs with the rights of another user and all its groups`() throws {
        let user = try #require(UserAccount(named: "nobody"))
        let identity = ProcessIdentity(user)
        #expect(identity.groups.contains(user.groupID))
        let found = try shell("id -u; id -g; id -G; grep PPid /proc/self/status > /dev/null") {
            $0.identity = ProcessIdentity(userID: user.id, groupID: user.groupID, groups: [7, 8])
        }
        #expect(found.output == "\(user.id)\n\(user.groupID)\n\(user.groupID) 7 8\n")
    }

    /// Runs `body` on a thread of its own that may change neither user nor groups.
    private func withoutRights<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        nonisolated(unsafe) var result: Swift.Result<Result, any Error>?
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            // Version 3 of the interface, this thread: effective, permitted, inheritable, twice.
            var header: [UInt32] = [0x2008_0522, 0]
            var sets = [UInt32](repeating: 0, count: 6)
            let changesIdentity: UInt32 = 1 << 6 | 1 << 7
            if capget(&header, &sets) == 0 {
                sets[0] &= ~changesIdentity
                sets[1] &= ~changesIdentity
                result = capset(&header, &sets) == 0 ? Swift.Result { try body() } : nil
            }
            done.signal()
        }
        thread.start()
        done.wait()
        return try #require(result).get()
    }

    @Test(.enabled(if: CurrentProcess.isRoot))
    func `a child that stays who we are needs no right to change`() throws {
        let own = try withoutRights { [self] in
            try shell("id -u; id -g") {
                $0.identity = ProcessIdentity(userID: getuid(), groupID: getgid(), groups: [7])
            }
        }
        #expect(own.failure == nil && own.output == "\(getuid())\n\(getgid())\n")
        let foreign = try withoutRights { [self] in
            try shell("id -u") {
                $0.identity = ProcessIdentity(userID: 65534, groupID: 65534, groups: [])
            }
        }
        #expect(foreign.failure?.step == .identity)
    }

    @Test func `why a program does not run is told after its end`() throws {
        let absent = try run(ProgramPlan(path: "/no/such", arguments: ["x"], environment: []))
        #expect(absent.end == .exited(status: 127))
        #expect(absent.failure == ProgramFailure(step: .execution, error: .noSuchEntry))
        let place = try shell("true") { $0.directory = "/no/such" }
        #expect(place.failure?.step == .directory)
        let folder = try run(ProgramPlan(path: "/usr", arguments: ["x"], environment: []))
        #expect(folder.failure == ProgramFailure(step: .execution, error: Errno(EACCES)))
    }

    @Test func `a signal sent right after the start is not lost`() throws {
        for _ in 0..<200 {
            let program = try CurrentProcess.start(
                ProgramPlan(path: "/bin/sleep", arguments: ["sleep", "60"], environment: []),
                output: Descriptor())
            program.sendToGroup(.terminate)
            let hasEnded = waitReadable(program.handle.number)
            if !hasEnded { program.sendToGroup(.kill) }
            #expect(hasEnded)
            #expect(try CurrentProcess.end(of: program.id) == .killed(by: .terminate))
            if !hasEnded { break }
        }
    }

    @Test func `a process is held by a descriptor until its end`() throws {
        let program = try CurrentProcess.start(
            ProgramPlan(path: "/bin/sleep", arguments: ["sleep", "60"], environment: []),
            output: Descriptor())
        let handle = try ProcessHandle(program.id)
        #expect(try program.handle.takeEnd() == nil)
        try handle.send(.terminate)
        #expect(waitReadable(handle.number))
        var end: ChildEnd?
        while end == nil { end = try program.handle.takeEnd() }
        #expect(end == .killed(by: .terminate) || end == .exited(status: 127))
        #expect(throws: Errno.noSuchProcess) { try handle.send(.terminate) }
        #expect(throws: (any Error).self) { try program.handle.takeEnd() }
    }
}

// What a process knows of itself and of others. Nothing here changes the test's own process for
// longer than a moment.

import Glibc
import Kernel
import Testing

@Suite struct ProcessTests {
    @Test func `a process knows whether another exists`() throws {
        #expect(ProcessID.own.exists)
        #expect(ProcessID(1).exists, "be it ours to signal or not")
        #expect(!ProcessID(Int32.max).exists)
        #expect(throws: Errno.noSuchProcess) { try ProcessID(Int32.max).send(.user1) }
    }

    @Test func `a child's end is told as status or signal`() throws {
        #expect(try childEnd("exit 7") == .exited(status: 7))
        #expect(try childEnd("kill -TERM $$") == .killed(by: .terminate))
    }

    private func childEnd(_ script: String) throws -> ChildEnd? {
        var words: [UnsafeMutablePointer<CChar>?] = [strdup("sh"), strdup("-c"), strdup(script)]
        words.append(nil)
        defer { for word in words { free(word) } }
        // Another test may have blocked signals in the thread that this one happens to run on.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var number = pid_t()
        try #require(posix_spawn(&number, "/bin/sh", nil, &attributes, words, nil) == 0)
        return try CurrentProcess.end(of: ProcessID(number))
    }

    @Test func `variables are set, seen and removed`() throws {
        let name = "MARTLET_TEST_VARIABLE"
        #expect(ProcessEnvironment.value(of: name) == nil)
        try ProcessEnvironment.set(name, to: "a=b")
        try ProcessEnvironment.set(name, to: "other", overwriting: false)
        #expect(ProcessEnvironment.value(of: name) == "a=b")
        #expect(ProcessEnvironment.entries.contains("\(name)=a=b"))
        #expect(ProcessEnvironment.names.contains(name))
        try ProcessEnvironment.remove(name)
        #expect(ProcessEnvironment.value(of: name) == nil)
        #expect(throws: Errno(EINVAL)) { try ProcessEnvironment.set("a=b", to: "") }
    }

    @Test func `users and groups are found by name`() throws {
        #expect(UserAccount(named: "root")?.id == 0)
        #expect(UserAccount(id: 0)?.name == "root")
        #expect(GroupAccount(named: "root")?.id == 0)
        #expect(UserAccount(named: "no such user") == nil)
        #expect(GroupAccount(named: "no such group") == nil)
    }

    @Test func `limits are read and lowered within the hard one`() throws {
        let before = ResourceLimit(of: .coreFileBytes)
        try ResourceLimit(soft: 0, hard: before.hard).apply(to: .coreFileBytes)
        #expect(ResourceLimit(of: .coreFileBytes).soft == 0)
        try before.apply(to: .coreFileBytes)
        #expect(ResourceLimit(of: .coreFileBytes) == before)
        #expect(throws: Errno(EINVAL)) {
            try ResourceLimit(soft: 2, hard: 1).apply(to: .coreFileBytes)
        }
    }

    @Test func `a thread is bound to cores and let go again`() throws {
        let cores = Cores.usable()
        #expect(!cores.isEmpty && cores == cores.sorted())
        let one = try #require(cores.last)
        try Cores.bindThread(to: [one])
        #expect(Cores.usable() == [one])
        try Cores.bindThread(to: cores)
        #expect(Cores.usable() == cores)
        #expect(throws: Errno(EINVAL)) { try Cores.bindThread(to: []) }
    }

    @Test func `the program knows its path, its machine and its libraries`() throws {
        let path = try #require(CurrentProcess.executablePath)
        #expect(path.hasPrefix("/"))
        #expect(CurrentProcess.loadedObjects().contains(path))
        #expect(CurrentProcess.loadedObjects().contains { $0.contains("libc.so") })
        #expect(CurrentProcess.systemDescription.hasPrefix("Linux "))
        #expect(!CurrentProcess.hostName.isEmpty)
    }
}

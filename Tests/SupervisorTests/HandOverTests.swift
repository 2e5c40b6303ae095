// The background, pid files, and one process taking over from another.

import Glibc
import Testing

@Suite struct HandOverTests {
    private func tcp(_ ports: Int..., global: String = "") -> String {
        LifeTests.configuration(
            ports.map { "bind 127.0.0.1:\($0)" }.joined(separator: "\n  "), global: global)
    }

    // MARK: Background

    @Test func `a daemon serves when its starter ends with zero`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind \(folder)/s"), to: folder + "/cfg")
            try write("stale and long enough to notice\n", to: folder + "/pid")
            let starter = try StartedProgram(
                martlet, ["-D", "-f", folder + "/cfg", "-p", folder + "/pid"])
            #expect(starter.waitForEnd() == .exited(0))
            let process = try #require(pid_t((contents(of: folder + "/pid") ?? "").dropLast()))
            defer { kill(process, SIGKILL) }
            #expect(contents(of: folder + "/pid") == "\(process)\n")
            // The daemon holds none of the starter's streams.
            #expect(try starter.readOutput() == "")
            #expect(try starter.readError() == "")
            #expect(process != starter.processID)
            #expect(getsid(process) == process, "a session of its own")
            #expect(Client(path: folder + "/s")?.ask() != nil)
            kill(process, SIGTERM)
            #expect(eventually { kill(process, 0) != 0 })
            #expect(contents(of: folder + "/pid") == "\(process)\n", "the file stays")
        }
    }

    @Test func `the keyword daemon and pidfile do the same, and -db keeps it from happening`()
        throws
    {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                LifeTests.configuration(
                    "bind \(folder)/s", global: "daemon\n  pidfile \(folder)/pid"),
                to: folder + "/cfg")
            let starter = try StartedProgram(martlet, ["-f", folder + "/cfg"])
            #expect(starter.waitForEnd() == .exited(0))
            let process = try #require(pid_t((contents(of: folder + "/pid") ?? "").dropLast()))
            kill(process, SIGTERM)
            #expect(eventually { kill(process, 0) != 0 })
            unlink(folder + "/pid")
            let foreground = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            #expect(eventually { Client(path: folder + "/s") != nil })
            #expect(foreground.isRunning)
            #expect(contents(of: folder + "/pid") == nil, "only a daemon writes it")
        }
    }

    /// Differs: HAProxy's starter ends with 0 when its child cannot enter the root directory.
    @Test func `a daemon that cannot start makes its starter fail`() throws {
        guard geteuid() == 0 else { try Test.cancel("needs root") }
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                LifeTests.configuration("bind \(folder)/s", global: "chroot /nonexistent"),
                to: folder + "/cfg")
            let run = try ProgramRun(martlet, ["-D", "-f", folder + "/cfg"])
            #expect(run.end == .exited(1))
            #expect(run.error.contains("[\(martlet).main()] Cannot chroot(/nonexistent)."))
        }
    }

    // MARK: Taking over

    @Test func `a new process takes over from the old one without a refused client`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            let port = try Listener.freePort()
            try write(tcp(port), to: folder + "/cfg")
            let old = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(port: port) != nil })
            let held = try #require(Client(port: port))
            held.send("GET / HTTP/1.1\r\nHost: test\r\n")
            #expect(Client(port: port)?.ask() != nil)
            let new = try StartedProgram(
                martlet, ["-db", "-f", folder + "/cfg", "-sf", "\(old.processID)"])
            var refused = 0
            var said = ""
            #expect(
                eventually {
                    if Client(port: port) == nil { refused += 1 }
                    said += old.errorSoFar()
                    return said.contains("Proxy f stopped")
                })
            #expect(refused == 0)
            #expect(old.isRunning, "it still has a client")
            held.send("\r\n")
            #expect(held.firstLine() == "HTTP/1.1 503 Service Unavailable")
            #expect(old.waitForEnd() == .exited(0))
            #expect(Client(port: port)?.ask() != nil)
            #expect(new.isRunning)
        }
    }

    @Test func `-st ends the old process`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind \(folder)/s"), to: folder + "/cfg")
            let old = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(path: folder + "/s") != nil })
            let new = try StartedProgram(
                martlet, ["-db", "-f", folder + "/cfg", "-st", "\(old.processID)"])
            #expect(old.waitForEnd() == .killed(SIGTERM))
            #expect(Client(path: folder + "/s")?.ask() != nil)
            #expect(new.isRunning)
        }
    }

    @Test func `an old process that is gone already is no trouble`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind \(folder)/s"), to: folder + "/cfg")
            let gone = try StartedProgram("/bin/true", [])
            #expect(gone.waitForEnd() == .exited(0))
            let new = try StartedProgram(
                martlet, ["-db", "-f", folder + "/cfg", "-sf", "\(gone.processID)"])
            #expect(eventually { Client(path: folder + "/s")?.ask() != nil })
            new.send(SIGUSR1)
            #expect(new.waitForEnd() == .exited(0))
            #expect(try !new.readError().contains("Cannot signal"))
        }
    }

    @Test func `ports that are not shared change hands through a pause`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            let port = try Listener.freePort()
            let name = "martlet-hand-over-\(getpid())"
            try write(
                LifeTests.configuration(
                    "bind 127.0.0.1:\(port)\n  bind abns@\(name)", global: "noreuseport"),
                to: folder + "/cfg")
            let old = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(port: port) != nil })
            let new = try StartedProgram(
                martlet, ["-db", "-f", folder + "/cfg", "-sf", "\(old.processID)"])
            #expect(old.waitForEnd() == .exited(0))
            #expect(try old.readError().contains("Paused frontend f."))
            #expect(eventually { Client(port: port)?.ask() != nil })
            #expect(new.isRunning)
        }
    }

    @Test func `a take-over that fails leaves the old process serving`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            let port = try Listener.freePort()
            let foreign = try Listener()
            let name = "martlet-failed-\(getpid())"
            let common = "bind abns@\(name)\n  bind \(folder)/s\n  bind 127.0.0.1:\(port)"
            try write(
                LifeTests.configuration(common, global: "noreuseport"), to: folder + "/old")
            try write(
                LifeTests.configuration(
                    common + "\n  bind 127.0.0.1:\(foreign.port)", global: "noreuseport"),
                to: folder + "/new")
            let old = try StartedProgram(martlet, ["-db", "-f", folder + "/old"])
            try #require(eventually { Client(port: port) != nil })
            let new = try StartedProgram(
                martlet, ["-db", "-f", folder + "/new", "-sf", "\(old.processID)"])
            #expect(new.waitForEnd() == .exited(1))
            let said = try new.readError()
            #expect(
                said.contains(
                    "cannot bind socket (Address already in use) for "
                        + "[127.0.0.1:\(foreign.port)]"))
            #expect(eventually { Client(port: port)?.ask() != nil }, "the port is back")
            #expect(Client(path: folder + "/s")?.ask() != nil, "the path never left")
            #expect(old.isRunning)
            old.send(SIGUSR1)
            #expect(old.waitForEnd() == .exited(0))
        }
    }

    @Test(arguments: [("martlet", "martlet"), ("haproxy", "martlet"), ("martlet", "haproxy")])
    func `-x takes sockets over that nobody could bind again`(_ old: String, _ new: String) throws {
        let martlet = try Programs.requireMartlet()
        let haproxy = try Programs.requireHAProxy()
        let programs = ["martlet": martlet, "haproxy": haproxy]
        let first = try #require(programs[old])
        let second = try #require(programs[new])
        try withDirectory { folder in
            let port = try Listener.freePort()
            for name in ["old", "new"] {
                try write(
                    LifeTests.configuration(
                        "bind 127.0.0.1:\(port)\n  bind \(folder)/s",
                        global: "noreuseport\n  stats socket \(folder)/\(name).sock level admin "
                            + "expose-fd listeners"), to: folder + "/" + name)
            }
            let before = try StartedProgram(first, ["-db", "-f", folder + "/old"])
            try #require(eventually { Client(port: port)?.ask() != nil })
            // HAProxy would take the path away before it fails.
            if new == "martlet" {
                let refused = try StartedProgram(second, ["-db", "-f", folder + "/new"])
                #expect(refused.waitForEnd() == .exited(1), "the port is taken")
            }
            let after = try StartedProgram(
                second, ["-db", "-f", folder + "/new", "-x", folder + "/old.sock"])
            try #require(eventually { Client(path: folder + "/new.sock") != nil })
            before.send(SIGTERM)
            #expect(before.waitForEnd() == .killed(SIGTERM))
            #expect(Client(port: port)?.ask() != nil)
            #expect(Client(path: folder + "/s")?.ask() != nil)
            #expect(after.isRunning)
        }
    }

    @Test func `-x fails where nobody hands sockets over`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind \(folder)/s"), to: folder + "/cfg")
            let run = try ProgramRun(martlet, ["-db", "-f", folder + "/cfg", "-x", folder + "/no"])
            #expect(run.end == .exited(1))
            #expect(run.error.contains("Failed to get the sockets from the old process!"))
            // A command socket that does not expose its listeners gives none either.
            let old = LifeTests.configuration(
                "bind \(folder)/s", global: "stats socket \(folder)/cli level admin")
            try write(old, to: folder + "/old")
            let running = try StartedProgram(martlet, ["-db", "-f", folder + "/old"])
            try #require(eventually { Client(path: folder + "/cli") != nil })
            let again = try ProgramRun(
                martlet, ["-db", "-f", folder + "/cfg", "-x", folder + "/cli"])
            #expect(again.end == .exited(1))
            #expect(running.isRunning)
        }
    }

    @Test func `martlet takes over from haproxy and haproxy from martlet`() throws {
        let martlet = try Programs.requireMartlet()
        let haproxy = try Programs.requireHAProxy()
        try withDirectory { folder in
            let port = try Listener.freePort()
            try write(tcp(port), to: folder + "/cfg")
            let first = try StartedProgram(haproxy, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(port: port) != nil })
            let second = try StartedProgram(
                martlet, ["-db", "-f", folder + "/cfg", "-sf", "\(first.processID)"])
            #expect(first.waitForEnd() == .exited(0))
            #expect(Client(port: port)?.ask() != nil)
            let third = try StartedProgram(
                haproxy, ["-db", "-f", folder + "/cfg", "-sf", "\(second.processID)"])
            #expect(second.waitForEnd() == .exited(0))
            #expect(Client(port: port)?.ask() != nil)
            #expect(third.isRunning)
        }
    }
}

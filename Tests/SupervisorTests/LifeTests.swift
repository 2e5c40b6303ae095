// The running process: signals, soft and hard stop, streams, inherited sockets, privileges.

import Glibc
import Testing

@Suite struct LifeTests {
    /// A frontend that answers by itself: it has no backend, so each request gets a 503.
    static func configuration(_ bind: String, global: String = "") -> String {
        """
        global
          \(global)
        defaults
          mode http
          timeout client 30s
          timeout connect 5s
          timeout server 5s
        frontend f
          \(bind)

        """
    }

    /// Starts `martlet` on a UNIX socket and waits until it answers.
    private func withRunning(
        _ arguments: [String] = ["-db"], global: String = "", directory: String = "/",
        hasSilentInput: Bool = false, _ body: (StartedProgram, String) throws -> Void
    ) throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                LifeTests.configuration("bind \(folder)/s", global: global), to: folder + "/cfg")
            let program = try StartedProgram(
                martlet, arguments + ["-f", folder + "/cfg"], directory: directory,
                hasSilentInput: hasSilentInput)
            try #require(eventually { Client(path: folder + "/s") != nil }, "does not start")
            try body(program, folder + "/s")
        }
    }

    // MARK: Stopping

    @Test(arguments: [SIGTERM, SIGINT])
    func `a stop signal is the cause of death and comes at once`(signal: Int32) throws {
        try withRunning { program, path in
            let client = try #require(Client(path: path))
            client.send("GET / HTTP/1.1\r\n")
            let before = monotonicMilliseconds()
            program.send(signal)
            #expect(program.waitForEnd() == .killed(signal))
            // A supervisor waits for the end of both streams: nobody holds them any more.
            let told = try program.readOutput() + program.readError()
            #expect(told == "")
            #expect(monotonicMilliseconds() - before < 1000)
            #expect(client.isClosed(within: 1000))
        }
    }

    @Test func `a soft stop refuses new clients at once and lets the others finish`() throws {
        try withRunning { program, path in
            let held = try #require(Client(path: path))
            held.send("GET / HTTP/1.1\r\nHost: test\r\n")
            // The worker has it when it has answered another one that came later.
            #expect(Client(path: path)?.ask() == "HTTP/1.1 503 Service Unavailable")
            program.send(SIGUSR1)
            #expect(eventually(milliseconds: 1000) { Client(path: path) == nil })
            #expect(program.isRunning)
            held.send("\r\n")
            #expect(held.firstLine() == "HTTP/1.1 503 Service Unavailable")
            #expect(program.waitForEnd() == .exited(0))
            let said = try program.readError()
            #expect(
                said.contains(
                    "[WARNING]  (\(program.processID)) : Proxy f stopped (cumulated conns: FE: "))
            #expect(!said.contains("version is"), "the start is over")
        }
    }

    @Test func `a soft stop without clients ends with zero`() throws {
        try withRunning { program, _ in
            program.send(SIGUSR1)
            #expect(program.waitForEnd() == .exited(0))
        }
    }

    @Test func `hard-stop-after ends a soft stop that takes too long`() throws {
        try withRunning(global: "hard-stop-after 300ms") { program, path in
            let held = try #require(Client(path: path))
            held.send("GET / HTTP/1.1\r\nHost: test\r\n")
            #expect(Client(path: path)?.ask() != nil)
            let before = monotonicMilliseconds()
            program.send(SIGUSR1)
            #expect(program.waitForEnd() == .exited(0))
            let took = monotonicMilliseconds() - before
            #expect(took >= 300 && took < 2000, "\(took) ms")
            let said = try program.readError()
            #expect(said.contains("soft-stop running for too long, performing a hard-stop."))
            #expect(said.contains("Proxy f hard-stopped (1 remaining conns will be closed)."))
        }
    }

    @Test func `a stop signal ends a soft stop`() throws {
        try withRunning { program, path in
            let held = try #require(Client(path: path))
            held.send("GET / HTTP/1.1\r\nHost: test\r\n")
            #expect(Client(path: path)?.ask() != nil)
            program.send(SIGUSR1)
            #expect(eventually { Client(path: path) == nil })
            program.send(SIGTERM)
            #expect(program.waitForEnd() == .killed(SIGTERM))
        }
    }

    @Test func `grace delays a soft stop`() throws {
        try withRunning(global: "grace 200ms") { program, path in
            let before = monotonicMilliseconds()
            program.send(SIGUSR1)
            #expect(program.waitForEnd() == .exited(0))
            #expect(monotonicMilliseconds() - before >= 200)
            _ = path
        }
    }

    // MARK: Other signals

    @Test func `signals that mean nothing here do no harm`() throws {
        try withRunning { program, path in
            for signal in [SIGPIPE, SIGUSR2, SIGQUIT, SIGHUP, SIGTTIN, SIGURG, SIGWINCH] {
                program.send(signal)
                #expect(Client(path: path)?.ask() != nil, "signal \(signal)")
            }
            #expect(program.isRunning)
        }
    }

    @Test func `a hang-up tells the state of servers in haproxy's words`() throws {
        let martlet = try Programs.requireMartlet()
        let haproxy = try Programs.requireHAProxy()
        try withDirectory { folder in
            let configuration = """
                defaults
                  mode http
                  timeout client 5s
                  timeout connect 5s
                  timeout server 5s
                frontend f
                  bind \(folder)/s
                backend b
                  server up 127.0.0.1:1
                  server spare 127.0.0.1:1 backup
                backend spare
                  server spare 127.0.0.1:1 backup
                backend off
                  server off 127.0.0.1:1 disabled

                """
            try write(configuration, to: folder + "/cfg")
            var told: [[String]] = []
            for path in [martlet, haproxy] {
                let program = try StartedProgram(path, ["-db", "-f", folder + "/cfg"])
                try #require(eventually { Client(path: folder + "/s") != nil })
                program.send(SIGHUP)
                let last = "Proxy off "
                let text = try program.waitForError(containing: last)
                told.append(
                    text.split(separator: "\n").filter {
                        $0.contains("SIGHUP") && !$0.contains("HTTPCLIENT")
                    }.map { line in
                        // When the first connection is counted is a matter of timing.
                        String(line.drop { $0 != ":" }).split(separator: "act(").first.map(
                            String.init) ?? ""
                    })
                program.send(SIGTERM)
                _ = program.waitForEnd()
                unlink(folder + "/s")
            }
            #expect(told[0] == told[1])
            #expect(told[0].count >= 9)
        }
    }

    @Test func `a pause lets go of the port and a resumption takes it again`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            let port = try Listener.freePort()
            try write(
                LifeTests.configuration("bind 127.0.0.1:\(port)", global: "noreuseport"),
                to: folder + "/cfg")
            let program = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(port: port) != nil })
            program.send(SIGTTOU)
            #expect(eventually { Client(port: port) == nil })
            program.send(SIGTTIN)
            #expect(eventually { Client(port: port)?.ask() != nil })
            program.send(SIGUSR1)
            #expect(program.waitForEnd() == .exited(0))
            let said = try program.readError()
            #expect(said.contains("Paused frontend f.") && said.contains("Resumed frontend f."))
        }
    }

    // MARK: Streams and surroundings

    @Test func `standard input may be a silent pipe`() throws {
        try withRunning(hasSilentInput: true) { program, path in
            #expect(Client(path: path)?.ask() == "HTTP/1.1 503 Service Unavailable")
            program.send(SIGTERM)
            #expect(program.waitForEnd() == .killed(SIGTERM))
        }
    }

    @Test func `-d stays in the foreground and tells how it polls`() throws {
        try withRunning(["-d"], global: "daemon") { program, path in
            #expect(Client(path: path)?.ask() != nil)
            program.send(SIGTERM)
            #expect(program.waitForEnd() == .killed(SIGTERM))
            let told = try program.readOutput()
            #expect(told.contains("Using epoll() as the polling mechanism."))
        }
    }

    @Test func `a quiet program lets go of its streams`() throws {
        try withRunning(["-q"]) { program, path in
            let told = try program.readOutput() + program.readError()
            #expect(told == "")
            #expect(Client(path: path)?.ask() != nil)
        }
    }

    @Test func `closed standard streams are not taken by sockets`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind \(folder)/s"), to: folder + "/cfg")
            let program = try StartedProgram(
                "/bin/sh", ["-c", "exec \(martlet) -db -f cfg <&- >&- 2>&-"], directory: folder)
            try #require(eventually { Client(path: folder + "/s") != nil })
            for number in 0...2 {
                #expect(target(of: "/proc/\(program.processID)/fd/\(number)") == "/dev/null")
            }
        }
    }

    @Test func `paths are relative to -C or to where the program was started`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind unix@s"), to: folder + "/cfg")
            for (directory, words) in [(folder, []), ("/", ["-C", folder])] {
                let program = try StartedProgram(
                    martlet, words + ["-db", "-f", "cfg"], directory: directory)
                #expect(eventually { Client(path: folder + "/s")?.ask() != nil })
                program.send(SIGTERM)
                _ = program.waitForEnd()
                unlink(folder + "/s")
            }
        }
    }

    // MARK: Inherited sockets

    @Test func `an inherited socket serves clients that came before the start`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                LifeTests.configuration(#"bind "fd@${fe1}""# + "\n  bind fd@${fe2}"),
                to: folder + "/cfg")
            let first = try Listener()
            let second = try Listener()
            let early = try #require(Client(port: first.port))
            early.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            let program = try StartedProgram(
                martlet, ["-d", "-f", folder + "/cfg"],
                environment: ["fe1": "1063", "fe2": "1064"],
                inherited: [first.number: 1063, second.number: 1064])
            #expect(early.firstLine() == "HTTP/1.1 503 Service Unavailable")
            #expect(Client(port: second.port)?.ask() != nil)
            program.send(SIGUSR1)
            #expect(program.waitForEnd() == .exited(0))
        }
    }

    @Test func `a stop leaves an inherited socket to those who share it`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(LifeTests.configuration("bind fd@1063"), to: folder + "/cfg")
            let listener = try Listener()
            for _ in 0..<2 {
                let program = try StartedProgram(
                    martlet, ["-db", "-f", folder + "/cfg"], inherited: [listener.number: 1063])
                #expect(Client(port: listener.port)?.ask() == "HTTP/1.1 503 Service Unavailable")
                program.send(SIGUSR1)
                #expect(program.waitForEnd() == .exited(0))
            }
        }
    }

    @Test func `an inherited descriptor that is no socket ends the start`() throws {
        let run = try withConfiguration(LifeTests.configuration("bind fd@0")) { path in
            try ProgramRun(try Programs.requireMartlet(), ["-db", "-f", path])
        }
        #expect(run.end == .exited(1))
        #expect(
            run.error.contains(
                "'bind' : cannot use file descriptor '0' : Socket operation on non-socket."))
    }

    // MARK: Runtime API

    @Test func `the Runtime API answers on a path and on an inherited socket`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                LifeTests.configuration(
                    "bind \(folder)/s",
                    global: """
                        stats socket \(folder)/cli level admin mode 600
                          stats socket "fd@${cli}" level admin
                          chroot \(folder)
                        global
                          stats timeout 5s
                        """),
                to: folder + "/cfg")
            let inherited = try Listener()
            let program = try StartedProgram(
                martlet, ["-d", "-f", folder + "/cfg"], environment: ["cli": "1070"],
                inherited: [inherited.number: 1070])
            try #require(eventually { Client(path: folder + "/cli") != nil })
            for client in [Client(path: folder + "/cli"), Client(port: inherited.port)] {
                client?.send("show info\n")
                client?.endSending()
                let answer = client?.readToEnd() ?? ""
                #expect(answer.contains("Pid: \(program.processID)\n"), "\(answer)")
            }
            // One that is open when a soft stop begins does not hold it up, new ones are refused.
            let open = try #require(Client(path: folder + "/cli"))
            program.send(SIGUSR1)
            #expect(program.waitForEnd() == .exited(0))
            #expect(open.isClosed(within: 1000))
            #expect(Client(path: folder + "/cli") == nil)
        }
    }

    @Test func `a pause does not make the Runtime API spin`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            let port = try Listener.freePort()
            try write(
                LifeTests.configuration(
                    "bind \(folder)/s", global: "stats socket 127.0.0.1:\(port) level admin"),
                to: folder + "/cfg")
            let program = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(port: port) != nil })
            program.send(SIGTTOU)
            _ = try program.waitForError(containing: "Paused frontend f.")
            #expect(eventually { Client(port: port) == nil })
            let before = processorTicks(of: program.processID)
            usleep(300_000)
            #expect(processorTicks(of: program.processID) - before < 10, "of 30 or more")
            program.send(SIGTTIN)
            #expect(eventually { Client(port: port) != nil })
            let client = Client(port: port)
            client?.send("show version\n")
            client?.endSending()
            #expect(client?.readToEnd().hasPrefix("3.5-") == true)
        }
    }

    // MARK: Privileges and workers

    @Test func `user, group and root directory are given up for good`() throws {
        guard geteuid() == 0 else { try Test.cancel("needs root") }
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            mkdir(folder + "/jail", 0o755)
            try write(
                LifeTests.configuration(
                    "bind \(folder)/s mode 640 uid 65534",
                    global: "user nobody\n  gid 65534\n  chroot \(folder)/jail"),
                to: folder + "/cfg")
            let program = try StartedProgram(martlet, ["-db", "-f", folder + "/cfg"])
            #expect(eventually { Client(path: folder + "/s")?.ask() != nil })
            let status = try #require(contents(of: "/proc/\(program.processID)/status"))
            let nobody = "65534\t65534\t65534\t65534"
            #expect(status.contains("Uid:\t\(nobody)\n"))
            #expect(status.contains("Gid:\t\(nobody)\n"))
            #expect(status.contains("Groups:\t \n") || status.contains("Groups:\t\n"))
            #expect(target(of: "/proc/\(program.processID)/root") == folder + "/jail")
            var socket = stat()
            #expect(stat(folder + "/s", &socket) == 0)
            #expect(socket.st_mode & 0o777 == 0o640 && socket.st_uid == 65534)
            #expect(Client(path: folder + "/s")?.ask() != nil)
        }
    }

    @Test func `nbthread and cpu-map decide threads and cores`() throws {
        try withRunning(global: "nbthread 3\n  cpu-map 1/1-3 0") { program, _ in
            // The control thread and three workers.
            #expect(
                eventually {
                    contents(of: "/proc/\(program.processID)/status")?
                        .contains("Threads:\t4\n") == true
                })
            let tasks = threads(of: program.processID).filter { $0 != program.processID }
            #expect(tasks.count == 3)
            for task in tasks {
                var own = ""
                let isPinned = eventually {
                    own = contents(of: "/proc/\(program.processID)/task/\(task)/status") ?? ""
                    return own.contains("Cpus_allowed_list:\t0\n")
                }
                #expect(isPinned, "\(own)")
                // Every signal the control thread waits for is blocked in workers.
                let mask = own.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
                let bits = UInt64(mask?.split(separator: "\t").last ?? "", radix: 16) ?? 0
                for signal in [SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGTTOU] {
                    #expect(bits & 1 << UInt64(signal - 1) != 0, "signal \(signal)")
                }
            }
        }
    }
}

private func withConfiguration<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
    var result: R?
    try withDirectory { folder in
        try write(text, to: folder + "/cfg")
        result = try body(folder + "/cfg")
    }
    return try #require(result)
}

/// Processor time a process has used, in hundredths of a second.
private func processorTicks(of process: pid_t) -> Int {
    let fields = contents(of: "/proc/\(process)/stat")?.split(separator: ")").last?
        .split(separator: " ")
    return (Int(fields?[11] ?? "") ?? 0) + (Int(fields?[12] ?? "") ?? 0)
}

private func threads(of process: pid_t) -> [pid_t] {
    guard let handle = opendir("/proc/\(process)/task") else { return [] }
    defer { closedir(handle) }
    var found: [pid_t] = []
    while let entry = readdir(handle) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let number = pid_t(name) { found.append(number) }
    }
    return found
}

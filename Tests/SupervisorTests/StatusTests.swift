// Exit statuses and messages beside haproxy's, for starts that end by themselves.

import Glibc
import Testing

@Suite struct StatusTests {
    private static let good = """
        defaults
          mode http
          timeout client 5s
          timeout connect 5s
          timeout server 5s
        frontend f
          bind /tmp/martlet-never-bound.sock
          default_backend b
        backend b
          server s 127.0.0.1:1

        """
    private static let warned = "frontend f\n  mode http\n  bind /tmp/martlet-never-bound.sock\n"
    private static let bad = "frontend f\n  bindd 127.0.0.1:1\n  bind 127.0.0.1:99999\n"

    /// A directory with configurations of every kind.
    private func withFiles(_ body: (String) throws -> Void) throws {
        try withDirectory { folder in
            try write(StatusTests.good, to: folder + "/good.cfg")
            try write(StatusTests.warned, to: folder + "/warned.cfg")
            try write(StatusTests.bad, to: folder + "/bad.cfg")
            try write("defaults\n  mode http", to: folder + "/nofeed.cfg")
            try write(
                "global\n  chroot /nonexistent\n" + StatusTests.good, to: folder + "/root.cfg")
            for name in ["one", "none"] { mkdir("\(folder)/\(name)", 0o755) }
            try write(StatusTests.good, to: folder + "/one/10.cfg")
            try write(StatusTests.bad, to: folder + "/one/.hidden.cfg")
            try write(StatusTests.bad, to: folder + "/one/other.txt")
            try body(folder)
        }
    }

    @Test(arguments: [
        "-c -f good.cfg", "-c -V -f good.cfg", "-V -c -q -f good.cfg", "-q -c -f good.cfg",
        "-c -- good.cfg", "-cfoo -f good.cfg", "-c -d -f good.cfg", "-c -D -f good.cfg",
        "-c -f warned.cfg", "-c -dW -f warned.cfg", "-c -q -dW -f warned.cfg", "-dW -f warned.cfg",
        "-c -f bad.cfg", "-c -q -f bad.cfg", "-f bad.cfg", "-D -f bad.cfg",
        "-c -f good.cfg -f bad.cfg", "-c -f good.cfg -f missing.cfg", "-c -f nofeed.cfg",
        "-c -f one", "-c -f one/", "-c -f none", "-f none", "-c -f one -f none",
        "-c -f /dev/null", "-f /dev/null", "-c", "", "-c good.cfg", "-c -f good.cfg extra",
        "-f", "-p", "-cc", "-Z", "--help", "-C /nonexistent -c -f good.cfg", "-C one -c -f 10.cfg",
        "-sf -c -f good.cfg", "-sf 1 2 -c -f good.cfg", "-sf x -c -f good.cfg",
        "-sf 5x -c -f good.cfg", "-L name -c -f good.cfg", "-n 10 -c -f good.cfg",
        "-N 10 -c -f good.cfg", "-dM -c -f good.cfg", "-dI -c -f good.cfg", "-dR -c -f good.cfg",
        "-dr -c -f good.cfg", "-dS -c -f good.cfg", "-dV -c -f good.cfg", "-de -c -f good.cfg",
        "-dp -c -f good.cfg", "-dG -c -f good.cfg", "-dD -c -f good.cfg", "-dL -c -f good.cfg",
        "-x /dev/null -c -f good.cfg", "-db -f root.cfg", "-v", "-vv", "-vfoo",
        "-db -n 100000000 -f good.cfg",
    ])
    func `the status is haproxy's`(line: String) throws {
        let martlet = try Programs.requireMartlet()
        let haproxy = try Programs.requireHAProxy()
        try withFiles { folder in
            let words = line.split(separator: " ").map(String.init)
            let ours = try ProgramRun(martlet, words, directory: folder)
            let theirs = try ProgramRun(haproxy, words, directory: folder)
            #expect(ours.end == theirs.end, "\(line)\n\(ours.error)\n\(theirs.error)")
            #expect(ours.error.isEmpty == theirs.error.isEmpty || line.contains("-cc"), "\(line)")
        }
    }

    @Test(arguments: [
        "-c -f missing.cfg", "-c -dW -f warned.cfg", "-c -f nofeed.cfg",
        "-C /nonexistent -c -f good.cfg", "-db -f root.cfg", "-D -p /nonexistent/pid -f good.cfg",
    ])
    func `the messages are haproxy's word for word`(line: String) throws {
        let martlet = try Programs.requireMartlet()
        let haproxy = try Programs.requireHAProxy()
        try withFiles { folder in
            let words = line.split(separator: " ").map(String.init)
            let ours = try ProgramRun(martlet, words, directory: folder)
            let theirs = try ProgramRun(haproxy, words, directory: folder)
            let expected = theirs.shape.replacing(haproxy, with: martlet)
            #expect(ours.shape == expected)
            #expect(ours.output == theirs.output)
        }
    }

    @Test(arguments: [
        ("1", 0), ("0", 1), ("", 1), ("!0", 0), ("1 && 0", 1), ("1 || 0", 0), ("(1)", 0),
        ("version_atleast(2.5-dev0)", 0), ("version_before(2.4)", 1), ("foo", 2), ("1 &&", 2),
        ("feature(THREAD)", 0), ("feature(NOSUCH)", 1), ("streq(a,a)", 0), ("strneq(a,a)", 1),
        ("defined(PATH)", 0), ("defined(NO_SUCH_VARIABLE)", 1), ("streq(\"$LC_ALL\",C)", 0),
        ("enabled(EPOLL)", 0), ("(1", 2), ("version_atleast(2", 2),
    ])
    func `conditions have haproxy's statuses and print only mistakes`(
        condition: String, status: Int32
    ) throws {
        let run = try ProgramRun(try Programs.requireMartlet(), ["-cc", condition])
        #expect(run.end == .exited(status), "\(run.error)")
        #expect(run.output.isEmpty)
        #expect(run.error.isEmpty == (status != 2))
        if condition.hasPrefix("enabled") { return }
        let theirs = try ProgramRun(try Programs.requireHAProxy(), ["-cc", condition])
        #expect(theirs.end == .exited(status), "\(theirs.error)")
    }

    @Test func `new versions of the language count as known`() throws {
        let martlet = try Programs.requireMartlet()
        for (condition, status) in [
            ("version_atleast(3.5-dev3)", Int32(0)), ("version_atleast(v3.5-dev3)", 0),
            ("version_atleast(3.5)", 0), ("version_atleast(3.6-dev0)", 1),
            ("version_before(3.5)", 1),
        ] {
            #expect(
                try ProgramRun(martlet, ["-cc", condition]).end == .exited(status), "\(condition)")
        }
    }

    @Test func `the version names Martlet first and HAProxy's level second`() throws {
        let run = try ProgramRun(try Programs.requireMartlet(), ["-v"])
        let lines = run.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("Martlet version ") == true)
        #expect(lines.dropFirst().first?.hasPrefix("HAProxy version 3.5-") == true)
        #expect(run.error.isEmpty)
    }

    @Test func `the long version says what tools look for`() throws {
        let run = try ProgramRun(try Programs.requireMartlet(), ["-vv"])
        let lines = run.output.split(separator: "\n").map(String.init)
        for wanted in [
            "  TARGET  = linux-glibc", "Available polling systems :",
            "Available multiplexer protocols :", "Build options :",
        ] {
            #expect(lines.contains(wanted), "\(wanted)")
        }
        #expect(lines.contains { $0.hasPrefix("Feature list : ") && $0.contains("+THREAD") })
    }

    @Test(arguments: ["", "-V", "-q", "-q -V"])
    func `success is told with -V only`(words: String) throws {
        let martlet = try Programs.requireMartlet()
        try withFiles { folder in
            let arguments = words.split(separator: " ").map(String.init) + ["-c", "-f", "good.cfg"]
            let run = try ProgramRun(martlet, arguments, directory: folder)
            #expect(run.end == .exited(0))
            #expect(
                run.output == (words.contains("-V") ? "Configuration file is valid\n" : ""))
            #expect(run.error == "")
        }
    }

    @Test(arguments: ["-W", "-Ws"])
    func `what comes later ends the start with a message`(word: String) throws {
        let martlet = try Programs.requireMartlet()
        try withFiles { folder in
            let run = try ProgramRun(martlet, [word, "-f", "good.cfg"], directory: folder)
            #expect(run.end == .exited(1))
            #expect(
                run.shape
                    == "[ALERT]    (PID) : option '\(word)': master-worker mode is not supported yet."
            )
        }
    }

    @Test func `a port in use is told as haproxy tells it`() throws {
        let martlet = try Programs.requireMartlet()
        let haproxy = try Programs.requireHAProxy()
        try withDirectory { folder in
            let inTheWay = try Listener()
            try write(
                """
                frontend f
                  mode tcp
                  timeout client 1s
                  bind 127.0.0.1:\(inTheWay.port)
                  bind 192.0.2.1:80
                  bind /nonexistent/dir/sock

                """, to: folder + "/cfg")
            for words in [["-db"], ["-D"], ["-db", "-q"]] {
                let ours = try ProgramRun(martlet, words + ["-f", "cfg"], directory: folder)
                let theirs = try ProgramRun(haproxy, words + ["-f", "cfg"], directory: folder)
                #expect(ours.end == .exited(1) && theirs.end == .exited(1))
                // Paths are left alone while something else fails, so that line is missing.
                let expected = theirs.shape.replacing(haproxy, with: martlet)
                    .split(separator: "\n").filter { !$0.contains("UNIX socket") }
                #expect(ours.shape == expected.joined(separator: "\n"))
            }
        }
    }
}

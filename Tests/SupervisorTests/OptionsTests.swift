// The command line of the proxy.

import Daemon
import Kernel
import Testing

@testable import Supervisor

@Suite struct OptionsTests {
    @Test func `files keep their order whichever way they are named`() throws {
        let options = try Options.read(["-f", "a", "-f", "b", "-c", "--", "c", "-d"])
        #expect(options.paths == ["a", "b", "c", "-d"])
        #expect(options.task == .check && !options.isDebugging)
    }

    @Test func `the last of -c and -cc is the task`() throws {
        #expect(try Options.read(["-c", "-cc", "1"]).task == .evaluate("1"))
    }

    @Test(arguments: [
        ("-v", false), ("-vfoo", false), ("-vv", true), ("-vvv", true),
    ])
    func `the version is shown whatever follows`(word: String, inDetail: Bool) throws {
        #expect(try Options.read([word, "?"]).task == .showVersion(inDetail: inDetail))
    }

    @Test func `numbers are checked`() throws {
        let options = try Options.read(["-n", "5", "-N", "6", "-m", "7"])
        #expect(options.maxConnections == 5)
        #expect(options.proxyMaxConnections == 6)
        #expect(options.memoryMegabytes == 7)
        for word in ["-n", "-N", "-m"] {
            for value in ["x", "-1", "", "99999999999"] {
                #expect(throws: OptionMistake.self) { try Options.read([word, value]) }
            }
        }
    }

    @Test func `the last list of processes counts with its signal`() throws {
        let options = try Options.read(["-sf", "1", "2", "-st", "3"])
        #expect(options.replacedProcesses == [ProcessID(3)])
        #expect(options.replacementSignal == .terminate)
    }

    @Test func `the foreground is asked for by -d and -db`() throws {
        #expect(try Options.read(["-d"]).isForeground)
        #expect(try Options.read(["-db"]).isForeground)
        #expect(try !Options.read(["-D"]).isForeground)
    }

    @Test(arguments: ["-W", "-Ws", "-S"])
    func `what comes later is refused with a message`(word: String) {
        do throws(OptionMistake) {
            _ = try Options.read([word, "sock"])
            Issue.record("\(word) was accepted")
        } catch {
            guard case .invalid(let text) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(text.hasPrefix("option '\(word)': ") && text.hasSuffix("not supported yet."))
        }
    }

    @Test func `-x names a socket, and /dev/null switches it off`() throws {
        #expect(try Options.read(["-x", "/run/s", "-c"]).handOverPath == "/run/s")
        #expect(try Options.read(["-x", "/run/s", "-x", "/dev/null"]).handOverPath == nil)
    }

    @Test(arguments: [
        "-dM", "-dM0x50", "-dI", "-dG", "-dt", "-dtall", "-de", "-dp", "-4", "-t", "-dc", "-dk",
        "-dv",
    ])
    func `what has no effect here is accepted`(word: String) throws {
        #expect(try Options.read([word]) == Options())
    }

    @Test func `switches of the data path are kept apart`() throws {
        #expect(try Options.read(["-dR"]).avoidsReusePort)
        for word in ["-dS", "-dZ", "-dF"] { #expect(try Options.read([word]).avoidsSplice) }
        #expect(try Options.read(["-dV"]).trustsServers)
        #expect(try Options.read(["-dr"]).ignoresResolutionFailures)
    }

    @Test func `the configuration is written out, and nothing is hidden by a key yet`() throws {
        #expect(try Options.read(["-dC"]).dumpsConfiguration)
        #expect(try Options.read(["-dC0"]).dumpsConfiguration)
        #expect(throws: OptionMistake.self) { try Options.read(["-dC7"]) }
    }

    @Test func `keyword classes are separated by commas`() throws {
        #expect(try Options.read(["-dKcfg,smp"]).keywordClasses == ["cfg", "smp"])
        #expect(try Options.read(["-dK"]).keywordClasses == [])
        #expect(try Options.read([]).keywordClasses == nil)
    }

    @Test func `rows have unique words and a sentence each`() {
        let rows = Options.grammar.rows
        #expect(Set(rows.map(\.word)).count == rows.count)
        for row in rows { #expect(row.sentence.hasSuffix("."), "\(row.word)") }
    }

    @Test func `the command line changes what may be asked of the program`() throws {
        let plain = Facts.of(Options())
        #expect(plain.enabledOptions.isSuperset(of: ["EPOLL", "SPLICE", "REUSEPORT"]))
        let bare = Facts.of(try Options.read(["-dR", "-dS", "-dV"]))
        #expect(bare.enabledOptions.isDisjoint(with: ["SPLICE", "REUSEPORT", "FAST-FORWARD"]))
        #expect(bare.enabledOptions.contains("SERVER-SSL-VERIFY-NONE"))
    }
}

// The command line, as keepalived(8) has it.

import Testing

@testable import VRRPDaemon

@Suite struct OptionsTests {
    @Test func `letters stand together, values behind them or after them`() throws {
        let options = try Options.read(["-nlDf", "/a", "-p/b", "-S", "local3", "-R"])
        #expect(options.staysInForeground && options.logsToConsole && options.logsDetails)
        #expect(options.configurationPath == "/a" && options.pidPath == "/b")
        #expect(options.facility == 19 && options.avoidsRespawn)
    }

    @Test func `long names take values behind an equals sign or after them`() throws {
        let options = try Options.read([
            "--use-file=/a", "--vrrp_pid", "/c", "--config-id=x", "--dont-fork", "--log-con",
        ])
        #expect(options.configurationPath == "/a" && options.instancePidPath == "/c")
        #expect(options.configurationID == "x" && options.staysInForeground)
        #expect(options.logsToConsole)
    }

    @Test func `a test of the configuration may name a file for its messages`() throws {
        #expect(try Options.read(["-t"]).task == .check(logPath: nil))
        #expect(try Options.read(["-t", "-f", "/a"]).task == .check(logPath: nil))
        #expect(try Options.read(["-t/tmp/log"]).task == .check(logPath: "/tmp/log"))
        #expect(try Options.read(["--config-test=/tmp/l"]).task == .check(logPath: "/tmp/l"))
    }

    @Test(arguments: [
        ["-Z"], ["--no-such"], ["-f"], ["--use-file"], ["-S", "9"], ["-u", "9z"], ["stray"],
        ["--log"], ["--vrrp=1"],
    ])
    func `what is no option is named`(arguments: [String]) {
        #expect(throws: OptionError.self) { try Options.read(arguments) }
    }

    @Test func `options of subsystems that are not ours are remembered for a notice`() throws {
        #expect(try Options.read(["-x", "-C", "--perf=all"]).foreign == ["-x", "-C", "--perf"])
    }

    @Test(arguments: [
        (["-C"], true), (["-T"], true), (["-C", "-P"], false), (["--all", "-C"], false),
        (["-T", "-P"], true), (["-x"], false), ([], false),
    ])
    func `what asks for others' work alone is not run as VRRP`(
        _ arguments: [String], _ isForeign: Bool
    ) throws {
        #expect(try (Options.read(arguments).foreignTask != nil) == isForeign)
    }

    @Test func `a command takes all words`() throws {
        #expect(try Options.read(["status", "--json"]).task == .command(["status", "--json"]))
    }

    @Test func `each option is in the help once`() {
        let rows = Options.grammar.rows
        let letters = rows.compactMap(\.letter)
        let names = rows.compactMap(\.name)
        #expect(Set(letters).count == letters.count && Set(names).count == names.count)
        for row in rows { #expect(row.sentence.hasSuffix(".")) }
        #expect(Options.grammar.help.split(separator: "\n").count == rows.count)
    }
}

// Tracked scripts: the first result, rise and fall, skipped turns, time limits, what cannot be run.

import Daemon
import Glibc
import Kernel
import Testing
import VRRPTracking

@Suite struct ScriptTrackerTests {
    private func settings(
        _ command: ScriptCommand, milliseconds: UInt64 = 20, timeout: UInt64? = 5_000,
        rise: Int = 1, fall: Int = 1, startsFailed: Bool = false
    ) -> ScriptTrackerSettings {
        ScriptTrackerSettings(
            name: "check", command: command, interval: milliseconds * 1_000_000,
            timeout: timeout.map { $0 * 1_000_000 }, rise: rise, fall: fall,
            startsFailed: startsFailed)
    }

    @Test func `the first result counts at once and is told, whatever was assumed`() throws {
        let bench = try Bench()
        for (program, isUp) in [("true", true), ("false", false)] {
            for startsFailed in [false, true] {
                let told = Journal<TrackingResult>()
                let tracker = ScriptTracker(
                    settings(
                        try bench.command(program), milliseconds: 60_000, rise: 3, fall: 3,
                        startsFailed: startsFailed),
                    on: bench.loop, log: bench.log, onChange: told.take)
                #expect(tracker.isUp == !startsFailed)
                tracker.start()
                #expect(bench.turn { !told.values.isEmpty })
                #expect(told.values.map(\.isUp) == [isUp])
                #expect(tracker.isUp == isUp)
                #expect(tracker.counters.runs == 1)
                tracker.stop()
                bench.awaitScripts()
            }
        }
    }

    @Test func `later results need rise successes or fall failures in a row`() throws {
        let bench = try Bench()
        // Exits with the words of a file, one a run, and stays with the last.
        let plan = [0, 1, 0, 1, 1, 0, 1, 0, 0, 0]
        try bench.write(plan.map { "\($0)\n" }.joined(), to: "plan")
        let script = try bench.script(
            "step",
            """
            cd \(bench.folder)
            echo >> runs
            exit $(sed -n "$(wc -l < runs)p" plan)
            """)
        let told = Journal<(Bool, UInt64)>()
        var tracker: ScriptTracker?
        tracker = ScriptTracker(
            settings(try bench.command(script), rise: 3, fall: 2), on: bench.loop, log: bench.log
        ) { result in told.take((result.isUp, tracker?.counters.runs ?? 0)) }
        tracker?.start()
        #expect(bench.turn { (tracker?.counters.runs ?? 0) >= 10 })
        tracker?.stop()
        bench.awaitScripts()
        #expect(told.values.map(\.0) == [true, false, true])
        #expect(told.values.map(\.1) == [1, 5, 10])
        #expect(tracker?.counters.failures == 4)
        #expect(tracker?.counters.changes == 3)
    }

    @Test func `arguments arrive as they are, without a shell`() throws {
        let bench = try Bench()
        let script = try bench.script(
            "show", "for word in \"$@\"; do echo \"[$word]\"; done > \(bench.folder)/out")
        let told = Journal<TrackingResult>()
        let tracker = ScriptTracker(
            settings(
                try bench.command(script, "a b", "$HOME", "", "*", "d\"e"), milliseconds: 60_000),
            on: bench.loop, log: bench.log, onChange: told.take)
        tracker.start()
        #expect(bench.turn { !told.values.isEmpty })
        #expect(bench.text("out") == "[a b]\n[$HOME]\n[]\n[*]\n[d\"e]\n")
        tracker.stop()
        bench.awaitScripts()
    }

    @Test func `a script over its time fails at that moment and is ended with all it started`()
        throws
    {
        let bench = try Bench()
        let script = try bench.script(
            "slow",
            """
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ > \(bench.folder)/inner; while :; do sleep 1; done' &
            echo $$ > \(bench.folder)/outer
            while :; do sleep 1; done
            """)
        let told = Journal<TrackingResult>()
        let tracker = ScriptTracker(
            settings(try bench.command(script), milliseconds: 60_000, timeout: 1000),
            on: bench.loop, log: bench.log, onChange: told.take)
        let start = Clock.monotonic().nanoseconds
        tracker.start()
        #expect(bench.turn { !told.values.isEmpty })
        let took = Clock.monotonic().nanoseconds - start
        #expect(told.values.map(\.isUp) == [false])
        #expect(took >= 1_000_000_000)
        #expect(tracker.counters.timeouts == 1)
        // Both take no notice of SIGTERM; the kill after the grace reaches both.
        func number(_ name: String) -> Int32 {
            Int32(bench.text(name).filter { $0 != "\n" }) ?? -1
        }
        try #require(number("outer") > 0 && number("inner") > 0)
        let inner = ProcessID(number("inner"))
        #expect(bench.turn { !isChildLeft(number("outer")) && !isAlive(inner) })
        tracker.stop()
        bench.awaitScripts()
    }

    @Test func `turns that come while the script runs are skipped`() throws {
        let bench = try Bench()
        let told = Journal<TrackingResult>()
        let script = try bench.script(
            "wait", "while ! test -e \(bench.folder)/go; do sleep 0.02; done")
        let tracker = ScriptTracker(
            settings(try bench.command(script), milliseconds: 5), on: bench.loop, log: bench.log,
            onChange: told.take)
        tracker.start()
        #expect(bench.turn { tracker.counters.skips >= 5 })
        #expect(tracker.counters.runs == 0 && told.values.isEmpty)
        try bench.write("", to: "go")
        #expect(bench.turn { tracker.counters.runs == 1 })
        tracker.stop()
        bench.awaitScripts()
        #expect(told.values.map(\.isUp) == [true])
    }

    @Test(arguments: ["absent", "plain", "folder", "no-interpreter", "no-such-name-on-the-path"])
    func `what cannot be run is a failure and one line of the log`(name: String) throws {
        let bench = try Bench()
        _ = try bench.script("plain", "exit 0", mode: 0o644)
        #expect(mkdir(bench.path("folder"), 0o755) == 0)
        let text = Array("#!/no/such/interpreter\n".utf8)
        try Files.write(text.span, to: bench.path("no-interpreter"))
        try Files.setMode(0o755, of: bench.path("no-interpreter"))
        let told = Journal<TrackingResult>()
        let word = name.hasPrefix("no-such") ? name : bench.path(name)
        let tracker = ScriptTracker(
            settings(try bench.command(word), milliseconds: 10), on: bench.loop, log: bench.log,
            onChange: told.take)
        tracker.start()
        #expect(bench.turn { tracker.counters.runs >= 4 })
        tracker.stop()
        bench.awaitScripts()
        #expect(told.values.map(\.isUp) == [false])
        #expect(tracker.counters.failures == tracker.counters.runs)
        #expect(
            bench.lines.filter { $0.contains("cannot be run") && $0.contains("'check'") }.count >= 1
        )
        #expect(bench.lines.filter { $0.hasPrefix("script 'check' cannot be run") }.count == 1)
    }

    @Test func `a failed run's output is in the reason, bounded`() throws {
        let bench = try Bench()
        let told = Journal<TrackingResult>()
        let script = try bench.script(
            "loud", "echo first; printf 'a\\001b\\n' >&2; head -c 300000 /dev/zero; exit 4")
        let tracker = ScriptTracker(
            settings(try bench.command(script), milliseconds: 60_000), on: bench.loop,
            log: bench.log, onChange: told.take)
        tracker.start()
        #expect(bench.turn { !told.values.isEmpty })
        tracker.stop()
        bench.awaitScripts()
        let detail = told.values.first?.detail ?? ""
        #expect(detail.hasPrefix("exited with status 4: first | a?b | ??"))
        #expect(detail.utf8.count < 700)
    }

    @Test func `stop ends a run under way and nothing is told any more`() throws {
        let bench = try Bench()
        let told = Journal<TrackingResult>()
        let script = try bench.script("stay", "echo $$ > \(bench.folder)/me; exec sleep 60")
        let tracker = ScriptTracker(
            settings(try bench.command(script)), on: bench.loop, log: bench.log,
            onChange: told.take)
        tracker.start()
        #expect(bench.turn { bench.text("me").hasSuffix("\n") })
        let number = try #require(Int32(bench.text("me").filter { $0 != "\n" }))
        tracker.stop()
        bench.awaitScripts()
        #expect(bench.turn { !isChildLeft(number) })
        #expect(told.values.isEmpty)
    }

    @Test func `a script that runs once tells its end, also when it never began`() throws {
        let bench = try Bench()
        let told = Journal<RunOutcome>()
        func run(_ words: String..., timeout: UInt64 = 60_000_000_000) throws {
            let before = told.values.count
            ScriptJob.run(
                try #require(ScriptCommand(words: words)), adding: ["behind"],
                limits: RunLimits(timeout: timeout, outputBytes: 100), on: bench.loop,
                log: bench.log, onEnd: told.take)
            #expect(told.values.count == before)
            #expect(bench.turn { told.values.count == before + 1 })
        }
        try run(try bench.script("good", "test \"$1 $2\" = 'first behind'"), "first")
        try run(try bench.script("bad", "echo why; exit 9"))
        try run(try bench.script("slow", "exec sleep 60"), timeout: 100_000_000)
        try run(bench.path("absent"))
        #expect(
            told.values == [
                .exited(status: 0), .exited(status: 9), .timedOut, .notStarted("no such program"),
            ])
        #expect(bench.lines.count == 3 && bench.lines[0].hasSuffix("exited with status 9: why"))
    }

    @Test func `starting a program does not hold the loop up for long`() throws {
        var best = UInt64.max
        for _ in 0..<20 {
            let began = Clock.monotonic().nanoseconds
            let program = try CurrentProcess.start(
                ProgramPlan(path: "/bin/true", arguments: ["true"], environment: []),
                output: Descriptor())
            best = min(best, Clock.monotonic().nanoseconds - began)
            _ = try CurrentProcess.end(of: program.id)
        }
        print("a program is started in \(best / 1000) us")
        #expect(best < 20_000_000)
    }

    @Test func `a program is found by PATH, and a path needs no search`() throws {
        #expect(try #require(ScriptCommand(words: ["sh"])).file?.hasSuffix("/sh") == true)
        #expect(ScriptCommand(words: ["/bin/sh"])?.file == "/bin/sh")
        #expect(ScriptCommand(words: ["/bin"])?.file == nil)
        #expect(ScriptCommand(words: []) == nil)
        #expect(ScriptCommand(words: [""]) == nil)
        #expect(Files.program("sh", searchPath: "/nowhere::/bin") == "/bin/sh")
        #expect(Files.program("sh", searchPath: "") == nil)
    }

    @Test func `a thousand judgements follow the rule of streaks`() {
        var judgement = RiseFall(rise: 2, fall: 3, assumingUp: true)
        let isFirstTold = judgement.take(success: true)
        #expect(isFirstTold)
        var streak = 0
        var isUp = true
        var state: UInt64 = 42
        for _ in 0..<1000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let success = state >> 63 == 0
            streak = success == isUp ? 0 : streak + 1
            let turns = streak == (isUp ? 3 : 2)
            if turns {
                isUp.toggle()
                streak = 0
            }
            let isTold = judgement.take(success: success)
            #expect(isTold == turns)
            #expect(judgement.isUp == isUp)
        }
    }
}

/// Whether a process of that number runs; one that nobody has waited for yet does not.
func isAlive(_ process: ProcessID) -> Bool {
    guard let bytes = try? Files.read("/proc/\(process)/stat", atMost: 4096) else { return false }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return false }
    return !text[end...].hasPrefix(") Z") && !text[end...].hasPrefix(") X")
}

// Connections against descriptors, and workers against cores.

import Daemon
import Kernel
import Proxy
import Synchronization
import Testing

@testable import Supervisor

@Suite struct DescriptorBudgetTests {
    private let limit = ResourceLimit(soft: 1024, hard: 20_000)

    private func budget(
        memoryMegabytes: Int = 0, _ change: (inout GlobalConfiguration) -> Void = { _ in }
    ) -> DescriptorBudget {
        var global = GlobalConfiguration()
        change(&global)
        return DescriptorBudget(
            for: global, listeners: 2, workers: 2, limit: limit, memoryMegabytes: memoryMegabytes)
    }

    @Test func `without a maxconn the hard limit decides`() {
        let budget = budget()
        #expect(budget.isComputed)
        // 16 fixed, 2 listeners, 3 for each worker.
        #expect(budget.maxConnections == (20_000 - 24) / 2)
        #expect(budget.neededDescriptors <= 20_000 && budget.neededDescriptors > 19_990)
        #expect(budget.wantedLimit == budget.neededDescriptors)
    }

    @Test func `a maxconn decides what is needed`() {
        let budget = budget { $0.maxConnections = 500 }
        #expect(!budget.isComputed && budget.maxConnections == 500)
        #expect(budget.neededDescriptors == 1024)
    }

    @Test func `ulimit-n is the limit asked for and bounds what is computed`() {
        let computed = budget { $0.descriptorLimit = 4024 }
        #expect(computed.maxConnections == 2000 && computed.wantedLimit == 4024)
        let both = budget {
            $0.descriptorLimit = 100
            $0.maxConnections = 500
        }
        #expect(both.wantedLimit == 100 && both.neededDescriptors == 1024)
    }

    @Test func `fd-hard-limit bounds what is computed but not what is asked for`() {
        #expect(budget { $0.descriptorHardLimit = 1024 }.maxConnections == 500)
        let asked = budget {
            $0.descriptorHardLimit = 1024
            $0.maxConnections = 5000
        }
        #expect(asked.maxConnections == 5000)
    }

    @Test func `a limit that is nearly endless is not used up`() {
        let endless = ResourceLimit(soft: 1024, hard: ResourceLimit.unlimited)
        let budget = DescriptorBudget(
            for: GlobalConfiguration(), listeners: 2, workers: 2, limit: endless)
        #expect(budget.neededDescriptors <= DescriptorBudget.defaultCeiling)
    }

    @Test func `a tiny limit still gives a hundred connections to fail with`() {
        let budget = DescriptorBudget(
            for: GlobalConfiguration(), listeners: 2, workers: 2,
            limit: ResourceLimit(soft: 20, hard: 20))
        #expect(budget.maxConnections == 100)
        #expect(budget.neededDescriptors == 224)
    }

    @Test func `memory bounds what is computed`() {
        #expect(budget(memoryMegabytes: 34).maxConnections == 34 << 20 / (2 * 17_408))
    }

    @Test func `pipes for splicing count two descriptors each`() {
        let pipes = budget {
            $0.maxConnections = 500
            $0.maxPipes = 10
        }
        #expect(pipes.neededDescriptors == 1044)
    }
}

@Suite struct ThreadPlanTests {
    @Test func `the usable cores are the workers unless nbthread says otherwise`() {
        var global = GlobalConfiguration()
        #expect(ThreadPlan(for: global, usableCores: [1, 3, 5]).workers == 3)
        global.threads = 2
        #expect(ThreadPlan(for: global, usableCores: [1, 3, 5]).workers == 2)
        global.threads = 1000
        #expect(ThreadPlan(for: global, usableCores: [0]).workers == ThreadPlan.limit)
    }

    @Test func `cpu-map counts threads from one`() {
        var global = GlobalConfiguration()
        global.threads = 3
        global.coresOfThread = [1: [4], 3: [5, 6]]
        #expect(ThreadPlan(for: global, usableCores: [0]).coresOfWorker == [[4], [], [5, 6]])
    }
}

@Suite struct ConfigurationDumpTests {
    @Test func `what was understood is written without comments, and reads as itself`() throws {
        let text = """
            global # the first
              log   127.0.0.1 "local0"
            defaults
            	mode http
            	no option   splice-auto
            frontend 'f'   # the last
              errorfile 503 /tmp/two\\ words

            """
        let expected = """
            global
            \tlog 127.0.0.1 local0
            defaults
            \tmode http
            \tno option splice-auto
            frontend f
            \terrorfile 503 '/tmp/two words'

            """
        #expect(try dump(text) == expected)
        #expect(try dump(expected) == expected)
    }

    /// What `-dC` writes of a text.
    private func dump(_ text: String) throws -> String {
        let said = Mutex("")
        let console = Console(
            introduction: [],
            output: Console.Output(
                standardOutput: { more in said.withLock { $0 += more } },
                standardError: { _ in }))
        try withDirectory { folder in
            try write(text, to: folder + "/cfg")
            let options = try Options.read(["-dC", "-c", "-f", folder + "/cfg"])
            // What is wrong with it is said after the dump and does not matter here.
            _ = try? options.readConfiguration(console)
        }
        return said.withLock { $0 }
    }

    @Test(arguments: [
        ("plain", "plain"), ("", "''"), ("two words", "'two words'"), ("#tag", "'#tag'"),
        ("it's", #"'it'\''s'"#), (#"a\b"#, #"'a\b'"#), ("$HOME", "'$HOME'"),
    ])
    func `words are quoted so that they read as the same word`(word: String, quoted: String) {
        #expect(ConfigurationDump.quoted(word) == quoted)
    }
}

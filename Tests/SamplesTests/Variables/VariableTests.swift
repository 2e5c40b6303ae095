// Variables: names, values, conditions and limits.

import Samples
import RandomInputs
import Testing

@Suite struct VariableTests {
    /// A stream with its session, and what is needed to ask.
    private struct World: ~Copyable {
        let names = VariableNames()
        let process: ProcessVariables
        var session: SessionVariables
        var stream: StreamVariables
        var scratch = SampleScratch(valueLimit: 4096)

        init(_ known: [String], limits: VariableLimits = VariableLimits()) throws {
            for name in known { _ = try names.reference(to: name) }
            process = ProcessVariables(names: names, limits: limits)
            session = SessionVariables(names: names)
            stream = StreamVariables(names: names)
        }

        mutating func set(
            _ name: String, _ text: String, if condition: VariableCondition = []
        ) throws -> VariableResult {
            scratch.reset()
            let variable = try names.reference(to: name)
            let sample =
                Int64(text).map { Sample.integer($0) } ?? scratch.copy(Array(text.utf8).span)!
            return stream.set(
                variable, to: sample, in: scratch, if: condition, &session, process)
        }

        mutating func unset(_ name: String) throws {
            stream.unset(try names.reference(to: name), &session, process)
        }

        mutating func get(_ name: String) throws -> String? {
            scratch.reset()
            let variable = try names.reference(to: name)
            guard var sample = stream.value(of: variable, session, process, into: &scratch),
                scratch.cast(&sample, to: .string)
            else { return nil }
            let bytes = scratch.bytes(of: sample)
            return String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("foo.a", 0..<3, nil), ("tnx.a", 0..<3, "txn"), ("a", 0..<1, nil), ("txn", 3..<3, nil),
            ("txn.", 3..<4, nil), ("txn.a-b", 5..<6, nil), ("TXN.x", 0..<3, nil),
            ("req.a b", 5..<6, nil),
        ] as [(String, Range<Int>, String?)])
    func `a wrong name is refused with its wrong part`(
        _ name: String, _ range: Range<Int>, _ suggestion: String?
    ) {
        #expect {
            try VariableNames().reference(to: name)
        } throws: {
            guard let mistake = $0 as? VariableNameMistake else { return false }
            return mistake.range == range && mistake.suggestion == suggestion
        }
    }

    @Test func `a name has one number, and each scope its own`() throws {
        let names = VariableNames()
        let first = try names.reference(to: "txn.a.b_9")
        #expect(try names.reference(to: "txn.a.b_9") == first)
        #expect(try names.reference(to: "req.a.b_9") != first)
        #expect(names.name(of: first) == "txn.a.b_9")
        #expect(names.count(of: .transaction) == 1 && names.find("sess.x") == nil)
    }

    @Test func `values live as long as their scope`() throws {
        var world = try World(["proc.p", "sess.s", "txn.t", "req.q", "res.r"])
        for name in ["proc.p", "sess.s", "txn.t", "req.q"] {
            #expect(try world.set(name, "value of \(name)") == .set)
        }
        #expect(try world.set("res.r", "early") == .refused)
        #expect(try world.get("req.q") == "value of req.q")
        world.stream.beginResponse(&world.session, world.process)
        #expect(try world.get("req.q") == nil)
        #expect(try world.set("req.q", "late") == .refused)
        #expect(try world.set("res.r", "7") == .set)
        #expect(try world.get("res.r") == "7")
        #expect(try world.get("txn.t") == "value of txn.t")
        world.stream.reset(&world.session, world.process)
        #expect(try world.get("txn.t") == nil)
        #expect(try world.get("sess.s") == "value of sess.s")
        world.session.reset(world.process)
        #expect(try world.get("sess.s") == nil)
        #expect(try world.get("proc.p") == "value of proc.p")
        try world.unset("proc.p")
        #expect(try world.get("proc.p") == nil)
        #expect(world.process.usedBytes == 0)
    }

    @Test func `variables of checks are not there in streams`() throws {
        var world = try World(["sess.s", "check.c"])
        #expect(try world.set("sess.s", "alice") == .set)
        #expect(try world.set("check.c", "mallory") == .refused)
        #expect(try world.get("check.c") == nil)
        try world.unset("check.c")
        #expect(try world.get("sess.s") == "alice")
    }

    @Test func `conditions decide whether a variable is set`() throws {
        for (old, new, condition, wanted) in [
            (nil, "1", .exists, .skipped), ("1", "2", .exists, .set),
            (nil, "1", .doesNotExist, .set), ("1", "2", .doesNotExist, .skipped),
            (nil, "1", .isSet, .skipped), (nil, "1", .isNotSet, .set),
            (nil, "", .isEmpty, .set), (nil, "a", .isEmpty, .skipped),
            (nil, "0", .isEmpty, .skipped),
            (nil, "", .isNotEmpty, .skipped), (nil, "0", .isNotEmpty, .set),
            ("5", "3", .isGreater, .set), ("3", "3", .isGreater, .skipped),
            ("3", "5", .isLess, .set), ("3", "3", .isLess, .skipped),
            ("x", "5", .isLess, .set), (nil, "5", .isGreater, .set),
            ("5", "3", [.isGreater, .isLess], .skipped),
        ] as [(String?, String, VariableCondition, VariableResult)] {
            var world = try World(["txn.v"])
            if let old { _ = try world.set("txn.v", old) }
            #expect(try world.set("txn.v", new, if: condition) == wanted)
            #expect(try world.get("txn.v") == (wanted == .set ? new : old))
        }
        var world = try World(["proc.v"])
        #expect(try world.set("proc.v", "1", if: .exists) == .set)
        #expect(VariableCondition.names.allSatisfy { VariableCondition(name: $0) != nil })
        #expect(VariableCondition(name: "ifexist") == nil)
    }

    @Test func `limits include the scopes below them`() throws {
        let slot = VariableValues.slotBytes
        var limits = VariableLimits()
        limits.session = 3 * slot + 30
        limits.transaction = 2 * slot + 20
        limits.requestOrResponse = slot + 10
        var world = try World(["sess.s", "txn.t", "req.q"], limits: limits)
        #expect(try world.set("req.q", "eleven chars") == .refused)
        #expect(try world.set("req.q", "ten chars!") == .set)
        #expect(try world.set("txn.t", "eleven char") == .refused)
        #expect(try world.set("txn.t", "ten chars!") == .set)
        #expect(try world.set("sess.s", "eleven char") == .refused)
        #expect(try world.set("sess.s", "ten chars!") == .set)
        #expect(try world.set("txn.t", "less") == .set, "a smaller value always fits")
        #expect(world.process.usedBytes == 3 * slot + 24)
        world.stream.reset(&world.session, world.process)
        #expect(world.session.usedBytes == slot + 10)
    }

    @Test func `many sets agree with a dictionary and keep memory bounded`() throws {
        var random = Seeded(for: "variables against a dictionary")
        let known = (0..<12).map { "txn.v\($0)" }
        var world = try World(known)
        var model: [String: String] = [:]
        for _ in 0..<4000 {
            let name = known.randomElement(using: &random)!
            if Int.random(in: 0..<6, using: &random) == 0 {
                try world.unset(name)
                model[name] = nil
            } else {
                let count = Int.random(in: 0...300, using: &random)
                let text = String(repeating: "abcdefg".randomElement(using: &random)!, count: count)
                #expect(try world.set(name, text) == .set)
                model[name] = text
            }
            let asked = known.randomElement(using: &random)!
            #expect(try world.get(asked) == model[asked])
            let charged = model.values.reduce(0) { $0 + $1.utf8.count + VariableValues.slotBytes }
            #expect(world.process.usedBytes == charged)
        }
    }

    @Test func `names of a later generation are unset until they are set`() throws {
        var world = try World(["proc.p", "sess.s", "txn.t", "req.q", "res.r"])
        let late = ["proc.z", "sess.z", "txn.z", "req.z"] + (0..<100).map { "txn.late\($0)" }
        for name in late {
            _ = try world.names.reference(to: name)
            #expect(try world.get(name) == nil)
            try world.unset(name)
        }
        #expect(world.process.usedBytes == 0)
        for name in late { #expect(try world.set(name, "value of \(name)") == .set) }
        for name in late { #expect(try world.get(name) == "value of \(name)") }
        #expect(try world.get("txn.t") == nil)
        #expect(try world.set("txn.z", "2", if: .isNotSet) == .skipped)
        world.stream.beginResponse(&world.session, world.process)
        _ = try world.names.reference(to: "res.z")
        #expect(try world.get("res.z") == nil && world.get("req.z") == nil)
        #expect(try world.set("res.z", "7") == .set)
        #expect(try world.get("res.z") == "7")
        world.stream.reset(&world.session, world.process)
        #expect(try world.get("txn.late99") == nil && world.get("sess.z") == "value of sess.z")
        world.session.reset(world.process)
        try world.unset("proc.z")
        #expect(world.process.usedBytes == 0)
    }

    @Test func `limits hold for names of a later generation`() throws {
        var limits = VariableLimits()
        limits.transaction = 2 * VariableValues.slotBytes
        var world = try World(["txn.a"], limits: limits)
        #expect(try world.set("txn.a", "1") == .set)
        #expect(try world.set("txn.b", "2") == .set)
        #expect(try world.set("txn.c", "3") == .refused)
        #expect(try world.get("txn.c") == nil)
        try world.unset("txn.a")
        #expect(try world.set("txn.c", "3") == .set)
    }

    @Test func `a later generation changes limits, and values stay`() throws {
        var world = try World(["txn.a", "txn.b", "proc.p"])
        for name in ["txn.a", "txn.b", "proc.p"] { #expect(try world.set(name, "1") == .set) }
        var limits = VariableLimits()
        limits.transaction = VariableValues.slotBytes
        world.process.limits = limits
        #expect(world.process.limits == limits)
        #expect(try world.get("txn.a") == "1" && world.get("txn.b") == "1")
        #expect(try world.set("txn.a", "more than before") == .refused)
        #expect(try world.set("txn.a", "2") == .set)
        limits = VariableLimits()
        limits.process = 1
        world.process.limits = limits
        #expect(try world.set("proc.p", "text") == .refused)
        world.process.limits = VariableLimits()
        #expect(try world.set("proc.p", "text") == .set)
    }

    @Test func `names are added while workers set and read variables`() async throws {
        let names = VariableNames()
        let process = ProcessVariables(names: names)
        let first = try names.reference(to: "txn.first")
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<2000 { _ = try? names.reference(to: "txn.v\(number)") }
            }
            for worker in 0..<2 {
                group.addTask {
                    var scratch = SampleScratch(valueLimit: 64)
                    for turn in 0..<2000 {
                        var session = SessionVariables(names: names)
                        var stream = StreamVariables(names: names)
                        let known = names.count(of: .transaction)
                        let last = VariableReference(
                            scope: VariableScope.transaction.rawValue, slot: UInt32(known - 1))
                        #expect(names.find(names.name(of: last)) == last)
                        for variable in [first, last] {
                            let result = stream.set(
                                variable, to: .integer(Int64(turn * 2 + worker)), in: scratch,
                                &session, process)
                            #expect(result == .set)
                            let value = stream.value(
                                of: variable, session, process, into: &scratch)
                            #expect(value?.integer == Int64(turn * 2 + worker))
                        }
                        stream.reset(&session, process)
                        session.reset(process)
                    }
                }
            }
        }
        #expect(names.count(of: .transaction) == 2001 && process.usedBytes == 0)
    }

    @Test func `a scope takes so many names and no more`() throws {
        let names = VariableNames()
        for number in 0..<VariableNames.countLimit {
            _ = try names.reference(to: "req.v\(number)")
        }
        let mistake = try #require(throws: VariableNameMistake.self) {
            try names.reference(to: "req.more")
        }
        #expect(mistake.text == "there are 4096 variables of scope 'req' already")
        #expect(try names.reference(to: "req.v7").slot == 7)
        #expect(try names.reference(to: "res.more").slot == 0)
        #expect(names.name(of: VariableReference(scope: 3, slot: 9999)) == "req.?")
    }
}

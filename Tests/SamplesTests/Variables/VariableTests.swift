// Variables: names, values, conditions and limits.

import Samples
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
}

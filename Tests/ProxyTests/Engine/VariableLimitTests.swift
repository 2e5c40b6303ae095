// The memory of variables over generations: what the last one allows holds.

@testable import Proxy
import Samples
import Testing

extension EngineTests {
    @Suite struct VariableLimitTests {
        private static func configuration(
            _ names: VariableNames, _ limits: (inout VariableLimits) -> Void
        ) -> Configuration {
            var configuration = Setup.http([])
            configuration.variableNames = names
            limits(&configuration.global.variableLimits)
            return configuration
        }

        /// What comes of setting a variable of the process to a text.
        private static func set(
            _ name: String, bytes: Int, _ names: VariableNames, _ variables: ProcessVariables
        ) throws -> VariableResult {
            let variable = try names.reference(to: name)
            var scratch = SampleScratch()
            let text = [UInt8](repeating: 0x61, count: bytes)
            guard let sample = scratch.copy(text.span) else { return .skipped }
            return variables.set(variable.slot, to: sample, in: scratch)
        }

        @Test func `limits of the next generation hold for variables from then on`() throws {
            let names = VariableNames()
            let running = try RunningEngine(Self.configuration(names) { $0.process = 100_000 })
            let variables = running.engine.live.variables
            #expect(try Self.set("proc.a", bytes: 1000, names, variables) == .set)
            running.publish(Self.configuration(names) { $0.process = 500 })
            #expect(variables.limits.process == 500)
            // What is there stays; nothing is added to it.
            #expect(try Self.set("proc.b", bytes: 10, names, variables) == .refused)
            #expect(try Self.set("proc.a", bytes: 10, names, variables) == .set)
            #expect(try Self.set("proc.b", bytes: 10, names, variables) == .set)
            running.publish(
                Self.configuration(names) { limits in
                    limits.global = 5
                    limits.session = 4
                    limits.transaction = 3
                    limits.requestOrResponse = 2
                })
            var expected = VariableLimits()
            expected.global = 5
            expected.session = 4
            expected.transaction = 3
            expected.requestOrResponse = 2
            #expect(variables.limits == expected)
            #expect(try Self.set("proc.c", bytes: 10, names, variables) == .refused)
            running.publish(Self.configuration(names) { _ in })
            #expect(try Self.set("proc.c", bytes: 10, names, variables) == .set)
        }
    }
}

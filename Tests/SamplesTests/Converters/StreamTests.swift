// What converters tell the stream: captures and lines for event sinks.

import Samples
import Testing

@Suite struct StreamTests {
    /// What an environment remembers of an expression.
    private func evaluate(_ text: String) throws -> TestEnvironment {
        let environment = TestEnvironment()
        var scratch = SampleScratch()
        _ = try TestExpression(text).evaluate(&scratch, environment)
        return environment
    }

    @Test(arguments: [
        ("str(abc),debug(pre,stderr)", "2 [debug] pre: type=str <abc>"),
        ("str(abc),debug(pre)", "0 [debug] pre: type=str <abc>"),
        ("int(-5),debug(,stdout)", "1 [debug] : type=sint <-5>"),
        ("bool(true),add(1),debug(x)", "0 [debug] x: type=bool <2>"),
        ("ipv4(1.2.3.4),debug(x)", "0 [debug] x: type=ipv4 <1.2.3.4>"),
        ("ipv6(::1),debug(x)", "0 [debug] x: type=ipv6 <::1>"),
        ("method,debug(x)", "0 [debug] x: type=meth <GET>"),
        ("bin(41007f),debug(x)", "0 [debug] x: type=bin <A>"),
        ("str('a\\tbé'),debug('a b')", "0 [debug] a b: type=str <a\\tb..>"),
    ])
    func `values are reported with their type`(_ expression: String, _ line: String) throws {
        #expect(try evaluate(expression).reported == [line])
    }

    @Test func `texts are captured where they are on their way`() throws {
        let world = try evaluate("str(abc),capture-req(1),upper,capture-res(0),capture-req(2)")
        #expect(world.captured == ["request 1 abc", "response 0 ABC"])
    }

    @Test func `nothing is reported or captured once a value is gone`() throws {
        let world = try evaluate("str(abc),when(error),debug(x),capture-req(0)")
        #expect(world.reported.isEmpty && world.captured.isEmpty)
    }
}

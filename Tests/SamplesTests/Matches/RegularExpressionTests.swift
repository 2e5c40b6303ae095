// Compiling and matching expressions, their limits and their replacements.

import Samples
import Testing

@Suite struct RegularExpressionTests {
    private func matches(
        _ pattern: String, _ text: String, ignoresCase: Bool = false
    ) throws -> Bool {
        let expression = try RegularExpression(Array(pattern.utf8), ignoresCase: ignoresCase)
        var scratch = RegularExpressionScratch()
        return scratch.matches(expression, Array(text.utf8).span)
    }

    @Test func `expressions match anywhere unless they are anchored`() throws {
        #expect(try matches("b.d", "abcde"))
        #expect(try !matches("^b", "abc"))
        #expect(try matches("", ""))
        #expect(try matches("^$", ""))
        #expect(try !matches("A", "a"))
        #expect(try matches("A", "a", ignoresCase: true))
        #expect(try matches("\\x00", "a\0b"))
    }

    @Test func `expressions become machine code`() throws {
        #expect(try RegularExpression(Array("a+".utf8)).isCompiledToMachineCode)
    }

    @Test(arguments: [("(", 1), ("a[", 2), ("*", 0), ("a(?<n>b)(?<n>c)", 12)])
    func `a wrong expression says where it is wrong`(_ pattern: String, _ offset: Int) {
        do {
            _ = try RegularExpression(Array(pattern.utf8))
            Issue.record("\(pattern) was compiled")
        } catch {
            #expect(abs(error.offset - offset) <= 1 && !error.text.isEmpty)
        }
    }

    @Test func `groups are told and put into replacements`() throws {
        let expression = try RegularExpression(Array("^/(a+)/(z)?(b*)".utf8), captures: true)
        #expect(expression.groupCount == 3)
        var scratch = RegularExpressionScratch()
        let text = Array("/aaa/bb?".utf8)
        let isFound = scratch.matches(expression, text.span)
        try #require(isFound)
        #expect(scratch.group(0) == 0..<7)
        #expect(scratch.group(1) == 1..<4)
        #expect(scratch.group(2) == nil)
        #expect(scratch.group(3) == 5..<7)
        #expect(scratch.group(4) == nil)
        var room = SampleScratch(valueLimit: 64)
        let made = room.make(as: .string) { output in
            let template = Array("<\\1|\\2|\\3|\\9>\\\\\\x41\\n\\".utf8)
            scratch.expand(template.span, of: text.span, into: &output)
        }
        let sample = try #require(made)
        let bytes = room.bytes(of: sample)
        var result: [UInt8] = []
        for index in 0..<bytes.count { result.append(bytes[index]) }
        #expect(String(decoding: result, as: UTF8.self) == "<aaa||bb|>\\An\\")
        let isFoundAgain = scratch.matches(expression, Array("no".utf8).span)
        #expect(!isFoundAgain)
        #expect(scratch.group(0) == nil)
    }

    @Test func `plain parentheses do not capture where nothing is replaced`() throws {
        #expect(try RegularExpression(Array("(a)(b)".utf8)).groupCount == 0)
    }

    @Test func `an expression that would run for ages is given up`() throws {
        let expression = try RegularExpression(Array("^(a+)+(b|c)+$".utf8), captures: true)
        var scratch = RegularExpressionScratch(stepLimit: 10_000)
        let text = [UInt8](repeating: 0x61, count: 200) + [0x21]
        let isFound = scratch.matches(expression, text.span)
        #expect(!isFound)
        #expect(scratch.givenUp == 1)
    }
}

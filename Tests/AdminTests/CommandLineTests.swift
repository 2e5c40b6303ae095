// Lines of commands cut into words.

import Testing

@testable import Admin

@Suite struct CommandLineTests {
    @Test(arguments: [
        ("show stat", [["show", "stat"]]), ("  show \t stat ", [["show", "stat"]]),
        ("a;b c", [["a"], ["b", "c"]]), ("a;;b", [["a"], [], ["b"]]),
        ("a ; ;b", [["a"], [], ["b"]]),
        ("a;", [["a"]]), (";a", [[], ["a"]]), ("", [[]]),
        ("a\\;b c\\ d \\\\", [["a;b", "c d", "\\"]]),
        ("\"a b\" 'c'", [["\"a", "b\"", "'c'"]]), ("a # b", [["a", "#", "b"]]),
    ])
    func `A line falls into commands and words`(_ line: String, _ commands: [[String]]) {
        let parsed = CommandLine(line.utf8)
        #expect(parsed.commands == commands)
        #expect(parsed.payloadEnd == nil)
    }

    @Test(arguments: [
        ("set x <<", ""), ("set x <<EOF", "EOF"), ("a;set x <<%EOF%", "%EOF%"),
    ])
    func `The last word may announce a payload`(_ line: String, _ end: String) {
        let parsed = CommandLine(line.utf8)
        #expect(parsed.commands.last == ["set", "x"])
        #expect(parsed.payloadEnd == Array(end.utf8))
    }

    @Test func `A pattern of more than seven characters announces nothing`() {
        #expect(CommandLine("set x <<12345678".utf8).payloadEnd == nil)
        #expect(CommandLine("set <<x y".utf8).payloadEnd == nil)
    }

    @Test func `Words beyond the limit are left out`() {
        let line = String(repeating: "a ", count: 100)
        #expect(CommandLine(line.utf8).commands[0].count == CommandLine.mostWords)
    }
}

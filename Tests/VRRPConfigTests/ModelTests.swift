// Equality of definitions: what a reload sees as a change.

import ConfigLanguage
import Testing

@testable import VRRPConfig

@Suite struct ModelTests {
    @Test func `a block that only moved is the same definition`() {
        var first = InstanceDefinition(name: "VI")
        var second = first
        first.place = DefinitionPlace(SourceLocation(file: "a", line: 1))
        second.place = DefinitionPlace(SourceLocation(file: "b", line: 7))
        #expect(first == second)
        second.priority = 101
        #expect(first != second)
    }
}

// The rules find what they are for, in samples that break them.

import Testing

@Suite struct RulesTests {
    private func source(_ text: String, path: String = "Sources/Wire/HTTP/Sample.swift")
        -> SourceText
    {
        SourceText(path: path, text: text)
    }

    @Test func `comments, literals and quoted names are not code`() {
        let text = """
            let a = "x // { \\(b("}") ) y" // print(
            func `says "no" {`() { c() }
            let d = #"\\" { "# + \"""
            { await \\(e)
            \"""
            """
        let sample = source(text)
        #expect(!sample.code.joined().contains("print("))
        #expect(!sample.code.joined().contains("await"))
        #expect(sample.code.joined().contains("c()"))
        #expect(sample.blocks.count == 1)
        #expect(sample.blocks.first?.kind == .body)
        #expect(zip(sample.lines, sample.code).allSatisfy { $0.utf8.count == $1.utf8.count })
    }

    @Test func `a file without a header is found`() {
        #expect(Rules.header(source("import A\n")).count == 1)
        #expect(Rules.header(source("// What lives here.\n\nimport A\n")).isEmpty)
    }

    @Test func `long code and long comments are found, long literals are not`() {
        let long = String(repeating: "a", count: 101)
        #expect(Rules.columns(source("// \(long)\n")).count == 1)
        #expect(Rules.columns(source("let \(long) = 1\n")).count == 1)
        #expect(Rules.columns(source("let a = \"\(long)\"\n")).isEmpty)
    }

    @Test func `two flags with the same bit are found`() {
        let flags = """
            struct A: OptionSet {
                static var b: A { A(rawValue: 1 << 3) }
                static let c = A(rawValue: 1 << 3)
                static let d = A(rawValue: 1 << 4)
                static let e = bit(3)
                static let f = bit(3)
            }

            """
        #expect(Rules.bits(source(flags)).map(\.line) == [3, 6])
    }

    @Test(arguments: [
        "struct A {\n    func b() { unsafe c() }\n}\n",
        "struct A {\n    func b() {\n        // Safety: held.\n        unsafe c()\n    }\n"
            + "    func d() {\n        unsafe c()\n    }\n}\n",
        "nonisolated(unsafe) var a = 1\n",
        "final class A: @unchecked Sendable {}\n",
        "struct A {\n    // Safety: held.\n    let a = unsafe b\n    let c = unsafe d\n}\n",
    ])
    func `an unsafe expression without a reason is found`(_ text: String) {
        #expect(Rules.safety(source(text)).count == 1)
    }

    @Test(arguments: [
        "struct A {\n    func b() {\n        // Safety: held.\n        if x {\n            unsafe c()\n"
            + "        }\n    }\n}\n",
        "/// A.\n///\n/// Safety: held.\nstruct A {\n    func b() { unsafe c() }\n}\n",
        "let a = entry.isUnsafe ? .unsafe : .safe\n@unsafe func b() {}\n",
        "// unsafe \nlet a = \"unsafe b\"\n",
    ])
    func `an unsafe expression with a reason is not`(_ text: String) {
        #expect(Rules.safety(source(text)).map(\.description) == [])
    }

    @Test func `declarations without a word are found where others see them`() {
        let text = """
            struct A {
                func b() { let c = 1 }
                /// Says so.
                @inline(__always)
                static func d() {}
                private func e() {}
                var f: Int { 1 }
                var g = 1
            }
            private struct H { func i() {} }
            extension A {
                public mutating func j() {}
            }
            """
        #expect(Rules.documentation(source(text)).map(\.line) == [1, 2, 7, 12])
    }

    @Test func `what waits or prints is found in the data path alone`() {
        let text = "func a() async { print(b); await c(); blueprint(d) }\n"
        #expect(Rules.dataPathWords(source(text)).count == 3)
        #expect(Rules.dataPathWords(source(text, path: "Sources/System/Daemon/A.swift")).isEmpty)
    }

    @Test func `imports are read in all their forms`() {
        let text = "@testable import A\nimport struct B.C\npublic import D\n// import E\n"
        #expect(Import.all(in: source(text)).map(\.module) == ["A", "B", "D"])
    }

    @Test func `entries of the manifest are read over several lines`() {
        let text = """

            building.library("A", on: .base)
            building.library(
                "B", on: .traffic,
                needs: [
                    "A", "C",
                ])
            building.tests("B", needs: ["B"], resources: [.copy("Names")])
            """
        let entries = ManifestEntry.all(in: text)
        #expect(entries.map(\.name) == ["A", "B", "BTests"])
        #expect(entries.map(\.needs) == [[], ["A", "C"], ["B"]])
        #expect(
            entries.map(\.folder) == ["Sources/Base/A/", "Sources/Traffic/B/", "Tests/BTests/"])
    }
}

// Pages for readers: what they link to is there, and what they name is in the code.

import Foundation
import Testing

@Suite struct PageTests {
    private static let pages = Tree.paths.filter { $0.hasSuffix(".md") }

    @Test(arguments: pages) func `links lead somewhere`(_ page: String) throws {
        let text = try #require(Tree.text(page))
        let folder = Tree.root.appendingPathComponent(page).deletingLastPathComponent()
        for part in text.components(separatedBy: "](").dropFirst() {
            let target = String(part.prefix { $0 != ")" && $0 != "#" })
            if target.isEmpty || target.contains("://") { continue }
            let path = folder.appendingPathComponent(target).path
            #expect(FileManager.default.fileExists(atPath: path), "\(page): \(target)")
        }
        let titles = Set(Self.pages.map { ($0 as NSString).lastPathComponent })
        for part in text.components(separatedBy: "<doc:").dropFirst() {
            let target = String(part.prefix { $0 != ">" })
            #expect(titles.contains("\(target).md"), "\(page): \(target)")
        }
    }

    @Test(arguments: [
        "Sources/Traffic/Proxy/Proxy.docc/LifeOfAStream.md",
        "Sources/VRRP/VRRPDaemon/VRRPDaemon.docc/LifeOfAnInstance.md",
    ])
    func `a page about a life names what is in the code`(_ page: String) throws {
        let text = try #require(Tree.text(page))
        var words: Set<Substring> = []
        for source in Tree.sources where source.path.hasPrefix("Sources/") {
            for line in source.lines {
                words.formUnion(line.split { !($0.isLetter || $0.isNumber || $0 == "_") })
            }
        }
        let files = Set(Tree.paths.map { ($0 as NSString).lastPathComponent })
        let quoted = text.split(separator: "`", omittingEmptySubsequences: false)
            .enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        #expect(quoted.count > 80)
        for name in quoted where !name.contains("\n") {
            if name.hasSuffix(".swift") {
                let file = (String(name) as NSString).lastPathComponent
                #expect(files.contains(file), "\(page): \(name)")
            } else if !name.contains(" ") && name.count > 2 {
                let parts = name.prefix { $0 != "(" }.split { !$0.isLetter && !$0.isNumber }
                for part in parts where !words.contains(part) {
                    Issue.record("\(page): \(name) is not in the code")
                }
            }
        }
    }

    @Test func `decisions are numbered and say what belongs in them`() throws {
        let folder = "Sources/Executables/martlet/martlet.docc/Decisions/"
        let notes = Self.pages.filter { $0.hasPrefix(folder) }.sorted()
        #expect(!notes.isEmpty)
        for (index, note) in notes.enumerated() {
            let text = try #require(Tree.text(note))
            let number = String(format: "%04d", index + 1)
            #expect(text.hasPrefix("# \(number): "), "\(note)")
            #expect(note.dropFirst(folder.count).hasPrefix("\(number)-"), "\(note)")
            for part in ["**Choice.**", "**Price.**", "**What would change our mind.**"] {
                #expect(text.contains(part), "\(note) lacks \(part)")
            }
        }
    }

    @Test(arguments: pages) func `prose has at most 100 columns`(_ page: String) throws {
        var isCode = false
        for (number, line) in try #require(Tree.text(page)).components(separatedBy: "\n")
            .enumerated()
        {
            if line.hasPrefix("```") { isCode.toggle() }
            if isCode || line.hasPrefix("|") || line.contains("](") { continue }
            if line.count > 100 { Issue.record("\(page):\(number + 1): \(line.count) columns") }
        }
    }
}

// Arrows point down: what a target imports is what the manifest lets it need, and nothing of the
// daemon imports what it must not link.

import Foundation
import Testing

@Suite struct LayeringTests {
    private let entries = ManifestEntry.all(in: Tree.text("Package.swift") ?? "")

    /// Modules of the toolchain that any target may import.
    private let everywhere: Set<String> = ["Glibc", "Swift", "Synchronization"]

    @Test func `the manifest is understood`() throws {
        let names = entries.map(\.name)
        #expect(names.count > 30)
        #expect(Set(names).count == names.count, "a target is listed twice")
        let proxy = try #require(entries.first { $0.name == "Proxy" })
        #expect(proxy.folder == "Sources/Traffic/Proxy/")
        #expect(proxy.needs.contains("Balancing") && !proxy.needs.contains("Logs"))
        for entry in entries {
            #expect(
                Tree.paths.contains { $0.hasPrefix(entry.folder) }, "\(entry.folder) is empty")
        }
    }

    @Test func `a need is listed before who needs it`() {
        var listed: Set<String> = []
        for entry in entries {
            #expect(listed.isSuperset(of: entry.needs), "\(entry.name) needs what comes later")
            listed.insert(entry.name)
        }
    }

    @Test func `every import is a need of its target`() {
        let targets = Set(entries.map(\.name))
        for entry in entries {
            let allowed = Set(entry.needs).union([entry.name])
            for source in Tree.sources where source.path.hasPrefix(entry.folder) {
                let strange = Import.all(in: source).filter {
                    targets.contains($0.module) && !allowed.contains($0.module)
                }
                for found in strange {
                    Issue.record("\(source.path):\(found.line): \(found.module) is not a need")
                }
            }
        }
    }

    @Test func `the daemon imports itself and the C library, no Foundation and no Dispatch`() {
        let own = Set(entries.map(\.name)).union(everywhere)
        for source in Tree.sources where source.path.hasPrefix("Sources/") {
            for found in Import.all(in: source) where !own.contains(found.module) {
                Issue.record("\(source.path):\(found.line): imports \(found.module)")
            }
        }
    }

    @Test func `tests are of a target, or stand apart on purpose`() {
        let apart = [
            "TidyTests", "ConformanceTests", "DifferentialTests", "VRRPScenarioTests",
        ]
        let libraries = Set(entries.filter { $0.kind != "tests" }.map(\.name))
        for entry in entries where entry.kind == "tests" && !apart.contains(entry.name) {
            #expect(libraries.contains(String(entry.name.dropLast(5))), "\(entry.name)")
        }
    }
}

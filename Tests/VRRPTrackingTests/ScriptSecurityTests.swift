// Whose hands a script's path is in: over invented trees and the real one.

import Kernel
import Testing
import VRRPTracking

@Suite struct ScriptSecurityTests {
    private func entry(
        _ kind: PathEntry.Kind, user: UInt32 = 0, group: UInt32 = 0, mode: UInt32 = 0o755
    ) -> PathEntry {
        PathEntry(kind: kind, userID: user, groupID: group, mode: mode)
    }

    /// A tree where only root writes, changed in some places.
    private func flaw(_ path: String, _ changes: [String: PathEntry]) -> ScriptFlaw? {
        var tree: [String: PathEntry] = [
            "/": entry(.directory), "/etc": entry(.directory), "/etc/k": entry(.directory),
            "/etc/k/s": entry(.file), "/tmp": entry(.directory, mode: 0o1777),
            "/tmp/s": entry(.file), "/l": entry(.link(to: "etc/../etc/k"), mode: 0o777),
        ]
        for (place, entry) in changes { tree[place] = entry }
        return ScriptSecurity.flaw(of: path) { tree[$0] }
    }

    @Test func `a path that is root's alone is safe, through links and sticky directories`() {
        #expect(flaw("/etc/k/s", [:]) == nil)
        #expect(flaw("//etc/./k/../k/s", [:]) == nil)
        #expect(flaw("/l/s", [:]) == nil)
        #expect(flaw("/tmp/s", [:]) == nil)
        #expect(flaw("/etc/k/s", ["/etc/k": entry(.directory, mode: 0o775)]) == nil)
    }

    @Test func `each part of the path counts`() {
        for place in ["/", "/etc", "/etc/k"] {
            #expect(
                flaw("/l/s", [place: entry(.directory, mode: 0o757)])
                    == .writableByOthers(path: place))
            #expect(
                flaw("/l/s", [place: entry(.directory, group: 5, mode: 0o775)])
                    == .writableByOthers(path: place))
            #expect(
                flaw("/l/s", [place: entry(.directory, user: 7)])
                    == .foreignOwner(path: place, userID: 7))
        }
        #expect(
            flaw("/etc/k/s", ["/etc/k/s": entry(.file, mode: 0o722)])
                == .writableByOthers(path: "/etc/k/s"))
        #expect(
            flaw("/tmp/s", ["/tmp/s": entry(.file, user: 9)])
                == .foreignOwner(path: "/tmp/s", userID: 9))
        #expect(
            flaw("/l/s", ["/l": entry(.link(to: "/etc/k"), user: 3, mode: 0o777)])
                == .foreignOwner(path: "/l", userID: 3))
    }

    @Test func `what is not there, or turns in circles, is told`() {
        #expect(flaw("/etc/none", [:]) == .missing(path: "/etc/none"))
        #expect(flaw("/etc/k", [:]) == .missing(path: "/etc/k"))
        #expect(flaw("/etc/k/s/more", [:]) == .missing(path: "/etc/k/s"))
        #expect(flaw("s", [:]) == .missing(path: "s"))
        #expect(
            flaw("/c", ["/c": entry(.link(to: "/c"))]) == .endlessLinks(path: "/c"))
    }

    @Test func `a program runs as root by its user or by its file`() {
        func runs(_ user: UInt32?, _ file: PathEntry) -> Bool {
            ScriptSecurity.runsAsRoot(
                "/l",
                identity: user.map { ProcessIdentity(userID: $0, groupID: 1, groups: []) },
                ownUserID: 0,
                look: { $0 == "/l" ? entry(.link(to: "s")) : $0 == "/s" ? file : nil })
        }
        #expect(runs(nil, entry(.file)) && runs(0, entry(.file)))
        #expect(!runs(5, entry(.file)) && !runs(5, entry(.file, user: 5, mode: 0o4755)))
        #expect(runs(5, entry(.file, mode: 0o4755)))
    }

    @Test func `a path is resolved to its file`() {
        let tree = [
            "/a": entry(.directory), "/a/l": entry(.link(to: "../b")),
            "/b": entry(.link(to: "/a/f")),
            "/a/f": entry(.file), "/d": entry(.other),
        ]
        #expect(ScriptSecurity.resolved("/a/l") { tree[$0] } == "/a/f")
        #expect(ScriptSecurity.resolved("/a/f") { tree[$0] } == "/a/f")
        #expect(ScriptSecurity.resolved("/a") { tree[$0] } == nil)
        #expect(ScriptSecurity.resolved("/d") { tree[$0] } == nil)
    }

    @Test func `the system's shell is safe, a file of another is not`() throws {
        #expect(ScriptSecurity.flaw(of: "/bin/sh") == nil)
        let bench = try Bench()
        let path = try bench.script("s", "true", mode: 0o777)
        #expect(ScriptSecurity.flaw(of: path) != nil)
    }
}

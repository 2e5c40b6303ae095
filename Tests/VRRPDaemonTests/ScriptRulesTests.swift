// Which scripts run: `enable_script_security` holds while running, not only while checking.

import Foundation
import Kernel
import Testing
import VRRPConfig

@testable import VRRPDaemon

@Suite struct ScriptRulesTests {
    private static func script(mode: Int) throws -> (folder: URL, path: String) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "script-rules-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("run.sh").path
        try Data("#!/bin/sh\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return (folder, path)
    }

    private static func rules(_ isEnforced: Bool) -> ScriptRules {
        var global = GlobalDefinitions()
        global.enforcesScriptSecurity = isEnforced
        return ScriptRules(global, DaemonLog(identity: "test", DaemonLog.Targets()))
    }

    @Test(.enabled(if: CurrentProcess.isRoot, "runs scripts as root"))
    func `a script of root that others can write runs only where nothing forbids it`() throws {
        let (folder, path) = try Self.script(mode: 0o777)
        defer { try? FileManager.default.removeItem(at: folder) }
        let command = ScriptCommand(arguments: [path, "x"])
        #expect(Self.rules(false).runnable(command)?.words == [path, "x"])
        #expect(Self.rules(true).runnable(command) == nil)
        let harmless = ScriptCommand(arguments: [path], user: "nobody")
        #expect(Self.rules(true).runnable(harmless) != nil)
    }

    @Test(.enabled(if: CurrentProcess.isRoot, "runs scripts as root"))
    func `a script of root that is root's alone runs`() throws {
        let (folder, path) = try Self.script(mode: 0o755)
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(Self.rules(true).runnable(ScriptCommand(arguments: [path])) != nil)
    }

    @Test func `without an account nothing runs`() {
        let command = ScriptCommand(arguments: ["/bin/true"], user: "nobody-of-that-name")
        #expect(Self.rules(false).runnable(command) == nil)
    }

    @Test func `symbolic links are kept where that is asked for`() {
        var global = GlobalDefinitions()
        #expect(!ScriptRules(global, DaemonLog(identity: "test", .init())).keepsLinks)
        global.keepsSymbolicLinks = true
        let rules = ScriptRules(global, DaemonLog(identity: "test", .init()))
        #expect(rules.runnable(ScriptCommand(arguments: ["/bin/true"]))?.keepsLinks == true)
    }
}

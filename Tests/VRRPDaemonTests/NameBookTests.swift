// What is looked up beside the loop is not looked up on it again.

import Addresses
import Testing
import VRRPConfig

@testable import VRRPDaemon

@Suite struct NameBookTests {
    private static let configuration: VRRPConfiguration = {
        var configuration = VRRPConfiguration()
        var fifo = NotifyFifo(path: "/run/states")
        fifo.user = "daemon"
        fifo.group = "mail"
        fifo.script = ScriptCommand(arguments: ["/bin/cat"], user: "sync")
        configuration.global.notifyFifo = fifo
        configuration.global.mail.recipients = ["operator@example.com"]
        configuration.global.mail.server = "localhost"
        var instance = InstanceDefinition(name: "web")
        instance.notify.master = ScriptCommand(
            arguments: ["/bin/true"], user: "nobody", group: "daemon")
        instance.notify.backup = ScriptCommand(arguments: ["/bin/true"], user: "nobody")
        instance.notify.fault = ScriptCommand(arguments: ["/bin/true"], user: "no-such-user")
        configuration.instances = [instance]
        return configuration
    }()

    @Test func `a configuration is followed without another question`() {
        let book = NameBook()
        book.lookAhead(Self.configuration)
        let lookUps = book.lookUps
        #expect(lookUps > 0)
        let rules = ScriptRules(
            Self.configuration.global, DaemonLog(identity: "test", .init()), book)
        let made = Self.configuration.commands.compactMap { rules.account($0) }
        #expect(made.count == 3)
        #expect(book.address(of: "localhost") == .loopbackV4)
        #expect(book.user(named: "daemon") != nil)
        #expect(book.group(named: "mail") != nil)
        #expect(book.lookUps == lookUps)
        _ = book.user(named: "bin")
        #expect(book.lookUps == lookUps + 1)
    }

    @Test func `an account has the wanted group or its own`() throws {
        let book = NameBook()
        let user = try #require(book.user(named: "nobody"))
        let daemon = try #require(book.group(named: "daemon"))
        #expect(book.identity(of: user, groupID: nil).groupID == user.groupID)
        #expect(book.identity(of: user, groupID: daemon.id).groupID == daemon.id)
        #expect(book.identity(of: user, groupID: nil).groupID == user.groupID)
    }

    @Test func `hosts are named by address or by a name of the system`() {
        let book = NameBook()
        #expect(book.address(of: "192.0.2.1") == IPAddress(v4: 0xC000_0201))
        #expect(book.address(of: "no such name") == nil)
    }
}

// State files as the loader reads them.

import ConfigLanguage
import Kernel
import Proxy
import Testing

@testable import ProxyConfig

@Suite struct StateFileTests {
    private static let tail = "1 0 2 0 0 0 0 - 81 - 0 0 - - 0"

    /// Loads a configuration beside the state files that are given.
    private func load(
        _ files: [String: String], global: String = "", backend: String
    ) -> (proxies: [ProxyConfiguration], messages: [String]) {
        var surroundings = Loading.surroundings
        surroundings.readFile = { path, _ in
            files[path].map { .success(Array($0.utf8)) } ?? .failure(.failed(Errno(2)))
        }
        let text = "global\n \(global)\n" + Loading.timeouts + "backend b\n \(backend)\n"
        let loaded = ConfigurationLoader.load(
            files: [ConfigurationFile(name: "t.cfg", bytes: Array(text.utf8))],
            environment: Environment([:]), facts: Loading.facts, surroundings: surroundings)
        return (loaded.configuration?.proxies ?? [], loaded.diagnostics.entries.map(\.text))
    }

    @Test(
        arguments: [
            (0, "", ServerAdminState()), (1, "", .forcedMaintenance), (8, "", .forcedDrain),
            (5, "", []), (13, "", .forcedDrain),
            (0, "disabled", [.configuredMaintenance, .forcedMaintenance]),
            (4, "disabled", .configuredMaintenance),
            (12, "disabled", [.configuredMaintenance, .forcedDrain]),
            (5, "disabled", [.configuredMaintenance, .forcedMaintenance]),
        ] as [(Int, String, ServerAdminState)])
    func `what an admin wanted stays unless the configuration has changed`(
        _ saved: Int, _ option: String, _ admin: ServerAdminState
    ) throws {
        let states = "1\n# x\n9 b 1 s 127.0.0.1 2 \(saved) 7 10 33 \(Self.tail)\n"
        let loaded = load(
            ["/v/st": states], global: "server-state-file st\n server-state-base /v",
            backend: "load-server-state-from-file global\n server s 127.0.0.1:80 \(option)")
        #expect(loaded.messages == [])
        let server = try #require(loaded.proxies.first?.servers.first)
        let expected = SavedServerState(
            admin: admin, weight: 7, initialWeight: 10, secondsSinceChange: 33)
        #expect(server.savedState == expected)
        #expect(server.address.port == 81)
    }

    @Test func `a local file is found by its name or the backend's`() {
        let states = "1\n9 b 1 s 127.0.0.1 2 1 7 10 33 \(Self.tail)\n"
        for (file, line, global) in [
            ("b", "", ""), ("/base/b", "server-state-file-name use-backend-name", "/base"),
            ("/base/x/y", "server-state-file-name x/y", "/base"),
            ("/z", "server-state-file-name /z", "/base"), ("b", "server-state-file-name", ""),
        ] {
            let loaded = load(
                [file: states], global: global.isEmpty ? "" : "server-state-base \(global)",
                backend: "server s 127.0.0.1:80\n load-server-state-from-file local\n \(line)")
            #expect(loaded.messages == [], "\(file)")
            #expect(loaded.proxies.first?.servers.first?.savedState?.weight == 7, "\(file)")
        }
    }

    @Test func `a name without an address takes the saved one`() throws {
        let states = "1\n9 b 1 s 10.0.0.9 2 0 1 1 33 1 0 2 0 0 0 0 nosuch 81 - 0 0 - - 0\n"
        for (options, isFound) in [
            ("", true), ("init-addr last,none", true), ("init-addr libc,last", false),
        ] {
            let loaded = load(
                ["st": states], global: "server-state-file st",
                backend: "load-server-state-from-file global\n server s nosuch:81 \(options)")
            guard isFound else {
                #expect(loaded.messages.contains { $0.contains("could not resolve") })
                continue
            }
            #expect(loaded.messages == [], "\(options)")
            let server = try #require(loaded.proxies.first?.servers.first)
            #expect(server.address.ip?.address.description == "10.0.0.9")
            #expect(!server.isDisabled && server.savedState?.admin == [], "\(options)")
        }
        let missing = load([:], backend: "server s nosuch:81")
        #expect(missing.messages == ["'server b/s' : could not resolve address 'nosuch'."])
    }

    @Test(arguments: [
        ("", "Can't get version"), ("2\n", "Can't get version"),
        ("1\n9 b 1 s 127.0.0.1 2 99\n", "corrupted global server state file 'st' at line 2"),
        ("1\n\n9 b 1 s 127.0.0.1 2 x 1 1 1 \(tail)\n", "at line 3"),
        ("1\n9 b 1 s 127.0.0.1 2 1 257 1 1 \(tail)\n", "at line 2"),
        ("1\n9 b 1 s 127.0.0.1 2 1 1 1 -1 \(tail)\n", "at line 2"),
        ("1\n9 b 1 s 127.0.0.1 2 1 1 1 1 1 0 2 0 0 0 0 - 70000 - 0\n", "at line 2"),
    ])
    func `a file that is not as it should be is a warning and changes nothing`(
        _ text: String, _ message: String
    ) {
        let loaded = load(
            ["st": text], global: "server-state-file st",
            backend: "load-server-state-from-file global\n server s 127.0.0.1:80")
        #expect(loaded.messages.count == 1 && loaded.messages.first?.contains(message) == true)
        #expect(loaded.proxies.first?.servers.first?.savedState == nil)
    }

    @Test func `a file that is not there is a warning`() {
        let loaded = load(
            [:], global: "server-state-file /nope",
            backend: "load-server-state-from-file local\n server s 127.0.0.1:80")
        #expect(loaded.messages.count == 2 && loaded.proxies.count == 1, "\(loaded.messages)")
    }
}

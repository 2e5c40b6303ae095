// Loading a configuration from text, without files.

import ConfigLanguage
import Kernel
import Proxy
import ProxyConfig

/// Loads text in surroundings without files, resolver or accounts.
struct Loading {
    let configuration: Configuration?
    /// Messages with level and place, without process number.
    let messages: [String]
    let loaded: LoadedConfiguration

    static let facts = ConfigurationFacts(version: ProgramVersion("3.5-dev0"), features: ["THREAD"])

    static let surroundings = Surroundings(
        readFile: { path, _ in
            switch path {
            case "503.http", "/etc/errors/503.http", "conf/503.http":
                .success(Array("HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n".utf8))
            case "empty.http": .success([])
            case "bad.http": .success(Array("garbage\n".utf8))
            default: .failure(.failed(Errno(2)))
            }
        },
        resolve: { name, family in
            name == "localhost" ? (family == .v6 ? .loopbackV6 : .loopbackV4) : nil
        },
        userID: { ["root": 0, "nobody": 65534][$0] },
        groupID: { ["root": 0, "nogroup": 65534][$0] },
        flawOfDescriptor: { $0 == 7 ? nil : Errno(9) })

    static func load(_ text: String, environment: [String: String] = [:]) -> Loading {
        let loaded = ConfigurationLoader.load(
            files: [ConfigurationFile(name: "t.cfg", bytes: Array(text.utf8))],
            environment: Environment(environment), facts: facts, surroundings: surroundings)
        let messages = loaded.diagnostics.entries.map { entry in
            entry.rendered(processID: 1).replacing("    (1) : config", with: "").replacing(
                "  (1) : config", with: "")
        }
        return Loading(configuration: loaded.configuration, messages: messages, loaded: loaded)
    }

    /// Timeouts that keep proxies quiet.
    static let timeouts = "defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"

    /// The lines in a frontend `f` with all timeouts and an address.
    static func frontend(_ lines: String) -> Loading {
        load(timeouts + "frontend f\n bind :8001\n" + lines + "\n")
    }

    /// The lines in a backend `b` with all timeouts.
    static func backend(_ lines: String) -> Loading {
        load(timeouts + "backend b\n" + lines + "\n")
    }

    /// The lines in a global section.
    static func global(_ lines: String) -> Loading { load("global\n" + lines + "\n") }
}

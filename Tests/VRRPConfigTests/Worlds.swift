// Worlds for tests: files in memory, some interfaces, and what a text gives in them.

import ConfigLanguage
import Kernel

@testable import VRRPConfig

/// A world of files.
func world(
    _ files: [String: String] = [:], id: String = "main", interfaces: [String]? = nil,
    scripts: [String: VRRPSurroundings.ScriptFile] = [:]
) -> VRRPSurroundings {
    var world = VRRPSurroundings(configurationID: id)
    world.read = { path, limit in
        guard let text = files[path] else { return .failure(.failed(Errno(2))) }
        let bytes = Array(text.utf8)
        return bytes.count > limit ? .failure(.tooLong(limitBytes: limit)) : .success(bytes)
    }
    world.kind = { path in
        if files[path] != nil { return .file }
        return files.keys.contains { $0.hasPrefix(path + "/") } ? .directory : nil
    }
    world.entries = { directory in
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        let names = files.keys.filter { $0.hasPrefix(prefix) }.map { path in
            String(path.dropFirst(prefix.count).prefix { $0 != "/" })
        }
        return names.isEmpty ? nil : Array(Set(names)).sorted()
    }
    world.environment = { $0 == "HOME" ? "/home-of-tests" : nil }
    world.currentDirectory = "/etc/keepalived"
    world.interfaces = interfaces.map { names in
        names.map { VRRPSurroundings.Interface(name: $0, isLoopback: $0 == "lo") }
    }
    world.userExists = { ["root", "nobody", "tester"].contains($0) }
    world.groupExists = { ["root", "nogroup", "tester"].contains($0) }
    world.scriptFile = { scripts[$0] }
    world.randomSeed = 7
    return world
}

/// The lines that a text becomes, and what is said about it.
func lines(
    _ text: String, _ files: [String: String] = [:], id: String = "main"
) -> (lines: [String], messages: [String]) {
    var remarks = Remarks()
    var all = files
    all["/etc/keepalived/a.conf"] = text
    var preprocessor = Preprocessor(world(all, id: id), stepLimit: 20_000)
    preprocessor.readMain("a.conf", &remarks)
    return (
        preprocessor.lines.map { String(decoding: $0.text, as: UTF8.self) },
        remarks.entries.map(\.text)
    )
}

/// What a text gives.
func load(
    _ text: String, _ surroundings: VRRPSurroundings = world()
) -> LoadedVRRPConfiguration {
    VRRPConfigurationLoader.load(text: text, surroundings: surroundings)
}

/// An instance with the lines inside it.
func instanceText(_ lines: String, name: String = "VI", vrid: Int = 51) -> String {
    """
    vrrp_instance \(name) {
        interface eth0
        virtual_router_id \(vrid)
        \(lines)
    }

    """
}

extension LoadedVRRPConfiguration {
    /// The texts of all messages.
    var texts: [String] { diagnostics.map(\.text) }
    /// The first instance.
    var instance: InstanceDefinition? { configuration?.instances.first }
}

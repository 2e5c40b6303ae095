// `--all-config`: a file that is missing makes the configuration unusable.

import Testing

@testable import VRRPConfig

@Suite struct AllFilesTests {
    @Test(arguments: ["include missing.conf", "include none-*.conf", "include /a-directory"])
    func `what an include does not find refuses the whole configuration`(_ line: String) {
        var world = VRRPSurroundings()
        world.kind = { $0 == "/a-directory" ? .directory : nil }
        let text = line + "\n" + instanceText("no_virtual_ipaddress")
        #expect(
            VRRPConfigurationLoader.load(text: text, surroundings: world).grade != .unusable)
        world.needsAllFiles = true
        let refused = VRRPConfigurationLoader.load(text: text, surroundings: world)
        #expect(refused.grade == .unusable && refused.configuration == nil)
    }
}

// The shipped examples load without a word, on every machine that they speak of.

import Foundation
import Kernel
import Testing

@testable import VRRPConfig

@Suite struct ExamplesTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static let files =
        ["vrrp.conf"]
        + ["vrrp-active-active", "vrrp-unicast", "vrrp-ipv6", "vrrp-proxy-health"].map {
            "examples/\($0).conf"
        }

    /// The world of an example: accounts and scripts are there.
    static func surroundings(_ id: String) -> VRRPSurroundings {
        var world = VRRPSurroundings.host(
            configurationID: id, currentDirectory: root + "/conf",
            interfaces: [.init(name: "eth0"), .init(name: "eth1")],
            scriptFile: { _ in .init(isExecutable: true) })
        world.userExists = { ["root", "nobody"].contains($0) }
        return world
    }

    @Test(arguments: files, ["lb1", "lb2"])
    func `an example loads without a word`(_ file: String, _ id: String) {
        let loaded = VRRPConfigurationLoader.load(
            path: file, surroundings: Self.surroundings(id))
        #expect(loaded.texts == [])
        #expect(loaded.grade == .clean)
        #expect(loaded.configuration?.instances.isEmpty == false)
    }

    @Test func `all examples are tried`() throws {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: Self.root + "/conf/examples")
        let others = names.filter { $0.hasPrefix("vrrp") }.map { "examples/\($0)" }
        #expect(Set(others).isSubset(of: Self.files))
    }

    @Test func `the two machines of a pair differ in what their lines say`() {
        func priority(_ id: String) -> UInt8? {
            VRRPConfigurationLoader.load(
                path: "vrrp.conf", surroundings: Self.surroundings(id)
            ).configuration?.instances.first?.priority
        }
        #expect(priority("lb1") == 150)
        #expect(priority("lb2") == 100)
    }
}

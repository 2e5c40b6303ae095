// Kernel parameters and namespaces, inside a network namespace.

import Glibc
import Kernel
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct SysctlTests {
    @Test func `what was changed is put back, unless somebody else has changed it since`() throws {
        try PrivateNetwork.run {
            let paths = ["arp_ignore", "arp_announce", "rp_filter"].map {
                Sysctl.path(ipv4: $0, of: "lo")
            }
            let before = try paths.map { try Sysctl.read($0) }
            var record = SysctlRecord()
            for path in paths {
                try record.set("2", at: path)
                try record.set("1", at: path)
                try record.set("1", at: path)
            }
            #expect(try paths.map { try Sysctl.read($0) } == ["1", "1", "1"])
            #expect(record.entries.map(\.old) == before)
            try Sysctl.write("2", to: paths[1])
            record.restore()
            #expect(try paths.map { try Sysctl.read($0) } == [before[0], "2", before[2]])
            #expect(record.entries.isEmpty)
            // What holds already is no change.
            try record.set(before[0], at: paths[0])
            #expect(record.entries.isEmpty)
            let missing = #expect(throws: Errno.self) {
                try record.set("1", at: Sysctl.path(ipv4: "rp_filter", of: "nobody"))
            }
            #expect(missing?.code == ENOENT)
        }
    }

    @Test func `a named namespace is entered and left`() throws {
        try PrivateNetwork.run {
            let name = "martlet-\(UInt32.random(in: 0 ... .max))"
            try PrivateNetwork.shell(
                "ip netns add \(name) && ip -n \(name) link add inside type bridge")
            defer { _ = try? PrivateNetwork.shell("ip netns del \(name)") }
            let own = try NetworkNamespace.current()
            let there = try NetworkNamespace.named(name)
            try there.enter()
            #expect(NetworkInterfaces.index(of: "inside") != nil)
            try own.enter()
            #expect(NetworkInterfaces.index(of: "inside") == nil)
            let index = try #require(NetworkInterfaces.index(of: "lo"))
            #expect(NetworkInterfaces.name(of: index) == "lo")
            #expect(NetworkInterfaces.name(of: 9999) == nil)
            for bad in ["", "../x", "nobody-is-called-so"] {
                #expect(throws: Errno.self) { _ = try NetworkNamespace.named(bad).enter() }
            }
        }
    }
}

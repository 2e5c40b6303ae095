// What goes with addresses: routes, rules, static entries, packets that are refused, settings.

import Kernel
import Testing

@Suite(.needsMachine) struct PathTests {
    private let vip = "10.9.0.100/24"

    @Test func `routes and rules come and go with mastership, and are put back`() async throws {
        try await onMachine { machine in
            func hasRoute() throws -> Bool { try machine.run("ip route").contains("10.77.0.0/24") }
            func hasRule() throws -> Bool { try machine.run("ip rule").contains("10.66.0.0/16") }
            try machine.start(
                globalText(machine)
                    + instanceText(
                        "virtual_routes {\n10.77.0.0/24 via 10.9.0.2 dev eth0 src 10.9.0.100\n}",
                        "virtual_rules {\nfrom 10.66.0.0/16 table 77 preference 1234\n}"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(try machine.wait { try hasRoute() && hasRule() }, machine.evidence)
            try machine.run("ip route del 10.77.0.0/24; ip rule del pref 1234")
            #expect(try machine.wait { try hasRoute() && hasRule() }, machine.evidence)
            // The link takes routes along without a word.
            try machine.run("ip link set eth0 down")
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            #expect(try machine.wait { try !hasRule() })
            try machine.run("ip link set eth0 up")
            #expect(try machine.wait { try hasRoute() && hasRule() }, machine.evidence)
            machine.stop()
            #expect(try !hasRoute() && !hasRule(), machine.evidence)
        }
    }

    @Test func `an IPv6 route that a link takes along is no fault for ever`() async throws {
        try await onMachine { machine in
            try machine.run("sysctl -qw net.ipv6.conf.eth0.accept_dad=0")
            try machine.start(
                globalText(machine)
                    + instanceText(
                        addresses: ["fe80::100/64", "fd09::100/64"],
                        "virtual_routes {\nfd77::/64 via fe80::2 dev eth0\n}"))
            #expect(machine.wait { machine.has("fd09::100/64") }, machine.evidence)
            try machine.run("ip link set eth0 down")
            #expect(machine.wait { !machine.has("fd09::100/64") }, machine.evidence)
            try machine.run("ip link set eth0 up")
            #expect(machine.wait { machine.has("fd09::100/64") }, machine.evidence)
            #expect(try machine.run("ip -6 route").contains("fd77::/64"), machine.evidence)
            machine.stop()
        }
    }

    @Test func `static entries stay for the daemon's life and couple to instances`() async throws {
        try await onMachine { machine in
            try machine.run(
                "ip link add side0 type veth peer name side1; ip link set side1 up;"
                    + "ip link set side0 up; ip addr add 10.8.0.1/24 dev side0")
            try machine.start(
                globalText(machine)
                    + """
                    static_ipaddress {
                    10.8.1.1/24 dev side0
                    }
                    static_routes {
                    10.88.0.0/24 via 10.8.0.2 dev side0 track_group G
                    }
                    static_rules {
                    from 10.65.0.0/16 table 78 preference 1235
                    }
                    track_group G {
                    group {
                    V
                    }
                    }

                    """ + instanceText())
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(machine.has("10.8.1.1/24", on: "side0"), machine.evidence)
            #expect(try machine.run("ip route").contains("10.88.0.0/24"))
            #expect(try machine.run("ip rule").contains("10.65.0.0/16"))
            // It comes back, or, where it cannot, is a fault.
            try machine.run("ip route del 10.88.0.0/24")
            #expect(try machine.wait { try machine.run("ip route").contains("10.88.0.0/24") })
            #expect(machine.has(vip))
            try machine.run("ip addr del 10.8.0.1/24 dev side0; ip route del 10.88.0.0/24; true")
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            try machine.run("ip addr add 10.8.0.1/24 dev side0")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(try machine.run("ip route").contains("10.88.0.0/24"))
            machine.stop()
            #expect(!machine.has("10.8.1.1/24", on: "side0"))
            #expect(try !machine.run("ip route").contains("10.88"), machine.evidence)
            #expect(try !machine.run("ip rule").contains("10.65"), machine.evidence)
        }
    }

    @Test func `packets to an address that is not accepted are dropped`() async throws {
        try await onMachine { machine in
            func answers() throws -> Bool {
                try machine.runAtPeer(
                    "ping -c 1 -W 1 -i 0.2 10.9.0.100 >/dev/null && echo yes || echo no"
                ).contains("yes")
            }
            let text = globalText(machine) + instanceText("no_accept")
            try machine.start(text)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(try !answers(), machine.evidence)
            try machine.reload(text.replacing("no_accept", with: "accept"))
            #expect(try answers(), machine.evidence)
            try machine.reload(text)
            #expect(try !answers(), machine.evidence)
            machine.stop()
            #expect(try machine.run("nft list tables").isEmpty)
        }
    }

    @Test func `the settings of interfaces are as before when the daemon has ended`() async throws {
        try await onMachine { machine in
            let names = ["promote_secondaries", "arp_ignore", "arp_filter", "arp_announce"]
            func settings() throws -> [String] {
                try names.map { try machine.setting("ipv4/conf/eth0/\($0)") }
            }
            let before = try settings()
            try machine.start(
                globalText(machine)
                    + instanceText("use_vmac", "promote_secondaries"))
            #expect(machine.wait { machine.has(vip, on: "vrrp.51") }, machine.evidence)
            #expect(try machine.setting("ipv4/conf/eth0/promote_secondaries") == "1\n")
            machine.stop()
            #expect(try settings() == before)
            #expect(try !machine.run("ip link").contains("vrrp.51"))
            #expect(try machine.run("ip rule").split(separator: "\n").count == 3)
        }
    }
}

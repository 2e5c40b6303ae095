// Interfaces that come, go, and come back as others; addresses that others add; what only looks like
// an end of a fault.

import Kernel
import Testing

@Suite(.needsMachine) struct SurroundingsTests {
    private let vip = "10.9.0.100/24"

    @Test func `a link that goes is a fault, and its return ends it`() async throws {
        try await onMachine { machine in
            try machine.start(globalText(machine) + instanceText())
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            try machine.runAtPeer("ip link set peer0 down")
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            #expect(machine.text("log").contains("Entering FAULT STATE: interface eth0 is down"))
            try machine.runAtPeer("ip link set peer0 up")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `a flap that is shorter than the delay is none`() async throws {
        try await onMachine { machine in
            try machine.start(
                globalText(machine) + "interface_up_down_delays {\neth0 0.3 0.3\n}\n"
                    + instanceText(interval: "0.2"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            try machine.run("ip link set eth0 down; ip link set eth0 up")
            machine.pass(milliseconds: 400)
            #expect(!machine.text("log").contains("FAULT"), machine.evidence)
            let moment = machine.now
            try machine.run("ip link set eth0 down")
            #expect(machine.wait { machine.text("log").contains("FAULT") }, machine.evidence)
            #expect(machine.now - moment > 290_000_000)
            let back = machine.now
            try machine.run("ip link set eth0 up")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(machine.now - back > 300_000_000)
            machine.stop()
        }
    }

    @Test(arguments: ["", "use_vmac"])
    func `an interface that is made again carries the addresses again`(
        _ line: String
    ) async throws {
        try await onMachine { machine in
            // On a macvlan of the wire, whose carrier stays.
            let make =
                "ip link add link eth0 name mv0 type macvlan mode bridge;"
                + "ip addr add 10.9.0.3/24 dev mv0; ip link set mv0 up"
            try machine.run(make)
            let text = instanceText(line).replacing("interface eth0", with: "interface mv0")
            try machine.start(globalText(machine, "dynamic_interfaces") + text)
            let carrier = line.isEmpty ? "mv0" : "vrrp.51"
            #expect(machine.wait { machine.has(vip, on: carrier) }, machine.evidence)
            try machine.run("ip link del mv0")
            #expect(machine.wait { machine.text("log").contains("FAULT") }, machine.evidence)
            try machine.run("ip link add pad0 type veth peer name pad1; \(make)")
            #expect(machine.wait { machine.has(vip, on: carrier) }, machine.evidence)
            let moment = machine.now
            #expect(machine.wait { !machine.heard(since: moment).isEmpty }, machine.evidence)
            machine.stop()
        }
    }

    @Test(arguments: ["", "use_vmac"])
    func `an interface may come after the start`(_ line: String) async throws {
        try await onMachine { machine in
            let text = instanceText(line).replacing("interface eth0", with: "interface mv0")
            try machine.start(globalText(machine, "dynamic_interfaces") + text)
            #expect(machine.wait { machine.text("log").contains("Startup complete") })
            try machine.run(
                "ip link add link eth0 name mv0 type macvlan mode bridge;"
                    + "ip addr add 10.9.0.3/24 dev mv0; ip link set mv0 up")
            let carrier = line.isEmpty ? "mv0" : "vrrp.51"
            #expect(machine.wait { machine.has(vip, on: carrier) }, machine.evidence)
            if !line.isEmpty { #expect(!machine.has(vip, on: "mv0")) }
            machine.stop()
        }
    }

    @Test func `an address on another interface comes when that interface does`() async throws {
        try await onMachine { machine in
            let make = "ip link add side0 type veth peer name side1; ip link set side0 up"
            try machine.start(
                globalText(machine, "dynamic_interfaces")
                    + instanceText(addresses: ["10.9.0.100/24", "10.8.0.1/24 dev side0"]))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            for _ in 0..<2 {
                try machine.run(make)
                #expect(machine.wait { machine.has("10.8.0.1/24", on: "side0") }, machine.evidence)
                try machine.run("ip link del side0; ip link add pad0 type veth; ip link del pad0")
            }
            machine.stop()
        }
    }

    @Test func `a virtual MAC that somebody deletes is made again`() async throws {
        try await onMachine { machine in
            try machine.start(globalText(machine) + instanceText("use_vmac"))
            #expect(machine.wait { machine.has(vip, on: "vrrp.51") }, machine.evidence)
            try machine.run("ip link del vrrp.51")
            #expect(machine.wait { machine.has(vip, on: "vrrp.51") }, machine.evidence)
            machine.stop()
            #expect(try !machine.run("ip link").contains("vrrp.51"))
        }
    }

    @Test func `the address of the interface may come late and change`() async throws {
        try await onMachine { machine in
            try machine.run("ip addr flush dev eth0")
            try machine.start(globalText(machine) + instanceText())
            #expect(machine.wait { machine.text("log").contains("no IPv4 address") })
            try machine.run("ip addr add 10.9.0.1/24 dev eth0")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            try machine.run("ip addr del 10.9.0.1/24 dev eth0")
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            let moment = machine.now
            try machine.run("ip addr add 10.9.0.9/24 dev eth0")
            #expect(
                machine.wait {
                    machine.heard(since: moment).last.map { "\($0.source)" } == "10.9.0.9"
                },
                machine.evidence)
            machine.stop()
        }
    }

    @Test func `an owner whose fault becomes another one does not serve in between`() async throws {
        try await onMachine { machine in
            try machine.write("1", to: "file")
            let text =
                globalText(machine)
                + "track_file F {\nfile \(machine.path("file"))\nweight 0\n}\n"
                + instanceText(priority: 255, "track_file {\nF\n}")
            let reversed =
                text.replacing("F\n}\n}", with: "G\n}\n}")
                + "track_file G {\nfile \(machine.path("other"))\nweight 0\n}\n"
            try machine.write("1", to: "other")
            try machine.start(text)
            #expect(machine.wait { machine.text("log").contains("FAULT") }, machine.evidence)
            try machine.reload(reversed)
            machine.pass(milliseconds: 100)
            #expect(!machine.text("log").contains("Entering MASTER"), machine.evidence)
            machine.stop()
        }
    }

    @Test func `a stranger that deletes a primary address costs no secondary one for long`()
        async throws
    {
        try await onMachine { machine in
            // Neither address has a subnet here but its own: the second is secondary to the first.
            try machine.start(
                globalText(machine) + instanceText(addresses: ["10.7.0.1/24"])
                    + instanceText(named: "W", number: 52, addresses: ["10.7.0.2/24"]))
            #expect(
                machine.wait { machine.has("10.7.0.1/24") && machine.has("10.7.0.2/24") },
                machine.evidence)
            for number: UInt8 in [51, 52] {
                // The one whose address is primary goes; the other one's stays.
                let goes = try machine.run("ip -o addr show dev eth0 primary").contains("10.7.0.1/")
                guard goes == (number == 51) else { continue }
                for _ in 0..<3 { machine.advertise(number, priority: 200, interval: 2_000_000_000) }
                let (gone, stays) =
                    goes ? ("10.7.0.1/24", "10.7.0.2/24") : ("10.7.0.2/24", "10.7.0.1/24")
                #expect(machine.wait { !machine.has(gone) && machine.has(stays) }, machine.evidence)
                break
            }
            machine.stop()
            #expect(try machine.addresses().isEmpty)
        }
    }

    @Test func `an IPv6 instance waits for an address that is tentative`() async throws {
        try await onMachine { machine in
            try machine.run("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")
            try machine.start(
                globalText(machine)
                    + instanceText(addresses: ["fe80::100/64", "fd09::100/64"]))
            #expect(machine.wait { machine.text("log").contains("no link-local IPv6 address") })
            try machine.run("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0")
            #expect(machine.wait { machine.has("fd09::100/64") }, machine.evidence)
            machine.stop()
            #expect(!machine.has("fd09::100/64"))
        }
    }
}

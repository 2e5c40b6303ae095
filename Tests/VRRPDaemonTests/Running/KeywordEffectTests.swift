// Keywords whose effect is seen only from outside of a running daemon.

import Foundation
import Kernel
import Testing

@testable import VRRPDaemon

@Suite(.needsMachine) struct KeywordEffectTests {
    @Test func `local IGMP reports stop with the daemon's start and come back at its end`()
        async throws
    {
        try await onMachine { machine in
            let parameter = "ipv4/igmp_link_local_mcast_reports"
            #expect(try machine.setting(parameter) == "1\n")
            try machine.start(
                globalText(machine, "disable_local_igmp") + instanceText(priority: 255))
            #expect(machine.wait { machine.has("10.9.0.100/24") }, machine.evidence)
            #expect(try machine.setting(parameter) == "0\n")
            machine.stop()
            #expect(try machine.setting(parameter) == "1\n")
        }
    }

    @Test func `an owner keeps the address that is there when it starts`() async throws {
        try await onMachine { machine in
            try machine.run("ip addr add 10.9.0.100/24 dev eth0")
            let monitor = try machine.startBeside(
                "/sbin/ip", "monitor", "address", output: "monitor")
            defer { monitor.kill() }
            // It sees what happens from now on.
            #expect(
                try machine.wait {
                    try machine.run(
                        "ip addr add 10.9.7.7/32 dev lo; ip addr del 10.9.7.7/32 dev lo")
                    return machine.text("monitor").contains("10.9.7.7")
                })
            let text = instanceText(priority: 255).replacing("state BACKUP", with: "state MASTER")
            try machine.start(globalText(machine) + text)
            #expect(machine.wait { !machine.heard(since: 0).isEmpty }, machine.evidence)
            #expect(machine.has("10.9.0.100/24"))
            let deleted = {
                machine.lines("monitor").contains {
                    $0.hasPrefix("Deleted") && $0.contains("10.9.0.100")
                }
            }
            #expect(!deleted(), machine.evidence)
            machine.stop()
            #expect(!machine.has("10.9.0.100/24"))
            #expect(machine.wait { deleted() })
        }
    }

    @Test func `instances follow static entries of their track group`() async throws {
        try await onMachine { machine in
            let text =
                """
                track_group T {
                    group {
                        V
                    }
                }
                static_routes {
                    10.78.0.0/24 dev later track_group T
                }

                """
            try machine.start(globalText(machine) + text + instanceText(priority: 200))
            #expect(
                machine.wait { machine.text("log").contains("has no interface yet") },
                machine.evidence)
            #expect(!machine.has("10.9.0.100/24"))
            try machine.run("ip link add later type veth peer name later1; ip link set later up")
            #expect(machine.wait { machine.has("10.9.0.100/24") }, machine.evidence)
            #expect(try machine.run("ip route show").contains("10.78.0.0/24"))
            machine.stop()
            #expect(try !machine.run("ip route show").contains("10.78.0.0/24"))
        }
    }

    @Test func `groups tell fifos their states at a reload, and that they have stopped`()
        async throws
    {
        try await onMachine { machine in
            let fifo = machine.path("fifo")
            try machine.run("mkfifo \(fifo)")
            let reader = try machine.startBeside("/bin/cat", fifo, output: "told")
            defer { reader.kill() }
            let group = "vrrp_sync_group G {\n    group {\n        V\n        W\n    }\n}\n"
            let text =
                globalText(
                    machine, "vrrp_notify_fifo \(fifo)", "fifo_write_vrrp_states_on_reload")
                + group + instanceText(priority: 200)
                + instanceText(named: "W", number: 52, addresses: ["10.9.0.101/24"])
            try machine.start(text)
            #expect(
                machine.wait { machine.lines("told").contains("GROUP \"G\" MASTER 0") },
                machine.evidence)
            let before = machine.lines("told").count
            try machine.reload(text)
            #expect(
                machine.wait {
                    machine.lines("told").dropFirst(before).contains("GROUP \"G\" MASTER 0")
                }, machine.evidence)
            machine.stop()
            #expect(machine.wait { machine.lines("told").last == "GROUP \"G\" STOP 0" })
            let end = Set(machine.lines("told").suffix(3).dropLast())
            #expect(end == ["INSTANCE \"V\" STOP 200", "INSTANCE \"W\" STOP 100"])
        }
    }

    @Test func `a script of root that others can write is not run and keeps nobody back`()
        async throws
    {
        try await onMachine { machine in
            let path = try machine.script("bad", "touch \(machine.path("ran")); exit 1")
            try Files.setMode(0o777, of: path)
            let script = "vrrp_script bad {\n    script \(path)\n    interval 0.05\n}\n"
            try machine.start(
                globalText(machine, "enable_script_security") + script
                    + instanceText("track_script {\n        bad\n    }", "notify \(path)"))
            #expect(machine.wait { machine.has("10.9.0.100/24") }, machine.evidence)
            #expect(machine.text("log").contains("bad is not run"))
            machine.stop()
            #expect(!FileManager.default.fileExists(atPath: machine.path("ran")))
        }
    }

    @Test func `the table of refused packets has its priority, and counts when told to`()
        async throws
    {
        try await onMachine { machine in
            func text(_ lines: String...) -> String {
                globalText(machine, lines.joined(separator: "\n"))
                    + instanceText(priority: 200, "no_accept")
            }
            try machine.start(text("nftables mine", "nftables_priority -77"))
            #expect(machine.wait { machine.has("10.9.0.100/24") }, machine.evidence)
            let first = try machine.run("nft list table inet mine")
            #expect(first.contains("-77") && first.contains("10.9.0.100"))
            #expect(!first.contains("counter"))
            try machine.reload(text("nftables other", "nftables_counters"))
            let second = try machine.run("nft list ruleset")
            #expect(!second.contains("inet mine") && second.contains("inet other"))
            #expect(second.contains("counter") && second.contains("10.9.0.100"))
            machine.stop()
            #expect(try machine.run("nft list ruleset") == "")
        }
    }

    @Test func `a reload says what waits for a start, and writes its check where told`()
        async throws
    {
        try await onMachine { machine in
            let log = machine.path("check.log")
            try machine.start(
                globalText(machine, "reload_check_config \(log)") + instanceText(priority: 200))
            #expect(machine.wait { machine.has("10.9.0.100/24") }, machine.evidence)
            try machine.reload(
                globalText(machine, "reload_check_config \(log)", "umask 0077")
                    + instanceText(priority: 200, "debug 1"))
            #expect(machine.text("log").contains("at the next start only: umask"))
            #expect(machine.text("check.log").contains("'debug' in vrrp_instance 'V'"))
            let child = try #require(machine.daemon?.child)
            #expect(machine.text("child.pid") == "\(child)\n")
            machine.stop()
            #expect(machine.text("child.pid") == "")
        }
    }

    @Test func `addresses without duplicate detection are those that do not ask for it`()
        async throws
    {
        try await onMachine { machine in
            try machine.start(
                globalText(machine)
                    + instanceText(
                        priority: 200,
                        "virtual_ipaddress_excluded {\n fd00::1/64\n fd00::2/64 -nodad\n }"))
            #expect(machine.wait { machine.has("fd00::2/64") }, machine.evidence)
            let lines = try machine.run("ip -6 addr show dev eth0").split(separator: "\n")
            #expect(lines.first { $0.contains("fd00::1/") }?.contains("nodad") == true)
            #expect(lines.first { $0.contains("fd00::2/") }?.contains("nodad") == false)
            machine.stop()
        }
    }
}

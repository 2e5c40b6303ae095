// The program as a service manager, an operator and a machine with few rights meet it.

import Addresses
import Foundation
import Glibc
import Kernel
import Testing

@Suite(.needsMachine) struct ProgramTests {
    private let vip = "10.9.0.100/24"

    @Test(arguments: [
        (instanceText(), 5), (instanceText("no_such_word 1"), 4),
        (instanceText().replacing("virtual_router_id 51", with: ""), 4),
        ("vrrp_instance V {", 4), (nil, 3),
    ])
    func `a test of the configuration gives its grade`(_ text: String?, _ grade: Int) async throws {
        try await onMachine { machine in
            let script = "vrrp_script S {\nscript /bin/true\n}\n"
            if let text {
                try machine.write(
                    script + text.replacing("track", with: "track"), to: "vrrp.conf")
            }
            let program = try #require(Machine.program)
            let said = try machine.run(
                "\(program) -t -f \(machine.path("vrrp.conf")); echo status $?")
            #expect(
                said.contains("status \(grade)\n") || grade == 5 && said.contains("status 0"),
                "\(said)")
            if grade == 4 { #expect(said.contains("vrrp.conf: Line "), "\(said)") }
        }
    }

    @Test(arguments: [
        ("-f /nonexistent", 6, "'/nonexistent' cannot be read: No such file or directory"),
        ("-f vrrp.conf", 2, "interface 'gone' is not there"),
        ("-C -f vrrp.conf", 1, "nothing is run"), ("-T", 1, "nothing is run"),
    ])
    func `a start that cannot be ends with keepalived's status and a reason`(
        _ words: String, _ status: Int, _ reason: String
    ) async throws {
        try await onMachine { machine in
            try machine.write(instanceText().replacing("eth0", with: "gone"), to: "vrrp.conf")
            let program = try #require(Machine.program)
            let said = try machine.run(
                "cd \(machine.folder); \(program) -n -l \(words) -p pid -r child.pid 2>&1;"
                    + "echo status $?")
            #expect(said.hasSuffix("status \(status)\n") && said.contains(reason), "\(said)")
        }
    }

    @Test(arguments: ["STOP", "RELOAD", "DATA", "STATS", "STATS_CLEAR", "JSON"])
    func `the numbers of signals are keepalived's`(_ name: String) async throws {
        try await onMachine { machine in
            let program = try #require(Machine.program)
            let ours = try machine.run("\(program) --signum=\(name)")
            let theirs = [
                "STOP": 15, "RELOAD": 1, "DATA": 10, "STATS": 12, "STATS_CLEAR": 63, "JSON": 36,
            ]
            #expect(ours == "\(theirs[name] ?? 0)\n")
        }
    }

    @Test(arguments: [
        // Root without any other right.
        ["setpriv", "--bounding-set", "-all,+net_admin,+net_raw", "--inh-caps", "-all"],
        // Nobody with those rights.
        [
            "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps",
            "+net_admin,+net_raw", "--ambient-caps", "+net_admin,+net_raw",
        ],
    ])
    func `the rights to administer the network and to send raw packets are enough`(
        _ launcher: [String]
    ) async throws {
        try await onMachine { machine in
            try machine.start(
                globalText(machine)
                    + instanceText("no_accept", "promote_secondaries")
                    + instanceText(
                        named: "M", number: 52, addresses: ["10.9.0.101/24"], "use_vmac"),
                launcher: ["/usr/bin/\(launcher[0])"] + launcher.dropFirst())
            #expect(
                machine.wait { machine.has(vip) && machine.has("10.9.0.101/24", on: "vrrp.52") },
                machine.evidence)
            #expect(machine.lines("log").allSatisfy { !$0.contains("cannot") }, machine.evidence)
            machine.stop()
            #expect(!machine.has(vip))
        }
    }

    @Test func `a service manager hears of the start, the reload, the end, and that the loop runs`()
        async throws
    {
        try await onMachine { machine in
            let path = machine.path("manager")
            let socket = try Descriptor.socket(
                family: Int32(AF_UNIX), type: Int32(SOCK_DGRAM.rawValue))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
            var heard = ""
            func hears(_ text: String) -> Bool {
                var room = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = recv(socket.number, &room, room.count, Int32(MSG_DONTWAIT))
                    guard count > 0 else { break }
                    heard += String(decoding: room[..<count], as: UTF8.self)
                }
                return heard.contains(text)
            }
            let daemon = try machine.start(
                globalText(machine) + instanceText(),
                environment: ["NOTIFY_SOCKET=\(path)", "WATCHDOG_USEC=40000"])
            #expect(
                machine.wait { hears("READY=1\nMAINPID=\(daemon.guardian)\n") }, machine.evidence)
            #expect(machine.wait { hears("WATCHDOG=1") })
            try machine.reload(globalText(machine) + instanceText(priority: 101))
            #expect(machine.wait { hears("RELOADING=1\nMONOTONIC_USEC=") })
            machine.stop()
            #expect(machine.wait { hears("STOPPING=1") })
        }
    }

    /// Instances by their numbers from 1, each with the address of that number.
    private func many(_ count: Int, interval: String) -> String {
        (1...count).map {
            instanceText(
                named: "V\($0)", number: $0, addresses: ["10.9.1.\($0)/32"], interval: interval)
        }.joined()
    }

    @Test func `one interface carries many instances that all move`() async throws {
        try await onMachine { machine in
            let count = 100
            try machine.start(globalText(machine) + many(count, interval: "0.1"))
            #expect(
                machine.wait { (try? machine.addresses().count) == count }, machine.evidence)
            machine.stop()
            #expect(try machine.addresses().isEmpty)
            let goodbyes = Set(machine.heard.filter { $0.priority == 0 }.map(\.virtualRouter))
            #expect(goodbyes.count == count)
        }
    }

    @Test func `bursts of adverts for many instances are all heard`() async throws {
        try await onMachine { machine in
            let count = 60
            try machine.start(globalText(machine) + many(count, interval: "0.2"))
            #expect(machine.wait { machine.text("log").contains("Startup complete") })
            func burst(_ priority: UInt8) {
                for number in 1...count {
                    machine.advertise(
                        UInt8(number), priority: priority, interval: 200_000_000,
                        addresses: ["10.9.1.\(number)"])
                }
            }
            // As often as a master speaks, for several times as long as a backup waits.
            let rounds = 20
            for _ in 0..<rounds {
                burst(200)
                machine.pass(milliseconds: 100)
            }
            #expect(try machine.addresses().isEmpty, machine.evidence)
            #expect(!machine.text("log").contains("MASTER STATE"), machine.evidence)
            let program = try #require(Machine.program)
            let status = try machine.run(
                "\(program) status --json --socket \(machine.path("status"))")
            let heard = status.ranges(of: "\"adverts_received\":\(rounds)").count
            #expect(heard == count, "\(status.prefix(2000))")
            // The last word of all at once is heard as well.
            burst(0)
            #expect(
                machine.wait { (try? machine.addresses().count) == count }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `unicast needs no interface`() async throws {
        try await onMachine { machine in
            let text = instanceText(
                addresses: ["10.9.0.100/24 dev eth0"], "unicast_src_ip 10.9.0.1",
                "unicast_peer {\n10.9.0.2\n10.9.0.1\n}"
            ).replacing("    interface eth0\n", with: "")
            try machine.start(globalText(machine) + text)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(machine.wait { machine.heard.last?.priority == 100 }, machine.evidence)
            machine.advertise(priority: 200, interval: 500_000_000, to: Machine.own)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `an owner serves at once and stays`() async throws {
        try await onMachine { machine in
            try machine.start(
                globalText(machine)
                    + instanceText(priority: 255, interval: "0.5").replacing(
                        "state BACKUP", with: "state MASTER"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(
                machine.wait { machine.text("log").contains("MASTER STATE: owner") },
                machine.evidence)
            let moment = machine.now
            machine.advertise(priority: 254)
            #expect(
                machine.wait(milliseconds: 300) {
                    machine.heard(since: moment).contains { $0.priority == 255 }
                }, machine.evidence)
            #expect(machine.has(vip))
            machine.stop()
        }
    }
}

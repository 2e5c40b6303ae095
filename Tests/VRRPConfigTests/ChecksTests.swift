// What is said about complete configurations: each misuse with what will happen.

import ConfigLanguage
import Testing

@testable import VRRPConfig

@Suite struct ChecksTests {
    private static let weighted = """
        vrrp_script S {
            script /bin/true
            weight -20
        }

        """

    /// Texts with what the one message about them must hold, and how usable they are.
    static let cases: [(text: String, message: String, grade: ConfigurationGrade)] = [
        (
            instanceText("virtual_ipaddress { 1.2.3.4 label abcdefghijklmnop }"),
            "'label' expects at most 15 bytes", .repaired
        ),
        (
            instanceText("unicast_src_ip 192.0.2.1\n virtual_ipaddress { 1.2.3.4 }"),
            "adverts go to the multicast group", .clean
        ),
        (
            instanceText("check_unicast_src\n virtual_ipaddress { 1.2.3.4 }"),
            "adverts go to the multicast group", .clean
        ),
        (
            instanceText("garp_master_repeat 0\n virtual_ipaddress { 1.2.3.4 }"),
            "'garp_master_repeat 0' counts as 1", .clean
        ),
        (
            instanceText("garp_lower_prio_repeat 1000\n virtual_ipaddress { 1.2.3.4 }"),
            "'garp_lower_prio_repeat 1000' counts as 255", .clean
        ),
        (
            "global_defs {\n vrrp_garp_master_repeat 0\n}\n"
                + instanceText("virtual_ipaddress { 1.2.3.4 }"),
            "'vrrp_garp_master_repeat 0' counts as 1", .clean
        ),
        (
            instanceText("state MASTER\n nopreempt\n virtual_ipaddress { 1.2.3.4 }"),
            "nopreempt does not count with state MASTER", .repaired
        ),
        (
            instanceText("state MASTER\n preempt_delay 5\n virtual_ipaddress { 1.2.3.4 }"),
            "preempt_delay does not count", .repaired
        ),
        (
            weighted
                + instanceText("nopreempt\n virtual_ipaddress { 1.2.3.4 }\n track_script { S }"),
            "will not take over", .clean
        ),
        (
            weighted
                + instanceText(
                    "priority 255\n state MASTER\n virtual_ipaddress { 1.2.3.4 }\n "
                        + "track_script { S }"), "owner (255) never changes", .clean
        ),
        (
            weighted + instanceText("virtual_ipaddress { 1.2.3.4 }\n track_script { S }")
                + instanceText("virtual_ipaddress { 1.2.3.5 }", name: "VJ", vrid: 52)
                + "vrrp_sync_group G {\n group {\n VI\n VJ\n }\n}",
            "would then elect differently", .repaired
        ),
        (
            instanceText(
                "virtual_ipaddress { 1.2.3.4 }\n authentication {\n auth_type PASS\n "
                    + "auth_pass 123456789\n}"), "only '12345678' counts", .clean
        ),
        (
            instanceText("advert_int 1.5\n virtual_ipaddress { 1.2.3.4 }"),
            "advert_int 1.5 becomes 2", .repaired
        ),
        (
            instanceText("advert_int 0.1\n virtual_ipaddress { 1.2.3.4 }"),
            "advert_int 0.1 becomes 1", .repaired
        ),
        (
            instanceText("version 3\n advert_int 50\n virtual_ipaddress { 1.2.3.4 }"),
            "advert_int 50 becomes 40.95", .repaired
        ),
        (
            instanceText(
                "version 3\n virtual_ipaddress { 1.2.3.4 }\n authentication {\n "
                    + "auth_type PASS\n auth_pass x\n}"), "version 3 has no passwords", .repaired
        ),
        (instanceText("version 2\n virtual_ipaddress { fe80::1 }"), "needs version 3", .repaired),
        (
            instanceText("virtual_ipaddress {\n 1.2.3.4\n 2001:db8::1\n}"),
            "are left out; write them", .repaired
        ),
        (
            instanceText("virtual_ipaddress {\n ~SEQ(A,1,2) ~SEQ(B,1,128) 10.0.${A}.${B}\n}"),
            "has room for 255 of its 256 addresses", .clean
        ),
        (
            instanceText("virtual_ipaddress {\n fe80::1\n ~SEQ(A,1,100) 2001:db8::${A}\n}"),
            "has room for 89 of its 101 addresses", .clean
        ),
        (instanceText("virtual_ipaddress { 2001:db8::1 }"), "should be link-local", .clean),
        (
            instanceText("state MASTER\n virtual_ipaddress { 1.2.3.4 }"), "with priority 255",
            .clean
        ),
        (instanceText(""), "there are no addresses", .clean),
        (instanceText("version 3"), "forbids empty adverts", .unusable),
        (
            instanceText("no_virtual_ipaddress\n virtual_ipaddress { 1.2.3.4 }"),
            "no_virtual_ipaddress does not count", .clean
        ),
        (instanceText("virtual_ipaddress {\n 1.2.3.4\n 1.2.3.4/24\n}"), "stands twice", .clean),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("virtual_ipaddress { 1.2.3.5 }", name: "VJ"),
            "take each other's adverts", .unusable
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("virtual_ipaddress { 1.2.3.4 }", name: "VJ", vrid: 52),
            "belongs to 'VI' too", .clean
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("advert_int 2\n virtual_ipaddress { 1.2.3.5 }", name: "VJ", vrid: 52)
                + "vrrp_sync_group G {\n group {\n VI\n VJ\n }\n}", "different advert_int", .clean
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("priority 9\n virtual_ipaddress { 1.2.3.5 }", name: "VJ", vrid: 52)
                + "vrrp_sync_group G {\n group {\n VI\n VJ\n }\n}", "different priorities", .clean
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("virtual_ipaddress { 1.2.3.5 }", name: "VJ", vrid: 52)
                + "vrrp_sync_group G {\n group {\n VI\n VJ\n VK\n }\n}", "'VK', which is not there",
            .repaired
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("virtual_ipaddress { 1.2.3.5 }", name: "VJ", vrid: 52)
                + "vrrp_sync_group G {\n group {\n VI\n VJ\n VI\n }\n}", "'VI' twice", .repaired
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + instanceText("virtual_ipaddress { 1.2.3.5 }", name: "VJ", vrid: 52)
                + "vrrp_sync_group G {\n group {\n VI\n VJ\n }\n}\n"
                + "vrrp_sync_group H {\n group {\n VI\n }\n}", "stays in the first", .repaired
        ),
        (
            instanceText("use_vmac\n unicast_peer { 1.2.3.9 }\n virtual_ipaddress { 1.2.3.4 }"),
            "needs vmac_xmit_base", .clean
        ),
        (instanceText("unicast_ttl 3\n virtual_ipaddress { 1.2.3.4 }"), "no unicast_peer", .clean),
        (
            instanceText("unicast_fault_no_peer\n virtual_ipaddress { 1.2.3.4 }"), "stays in FAULT",
            .clean
        ),
        (
            instanceText(
                "unicast_src_ip 1.2.3.8\n unicast_peer { 1.2.3.8 }\n "
                    + "virtual_ipaddress { 1.2.3.4 }"), "only peer is the own address", .clean
        ),
        (
            instanceText("vmac_xmit_base\n virtual_ipaddress { 1.2.3.4 }"), "no effect without",
            .clean
        ),
        (instanceText("priority 255\n virtual_ipaddress { 1.2.3.4 }"), "'state MASTER'", .clean),
        (
            instanceText("strict_mode\n priority 9\n state MASTER\n virtual_ipaddress { 1.2.3.4 }"),
            "state BACKUP is used", .repaired
        ),
        (
            instanceText("strict_mode\n unicast_peer { 1.2.3.9 }\n virtual_ipaddress { 1.2.3.4 }"),
            "forbids unicast", .clean
        ),
        (
            instanceText("strict_mode\n preempt_delay 3\n virtual_ipaddress { 1.2.3.4 }"),
            "knows no preempt_delay", .repaired
        ),
        (
            instanceText("strict_mode\n accept\n virtual_ipaddress { 1.2.3.4 }"),
            "knows no 'accept'",
            .repaired
        ),
        (
            instanceText("strict_mode\n higher_prio_send_advert\n virtual_ipaddress { 1.2.3.4 }"),
            "is not used", .repaired
        ),
        (instanceText("strict_mode\n no_virtual_ipaddress"), "needs an address", .repaired),
        (
            "interface_up_down_delays {\n eth0 3\n}\n"
                + instanceText("virtual_ipaddress { 1.2.3.4 }"), "will be shortened", .clean
        ),
        (instanceText("smtp_alert\n virtual_ipaddress { 1.2.3.4 }"), "no mail is sent", .clean),
        (
            instanceText(
                "virtual_ipaddress { 1.2.3.4 }\n virtual_rules {\n from 1.2.3.4 table 5\n}"),
            "gets 16384", .clean
        ),
        (
            instanceText("virtual_ipaddress { 1.2.3.4 }")
                + "static_ipaddress {\n 1.2.3.9 dev eth0 track_group G\n}",
            "track_group 'G' is not defined", .repaired
        ),
        ("vrrp_instance VI {\n interface eth0\n}", "needs 'virtual_router_id'", .repaired),
        (
            "vrrp_instance VI {\n virtual_router_id 5\n virtual_ipaddress { 1.2.3.4 }\n}",
            "needs 'interface'", .unusable
        ),
        (
            "vrrp_instance VI {\n virtual_router_id 5\n unicast_peer { 1.2.3.9 }\n "
                + "virtual_ipaddress { 1.2.3.4 }\n}", "or 'unicast_src_ip'", .unusable
        ),
        ("", "nothing will be done", .clean),
    ]

    @Test(arguments: cases.indices)
    func `a misuse is told with what will happen`(_ index: Int) {
        let (text, message, grade) = Self.cases[index]
        let loaded = load(text, world(scripts: ["/bin/true": .init(isExecutable: true)]))
        #expect(loaded.texts.contains { $0.contains(message) }, "\(message) \(loaded.texts)")
        #expect(loaded.grade == grade || (grade == .clean && loaded.grade == .insecure))
        #expect((loaded.configuration == nil) == (loaded.grade == .unusable))
    }

    @Test(arguments: cases.filter { $0.message.contains("nopreempt") }.map(\.text))
    func `a configuration without misuse is taken without a word`(_ text: String) {
        let good = instanceText("virtual_ipaddress { 192.0.2.1/24 }")
        #expect(load(good, world(interfaces: ["lo", "eth0"])).texts.isEmpty)
    }

    @Test func `one VRID serves two families, two interfaces, two groups or two sets of peers`() {
        let text =
            instanceText("virtual_ipaddress { 1.2.3.4 }", name: "A")
            + instanceText("virtual_ipaddress { fe80::4 }", name: "B")
            + instanceText("mcast_dst_ip 224.0.0.99\n virtual_ipaddress { 1.2.3.5 }", name: "C")
            + instanceText("unicast_peer { 1.2.3.8 }\n virtual_ipaddress { 1.2.3.6 }", name: "D")
            + instanceText("unicast_peer { 1.2.3.9 }\n virtual_ipaddress { 1.2.3.7 }", name: "E")
        #expect(load(text).texts.isEmpty)
    }

    @Test func `the own address among the peers is tolerated`() {
        let text = instanceText(
            "unicast_src_ip 1.2.3.8\n unicast_peer {\n 1.2.3.8\n 1.2.3.9\n}\n"
                + "virtual_ipaddress { 1.2.3.4 }")
        #expect(load(text).texts.isEmpty)
    }

    @Test func `interfaces that are missing are refused unless they may come later`() {
        let text = instanceText("virtual_ipaddress { 1.2.3.4 dev eth7 }")
        #expect(load(text).grade == .clean)
        let missing = load(text, world(interfaces: ["lo", "eth0"]))
        #expect(missing.grade == .unusable)
        #expect(missing.texts.first?.contains("'eth7' is not there") == true)
        let dynamic = "global_defs {\n dynamic_interfaces\n}\n"
        let waiting = load(dynamic + text, world(interfaces: ["lo", "eth0"]))
        #expect(waiting.grade == .clean)
        #expect(waiting.texts.count == 1)
        let loopback = "vrrp_instance VI {\n interface lo\n virtual_router_id 5\n}"
        #expect(load(loopback, world(interfaces: ["lo"])).grade == .unusable)
    }

    @Test func `scripts that are missing, not executable or unsafe are told`() {
        let text =
            instanceText("virtual_ipaddress { 1.2.3.4 }\n notify \"/bin/n x\"")
            + "vrrp_script S {\n script killall\n}\n"
        let both: [String: VRRPSurroundings.ScriptFile] = [
            "/bin/n": .init(isExecutable: true), "/usr/bin/killall": .init(isExecutable: true),
        ]
        func texts(
            _ scripts: [String: VRRPSurroundings.ScriptFile], _ prefix: String = ""
        ) -> (ConfigurationGrade, [String]) {
            let loaded = load(prefix + text, world(scripts: scripts))
            return (loaded.grade, loaded.texts)
        }
        #expect(texts(both).0 == .insecure)
        #expect(texts(both, "global_defs {\n enable_script_security\n}\n").1.isEmpty)
        #expect(texts(both, "global_defs {\n script_user tester\n}\n").1.isEmpty)
        #expect(texts([:]).1.filter { $0.contains("is not there") }.count == 2)
        var broken = both
        broken["/bin/n"] = .init(isExecutable: false)
        #expect(texts(broken).1.contains { $0.contains("cannot be executed") })
        broken["/bin/n"] = .init(isExecutable: true, writablePart: "/bin")
        #expect(texts(broken).1.contains { $0.contains("becomes root") })
        let secured = texts(broken, "global_defs {\n enable_script_security\n}\n")
        #expect(secured.0 == .insecure)
        #expect(secured.1.contains { $0.contains("will not be run") })
    }

    @Test func `global_tracking lets the group follow what its instances follow`() throws {
        let loaded = load(
            instanceText(
                "virtual_ipaddress { 1.2.3.4 }\n track_interface {\n eth1\n eth2 weight 5\n}")
                + instanceText(
                    "virtual_ipaddress { 1.2.3.5 }\n track_interface { eth1 }", name: "VJ",
                    vrid: 52)
                + "vrrp_sync_group G {\n global_tracking\n group {\n VI\n VJ\n }\n}")
        let configuration = try #require(loaded.configuration)
        #expect(configuration.syncGroups.first?.tracks.interfaces.map(\.name) == ["eth1", "eth2"])
        #expect(configuration.instances.allSatisfy { $0.tracks.isEmpty })
    }

    @Test func `a message names file, line, keyword and the nearest spelling`() throws {
        let loaded = load(instanceText("virtual_ipadress {\n 1.2.3.4\n}\n advertint 3"))
        let first = try #require(loaded.diagnostics.first)
        #expect(first.location == SourceLocation(file: "vrrp.conf", line: 4))
        #expect(first.suggestion == "virtual_ipaddress")
        #expect(loaded.diagnostics[1].suggestion == "advert_int")
        let other = load("vrrp_script S {\n script /x\n priority 5\n}")
        #expect(other.texts.first?.contains("does not belong to vrrp_script 'S'") == true)
    }

    /// Room as keepalived says it for an interface of that MTU; a signature takes 28 bytes.
    @Test(
        arguments: [
            (600, "version 3", "10.0", 139), (604, "version 3", "10.0", 140),
            (600, "version 2", "10.0", 137), (1280, "version 3", "v6", 76),
            (1296, "version 3", "v6", 77),
            (
                600,
                "version 3\n auth_hmac {\n key 1 0123456789abcdef0123456789abcdef\n active_key 1\n}",
                "10.0", 132
            ),
        ] as [(Int, String, String, Int)])
    func `what does not fit into a packet is held without being advertised`(
        _ mtu: Int, _ line: String, _ prefix: String, _ room: Int
    ) throws {
        let sequence =
            prefix == "v6" ? "~SEQ(A,1,200) fe80::${A}" : "~SEQ(A,1,200) \(prefix).0.${A}"
        var surroundings = world()
        surroundings.interfaces = [.init(name: "eth0", mtu: mtu)]
        let loaded = load(
            instanceText("\(line)\n virtual_ipaddress {\n \(sequence)\n}"), surroundings)
        let instance = try #require(loaded.instance, "\(loaded.texts)")
        #expect(instance.virtualAddresses.count == room)
        #expect(instance.excludedAddresses.count == 200 - room)
        #expect(loaded.grade == .clean)
    }
}

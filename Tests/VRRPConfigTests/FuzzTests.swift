// Hostile bytes: seeded mutations of files that hold every construct of the language.

import Foundation
import RandomInputs
import Testing

@testable import VRRPConfig

@Suite struct FuzzTests {
    /// What mutations begin with: the examples, and the constructs in a few lines.
    private static let seeds: [[UInt8]] = {
        var seeds = ExamplesTests.files.compactMap { file in
            try? Data(contentsOf: URL(fileURLWithPath: "\(ExamplesTests.root)/conf/\(file)"))
        }.map { [UInt8]($0) }
        let constructs = """
            $A=${B}\n$B= \\\nx ${_RANDOM 1 2} \\\n$A \\\ny\n${B}
            ~SEQ(I,1,3) ~LST({P,Q},{1,2},{3}) include${I} ${P} ${Q}
            include a*.conf\nincludea {a,b,{c,d}}.conf\n@main priority 3
            vrrp_script s { script "/bin/x 'a b' \\x41\\101" }
            static_routes { 10.0.0.0/8 nexthop via 1.2.3.4 weight 2 mtu lock 9 encap ip id 3
            default inet6 via fe80::1 realms 3/4 }
            static_rules { from all fwmark 1/2 uidrange 1-2 goto 9 preference 3 }
            virtual_server 1.2.3.4 80 { real_server { } }
            umask IRUSR|IWGRP\nvrrp_instance V { interface e\nvirtual_router_id 1
            unicast_peer { 1.2.3.4 min_ttl 3 } auth_hmac { key 1 hex:00\nactive_key 1 }
            virtual_ipaddress { fe80::1/64 dev e label l peer ::2/3 } }
            vrrp_sync_group G { global_tracking\ngroup { V } track_script { s weight 3 reverse } }
            """
        seeds.append(Array(constructs.utf8))
        return seeds
    }()

    @Test func `mutated configurations never trap`() {
        var random = Seeded.fresh()
        for _ in 0..<1500 {
            var bytes = Self.seeds[random.next(below: Self.seeds.count)]
            for _ in 0...random.next(below: 8) { mutate(&bytes, &random) }
            exercise(bytes.span)
        }
    }

    @Test func `random bytes never trap`() {
        var random = Seeded.fresh()
        let letters = Array("{}\n\"'$~@\\#!()=, \t_a0.:/-%".utf8) + [0, 0xFF, 0xC3]
        for _ in 0..<1500 {
            let count = random.next(below: 200)
            let bytes = (0..<count).map { _ in letters[random.next(below: letters.count)] }
            exercise(bytes.span)
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
        guard !bytes.isEmpty else { return bytes.append(0x7B) }
        let at = random.next(below: bytes.count)
        switch random.next(below: 7) {
        case 0: bytes[at] = UInt8(random.next(below: 256))
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(Array("{}\"'$~@\\\n#".utf8)[random.next(below: 10)], at: at)
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + random.next(below: 40)))
        case 4:
            let piece = bytes[at..<min(bytes.count, at + random.next(below: 80))]
            bytes.insert(contentsOf: piece, at: random.next(below: bytes.count))
        case 5:
            let digits = ["4294967296", "-1", "18446744073709551616", "0x", "999999999999", "0.0"]
            bytes.insert(contentsOf: digits[random.next(below: digits.count)].utf8, at: at)
        default:
            let row = VRRPKeywords.all[random.next(below: VRRPKeywords.all.count)]
            bytes.insert(contentsOf: "\n\(row.name) ".utf8, at: at)
        }
    }
}

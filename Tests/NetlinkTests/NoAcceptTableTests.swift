// The table of unaccepted addresses as nft(8) shows it, and what it does to packets.

import Addresses
import Kernel
import Netlink
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct NoAcceptTableTests {
    static let addresses = ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0) }

    @Test func `nft shows what was asked for`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket(.netfilter)
            let table = NoAcceptTable()
            try socket.transact(table.install(Self.addresses))
            let shown = try PrivateNetwork.shell("nft list ruleset")
            let words = shown.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let expected = """
                table inet martlet_vrrp { set addresses4 { type ipv4_addr elements = { 192.0.2.1 } } \
                set addresses6 { type ipv6_addr elements = { 2001:db8::1 } } chain input { type \
                filter hook input priority filter - 1; policy accept; ip daddr @addresses4 counter \
                packets 0 bytes 0 drop icmpv6 type 135-136 return ip6 daddr @addresses6 counter \
                packets 0 bytes 0 drop } chain output { type filter hook output priority filter - 1; \
                policy accept; ip saddr @addresses4 counter packets 0 bytes 0 drop icmpv6 type \
                135-136 return ip6 saddr @addresses6 counter packets 0 bytes 0 drop } }
                """
            #expect(words == expected)
            // Again, in place of what is there; then more addresses, and fewer.
            try socket.transact(table.install([]))
            let many = (0..<2500).map { IPAddress(v4: 0x0A00_0000 + $0) } + Self.addresses
            try socket.transact(table.insert(many))
            try socket.transact(table.insert(Self.addresses))
            try socket.transact(table.withdraw(many))
            // One that is not there: nothing happens at all.
            #expect(throws: NetlinkFailure.self) {
                try socket.transact(table.insert(many) + table.withdraw([.anyV6]))
            }
            let left = try PrivateNetwork.shell("nft list table inet martlet_vrrp")
            #expect(!left.contains("elements"))
            try socket.transact([table.remove()])
            #expect(try PrivateNetwork.shell("nft list ruleset") == "")
            let missing = #expect(throws: NetlinkFailure.self) {
                try socket.transact([table.remove()])
            }
            #expect(missing?.errno == NetlinkFailure.noSuchObject)
        }
    }

    @Test func `the priority is chosen, and nothing is counted unless that is wanted`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket(.netfilter)
            let table = NoAcceptTable(named: "chosen", priority: -150, counts: false)
            try socket.transact(table.install(Self.addresses))
            let text = try PrivateNetwork.shell("nft list table inet chosen")
            #expect(text.contains("priority mangle;") || text.contains("priority -150"))
            #expect(!text.contains("counter"))
        }
    }

    @Test func `packets are dropped, neighbor discovery is answered`() throws {
        try PrivateNetwork.run {
            try PrivateNetwork.shell(
                """
                set -e
                ip link set lo up; ip addr add 192.0.2.1/32 dev lo; ip addr add 192.0.2.2/32 dev lo
                ping -c1 -W1 192.0.2.1
                """)
            var socket = try NetlinkSocket(.netfilter)
            try socket.transact(NoAcceptTable().install(Self.addresses))
            #expect(throws: CommandFailure.self) {
                try PrivateNetwork.shell("ping -c1 -W1 192.0.2.1")
            }
            try PrivateNetwork.shell("ping -c1 -W1 192.0.2.2")
        }
    }
}

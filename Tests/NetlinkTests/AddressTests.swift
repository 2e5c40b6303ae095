// Addresses through rtnetlink, looked at again through ip(8).

import Addresses
import Kernel
import Netlink
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "needs a network namespace"))
struct AddressTests {
    @Test func `an address is added, seen, reported as ours and deleted`() throws {
        try PrivateNetwork.run {
            var socket = try NetlinkSocket()
            #expect(try socket.perform([.addVeth("one", peer: "two")]) == [nil])
            var monitor = try NetworkMonitor(using: &socket)
            let one = try #require(monitor.picture.link(named: "one"))
            try socket.perform(.setLink(one.index, isUp: true))
            var address = InterfaceAddress(
                try #require(IPAddress("192.0.2.7")), prefixLength: 24, interface: one.index)
            address.origin = InterfaceAddress.originVRRP
            address.label = "one:7"
            try socket.perform(.add(address))
            #expect(throws: NetlinkFailure.self) { try socket.perform(.add(address)) }
            let seen = try PrivateNetwork.json("ip -j addr show dev one")
            let list = try #require(seen.first?["addr_info"] as? [[String: Any]])
            let entry = try #require(list.first { $0["local"] as? String == "192.0.2.7" })
            #expect(entry["prefixlen"] as? Int == 24 && entry["label"] as? String == "one:7")
            let reports = try monitor.read(using: &socket)
            let mine = reports.filter { $0.port == socket.port }
            #expect(
                mine.contains {
                    if case .address(let found) = $0.event { return found.isSame(as: address) }
                    return false
                })
            #expect(monitor.picture.address(like: address)?.origin == 18)
            try socket.perform(.delete(address))
            #expect(
                try socket.perform([.delete(address)]).first??.errno
                    == NetlinkFailure.noSuchAddress)
            _ = try monitor.read(using: &socket)
            #expect(monitor.picture.address(like: address) == nil)
        }
    }
}

// Carriers of virtual Ethernet as drivers tell them.

import Kernel
import PrivateNetworks
import Testing

@Suite(.enabled(if: PrivateNetwork.isPermitted, "\(PrivateNetwork.obstacle ?? "")"))
struct LinkCarrierTests {
    @Test(arguments: [LinkCarrier.Method.ethtool, .flags])
    func `the carrier of virtual Ethernet follows its other end`(
        _ method: LinkCarrier.Method
    ) throws {
        try PrivateNetwork.run {
            try PrivateNetwork.shell(
                "ip link add c0 type veth peer name c1; ip link set c0 up; ip link set c1 up")
            let carrier = try LinkCarrier()
            #expect(carrier.state(of: "c0", by: method) == true)
            try PrivateNetwork.shell("ip link set c1 down")
            // The kernel follows a little later.
            #expect(awaited { carrier.state(of: "c0", by: method) == false })
            #expect(carrier.state(of: "none", by: method) == nil)
        }
    }

    private func awaited(_ condition: () -> Bool) -> Bool {
        for _ in 0..<500 {
            if condition() { return true }
            CurrentProcess.sleep(milliseconds: 10)
        }
        return false
    }

    @Test func `virtual Ethernet has no transceiver to ask`() throws {
        try PrivateNetwork.run {
            try PrivateNetwork.shell("ip link add c0 type veth peer name c1")
            #expect(try LinkCarrier().state(of: "c0", by: .mii) == nil)
        }
    }
}

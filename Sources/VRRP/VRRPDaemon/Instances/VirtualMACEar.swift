// Hears the adverts that the kernel hands to our virtual MAC alone: those of peers that send from
// the same virtual MAC. All others arrive on the interface below.

import Addresses
import Daemon
import Kernel
import Netlink

/// A tap on the interface of a virtual MAC.
final class VirtualMACEar {
    /// The index of the interface.
    let interface: UInt32
    private let tap: FrameTap
    private unowned let loop: ControlLoop

    /// Datagrams taken in one turn of the loop, at most.
    static let datagramLimit = 32

    /// Listens for an instance, which hears all that arrives.
    init(_ instance: Instance, on link: Link, _ routers: VirtualRouters) throws(Errno) {
        let definition = instance.definition
        interface = link.index
        loop = routers.loop
        tap = try FrameTap(
            definition.family, group: definition.multicastDestination, interface: link.index,
            filter: .vrrpFrames(
                definition.family, identifier: definition.virtualRouterID,
                from: link.mac
                    ?? MACAddress(
                        virtualRouter: definition.virtualRouterID, family: definition.family)))
        try loop.watch(tap.descriptor.number, for: .readable) {
            [unowned self, unowned instance] _ in
            for _ in 0..<Self.datagramLimit {
                guard let arrival = tap.receive() else { break }
                instance.hear(arrival)
            }
        }
    }

    /// Ends listening.
    func close() { loop.unwatch(tap.descriptor.number) }
}

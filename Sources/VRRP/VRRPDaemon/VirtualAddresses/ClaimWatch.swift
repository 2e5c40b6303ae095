// Listens for others who say to have one of the addresses that we hold: the second sign, beside
// adverts, of a second master. Filters in the kernel pass nothing else.

import Addresses
import Daemon
import Kernel

/// Watches ARP and neighbour discovery on the interfaces that carry held addresses.
final class ClaimWatch {
    private struct Key: Hashable {
        var interface: UInt32
        var family: IPAddress.Family
    }

    /// A listener; sockets cannot be kept in a dictionary themselves.
    private final class Listener {
        let socket: PacketSocket
        let addresses: Set<IPAddress>

        init(_ socket: consuming PacketSocket, _ addresses: Set<IPAddress>) {
            self.socket = socket
            self.addresses = addresses
        }
    }

    private unowned let routers: VirtualRouters
    private var listeners: [Key: Listener] = [:]
    private var renewal: ControlTimer?

    /// Frames looked at in one turn of the loop, at most.
    static let frameLimit = 64

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// What is held has changed. Followed a moment later, once for all of many changes.
    func renew() {
        guard renewal == nil else { return }
        renewal = routers.loop.after(milliseconds: 2) { [unowned self] in
            renewal = nil
            follow()
        }
    }

    private func follow() {
        var wanted: [Key: Set<IPAddress>] = [:]
        for (interface, addresses) in routers.addresses.heldByInterface {
            for address in addresses {
                wanted[Key(interface: interface, family: address.family), default: []]
                    .insert(address)
            }
        }
        for (key, listener) in listeners where wanted[key] != listener.addresses {
            routers.loop.unwatch(listener.socket.descriptor.number)
            listeners[key] = nil
        }
        for (key, addresses) in wanted where listeners[key] == nil {
            // Beyond the filter's room adverts alone have to do.
            let named = Array(addresses.sorted().prefix(PacketFilter.mostAddresses))
            do throws(Errno) {
                let socket = try PacketSocket.listener(
                    key.family == .v4 ? .arp : .ipv6, interface: key.interface,
                    filter: key.family == .v4
                        ? .arp(claiming: named) : .neighborAdvertisement(claiming: named))
                let listener = Listener(socket, addresses)
                try routers.loop.watch(listener.socket.descriptor.number, for: .readable) {
                    [unowned self, unowned listener] _ in read(listener)
                }
                listeners[key] = listener
            } catch {
                routers.log.say(
                    .warning, "cannot listen for others' announcements: \(error.text)")
            }
        }
    }

    private func read(_ listener: Listener) {
        for _ in 0..<Self.frameLimit {
            guard let frame = listener.socket.receive() else { break }
            guard let claim = AddressClaim(frame: frame.bytes.span),
                listener.addresses.contains(claim.address),
                let instance = routers.addresses.holder(
                    of: claim.address, on: frame.interface),
                !routers.network.picture.links.values.contains(where: { $0.mac == claim.mac })
            else { continue }
            instance.counters.foreignAnnouncements += 1
            routers.post(.foreignAnnouncement, to: instance)
        }
        routers.drain()
    }
}

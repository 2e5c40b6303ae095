// Holds virtual addresses in the kernel: adds and removes them, puts back what others remove, and
// clears what a crash has left. What is held is in the guardian's ledger before it is in the
// kernel.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPConfig

/// Keeps the addresses of all instances.
final class AddressKeeper {
    /// An address where the kernel has it.
    struct Place: Hashable {
        var address: IPAddress
        var prefixLength: UInt8
        var interface: UInt32

        init(_ address: InterfaceAddress) {
            self.address = address.address
            prefixLength = address.prefixLength
            interface = address.interface
        }
    }

    private struct Held {
        var address: InterfaceAddress
        var instance: Instance
        var isTracked: Bool
        /// Puts back so far without a quiet time, which makes the next one later.
        var fights: UInt64 = 0
        var lastFight: UInt64 = 0
        var repair: ControlTimer?
    }

    private unowned let routers: VirtualRouters
    private var held: [Place: Held] = [:]

    /// The first put-back waits for nothing, each further one twice as long as the one before.
    static let firstPause: UInt64 = 10_000_000
    static let longestPause: UInt64 = 5_000_000_000
    /// After so long without a loss the next one counts as the first.
    static let quiet: UInt64 = 10_000_000_000

    init(_ routers: VirtualRouters) { self.routers = routers }

    // MARK: Taking and releasing

    /// Adds all addresses of an instance.
    func take(_ instance: Instance) {
        add(addresses(of: instance.definition, of: instance), instance)
        routers.paths.take(instance)
        routers.claims.renew()
    }

    /// Removes all addresses of an instance.
    func release(_ instance: Instance) {
        routers.paths.release(instance)
        let places = held.filter { $0.value.instance === instance }.map(\.key)
        remove(places)
        routers.claims.renew()
    }

    /// Follows a reload of a master: what is gone goes, what is new comes.
    func replace(_ instance: Instance, previous: InstanceDefinition) {
        let wanted = addresses(of: instance.definition, of: instance)
        let places = Set(wanted.map { Place($0.0) })
        let mine = held.filter { $0.value.instance === instance }
        remove(mine.keys.filter { !places.contains($0) })
        let fresh = wanted.filter { pair in mine[Place(pair.0)]?.address != pair.0 }
        add(fresh, instance)
        routers.paths.replace(instance, previous: previous)
        routers.claims.renew()
        if !fresh.isEmpty { routers.announcer.announce(instance, fresh.map(\.0)) }
    }

    /// An interface came or went: what belongs on one that was not there comes, and what was on one
    /// that is gone is forgotten.
    func complete(_ instance: Instance) {
        let links = routers.network.picture.links
        let gone = held.filter { $0.value.instance === instance && links[$0.key.interface] == nil }
        for (place, entry) in gone {
            if let repair = entry.repair { routers.loop.cancel(repair) }
            held[place] = nil
            routers.guardian.strike(place)
        }
        let fresh = addresses(of: instance.definition, of: instance, isSaid: false)
            .filter { held[Place($0.0)] == nil }
        add(fresh, instance)
        routers.paths.take(instance)
        routers.claims.renew()
        if !fresh.isEmpty { routers.announcer.announce(instance, fresh.map(\.0)) }
    }

    private func add(
        _ addresses: [(InterfaceAddress, isTracked: Bool)], _ instance: Instance
    ) {
        for (address, isTracked) in addresses {
            let place = Place(address)
            held[place] = Held(address: address, instance: instance, isTracked: isTracked)
            routers.guardian.enter(address)
        }
        let outcomes = routers.network.perform(addresses.map { .replace($0.0) })
        for (pair, failure) in zip(addresses, outcomes) {
            guard let failure else { continue }
            routers.log.say(
                .error, "(\(instance.name)) cannot add \(pair.0.address): \(failure)")
        }
    }

    private func remove(_ places: [Place]) {
        var requests: [NetlinkRequest] = []
        for place in places {
            guard let entry = held.removeValue(forKey: place) else { continue }
            if let repair = entry.repair { routers.loop.cancel(repair) }
            requests.append(.delete(entry.address))
        }
        let outcomes = routers.network.perform(requests)
        for (place, failure) in zip(places, outcomes) {
            if let failure, failure.errno != NetlinkFailure.noSuchAddress,
                failure.errno != NetlinkFailure.noSuchInterface
            {
                routers.log.say(.error, "cannot remove \(place.address): \(failure)")
            }
            routers.guardian.strike(place)
        }
    }

    // MARK: Definitions

    /// What an instance's addresses are in the kernel; those whose interface is not there are left
    /// out and said.
    private func addresses(
        of definition: InstanceDefinition, of instance: Instance, isSaid: Bool = true
    ) -> [(InterfaceAddress, isTracked: Bool)] {
        (definition.virtualAddresses + definition.excludedAddresses).compactMap { wanted in
            guard let address = routers.network.address(wanted, of: instance) else {
                let interface = wanted.interface ?? instance.addressInterface ?? ""
                if isSaid {
                    routers.log.say(
                        .error,
                        "(\(instance.name)) no interface \(interface) for \(wanted.address)")
                }
                return nil
            }
            return (address, !wanted.isUntracked)
        }
    }

    /// What is held of an instance, in no order.
    func held(by instance: Instance) -> [InterfaceAddress] {
        held.values.filter { $0.instance === instance }.map(\.address)
    }

    /// The addresses that are held on each interface.
    var heldByInterface: [UInt32: [IPAddress]] {
        held.values.reduce(into: [:]) { result, entry in
            result[entry.address.interface, default: []].append(entry.address.address)
        }
    }

    /// Who holds an address.
    func holder(of address: IPAddress, on interface: UInt32) -> Instance? {
        held.first { $0.key.address == address && $0.key.interface == interface }?.value.instance
    }

    /// Whether each address is where it belongs.
    func areSet(_ addresses: [VirtualAddress], of instance: Instance) -> [Bool] {
        addresses.map { wanted in
            guard let address = routers.network.address(wanted, of: instance) else { return false }
            return held[Place(address)] != nil
                && routers.network.picture.address(like: address) != nil
        }
    }

    // MARK: Repair

    /// An address is gone. One of ours that others removed is put back: at once, and later each
    /// time when somebody keeps removing it. Mastership stays.
    func lost(_ address: InterfaceAddress) {
        let place = Place(address)
        guard var entry = held[place], entry.isTracked, entry.repair == nil,
            routers.network.picture.address(like: entry.address) == nil
        else { return }
        let now = Clock.monotonic().nanoseconds
        entry.fights = now - entry.lastFight > Self.quiet ? 0 : entry.fights + 1
        entry.lastFight = now
        let pause =
            entry.fights == 0
            ? 0 : min(Self.longestPause, Self.firstPause << min(entry.fights - 1, 9))
        if entry.fights == 0 || entry.fights == 4 {
            routers.log.say(
                .warning,
                "(\(entry.instance.name)) \(address.address) was removed by somebody else"
                    + (entry.fights == 4 ? " again and again; putting it back ever later" : ""))
        }
        entry.repair = routers.loop.after(nanoseconds: pause) { [unowned self] in repair(place) }
        held[place] = entry
    }

    private func repair(_ place: Place) {
        guard var entry = held[place] else { return }
        entry.repair = nil
        held[place] = entry
        let outcome = routers.network.perform([.replace(entry.address)])
        if let failure = outcome.first ?? nil {
            if failure.errno != NetlinkFailure.noSuchInterface {
                routers.log.say(.error, "cannot put back \(place.address): \(failure)")
            }
            return
        }
        entry.instance.counters.putBack += 1
        routers.emit(
            .putBack(
                instance: entry.instance.name, what: "\(place.address)",
                interface: routers.network.picture.links[place.interface]?.name))
        routers.announcer.announce(entry.instance, [entry.address])
    }

    /// An interface is usable again: what belongs on it and is not there comes back.
    func restore(on interface: UInt32) {
        for (place, entry) in held where place.interface == interface {
            if routers.network.picture.address(like: entry.address) == nil { repair(place) }
        }
    }

    /// Removes the virtual addresses that a process before us has left.
    func clearLeftovers(of instances: [Instance]) {
        var requests: [NetlinkRequest] = []
        for instance in instances {
            for (address, _) in addresses(of: instance.definition, of: instance, isSaid: false) {
                guard routers.network.picture.address(like: address) != nil else { continue }
                routers.log.say(
                    .notice,
                    "(\(instance.name)) removing \(address.address), left from before")
                requests.append(.delete(address))
            }
        }
        _ = routers.network.perform(requests)
    }
}

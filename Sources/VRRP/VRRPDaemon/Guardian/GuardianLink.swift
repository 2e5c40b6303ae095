// The daemon's end of the line to its guardian: what is to be undone is told before it is done.

import Addresses
import Daemon
import Kernel
import Netlink

/// Tells the guardian. Without one (tests, `-n` under a debugger) nothing is told.
final class GuardianLink {
    private let descriptor: Descriptor
    private unowned let loop: ControlLoop
    private var places: [AddressKeeper.Place: UInt32] = [:]
    private var farewells: [ObjectIdentifier: [UInt32]] = [:]
    private var lastKey: UInt32 = 0
    /// What the socket has not taken yet.
    private var pending: [UInt8] = []
    private var isWatched = false

    /// Bytes that may wait for a guardian that does not read; beyond that nothing more is told.
    static let limit = 16 << 20

    init(_ descriptor: consuming Descriptor, _ loop: ControlLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// Calls `body` when the guardian has gone.
    func whenLost(_ body: @escaping () -> Void) throws(Errno) {
        guard descriptor.isOpen else { return }
        isWatched = true
        try loop.watch(descriptor.number, for: .readable) { [unowned self] events in
            if events.contains(.writable) { flush() }
            if case .ended = descriptor.discard() { lost(body) }
            if !events.isDisjoint(with: [.hangUp, .error]) { lost(body) }
        }
    }

    private func lost(_ body: () -> Void) {
        guard isWatched else { return }
        isWatched = false
        loop.unwatch(descriptor.number)
        body()
    }

    /// An address is about to be added.
    func enter(_ address: InterfaceAddress) {
        let place = AddressKeeper.Place(address)
        let key = places[place] ?? newKey()
        places[place] = key
        tell(
            .enter(
                key: key,
                .address(
                    interface: address.interface, address.address,
                    prefixLength: address.prefixLength)))
    }

    /// An address was removed.
    func strike(_ place: AddressKeeper.Place) {
        guard let key = places.removeValue(forKey: place) else { return }
        tell(.strike(key: key))
    }

    /// An instance is master: its adverts of priority 0 are to be sent should we die.
    func enterFarewells(of instance: Instance) {
        strikeFarewells(of: instance)
        var keys: [UInt32] = []
        for farewell in instance.farewells {
            let key = newKey()
            keys.append(key)
            tell(.enter(key: key, .farewell(farewell)))
        }
        farewells[ObjectIdentifier(instance)] = keys
    }

    /// An instance is not master any more.
    func strikeFarewells(of instance: Instance) {
        for key in farewells.removeValue(forKey: ObjectIdentifier(instance)) ?? [] {
            tell(.strike(key: key))
        }
    }

    /// Nothing is to be undone.
    func strikeAll() { tell(.strikeAll) }

    private func newKey() -> UInt32 {
        lastKey &+= 1
        return lastKey
    }

    private func tell(_ message: LedgerMessage) {
        guard descriptor.isOpen, pending.count < Self.limit else { return }
        pending += message.frame
        flush()
    }

    private func flush() {
        while !pending.isEmpty {
            switch descriptor.send(pending.span) {
            case .bytes(let count): pending.removeFirst(count)
            case .wouldBlock:
                if isWatched {
                    try? loop.rewatch(descriptor.number, for: [.readable, .writable])
                }
                return
            case .failed:
                pending = []
                return
            }
        }
        if isWatched { try? loop.rewatch(descriptor.number, for: .readable) }
    }
}

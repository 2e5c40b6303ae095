// Chooses among slots by weight and load. It knows no server, takes no lock (the backend's one is
// held around each call) and allocates nothing after its creation.
// Source: configuration manual, `balance`, `option allbackups`, server `maxconn` and `backup`.

import Structures

/// The order of one backend's slots under one algorithm.
///
/// Slots are numbered in the order of declaration. Primaries are used as long as one of them is
/// usable; then the backups: the first usable one, or all of them with `usesAllBackups`.
public struct Balancer: ~Copyable, Sendable {
    /// The algorithm in use.
    public let algorithm: Algorithm
    private let usesAllBackups: Bool
    private var slots: FixedArray<BalancerSlot>
    private var primaries: BalancingOrder
    private var backups: BalancingOrder
    /// The usable backups by position, for backends that use but one of them.
    private var backupsByPosition: IndexedHeap

    /// A balancer over `slots`; `seed` feeds the random draws.
    public init(
        algorithm: Algorithm, slots given: [BalancerSlot], usesAllBackups: Bool = false,
        seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    ) {
        self.algorithm = algorithm
        self.usesAllBackups = usesAllBackups
        slots = FixedArray(zeroed: given.count)
        let backupCount = given.contains { $0.isBackup } ? given.count : 0
        primaries = BalancingOrder(algorithm, capacity: given.count, seed: seed)
        backups = BalancingOrder(
            algorithm, capacity: usesAllBackups ? backupCount : 0, seed: seed &+ 1)
        backupsByPosition = IndexedHeap(capacity: usesAllBackups ? 0 : backupCount)
        for (index, slot) in given.enumerated() {
            slots[index] = slot
            if slot.takesPart { join(index) }
        }
    }

    /// How many slots there are.
    public var count: Int { slots.count }

    /// How many primaries take part.
    public var usablePrimaries: Int { primaries.count }

    /// A slot as it stands.
    public func slot(_ index: Int) -> BalancerSlot { slots[index] }

    /// Chooses a slot; `avoiding` is taken only when there is nothing else.
    ///
    /// The choice counts as a turn at once, the load only with `charge(_:)`.
    public mutating func pick(avoiding: Int? = nil) -> Pick {
        if primaries.count > 0 { return primaries.pick(avoiding: avoiding, slots: slots) }
        if usesAllBackups { return backups.pick(avoiding: avoiding, slots: slots) }
        guard let backup = backupsByPosition.first?.element else { return .none }
        return slots[backup].isFull ? .allFull : .slot(backup)
    }

    /// Adds one to the load of a slot.
    public mutating func charge(_ index: Int) {
        let wasFull = slots[index].isFull
        slots[index].load += 1
        loadChanged(index, wasFull: wasFull)
    }

    /// Takes one from the load of a slot.
    public mutating func discharge(_ index: Int) {
        precondition(slots[index].load > 0)
        let wasFull = slots[index].isFull
        slots[index].load -= 1
        loadChanged(index, wasFull: wasFull)
    }

    /// Changes the load at which a slot is full; 0 means never.
    public mutating func setCapacity(_ index: Int, to capacity: Int) {
        let wasFull = slots[index].isFull
        slots[index].capacity = UInt32(capacity)
        fullnessChanged(index, wasFull: wasFull)
    }

    /// Lets a slot take part or keeps it out; its load stays.
    public mutating func setUsable(_ index: Int, to isUsable: Bool) {
        let tookPart = slots[index].takesPart
        slots[index].isUsable = isUsable
        participationChanged(index, tookPart: tookPart)
    }

    /// Changes the weight of a slot, 0 ... 256. Turns follow the new share from now on.
    public mutating func setWeight(_ index: Int, to weight: Int) {
        precondition((0...256).contains(weight))
        let before = slots[index]
        slots[index].weight = UInt16(weight)
        if before.takesPart && slots[index].takesPart {
            if !before.isBackup {
                primaries.reweigh(index, from: before, to: slots[index])
            } else if usesAllBackups {
                backups.reweigh(index, from: before, to: slots[index])
            }
        } else {
            participationChanged(index, tookPart: before.takesPart, weight: before.weight)
        }
    }

    // MARK: Membership

    private mutating func participationChanged(
        _ index: Int, tookPart: Bool, weight: UInt16? = nil
    ) {
        if tookPart == slots[index].takesPart { return }
        if tookPart { leave(index, weight: weight ?? slots[index].weight) } else { join(index) }
    }

    private mutating func join(_ index: Int) {
        if !slots[index].isBackup {
            primaries.join(index, slots[index])
        } else if usesAllBackups {
            backups.join(index, slots[index])
        } else {
            backupsByPosition.set(index, key: UInt64(index))
        }
    }

    private mutating func leave(_ index: Int, weight: UInt16) {
        if !slots[index].isBackup {
            primaries.leave(index, weight: weight)
        } else if usesAllBackups {
            backups.leave(index, weight: weight)
        } else {
            backupsByPosition.remove(index)
        }
    }

    private mutating func loadChanged(_ index: Int, wasFull: Bool) {
        if algorithm == .leastConnections && wasFull == slots[index].isFull {
            if slots[index].takesPart && !wasFull { settle(index) }
        } else {
            fullnessChanged(index, wasFull: wasFull)
        }
    }

    private mutating func fullnessChanged(_ index: Int, wasFull: Bool) {
        if wasFull == slots[index].isFull || !slots[index].takesPart { return }
        settle(index)
    }

    /// Tells the order of the slot that its load or room has changed.
    private mutating func settle(_ index: Int) {
        if !slots[index].isBackup {
            primaries.settle(index, slots[index])
        } else if usesAllBackups {
            backups.settle(index, slots[index])
        }
    }
}

// One place that load can go to, as the balancer sees it.

/// A slot: its share, its room and its load. Which server stands behind it is not known here.
public struct BalancerSlot: BitwiseCopyable, Sendable {
    /// The effective weight, 0 ... 256; 0 gets nothing new.
    public internal(set) var weight: UInt16
    /// Whether it may be picked at all.
    public internal(set) var isUsable: Bool
    /// Whether it only stands in when no primary slot is usable.
    public let isBackup: Bool
    /// The number by which `first` orders the slots.
    public let identifier: UInt32
    /// How much load it bears now.
    public internal(set) var load: UInt32
    /// The load at which it is full; 0 means never.
    public internal(set) var capacity: UInt32

    /// A slot without load.
    public init(
        weight: Int, isUsable: Bool = true, isBackup: Bool = false, identifier: Int = 0,
        capacity: Int = 0
    ) {
        precondition((0...256).contains(weight))
        self.weight = UInt16(weight)
        self.isUsable = isUsable
        self.isBackup = isBackup
        self.identifier = UInt32(identifier)
        load = 0
        self.capacity = UInt32(capacity)
    }

    /// Whether it takes part: usable and with a weight.
    public var takesPart: Bool { isUsable && weight > 0 }

    /// Whether no more load fits.
    public var isFull: Bool { capacity != 0 && load >= capacity }
}

/// What a balancer answers.
public enum Pick: Equatable, Sendable {
    /// Send it there.
    case slot(Int)
    /// There are usable slots, and every one of them is full.
    case allFull
    /// No slot is usable.
    case none
}

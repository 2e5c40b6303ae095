// From what is tracked to a priority or a fault (keepalived.conf(5): track_interface, track_script,
// track_file, track_process, track_bfd). Pure arithmetic.

/// What one tracked thing means for an instance.
public enum TrackContribution: Sendable, Hashable {
    /// Added to the priority.
    case adjust(Int)
    /// The instance must not serve.
    case fault
}

/// How an instance weighs one tracked thing.
public struct TrackWeight: Sendable, Hashable {
    /// The weight; 0: a failure is a fault.
    public var weight: Int
    /// Whether success counts as failure (weight 0), or the adjustment changes its sign.
    public var isReversed: Bool

    /// A weight.
    public init(_ weight: Int, isReversed: Bool = false) {
        self.weight = weight
        self.isReversed = isReversed
    }

    /// What a thing that is up or down means.
    ///
    /// ```
    /// weight  reversed   up        down
    ///   > 0      no      + weight  0
    ///   < 0      no      0         - |weight|
    ///   > 0      yes     - weight  0
    ///   < 0      yes     0         + |weight|
    ///   0        no      0         fault
    ///   0        yes     fault     0
    /// ```
    public func contribution(isUp: Bool) -> TrackContribution {
        if weight == 0 { return isUp == isReversed ? .fault : .adjust(0) }
        guard isUp == (weight > 0) else { return .adjust(0) }
        return .adjust(isReversed ? 0 - weight : weight)
    }

    /// What the number in a tracked file means: times the weight it is added; less than -253 is a
    /// fault. With weight 0 a number other than zero is a fault, or zero where reversed.
    public func contribution(ofFile number: Int) -> TrackContribution {
        if weight == 0 { return (number != 0) != isReversed ? .fault : .adjust(0) }
        let (product, overflow) = number.multipliedReportingOverflow(by: weight)
        let bounded = overflow ? ((number < 0) == (weight < 0) ? Int.max : Int.min + 1) : product
        let signed = isReversed ? 0 - max(bounded, Int.min + 1) : bounded
        return signed < -TrackSum.limit ? .fault : .adjust(min(signed, TrackSum.limit))
    }
}

/// The sum over all that an instance tracks.
public struct TrackSum: Sendable, Hashable {
    /// The most that one thing adds or takes.
    public static let limit = 253

    /// The configured priority.
    public var base: UInt8
    /// The sum of all adjustments.
    public private(set) var adjustment = 0
    /// How many tracked things demand a fault.
    public private(set) var faults = 0

    /// A sum without any contribution.
    public init(base: UInt8) { self.base = base }

    /// The sum of some contributions.
    public init(base: UInt8, _ contributions: some Sequence<TrackContribution>) {
        self.base = base
        for contribution in contributions { add(contribution) }
    }

    /// Adds one contribution.
    public mutating func add(_ contribution: TrackContribution) {
        switch contribution {
        case .adjust(let change): adjustment += change
        case .fault: faults += 1
        }
    }

    /// Replaces one contribution by another.
    public mutating func replace(_ old: TrackContribution, by new: TrackContribution) {
        switch old {
        case .adjust(let change): adjustment -= change
        case .fault: faults -= 1
        }
        add(new)
    }

    /// Whether the instance must not serve.
    public var isFault: Bool { faults > 0 }

    /// The effective priority: 1...254, or 255 for the owner whatever the weights say.
    public var priority: UInt8 { Self.effective(base: base, adjustment: adjustment) }

    /// The effective priority for a configured one and a sum of weights.
    public static func effective(base: UInt8, adjustment: Int) -> UInt8 {
        guard base != ProtocolNumbers.ownerPriority else { return base }
        let bounded = min(max(adjustment, -1000), 1000)
        return UInt8(min(max(Int(base) + bounded, 1), Int(ProtocolNumbers.ownerPriority) - 1))
    }
}

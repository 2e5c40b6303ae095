// Ports as the configuration writes them: one port, a range, or a number relative to another port.

/// One or more consecutive ports.
public struct PortRange: Hashable, Sendable, BitwiseCopyable {
    /// The first port.
    public let first: UInt16
    /// The last port, not below the first.
    public let last: UInt16

    /// A range of ports; nil when `last` is below `first`.
    public init?(_ first: UInt16, through last: UInt16) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    /// A single port.
    public init(_ port: UInt16) {
        first = port
        last = port
    }

    /// How many ports the range holds.
    public var count: Int { Int(last) - Int(first) + 1 }

    /// Every port in order.
    public var ports: ClosedRange<UInt16> { first...last }
}

extension PortRange: CustomStringConvertible {
    /// `port` or `first-last`.
    public var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}

/// The port part of an address specification.
public enum PortSpecification: Hashable, Sendable {
    /// No port was written.
    case absent
    /// A port or a range.
    case fixed(PortRange)
    /// A number added to the port the client connected to (`+10`, `-5`).
    case offset(Int32)
}

// Policy routing rules as rtnetlink tells of them (linux/fib_rules.h), and the requests that ask
// for, add and delete them. Covers keepalived.conf(5): static_rules and virtual_rules.

import Addresses

/// A rule that says which table packets are routed by.
public struct RoutingRule: Hashable, Sendable {
    /// What is done with packets the rule matches.
    public enum Action: Hashable, Sendable {
        case table(UInt32)
        /// Goes on behind the rule of that priority.
        case goto(UInt32)
        case nothing
        case blackhole
        case unreachable
        case prohibit
        /// Looks up the table of the VRF the packet belongs to.
        case masterDevice
    }

    /// A mark, and which of its bits count.
    public struct Mark: Hashable, Sendable {
        public var value: UInt32
        public var mask: UInt32

        public init(_ value: UInt32, mask: UInt32 = .max) {
            self.value = value
            self.mask = mask
        }
    }

    public var family: IPAddress.Family
    public var action: Action
    /// Rules are tried in this order; nil lets the kernel choose one before all others.
    public var priority: UInt32?
    public var source: Prefix?
    public var destination: Prefix?
    public var inputInterface: String?
    public var outputInterface: String?
    public var typeOfService: UInt8
    public var mark: Mark?
    /// The source's in the high half, the destination's in the low one.
    public var realms: UInt32?
    /// The rule holds for packets that do not match.
    public var isInverted: Bool
    /// Routes with a prefix of up to this length are taken for none.
    public var suppressedPrefixLength: UInt32?
    /// So are those out of an interface of this group.
    public var suppressedGroup: UInt32?
    public var users: ClosedRange<UInt32>?
    /// IP protocol number.
    public var protocolNumber: UInt8?
    public var sourcePorts: ClosedRange<UInt16>?
    public var destinationPorts: ClosedRange<UInt16>?
    public var tunnelIdentifier: UInt64?
    /// Who made it (RTPROT_…).
    public var origin: UInt8

    public init(_ family: IPAddress.Family, _ action: Action, priority: UInt32? = nil) {
        self.family = family
        self.action = action
        self.priority = priority
        typeOfService = 0
        isInverted = false
        origin = Route.protocolVRRP
    }

    /// Whether the kernel takes the two for the same.
    public func isSame(as other: RoutingRule) -> Bool {
        var mine = self
        var theirs = other
        // One that was left to the kernel is any; so is who made it.
        if mine.priority == nil || theirs.priority == nil {
            mine.priority = nil
            theirs.priority = nil
        }
        mine.origin = 0
        theirs.origin = 0
        return mine == theirs
    }
}

/// Attributes of a rule (FRA_…).
private enum RuleAttribute {
    static let destination: UInt16 = 1
    static let source: UInt16 = 2
    static let inputInterface: UInt16 = 3
    static let goto: UInt16 = 4
    static let priority: UInt16 = 6
    static let mark: UInt16 = 10
    static let realms: UInt16 = 11
    static let tunnel: UInt16 = 12
    static let suppressedGroup: UInt16 = 13
    static let suppressedPrefixLength: UInt16 = 14
    static let table: UInt16 = 15
    static let markMask: UInt16 = 16
    static let outputInterface: UInt16 = 17
    static let masterDevice: UInt16 = 19
    static let users: UInt16 = 20
    static let origin: UInt16 = 21
    static let protocolNumber: UInt16 = 22
    static let sourcePorts: UInt16 = 23
    static let destinationPorts: UInt16 = 24
}

extension RoutingRule {
    /// Reads RTM_NEWRULE or RTM_DELRULE; nil where it is neither, or not of IP.
    public init?(_ message: NetlinkMessage) {
        guard
            message.type == RouteMessageType.newRule
                || message.type == RouteMessageType.deleteRule,
            message.body.count >= 12
        else { return nil }
        let body = message.body
        let attributes = NetlinkAttributes(body, from: 12)
        guard body[0] == SocketFamily.inet || body[0] == SocketFamily.inet6,
            let action = Self.action(body, attributes)
        else { return nil }
        self.init(
            body[0] == SocketFamily.inet ? .v4 : .v6, action,
            priority: attributes.word(RuleAttribute.priority) ?? 0)
        source = attributes.address(RuleAttribute.source).flatMap {
            Prefix($0, length: Int(body[2]))
        }
        destination = attributes.address(RuleAttribute.destination).flatMap {
            Prefix($0, length: Int(body[1]))
        }
        inputInterface = attributes.text(RuleAttribute.inputInterface)
        outputInterface = attributes.text(RuleAttribute.outputInterface)
        typeOfService = body[3]
        // FIB_RULE_INVERT.
        isInverted = body.span.word(at: 8) & 2 != 0
        if let value = attributes.word(RuleAttribute.mark) {
            mark = Mark(value, mask: attributes.word(RuleAttribute.markMask) ?? .max)
        }
        realms = attributes.word(RuleAttribute.realms)
        suppressedPrefixLength = Self.chosen(attributes.word(RuleAttribute.suppressedPrefixLength))
        suppressedGroup = Self.chosen(attributes.word(RuleAttribute.suppressedGroup))
        origin = attributes.byte(RuleAttribute.origin) ?? 0
        protocolNumber = attributes.byte(RuleAttribute.protocolNumber)
        if let pair = attributes.bytes(RuleAttribute.users), pair.count >= 8 {
            let (first, last) = (pair.span.word(at: 0), pair.span.word(at: 4))
            if first <= last { users = first...last }
        }
        sourcePorts = Self.ports(attributes.bytes(RuleAttribute.sourcePorts))
        destinationPorts = Self.ports(attributes.bytes(RuleAttribute.destinationPorts))
        tunnelIdentifier = attributes.bytes(RuleAttribute.tunnel).flatMap { bytes in
            bytes.count == 8 ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : nil
        }
    }

    private static func action(_ body: [UInt8], _ attributes: NetlinkAttributes) -> Action? {
        switch body[7] {
        case 1 where attributes.byte(RuleAttribute.masterDevice) == 1: .masterDevice
        case 1: .table(attributes.word(RuleAttribute.table) ?? UInt32(body[4]))
        case 2: .goto(attributes.word(RuleAttribute.goto) ?? 0)
        case 3: .nothing
        case 6: .blackhole
        case 7: .unreachable
        case 8: .prohibit
        default: nil
        }
    }

    /// The kernel says all ones for what was not chosen.
    private static func chosen(_ value: UInt32?) -> UInt32? { value == .max ? nil : value }

    private static func ports(_ pair: [UInt8]?) -> ClosedRange<UInt16>? {
        guard let pair, pair.count >= 4 else { return nil }
        let (first, last) = (pair.span.half(at: 0), pair.span.half(at: 2))
        return first <= last ? first...last : nil
    }

    fileprivate var body: [UInt8] {
        var writer = NetlinkWriter()
        var table: UInt32 = 0
        var number: UInt8 = 1
        switch action {
        case .table(let wanted): table = wanted
        case .goto: number = 2
        case .nothing: number = 3
        case .blackhole: number = 6
        case .unreachable: number = 7
        case .prohibit: number = 8
        case .masterDevice: break
        }
        writer.byte(NetlinkRequest.number(of: family))
        writer.byte(destination?.length ?? 0)
        writer.byte(source?.length ?? 0)
        writer.byte(typeOfService)
        writer.byte(table < 256 ? UInt8(table) : 0)
        writer.zeros(2)
        writer.byte(number)
        writer.word(isInverted ? 2 : 0)
        if case .table = action { writer.attribute(RuleAttribute.table, word: table) }
        if case .goto(let target) = action { writer.attribute(RuleAttribute.goto, word: target) }
        if case .masterDevice = action { writer.attribute(RuleAttribute.masterDevice, byte: 1) }
        writeSelectors(&writer)
        return writer.bytes
    }

    private func writeSelectors(_ writer: inout NetlinkWriter) {
        if let priority { writer.attribute(RuleAttribute.priority, word: priority) }
        if let source { writer.attribute(RuleAttribute.source, address: source.address) }
        if let destination {
            writer.attribute(RuleAttribute.destination, address: destination.address)
        }
        if let inputInterface {
            writer.attribute(RuleAttribute.inputInterface, text: inputInterface)
        }
        if let outputInterface {
            writer.attribute(RuleAttribute.outputInterface, text: outputInterface)
        }
        if let mark {
            writer.attribute(RuleAttribute.mark, word: mark.value)
            writer.attribute(RuleAttribute.markMask, word: mark.mask)
        }
        if let realms { writer.attribute(RuleAttribute.realms, word: realms) }
        if let suppressedPrefixLength {
            writer.attribute(RuleAttribute.suppressedPrefixLength, word: suppressedPrefixLength)
        }
        if let suppressedGroup {
            writer.attribute(RuleAttribute.suppressedGroup, word: suppressedGroup)
        }
        if let tunnelIdentifier {
            writer.attribute(
                RuleAttribute.tunnel,
                bytes: (0..<8).map { UInt8(truncatingIfNeeded: tunnelIdentifier >> (56 - $0 * 8)) })
        }
        if let users {
            var pair = NetlinkWriter()
            pair.word(users.lowerBound)
            pair.word(users.upperBound)
            writer.attribute(RuleAttribute.users, bytes: pair.bytes)
        }
        if let protocolNumber {
            writer.attribute(RuleAttribute.protocolNumber, byte: protocolNumber)
        }
        writePorts(RuleAttribute.sourcePorts, sourcePorts, &writer)
        writePorts(RuleAttribute.destinationPorts, destinationPorts, &writer)
        writer.attribute(RuleAttribute.origin, byte: origin)
    }

    private func writePorts(
        _ type: UInt16, _ ports: ClosedRange<UInt16>?, _ writer: inout NetlinkWriter
    ) {
        guard let ports else { return }
        var pair = NetlinkWriter()
        pair.half(ports.lowerBound)
        pair.half(ports.upperBound)
        writer.attribute(type, bytes: pair.bytes)
    }
}

extension NetlinkRequest {
    /// Adds a rule; fails with `exists` where there is the same.
    public static func add(_ rule: RoutingRule) -> NetlinkRequest {
        NetlinkRequest(
            type: RouteMessageType.newRule, flags: [.create, .exclusive], body: rule.body)
    }

    /// Deletes a rule; fails with `noSuchObject` where there is none like it.
    public static func delete(_ rule: RoutingRule) -> NetlinkRequest {
        NetlinkRequest(type: RouteMessageType.deleteRule, body: rule.body)
    }

    /// Asks for the rules of a family.
    public static func rules(_ family: IPAddress.Family) -> NetlinkRequest {
        var writer = NetlinkWriter()
        writer.byte(number(of: family))
        writer.zeros(11)
        return NetlinkRequest(type: RouteMessageType.getRule, body: writer.bytes)
    }
}

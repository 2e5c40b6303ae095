// Tells of changes to links, addresses, routes and rules as the kernel reports them, and keeps a
// picture of links and addresses that is made anew when reports were lost.

import Addresses
import Kernel

/// One change.
public enum NetworkEvent: Equatable, Sendable {
    /// A link is new or has changed.
    case link(Link)
    case linkRemoved(Link)
    /// An address is new or has changed.
    case address(InterfaceAddress)
    case addressRemoved(InterfaceAddress)
    /// A route is new or has changed. Only from a monitor that was asked for routes.
    case route(Route)
    /// A route was deleted. The kernel does not tell of IPv4 routes that end with their interface
    /// or with an address, so those are to be looked for when a link or an address goes.
    case routeRemoved(Route)
    case rule(RoutingRule)
    case ruleRemoved(RoutingRule)
    /// Reports were lost. Links and addresses that differ are told behind this; routes and rules
    /// are to be looked for.
    case reportsLost
}

/// A change and who made it.
public struct NetworkReport: Equatable, Sendable {
    public var event: NetworkEvent
    /// The port of the netlink socket that asked for it; 0 for the kernel's own doing, and for what
    /// was found by a dump. Equal to ``NetlinkSocket/port`` where it is our own.
    public var port: UInt32

    public init(_ event: NetworkEvent, port: UInt32 = 0) {
        self.event = event
        self.port = port
    }
}

/// The links and addresses of a network namespace. Pure: it takes reports and dumps.
public struct NetworkPicture: Sendable {
    private struct Key: Hashable {
        let address: IPAddress
        let prefixLength: UInt8
        let interface: UInt32
        let peer: IPAddress?

        init(_ address: InterfaceAddress) {
            self.address = address.address
            prefixLength = address.prefixLength
            interface = address.interface
            peer = address.peer
        }
    }

    /// By index.
    public private(set) var links: [UInt32: Link] = [:]
    private var held: [Key: InterfaceAddress] = [:]

    /// Nothing known.
    public init() {}

    /// All addresses, in no order.
    public var addresses: some Collection<InterfaceAddress> { held.values }

    /// The addresses of an interface: IPv4 first, primary before secondary, then by number.
    public func addresses(of interface: UInt32) -> [InterfaceAddress] {
        held.values.filter { $0.interface == interface }.sorted { left, right in
            if left.address.family != right.address.family { return left.address.family == .v4 }
            let ranks = [left, right].map { $0.flags.contains(.secondary) ? 1 : 0 }
            return ranks[0] != ranks[1] ? ranks[0] < ranks[1] : left.address < right.address
        }
    }

    /// Every interface that has an address.
    public func holders(of address: IPAddress) -> [InterfaceAddress] {
        held.values.filter { $0.address == address }
    }

    /// The same address as the kernel has it; nil where it is not there.
    public func address(like address: InterfaceAddress) -> InterfaceAddress? { held[Key(address)] }

    /// A link by name.
    public func link(named name: String) -> Link? { links.values.first { $0.name == name } }

    /// Takes a change in. False where it is of a link or an address and changes nothing.
    public mutating func apply(_ event: NetworkEvent) -> Bool {
        switch event {
        case .link(let link):
            return links.updateValue(link, forKey: link.index) != link
        case .linkRemoved(let link):
            held = held.filter { $0.key.interface != link.index }
            return links.removeValue(forKey: link.index) != nil
        case .address(let address):
            return held.updateValue(address, forKey: Key(address)) != address
        case .addressRemoved(let address):
            return held.removeValue(forKey: Key(address)) != nil
        case .route, .routeRemoved, .rule, .ruleRemoved, .reportsLost:
            return true
        }
    }

    /// Takes a dump in and returns what differs from the picture before, what is gone first.
    public mutating func replace(
        links newLinks: [Link], addresses newAddresses: [InterfaceAddress]
    ) -> [NetworkEvent] {
        var events: [NetworkEvent] = []
        let keys = Set(newAddresses.map(Key.init))
        for (key, address) in held where !keys.contains(key) {
            events.append(.addressRemoved(address))
        }
        let indexes = Set(newLinks.map(\.index))
        for (index, link) in links where !indexes.contains(index) {
            events.append(.linkRemoved(link))
        }
        events += newLinks.filter { links[$0.index] != $0 }.map { .link($0) }
        events += newAddresses.filter { held[Key($0)] != $0 }.map { .address($0) }
        for event in events { _ = apply(event) }
        return events
    }
}

/// Listens to the kernel. One thread; to be watched for reading by its number.
public struct NetworkMonitor: ~Copyable {
    private let descriptor: Descriptor
    private var room = [UInt8](repeating: 0, count: 65536)
    /// Links and addresses as of the last read.
    public private(set) var picture: NetworkPicture
    /// How often reports were lost and the picture was made anew.
    public private(set) var resynchronizations = 0

    /// Datagrams taken in one read, at most.
    static let mostDatagrams = 256

    /// Begins to listen, in the calling thread's network namespace, and takes the picture.
    ///
    /// - Parameters:
    ///   - receiveBufferBytes: room for reports that wait; reports that find none are lost and cost
    ///     a resynchronization.
    ///   - beyondLimit: whether that may be more than the system's limit.
    ///   - routesAndRules: whether to tell of those as well.
    public init(
        receiveBufferBytes: Int32 = 1 << 20, beyondLimit: Bool = true,
        routesAndRules: Bool = false, using requests: inout NetlinkSocket
    ) throws(NetlinkFailure) {
        // Listening comes first, so that no change slips between picture and reports.
        let descriptor = try Self.open(receiveBufferBytes, beyondLimit, routesAndRules)
        var picture = NetworkPicture()
        _ = try Self.take(&picture, using: &requests)
        self.picture = picture
        self.descriptor = descriptor
    }

    private static func open(
        _ receiveBufferBytes: Int32, _ beyondLimit: Bool, _ routesAndRules: Bool
    ) throws(NetlinkFailure) -> Descriptor {
        do throws(Errno) {
            let socket = try Descriptor.netlink(family: NetlinkSocket.Family.route.rawValue)
            socket.setReceiveBuffer(bytes: receiveBufferBytes, beyondLimit: beyondLimit)
            // RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR.
            var groups: [UInt32] = [1, 5, 9]
            // RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE.
            if routesAndRules { groups += [7, 8, 11, 19] }
            for group in groups where !socket.joinNetlinkGroup(group) {
                throw Errno.last
            }
            return socket
        } catch {
            throw NetlinkFailure(error)
        }
    }

    /// To be watched.
    public var number: Int32 { descriptor.number }

    /// Takes what has been reported, without waiting; a part of it where there is very much, so the
    /// caller comes again while the descriptor is readable.
    ///
    /// Reports that change nothing are left out. Where reports were lost, what differs is found by
    /// a dump through `requests`.
    public mutating func read(
        using requests: inout NetlinkSocket
    ) throws(NetlinkFailure) -> [NetworkReport] {
        var reports: [NetworkReport] = []
        for _ in 0..<Self.mostDatagrams {
            switch descriptor.receiveNetlink(into: &room) {
            case .bytes(let count, let sender):
                if sender != 0 { continue }
                for message in NetlinkMessage.all(in: room.span.extracting(0..<count)) {
                    guard let event = NetworkEvent(message), picture.apply(event) else { continue }
                    reports.append(NetworkReport(event, port: message.port))
                }
            case .wouldBlock:
                return reports
            case .overflowed, .tooLong:
                resynchronizations += 1
                return reports + [NetworkReport(.reportsLost)]
                    + (try resynchronize(using: &requests))
            case .failed(let failure):
                throw NetlinkFailure(failure)
            }
        }
        return reports
    }

    /// Makes the picture anew and returns what differs.
    public mutating func resynchronize(
        using requests: inout NetlinkSocket
    ) throws(NetlinkFailure) -> [NetworkReport] {
        try Self.take(&picture, using: &requests)
    }

    private static func take(
        _ picture: inout NetworkPicture, using requests: inout NetlinkSocket
    ) throws(NetlinkFailure) -> [NetworkReport] {
        let links = try requests.dump(.links).compactMap { Link($0) }
        let addresses = try requests.dump(.addresses()).compactMap { InterfaceAddress($0) }
        return picture.replace(links: links, addresses: addresses).map { NetworkReport($0) }
    }
}

extension NetworkEvent {
    /// Reads a notification; nil where it is of something else.
    public init?(_ message: NetlinkMessage) {
        switch message.type {
        case RouteMessageType.newLink:
            guard let link = Link(message) else { return nil }
            self = .link(link)
        case RouteMessageType.deleteLink:
            guard let link = Link(message) else { return nil }
            self = .linkRemoved(link)
        case RouteMessageType.newAddress:
            guard let address = InterfaceAddress(message) else { return nil }
            self = .address(address)
        case RouteMessageType.deleteAddress:
            guard let address = InterfaceAddress(message) else { return nil }
            self = .addressRemoved(address)
        case RouteMessageType.newRoute:
            guard let route = Route(message) else { return nil }
            self = .route(route)
        case RouteMessageType.deleteRoute:
            guard let route = Route(message) else { return nil }
            self = .routeRemoved(route)
        case RouteMessageType.newRule:
            guard let rule = RoutingRule(message) else { return nil }
            self = .rule(rule)
        case RouteMessageType.deleteRule:
            guard let rule = RoutingRule(message) else { return nil }
            self = .ruleRemoved(rule)
        default:
            return nil
        }
    }
}

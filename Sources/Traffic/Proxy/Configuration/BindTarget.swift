// Where a listener listens, after host names were resolved.

import Addresses

/// What a `bind` or `stats socket` address stands for.
public enum BindTarget: Hashable, Sendable {
    /// An IP address, listening on every port of the range.
    case ip(IPAddress, PortRange)
    /// A UNIX path or abstract name.
    case unix(UNIXSocketAddress)
    /// An inherited descriptor that is already bound.
    case descriptor(Int32)
    /// An inherited socket over which accepted descriptors arrive.
    case socketPair(Int32)
}

extension BindConfiguration {
    /// The first address it listens on; nil where that is no IP address.
    public var boundAddress: IPSocketAddress? {
        guard case .ip(let address, let ports)? = target else { return nil }
        return IPSocketAddress(address, port: UInt16(ports.first))
    }
}

extension BindTarget: CustomStringConvertible {
    /// The target in the configuration's syntax.
    public var description: String {
        let place: AddressSpecification.Place
        var port = PortSpecification.absent
        switch self {
        case .ip(let address, let ports):
            place = address.isUnspecified ? .wildcard(address.family) : .address(address)
            port = .fixed(ports)
        case .unix(let address): place = .unix(address)
        case .descriptor(let number): place = .descriptor(number)
        case .socketPair(let number): place = .socketPair(number)
        }
        return AddressSpecification(place: place, port: port).description
    }
}

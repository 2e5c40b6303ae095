// Asks a driver for the state of its link, for the few that tell the kernel nothing by themselves.

import CLinux
import Glibc

/// Asks for carriers, in the network namespace of the thread that made it.
public struct LinkCarrier: ~Copyable {
    /// How a driver is asked.
    public enum Method: Int32, Sendable, CaseIterable {
        /// The transceiver's status register (SIOCGMIIREG).
        case mii = 0
        /// ETHTOOL_GLINK.
        case ethtool = 1
        /// The interface's flag IFF_RUNNING (SIOCGIFFLAGS).
        case flags = 2
    }

    private let socket: Descriptor

    /// A way to ask.
    public init() throws(Errno) {
        socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_DGRAM.rawValue))
    }

    /// Whether the link of an interface works; nil where the driver cannot be asked in that way, or
    /// there is no such interface.
    public func state(of interface: String, by method: Method) -> Bool? {
        // Safety: the name is handed over as a C string that lives for the duration of the call.
        let answer = unsafe martlet_link_carrier(socket.number, interface, method.rawValue)
        return answer < 0 ? nil : answer == 1
    }
}

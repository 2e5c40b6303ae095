// Telling a supervisor how the start goes: datagrams of `NAME=value` lines to the UNIX socket named
// by NOTIFY_SOCKET. systemd documentation: sd_notify(3).

import Addresses
import Kernel

/// Where a supervisor wants to hear from the daemon.
public struct ReadinessNotification: Equatable, Sendable {
    private let address: UNIXSocketAddress

    /// Reads the socket's name from the value of NOTIFY_SOCKET: a path, or `@` and an abstract
    /// name. Nil when it is absent or neither.
    public init?(socketName: String?) {
        guard let socketName, let first = socketName.utf8.first else { return nil }
        let bytes = Array(socketName.utf8)
        switch first {
        case UInt8(ascii: "/"):
            guard let path = UNIXSocketAddress(.path, name: bytes) else { return nil }
            address = path
        case UInt8(ascii: "@"):
            guard let abstract = UNIXSocketAddress(.abstractShort, name: Array(bytes.dropFirst()))
            else { return nil }
            address = abstract
        default:
            return nil
        }
    }

    /// What can be told.
    public enum State: Equatable, Sendable {
        /// The start is over; this process is the main one.
        case ready(ProcessID)
        /// A reload has begun, at this point of the monotonic clock.
        case reloading(since: Instant)
        /// The daemon is ending.
        case stopping
        /// The loop runs: said within each period of the watchdog.
        case alive
        /// A line for people.
        case status(String)

        /// The lines of the datagram.
        public var lines: String {
            switch self {
            case .ready(let process): "READY=1\nMAINPID=\(process)\n"
            case .reloading(let instant):
                "RELOADING=1\nMONOTONIC_USEC=\(instant.nanoseconds / 1000)\n"
            case .stopping: "STOPPING=1\n"
            case .alive: "WATCHDOG=1\n"
            case .status(let text): "STATUS=\(text)\n"
            }
        }
    }

    /// Sends states in one datagram, without waiting.
    public func send(_ states: State...) throws(Errno) {
        let socket = try Descriptor.socket(
            family: Int32(SocketFamily.unix), type: SocketTypeNumber.datagram)
        let text = Array(states.map(\.lines).joined().utf8)
        let result = socket.sendDatagram(text.span, to: RawSocketAddress(.unix(address)))
        if case .failed(let failure) = result { throw failure }
    }
}

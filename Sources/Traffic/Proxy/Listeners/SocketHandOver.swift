// Handing listening sockets to another process over a `stats socket` (`expose-fd listeners` here,
// `-x` there), as HAProxy does it and watched from it:
//
//     new process                              old process
//     "_getsocks\n"                    ──►
//                                      ◄──     number of sockets, 4 bytes in the host's order
//                                      ◄──     up to 252 descriptors, and for each of them
//                                              ┌ length ┬ namespace ┬ length ┬ interface ┬ 0 ┐
//                                              └ 1 byte ┴ …         ┴ 1 byte ┴ …         ┴ 4 ┘
//     4 bytes, any                     ──►     and on until all are sent
//
// Control path: both sides wait, a second at most for each step.

import Addresses
import Kernel
import Synchronization

/// The exchange.
public enum SocketHandOver {
    /// The line that asks for the sockets.
    public static let command = "_getsocks"
    private static let patienceMilliseconds: Int32 = 1000
    /// Bytes for one socket, with the longest names.
    private static let mostBytes = 1 + 255 + 1 + 255 + 4

    /// Gives sockets away; both processes listen from then on.
    public static func give(_ sockets: [ListenerSocket], over descriptor: borrowing Descriptor) {
        let open = sockets.filter { $0.number >= 0 }
        guard case .bytes(4) = descriptor.send(bytes(of: Int32(open.count)).span) else { return }
        var rest = open[...]
        while !rest.isEmpty {
            let batch = rest.prefix(Descriptor.mostPassedAtOnce)
            rest = rest.dropFirst(batch.count)
            var text: [UInt8] = []
            for socket in batch {
                let interface = Array((socket.identity?.interface ?? "").utf8.prefix(255))
                text += [0, UInt8(interface.count)] + interface + [0, 0, 0, 0]
            }
            guard descriptor.send(text, passing: batch.map(\.number)),
                descriptor.awaitReadable(milliseconds: patienceMilliseconds),
                case .bytes = descriptor.discard()
            else { return }
        }
    }

    /// Asks the process behind a UNIX socket for its listening sockets; nil when it gives none.
    public static func take(from path: String) -> TakenSockets? {
        guard let address = UNIXSocketAddress(.path, name: Array(path.utf8)) else { return nil }
        var taken: [TakenSockets.Socket] = []
        do throws(Errno) {
            let raw = RawSocketAddress(.unix(address))
            let descriptor = try Descriptor.socket(
                family: raw.family, type: SocketTypeNumber.stream)
            guard try descriptor.connect(to: raw) else { return nil }
            let line = Array((command + "\n").utf8)
            guard case .bytes(line.count) = descriptor.send(line.span),
                descriptor.awaitReadable(milliseconds: patienceMilliseconds),
                let count = descriptor.receivePassed(atMost: 4), count.bytes.count == 4
            else { return nil }
            let total = count.bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
            while taken.count < total {
                guard descriptor.awaitReadable(milliseconds: patienceMilliseconds),
                    let message = descriptor.receivePassed(
                        atMost: mostBytes * Descriptor.mostPassedAtOnce),
                    let sockets = sockets(of: message)
                else { return nil }
                taken += sockets
                // After the last batch the other side may be gone already.
                let answer: [UInt8] = [0, 0, 0, 0]
                _ = descriptor.send(answer.span)
            }
        } catch {
            return nil
        }
        return TakenSockets(taken)
    }

    /// The sockets of a message; nil, and all closed, when it is not well formed.
    private static func sockets(of message: PassedDescriptors) -> [TakenSockets.Socket]? {
        var sockets: [TakenSockets.Socket] = []
        var rest = message.bytes[...]
        for (index, number) in message.numbers.enumerated() {
            let descriptor = Descriptor(owning: number)
            guard takeName(&rest) != nil, let interface = takeName(&rest), rest.count >= 4 else {
                for late in message.numbers[(index + 1)...] { Descriptor(owning: late).close() }
                return nil
            }
            rest = rest.dropFirst(4)
            let address = try? descriptor.localAddress()
            let type = descriptor.socketType()
            guard let address, type == SocketTypeNumber.stream else { continue }
            sockets.append(
                TakenSockets.Socket(
                    descriptor, address: address, interface: interface.isEmpty ? nil : interface))
        }
        return message.numbers.isEmpty ? nil : sockets
    }

    private static func takeName(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard let length = bytes.popFirst(), bytes.count >= Int(length) else { return nil }
        defer { bytes = bytes.dropFirst(Int(length)) }
        return String(decoding: bytes.prefix(Int(length)), as: UTF8.self)
    }

    private static func bytes(of number: Int32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * Int32($0))) }
    }
}

/// Listening sockets of an older process; those nobody takes are closed with this object.
public final class TakenSockets: Sendable {
    /// One of them.
    final class Socket: Sendable {
        let address: RawSocketAddress
        let interface: String?
        private let number: Mutex<Int32>

        init(
            _ descriptor: consuming Descriptor, address: RawSocketAddress, interface: String?
        ) {
            self.address = address
            self.interface = interface
            number = Mutex(descriptor.surrender())
        }

        deinit { take().close() }

        /// Gives the descriptor away, once.
        func take() -> Descriptor {
            Descriptor(
                owning: number.withLock { number in
                    defer { number = -1 }
                    return number
                })
        }
    }

    private let sockets: Mutex<[Socket]>

    init(_ sockets: [Socket]) { self.sockets = Mutex(sockets) }

    /// How many there are still.
    public var count: Int { sockets.withLock { $0.count } }

    /// Takes the socket that listens where a line wants to, if there is one.
    func take(for identity: ListenerIdentity) -> Descriptor? {
        let found = sockets.withLock { sockets -> Socket? in
            let index = sockets.firstIndex { $0.fits(identity) }
            return index.map { sockets.remove(at: $0) }
        }
        return found?.take()
    }
}

extension TakenSockets.Socket {
    /// Whether a line with that identity would open just this socket.
    fileprivate func fits(_ identity: ListenerIdentity) -> Bool {
        guard case .address(let wanted) = identity.place, interface == identity.interface,
            let present = address.socketAddress
        else { return false }
        switch (wanted, present) {
        case (.ip(let wanted), .ip(let present)):
            return wanted == present
        case (.unix(let wanted), .unix(let present)):
            if wanted == present { return true }
            // Bound under a name of its own first: `path.PID.tmp`.
            guard wanted.kind == .path, present.kind == .path,
                present.name.starts(with: wanted.name)
            else { return false }
            let suffix = String(decoding: present.name.dropFirst(wanted.name.count), as: UTF8.self)
            return suffix.hasPrefix(".") && suffix.hasSuffix(".tmp")
                && suffix.dropFirst().dropLast(4).allSatisfy(\.isNumber)
        default:
            return false
        }
    }
}

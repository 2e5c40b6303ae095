// The kernel's process events connector: a message for each fork, exec, new name and exit. Only
// the first network and process namespaces have it; elsewhere there is no socket or no answer.
//
//     nlmsghdr(16)  cn_msg(20): index 1, value 1, seq, ack, length  proc_event: what(4) cpu(4)
//     time(8) numbers(4 each)

import CLinux
import Glibc

/// Something that happened to a process.
public enum ProcessEvent: Equatable, Sendable {
    /// The kernel has understood that we listen.
    case listening
    case forked(child: Int32)
    case executed(Int32)
    case renamed(Int32)
    case exited(Int32)
}

/// What a read of events gave.
public struct ProcessEventBatch: Equatable, Sendable {
    /// What happened, in order.
    public var events: [ProcessEvent] = []
    /// Whether the kernel had to drop events.
    public var isIncomplete = false
}

/// Listens to the process events connector.
public struct ProcessEvents: ~Copyable {
    private let descriptor: Descriptor
    /// Messages taken at one turn, at most.
    private static let mostMessages = 256

    /// Opens the connector and asks for events; whether they come is told by
    /// ``ProcessEvent/listening``.
    ///
    /// - Parameters:
    ///   - receiveBufferBytes: room for events that wait; nil leaves the system's default.
    ///   - beyondLimit: whether that may be more than the system's limit.
    public init(receiveBufferBytes: Int32? = nil, beyondLimit: Bool = false) throws(Errno) {
        let connector: Int32 = 11
        let socket = try Descriptor.socket(
            family: AF_NETLINK, type: Int32(SOCK_DGRAM.rawValue), protocol: connector)
        if let receiveBufferBytes {
            socket.setReceiveBuffer(bytes: receiveBufferBytes, beyondLimit: beyondLimit)
        }
        var address = [UInt8](repeating: 0, count: 12)
        address[0] = UInt8(AF_NETLINK)
        address[8] = 1
        // Safety: twelve bytes are a whole sockaddr_nl, read during the call.
        let status = unsafe address.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe Glibc.bind(socket.number, $0.baseAddress, 12)
            }
        }
        if status < 0 { throw Errno.last }
        var message: [UInt8] = []
        func word(_ value: UInt32) {
            let ordered = UInt32(littleEndian: value)
            for shift: UInt32 in [0, 8, 16, 24] {
                message.append(UInt8(truncatingIfNeeded: ordered >> shift))
            }
        }
        // Length 40, type NLMSG_DONE; index, value, seq, ack; length 4; PROC_CN_MCAST_LISTEN.
        for value: UInt32 in [40, 3, 0, 0, 1, 1, 0, 0, 4, 1] { word(value) }
        switch socket.send(message.span) {
        case .bytes: descriptor = socket
        case .wouldBlock: throw Errno(EAGAIN)
        case .failed(let failure): throw failure
        }
    }

    /// The number to watch for reading.
    public var number: Int32 { descriptor.number }

    /// Takes what has arrived, up to a bound; what is left makes the descriptor readable again.
    public func read() -> ProcessEventBatch {
        var batch = ProcessEventBatch()
        for _ in 0..<ProcessEvents.mostMessages {
            var bytes: [UInt8] = []
            switch descriptor.read(appendingTo: &bytes, atMost: 1024) {
            case .bytes:
                if let event = ProcessEvents.event(in: bytes.span) { batch.events.append(event) }
            case .failed(let failure) where failure.code == ENOBUFS:
                batch.isIncomplete = true
            case .wouldBlock, .ended, .failed:
                return batch
            }
        }
        return batch
    }

    /// The event of one message; nil for what does not matter: threads and other news.
    static func event(in bytes: Span<UInt8>) -> ProcessEvent? {
        func word(_ start: Int) -> UInt32 {
            UInt32(
                littleEndian: UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8
                    | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24)
        }
        guard bytes.count >= 60, word(16) == 1, word(20) == 1 else { return nil }
        /// The number at `start` when that of its thread group, behind it, is the same.
        func leader(_ start: Int) -> Int32? {
            guard bytes.count >= start + 8, word(start) == word(start + 4) else { return nil }
            return Int32(bitPattern: word(start))
        }
        switch word(36) {
        case 0: return word(52) == 0 ? .listening : nil
        case 0x1:
            guard bytes.count >= 68 else { return nil }
            return leader(60).map { .forked(child: $0) }
        case 0x2: return leader(52).map { .executed($0) }
        case 0x200: return leader(52).map { .renamed($0) }
        case 0x8000_0000: return leader(52).map { .exited($0) }
        default: return nil
        }
    }
}

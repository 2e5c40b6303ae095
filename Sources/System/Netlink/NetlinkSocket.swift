// A netlink socket for requests: many of them in few datagrams, each answered, and dumps. rtnetlink
// works on a request before the sending call returns, so the answers are there at once; the wait
// for them is bounded all the same.

import Kernel

/// Why a request failed.
public struct NetlinkFailure: Error, Equatable, Sendable {
    /// The kernel's error number.
    public var errno: Errno
    /// The kernel's explanation; empty where it gives none.
    public var explanation: String

    public init(_ errno: Errno, explanation: String = "") {
        self.errno = errno
        self.explanation = explanation
    }

    /// It is there already (EEXIST).
    public static let exists = Errno(17)
    /// There is no such address (EADDRNOTAVAIL).
    public static let noSuchAddress = Errno(99)
    /// There is no such interface (ENODEV).
    public static let noSuchInterface = Errno(19)
    /// There is no such route or rule (ESRCH, ENOENT for rules).
    public static let noSuchRoute = Errno(3)
    /// There is no such rule, table or chain (ENOENT).
    public static let noSuchObject = Errno(2)
    /// The privilege is missing (EPERM).
    public static let notPermitted = Errno(1)
}

extension NetlinkFailure: CustomStringConvertible {
    /// The C library's text and the kernel's explanation.
    public var description: String {
        explanation.isEmpty ? errno.text : "\(errno.text) (\(explanation))"
    }
}

/// What became of one request; nil is success.
public typealias NetlinkOutcome = NetlinkFailure?

/// A socket for requests to the kernel. One thread.
public struct NetlinkSocket: ~Copyable {
    /// Families of netlink.
    public enum Family: Int32, Sendable {
        /// Links, addresses, routes, rules (NETLINK_ROUTE).
        case route = 0
        /// nf_tables (NETLINK_NETFILTER).
        case netfilter = 12
    }

    private let descriptor: Descriptor
    private var sequence: UInt32 = 0
    private var room = [UInt8](repeating: 0, count: 65536)
    /// The port that stands in notifications of changes made by this socket.
    public let port: UInt32

    /// Requests sent in one datagram, at most: their answers fit the smallest receive buffer.
    static let mostRequestsAtOnce = 64
    /// Bytes of one datagram, at most.
    static let mostBytesAtOnce = 32768
    /// Messages of one dump, at most.
    static let mostMessages = 1 << 20
    /// How long an answer may take.
    static let patienceMilliseconds: Int32 = 2000

    /// Opens a socket in the calling thread's network namespace, where it stays.
    ///
    /// - Parameters:
    ///   - receiveBufferBytes: room for answers that wait; nil leaves the system's default.
    ///   - beyondLimit: whether that may be more than the system's limit.
    public init(
        _ family: Family = .route, receiveBufferBytes: Int32? = nil, beyondLimit: Bool = true
    ) throws(Errno) {
        let descriptor = try Descriptor.netlink(family: family.rawValue)
        descriptor.setNetlinkComforts()
        if let receiveBufferBytes {
            descriptor.setReceiveBuffer(bytes: receiveBufferBytes, beyondLimit: beyondLimit)
        }
        port = descriptor.netlinkPort()
        self.descriptor = descriptor
    }

    /// Sends requests in their order and returns what became of each.
    ///
    /// A request that fails does not keep those behind it from being tried. Throws only where the
    /// socket itself fails.
    public mutating func perform(_ requests: [NetlinkRequest]) throws(Errno) -> [NetlinkOutcome] {
        var outcomes: [NetlinkOutcome] = []
        outcomes.reserveCapacity(requests.count)
        var next = 0
        while next < requests.count {
            var datagram: [UInt8] = []
            let first = next
            let firstSequence = sequence &+ 1
            while next < requests.count, next - first < Self.mostRequestsAtOnce,
                next == first
                    || datagram.count + requests[next].body.count + 20
                        <= Self.mostBytesAtOnce
            {
                sequence &+= 1
                requests[next].append(to: &datagram, sequence: sequence)
                next += 1
            }
            try descriptor.sendNetlink(datagram)
            outcomes += try acknowledgements(from: firstSequence, count: next - first)
        }
        return outcomes
    }

    /// Sends one request and throws what the kernel says against it.
    public mutating func perform(_ request: NetlinkRequest) throws(NetlinkFailure) {
        let outcomes: [NetlinkOutcome]
        do {
            outcomes = try perform([request])
        } catch {
            throw NetlinkFailure(error)
        }
        if let failure = outcomes[0] { throw failure }
    }

    /// Asks for one object and returns the message that names it.
    public mutating func query(_ request: NetlinkRequest) throws(NetlinkFailure) -> NetlinkMessage {
        sequence &+= 1
        let wanted = sequence
        var datagram: [UInt8] = []
        request.append(to: &datagram, sequence: wanted, isAcknowledged: false)
        var answer: NetlinkMessage?
        do throws(Errno) {
            try descriptor.sendNetlink(datagram)
            while answer == nil {
                answer = try receive().first { $0.sequence == wanted }
            }
        } catch {
            throw NetlinkFailure(error)
        }
        guard let answer else { throw NetlinkFailure(Errno(71)) }
        if answer.type == NetlinkMessage.failure {
            throw failure(in: answer) ?? NetlinkFailure(Errno(71))
        }
        return answer
    }

    /// Asks for a link by name; nil where there is none.
    public mutating func link(named name: String) throws(NetlinkFailure) -> Link? {
        do {
            return Link(try query(.link(named: name)))
        } catch {
            if error.errno == NetlinkFailure.noSuchInterface { return nil }
            throw error
        }
    }

    /// Sends requests to nf_tables that all take effect at once, or none; throws the first failure.
    public mutating func transact(_ requests: [NetlinkRequest]) throws(NetlinkFailure) {
        // struct nfgenmsg with the subsystem in the order of the wire.
        let subsystem: [UInt8] = [0, 0, 0, 10]
        let begin = NetlinkRequest(type: 16, body: subsystem)
        let end = NetlinkRequest(type: 17, body: subsystem)
        var datagram: [UInt8] = []
        begin.append(to: &datagram, sequence: sequence &+ 1, isAcknowledged: false)
        for (index, request) in requests.enumerated() {
            request.append(to: &datagram, sequence: sequence &+ 2 &+ UInt32(index))
        }
        let last = sequence &+ 2 &+ UInt32(requests.count)
        end.append(to: &datagram, sequence: last, isAcknowledged: false)
        let first = sequence &+ 1
        sequence = last
        // The transaction is one datagram, and each request is answered.
        descriptor.setSendBuffer(bytes: Int32(clamping: max(212_992, datagram.count * 2)))
        descriptor.setReceiveBuffer(bytes: Int32(clamping: max(212_992, requests.count * 2048)))
        var failed: NetlinkFailure?
        do throws(Errno) {
            try descriptor.sendNetlink(datagram)
            failed = try firstFailure(from: first, to: last, count: requests.count)
        } catch {
            throw NetlinkFailure(error)
        }
        if let failed { throw failed }
    }

    /// Waits until each of `count` requests is answered or one has failed.
    private mutating func firstFailure(
        from first: UInt32, to last: UInt32, count: Int
    ) throws(Errno) -> NetlinkFailure? {
        var missing = count
        while missing > 0 {
            for message in try receive() where message.type == NetlinkMessage.failure {
                guard message.sequence &- first <= last &- first else { continue }
                // Answers to the others are left unread; their numbers are never waited for.
                if let failure = failure(in: message) { return failure }
                missing -= 1
            }
        }
        return nil
    }

    /// Asks for all objects and returns the messages that name them.
    ///
    /// A dump that the kernel calls inconsistent because something changed meanwhile is asked for
    /// again, up to three times.
    public mutating func dump(_ request: NetlinkRequest) throws(NetlinkFailure) -> [NetlinkMessage]
    {
        for _ in 0..<3 {
            if let messages = try dumpOnce(request) { return messages }
        }
        return try dumpOnce(request) ?? []
    }

    /// One try; nil when it was interrupted by a change.
    private mutating func dumpOnce(
        _ request: NetlinkRequest
    ) throws(NetlinkFailure) -> [NetlinkMessage]? {
        sequence &+= 1
        let wanted = sequence
        var asking = request
        asking.flags.insert(.dump)
        var datagram: [UInt8] = []
        asking.append(to: &datagram, sequence: wanted, isAcknowledged: false)
        var messages: [NetlinkMessage] = []
        var isInterrupted = false
        do {
            try descriptor.sendNetlink(datagram)
            while messages.count < Self.mostMessages {
                for message in try receive() where message.sequence == wanted {
                    if message.flags & 0x10 != 0 { isInterrupted = true }
                    if message.type == NetlinkMessage.done {
                        if let failure = failure(in: message) { throw failure }
                        return isInterrupted ? nil : messages
                    }
                    if message.type == NetlinkMessage.failure {
                        throw failure(in: message) ?? NetlinkFailure(Errno(71))
                    }
                    messages.append(message)
                }
            }
        } catch let error as Errno {
            throw NetlinkFailure(error)
        } catch let error as NetlinkFailure {
            throw error
        } catch {
            throw NetlinkFailure(Errno(71))
        }
        throw NetlinkFailure(Errno(90))
    }

    /// Waits for the answers to requests numbered from `first` on.
    private mutating func acknowledgements(
        from first: UInt32, count: Int
    ) throws(Errno) -> [NetlinkOutcome] {
        var outcomes = [NetlinkOutcome?](repeating: nil, count: count)
        var missing = count
        while missing > 0 {
            for message in try receive() where message.type == NetlinkMessage.failure {
                let index = Int(message.sequence &- first)
                guard index < count, outcomes[index] == nil else { continue }
                outcomes[index] = .some(failure(in: message))
                missing -= 1
            }
        }
        return outcomes.map { $0 ?? nil }
    }

    /// The messages of the next datagram of the kernel.
    private mutating func receive() throws(Errno) -> [NetlinkMessage] {
        let deadline = Clock.monotonic().milliseconds + UInt64(Self.patienceMilliseconds)
        while true {
            switch descriptor.receiveNetlink(into: &room) {
            case .bytes(let count, let sender):
                if sender == 0 {
                    return NetlinkMessage.all(in: room.span.extracting(0..<count))
                }
            case .wouldBlock:
                let now = Clock.monotonic().milliseconds
                if now >= deadline { throw .timedOut }
                // May end early, when the process was stopped meanwhile; then it waits again.
                _ = descriptor.awaitReadable(milliseconds: Int32(deadline - now))
            case .overflowed: throw .noBufferSpace
            case .tooLong: throw Errno(90)
            case .failed(let failure): throw failure
            }
        }
    }

    /// The error of an acknowledgement or of a dump's end; nil for success.
    private func failure(in message: NetlinkMessage) -> NetlinkFailure? {
        NetlinkFailure(answer: message)
    }
}

extension NetlinkFailure {
    /// Reads NLMSG_ERROR or NLMSG_DONE; nil for success, and for a body that is too short to fail.
    init?(answer message: NetlinkMessage) {
        guard message.body.count >= 4 else { return nil }
        let code = Int32(bitPattern: message.body.span.word(at: 0))
        if code == 0 || message.type == NetlinkMessage.done && code > 0 { return nil }
        var explanation = ""
        if message.flags & 0x200 != 0, message.type == NetlinkMessage.failure,
            message.body.count >= 20
        {
            // Behind the number stands the request's header, with its body unless capped.
            let copied = message.flags & 0x100 != 0 ? 16 : Int(message.body.span.word(at: 4))
            let attributes = NetlinkAttributes(message.body, from: 4 + (copied + 3) & ~3)
            explanation = attributes.text(1) ?? ""
        }
        self.init(Errno(code == .min ? .max : abs(code)), explanation: explanation)
    }
}

// What the guardian knows of the process it guards: which addresses to remove, and which adverts to
// send, should that process die without a word. It travels over a socket in frames:
//
//     length (4, of what follows) kind (1) key (4) payload
//
// A pure reader takes the bytes in any pieces.

import Addresses
import Bytes

/// One thing to undo.
enum LedgerEntry: Equatable {
    /// An address that only a master may hold.
    case address(interface: UInt32, IPAddress, prefixLength: UInt8)
    /// An advert of priority 0, which lets a backup take over at once.
    case farewell(Farewell)

    /// An advert with where it goes.
    struct Farewell: Equatable {
        /// The interface's index, 0 where routing decides.
        var interface: UInt32
        var source: IPAddress
        var destination: IPAddress
        var timeToLive: UInt8
        /// The VRRP message.
        var message: [UInt8]
    }
}

/// A change of the ledger.
enum LedgerMessage: Equatable {
    case enter(key: UInt32, LedgerEntry)
    case strike(key: UInt32)
    /// Nothing is to be undone: the process ends in good order and leaves things on purpose.
    case strikeAll
}

extension LedgerMessage {
    /// The most bytes behind a frame's length: an advert of 255 addresses of IPv6 has 4088.
    static let longestFrame = 4200

    /// The message as one frame.
    var frame: [UInt8] {
        var body: [UInt8] = []
        switch self {
        case .enter(let key, .address(let interface, let address, let prefix)):
            body = [1] + Self.bytes(key) + Self.bytes(interface) + Self.bytes(address) + [prefix]
        case .enter(let key, .farewell(let farewell)):
            body = [2] + Self.bytes(key) + Self.bytes(farewell.interface)
            body += Self.bytes(farewell.source) + Self.bytes(farewell.destination)
            body += [farewell.timeToLive] + farewell.message
        case .strike(let key): body = [3] + Self.bytes(key)
        case .strikeAll: body = [4] + Self.bytes(0)
        }
        precondition(body.count <= Self.longestFrame, "an advert is shorter than that")
        return Self.bytes(UInt32(body.count)) + body
    }

    /// The message in a frame without its length; nil for what no frame looks like.
    init?(body: Span<UInt8>) {
        var reader = LedgerReader(body: body)
        guard let kind = reader.byte(), let key = reader.number() else { return nil }
        switch kind {
        case 1:
            guard let interface = reader.number(), let address = reader.address(),
                let prefix = reader.byte()
            else { return nil }
            self = .enter(
                key: key, .address(interface: interface, address, prefixLength: prefix))
        case 2:
            guard let interface = reader.number(), let source = reader.address(),
                let destination = reader.address(), let timeToLive = reader.byte()
            else { return nil }
            self = .enter(
                key: key,
                .farewell(
                    LedgerEntry.Farewell(
                        interface: interface, source: source, destination: destination,
                        timeToLive: timeToLive, message: reader.rest())))
        case 3: self = .strike(key: key)
        case 4: self = .strikeAll
        default: return nil
        }
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
    }

    private static func bytes(_ address: IPAddress) -> [UInt8] {
        let count = address.family.bitCount / 8
        return [UInt8(count)] + (0..<count).map { address.byte(at: $0) }
    }
}

/// Walks through a frame's bytes.
private struct LedgerReader: ~Escapable {
    private let body: Span<UInt8>
    private var position = 0

    @_lifetime(copy body)
    init(body: Span<UInt8>) { self.body = body }

    mutating func byte() -> UInt8? {
        guard position < body.count else { return nil }
        defer { position += 1 }
        return body[position]
    }

    mutating func number() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = byte() else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    mutating func address() -> IPAddress? {
        guard let count = byte(), Int(count) <= body.count - position else { return nil }
        defer { position += Int(count) }
        return IPAddress(
            networkOrder: body.extracting(position..<position + Int(count)))
    }

    mutating func rest() -> [UInt8] {
        defer { position = body.count }
        return body.extracting(position..<body.count).array
    }
}

/// What is to be undone, kept by the guardian.
struct Ledger: Equatable {
    /// The most entries: far beyond what an interface can hold.
    static let limit = 200_000

    private(set) var entries: [UInt32: LedgerEntry] = [:]
    private var pending: [UInt8] = []

    /// Takes bytes as they come; false when they are no frames, after which nothing more is read.
    mutating func take(_ bytes: Span<UInt8>) -> Bool {
        pending += bytes.array
        var start = 0
        while pending.count - start >= 4 {
            let length = pending[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= LedgerMessage.longestFrame else { return false }
            guard pending.count - start - 4 >= length else { break }
            let body = Array(pending[start + 4..<start + 4 + length])
            guard let message = LedgerMessage(body: body.span) else { return false }
            apply(message)
            start += 4 + length
        }
        pending.removeFirst(start)
        return true
    }

    private mutating func apply(_ message: LedgerMessage) {
        switch message {
        case .enter(let key, let entry):
            if entries.count < Self.limit || entries[key] != nil { entries[key] = entry }
        case .strike(let key): entries[key] = nil
        case .strikeAll: entries = [:]
        }
    }
}

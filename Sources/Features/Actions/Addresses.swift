// Actions on addresses and on the packets of connections (configuration manual: set-src,
// set-src-port, set-dst, set-dst-port, set-fc-mark, set-fc-tos, set-bc-mark, set-bc-tos, set-mark,
// set-tos).

import Addresses
import Proxy
import Samples

extension ActionFamily {
    /// Addresses and packets.
    static let addresses = ActionFamily(
        "addresses",
        [
            address("set-src", .source, "Replaces the client's address."),
            port("set-src-port", .source, "Replaces the client's port."),
            address("set-dst", .destination, "Replaces the address the client came to."),
            port("set-dst-port", .destination, "Replaces the port the client came to."),
            packets("set-fc-mark", toClients, .clientMark, "Marks the packets to the client."),
            packets("set-mark", toClients, .clientMark, "Is the old name of set-fc-mark."),
            packets(
                "set-fc-tos", toClients, .clientTOS,
                "Sets the type of service of packets to the client."),
            packets("set-tos", toClients, .clientTOS, "Is the old name of set-fc-tos."),
            packets(
                "set-bc-mark", [.contentRequest, .httpRequest], .serverMark,
                "Marks the packets to the server."),
            packets(
                "set-bc-tos", [.contentRequest, .httpRequest], .serverTOS,
                "Sets the type of service of packets to the server."),
        ])

    private static let early: RuleSteps = [.connection, .session, .contentRequest, .httpRequest]
    private static let toClients: RuleSteps = early.union([.contentResponse, .httpResponse])

    private static func address(
        _ name: String, _ side: AddressSide, _ sentence: String
    ) -> ActionRow {
        ActionRow(name, in: early, "<expr>", sentence) { reader throws(ExpressionMistake) in
            SetAddress(side, try reader.addressExpression())
        }
    }

    private static func port(
        _ name: String, _ side: AddressSide, _ sentence: String
    ) -> ActionRow {
        ActionRow(name, in: early, "<expr>", sentence) { reader throws(ExpressionMistake) in
            SetPort(side, try reader.numberExpression())
        }
    }

    private static func packets(
        _ name: String, _ steps: RuleSteps, _ kind: PacketSetting, _ sentence: String
    ) -> ActionRow {
        let notation = kind.isMark ? "{ <mark> | <expr> }" : "{ <tos> | <expr> }"
        return ActionRow(name, in: steps, notation, sentence) {
            reader throws(ExpressionMistake) in
            SetPackets(
                kind,
                try reader.numberOrExpression(
                    kind.isMark ? "a mark" : "a type of service",
                    upTo: kind.isMark ? Int(UInt32.max) : 255))
        }
    }
}

/// Which of a connection's two addresses.
private enum AddressSide: Sendable {
    case source, destination
}

/// What is set for the packets of a connection.
private enum PacketSetting: Sendable {
    case clientMark, clientTOS, serverMark, serverTOS

    var isMark: Bool { self == .clientMark || self == .serverMark }
}

extension ActionReader {
    /// The expression that begins with the next word; it has to give an address.
    fileprivate mutating func addressExpression() throws(ExpressionMistake) -> Expression {
        let start = position
        let expression = try expression()
        guard expression.type.canBecome(.ipv4) || expression.type.canBecome(.ipv6) else {
            throw ExpressionMistake(
                word: start, offset: 0, length: words[start].utf8.count,
                "'\(name)' expects an expression that gives an address, and "
                    + "'\(expression.text)' gives \(expression.type.name)")
        }
        return expression
    }
}

extension Subject {
    fileprivate func address(_ side: AddressSide) -> IPSocketAddress? {
        side == .source ? clientAddress : destinationAddress
    }

    fileprivate func set(_ side: AddressSide, to address: IPSocketAddress) {
        if side == .source { setSource(address) } else { setDestination(address) }
    }
}

/// Puts what an expression gives in place of a part of an address.
///
/// Safety: constants.
private class AddressChange: Action, @unchecked Sendable {
    let side: AddressSide
    let expression: Expression

    init(_ side: AddressSide, _ expression: Expression) {
        self.side = side
        self.expression = expression
        super.init()
    }
}

/// `set-src`, `set-dst`.
///
/// Safety: as of its base class.
private final class SetAddress: AddressChange, @unchecked Sendable {
    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let address = subject.withScratch { scratch -> IPAddress? in
            guard var sample = subject.evaluate(expression, &scratch) else { return nil }
            if sample.type == .ipv4 || sample.type == .ipv6 { return sample.address }
            return scratch.cast(&sample, to: .ipv4) || scratch.cast(&sample, to: .ipv6)
                ? sample.address : nil
        }
        if let address {
            let port = subject.address(side)?.port ?? 0
            subject.set(side, to: IPSocketAddress(address, port: port))
        }
        return .goOn
    }
}

/// `set-src-port`, `set-dst-port`.
///
/// Safety: as of its base class.
private final class SetPort: AddressChange, @unchecked Sendable {
    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let number = subject.withScratch { subject.integer(expression, &$0) }
        if let number {
            // A connection without IP addresses gets the unspecified one.
            let address = subject.address(side)?.address ?? IPAddress(v4: 0)
            subject.set(
                side, to: IPSocketAddress(address, port: UInt16(truncatingIfNeeded: number)))
        }
        return .goOn
    }
}

/// `set-fc-mark` and its kin.
///
/// Safety: constants.
private final class SetPackets: Action, @unchecked Sendable {
    private let kind: PacketSetting
    private let number: RuleNumber

    init(_ kind: PacketSetting, _ number: RuleNumber) {
        self.kind = kind
        self.number = number
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard let number = number.value(subject) else { return .goOn }
        switch kind {
        case .clientMark: subject.setClientMark(UInt32(truncatingIfNeeded: number))
        case .clientTOS: subject.setClientTypeOfService(UInt8(truncatingIfNeeded: number))
        case .serverMark: subject.setServerMark(UInt32(truncatingIfNeeded: number))
        case .serverTOS: subject.setServerTypeOfService(UInt8(truncatingIfNeeded: number))
        }
        return .goOn
    }
}

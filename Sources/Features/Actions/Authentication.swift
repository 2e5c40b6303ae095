// Asking for a name and a password (configuration manual: auth; RFC 7617).

import Proxy
import Samples

extension ActionFamily {
    /// Authentication.
    static let authentication = ActionFamily(
        "authentication",
        [
            ActionRow(
                "auth", in: .httpRequest, "[realm <realm>]",
                "Asks the client for a name and a password."
            ) { reader throws(ExpressionMistake) in try Challenge(&reader) }
        ])
}

/// `auth`: the proxy's own reply of status 401, or 407 to the client of a forward proxy, with a
/// challenge.
///
/// Safety: constants.
private final class Challenge: Action, @unchecked Sendable {
    private let challenge: KeptBytes?
    private let toServers: KeptBytes
    private let toProxies: KeptBytes

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        var realm: String?
        if reader.skip("realm") {
            let word = try reader.word("a realm")
            guard !word.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw reader.wrong("expects a realm without control characters")
            }
            realm = word
        }
        challenge = realm.map { KeptBytes(Self.challenge($0), in: constants) }
        toServers = KeptBytes("www-authenticate".utf8, in: constants)
        toProxies = KeptBytes("proxy-authenticate".utf8, in: constants)
        super.init(keeping: constants)
    }

    /// Differs: HAProxy puts quotes of the realm into the field as they are, which ends the realm
    /// at the first of them. They are quoted here (RFC 9110 §5.6.4).
    private static func challenge(_ realm: String) -> [UInt8] {
        var text = Array("Basic realm=\"".utf8)
        for byte in realm.utf8 {
            if byte == 0x22 || byte == 0x5C { text.append(0x5C) }
            text.append(byte)
        }
        return text + [0x22]
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let isProxy = subject.asksProxy
        let name = isProxy ? toProxies : toServers
        guard subject.beginErrorReply(status: isProxy ? 407 : 401) else { return .failed }
        subject.removeReplyFields(name.span)
        guard subject.addReplyPart(name.span), subject.addReplyPart(": ") else { return .failed }
        let isWritten =
            if let challenge {
                subject.addReplyPart(challenge.span)
            } else {
                // The realm of a rule without one is the proxy's name.
                subject.addReplyPart("Basic realm=\"")
                    && subject.addReplyPart(subject.frontendName)
                    && subject.addReplyPart("\"")
            }
        return isWritten && subject.addReplyPart("\r\n") ? .reply : .failed
    }

    override var endsList: Bool { true }
}

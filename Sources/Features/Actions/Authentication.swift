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

/// `auth`: the own reply of status 401, or of 407 to who asks for a proxy, with a challenge.
///
/// Safety: constants.
private final class Challenge: Action, @unchecked Sendable {
    private let name: KeptBytes
    private let proxyName: KeptBytes
    private let challenge: KeptBytes

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        var realm = reader.compiler.references.proxyName ?? "restricted"
        if reader.skip("realm") {
            realm = try reader.word("a realm")
            guard !realm.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw reader.wrong("expects a realm without control characters")
            }
        }
        name = KeptBytes("www-authenticate".utf8, in: constants)
        proxyName = KeptBytes("proxy-authenticate".utf8, in: constants)
        challenge = KeptBytes(Self.challenge(realm), in: constants)
        super.init(keeping: constants)
    }

    /// Differs: HAProxy puts quotes of the realm into the field as they are, which ends the realm
    /// at the first of them. They are quoted here (RFC 9110 §5.6.4).
    private static func challenge(_ realm: String) -> [UInt8] {
        var text = Array("Basic realm=\"".utf8)
        for byte in realm.anyBytes {
            if byte == 0x22 || byte == 0x5C { text.append(0x5C) }
            text.append(byte)
        }
        return text + [0x22]
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let isProxy = subject.asksProxy
        let (name, challenge) = (isProxy ? proxyName : name, challenge)
        guard subject.beginErrorReply(status: isProxy ? 407 : 401) else { return .failed }
        subject.removeReplyFields(name.span)
        return subject.addReplyField(name.span, challenge.span) ? .reply : .failed
    }

    override var endsList: Bool { true }
}

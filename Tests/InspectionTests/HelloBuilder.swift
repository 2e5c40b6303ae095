// Hand-made hellos, whose every length can be wrong.

/// Bytes of a ClientHello in one record.
struct HelloBuilder {
    var kind: UInt8 = 1
    var recordType: UInt8 = 0x16
    var recordVersion = 0x0301
    /// The length in the record's header; that of the message unless set.
    var recordLength: Int?
    /// The length in the message's header; that of the body unless set.
    var messageLength: Int?
    var version = 0x0303
    var session: [UInt8] = []
    var ciphers: [UInt8] = [0x13, 0x01]
    var methods: [UInt8] = [0]
    /// The extensions; nil for a hello that ends before them.
    var extensions: [UInt8]? = HelloBuilder.serverName("a.b")
    /// The length in front of the extensions; theirs unless set.
    var extensionsLength: Int?
    /// Replaces everything behind the message's header.
    var body: [UInt8]?

    var bytes: [UInt8] {
        var body = self.body ?? []
        if self.body == nil {
            body += Self.two(version) + [UInt8](repeating: 0x52, count: 32)
            body += [UInt8(session.count)] + session
            body += Self.counted(ciphers) + [UInt8(methods.count)] + methods
            if let extensions {
                body += Self.two(extensionsLength ?? extensions.count) + extensions
            }
        }
        let length = messageLength ?? body.count
        let message = [kind, UInt8(length >> 16)] + Self.two(length & 0xFFFF) + body
        return [recordType] + Self.two(recordVersion)
            + Self.two(recordLength ?? message.count) + message
    }

    /// A hello with changes.
    static func make(_ change: (inout HelloBuilder) -> Void = { _ in }) -> [UInt8] {
        var builder = HelloBuilder()
        change(&builder)
        return builder.bytes
    }

    /// A hello with these extensions.
    static func make(extensions: [UInt8]) -> [UInt8] {
        make { $0.extensions = extensions }
    }

    static func two(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }

    /// Bytes behind their length of two bytes.
    static func counted(_ bytes: [UInt8]) -> [UInt8] { two(bytes.count) + bytes }

    /// One extension.
    static func item(_ kind: Int, _ body: [UInt8]) -> [UInt8] { two(kind) + counted(body) }

    static func serverName(_ name: String, kind: UInt8 = 0) -> [UInt8] {
        item(0, counted([kind] + counted(Array(name.utf8))))
    }

    static func protocols(_ names: [String]) -> [UInt8] {
        item(16, counted(names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }))
    }

    /// A client hello of SSLv2; with a padding, in its form with three bytes in front.
    static func version2(
        _ version: Int, kind: UInt8 = 1, ciphers: Int = 3, session: Int = 0, challenge: Int = 16,
        excess: Int = 0, padding: Int? = nil
    ) -> [UInt8] {
        var message = [kind] + two(version) + two(ciphers) + two(session) + two(challenge)
        message += [UInt8](repeating: 0x63, count: ciphers + session + challenge)
        let length = message.count + excess
        guard let padding else { return two(length | 0x8000) + message }
        return two(length) + [UInt8(padding)] + message + [UInt8](repeating: 0, count: padding)
    }
}

// ClientHellos as programs send them and hand-made ones, against written values and haproxy.

import RandomInputs
import Testing

@testable import Inspection

/// What is read from a hello.
private struct Reading: Equatable {
    var kind: Inspected<Int>
    var version: Inspected<Int>
    var name: String?
    var protocols: [String] = []
    var hasGroups = false
    var ticket: Int?

    init(_ bytes: [UInt8]) {
        kind = TLSHello.kind(of: bytes.span)
        version = TLSHello.version(of: bytes.span)
        guard case .value(let hello) = ClientHello.find(in: bytes.span) else { return }
        name = bytes.text(hello.serverName(in: bytes.span))
        hasGroups = hello.hasSupportedGroups(in: bytes.span)
        ticket = hello.sessionTicket(in: bytes.span)
        guard var names = hello.protocolNames(in: bytes.span) else { return }
        while let name = ClientHello.nextProtocol(in: bytes.span, &names) {
            protocols.append(bytes.text(name)!)
        }
    }
}

@Suite struct ClientHelloTests {
    @Test(arguments: capturedHellos)
    func `reads what programs send`(_ row: CapturedHello) throws {
        let bytes = row.bytes
        let reading = Reading(bytes)
        #expect(reading.kind == .value(1) && reading.version == .value(row.version))
        #expect(reading.name == row.name && reading.protocols == row.protocols)
        #expect(reading.ticket == row.ticket && reading.hasGroups == (row.groups != nil))
        guard case .value(let hello) = ClientHello.find(in: bytes.span) else {
            Issue.record("\(row.title): no hello")
            return
        }
        func list(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(bytes[$0]) } }
        #expect(list(hello.ciphers) == CapturedHello.bytes(row.ciphers))
        #expect(list(hello.supportedGroups(in: bytes.span)) == row.groups.map(CapturedHello.bytes))
        #expect(
            list(hello.signatureAlgorithms(in: bytes.span))
                == row.algorithms.map(CapturedHello.bytes))
        var shares: [UInt8]?
        if var left = hello.keyShares(in: bytes.span) {
            shares = []
            while let group = ClientHello.nextKeyShareGroup(in: bytes.span, &left) {
                shares! += bytes[group]
            }
        }
        #expect(shares == row.shares.map(CapturedHello.bytes))
        // Early data or anything else may follow.
        #expect(Reading(bytes + [0x17, 3, 3, 0, 1, 9]) == reading)
    }

    @Test(arguments: capturedHellos)
    func `waits for the last byte`(_ row: CapturedHello) {
        let bytes = row.bytes
        for count in 0..<bytes.count {
            let part = bytes.span.extracting(0..<count)
            #expect(ClientHello.find(in: part) == .needsMore, "\(count) bytes")
            #expect(TLSHello.kind(of: part) == .needsMore, "\(count) bytes")
            #expect(TLSHello.version(of: part) == .needsMore, "\(count) bytes")
        }
    }

    @Test func `reads all key shares`() throws {
        let shares = HelloBuilder.counted([0, 0x1D, 0, 2, 1, 2, 0x11, 0xEC, 0, 0, 0, 0x17, 0, 1, 9])
        let bytes = HelloBuilder.make(extensions: HelloBuilder.item(51, shares))
        #expect(groups(bytes) == [0, 0x1D, 0x11, 0xEC, 0, 0x17])
        let cut = HelloBuilder.counted([0, 0x1D, 0, 1, 1, 0, 0x17, 0, 2, 9])
        #expect(
            groups(HelloBuilder.make(extensions: HelloBuilder.item(51, cut))) == [0, 0x1D])
    }

    private func groups(_ bytes: [UInt8]) -> [UInt8]? {
        guard case .value(let hello) = ClientHello.find(in: bytes.span),
            var left = hello.keyShares(in: bytes.span)
        else { return nil }
        var groups: [UInt8] = []
        while let group = ClientHello.nextKeyShareGroup(in: bytes.span, &left) {
            groups += bytes[group]
        }
        return groups
    }

    /// Hellos that hold a name or none for reasons of their own.
    static let names: [(title: String, bytes: [UInt8], name: String?)] = {
        typealias Hello = HelloBuilder
        func name(_ body: [UInt8]) -> [UInt8] {
            Hello.make(extensions: Hello.item(0, body) + Hello.item(99, [1, 2, 3, 4]))
        }
        let long = String(repeating: "a", count: 300)
        return [
            ("plain", Hello.make(), "a.b"),
            ("record of SSLv3", Hello.make { $0.recordVersion = 0x300 }, "a.b"),
            ("record of version 4", Hello.make { $0.recordVersion = 0x400 }, "a.b"),
            ("record of SSLv2", Hello.make { $0.recordVersion = 0x2FF }, nil),
            ("an alert", Hello.make { $0.recordType = 0x15 }, nil),
            ("a server's", Hello.make { $0.kind = 2 }, nil),
            ("hello of SSLv3", Hello.make { $0.version = 0x300 }, nil),
            ("hello of version 4.0", Hello.make { $0.version = 0x400 }, nil),
            ("hello of version 127.28", Hello.make { $0.version = 0x7F1C }, "a.b"),
            ("message shorter", Hello.make { $0.messageLength = 54 }, nil),
            ("record longer", Hello.make { $0.recordLength = 16384 }, "a.b"),
            ("session of 32", Hello.make { $0.session = .init(repeating: 1, count: 32) }, "a.b"),
            ("session of 33", Hello.make { $0.session = .init(repeating: 1, count: 33) }, nil),
            ("no ciphers", Hello.make { $0.ciphers = [] }, nil),
            ("odd ciphers", Hello.make { $0.ciphers = [1, 2, 3] }, "a.b"),
            ("one byte of ciphers", Hello.make { $0.ciphers = [1] }, nil),
            ("no methods", Hello.make { $0.methods = [] }, nil),
            ("three methods", Hello.make { $0.methods = [1, 2, 3] }, "a.b"),
            ("no extensions", Hello.make { $0.extensions = nil }, nil),
            ("empty extensions", Hello.make(extensions: []), nil),
            ("extensions too long", Hello.make { $0.extensionsLength = 13 }, nil),
            ("extensions too short", Hello.make { $0.extensionsLength = 11 }, nil),
            ("empty body", Hello.make { $0.body = [] }, nil),
            ("empty extension", name([]), nil),
            ("empty list", name([0, 0]), nil),
            ("empty name", name([0, 3, 0, 0, 0]), nil),
            ("empty name and a byte", name([0, 4, 0, 0, 0, 1]), ""),
            ("another kind of name", Hello.make(extensions: Hello.serverName("a", kind: 1)), nil),
            ("two names", name([0, 8, 0, 0, 1, 0x61, 0, 0, 1, 0x62]), "a"),
            ("list shorter than 4", name([0, 3, 0, 0, 1, 0x61]), nil),
            ("list longer than the rest", name([0, 0xFF, 0, 0, 1, 0x61]), nil),
            ("list longer by 1", name([0, 5, 0, 0, 1, 0x61]), "a"),
            (
                "two extensions",
                Hello.make(extensions: Hello.serverName("a") + Hello.serverName("b")),
                "a"
            ),
            (
                "another kind, then a name",
                Hello.make(extensions: Hello.serverName("a", kind: 1) + Hello.serverName("b")), "b"
            ),
            (
                "broken, then a name",
                Hello.make(extensions: Hello.item(0, [0]) + Hello.serverName("b")), nil
            ),
            (
                "behind others",
                Hello.make(
                    extensions: Hello.item(10, [0, 2, 0, 1]) + Hello.item(35, [])
                        + Hello.serverName("z")), "z"
            ),
            (
                "behind one that is too long",
                Hello.make(extensions: [0, 35, 0, 64, 1] + Hello.serverName("z")), nil
            ),
            ("a zero byte", Hello.make(extensions: Hello.serverName("a\0b")), "a\0b"),
            ("long", Hello.make(extensions: Hello.serverName(long)), long),
        ]
    }()

    @Test func `finds a name only where one is`() throws {
        let haproxy = try ReferenceStreams(["req.ssl_sni"])
        for row in Self.names {
            #expect(Reading(row.bytes).name == row.name, "\(row.title)")
            guard let haproxy else { continue }
            let their = haproxy.values(row.bytes)[0]
            #expect(row.name == their.map { String(decoding: $0, as: UTF8.self) }, "\(row.title)")
        }
    }

    /// What haproxy reads past the end of an extension or of a record, we do not read.
    @Test func `reads nothing past the end of an extension or a record`() {
        func name(_ body: [UInt8]) -> String? {
            let item = HelloBuilder.item(0, body) + HelloBuilder.item(99, [1, 2, 3, 4])
            return Reading(HelloBuilder.make(extensions: item)).name
        }
        #expect(name([0, 4, 0, 0, 2, 0x61]) == nil && name([0, 4, 0, 0, 1]) == nil)
        #expect(name([0, 4, 0, 0]) == nil && name([0, 4]) == nil && name([0]) == nil)
        let whole = HelloBuilder.make()
        #expect(Reading(HelloBuilder.make { $0.recordLength = whole.count - 6 }).name == nil)
        for place in 1..<whole.count - 5 {
            let first = whole[5..<5 + place]
            let second = whole[(5 + place)...]
            let parts =
                [0x16, 3, 1] + HelloBuilder.counted(Array(first))
                + [0x16, 3, 1] + HelloBuilder.counted(Array(second))
            if place >= 5 { #expect(ClientHello.find(in: parts.span) == .other, "\(place)") }
            #expect(Reading(parts).name == nil, "\(place)")
        }
    }

    /// Extensions, the protocols in them, whether groups are named, what is said of tickets.
    static let extensions: [(bytes: [UInt8], protocols: [String], hasGroups: Bool, ticket: Int?)] =
        {
            typealias Hello = HelloBuilder
            func names(_ body: [UInt8]) -> [UInt8] { Hello.item(16, body) }
            return [
                (Hello.protocols(["x", "yy"]), ["x", "yy"], false, 0),
                (Hello.protocols(["x"]) + Hello.protocols(["y"]), ["x"], false, 0),
                (names([]), [], false, 0), (names([0, 0]), [], false, 0),
                (names([0, 1, 0]), [""], false, 0),
                (names([0, 3, 0, 1, 0x61]), ["", "a"], false, 0),
                (names([0, 2, 2, 0x61]), [], false, 0), (names([0, 0, 1, 0x61]), ["a"], false, 0),
                (names([0xFF, 0xFF, 1, 0x61]), ["a"], false, 0),
                (names([0, 4, 1, 0x61, 5, 0x62]), ["a"], false, 0),
                (names([]) + Hello.protocols(["z"]), [], false, 0),
                (Hello.item(10, []), [], true, 0), (Hello.item(10, [0, 1, 9]), [], true, 0),
                (Hello.item(35, []), [], false, 1), (Hello.item(35, [7]), [], false, 2),
                (Hello.item(35, []) + Hello.item(35, [7]), [], false, 1),
                (Hello.protocols(["x"]) + [0, 35, 0, 9, 1], ["x"], false, nil),
                (Hello.protocols(["x"]) + [0, 35, 0], ["x"], false, 0),
                ([0, 35, 0, 9, 1], [], false, nil), ([0, 10, 0, 9, 1], [], false, nil),
                ([1, 2], [], false, 0), ([0, 35, 0, 0, 1], [], false, 1),
            ]
        }()

    @Test func `reads extensions as haproxy does`() throws {
        let haproxy = try ReferenceStreams(["req.ssl_alpn", "req.ssl_ec_ext", "req.ssl_st_ext"])
        for row in Self.extensions {
            let bytes = HelloBuilder.make(extensions: row.bytes)
            let reading = Reading(bytes)
            #expect(reading.protocols == row.protocols, "\(row.bytes)")
            #expect(reading.hasGroups == row.hasGroups && reading.ticket == row.ticket)
            guard let haproxy else { continue }
            let theirs = haproxy.values(bytes)
            let first = theirs[0].map { String(decoding: $0, as: UTF8.self) }
            #expect(row.protocols.first == first, "\(row.bytes)")
            #expect(row.hasGroups == (theirs[1] != nil), "\(row.bytes)")
            #expect(row.ticket == number(theirs[2]), "\(row.bytes)")
        }
    }

    @Test func `tells no extensions from empty ones as haproxy does`() throws {
        let haproxy = try ReferenceStreams(["req.ssl_st_ext"])
        for session in [0, 1, 2, 32] {
            for rest: [UInt8] in [
                [], [0], [0, 0], [0, 1], [0, 0, 0], [0, 1, 0], [0, 2, 0, 0], [0, 3, 0, 0],
            ] {
                let bytes = HelloBuilder.make {
                    $0.session = .init(repeating: 1, count: session)
                    let start = HelloBuilder.make { hello in
                        hello.session = .init(repeating: 1, count: session)
                        hello.extensions = nil
                    }
                    $0.body = start[9...] + rest
                }
                let isBlock = rest.count >= 2 && Int(rest[1]) <= rest.count - 2
                let ticket = isBlock && bytes.count >= 54 ? 0 : nil
                #expect(Reading(bytes).ticket == ticket, "\(session) \(rest)")
                guard let haproxy else { continue }
                #expect(number(haproxy.values(bytes)[0]) == ticket, "\(session) \(rest)")
            }
        }
    }

    @Test func `lists are taken whole or not at all`() {
        func list(_ body: [UInt8]) -> [UInt8]? {
            let bytes = HelloBuilder.make(extensions: HelloBuilder.item(13, body))
            guard case .value(let hello) = ClientHello.find(in: bytes.span) else { return nil }
            return hello.signatureAlgorithms(in: bytes.span).map { Array(bytes[$0]) }
        }
        #expect(list([0, 2, 4, 3]) == [4, 3] && list([0, 0]) == [])
        #expect(list([0, 3, 4, 3]) == nil && list([0]) == nil && list([]) == nil)
        #expect(list([0, 1, 4, 3]) == [4])
    }

    @Test func `reads what programs send as haproxy does, and what becomes of it`() throws {
        let fetches = [
            "req.ssl_hello_type", "req.ssl_ver", "req.ssl_sni", "req.ssl_alpn", "req.ssl_ec_ext",
            "req.ssl_st_ext",
        ]
        guard let haproxy = try ReferenceStreams(fetches) else { return }
        var random = Seeded.fresh()
        var hellos = capturedHellos.map(\.bytes)
        for _ in 0..<250 {
            // Behind the headers, so that no record ends inside of the message: there we differ.
            var bytes = hellos[random.next(below: capturedHellos.count)]
            let count = bytes.count
            for _ in 0...random.next(below: 3) { random.mutate(&bytes, from: 9) }
            while bytes.count < count { bytes.append(0) }
            hellos.append(Array(bytes[..<count]))
        }
        for bytes in hellos {
            let theirs = haproxy.values(bytes)
            let ours = Reading(bytes)
            let note: Comment = "\(bytes), seed \(random.seed)"
            #expect(ours.kind == number(theirs[0]).map { .value($0) } ?? .other, note)
            #expect(ours.version == number(theirs[1]).map { .value($0) } ?? .other, note)
            let name = theirs[2].map { String(decoding: $0, as: UTF8.self) }
            #expect(ours.name == name || ours.name == nil && hasShortName(bytes), note)
            let first = theirs[3].map { String(decoding: $0, as: UTF8.self) }
            #expect(ours.protocols.first == first, note)
            #expect(ours.hasGroups == (theirs[4] != nil), note)
            #expect(ours.ticket == number(theirs[5]), note)
        }
    }

    /// Whether the first host name claims more bytes than its extension has.
    private func hasShortName(_ bytes: [UInt8]) -> Bool {
        guard case .value(let hello) = ClientHello.find(in: bytes.span),
            var place = hello.extensions?.lowerBound, let end = hello.extensions?.upperBound
        else { return false }
        func number(_ index: Int) -> Int { Int(bytes[index]) << 8 | Int(bytes[index + 1]) }
        while place + 4 <= end {
            let length = number(place + 2)
            let isName = number(place) == 0 && (length < 3 || bytes[place + 6] == 0)
            if isName { return length < 5 || number(place + 7) > length - 5 }
            place += 4 + length
        }
        return false
    }
}

// The address syntax of the configuration: forms, families, ports and refusals.

import Addresses
import Testing

@Suite struct AddressSpecificationTests {
    private static let variables = ["P": "80", "H": "127.0.0.1", "E": ""]

    private func parse(
        _ text: String, _ rules: AddressSpecification.Rules
    ) -> Result<AddressSpecification, AddressSpecification.Mistake> {
        AddressSpecification.parse(text, rules: rules) { Self.variables[$0] }
    }

    @Test(arguments: [
        (":80", "*:80"), ("*:80", "*:80"), (":::80", "[::]:80"), ("[::1]:80", "[::1]:80"),
        ("::1:80", "[::1]:80"), ("[::]:80", "[::]:80"), ("localhost:80", "localhost:80"),
        ("/tmp/x", "/tmp/x"), ("unix@x", "unix@x"), ("unix@/tmp/x", "/tmp/x"),
        ("abns@foo", "abns@foo"),
        ("abnsz@foo", "abnsz@foo"), ("fd@3", "fd@3"), ("fd@${P}", "fd@80"),
        ("sockpair@3", "sockpair@3"),
        ("ipv4@:80", "*:80"), ("ipv6@:80", "[::]:80"), ("ipv6@*:80", "[::]:80"),
        ("tcp@1.2.3.4:80", "1.2.3.4:80"), ("tcp6@:80", "[::]:80"), ("stream+ipv4@:80", "*:80"),
        ("stream+1.2.3.4:80", "1.2.3.4:80"), ("stream+fd@7", "fd@7"), (":8000-8010", "*:8000-8010"),
        ("$H:80", "127.0.0.1:80"), ("$H:$P", "127.0.0.1:80"), ("${H}:80", "127.0.0.1:80"),
        ("$NO:80", "*:80"), (":$P-90", "*:80-90"), (":${P}", "*:80"), (":08", "*:8"),
        ("127.0.0.1:80-80", "127.0.0.1:80"), ("0.0.0.0:80", "*:80"), ("quic4@:443", "*:443"),
        ("rhttp@peer", "rhttp@peer"),
    ])
    func `bind takes every documented form`(text: String, meaning: String) throws {
        let address = try parse(text, .bind).get()
        #expect(address.description == meaning)
        #expect(address.socketType == (text.hasPrefix("quic4@") ? .datagram : .stream))
    }

    @Test(arguments: [
        ("", "'' resolves to an empty address (environment variable missing?)"),
        ("$E", "'$E' resolves to an empty address (environment variable missing?)"),
        ("::1", "invalid address: ':' in '::1'"),
        ("[::1]", "missing port specification in '[::1]'"),
        ("1.2.3.4", "missing port specification in '1.2.3.4'"),
        (":", "missing port specification in ':'"),
        ("fd@x", "file descriptor 'x' is not a valid integer in 'fd@x'"),
        ("fd@-1", "file descriptor '-1' is not a valid integer in 'fd@-1'"),
        ("ipv4@::1:80", "invalid address: '::1' in 'ipv4@::1:80'"),
        ("ipv6@1.2.3.4:80", "invalid address: '1.2.3.4' in 'ipv6@1.2.3.4:80'"),
        ("udp@1.2.3.4:80", "dgram-type address not acceptable in 'udp@1.2.3.4:80'"),
        (":8010-8000", "invalid port range '8010-8000'"), (":0", "invalid port '0'"),
        (":80-", "invalid port ''"), (":-80", "port offset not permitted here in ':-80'"),
        (":65536", "invalid port '65536'"), (":80a", "invalid port '80a'"),
        (":1-65536", "invalid port '65536'"),
        ("foo@1.2.3.4:80", "invalid address: 'foo@1.2.3.4' in 'foo@1.2.3.4:80'"),
        ("[::1]80", "missing port specification in '[::1]80'"),
        ("[::1:80", "invalid address: '[::1' in '[::1:80'"),
        ("[1.2.3.4]:80", "invalid address: '[1.2.3.4]' in '[1.2.3.4]:80'"),
    ])
    func `bind refuses with HAProxy's reason`(text: String, reason: String) {
        guard case .failure(let mistake) = parse(text, .bind) else {
            Issue.record("'\(text)' was accepted")
            return
        }
        #expect(mistake.description == reason)
    }

    @Test(arguments: [
        ("127.0.0.1", PortSpecification.absent), ("127.0.0.1:0", .fixed(PortRange(0))),
        ("127.0.0.1:+10", .offset(10)), ("127.0.0.1:-5", .offset(-5)), ("*", .absent),
        ("::1:", .absent), ("[::1]", .absent), ("localhost", .absent),
    ])
    func `server takes missing and relative ports`(text: String, port: PortSpecification) throws {
        #expect(try parse(text, .server).get().port == port)
    }

    @Test(arguments: [
        "127.0.0.1:80-90", "fd@3", "dgram+127.0.0.1:80", "127.0.0.1:+x", "127.0.0.1:70000",
    ])
    func `server refuses ranges, descriptors and datagrams`(text: String) {
        #expect(throws: AddressSpecification.Mistake.self) { try parse(text, .server).get() }
    }

    @Test func `log is a datagram unless a prefix says otherwise`() throws {
        #expect(try parse("127.0.0.1:514", .log).get().socketType == .datagram)
        #expect(try parse("tcp@127.0.0.1:514", .log).get().socketType == .stream)
        #expect(try parse("/dev/log", .log).get().socketType == .datagram)
        #expect(try parse("fd@2", .log).get().place == .descriptor(2))
    }

    @Test func `a UNIX path of 107 bytes fits and one more does not`() throws {
        let longest = "/" + String(repeating: "a", count: 106)
        #expect(try parse(longest, .bind).get().description == longest)
        guard case .failure(let mistake) = parse(longest + "a", .bind) else {
            Issue.record("accepted")
            return
        }
        #expect(mistake.description == "socket path '\(longest)a' too long (max 107)")
    }

    @Test func `lists are separated by commas`() throws {
        let list = try AddressSpecification.parseList(":80,unix@/a,", rules: .bind).get()
        #expect(list.map(\.description) == ["*:80", "/a"])
        #expect(throws: AddressSpecification.Mistake.self) {
            try AddressSpecification.parseList(",:80", rules: .bind).get()
        }
    }

    @Test func `any text parses or fails without a trap`() {
        var generator = SplitMix(seed: 0x5BEC)
        let pieces = [
            "ipv4@", "ipv6@", "unix@", "abns@", "fd@", "stream+", "dgram+", "quic+", "1.2.3.4",
            "::1", "[",
            "]", ":", "80", "-", "+", "$P", "${H}", "${", "é", "*", "/", "a", ",",
        ]
        for _ in 0..<20_000 {
            let count = Int(generator.next() % 7)
            let text = (0..<count).map { _ in pieces[Int(generator.next() % UInt64(pieces.count))] }
                .joined()
            for rules in [AddressSpecification.Rules.bind, .server, .log, .source] {
                if case .success(let address) = parse(text, rules) {
                    #expect(!address.description.isEmpty, "seed 5BEC: \(text)")
                }
            }
        }
    }
}

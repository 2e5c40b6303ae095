// Mistakes in expressions: the exact bytes to underline and what is said about them; and hostile
// bytes as expressions and as values.

import Samples
import Testing

@Suite struct MistakeTests {
    private func mistake(_ text: String) -> ExpressionMistake? {
        do {
            _ = try TestExpression(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("str(a),uper", 7, 4, "unknown converter 'uper'; did you mean 'upper'?"),
        (
            "ipv6(::1),add(1)", 10, 3,
            "converter 'add' takes an integer, fetch 'ipv6' gives an IPv6 address"
        ),
        (
            "str(a),length,ipmask(40)", 21, 2,
            "converter 'ipmask': <mask4> expects an IPv4 mask or a length from 0 to 32, found '40'"
        ),
        (
            "str(a),field(1)", 14, 0,
            "converter 'field': <delimiters>, text, is missing: field(index,delimiters[,count])"
        ),
        ("str(a),upper(1)", 13, 1, "converter 'upper': takes no arguments: upper"),
        ("str(a)x", 6, 1, "a comma is missing before 'x'"),
        ("str(a),concat(b", 13, 2, "the parenthesis behind 'concat' is never closed"),
        (
            "str(a),51d.single", 7, 10,
            "converter '51d.single' is not supported: 51Degrees is not part of this program"
        ),
        (
            "str(a),set-var(txn.v,ifset,isempty)", 27, 7,
            "converter 'set-var': <cond> expects a condition: ifexists, ifnotexists, ifempty, "
                + "ifnotempty, ifset, ifnotset, ifgt, iflt, found 'isempty'; did you mean 'ifempty'?"
        ),
        (
            "str(a),when(!eror)", 12, 5,
            "converter 'when': 'eror' is no condition of a stream; did you mean 'error'?"
        ),
        (
            "str(a),when(acl)", 15, 0,
            "converter 'when': the name of an ACL is missing behind 'acl'"
        ),
        ("str(a),when(acl,maybe)", 16, 5, "converter 'when': no ACL is named 'maybe'"),
        ("str(a),debug(a,b)", 15, 1, "converter 'debug': there is no event sink 'b'"),
        (
            "str(a),aes_cbc_enc(128,MTIz,txn.key)", 23, 4,
            "converter 'aes_cbc_enc': <nonce> has 3 bytes, which is a wrong length"
        ),
        (
            "str(a),aes_gcm_enc(192,MTIz,Zm9v,txn.tag)", 28, 4,
            "converter 'aes_gcm_enc': <key> has 3 bytes, 192 bits are 24 bytes"
        ),
        (
            "str(a),aes_gcm_dec(100,MTIz,Zm9v,txn.tag)", 19, 3,
            "converter 'aes_gcm_dec': expects 128, 192 or 256 bits"
        ),
        (
            "str(a),mqtt_field_value(connect,usrname)", 32, 7,
            "converter 'mqtt_field_value': expects a property's number or one of the fields flags, "
                + "protocol_name, protocol_version, keepalive, client_identifier, will_topic, "
                + "will_payload, username, password; did you mean 'username'?"
        ),
        (
            "str(a),rfc7239_field(proxy)", 21, 5,
            "converter 'rfc7239_field': expects 'proto', 'host', 'for' or 'by'"
        ),
        ("str(a),capture-req(-1)", 19, 2, "converter 'capture-req': <id> counts from 0"),
    ])
    func `a mistake names its bytes`(
        _ text: String, _ offset: Int, _ length: Int, _ message: String
    ) {
        let found = mistake(text)
        #expect(found?.offset == offset)
        #expect(found?.length == length)
        #expect(found?.message == message)
    }

    @Test func `values longer than the limit fail where a part of them means nothing`() throws {
        #expect(try value("str(abcd),base64", valueLimit: 9)?.count == 8)
        #expect(try value("str(abcd),base64", valueLimit: 8) == nil)
        #expect(try value("str(abcdefg),base64", valueLimit: 8) == nil)
        #expect(try value("str(abcdefgh),upper", valueLimit: 8)?.count == 8)
    }

    @Test(arguments: [
        ("str(abcdefg),hex", "61626364"), ("str(abcdefg),be2hex(:,1)", "61:62:63"),
        ("str(abcdefg),be2hex(:,2)", "6162"), ("str(abcdefg),be2hex(,8)", "61626364"),
        ("str(abcdefg),be2hex(:,9223372036854775807)", "61626364"),
        ("str(abcdefg),be2dec(:,1)", "97:98"), ("str(abcdefg),be2dec(:,4)", ""),
        ("str(abcdefg),le2dec(:,1)", "97:98"), ("str(ab),base2", "01100001"),
        ("str(a/b/c),url_enc", "a%2Fb"), ("str(ab/c),url_enc", "ab%2Fc"),
        ("str(abc/c),url_enc", "abc%2Fc"), ("str(abcd/),url_enc", "abcd"),
        ("str(aaaa),regsub(a,xyz,g)", "xyzxyzxy"), ("str(aaaa/b),concat(cd,txn.v)", "aaaa/bc"),
        ("str(aaaa/b),add_item(cd,txn.v)", "aaaa/bc"),
    ])
    func `values longer than the limit are cut where their beginning means something`(
        _ expression: String, _ wanted: String
    ) throws {
        let found = try value(expression, valueLimit: 8)
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == wanted)
    }

    @Test func `a chain of any length needs the same room`() throws {
        let text = "abcdefg"
        let change = ",upper,lower,concat(x),bytes(0,7),rtrim(x),cut_crlf,concat(),hex,bytes(0,8)"
        let chain = String(repeating: change + ",concat(),url_dec,field(1,/)", count: 100)
        #expect(try value("str(\(text))\(chain),length", valueLimit: 8) == Array("7".utf8))
    }

    @Test func `a chain goes on in the next word and ends at what is no converter`() throws {
        var reader = ExpressionReader(words: ["str(a)", "upper", "table", "t"])
        _ = try reader.readFetch()
        let chain = try CompiledConverters(
            &reader, after: "fetch 'str'", of: .string, in: .standard, ExpressionLoading())
        #expect(chain.rows.map(\.name) == ["upper"])
        #expect(reader.word == 2)
    }

    @Test func `hostile bytes come to no harm`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var state = seed
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let chains = allCases.map { entry in
            Array(entry.expression.drop { $0 != "," }.dropFirst().utf8.prefix(300))
        }
        for _ in 0..<3000 {
            var bytes = chains[next(chains.count)] + [0x0A]
            for _ in 0..<next(60) { bytes.append(UInt8(next(256))) }
            if next(2) == 0 && !bytes.isEmpty { bytes[next(bytes.count)] = UInt8(next(256)) }
            exerciseConverters(bytes.span)
        }
    }
}

// Credentials in a field, against written values and against haproxy.

import Foundation
import Testing

@testable import HTTP

@Suite struct CredentialsTests {
    static let rows: [(value: String, scheme: Credentials.Scheme?, token: String)] = [
        ("Basic dTpw", .basic, "dTpw"),
        ("basic dTpw", .basic, "dTpw"),
        ("BASIC   dTpw", .basic, "dTpw"),
        (" Basic dTpw ", .basic, "dTpw"),
        ("Bearer abc", .bearer, "abc"),
        ("bearer  abc def", .bearer, "abc def"),
        ("Bearer abc,def", .bearer, "abc"),
        ("Bearer \"a,b\",c", .bearer, "\"a,b\""),
        ("Bearer  \tabc", .bearer, "\tabc"),
        ("Basic\tdTpw", nil, ""), ("Basic", nil, ""), ("Basic ", nil, ""), ("", nil, ""),
        ("Basicx dTpw", nil, ""), ("Basi dTpw", nil, ""), ("Digest a=b", nil, ""),
        (",Basic dTpw", nil, ""), ("x Basic dTpw", nil, ""), (" ", nil, ""),
    ]

    @Test(arguments: rows)
    func `finds the token`(_ row: (value: String, scheme: Credentials.Scheme?, token: String)) {
        let bytes = Array(row.value.utf8)
        let credentials = Credentials(in: bytes.span)
        #expect(credentials?.scheme == row.scheme)
        #expect(bytes.text(credentials?.token) ?? "" == row.token)
    }

    static let texts: [(text: String, user: String?, password: String?)] = [
        ("u:p", "u", "p"), ("u:p:q", "u", "p:q"), (":", "", ""), ("u:", "u", ""),
        (":p", "", "p"), ("u", nil, nil), ("", nil, nil), ("u:p\0q", "u", "p"),
        ("u\0:p", nil, nil), ("u:\0p", "u", ""),
    ]

    @Test(arguments: texts)
    func `parts user and password`(_ row: (text: String, user: String?, password: String?)) {
        let bytes = Array(row.text.utf8)
        let parts = Credentials.split(bytes.span)
        #expect(bytes.text(parts?.user) == row.user)
        #expect(bytes.text(parts?.password) == row.password)
    }

    @Test func `finds what haproxy finds`() throws {
        let fetches = [
            "http_auth_type", "http_auth_user", "http_auth_pass", "http_auth_bearer",
        ]
        guard let haproxy = try ReferenceFetches(fetches) else { return }
        let values =
            Self.rows.map(\.value)
            + Self.texts.map { "Basic " + Data($0.text.utf8).base64EncodedString() }
        // Where we differ: the beginning of a name is no name.
        #expect(haproxy.texts(fields: "Authorization: Basi dTpw\r\n")?[0] == "Basic")
        for value in values where !value.hasPrefix("Basi ") {
            let theirs = try #require(
                haproxy.texts(fields: "Authorization: \(value)\r\n"), "\(value)")
            let bytes = Array(value.utf8)
            var ours: [String?] = [nil, nil, nil, nil]
            let credentials = Credentials(in: bytes.span)
            let token = bytes.text(credentials?.token)
            switch credentials?.scheme {
            case .bearer: ours = ["Bearer", nil, nil, token]
            case .basic:
                guard let decoded = Data(base64Encoded: token!).map({ [UInt8]($0) }),
                    let parts = Credentials.split(decoded.span)
                else { break }
                ours = ["Basic", decoded.text(parts.user), decoded.text(parts.password), nil]
            case nil: break
            }
            #expect(ours == theirs, "\(value)")
        }
    }
}

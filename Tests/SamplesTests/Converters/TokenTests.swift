// What loading says about the keys of tokens.

import Samples
import Testing

@Suite struct TokenTests {
    @Test(arguments: keyMistakes)
    func `a key that cannot verify is refused`(_ arguments: String, _ message: String) {
        #expect {
            try TestExpression("str(a),jwt_verify(\(arguments))")
        } throws: {
            ($0 as? ExpressionMistake)?.message.contains(message) == true
        }
    }

    @Test func `a private key is no key`() throws {
        let loading = ExpressionLoading(readFile: { _ in
            Array("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n".utf8)
        })
        var reader = ExpressionReader(words: ["jwt_verify(ES256,key)"])
        #expect(throws: ExpressionMistake.self) {
            try CompiledConverters(&reader, after: "x", of: .string, in: .standard, loading)
        }
    }
}

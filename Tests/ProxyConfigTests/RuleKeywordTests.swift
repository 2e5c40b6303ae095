// Keywords around rules: what they put into the configuration, and which words they refuse.

import Testing

@testable import ProxyConfig

@Suite struct RuleKeywordTests {
    @Test func `captures reserve slots in the order of their lines`() throws {
        let loaded = Loading.frontend(
            """
             mode http
             capture request header Host len 32
             capture request header User-Agent len 64
             capture response header Server len 16
             capture cookie SESSION= len 40
             option http-restrict-req-hdr-names delete
             log-format "%ci:%cp %bp %ST"
             log-format-sd "[a@1 b=\\"%ST\\"]"
            """)
        #expect(loaded.configuration != nil, "\(loaded.messages)")
        let proxy = try #require(loaded.configuration?.proxies.first)
        #expect(proxy.requestCaptures == [32, 64])
        #expect(proxy.responseCaptures == [16])
    }

    @Test func `memory of variables is limited scope by scope`() throws {
        let loaded = Loading.load(
            """
            global
             tune.vars.global-max-size 5000
             tune.vars.proc-max-size 4000
             tune.vars.sess-max-size 3000
             tune.vars.txn-max-size 2000
             tune.vars.reqres-max-size 1000
             tune.http.cookielen 100

            """)
        let limits = try #require(loaded.configuration?.global.variableLimits)
        #expect(limits.global == 5000 && limits.process == 4000 && limits.session == 3000)
        #expect(limits.transaction == 2000 && limits.requestOrResponse == 1000)
    }

    @Test func `a mistake in a rule is told with its word underlined and the nearest spelling`() {
        let loaded = Loading.frontend(" mode http\n http-request deny if { pathh /x }")
        #expect(loaded.configuration == nil)
        let message = loaded.messages.joined(separator: "\n")
        #expect(message.contains("unknown sample fetch 'pathh'; did you mean 'path'?"))
        #expect(message.contains("  http-request deny if { pathh /x }\n"))
        #expect(message.contains("                         ^~~~~"))
    }
}

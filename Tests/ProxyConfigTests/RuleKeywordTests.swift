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

    @Test func `rules behind what runs later, or behind what lets nothing run, are told`() {
        let loaded = Loading.frontend(
            """
             mode http
             use_backend b if TRUE
             redirect location /x if { path /q }
             http-request deny if { path /a }
             tcp-request content accept
             tcp-request session accept if TRUE
             tcp-request connection accept if TRUE
             monitor fail if { path /f }
             http-request set-var(txn.a) path
             http-request allow
             http-request deny
            backend b
             mode http
             http-request allow if TRUE
             http-request deny
             http-response allow
             http-response set-header a b
            """)
        let behind = "rule placed after"
        let isLate = "rule will still be processed before."
        let isNoop = "action is final and has no condition attached, further entries are NOOP."
        #expect(
            loaded.messages.map { $0.replacing("[WARNING] : parsing [t.cfg:", with: "") } == [
                "9] : a 'redirect' \(behind) a 'use_backend' \(isLate)",
                "10] : a 'http-request' \(behind) a 'redirect' \(isLate)",
                "11] : a 'tcp-request' \(behind) an 'http-request' \(isLate)",
                "12] : a 'tcp-request' \(behind) a 'tcp-request content' \(isLate)",
                "13] : a 'tcp-request' \(behind) a 'tcp-request session' \(isLate)",
                "14] : a 'monitor fail' \(behind) an 'http-request' \(isLate)",
                "15] : a 'http-request' \(behind) a 'redirect' \(isLate)",
                "16] : a 'http-request' \(behind) a 'redirect' \(isLate)",
                "17] : previous 'http-request' \(isNoop)",
                "17] : a 'http-request' \(behind) a 'redirect' \(isLate)",
                "23] : previous 'http-response' \(isNoop)",
            ])
    }

    @Test func `rules that need HTTP are told where a proxy is not of that mode`() {
        let loaded = Loading.frontend(
            """
             tcp-request content accept
             http-request deny
             http-after-response allow
             redirect location /
             option http-buffer-request
            """)
        #expect(loaded.configuration != nil, "\(loaded.messages)")
        for what in ["'http-request' rules", "'http-after-response' rules", "'redirect' rules"] {
            let text = "\(what) ignored for frontend 'f' as they require HTTP mode."
            #expect(loaded.messages.contains { $0.hasSuffix(text) }, "\(loaded.messages)")
        }
        let text = "'option http-buffer-request' ignored for frontend 'f' as it requires HTTP mode."
        #expect(loaded.messages.contains { $0.hasSuffix(text) }, "\(loaded.messages)")
        #expect(!loaded.messages.contains { $0.contains("tcp-request") }, "\(loaded.messages)")
    }
}

// `http-err-codes` and `http-fail-codes`: the sets of statuses that lines add up to.

import Proxy
import Testing

@Suite struct StatusKeywordTests {
    /// The statuses that lines of the global section leave in a set.
    private func statuses(_ lines: String, _ path: KeyPath<GlobalConfiguration, StatusSet>)
        -> [Int]?
    {
        let loading = Loading.load("global\n    \(lines)\n")
        guard let configuration = loading.configuration else { return nil }
        return StatusSet.all.filter { configuration.global[keyPath: path].contains($0) }
    }

    @Test func `without a line, errors are 4xx, and failures 5xx but for 501 and 505`() {
        #expect(statuses("", \.errorStatuses) == Array(400...499))
        #expect(
            statuses("", \.failureStatuses) == [500, 502, 503, 504] + Array(506...599))
    }

    @Test func `ranges replace, extend and reduce a set, in their order`() {
        let cases: [(String, [Int])] = [
            ("400,402-404,490", [400, 402, 403, 404, 490]),
            ("400-403 -402 +500", [400, 401, 403, 500]),
            ("400-402 404", [404]), ("+100,599 -400-499", [100, 599]),
            ("400-403 -401,402", [400, 403]), ("-100-599", []),
            ("400\n    http-err-codes +401\n    http-err-codes -400", [401]),
        ]
        for (line, wanted) in cases {
            #expect(statuses("http-err-codes \(line)", \.errorStatuses) == wanted, "\(line)")
        }
    }

    @Test func `failures change as errors do`() {
        #expect(
            statuses("http-fail-codes 500-503 -502,503 +404", \.failureStatuses)
                == [404, 500, 501])
    }

    @Test(arguments: [
        "", "x", "99", "600", "+600", "400-", "-", "+", "400-399", "400,", ",400", "400--401",
        "400-401-402", "0400", "4 00",
    ])
    func `what is no status is refused`(line: String) {
        let loading = Loading.load("global\n    http-err-codes \(line)\n")
        #expect(loading.configuration == nil)
        #expect(loading.messages.contains { $0.contains("'http-err-codes' expects") })
    }

    @Test func `persistence needs a condition`() {
        for keyword in ["force-persist", "ignore-persist"] {
            for line in ["", " x", " always"] {
                let text = "backend b\n    mode http\n    \(keyword)\(line)\n"
                #expect(Loading.load(text).configuration == nil, "\(keyword)\(line)")
            }
            let text =
                "backend b\n    mode http\n    timeout connect 1s\n    timeout server 1s\n"
                + "    \(keyword) unless { path /a }\n"
            #expect(Loading.load(text).configuration != nil, "\(Loading.load(text).messages)")
        }
    }
}

// `log-steps`: which words name which steps.

import Proxy
import Testing

@Suite struct LogStepsTests {
    /// The steps that a line leaves in a frontend; nil where it is refused.
    private func steps(_ words: String) -> LogSteps?? {
        let text =
            "frontend f\n    bind 127.0.0.1:8001\n    mode http\n    timeout client 5s\n"
            + "    log-steps \(words)\n"
        return Loading.load(text).configuration?.proxies[0].logSteps
    }

    @Test func `steps are named by a list, by all, or by nothing`() {
        #expect(steps("accept,close") == [LogSteps(.accept), LogSteps(.close)])
        #expect(steps("connect") == LogSteps(.connect))
        #expect(steps("all") == .all && steps("") == .all)
        #expect(steps("response,http-req") == [LogSteps(.response), LogSteps(.requestRule)])
    }

    @Test(arguments: ["foo", "accept,foo", "all,accept", ",close", "close,", "quic-init"])
    func `other words are no steps`(words: String) {
        let text = "defaults\n    log-steps \(words)\n"
        let loading = Loading.load(text)
        #expect(loading.configuration == nil)
        #expect(loading.messages.contains { $0.contains("has no step") }, "\(loading.messages)")
    }
}

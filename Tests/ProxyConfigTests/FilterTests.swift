// `filter` lines and the rules that name what they declare.

import Testing

@Suite struct FilterTests {
    private static func text(_ lines: String) -> String {
        """
        frontend f
            bind 127.0.0.1:8001
            mode http
            timeout client 5s
        \(lines.split(separator: ";").map { "    \($0)" }.joined(separator: "\n"))
            default_backend b
        backend b
            mode http
            timeout connect 5s
            timeout server 5s
            server s 127.0.0.1:1
        backend t
            stick-table type ip size 1k store bytes_in_rate(1s)
        backend none
            mode tcp

        """
    }

    @Test(arguments: [
        "filter bwlim-out x default-limit 1m default-period 1s",
        "filter bwlim-in x default-period 1s min-size 2896 default-limit 1m",
        "filter bwlim-in x key src table t limit 10m",
        "filter bwlim-in x limit 10m key src,ipmask(24) table t min-size 1k",
        "http-request set-bandwidth-limit x;filter bwlim-in x limit 1m key src table t",
        "filter bwlim-out x default-limit 1m default-period 1s"
            + ";tcp-request content set-bandwidth-limit x limit 100k period 5s"
            + ";http-response set-bandwidth-limit x limit int(100),mul(10) if { status 200 }",
    ])
    func `limits and rules that can be`(lines: String) {
        let loading = Loading.load(Self.text(lines))
        #expect(loading.configuration != nil && loading.messages.isEmpty, "\(loading.messages)")
    }

    @Test(arguments: [
        ("filter", "expects the name of a filter"),
        ("filter bwlim", "there is no filter 'bwlim'"),
        ("filter bwlim-in", "expects a name for rules"),
        ("filter bwlim-out x default-limit 1m", "needs 'default-period' as well"),
        ("filter bwlim-out x default-period 1s", "needs 'default-limit' as well"),
        ("filter bwlim-in x limit 1m table t", "needs 'key' as well"),
        ("filter bwlim-in x key src table t", "needs 'limit' as well"),
        ("filter bwlim-in x limit 1m key src", "has no stick table"),
        ("filter bwlim-in x limit 1m key src table zz", "no stick table 'zz'"),
        ("filter bwlim-out x limit 1m key src table t", "must store bytes_out_rate"),
        ("filter bwlim-in x limit 1m key src table t default-period 1s", "options of both"),
        ("filter bwlim-in x default-limit 0 default-period 1s", "a size from 1 byte"),
        ("filter bwlim-in x default-limit 4g default-period 1s", "a size from 1 byte"),
        ("filter bwlim-in x default-limit 1 default-period 0", "at least 1ms"),
        ("filter bwlim-in x default-limit 1 default-period 1s zz", "no option 'zz'"),
        ("filter bwlim-in x limit 1m key zz table t", "unknown sample fetch"),
        (
            "filter bwlim-in x default-limit 1 default-period 1s;"
                + "filter bwlim-out x default-limit 1 default-period 1s", "a filter 'x' already"
        ),
        ("http-request set-bandwidth-limit zz", "no such filter"),
        ("http-request set-bandwidth-limit", "the name of a bandwidth limit"),
        (
            "filter bwlim-in xx default-limit 1 default-period 1s;"
                + "http-request set-bandwidth-limit xy", "did you mean 'xx'"
        ),
        (
            "filter bwlim-in x default-limit 1 default-period 1s;"
                + "http-request set-bandwidth-limit x limit", "a sample expression"
        ),
        (
            "filter bwlim-in x default-limit 1 default-period 1s;"
                + "http-request set-bandwidth-limit x zz", "'limit' or 'period'"
        ),
        (
            "filter bwlim-in x limit 1m key src table t;"
                + "http-request set-bandwidth-limit x limit 1m", "neither limit nor period"
        ),
        (
            "filter bwlim-in x limit 1m key src table t;"
                + "http-after-response set-bandwidth-limit x", "has no action"
        ),
    ])
    func `mistakes in filters are told`(lines: String, says: String) {
        let loading = Loading.load(Self.text(lines))
        #expect(loading.configuration == nil)
        #expect(loading.messages.contains { $0.contains(says) }, "\(loading.messages)")
    }

    @Test func `a key that is not there where a rule stands is told`() {
        let lines =
            "filter bwlim-in x limit 1m key status,ipmask(24) table t"
            + ";http-request set-bandwidth-limit x"
        let loading = Loading.load(Self.text(lines))
        #expect(loading.configuration == nil)
        #expect(loading.messages.contains { $0.contains("do not have") }, "\(loading.messages)")
    }

    @Test(arguments: ["cache", "compression", "fcgi-app", "opentracing", "spoe", "trace"])
    func `other filters are refused by their names`(name: String) {
        let loading = Loading.load(Self.text("filter \(name) x"))
        #expect(loading.configuration == nil)
        #expect(
            loading.messages.contains { $0.contains("filter '\(name)' is not supported yet") })
    }

    @Test func `a defaults section has no filters`() {
        for line in [
            "filter bwlim-in x default-limit 1 default-period 1s",
            "http-request set-bandwidth-limit x",
        ] {
            #expect(Loading.load("defaults d\n    mode http\n    \(line)\n").configuration == nil)
        }
    }
}

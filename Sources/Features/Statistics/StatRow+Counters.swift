// Groups of fields that several kinds of objects share.

import Kernel
import Proxy

extension StatRow {
    /// scur, smax, slim.
    mutating func addSessions(now: Int, most: Int, limit: Int?) {
        self[.scur] = .u32(.gauge, now)
        self[.smax] = .u32(.maximum, max(most, now))
        if let limit { self[.slim] = .u32(.limit, limit) }
    }

    /// stot, bin, bout.
    mutating func addTraffic(_ counters: CounterTable) {
        self[.stot] = .u64(.counter, counters.value(.sessions))
        self[.bin] = .u64(.counter, counters.value(.bytesIn))
        self[.bout] = .u64(.counter, counters.value(.bytesOut))
        self[.wrew] = .u64(.counter, counters.value(.failedRewrites))
    }

    /// dreq, dresp.
    mutating func addDenials(_ counters: CounterTable) {
        self[.dreq] = .u64(.counter, counters.value(.deniedRequests))
        self[.dresp] = .u64(.counter, counters.value(.deniedResponses))
    }

    /// dcon, dses.
    mutating func addConnectionDenials(_ counters: CounterTable) {
        self[.dcon] = .u64(.counter, counters.value(.deniedConnections))
        self[.dses] = .u64(.counter, counters.value(.deniedSessions))
    }

    /// econ, eresp, wretr, wredis, cli_abrt, srv_abrt.
    mutating func addFailures(_ counters: CounterTable) {
        self[.econ] = .u64(.counter, counters.value(.connectionErrors))
        self[.eresp] = .u64(.counter, counters.value(.responseErrors))
        self[.wretr] = .u64(.counter, counters.value(.retries))
        self[.wredis] = .u64(.counter, counters.value(.redispatches))
        self[.cli_abrt] = .u64(.counter, counters.value(.clientAborts))
        self[.srv_abrt] = .u64(.counter, counters.value(.serverAborts))
    }

    /// hrsp_1xx … hrsp_other.
    mutating func addResponses(_ counters: CounterTable) {
        self[.hrsp_1xx] = .u64(.counter, counters.value(.responses1xx))
        self[.hrsp_2xx] = .u64(.counter, counters.value(.responses2xx))
        self[.hrsp_3xx] = .u64(.counter, counters.value(.responses3xx))
        self[.hrsp_4xx] = .u64(.counter, counters.value(.responses4xx))
        self[.hrsp_5xx] = .u64(.counter, counters.value(.responses5xx))
        self[.hrsp_other] = .u64(.counter, counters.value(.responsesOther))
    }

    /// comp_in … comp_rsp; there is no compression yet.
    mutating func addCompression() {
        for field in [StatField.comp_in, .comp_out, .comp_byp, .comp_rsp] {
            self[field] = .u64(.counter, 0)
        }
    }

    /// lastsess, the mean times and the largest.
    mutating func addTimes(_ counters: CounterTable, now: Int64) {
        let last = Int64(counters.value(.lastSecond))
        self[.lastsess] = .s32(.age, last == 0 ? -1 : max(now - last, 0))
        let streams = max(counters.value(.timedStreams), 1)
        self[.qtime] = .u32(.average, counters.value(.queueMilliseconds) / streams)
        self[.ctime] = .u32(.average, counters.value(.connectMilliseconds) / streams)
        self[.rtime] = .u32(.average, counters.value(.responseMilliseconds) / streams)
        self[.ttime] = .u32(.average, counters.value(.totalMilliseconds) / streams)
        self[.qtime_max] = .u32(.maximum, counters.value(.queueMillisecondsMax))
        self[.ctime_max] = .u32(.maximum, counters.value(.connectMillisecondsMax))
        self[.rtime_max] = .u32(.maximum, counters.value(.responseMillisecondsMax))
        self[.ttime_max] = .u32(.maximum, counters.value(.totalMillisecondsMax))
    }

    /// connect, reuse.
    mutating func addConnections(_ counters: CounterTable) {
        self[.connect] = .u64(.counter, counters.value(.connects))
        self[.reuse] = .u64(.counter, counters.value(.reuses))
    }

    /// The server's idle and used connections.
    mutating func addPool(_ live: ServerLive, used: Int, limit: Int) {
        let idle = max(live.idleConnections.load(ordering: .relaxed), 0)
        self[.srv_icur] = .u32(.gauge, idle)
        if limit >= 0 { self[.src_ilim] = .u32(.limit, limit) }
        self[.idle_conn_cur] = .u32(.gauge, idle)
        self[.safe_conn_cur] = .u32(.gauge, 0)
        self[.used_conn_cur] = .u32(.gauge, used)
        self[.need_conn_est] = .u32(.gauge, used)
        self[.priv_idle_cur] = .u32(.gauge, 0)
    }

    /// Sessions and requests by version; everything is HTTP/1 or no HTTP at all.
    mutating func addVersions(_ counters: CounterTable, isHTTP: Bool) {
        let sessions = counters.value(.sessions)
        let requests = counters.value(.requests)
        self[.sess_other] = .u64(.counter, isHTTP ? 0 : sessions)
        self[.h1sess] = .u64(.counter, isHTTP ? sessions : 0)
        self[.h2sess] = .u64(.counter, 0)
        self[.h3sess] = .u64(.counter, 0)
        self[.req_other] = .u64(.counter, isHTTP ? 0 : sessions)
        self[.h1req] = .u64(.counter, isHTTP ? requests : 0)
        self[.h2req] = .u64(.counter, 0)
        self[.h3req] = .u64(.counter, 0)
    }

    /// Bytes of messages as they came and as they went.
    mutating func addMessageBytes(_ counters: CounterTable) {
        let received = counters.value(.bytesIn)
        let sent = counters.value(.bytesOut)
        self[.reqbin] = .u64(.counter, received)
        self[.reqbout] = .u64(.counter, received)
        self[.resbin] = .u64(.counter, sent)
        self[.resbout] = .u64(.counter, sent)
    }
}

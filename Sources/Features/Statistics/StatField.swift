// The columns of `show stat`, in an order that clients rely on: columns are only ever appended.
// Source: management manual, "CSV format".

/// A column; the raw value is its position.
enum StatField: Int, CaseIterable, Sendable {
    case pxname, svname, qcur, qmax, scur, smax, slim, stot, bin, bout, dreq, dresp, ereq, econ
    case eresp, wretr, wredis, status, weight, act, bck, chkfail, chkdown, lastchg, downtime
    case qlimit, pid, iid, sid, throttle, lbtot, tracked, type, rate, rate_lim, rate_max
    case check_status, check_code, check_duration
    case hrsp_1xx, hrsp_2xx, hrsp_3xx, hrsp_4xx, hrsp_5xx, hrsp_other
    case hanafail, req_rate, req_rate_max, req_tot, cli_abrt, srv_abrt
    case comp_in, comp_out, comp_byp, comp_rsp, lastsess, last_chk, last_agt
    case qtime, ctime, rtime, ttime, agent_status, agent_code, agent_duration
    case check_desc, agent_desc, check_rise, check_fall, check_health
    case agent_rise, agent_fall, agent_health, addr, cookie, mode, algo
    case conn_rate, conn_rate_max, conn_tot, intercepted, dcon, dses, wrew, connect, reuse
    case cache_lookups, cache_hits, srv_icur, src_ilim
    case qtime_max, ctime_max, rtime_max, ttime_max, eint
    case idle_conn_cur, safe_conn_cur, used_conn_cur, need_conn_est, uweight
    case agg_server_status, agg_server_check_status, agg_check_status
    case srid, sess_other, h1sess, h2sess, h3sess, req_other, h1req, h2req, h3req, proto
    case priv_idle_cur, reqbin, reqbout, resbin, resbout
}

extension StatField {
    /// The header of the CSV output; a lone minus ends the columns whose order is fixed.
    static let header = "# " + allCases.map { "\($0)," }.joined() + "-,\n"

    /// One line of manual.
    var sentence: String {
        switch self {
        case .pxname: "Name of the proxy"
        case .svname: "Name of the server or listener, or FRONTEND or BACKEND"
        case .qcur: "Requests waiting in the queue now"
        case .qmax: "Most requests that have waited in the queue at once"
        case .scur: "Sessions now"
        case .smax: "Most sessions at once"
        case .slim: "Limit of sessions; fullconn for a backend"
        case .stot: "Sessions since the start"
        case .bin: "Bytes received from clients"
        case .bout: "Bytes sent to clients"
        case .dreq: "Requests denied by rules"
        case .dresp: "Responses denied by rules"
        case .ereq: "Requests that failed or were not valid"
        case .econ: "Failed connections to servers"
        case .eresp: "Responses that failed or were not valid"
        case .wretr: "Connections tried again"
        case .wredis: "Requests sent to another server after failed connections"
        case .status: "State: OPEN, FULL, PAUSED, STOP; UP, DOWN; or the server's state"
        case .weight: "Effective weight; the sum over active servers for a backend"
        case .act: "Active servers that are up; 1 for such a server"
        case .bck: "Backup servers that are up; 1 for such a server"
        case .chkfail: "Failed health checks while the server was up"
        case .chkdown: "Times it went down"
        case .lastchg: "Seconds since the last change of state"
        case .downtime: "Seconds spent down"
        case .qlimit: "Limit of the server's queue"
        case .pid: "Number of the process, always 1"
        case .iid: "Number of the proxy"
        case .sid: "Number of the server or listener"
        case .throttle: "Percentage of its weight a starting server gets"
        case .lbtot: "Times chosen by the balancing algorithm"
        case .tracked: "Server whose state is followed"
        case .type: "0 frontend, 1 backend, 2 server, 3 listener"
        case .rate: "Sessions in the last second"
        case .rate_lim: "Limit of new sessions per second"
        case .rate_max: "Most sessions in a second"
        case .check_status: "Result of the last health check"
        case .check_code: "Status code of the last health check"
        case .check_duration: "Milliseconds the last health check took"
        case .hrsp_1xx: "Responses with a status from 100 to 199"
        case .hrsp_2xx: "Responses with a status from 200 to 299"
        case .hrsp_3xx: "Responses with a status from 300 to 399"
        case .hrsp_4xx: "Responses with a status from 400 to 499"
        case .hrsp_5xx: "Responses with a status from 500 to 599"
        case .hrsp_other: "Responses with any other status"
        case .hanafail: "Details of failed health checks"
        case .req_rate: "HTTP requests in the last second"
        case .req_rate_max: "Most HTTP requests in a second"
        case .req_tot: "HTTP requests since the start"
        case .cli_abrt: "Exchanges given up by the client"
        case .srv_abrt: "Exchanges given up by the server"
        case .comp_in: "Bytes given to compression"
        case .comp_out: "Bytes that came out of compression"
        case .comp_byp: "Bytes that bypassed compression"
        case .comp_rsp: "Compressed responses"
        case .lastsess: "Seconds since the last session, -1 before the first"
        case .last_chk: "Text of the last health check"
        case .last_agt: "Text of the last agent check"
        case .qtime: "Mean milliseconds in the queue"
        case .ctime: "Mean milliseconds to connect"
        case .rtime: "Mean milliseconds until the response"
        case .ttime: "Mean milliseconds of whole sessions"
        case .agent_status: "Result of the last agent check"
        case .agent_code: "Code of the last agent check"
        case .agent_duration: "Milliseconds the last agent check took"
        case .check_desc: "What check_status means"
        case .agent_desc: "What agent_status means"
        case .check_rise: "Checks that must pass before the server is up"
        case .check_fall: "Checks that must fail before the server is down"
        case .check_health: "Level of health, from 0 to rise + fall - 1"
        case .agent_rise: "Agent checks that must pass before the server is up"
        case .agent_fall: "Agent checks that must fail before the server is down"
        case .agent_health: "Level of health by the agent, from 0 to rise + fall - 1"
        case .addr: "Address and port, for levels operator and admin"
        case .cookie: "The server's cookie or the backend's cookie name, for operator and admin"
        case .mode: "Mode of the proxy"
        case .algo: "Balancing algorithm, for levels operator and admin"
        case .conn_rate: "Connections in the last second"
        case .conn_rate_max: "Most connections in a second"
        case .conn_tot: "Connections since the start"
        case .intercepted: "Requests answered by the proxy itself"
        case .dcon: "Connections denied by rules"
        case .dses: "Sessions denied by rules"
        case .wrew: "Header fields that could not be rewritten"
        case .connect: "Connections to servers since the start"
        case .reuse: "Server connections used again"
        case .cache_lookups: "Requests looked up in a cache"
        case .cache_hits: "Requests answered from a cache"
        case .srv_icur: "Idle connections that can be used again"
        case .src_ilim: "Limit of idle connections"
        case .qtime_max: "Most milliseconds in the queue"
        case .ctime_max: "Most milliseconds to connect"
        case .rtime_max: "Most milliseconds until a response"
        case .ttime_max: "Most milliseconds of a session"
        case .eint: "Internal errors"
        case .idle_conn_cur: "Idle connections not yet known to be safe to share"
        case .safe_conn_cur: "Idle connections that are safe to share"
        case .used_conn_cur: "Connections in use"
        case .need_conn_est: "Connections estimated to be needed"
        case .uweight: "Weight set by the user; the sum over active servers for a backend"
        case .agg_server_status: "Servers by their state, summed"
        case .agg_server_check_status: "Servers by the state of their checks, summed"
        case .agg_check_status: "Servers by the state of their checks, summed"
        case .srid: "Revision of the server"
        case .sess_other: "Sessions that are not HTTP"
        case .h1sess: "HTTP/1 sessions"
        case .h2sess: "HTTP/2 sessions"
        case .h3sess: "HTTP/3 sessions"
        case .req_other: "Requests that are not HTTP"
        case .h1req: "HTTP/1 requests"
        case .h2req: "HTTP/2 requests"
        case .h3req: "HTTP/3 requests"
        case .proto: "Protocol of the listener"
        case .priv_idle_cur: "Idle connections that belong to one client"
        case .reqbin: "Bytes of requests received"
        case .reqbout: "Bytes of requests sent on"
        case .resbin: "Bytes of responses received"
        case .resbout: "Bytes of responses sent on"
        }
    }
}

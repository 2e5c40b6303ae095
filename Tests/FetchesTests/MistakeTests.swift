// Wrong arguments and wrong places: refused as haproxy refuses them, with the word that is wrong.

import ReferenceHAProxy
import Testing

@testable import Fetches
@testable import Proxy

@Suite struct MistakeTests {
    /// A proxy with some lines, and a user list.
    private static func proxy(_ lines: String) -> String {
        """
        userlist staff
         group admins
         user u insecure-password p groups admins
        listen f
         bind 127.0.0.1:8001
         mode http
         timeout client 1s
         timeout server 1s
         timeout connect 1s
         server s 127.0.0.1:1
         \(lines)

        """
    }

    private static func check(_ line: String, isTaken: Bool) throws {
        let loaded = Loaded(proxy(line))
        #expect((loaded.configuration != nil) == isTaken, "\(line)\n\(loaded.messages)")
        if ReferenceProcess.program != nil {
            #expect(try ReferenceProcess.takes(proxy(line)) == isTaken, "haproxy: \(line)")
        }
    }

    @Test(arguments: [
        "hdr(a,-11)", "hdr(a,x)", "hdr(a,1,2)", "hdr_cnt(a,1)", "req.hdrs(x)", "capture.req.hdr",
        "capture.req.hdr()", "capture.req.hdr(x)", "path(x)", "query(x)", "http_auth",
        "http_auth()", "http_auth(none)", "http_auth_group(none)", "hdr_beg(a)", "path_beg",
        "cook_beg(a)", "urlp_beg(a)", "method_beg", "no.such",
    ])
    func `expressions with mistakes are refused`(_ expression: String) throws {
        try Self.check("http-request set-header x %[\(expression)]", isTaken: false)
    }

    @Test(arguments: [
        "req.hdr_beg(a) b", "req.cook_beg(a) b", "url_param_beg(a) b", "baseq_beg b", "pathq_beg b",
        "query_beg b", "url32_beg b", "status_beg b", "http_auth_group(staff) x",
        "http_auth_group(staff) -m str u", "http_auth_group(staff) -m found",
        "http_auth_group(staff)",
        "req.body x",
    ])
    func `conditions with mistakes are refused`(_ condition: String) throws {
        try Self.check("http-request allow if { \(condition) }", isTaken: false)
    }

    @Test(arguments: [
        "hdr(a,-10) b", "hdr_beg(a) b", "cook_end(a) b", "shdr_dom(a) b", "scook_reg(a) ^b",
        "path_sub b", "url_dir b", "base_len 3", "urlp_beg(a) b", "http_auth_group(staff) admins",
        "req.body -m str x", "http_auth(staff)",
    ])
    func `conditions without mistakes are taken`(_ condition: String) throws {
        try Self.check("acl a \(condition)", isTaken: true)
    }

    /// Expressions by where they can stand: rules of sessions, first bytes, requests, responses.
    private static let places: [(expression: String, allowed: Set<String>)] = [
        ("path", ["content", "request"]), ("req.hdr(a)", ["content", "request"]),
        ("req.body", ["content", "request"]), ("http_auth(staff)", ["content", "request"]),
        ("hdr(a)", ["content", "request", "response"]),
        ("cookie(a)", ["content", "request", "response"]),
        ("hdr_cnt(a)", ["content", "request"]), ("cook(a)", ["content", "request"]),
        ("res.hdr(a)", ["response"]), ("scook(a)", ["response"]), ("res.body", ["response"]),
        ("status", ["response"]), ("res.ver", ["response"]),
        ("method", ["content", "request", "response"]),
        ("capture.req.uri", ["content", "request", "response"]),
        ("capture.req.hdr(0)", ["content", "request", "response"]),
        ("capture.res.hdr(0)", ["response"]),
        ("capture.res.ver", ["content", "request", "response"]),
        ("http_first_req", ["content", "request", "response"]),
        ("unique-id", ["session", "content", "request", "response"]),
    ]

    @Test func `expressions stand where haproxy lets them`() throws {
        let rules = [
            "session": "tcp-request session set-var(sess.x)",
            "content": "tcp-request content set-var(txn.x)",
            "request": "http-request set-var(txn.x)",
            "response": "http-response set-var(txn.x)",
        ]
        for (expression, allowed) in Self.places {
            for (place, rule) in rules {
                try Self.check("\(rule) \(expression)", isTaken: allowed.contains(place))
            }
        }
    }

    @Test(arguments: [
        (
            "http-request set-header x %[capture.req.hdr(-1)]",
            "expects the number of a capture, from 0"
        ),
        ("http-request set-header x %[urlp(a,?,x)]", "expects 'i'"),
        ("http-request set-header x %[req.body_param(a,x)]", "expects 'i'"),
        (
            "http-request set-header x %[http_auth(stuff)]",
            "there is no userlist 'stuff'; did you mean 'staff'?"
        ),
        (
            "http-request allow if { http_auth_group(staff) admin }",
            "userlist 'staff' has no group 'admin'; did you mean 'admins'?"
        ),
        ("http-request set-header x %[req.hdrs_bi]", "did you mean 'req.hdrs_bin'?"),
        ("http-request set-header x %[res.hdr(a)]", "needs response headers"),
        ("http-response set-header x %[path]", "needs request headers"),
        ("tcp-request session set-var(sess.x) hdr(a)", "needs headers"),
        ("http-response set-header x %[res.comp]", "compression comes with the filters"),
        ("http-response set-header x %[res.comp_algo]", "compression comes with the filters"),
        ("http-response set-header x %[res.cache_hit]", "the cache is not built yet"),
        ("http-response set-header x %[res.cache_name]", "the cache is not built yet"),
    ])
    func `mistakes are told`(_ line: String, _ text: String) {
        let loaded = Loaded(Self.proxy(line))
        #expect(loaded.configuration == nil)
        #expect(loaded.messages.contains { $0.contains(text) }, "\(loaded.messages)")
    }

    @Test func `a condition that cannot be met is warned about`() {
        let loaded = Loaded(Self.proxy("http-request allow if { res.hdr(a) b }"))
        #expect(loaded.configuration != nil)
        #expect(loaded.messages.contains { $0.contains("will never match") })
    }

    @Test func `every name of the manual's chapter is a row`() {
        let names = """
            base base32 base32+src baseq capture.req.hdr capture.req.method capture.req.uri
            capture.req.ver capture.res.hdr capture.res.ver cook cook_cnt cook_val cookie hdr hdr_cnt
            hdr_ip hdr_val http_auth http_auth_bearer http_auth_group http_auth_pass http_auth_type
            http_auth_user http_first_req method path pathq query req.body req.body_len
            req.body_param req.body_size req.cook req.cook_cnt req.cook_names req.cook_val req.fhdr
            req.fhdr_cnt req.hdr req.hdr_cnt req.hdr_ip req.hdr_names req.hdr_val req.hdrs
            req.hdrs_bin req.ver req_ver res.body res.body_len res.body_size res.cache_hit
            res.cache_name res.comp res.comp_algo res.cook res.cook_cnt res.cook_names res.cook_val
            res.fhdr res.fhdr_cnt res.hdr res.hdr_cnt res.hdr_ip res.hdr_names res.hdr_val res.hdrs
            res.hdrs_bin res.ver resp_ver scook scook_cnt scook_val server_status set-cookie shdr
            shdr_cnt shdr_ip shdr_val status txn.status unique-id url url32 url32+src url_ip
            url_param url_port urlp urlp_val
            """
        for name in names.split(whereSeparator: \.isWhitespace).map(String.init) {
            #expect(FetchCatalog.all[name] != nil, "\(name)")
        }
    }
}

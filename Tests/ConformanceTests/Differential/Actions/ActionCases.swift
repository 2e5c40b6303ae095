// The rules that are tried beside haproxy, by family.

extension ActionGroup {
    /// All groups.
    static let all: [ActionGroup] = [
        denials, proxyNames, answers, answersOfResponses, redirects, plainRedirects, fields,
        replacements,
        lines, targets, statuses, afterwards, captures, variables, normalForms, names, monitor,
        errors, streams, bodies,
    ]

    private static let denials = ActionGroup(
        description: "deny, tarpit, reject, auth",
        frontend: """
            http-request deny if { path /deny }
            http-request deny deny_status 429 if { path /429 }
            http-request deny status 403 if { path /empty }
            http-request deny status 451 content-type text/plain string "no" if { path /451 }
            http-request deny hdr x-a "b %[path]" if { path /hdr }
            http-request deny deny_status 404 hdr x-a b if { path /404 }
            http-request tarpit if { path /tarpit }
            http-request tarpit status 418 content-type text/plain string tea if { path /tea }
            http-request tarpit status 418 if { path /notea }
            http-request auth if { path /auth }
            http-request auth realm "my own" if { path /realm }
            http-request reject if { path /reject }
            http-request allow if { path /allow }
            http-request deny if { path /allow }
            http-request deny status 404 errorfile @/empty if { path /silent }
            """,
        exchanges: [
            .get("/deny"), .get("/deny", method: "HEAD"), .old("/deny"), .post("/deny", "abc"),
            .post("/deny", "", fields: "Content-Length: 5\r\n"),
            .post("/deny", "3\r\nabc\r\n0\r\n\r\n", fields: "Transfer-Encoding: chunked\r\n"),
            .get("/429"), .get("/empty"), .get("/451"), .get("/hdr"), .get("/404"),
            .get("/tarpit"), .get("/tea"), .get("/notea"), .get("/auth"), .get("/realm"),
            .get("/reject"), .get("/allow"), .get("/silent"),
            .get("/deny", "Connection: close\r\n"),
        ])

    private static let proxyNames = ActionGroup(
        description: "auth, http-use-proxy-header",
        sections: "userlist u\n user a insecure-password b",
        frontend: """
            option http-use-proxy-header
            http-request set-header x-user "%[http_auth_user]" if { http_auth(u) }
            http-request auth realm x unless { http_auth(u) }
            """,
        exchanges: [
            .get("/"), .get("http://a/"), .get("*", method: "OPTIONS"),
            .get("/", "Authorization: Basic YTpi\r\n"),
            .get("http://a/", "Authorization: Basic YTpi\r\n"),
            .get("/", "Proxy-Authorization: Basic YTpi\r\n"),
            .get("http://a/", "Proxy-Authorization: Basic YTpi\r\n"),
        ])

    private static let answers = ActionGroup(
        description: "return",
        sections: "http-errors e\n errorfile 404 @/404.http",
        frontend: """
            http-request return if { path /1 }
            http-request return status 201 if { path /2 }
            http-request return status 404 default-errorfiles if { path /3 }
            http-request return content-type text/plain string "hello" if { path /4 }
            http-request return status 204 if { path /5 }
            http-request return status 304 if { path /6 }
            http-request return content-type a/b lf-string "lf %[path]" hdr X-A "a %[path]" \
            hdr x-a b hdr x-none "%[req.hdr(none)]" if { path /7 }
            http-request return status 404 errorfile @/404.http if { path /8 }
            http-request return status 404 errorfiles e if { path /9 }
            http-request return status 403 errorfiles e if { path /10 }
            http-request return file @/empty if { path /11 }
            http-request return content-type a/b file @/plain.txt if { path /12 }
            http-request return content-type a/b lf-file @/plain.txt if { path /13 }
            http-request return errorfile @/empty if { path /14 }
            http-request return hdr connection close if { path /15 }
            http-request return status 299 if { path /16 }
            http-request return status 599 if { path /17 }
            http-request return content-type a/b lf-string "%[req.hdr(none)]" if { path /18 }
            """,
        exchanges: [
            .get("/1"), .get("/2"), .get("/3"), .get("/4"), .get("/4", method: "HEAD"),
            .old("/4"), .get("/5"),
            .get("/6", differs: "a length of 0 would be that of what was not sent"),
            .get("/7"), .get("/8"), .get("/9"), .get("/10"), .get("/11"), .get("/12"),
            .get("/13"), .get("/14"), .get("/15"), .get("/16"), .get("/17"), .get("/18"),
            .post("/4", "abc"),
        ])

    private static let answersOfResponses = ActionGroup(
        description: "deny and return in http-response",
        backend: """
            http-response deny if { res.hdr(x-d) 1 }
            http-response deny deny_status 403 if { res.hdr(x-d) 2 }
            http-response return content-type text/plain string hi if { res.hdr(x-d) 3 }
            http-response redirect location /r%[res.hdr(x-d)] if { res.hdr(x-d) 4 }
            """,
        exchanges: (0...4).map { .get("/\($0)", answer: "X-D: \($0)\r\n") })

    private static let redirects = ActionGroup(
        description: "http-request redirect",
        frontend: """
            http-request redirect location /new if { path /1 }
            http-request redirect location /new%[path] code 301 if { path /2 }
            http-request redirect location /new code 303 if { path /3 }
            http-request redirect location /new code 307 if { path /4 }
            http-request redirect location /new code 308 if { path /5 }
            http-request redirect prefix http://w if { path /6 }
            http-request redirect prefix http://w drop-query if { path /7 }
            http-request redirect prefix http://w drop-query append-slash if { path /8 /9/ }
            http-request redirect prefix http://w append-slash if { path /10 }
            http-request redirect prefix / if { path /11 }
            http-request redirect prefix /a set-cookie A=b if { path /12 }
            http-request redirect location /a clear-cookie A if { path /13 }
            http-request redirect location /a clear-cookie A= if { path /14 }
            http-request redirect scheme https if { path /15 }
            http-request redirect scheme https drop-query if { path /16 }
            http-request redirect location "%[req.hdr(none)]" ignore-empty if { path /17 }
            http-request redirect location "%[req.hdr(none)]" if { path /18 }
            http-request redirect location "/x%[url_param(a),url_dec]" if { path /19 }
            """,
        exchanges: [
            .get("/1"), .get("/1", method: "HEAD"), .old("/1"), .get("/2"), .get("/3"),
            .get("/4"), .get("/5"), .get("/6?a=b"), .get("/7?a=b"), .get("/8?a=b"),
            .get("/9/?a=b"), .get("/10?a=b"), .get("/11?a=b"), .get("/12?a=b"), .get("/13"),
            .get("/14"), .get("/15?a=b"), .old("/15"), .get("http://a/15?a=b"), .get("/16?a=b"),
            .get("/17"), .get("/18"), .get("/19?a=%0d%0ab"),
            .post("/1", "abc", differs: "the connection goes on: the request was read to its end"),
        ])

    private static let plainRedirects = ActionGroup(
        description: "redirect and errorloc",
        frontend: """
            http-request deny if { path /deny }
            http-request deny deny_status 404 if { path /404 }
            redirect location /old%[path] if { path /1 }
            redirect prefix http://old if { path /2 }
            redirect scheme https code 301 if { path /3 }
            redirect prefix http://a append-slash if METH_OPTIONS
            errorloc 403 /forbidden?x
            errorloc303 404 http://x/404
            errorloc302 503 /none
            """,
        backend: "redirect location /back if { path /4 }",
        exchanges: [
            .get("/1"), .get("/2?q"), .get("/3?q"), .get("/4"), .get("/deny"), .get("/404"),
            .get("*", method: "OPTIONS"), .get("http://a", method: "OPTIONS"),
        ])

    private static let fields = ActionGroup(
        description: "set-header, add-header, del-header",
        frontend: """
            http-request set-header X-CaSe "v %[path]" if { path /1 }
            http-request set-header host new if { path /2 }
            http-request set-header X-A %[req.hdr(none)] if { path /3 }
            http-request add-header X-A "  sp  " if { path /4 }
            http-request set-header X-A "%[url_param(a),url_dec]" if { path /5 }
            http-request add-header X-A one if { path /6 }
            http-request del-header X-A if { path /7 }
            http-request del-header x- -m beg if { path /8 }
            http-request del-header A -m end if { path /9 }
            http-request del-header OO -m sub if { path /10 }
            http-request del-header ^x-[ab]$ -m reg if { path /11 }
            http-request del-header host if { path /12 }
            http-request set-header connection close if { path /13 }
            http-request set-header connection x-a if { path /14 }
            http-request del-header content-length if { path /15 }
            http-request set-header a 1 if { path /16 }
            http-request set-header b "%[req.hdr(a)]2" if { path /16 }
            http-request del-header a if { path /16 }
            """,
        exchanges: [
            .get("/1", "X-case: old\r\nX-CASE: old2\r\n"), .get("/2"), .get("http://a/2"),
            .get("/3"), .get("/4"), .get("/5?a=%0d%0ab%09%7f%80"), .get("/6", "X-a: zero\r\n"),
            .get("/7", "X-a: 1\r\nX-b: 2\r\nx-A: 3\r\n"), .get("/8", "X-a: 1\r\nX-b: 2\r\n"),
            .get("/9", "X-a: 1\r\nX-b: 2\r\n"), .get("/10", "Cookie: a=b\r\nX-b: 2\r\n"),
            .get("/11", "X-A: 1\r\nX-b: 2\r\nX-c: 3\r\n"), .get("/12"), .get("/13"),
            .get("/14", "X-a: a\r\n"),
            .post("/15", "abc", differs: "what frames a body is not to be changed"),
            .get("/16"),
        ])

    private static let replacements = ActionGroup(
        description: "replace-header, replace-value",
        frontend: """
            http-request replace-header X-A ^(.)(.*)$ \\2\\1%[path] if { path /1 }
            http-request replace-header X-A b c if { path /2 }
            http-request replace-value X-A ^(.)$ <\\1> if { path /3 }
            http-request replace-value X-A (.*) <\\1> if { path /4 }
            http-request replace-header host .* zz if { path /5 }
            http-request replace-header Cookie (a=[^;]*);(.*) \\1;ip=1;\\2 if { path /6 }
            """,
        backend: "http-response replace-value Cache-Control ^public$ private",
        exchanges: [
            .get("/1", "X-A: 123, 456\r\nX-A: b\r\n"), .get("/2", "X-A: abb\r\nX-A: a\r\n"),
            .get("/3", "X-A: a,b ,  cc , d\r\nX-A: b\r\n"),
            .get("/4", "X-A: a,b ,  cc , d, \"x,y\" ,,\r\nX-A: b\r\n"), .get("/5"),
            .get("http://a/5"), .get("/6", "Cookie: a=1; b=2\r\n"),
            .get("/7", answer: "Cache-Control: max-age=3600, public\r\n"),
        ])

    private static let lines = ActionGroup(
        description: "set-path and its kin",
        frontend: """
            http-request set-path /n%[path] if { path_beg /1/ }
            http-request set-path nolead if { path /2 }
            http-request set-path "/a?b" if { path /3 }
            http-request set-path "%[req.hdr(none)]" if { path /4 }
            http-request set-pathq /n if { path /5 }
            http-request set-pathq /n?z if { path /6 }
            http-request set-query x=y if { path /7 }
            http-request set-query %[req.hdr(none)] if { path /8 }
            http-request set-query ?z if { path /9 }
            http-request set-uri http://h/%[path] if { path /10 }
            http-request set-uri /abc?d if { path /11 }
            http-request set-uri * if { path /12 }
            http-request set-uri http://h:81/x if { path /13 }
            http-request set-uri "/a b" if { path /14 }
            http-request set-method PUT if { path /15 }
            http-request set-method own if { path /16 }
            http-request set-method "P T" if { path /17 }
            http-request set-header host foo:80 if { path /18 }
            """,
        exchanges: [
            .get("/1/x?a=b"), .get("http://a/1/?a=b"), .get("/2?a=b"), .get("/3?a=b"),
            .get("/4?a=b"), .get("/5?a=b"), .get("http://a/6?a=b"), .get("/7?a=b"), .get("/7"),
            .get("/8?a=b"), .get("/8"), .get("/9?a=b"), .get("/10?a=b"), .get("/11?a=b"),
            .get("/12"), .get("/13"), .get("/14", differs: "a blank is encoded"), .get("/15"),
            .get("/16"), .get("/17", differs: "that is no method"), .get("http://a/18"),
        ])

    private static let targets = ActionGroup(
        description: "replace-path and its kin",
        frontend: """
            http-request replace-path ^/1(.*)$ /new\\1-%[query] if { path_beg /1 }
            http-request replace-pathq ([^?]*)(\\?(.*))? \\1/foo\\2 if { path /2 }
            http-request replace-uri ^(.*)$ /u\\1 if { path /3 }
            http-request replace-uri ^http://(.*) https://\\1 if { path /4 }
            http-request replace-path nomatch zz if { path /5 }
            http-request replace-uri ^(.*)$ http://zz:8080\\1 if { path /6 }
            """,
        exchanges: [
            .get("/1/q?a=b"), .get("/2?a=b"), .get("/2"), .get("/3?a=b"), .get("http://a/3?a=b"),
            .get("http://a/4?a=b"), .get("/5?a=b"), .get("/6"), .old("/6"),
        ])

    private static let statuses = ActionGroup(
        description: "set-status, early-hint",
        frontend: """
            http-request early-hint Link "<%[path]>; rel=preload" if { path_beg /hint }
            http-request early-hint Link "</b>; rel=preload" if { path_beg /hint }
            """,
        backend: """
            http-request early-hint X a if { path /hint }
            http-response set-status 404 if { res.hdr(x-s) 1 }
            http-response set-status 503 reason "Slow Down" if { res.hdr(x-s) 2 }
            http-response set-status 204 if { res.hdr(x-s) 3 }
            http-response set-status 304 if { res.hdr(x-s) 4 }
            http-response set-status 700 if { res.hdr(x-s) 5 }
            """,
        exchanges: (0...5).map { .get("/\($0)", answer: "X-S: \($0)\r\n") }
            + [.get("/hint"), .old("/hint")])

    private static let afterwards = ActionGroup(
        description: "http-after-response",
        frontend: """
            http-request set-var(txn.p) path
            http-request return status 201 content-type a/b string x if { path /1 }
            http-request deny if { path /2 }
            http-request redirect location /x if { path /3 }
            http-after-response set-header x-after "%[status] %[res.hdr(content-type)]"
            http-request return status 201 content-type a/b string x if { path /6 }
            http-after-response add-header connection close if { var(txn.p) -m str /5 /6 }
            http-after-response del-header cache-control
            http-after-response replace-header content-type text/(.*) other/\\1
            http-after-response set-status 404 reason "Not So" if { status 200 201 }
            http-after-response set-var(res.x) int(3)
            http-after-response set-header x-var "%[var(res.x)] %[var(req.x)]"
            http-after-response strict-mode off
            http-after-response allow
            http-after-response set-header x-never 1
            """,
        exchanges: [
            .get("/1"), .get("/1", method: "HEAD"), .get("/2"), .get("/3"), .get("/4"), .get("/5"),
            .get("/6"),
            ActionExchange(request: "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        ])

    private static let captures = ActionGroup(
        description: "capture",
        frontend: """
            capture cookie A len 20
            capture request header host len 10
            capture request header x-b len 5
            declare capture request len 3
            capture response header x-r len 10
            declare capture response len 4
            http-request capture path len 4
            http-request capture url id 2
            http-request set-header x-cap "%[capture.req.hdr(0)],%[capture.req.hdr(1)]"
            http-response capture res.hdr(x-a) id 1
            """,
        backend: """
            http-request capture method id 2 if { path /m }
            http-request capture method id 9
            """,
        exchanges: [
            .get(
                "/path?q", "x-b: one\r\nX-B: two two\r\nCookie: B=c; A=1; AB=2\r\n",
                answer: "Set-Cookie: A=resp; path=/\r\nX-A: abcdefg\r\nX-R: 1\r\nX-R: 2\r\n"),
            .get(
                "/m", "Cookie: AB=c; A=1\r\n",
                answer: "Set-Cookie: B=r\r\nSet-Cookie: A=2222222222222222222222222, C=3\r\n"),
            .get("/m", "Cookie: xA=c;A\r\nCookie: A=4\r\n", answer: "Set-Cookie: B=r, A=4\r\n"),
            .get("/n"),
        ])

    private static let variables = ActionGroup(
        description: "set-var, set-var-fmt, unset-var",
        sections: "global\n set-var proc.a str(x),upper\n set-var-fmt proc.b \"%[var(proc.a)]-1\"",
        frontend: """
            tcp-request connection set-var(sess.c) int(1)
            tcp-request session set-var(sess.s) int(2)
            tcp-request content set-var(txn.t) int(3)
            http-request set-var(txn.p) path
            http-request set-var(txn.p,ifset) str(again)
            http-request set-var(txn.p,ifnotset) str(never)
            http-request set-var-fmt(txn.f) "%[path] %[var(txn.p)]"
            http-request unset-var(sess.c) if { path /2 }
            http-request set-header x "%[var(proc.b)] %[var(sess.c)] %[var(sess.s)] %[var(txn.t)]"
            http-request set-header y "%[var(txn.p)] %[var(txn.f)]"
            """,
        backend: """
            http-response set-var(res.r) int(4)
            http-response set-header x "%[var(res.r)] %[var(txn.p)] %[var(req.r)]"
            """,
        exchanges: [.get("/1"), .get("/2")])

    private static let normalForms = ActionGroup(
        description: "normalize-uri",
        frontend: """
            http-request normalize-uri path-merge-slashes if { hdr(x-n) 1 }
            http-request normalize-uri path-strip-dot if { hdr(x-n) 2 }
            http-request normalize-uri path-strip-dotdot full if { hdr(x-n) 3 }
            http-request normalize-uri percent-decode-unreserved if { hdr(x-n) 4 }
            http-request normalize-uri percent-decode-unreserved strict if { hdr(x-n) 5 }
            http-request normalize-uri percent-to-uppercase strict if { hdr(x-n) 6 }
            http-request normalize-uri query-sort-by-name if { hdr(x-n) 7 }
            http-request normalize-uri fragment-strip if { hdr(x-n) 8 }
            http-request normalize-uri fragment-encode if { hdr(x-n) 9 }
            """,
        exchanges: [
            .get("http://a/a//b/./c/../d?a//b", "x-n: 1\r\n"), .get("/a/./b/./.", "x-n: 2\r\n"),
            .get("/../a/../../b/..?x=1", "x-n: 3\r\n"),
            .get("/%61%2f", "x-n: 4\r\n", differs: "2.6 does nothing where a condition follows"),
            .get("/%61%2f%zz", "x-n: 5\r\n"), .get("/%61%2f", "x-n: 6\r\n"),
            .get("/x?c=3&a=1&b=2&a=0", "x-n: 7\r\n"), .get("*", "x-n: 1\r\n", method: "OPTIONS"),
            .get("/a", "x-n: 8\r\n"), .get("/a", "x-n: 9\r\n"),
        ])

    private static let names = ActionGroup(
        description: "http-restrict-req-hdr-names, http-send-name-header, unique-id-header",
        frontend: """
            option http-restrict-req-hdr-names reject
            http-request set-header x_rule 1 if { path /3 }
            http-request del-header x_b if { path /5 }
            redirect location /r if { path /4 }
            unique-id-format "%[path]-%[req.fhdr(host)]"
            unique-id-header X-Id
            """,
        backend: """
            http-send-name-header X-Srv
            http-request set-header x_back 1
            option http-restrict-req-hdr-names delete
            """,
        exchanges: [
            .get("/1", "X_a: b\r\n"), .get("/2", "X-a: b\r\nx-srv: foo\r\n"), .get("/3"),
            .get("/4", "X_a: b\r\n"), .get("/5", "X_b: b\r\n"), .post("/2", "abc"),
        ])

    private static let monitor = ActionGroup(
        description: "monitor fail",
        frontend: """
            monitor-uri /monitor
            monitor fail if { hdr(x-fail) 1 }
            monitor fail unless { hdr(x-ok) 1 }
            http-request deny
            """,
        exchanges: [.get("/other")])

    private static let errors = ActionGroup(
        description: "http-error",
        sections: "http-errors e\n errorfile 404 @/404.http",
        frontend: """
            http-request set-var(txn.s) url_param(s)
            http-request deny deny_status 429 if { path /429 }
            http-request deny deny_status 404 if { path /404 }
            http-request deny deny_status 500 if { path /500 }
            http-request auth if { path /401 }
            http-error status 429 content-type a/b lf-string "slow %[path]" hdr Retry-After 3
            http-error status 404 errorfiles e
            http-error status 500 errorfile @/404.http
            http-error status 401 content-type a/b string x hdr WWW-Authenticate Foo hdr X y
            """,
        exchanges: [.get("/429"), .get("/404"), .get("/500"), .get("/401"), .old("/429")])

    private static let streams = ActionGroup(
        description: "settings of streams",
        frontend: """
            http-request set-nice 100 if { path /1 }
            http-request set-tos 0x10 if { path /1 }
            http-request set-mark 3 if { path /1 }
            http-request set-priority-class int(3) if { path /1 }
            http-request set-priority-offset int(3) if { path /1 }
            http-request wait-for-handshake if { path /1 }
            http-request disable-l7-retry if { path /1 }
            http-request set-src hdr(x-src) if { path /2 }
            http-request set-src-port int(77) if { path /2 }
            http-request set-header x-src "%[src]:%[src_port]" if { path /2 }
            http-request strict-mode off if { path /3 }
            """,
        backend: """
            http-request set-timeout server 3s if { path /1 }
            http-request set-timeout tunnel int(3000) if { path /1 }
            http-response set-nice 5
            http-response set-log-level notice
            """,
        exchanges: [.get("/1"), .get("/2", "x-src: 192.0.2.1\r\n"), .get("/3")])

    private static let bodies = ActionGroup(
        description: "wait-for-body",
        frontend: """
            http-request wait-for-body time 300ms if { path /1 }
            http-request wait-for-body time 300ms at-least 3 if { path /2 }
            http-request set-header x-body "%[req.body_len] %[req.body]"
            """,
        backend: "http-response wait-for-body time 1s",
        exchanges: [
            .post("/1", "abc"), .post("/2", "abc"), .get("/1"),
            .post("/1", "abc", fields: "Content-Length: 9\r\n"),
            .post("/1", "3\r\nabc\r\n0\r\n\r\n", fields: "Transfer-Encoding: chunked\r\n"),
        ])
}

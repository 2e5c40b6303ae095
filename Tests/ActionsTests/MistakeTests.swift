// Wrong words, places and values in rules: refused, with the word that is wrong.

import ReferenceHAProxy
import Testing

@testable import Actions
@testable import Proxy

@Suite struct MistakeTests {
    /// Lines, what the message says, and whether HAProxy takes them.
    private static let mistakes: [(line: String, says: String, isTaken: Bool)] = [
        ("http-request return status 600", "a status code, from 200 to 599", false),
        ("http-request return status", "a status code", false),
        ("http-request return string x", "needs a 'content-type'", false),
        ("http-request return status 201 default-errorfiles", "no reply of the proxy's", false),
        ("http-request return status 204 content-type a/b string x", "has no content", false),
        ("http-request return string a string b", "one content", false),
        ("http-request return errorfile none", "cannot read this file", false),
        ("http-request return errorfile broken.http", "complete response", false),
        ("http-request return content-type a/b file none", "cannot read this file", false),
        ("http-request return content-type a/b lf-string %[none]", "unknown sample fetch", false),
        ("http-request return status 404 errorfiles none", "no 'http-errors' section", false),
        ("http-request return hdr a", "a format", false),
        ("http-request return hdr a:b c", "a field's name", true),
        ("http-request return zzz", "does not expect 'zzz'", false),
        ("http-request deny deny_status 201", "no reply of the proxy's own", false),
        ("http-request deny deny_status x", "a status code", false),
        ("http-request tarpit zzz", "does not expect", false),
        ("http-response tarpit", "has no action", false),
        ("http-request auth realm", "a realm", false),
        ("http-response auth", "has no action", false),
        ("http-request allow x", "does not expect", false),
        ("http-request accept", "has no action", false),
        ("tcp-request content allow", "has no action", false),
        ("tcp-request content accept x", "does not expect", false),
        ("tcp-response content close x", "does not expect", false),
        ("http-request close", "has no action", false),
        ("http-request redirect", "'location', 'prefix' or 'scheme'", false),
        ("http-request redirect location / code 304", "301, 302, 303, 307, 308", false),
        ("http-request redirect location %[none]", "unknown sample fetch", false),
        ("http-request redirect location / zzz", "does not expect 'zzz'", false),
        ("http-request redirect location / set-cookie", "a cookie", false),
        ("http-response redirect prefix /", "'redirect location'", false),
        ("http-request set-header a", "a format", false),
        ("http-request set-header a\\ b c", "a field's name", true),
        ("http-request add-header a", "a format", false),
        ("http-request del-header", "a field's name", false),
        ("http-request del-header a -m", "a method", false),
        ("http-request del-header a -m len", "str, beg, end, sub, reg", false),
        ("http-request del-header a(b -m reg", "regular expression", false),
        ("http-request replace-header a (b c", "regular expression", false),
        ("http-request replace-value a b", "a format", false),
        ("http-request replace-path a", "a format", false),
        ("http-request replace-pathq (a b", "regular expression", false),
        ("http-request replace-uri a", "a format", false),
        ("http-request set-path", "a format", false),
        ("http-request set-pathq", "a format", false),
        ("http-request set-query", "a format", false),
        ("http-request set-uri", "a format", false),
        ("http-request set-method", "a format", false),
        ("http-response set-path /", "has no action", false),
        ("http-request set-status 200", "has no action", false),
        ("http-response set-status 99", "from 200 to 999", false),
        ("http-response set-status 100", "from 200 to 999", true),
        ("http-response set-status 200 x", "does not expect", false),
        ("http-request early-hint a", "a format", false),
        ("http-request normalize-uri x", "path-strip-dotdot", false),
        ("http-request capture path", "'len' or 'id'", false),
        ("http-request capture path len 0", "from 1 to 65535", false),
        ("http-request capture path id 0", "names slot 0, and there are none", false),
        ("http-response capture status len 3", "expects 'id'", false),
        ("http-request set-var(foo.a) src", "has no scope", false),
        ("http-request set-var(txn.a,ifzz) src", "no condition of a variable", false),
        ("http-request set-var(txn.a)", "a sample expression", false),
        ("http-request set-var() src", "name in parentheses", false),
        ("http-request unset-var(txn.a) x", "does not expect", false),
        ("http-request unset-var(txn.a,ifset)", "without conditions", false),
        ("http-request set-log-level loud", "emerg, alert", false),
        ("http-request set-nice x", "from -1024 to 1024", true),
        ("http-request strict-mode maybe", "'on' or 'off'", false),
        ("http-request disable-l7-retry x", "does not expect", false),
        ("http-request set-priority-class", "a sample expression", false),
        ("http-request set-priority-offset none", "unknown sample fetch", false),
        ("http-request set-timeout server 0", "at least 1ms", false),
        ("http-request set-timeout http 5s", "client, server, tunnel", false),
        ("http-request set-timeout server", "a sample expression", false),
        ("http-request set-timeout server none", "unknown sample fetch", false),
        ("http-request wait-for-body", "time <time>", false),
        ("http-request wait-for-body time", "a time", false),
        ("http-request wait-for-body time 5s zzz", "'time' or 'at-least'", false),
        ("http-request set-mark x", "unknown sample fetch", false),
        ("http-request set-tos 256", "from 0 to 255", true),
        ("http-request set-src", "a sample expression", false),
        ("http-request set-dst-port", "a sample expression", false),
        ("http-request set-dst none", "unknown sample fetch", false),
        ("redirect", "'location', 'prefix' or 'scheme'", false),
        ("redirect location / code 1", "301, 302, 303, 307, 308", false),
        ("redirect location / zzz", "an option of a redirect", false),
        ("monitor fail", "'if' or 'unless'", false),
        ("capture cookie a", "expects 'len'", false),
        ("capture request header", "expects <name>", false),
        ("capture response header a ln 3", "'len' and a length", false),
        ("declare capture both len 3", "'request' or 'response'", false),
        ("declare capture request len 0", "between 1 and", false),
        ("errorloc 418 /", "not handled", false),
        ("errorloc302 404", "expects <url>", false),
        ("errorloc303 404 a\\ b", "a URL without blanks", true),
        ("http-error content-type a/b string x", "expects 'status <code>'", false),
        ("http-error status 418 content-type a/b string x", "no replies of status 418", false),
        ("http-error status 404 string x", "needs a 'content-type'", false),
        ("unique-id-format %[none]", "unknown sample fetch", false),
        ("unique-id-header a:b", "a field's name", true),
        ("http-send-name-header a:b", "a field's name", true),
        ("http-send-name-header Content-Length", "the proxy's to set", true),
        ("option http-restrict-req-hdr-names some", "'preserve', 'delete' or 'reject'", false),
    ]

    @Test func `rules with mistakes are refused, with a word about them`() throws {
        for mistake in Self.mistakes {
            let text = listen(mistake.line)
            let loaded = Loaded(text)
            #expect(loaded.configuration == nil, "\(mistake.line)")
            let messages = loaded.messages.joined(separator: "\n")
            #expect(messages.contains(mistake.says), "\(mistake.line)\n\(messages)")
        }
    }

    @Test(.enabled(if: ReferenceProcess.program != nil, "haproxy is not installed"))
    func `haproxy refuses them, too, but for those that are refused on purpose`() throws {
        for mistake in Self.mistakes {
            let text = listen(mistake.line)
            #expect(try ReferenceProcess.takes(text) == mistake.isTaken, "\(mistake.line)")
        }
    }

    @Test(arguments: [
        ("http-request return content-type a/b", "where there is no content"),
        ("http-request return default-errorfiles hdr a b", "beside 'default-errorfiles'"),
        ("http-request return content-type a/b file empty", "where the content is empty"),
        ("http-request return hdr content-length 3", "is made by the proxy"),
        ("http-request return status 404 errorfiles e", "no file for status 404"),
        ("capture cookie a len 100", "truncating capture length to 63 bytes"),
    ])
    func `what is doubtful is warned about`(line: String, says: String) {
        let loaded = Loaded(listen(line, sections: "http-errors e"))
        #expect(loaded.configuration != nil, "\(loaded.messages)")
        #expect(loaded.messages.contains { $0.contains(says) }, "\(loaded.messages)")
    }

    @Test(arguments: [
        "tcp-request connection set-var(txn.a) src", "tcp-request session unset-var(req.a)",
        "http-request set-var(check.a) src",
    ])
    func `a variable that is never there is remarked, which -dW does not refuse`(line: String) {
        let loaded = Loaded(listen(line))
        #expect(loaded.configuration != nil, "\(loaded.messages)")
        #expect(
            loaded.messages.contains {
                $0.hasPrefix("[NOTICE]") && $0.contains("will never do anything")
            }, "\(loaded.messages)")
    }

    @Test(arguments: [
        "tcp-request content do-resolve(txn.a,r) src", "http-request cache-use c",
        "http-response cache-store c", "http-request use-service s",
        "http-request send-spoe-group a b",
        "tcp-request session attach-srv s", "tcp-request connection expect-proxy layer4",
        "tcp-request connection expect-netscaler-cip layer4",
    ])
    func `actions that need what is not there yet say so`(line: String) {
        let loaded = Loaded(listen(line))
        #expect(loaded.configuration == nil)
        #expect(loaded.messages.contains { $0.contains("is not supported yet") })
    }

    @Test func `only proxies with servers have their timeouts and retries`() {
        for line in ["set-timeout server 5s", "set-retries 3", "set-timeout tunnel 1s"] {
            let text = "frontend f\n bind 127.0.0.1:1\n mode http\n http-request \(line)\n"
            #expect(Loaded(text).configuration == nil, "\(line)")
        }
        let text = "backend b\n mode http\n http-request set-timeout client 5s\n"
        #expect(Loaded(text).configuration == nil)
        #expect(
            Loaded("backend b\n mode http\n http-request capture path len 3\n").configuration
                == nil)
    }
}

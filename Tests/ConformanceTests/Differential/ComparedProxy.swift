// A program with an origin behind it, ready for the rows of the tables.

import Foundation
import HTTP
import HTTPCases

/// A running program, its origin, and the two listeners the tables need: a strict one and one with
/// the relaxing options.
final class ComparedProxy {
    let proxy: RunningProxy
    let origin: ScriptedOrigin

    init(_ program: Program, global: String = "", options: [String] = []) throws {
        proxy = try RunningProxy(program) { folder in
            """
            global
                nbthread 1
                \(global)
            defaults
                mode http
                timeout connect 5s
                timeout client 1500ms
                timeout server 3s
                timeout http-request 1s
                timeout http-keep-alive 20s
                http-reuse never
                \(options.joined(separator: "\n    "))
            listen strict
                bind unix@\(folder)/strict
                server s unix@\(folder)/origin
            listen relaxed
                bind unix@\(folder)/relaxed
                option accept-invalid-http-request
                option accept-invalid-http-response
                server s unix@\(folder)/origin

            """
        }
        origin = ScriptedOrigin(path: proxy.folder + "/origin")
    }

    /// What became of one message.
    struct Result: Equatable, CustomStringConvertible {
        var seen: Seen
        var requests: [WireMessage]
        var description: String { "client: \(seen) origin: \(requests)" }
    }

    /// Sends a request row through the proxy.
    func run(request row: MessageCase) -> Result {
        origin.begin(ScriptedOrigin.Script())
        let isHead = row.bytes.starts(with: Array("HEAD ".utf8))
        let seen = exchange(over: connect(row.policy), [row.bytes], toHead: isHead)
        return Result(seen: seen, requests: origin.requests)
    }

    /// Lets the origin answer with a response row and close.
    func run(response row: MessageCase) -> Result {
        origin.begin(ScriptedOrigin.Script(answers: [row.bytes], closes: true))
        let request =
            switch row.method {
            case .connect: "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"
            case .head: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
            default:
                "GET / HTTP/1.1\r\nHost: a\r\n"
                    + (row.upgradeAsked ? "Connection: upgrade\r\nUpgrade: x\r\n\r\n" : "\r\n")
            }
        let seen = exchange(
            over: connect(row.policy), [Array(request.utf8)], toHead: row.method == .head)
        return Result(seen: seen, requests: origin.requests)
    }

    /// Sends a chunked body row behind a request head.
    func run(chunked row: ChunkedCase) -> Result {
        origin.begin(ScriptedOrigin.Script())
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let seen = exchange(over: connect([]), [head + row.bytes])
        return Result(seen: seen, requests: origin.requests)
    }

    private func connect(_ policy: HTTP1.Policy) -> WireSocket {
        let name = policy.contains(.unsafeViolations) ? "relaxed" : "strict"
        guard let socket = proxy.connect(name) else {
            preconditionFailure("the proxy under test does not accept any more")
        }
        return socket
    }
}

extension MessageCase.Outcome {
    /// Whether a request was treated so.
    func describes(request result: ComparedProxy.Result) -> Bool {
        switch self {
        case .accepted: result.seen.status == 200 && !result.requests.isEmpty
        case .refused(let fault):
            result.seen.status == fault.status && result.seen.isClosed && result.requests.isEmpty
        case .unfinished: result.seen.status == 408 && result.requests.isEmpty
        }
    }

    /// Whether a response with this status was treated so.
    func describes(response result: ComparedProxy.Result, status: Int) -> Bool {
        switch self {
        case .accepted: result.seen.statuses.contains(status)
        case .refused, .unfinished: result.seen.statuses == [502]
        }
    }
}

extension ChunkedCase.Outcome {
    /// Whether a body was treated so.
    func describes(_ result: ComparedProxy.Result) -> Bool {
        switch self {
        case .decoded(let data, let trailers):
            result.seen.status == 200 && result.requests.first.map { text($0.body) } == data
                && result.requests.first?.trailers.joined(separator: "|") == trailers
        case .refused(let fault):
            result.seen.status == fault.status && result.requests.isEmpty
        case .unfinished: result.seen.status != 200 && result.requests.isEmpty
        }
    }
}

extension MessageCase {
    /// The status in a response row, as far as it can be read.
    var status: Int {
        Int(
            text(bytes).split(separator: "\r\n").first?.split(separator: " ").dropFirst().first
                ?? "")
            ?? 0
    }
}

// What the generator shall do: targets, how many connections, how long.

import Kernel

/// One place that requests go to.
public struct LoadTarget: Sendable {
    /// What is spoken there.
    public enum Language: Sendable, Equatable { case http, tcp }

    /// The word the target was read from.
    public let url: String
    /// Where to connect.
    public let address: RawSocketAddress
    /// What is spoken there.
    public let language: Language
    /// The bytes of one request.
    public let request: [UInt8]
    /// Whether the request's answer has no body by definition.
    public let isHeadRequest: Bool

    /// A request as it is described on the command line.
    public struct RequestForm: Sendable {
        /// The method.
        public var method = "GET"
        /// Field lines (`Name: value`) beside Host, Content-Length and Connection.
        public var fields: [String] = []
        /// Bytes of body; also what is sent over TCP.
        public var bodyBytes = 0
        /// Whether connections are kept for further requests.
        public var keepsAlive = true

        /// A plain GET.
        public init() {}
    }

    /// Reads `http://HOST:PORT/PATH` or `tcp://HOST:PORT`; `nil` when it is neither, or the host
    /// is a name.
    public init?(url: String, form: RequestForm) {
        self.url = url
        let rest: Substring
        if url.hasPrefix("http://") {
            language = .http
            rest = url.dropFirst(7)
        } else if url.hasPrefix("tcp://") {
            language = .tcp
            rest = url.dropFirst(6)
        } else {
            return nil
        }
        // unix@/path/of/socket/ takes everything; paths cannot follow it.
        let slash =
            rest.hasPrefix("unix@") ? rest.endIndex : rest.firstIndex(of: "/") ?? rest.endIndex
        var host = String(rest[..<slash])
        if !host.hasPrefix("unix@"), !host.contains(where: { $0 == ":" }) { host += ":80" }
        guard let address = RawSocketAddress(commandLineWord: host) else { return nil }
        self.address = address
        isHeadRequest = form.method == "HEAD"
        let body = printableBytes(form.bodyBytes)
        guard language == .http else {
            request = body
            return
        }
        let path = slash == rest.endIndex ? "/" : String(rest[slash...])
        var head = "\(form.method) \(path) HTTP/1.1\r\n"
        if !form.fields.contains(where: { $0.lowercased().hasPrefix("host:") }) {
            head += "Host: \(host.hasPrefix("unix@") ? "localhost" : host)\r\n"
        }
        for field in form.fields { head += field + "\r\n" }
        if form.bodyBytes > 0 { head += "Content-Length: \(form.bodyBytes)\r\n" }
        if !form.keepsAlive { head += "Connection: close\r\n" }
        request = Array((head + "\r\n").utf8) + body
    }
}

/// What the generator shall do.
public struct LoadPlan: Sendable {
    /// Targets, taken in turn. A kept connection goes on with any target of its address when all
    /// targets share it, else with its own.
    public var targets: [LoadTarget]
    /// Connections open at once.
    public var connections = 10
    /// Requests to begin in all, at most.
    public var requests = Int.max
    /// How long to begin requests, at most.
    public var milliseconds = Int.max
    /// Whether a connection carries further requests.
    public var keepsAlive = true
    /// How long one request may take.
    public var timeoutMilliseconds = 10_000

    /// A plan that needs a bound yet.
    public init(targets: [LoadTarget]) { self.targets = targets }
}

// What `martlet explain` is asked and what it answers.

import Addresses
import Bytes

/// The request that is to be explained.
public struct ExplainedRequest: Sendable {
    /// What the client sends, complete.
    public var bytes: [UInt8]
    /// Where the client comes from.
    public var source: IPSocketAddress
    /// Where it has connected to.
    public var destination: IPSocketAddress
    /// Name of the frontend that accepts it.
    public var frontend: String
    /// What the server answers; nil for a plain 200, or nothing in `mode tcp`.
    public var response: [UInt8]?

    /// A request from its parts.
    public init(
        bytes: [UInt8], source: IPSocketAddress, destination: IPSocketAddress, frontend: String,
        response: [UInt8]? = nil
    ) {
        self.bytes = bytes
        self.source = source
        self.destination = destination
        self.frontend = frontend
        self.response = response
    }

    /// The response of a server of which nothing is known.
    public static let plainResponse = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
}

/// What came of a request.
public struct Explanation: Sendable {
    /// How it ended.
    public enum Outcome: Sendable, Equatable {
        /// A server is connected to: the backend's name and the servers it may be, by name.
        case forwarded(backend: String, candidates: [String])
        /// The client gets a reply with that status from the proxy itself.
        case replied(status: Int)
        /// The reply with that status comes after so many milliseconds.
        case tarpitted(status: Int, milliseconds: Int)
        /// The connection is closed without a reply.
        case closed
        /// It is given up without a packet.
        case dropped
        /// It waits for bytes that the request does not have.
        case waiting
    }
    /// Who wrote what the client gets.
    public enum Author: String, Sendable {
        case server, proxy, nobody
    }
    /// How it ended.
    public var outcome = Outcome.waiting
    /// What happened on the way, in order.
    public var events: [TraceEvent] = []
    /// The server that is connected to; the last one where there were several tries.
    public var server: TracedServer?
    /// What the server gets: the head in `mode http`, else everything.
    public var forwardedHead: [UInt8] = []
    /// What the server gets behind that.
    public var forwardedBody: [UInt8] = []
    /// What the client gets.
    public var reply: [UInt8] = []
    /// Who wrote that.
    public var author = Author.nobody
    /// What is not known without a live process, and was taken for granted.
    public var assumptions: [Assumption] = []
}

/// Something that only a live process knows, and what an explanation takes for it.
public struct Assumption: Sendable, Equatable {
    /// One word for programs.
    public let name: String
    /// A sentence for people.
    public let sentence: String
}

extension Assumption {
    static let servers = Assumption(
        name: "servers",
        sentence: "servers that the configuration does not disable are taken to be up and idle")
    static let response = Assumption(
        name: "response", sentence: "the server's response is taken to be a plain 200")
    static let silence = Assumption(
        name: "response", sentence: "the server is taken to say nothing")
    static let retries = Assumption(
        name: "retries", sentence: "each further server that is tried gives the same response")
    static let tables = Assumption(
        name: "tables", sentence: "stick tables are taken to be empty")
    static let lists = Assumption(
        name: "lists",
        sentence: "maps and lists are those of the files, without changes at run time")
    static let load = Assumption(
        name: "load",
        sentence: "counts, rates and states of the process are those just after a start")
    static let chance = Assumption(
        name: "chance",
        sentence: "times, random numbers and facts of the process are those of this run")
    static let sockets = Assumption(
        name: "sockets",
        sentence: "facts of sockets are not known: the client and the server are stand-ins")
    static let environment = Assumption(
        name: "environment", sentence: "environment variables are those of this run")
    static let arrival = Assumption(
        name: "arrival", sentence: "all bytes of the client are taken to be there at once")
    static let body = Assumption(
        name: "body", sentence: "the request's body is not complete; the server answers early")
    static let rest = Assumption(
        name: "rest", sentence: "only the first request is explained; more bytes follow it")

    /// That a server was chosen by an order that has a history in a live process.
    static func turn(_ algorithm: String) -> Assumption {
        Assumption(
            name: "turn",
            sentence: "'balance \(algorithm)' is at its start: a live process may be at any of "
                + "the candidates")
    }
}

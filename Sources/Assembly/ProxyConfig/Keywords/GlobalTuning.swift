// `tune.*` keywords that change something here.
// configuration manual: 3.2 Performance tuning.

import ConfigLanguage
import Proxy
import Samples

extension GlobalKeywords {
    static let tuning: [Row] = [
        size(
            "tune.bufsize", 1024...(1 << 30), \.bufferBytes,
            "Sets the size of a buffer, and with it of the longest message head."),
        number(
            "tune.http.logurilen", 1...(1 << 20), \.logURIBytes,
            "Bounds the request line kept for the log."),
        number(
            "tune.http.maxhdr", 1...32767, \.maxHeaderFields, "Bounds the fields of a message head."
        ),
        Row(
            "h1-accept-payload-with-any-method", .global, takes: [],
            "Lets GET, HEAD and DELETE requests over HTTP/1.0 carry a body."
        ) {
            draft, _, _ in
            draft.global.tuning.acceptsAnyPayload = true
        },
        Row(
            "h1-do-not-close-on-insecure-transfer-encoding", .global, takes: [],
            "Keeps connections after ambiguous framing."
        ) {
            draft, _, _ in
            draft.global.tuning.keepsAfterRepair = true
        },
        .withoutEffect(
            "tune.idle-pool.shared", .global, takes: [.onOff],
            "Lets workers use each other's idle server connections.",
            reason: "each worker keeps idle connections of its own"),
        Row(
            "tune.idletimer", .global, takes: [.time],
            "Sets the pause after which a stream counts as idle."
        ) {
            draft, arguments, diagnostics in
            if arguments.number(0) > 65535 {
                return diagnostics.report(
                    arguments.expects("a time of at most 65535 ms", found: arguments.words[0]))
            }
            draft.global.tuning.idleTimerMilliseconds = arguments.number(0)
        },
        number(
            "tune.maxaccept", -1...1_000_000, \.maxAccept,
            "Bounds the connections accepted in a row."),
        number(
            "tune.maxpollevents", 1...1_000_000, \.maxPollEvents,
            "Bounds the events taken from one poll."),
        size(
            "tune.maxrewrite", 0...(1 << 30), \.maxRewriteBytes,
            "Keeps so many bytes of a buffer free for rewriting heads."),
        size(
            "tune.pipesize", 0...(1 << 30), \.pipeBytes,
            "Sets the size of the pipes used for splicing."),
        size(
            "tune.rcvbuf.client", 0...(1 << 30), \.receiveBufferClientBytes,
            "Sets the kernel's receive buffer of client connections."),
        size(
            "tune.rcvbuf.server", 0...(1 << 30), \.receiveBufferServerBytes,
            "Sets the kernel's receive buffer of server connections."),
        size(
            "tune.sndbuf.client", 0...(1 << 30), \.sendBufferClientBytes,
            "Sets the kernel's send buffer of client connections."),
        size(
            "tune.sndbuf.server", 0...(1 << 30), \.sendBufferServerBytes,
            "Sets the kernel's send buffer of server connections."),
        Row(
            "tune.stick-counters", .global, takes: [.integer(0...12)],
            "Sets how many entries of stick tables a stream can track."
        ) { draft, arguments, _ in
            draft.global.tuning.stickCounters = arguments.number(0)
            draft.session.compiler.references.stickCounters = arguments.number(0)
        },
        number(
            "tune.runqueue-depth", 1...1_000_000, \.runQueueDepth,
            "Bounds the tasks run between two polls."),
        Row(
            "tune.http.cookielen", .global, takes: [.integer(2...65536)],
            "Bounds the cookies that are captured."
        ) { draft, arguments, _ in draft.session.cookieBytes = arguments.number(0) },
        variables("global", \.global, "Bounds the memory of all variables."),
        variables("proc", \.process, "Bounds the memory of the process's variables and below."),
        variables("sess", \.session, "Bounds the memory of a session's variables and below."),
        variables(
            "txn", \.transaction, "Bounds the memory of a transaction's variables and below."),
        variables(
            "reqres", \.requestOrResponse,
            "Bounds the memory of a request's or a response's variables."),
        Row("noreuseport", .global, "Lets no other process listen on the same addresses.") {
            draft, _, _ in
            draft.global.usesReusePort = false
        },
        Row("nosplice", .global, "Never uses splice(2).") { draft, _, _ in
            draft.global.usesSplice = false
        },
    ]

    private static func variables(
        _ scope: String, _ field: WritableKeyPath<VariableLimits, Int> & Sendable,
        _ summary: String
    ) -> Row {
        Row("tune.vars.\(scope)-max-size", .global, takes: [.size(0...(1 << 40))], summary) {
            draft, arguments, _ in
            draft.global.variableLimits[keyPath: field] = arguments.number(0)
        }
    }

    private static func number(
        _ name: String, _ range: ClosedRange<Int>, _ field: WritableKeyPath<Tuning, Int> & Sendable,
        _ summary: String
    ) -> Row {
        Row(name, .global, takes: [.integer(range)], summary) { draft, arguments, _ in
            draft.global.tuning[keyPath: field] = arguments.number(0)
        }
    }

    private static func size(
        _ name: String, _ range: ClosedRange<Int>, _ field: WritableKeyPath<Tuning, Int> & Sendable,
        _ summary: String
    ) -> Row {
        Row(name, .global, takes: [.size(range)], summary) { draft, arguments, _ in
            draft.global.tuning[keyPath: field] = arguments.number(0)
        }
    }
}

// Samples of a stream's own life (configuration manual: fetching samples from internal states and
// at layer 4).

import Proxy
import Samples

extension FetchFamily {
    /// The stream itself.
    static let streams = FetchFamily(
        "streams",
        [
            Fetch(
                "bc_be_queue", .integer, needs: .running,
                "Is how many streams waited in its backend before it."
            ) { subject, _, _, _ in
                .count(subject.queuedBeforeInBackend)
            },
            Fetch(
                "bc_srv_queue", .integer, needs: .running,
                "Is how many streams waited for its server before it."
            ) { subject, _, _, _ in
                .count(subject.queuedBeforeAtServer)
            },
            Fetch(
                "bytes_in", .integer, needs: .running,
                "Is how many bytes the client has sent."
            ) { subject, _, _, _ in
                .count(subject.receivedBytes(fromClient: true).map { Int(clamping: $0) })
            },
            Fetch(
                "bytes_out", .integer, needs: .running,
                "Is how many bytes the server has sent."
            ) { subject, _, _, _ in
                .count(subject.receivedBytes(fromClient: false).map { Int(clamping: $0) })
            },
            Fetch(
                "cpu_calls", .integer, needs: .running,
                "Is how often the stream was taken up by its worker."
            ) { subject, _, _, _ in
                .count(subject.calls)
            },
            // Differs: HAProxy measures only where `profiling.tasks` says so.
            timed("cpu_ns_avg", "Is the nanoseconds that each of these calls has taken.") {
                $0.workNanoseconds.map { total in (total, true) }
            },
            timed("cpu_ns_tot", "Is the nanoseconds that all of these calls have taken.") {
                $0.workNanoseconds.map { total in (total, false) }
            },
            Fetch(
                "last_entity", .string, needs: .running,
                "Is file and line of the last rule that ended a list."
            ) { subject, _, _, scratch in
                subject.lastRule.flatMap { scratch.copy($0) }
            },
            Fetch(
                "last_rule_file", .string, needs: .running,
                "Is the file of the last rule that ended a list."
            ) { subject, _, _, scratch in
                subject.lastRule.flatMap { rule in rule.withFile { scratch.copy($0) } }
            },
            Fetch(
                "last_rule_line", .integer, needs: .running,
                "Is the line of the last rule that ended a list."
            ) { subject, _, _, _ in
                .count(subject.lastRule?.line)
            },
            timed("lat_ns_avg", "Is the nanoseconds that the stream waited before each call.") {
                $0.delayNanoseconds.map { total in (total, true) }
            },
            timed("lat_ns_tot", "Is the nanoseconds that the stream waited before all calls.") {
                $0.delayNanoseconds.map { total in (total, false) }
            },
            Fetch(
                "prio_class", .integer, needs: .running,
                "Is the class that ranks the stream in queues."
            ) { subject, _, _, _ in
                .count(subject.priority?.class)
            },
            Fetch(
                "prio_offset", .integer, needs: .running,
                "Is the offset that ranks the stream in queues."
            ) { subject, _, _, _ in
                .count(subject.priority?.offset)
            },
            Fetch(
                "term_events", .string, needs: .running,
                "Is '-': ends are not recorded event by event."
            ) { _, _, _, scratch in scratch.make(as: .string) { $0.append("-") }
            },
            Fetch(
                "txn.conn_retries", .integer, needs: .stream,
                "Is how often connecting to a server was tried again."
            ) { subject, _, _, _ in
                .count(subject.retries)
            },
            Fetch(
                "txn.id32", .integer, needs: .running,
                "Is the number of the stream, in 32 bits."
            ) { subject, _, _, _ in
                subject.streamNumber.map { .integer(Int64(UInt32(truncatingIfNeeded: $0))) }
            },
            Fetch(
                "txn.redispatched", .boolean, needs: .stream,
                "Is true where a server was given up for another."
            ) { subject, _, _, _ in
                subject.isRedispatched.map { .boolean($0) }
            },
            Fetch(
                "txn.sess_term_state", .string, needs: .running,
                "Is the two characters of how the stream has ended, as in log lines."
            ) { subject, _, _, scratch in
                guard subject.hasStream else { return nil }
                let termination = subject.termination
                return scratch.make(as: .string) {
                    $0.append(termination.cause)
                    $0.append(termination.state)
                }
            },
            Fetch(
                "wait_end", .boolean, needs: .running,
                "Is true once nothing more is waited for."
            ) { subject, _, state, _ in
                guard subject.mayChange else { return .boolean(true) }
                state.isIncomplete = true
                return nil
            },
            Fetch(
                "waiting_entity", .string, needs: .running,
                "Is file and line of the rule the stream waits at."
            ) { subject, _, _, scratch in
                subject.waitingRule.flatMap { scratch.copy($0) }
            },
        ])

    /// A time of the worker's calls: a total, and whether it is to be divided by the calls.
    private static func timed(
        _ name: String, _ sentence: String,
        _ figure: @escaping @Sendable (Subject) -> (total: Int, isAverage: Bool)?
    ) -> Fetch {
        Fetch(
            name, .integer, needs: .running, sentence,
            prepare: { (_, loading) throws(ArgumentMistake) -> SampleType? in
                loading.proxies?.measuresStreams = true
                return nil
            }
        ) { subject, _, _, _ in
            guard let figure = figure(subject), let calls = subject.calls else { return nil }
            return .integer(Int64(figure.isAverage ? figure.total / max(calls, 1) : figure.total))
        }
    }
}

extension Sample? {
    /// A number, or no sample where there is none.
    static func count(_ value: Int?) -> Sample? { value.map { .integer(Int64($0)) } }
}

extension SampleScratch {
    /// Copies the place of a rule: `file:line`.
    fileprivate mutating func copy(_ rule: RulePosition) -> Sample? {
        rule.withFile { file in
            make(as: .string) { output in
                output.append(file)
                output.append(0x3A)
                output.append(decimal: Int64(rule.line))
            }
        }
    }
}

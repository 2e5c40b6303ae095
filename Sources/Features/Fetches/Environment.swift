// Samples of the process and the machine it runs on (configuration manual: fetching samples from
// internal states).

import Kernel
import Proxy
import Samples

extension FetchFamily {
    /// The process and its machine.
    static let environment = FetchFamily(
        "process",
        [
            Fetch(
                "act_conn", .integer, "Is how many client connections the process has."
            ) { subject, _, _, _ in .integer(subject.processConnections) },
            Fetch(
                "env", .string, takes: [.text("name")],
                "Is the value of an environment variable when the configuration was read.",
                prepare: Surroundings.prepareVariable
            ) { _, arguments, _, scratch in
                arguments.has(0) ? scratch.copy(arguments.bytes(0)) : nil
            },
            Fetch(
                "hostname", .string, "Is the name of the machine.",
                prepare: Surroundings.prepareHostName
            ) { _, arguments, _, scratch in scratch.copy(arguments.bytes(0)) },
            Fetch(
                "nbproc", .integer, "Is 1, the number of processes that serve clients."
            ) { _, _, _, _ in .integer(1) },
            Fetch(
                "pid", .integer, "Is the number of the process."
            ) { subject, _, _, _ in .integer(subject.processNumber) },
            Fetch(
                "proc", .integer, "Is 1, the position of the process among those that serve."
            ) { _, _, _, _ in .integer(1) },
            Fetch(
                "quic_enabled", .boolean, "Is false: there is no QUIC."
            ) { _, _, _, _ in .boolean(false) },
            Fetch(
                "stopping", .boolean, needs: .running, "Is true while the process is stopping."
            ) { subject, _, _, _ in .boolean(subject.isStopping) },
            Fetch(
                "thread", .integer, "Is the number of the worker thread, from 0."
            ) { subject, _, _, _ in .integer(Int64(subject.workerNumber)) },
            Fetch(
                "uptime", .integer, "Is the seconds since the process has begun."
            ) { subject, _, _, _ in .integer(Int64(subject.uptimeSeconds)) },
        ])
}

/// What is found out at load.
private enum Surroundings {
    static let prepareVariable: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        let value = loading.proxies?.environment(arguments.text(0))
        arguments[0] = value.map { .bytes($0.anyBytes) }
        return nil
    }

    static let prepareHostName: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        arguments.append(.bytes(Array(CurrentProcess.hostName.utf8)))
        return nil
    }
}

// martlet-load run: load from the command line.

import ArgumentParser
import Glibc
import LoadTesting

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Send requests and report who answered, how fast, and what failed.",
        discussion: """
            URLs are http://HOST:PORT/PATH, http://unix@/path/of/socket or tcp://HOST:PORT. Over \
            TCP a request is a connection: the body is sent, the sending side is shut, and \
            everything up to the end is the answer.
            """)

    @Argument(help: "Where to send requests, in turn.")
    var urls: [String]

    @Option(name: .shortAndLong, help: "Connections open at once.")
    var connections = 10

    @Option(name: [.customShort("n"), .long], help: "Requests in all.")
    var requests: Int?

    @Option(name: .shortAndLong, help: "Seconds to run; 5 when no --requests are given.")
    var duration: Double?

    @Flag(name: .customLong("no-keep-alive"), help: "Open a connection for each request.")
    var noKeepAlive = false

    @Option(name: .shortAndLong, help: "The method.")
    var method = "GET"

    @Option(name: [.customShort("H"), .long], help: "A field line, 'Name: value'.")
    var header: [String] = []

    @Option(help: "Bytes of request body, or to send over TCP.")
    var bodyBytes = 0

    @Option(help: "Milliseconds that one request may take.")
    var timeout = 10_000

    @Flag(help: "Report in JSON.")
    var json = false

    func validate() throws {
        guard !urls.isEmpty else { throw ValidationError("a URL is needed") }
        guard (1...100_000).contains(connections) else {
            throw ValidationError("1 to 100,000 connections")
        }
    }

    func run() throws {
        var form = LoadTarget.RequestForm()
        form.method = method
        form.fields = header
        form.bodyBytes = bodyBytes
        form.keepsAlive = !noKeepAlive
        let targets = try urls.map { url in
            guard let target = LoadTarget(url: url, form: form) else {
                throw ValidationError(
                    "'\(url)' is not http://ADDRESS:PORT/PATH or tcp://ADDRESS:PORT")
            }
            return target
        }
        var plan = LoadPlan(targets: targets)
        plan.connections = connections
        plan.keepsAlive = !noKeepAlive
        plan.timeoutMilliseconds = timeout
        if let requests { plan.requests = requests }
        if let seconds = duration ?? (requests == nil ? 5 : nil) {
            plan.milliseconds = Int(seconds * 1000)
        }
        raiseDescriptorLimit(to: connections + 64)
        var generator = try Generator(plan)
        let report = generator.run()
        say(json ? report.json.text : report.text)
        if report.answered == 0 { throw ExitCode.failure }
    }
}

// `martlet explain`: which rules a request would run through, and what they would make of it.
//
//     martlet explain -f edge.cfg [--frontend www] [--source 192.0.2.7] [--method GET]
//         [--url /path] [--header 'Host: example.org']... [--body TEXT] [--raw FILE]
//         [--response FILE] [--json]

import Addresses
import ConfigLanguage
import Daemon
import Kernel
import Proxy
import ProxyConfig

/// The command line of `martlet explain`.
struct ExplainOptions {
    /// Configuration files, as of `-f`.
    var paths: [String] = []
    /// Name of the frontend; nil means the first.
    var frontend: String?
    /// Where the client comes from.
    var source = IPSocketAddress(.loopbackV4, port: 50000)
    /// Where the client has connected to; nil means the frontend's first address.
    var destination: IPSocketAddress?
    /// The request line's method.
    var method = "GET"
    /// The request line's target.
    var url = "/"
    /// Field lines.
    var fields: [String] = []
    /// The body.
    var body = ""
    /// A file with the request's bytes; `-` for standard input.
    var rawPath: String?
    /// A file with the server's response; nil for a plain one.
    var responsePath: String?
    /// The answer is JSON.
    var isJSON = false
    /// Only the manual is wanted.
    var wantsHelp = false

    /// What is shown when the words make no sense.
    static let usage = """
        Usage : martlet explain -f <file>... [options]
                --frontend <name>      the frontend the request comes to (default: the first)
                --source <addr>[:port] where the client comes from
                --destination <addr>[:port]
                                       where the client has connected to
                --method <method>  --url <target>  --header '<name>: <value>'  --body <text>
                                       the request
                --raw <file>           the request's bytes instead; - for standard input
                --response <file>      the bytes of the server's response (default: a plain 200)
                --json                 answer in JSON
                --help                 more about all this

        """

    /// What `--help` shows behind the usage.
    static let manual = """
        Leads one request through the rules of a configuration and prints what happens to it. The
        code is that which serves clients; the client and the server are stand-ins inside the
        process, so nothing is sent, nothing is bound and nothing is logged.

        Below each rule that is looked at, with its file and line:
            + or -      a test of its condition, with the sample it saw, and whether it matched
            condition   whether the rule applies
            then        what the rule has changed: fields, start line, variables, captures, tables
        Then the backend, the servers it may choose from and why not the others, the rules of the
        response, what the server gets and what the client gets. The rules of a reply that the
        proxy makes by itself (deny, return, redirect, errors) are shown as well.

        What only a live process knows is named at the end: the health of servers, the turn of a
        balancer, the contents of stick tables, counters, times, changes of maps at run time.
        Delays of rules pass in real time, 30 seconds at most, but for that of the tarpit.

        In mode tcp, '--raw' gives the client's first bytes. Requests behind the first one are not
        explained. The exit status is 0 when there was something to explain, else 1.

        With --json the answer is one object: "events" in their order, "outcome", "server", "head"
        and "body" as the server gets them, "reply" and its "author", and "assumptions".

        """

    /// Reads the words behind `explain`; throws what is wrong.
    static func read(_ arguments: ArraySlice<String>) throws(OptionMistake) -> ExplainOptions {
        var options = ExplainOptions()
        var rest = arguments
        while let word = rest.popFirst() {
            if word == "--json" {
                options.isJSON = true
                continue
            }
            if word == "--help" || word == "-h" {
                options.wantsHelp = true
                return options
            }
            guard let value = rest.popFirst() else {
                throw .invalid("explain: '\(word)' expects an argument")
            }
            switch word {
            case "-f": options.paths.append(value)
            case "--frontend": options.frontend = value
            case "--source": options.source = try address(value, word, port: 50000)
            case "--destination": options.destination = try address(value, word, port: 80)
            case "--method": options.method = value
            case "--url": options.url = value
            case "--header": options.fields.append(value)
            case "--body": options.body = value
            case "--raw": options.rawPath = value
            case "--response": options.responsePath = value
            default: throw .invalid("explain: unknown option '\(word)'")
            }
        }
        if options.paths.isEmpty { throw .invalid("explain: no configuration, use -f <file>") }
        return options
    }

    private static func address(
        _ text: String, _ option: String, port: UInt16
    ) throws(OptionMistake) -> IPSocketAddress {
        let bytes = Array(text.utf8)
        if let whole = IPAddress(text: bytes.span) { return IPSocketAddress(whole, port: port) }
        if let colon = text.lastIndex(of: ":"),
            let number = UInt16(text[text.index(after: colon)...])
        {
            let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
            let inner = Array(host.utf8)
            if let address = IPAddress(text: inner.span) {
                return IPSocketAddress(address, port: number)
            }
        }
        throw .invalid("explain: '\(option)' expects an address, found '\(text)'")
    }

    /// The request's bytes.
    var request: [UInt8] {
        var text = "\(method) \(url) HTTP/1.1\r\n"
        for field in fields { text += field + "\r\n" }
        let names = fields.map { $0.prefix { $0 != ":" }.lowercased() }
        if !names.contains("host") { text += "Host: localhost\r\n" }
        if !body.isEmpty && !names.contains("content-length") {
            text += "Content-Length: \(body.utf8.count)\r\n"
        }
        return Array((text + "\r\n" + body).utf8)
    }
}

/// Runs `martlet explain`.
enum Explain {
    /// Returns the exit status: 0 where there was something to explain, 1 else.
    static func run(_ arguments: ArraySlice<String>, _ console: Console) -> Int32 {
        let options: ExplainOptions
        do throws(OptionMistake) {
            options = try ExplainOptions.read(arguments)
        } catch {
            if case .invalid(let text) = error { console.say(.alert, text) }
            StandardStream.error.write(ExplainOptions.usage)
            return 1
        }
        if options.wantsHelp {
            console.answer(ExplainOptions.usage + "\n" + ExplainOptions.manual)
            return 0
        }
        var checking = Options()
        checking.paths = options.paths
        checking.isQuiet = true
        do throws(StartFailure) {
            let reading = try checking.readConfiguration(console)
            return try explain(options, reading.configuration, console)
        } catch {
            if let text = error.text { console.say(.alert, text) }
            return error.status
        }
    }

    private static func explain(
        _ options: ExplainOptions, _ configuration: Configuration, _ console: Console
    ) throws(StartFailure) -> Int32 {
        let frontends = configuration.proxies.filter { $0.capability.contains(.frontend) }
        guard let proxy = frontends.first(where: { $0.name == options.frontend ?? $0.name }) else {
            let names = frontends.map(\.name)
            let near = Spelling.nearest(to: options.frontend ?? "", among: names)
            let advice = near.map { "; did you mean '\($0)'?" } ?? ""
            throw StartFailure(
                text: "explain: there is no frontend '\(options.frontend ?? "")'\(advice)")
        }
        var bytes = options.request
        if let path = options.rawPath { bytes = try read(path) }
        var response: [UInt8]?
        if let path = options.responsePath { response = try read(path) }
        let bound = proxy.binds.lazy.compactMap(\.boundAddress).first
        let request = ExplainedRequest(
            bytes: bytes, source: options.source,
            destination: options.destination ?? bound
                ?? IPSocketAddress(.loopbackV4, port: 80),
            frontend: proxy.name, response: response)
        let explanation: Explanation?
        do throws(Errno) {
            explanation = try Explainer.explain(request, under: configuration)
        } catch {
            throw StartFailure(text: "explain: \(error.text)")
        }
        guard let explanation else { return 1 }
        let shown = ShownExplanation(explanation, proxy.name)
        console.answer(options.isJSON ? shown.json : shown.text)
        return 0
    }

    private static func read(_ path: String) throws(StartFailure) -> [UInt8] {
        let source = path == "-" ? "/dev/stdin" : path
        do throws(FileFailure) {
            return try Files.read(source, atMost: 1 << 20)
        } catch {
            throw StartFailure(text: "explain: cannot read '\(path)'")
        }
    }
}

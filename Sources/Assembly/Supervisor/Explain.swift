// `martlet explain`: which rules a request would run through, and what they would make of it.
//
//     martlet explain -f edge.cfg [--frontend www] [--source 192.0.2.7] [--method GET]
//         [--url /path] [--header 'Host: example.org']... [--body TEXT] [--raw FILE] [--json]

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
    /// The answer is JSON.
    var isJSON = false

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
                --json                 answer in JSON

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
        let bound = proxy.binds.lazy.compactMap(\.boundAddress).first
        let request = ExplainedRequest(
            bytes: bytes, source: options.source,
            destination: options.destination ?? bound
                ?? IPSocketAddress(.loopbackV4, port: 80),
            frontend: proxy.name)
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

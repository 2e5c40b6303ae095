// Keywords that describe a proxy as a whole.
// configuration manual: 4.2 Proxy keywords.

import ConfigLanguage
import Proxy

/// Rows of `defaults`, `frontend`, `backend` and `listen`.
enum ProxyKeywords {
    typealias Row = Keyword<ProxyDraft>

    static let general: [Row] = [
        Row(
            "mode", .proxies, takes: [.choice("tcp", "http", "log", "spop", "health")],
            "Relays bytes (tcp) or understands messages (http)."
        ) {
            draft, arguments, diagnostics in
            mode(&draft, arguments, &diagnostics)
        },
        Row(
            "description", [.frontend, .backend, .listen],
            takes: [.word("<text>"), .rest("<text>")], "Describes this proxy for statistics."
        ) {
            draft, arguments, _ in
            draft.proxy.describedAs = arguments.words.joined(separator: " ")
        },
        Row("disabled", .proxies, "Takes this proxy out of service.") { draft, _, _ in
            draft.proxy.isDisabled = true
        },
        Row("enabled", .proxies, "Puts this proxy into service although its defaults say disabled.")
        {
            draft, _, _ in
            draft.proxy.isDisabled = false
        },
        Row(
            "guid", [.frontend, .backend, .listen], takes: [.word("<name>")],
            "Gives this proxy an identifier that no other object has."
        ) {
            draft, arguments, _ in
            draft.proxy.guid = arguments.word(0)
        },
        Row(
            "id", [.frontend, .backend, .listen], takes: [.integer(1...Int(Int32.max))],
            "Gives this proxy a number of its own."
        ) {
            draft, arguments, _ in
            draft.proxy.id = arguments.number(0)
        },
    ]

    private static func mode(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        switch arguments.word(0) {
        case "tcp": draft.proxy.mode = .tcp
        case "http": draft.proxy.mode = .http
        case "health":
            diagnostics.report(
                arguments.mistake(
                    "'health' is not supported; answer with 'http-request return' instead"))
        case let name:
            diagnostics.report(arguments.mistake("'\(name)' is not supported yet"))
        }
    }
}

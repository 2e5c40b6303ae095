// `stats socket` and its settings: where commands are taken.
// configuration manual: stats socket, stats timeout, stats maxconn.

import ConfigLanguage
import Proxy

extension GlobalKeywords {
    static let stats: [Row] = [
        Row(
            "stats socket", .global, takes: [.word("<address>"), .rest("<options>")],
            "Takes commands on this address."
        ) {
            draft, arguments, diagnostics in
            socket(&draft, arguments, &diagnostics)
        },
        Row(
            "stats timeout", .global, takes: [.time],
            "Closes a command connection that is silent for this long."
        ) {
            draft, arguments, diagnostics in
            if arguments.number(0) == 0 {
                return diagnostics.report(
                    arguments.expects("a positive time", found: arguments.words[0]))
            }
            draft.global.statsTimeoutMilliseconds = arguments.number(0)
        },
        Row(
            "stats maxconn", .global, takes: [.integer(1...1_000_000)],
            "Bounds the command connections."
        ) {
            draft, arguments, _ in
            draft.global.statsMaxConnections = arguments.number(0)
        },
        .refused(
            "stats bind-process", .global, "Bound the command sockets to processes.",
            advice: "there is one process; remove the line"),
    ]

    private static func socket(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let text = arguments.word(0)
        guard
            let targets = ListenAddress.targets(
                text, rules: .statsSocket, arguments, draft.session, &diagnostics)
        else { return }
        var line = BindDraft(
            bind: BindConfiguration(addressText: text, place: SourcePlace(arguments.location)),
            session: draft.session)
        Catalog.bindOptions.applyOptions(
            arguments.words.dropFirst(), of: arguments, title: "stats socket \(text)", in: .global,
            to: &line, &diagnostics)
        for target in targets {
            line.bind.target = target
            line.bind.addressText = target.description
            var socket = StatsSocketConfiguration(bind: line.bind)
            socket.level = line.level ?? socket.level
            socket.exposesListeners = line.exposesListeners
            draft.global.statsSockets.append(socket)
        }
    }
}

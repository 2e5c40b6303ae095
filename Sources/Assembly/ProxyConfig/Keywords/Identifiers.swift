// Names that requests carry: identifiers of their own, the name of the server they go to, and what
// names of fields may look like.
// configuration manual: unique-id-format, unique-id-header, http-send-name-header, option
// http-restrict-req-hdr-names.

import ConfigLanguage
import Proxy
import Samples

extension ProxyKeywords {
    static let identifiers: [Row] = [
        Row(
            "unique-id-format", .clientSide, takes: [.word("<format>")], elsewhere: .ignored,
            "Sets how unique identifiers of requests are made."
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) { draft, _ throws(ExpressionMistake) in
                draft.proxy.uniqueIDFormat = try draft.session.compiler.format(
                    arguments.word(0), word: 0, in: .uniqueID,
                    isHTTP: draft.proxy.mode == .http || draft.isDefaults)
            }
        },
        Row(
            "unique-id-header", .clientSide, takes: [.word("<name>")], elsewhere: .ignored,
            "Adds the unique identifier to requests as a field."
        ) { draft, arguments, diagnostics in
            guard isFieldName(arguments, 0, &diagnostics) else { return }
            draft.proxy.uniqueIDHeader = arguments.word(0)
        },
        Row(
            "http-send-name-header", .serverSide, takes: [.word("<name>")], elsewhere: .ignored,
            "Tells a server its name in a field."
        ) { draft, arguments, diagnostics in
            guard isFieldName(arguments, 0, &diagnostics) else { return }
            let name = arguments.word(0).lowercased()
            let own = ["connection", "content-length", "transfer-encoding", "upgrade"]
            if own.contains(name) {
                return diagnostics.report(
                    arguments.mistake("field '\(name)' is the proxy's to set."))
            }
            draft.proxy.serverNameField = name
        },
        Row(
            "option http-restrict-req-hdr-names", .proxies,
            takes: [.choice("preserve", "delete", "reject")],
            "Removes or refuses request fields whose names have unusual characters."
        ) { draft, arguments, _ in
            draft.proxy.unusualNames =
                switch arguments.word(0) {
                case "delete": .removed
                case "reject": .refused
                default: .passed
                }
        },
    ]
}

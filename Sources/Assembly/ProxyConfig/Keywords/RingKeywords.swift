// `ring` sections: log lines kept in memory, and sent on over streams.
// configuration manual: 12.5 Rings.

import ConfigLanguage
import Proxy

/// A ring being built.
struct RingDraft {
    /// Names that are sinks already.
    private static let reserved = ["stdout", "stderr", "buf0"]

    /// The values.
    var ring: RingConfiguration
    /// The ring's servers, as a backend has them.
    var backend: ProxyDraft
    private let session: LoadSession

    /// Opens the section; nil after reporting what is wrong with its line.
    init?(
        _ statement: Statement, _ session: LoadSession, _ diagnostics: inout Diagnostics
    ) {
        func alert(_ text: String) {
            diagnostics.report(Diagnostic(.alert, at: statement.location, text))
        }
        guard statement.words.count > 1, !statement.words[1].isEmpty else {
            alert("missing ring name.")
            return nil
        }
        let name = statement.words[1]
        if let bad = firstForbidden(in: name) {
            alert("invalid ring name '\(name)' (character '\(bad)' is not permitted).")
            return nil
        }
        if Self.reserved.contains(name) || session.rings.contains(where: { $0.name == name }) {
            alert("sink named '\(name)' already exists.")
            return nil
        }
        ring = RingConfiguration(name: name)
        backend = ProxyDraft(
            keyword: "backend", name: name, capability: .backend, isDefaults: false,
            location: statement.location, session: session)
        self.session = session
    }

    /// Takes one line of the section.
    mutating func take(_ statement: Statement, _ diagnostics: inout Diagnostics) {
        Catalog.rings.apply(
            statement, in: .init(kind: .ring, title: "ring '\(ring.name)'"), to: &self,
            &diagnostics)
    }

    /// The ring with its servers.
    var finished: RingConfiguration {
        var ring = ring
        ring.servers = backend.proxy.servers
        return ring
    }
}

/// Rows of the section.
enum RingKeywords {
    typealias Row = Keyword<RingDraft>

    static let rows: [Row] = [
        Row(
            "description", .ring, takes: [.word("<text>"), .rest("...")],
            "Describes the ring in 'show events'."
        ) { draft, arguments, _ in
            draft.ring.describedAs = arguments.words.joined(separator: " ")
        },
        Row(
            "format", .ring, takes: [.word("<format>")], "Sets how lines in the ring begin."
        ) { draft, arguments, diagnostics in
            let name = arguments.word(0)
            if LogLine.formats.contains(name) { return draft.ring.format = name }
            diagnostics.report(
                arguments.expects(
                    "a format", found: name,
                    suggestion: Spelling.nearest(to: name, among: LogLine.formats)))
        },
        Row(
            "maxlen", .ring, takes: [.integer(1...Int(Int32.max))], "Cuts lines to this length."
        ) { draft, arguments, _ in
            draft.ring.maxBytes = arguments.number(0)
        },
        Row("size", .ring, takes: [.size(1...(1 << 40))], "Sets how many bytes the ring holds.") {
            draft, arguments, diagnostics in
            let size = arguments.number(0)
            if size >= draft.ring.bytes { return draft.ring.bytes = size }
            diagnostics.report(
                arguments.mistake(
                    "ignoring new size '\(size)' that is smaller than current size "
                        + "'\(draft.ring.bytes)' for ring '\(draft.ring.name)'."))
        },
        Row(
            "timeout connect", .ring, takes: [.time], "Bounds connecting to a server of the ring."
        ) { draft, arguments, _ in
            draft.ring.connectMilliseconds = arguments.number(0)
        },
        Row(
            "timeout server", .ring, takes: [.time],
            "Bounds how long lines wait for a server of the ring to take them."
        ) { draft, arguments, _ in
            draft.ring.serverMilliseconds = arguments.number(0)
        },
        Row(
            "server", .ring,
            takes: [.word("<name>"), .word("<address>"), .rest("<options>")],
            "Sends every line of the ring to a server."
        ) { draft, arguments, diagnostics in
            ServerLine.add(to: &draft.backend, arguments, &diagnostics)
            draft.backend.reportUnresolved(&diagnostics)
        },
        .notYet("backing-file", .ring, "Keeps the ring in a file."),
    ]
}

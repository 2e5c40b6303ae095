// Redirects (configuration manual: redirect).

import ConfigLanguage
import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Redirects.
    static let redirects = ActionFamily(
        "redirects",
        [
            ActionRow(
                "redirect", in: [.httpRequest, .httpResponse], Redirect.notation,
                "Sends the client elsewhere."
            ) { reader throws(ExpressionMistake) in try Redirect(&reader, usesFormats: true) }
        ])
}

/// `redirect`, in rules and as a keyword of its own.
///
/// Safety: constants.
public final class Redirect: Action, @unchecked Sendable {
    /// How it is written.
    public static let notation =
        "{location <loc>|prefix <pfx>|scheme <sch>} [code <code>] [drop-query] [keep-query] "
        + "[append-slash] [ignore-empty] [set-cookie <name>[=<value>]] [set-cookie-fmt <fmt>] "
        + "[clear-cookie <name>[=]]"

    /// Every word of a redirect.
    public static let words = RedirectDraft.words

    /// What the location is made of.
    private enum Kind {
        case location, prefix, scheme
    }

    /// A text as it stands, or one that a format makes.
    private enum Text {
        case kept(KeptBytes)
        case format(LogFormat)
    }

    private let kind: Kind
    private let text: Text
    /// A prefix of a slash alone: the location begins with the request's own path.
    private let isLoneSlash: Bool
    private let status: Int
    private let dropsQuery: Bool
    private let keepsQuery: Bool
    private let appendsSlash: Bool
    private let ignoresEmpty: Bool
    private let cookie: Text?

    /// Reads a redirect's words.
    ///
    /// - Parameter usesFormats: the text is a format, as in `http-request` rules.
    public init(
        _ reader: inout ActionReader, usesFormats: Bool
    ) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        var draft = RedirectDraft()
        while let word = reader.peek, try draft.read(word, &reader) {}
        guard let place = draft.place else {
            throw reader.unexpected("'location', 'prefix' or 'scheme'", among: RedirectDraft.words)
        }
        kind =
            switch place.kind {
            case "prefix": .prefix
            case "scheme": .scheme
            default: .location
            }
        if reader.step == .httpResponse && kind != .location {
            throw reader.mistake("a response can only be replaced by a 'redirect location'")
        }
        let written = place.text
        if usesFormats {
            text = .format(
                try reader.compiler.format(
                    written, word: place.word, in: reader.step.place,
                    isHTTP: reader.surroundings.isHTTP))
        } else {
            if written.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                throw reader.mistake("a location has no control characters")
            }
            text = .kept(KeptBytes(written.anyBytes, in: constants))
        }
        isLoneSlash = kind == .prefix && written == "/"
        status = draft.status
        dropsQuery = draft.options.contains("drop-query")
        keepsQuery = draft.options.contains("keep-query")
        appendsSlash = draft.options.contains("append-slash")
        ignoresEmpty = draft.options.contains("ignore-empty")
        cookie =
            draft.cookieFormat.map { .format($0) }
            ?? draft.cookie.map { .kept(KeptBytes($0.anyBytes, in: constants)) }
        super.init(keeping: constants)
    }

    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if case .format(let format) = text {
            guard subject.render(format) else { return .failed }
            if ignoresEmpty && subject.renderedText.isEmpty { return .goOn }
        }
        return write(subject) ? .reply : .failed
    }

    // `ignore-empty` may pass a redirect over.
    public override var endsList: Bool { !ignoresEmpty }

    /// Puts the reply together; false when there is no room.
    private func write(_ subject: Subject) -> Bool {
        guard begin(subject), subject.addReplyPart("location: "), addLocation(subject),
            subject.addReplyPart("\r\n")
        else { return false }
        // What may be kept for ever is not told to be forgotten at once.
        if status == 302 || status == 303 || status == 307,
            !subject.addReplyPart("cache-control: no-cache\r\n")
        {
            return false
        }
        guard let cookie else { return true }
        return subject.addReplyPart("set-cookie: ") && add(cookie, subject)
            && subject.addReplyPart("\r\n")
    }

    private func begin(_ subject: Subject) -> Bool {
        status == 302
            ? subject.beginReply(status: 302, "Found") && subject.addReplyBody(Span())
            : subject.beginReply(status: status) && subject.addReplyBody(Span())
    }

    private func addLocation(_ subject: Subject) -> Bool {
        switch kind {
        case .location: return add(text, subject) && addKeptQuery(subject)
        case .prefix:
            // A lone slash is the request's own path.
            return (isLoneSlash || add(text, subject)) && addPath(subject)
        case .scheme:
            guard add(text, subject), subject.addReplyPart("://") else { return false }
            if let index = subject.firstField(.host) {
                let host = subject.value(of: subject.field(index))
                if !subject.addReplyText(host) { return false }
            }
            return addPath(subject)
        }
    }

    /// Adds a text that must not end a line.
    private func add(_ text: Text, _ subject: Subject) -> Bool {
        switch text {
        case .kept(let kept):
            let bytes = kept
            return subject.addReplyPart(bytes.span)
        case .format(let format):
            // The location was rendered before; a cookie is rendered when its turn comes.
            if case .format(let own) = self.text, own === format {
                return subject.addReplyText(subject.renderedText)
            }
            return subject.render(format) && subject.addReplyText(subject.renderedText)
        }
    }

    /// Adds the request's path, and its query unless that is dropped.
    private func addPath(_ subject: Subject) -> Bool {
        let whole = subject.pathAndQuery
        if whole.isEmpty || whole[0] == 0x2A { return subject.addReplyPart("/") }
        let mark = whole.firstIndex(of: 0x3F) ?? whole.count
        let path = whole.extracting(0..<(dropsQuery ? mark : whole.count))
        guard subject.addReplyText(path) else { return false }
        if appendsSlash && (path.isEmpty || path[path.count - 1] != 0x2F) {
            return subject.addReplyPart("/")
        }
        return true
    }

    /// `keep-query`: adds the request's query to a location.
    private func addKeptQuery(_ subject: Subject) -> Bool {
        guard keepsQuery, subject.hasRequestHead else { return true }
        let whole = subject.pathAndQuery
        guard let mark = whole.firstIndex(of: 0x3F), mark + 1 < whole.count else { return true }
        let hasQuery =
            switch text {
            case .kept(let kept): kept.holds(0x3F)
            case .format: subject.renderedText.firstIndex(of: 0x3F) != nil
            }
        return subject.addReplyPart(hasQuery ? "&" : "?")
            && subject.addReplyText(whole.extracting(mark + 1..<whole.count))
    }
}

extension KeptBytes {
    fileprivate func holds(_ byte: UInt8) -> Bool { span.firstIndex(of: byte) != nil }
}

/// A redirect's words while they are read.
private struct RedirectDraft {
    static let switches = ["drop-query", "keep-query", "append-slash", "ignore-empty"]
    static let words =
        ["location", "prefix", "scheme", "code", "set-cookie", "set-cookie-fmt", "clear-cookie"]
        + switches

    var place: (kind: String, text: String, word: Int)?
    var status = 302
    var options: Set<String> = []
    var cookie: String?
    var cookieFormat: LogFormat?

    /// Reads one word and what belongs to it; false where it is none of a redirect.
    mutating func read(
        _ word: String, _ reader: inout ActionReader
    ) throws(ExpressionMistake) -> Bool {
        switch word {
        case "location", "prefix", "scheme":
            _ = reader.skip(word)
            let text = try reader.word("a text behind '\(word)'")
            place = (word, text, reader.position - 1)
        case "code":
            _ = reader.skip(word)
            let text = try reader.word("a status")
            guard let status = Int(text), [301, 302, 303, 307, 308].contains(status) else {
                throw reader.wrong("expects one of the statuses 301, 302, 303, 307, 308")
            }
            self.status = status
        case "set-cookie":
            _ = reader.skip(word)
            cookie = try reader.cookie() + "; path=/;"
            cookieFormat = nil
        case "set-cookie-fmt":
            _ = reader.skip(word)
            cookieFormat = try reader.format("a format")
        case "clear-cookie":
            _ = reader.skip(word)
            cookie = try reader.cookie() + "; path=/; Max-Age=0;"
            cookieFormat = nil
        default:
            guard Self.switches.contains(word) else { return false }
            options.insert(word)
            _ = reader.skip(word)
        }
        return true
    }
}

extension ActionReader {
    /// The next word as a cookie.
    fileprivate mutating func cookie() throws(ExpressionMistake) -> String {
        let cookie = try word("a cookie")
        guard !cookie.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw wrong("expects a cookie without control characters")
        }
        return cookie
    }
}

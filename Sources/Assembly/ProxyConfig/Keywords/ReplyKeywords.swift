// Replies in place of the proxy's own: redirects, and replies that formats make.
// configuration manual: errorloc, errorloc302, errorloc303, http-error.

import Actions
import ConfigLanguage
import Proxy
import Samples

extension ProxyKeywords {
    static let replies: [Row] = [
        location("errorloc", 302),
        location("errorloc302", 302),
        location("errorloc303", 303),
        Row(
            "http-error", .proxies, takes: [.rest("status <code> " + ReplyTemplate.notation)],
            "Answers an error with a reply that is described here."
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                try draft.setReply(arguments, &diagnostics)
            }
        },
    ]

    private static func location(_ name: String, _ status: Int) -> Row {
        Row(
            name, .proxies, takes: [.word("<status>"), .word("<url>")],
            "Answers an error with a redirect of status \(status)."
        ) { draft, arguments, diagnostics in
            guard let error = ErrorFile.status(arguments.word(0)) else {
                return diagnostics.report(
                    arguments.mistake("status code '\(arguments.word(0))' not handled."))
            }
            let url = arguments.word(1)
            guard !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
                return diagnostics.report(
                    arguments.expects("a URL without blanks and control characters", found: url))
            }
            let reason = status == 302 ? "Found" : "See Other"
            draft.setErrorReply(
                ("HTTP/1.1 \(status) \(reason)\r\nCache-Control: no-cache\r\n"
                    + "Content-Length: 0\r\nLocation: \(url)\r\n\r\n").anyBytes, for: error)
        }
    }
}

extension ProxyDraft {
    /// Sets a complete reply for a status.
    mutating func setErrorReply(_ reply: [UInt8]?, for status: Int) {
        proxy.errorReplies[status] = reply
        proxy.replyMakers[status] = nil
    }

    /// Reads `http-error status <code> ...`.
    fileprivate mutating func setReply(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) throws(ExpressionMistake) {
        guard let index = arguments.words.firstIndex(of: "status") else {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0, "'http-error' expects 'status <code>'")
        }
        // The reader's name is a word in front of those it reads.
        var reader = ActionReader(
            words: ["http-error"] + arguments.words, name: 0, end: arguments.words.count + 1,
            step: .httpRequest, compiler: session.compiler, surroundings: surroundings(arguments))
        let template = try at(-1) { () throws(ExpressionMistake) in
            try ReplyTemplate.read(&reader, status: 0, impliesProxy: false)
        }
        for warning in reader.warnings { diagnostics.report(arguments.warning(warning)) }
        for note in reader.notes { diagnostics.report(arguments.note(note)) }
        if !reader.isAtEnd {
            let word = arguments.words[reader.position - 1]
            throw ExpressionMistake(
                word: reader.position - 1, offset: 0, length: word.utf8.count,
                "'http-error' does not expect '\(word)' here")
        }
        let status = template.status
        guard ErrorFile.statuses.contains(status) else {
            let word = min(index + 1, arguments.words.count - 1)
            throw ExpressionMistake(
                word: word, offset: 0, length: arguments.words[word].utf8.count,
                "the proxy makes no replies of status \(status)",
                suggestion: Spelling.nearest(
                    to: arguments.words[word], among: ErrorFile.statuses.map(String.init)))
        }
        setErrorReply(nil, for: status)
        if !template.isOfProxy { proxy.replyMakers[status] = template }
    }

    /// Moves the words of mistakes.
    private func at<R>(
        _ offset: Int, _ body: () throws(ExpressionMistake) -> R
    ) throws(ExpressionMistake) -> R {
        do throws(ExpressionMistake) {
            return try body()
        } catch {
            throw ExpressionMistake(
                word: max(0, error.word + offset), offset: error.offset, length: error.length,
                error.text, suggestion: error.suggestion)
        }
    }
}

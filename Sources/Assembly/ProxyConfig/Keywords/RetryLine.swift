// The words of `retry-on`.
// configuration manual: retry-on.

import ConfigLanguage
import Proxy

/// Reads `retry-on` lines.
enum RetryLine {
    /// What the words stand for, or nil after reporting what is wrong with them.
    static func read(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> RetryCauses? {
        guard !arguments.words.isEmpty else {
            diagnostics.report(
                arguments.mistake("'retry-on' needs at least one keyword to specify when to retry"))
            return nil
        }
        if arguments.words.contains("none") {
            if arguments.words.count == 1 { return [] }
            diagnostics.report(arguments.mistake("'none' is only usable alone"))
            return nil
        }
        var causes: RetryCauses = []
        for word in arguments.words {
            guard let cause = meaning(of: word) else {
                diagnostics.report(
                    arguments.expects(
                        "kinds of failures or retryable status codes", found: word,
                        suggestion: Spelling.nearest(to: word, among: words.map(\.word))))
                return nil
            }
            causes.formUnion(cause)
        }
        return causes
    }

    private static func meaning(of word: String) -> RetryCauses? {
        if let status = Int(word), RetryCauses.statuses.contains(status) { return .status(status) }
        return words.first { $0.word == word }?.causes
    }

    private static let words: [(word: String, causes: RetryCauses)] = [
        ("conn-failure", .connectionFailure),
        ("empty-response", .emptyResponse),
        ("junk-response", .junkResponse),
        ("response-timeout", .responseTimeout),
        ("0rtt-rejected", .earlyDataRejected),
        ("all-retryable-errors", .allRetryable),
    ]
}

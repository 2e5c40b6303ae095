// Which statuses count as what (configuration manual: http-err-codes, http-fail-codes).

import ConfigLanguage
import Proxy

extension GlobalKeywords {
    static let statuses: [Row] = [
        row(
            "http-err-codes", \.errorStatuses,
            "Chooses which statuses count as errors of a client."),
        row(
            "http-fail-codes", \.failureStatuses,
            "Chooses which statuses count as failures of a server."),
    ]

    private static func row(
        _ name: String, _ path: WritableKeyPath<GlobalConfiguration, StatusSet> & Sendable,
        _ summary: String
    ) -> Row {
        Row(name, .global, takes: [.rest("[+-]<status>[-<status>][,...]...")], summary) {
            draft, arguments, diagnostics in
            if arguments.words.isEmpty {
                diagnostics.report(
                    arguments.mistake("'\(name)' expects a status or a range of them."))
            }
            for word in arguments.words {
                guard draft.global[keyPath: path].apply(word) else {
                    diagnostics.report(
                        arguments.mistake(
                            "'\(name)' expects statuses from 100 to 599 and ranges of them, such "
                                + "as 400-499,404 or +505, found '\(word)'."))
                    return
                }
            }
        }
    }
}

extension StatusSet {
    /// Changes the set as a word says, such as `400-499,410`, `+505` or `-404`; false, and nothing
    /// is changed, where the word says nothing.
    fileprivate mutating func apply(_ word: String) -> Bool {
        let sign = word.first == "+" || word.first == "-" ? word.first : nil
        var ranges: [ClosedRange<Int>] = []
        let list = sign == nil ? word[...] : word.dropFirst()
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = Self.status(ends[0]),
                let last = Self.status(ends[ends.count - 1]), first <= last
            else { return false }
            ranges.append(first...last)
        }
        if sign == nil { self = StatusSet() }
        for range in ranges {
            if sign == "-" { remove(range) } else { insert(range) }
        }
        return true
    }

    private static func status(_ text: Substring) -> Int? {
        guard text.utf8.count == 3, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let status = Int(text), all.contains(status)
        else { return nil }
        return status
    }
}

// Global keywords about workers and the cores they run on.
// configuration manual: nbthread, cpu-map, thread-groups.

import ConfigLanguage
import Proxy

extension GlobalKeywords {
    /// The most workers a process may have.
    static let threadLimit = 256
    /// The highest core number understood, plus one.
    static let coreLimit = 4096

    static let threads: [Row] = [
        Row(
            "nbthread", .global, takes: [.integer(1...threadLimit)],
            "Sets the number of workers; the usable cores unless told."
        ) {
            draft, arguments, _ in
            draft.global.threads = arguments.number(0)
        },
        Row(
            "cpu-map", .global,
            takes: [.word("[auto:]<group>[/<threads>]"), .word("<cores>"), .rest("<cores>")],
            "Binds workers to cores."
        ) { draft, arguments, diagnostics in
            cpuMap(&draft, arguments, &diagnostics)
        },
    ]

    /// `auto:1/1-4 0-3` binds each worker to one core in turn; without `auto:` all to the set.
    private static func cpuMap(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let first = arguments.word(0)
        let isAutomatic = first.hasPrefix("auto:")
        let subject = isAutomatic ? String(first.dropFirst(5)) : first
        let parts = subject.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            .map(String.init)
        // Before thread groups existed a lone range named threads; a lone 1 means the whole group.
        let isLoneRange = parts.count == 1 && parts[0] != "1" && parts[0] != "all"
        let group = isLoneRange ? "1" : parts[0]
        let threadText = isLoneRange ? parts[0] : parts.count > 1 ? parts[1] : "all"
        guard let groups = NumberSet.parse(group, limit: 64),
            let threads = NumberSet.parse(threadText, limit: threadLimit)
        else {
            return diagnostics.report(
                arguments.expects(
                    "a thread group and threads ('1/1-4', 'all', 'odd', 'even')", found: first))
        }
        var cores: [Int] = []
        for word in arguments.words.dropFirst() {
            for range in word.split(separator: ",") {
                guard let part = NumberSet.cores(String(range), limit: coreLimit) else {
                    return diagnostics.report(
                        arguments.expects("cores such as '0-3' or '0,2'", found: String(range)))
                }
                cores += part
            }
        }
        // There is one group; settings for others concern nobody.
        guard groups.contains(1) else { return }
        let ordered = isAutomatic ? cores.sorted() : cores
        if isAutomatic && !isOpenEnded(threadText) && threads.count != cores.count {
            return diagnostics.report(
                arguments.mistake("'auto:' needs as many threads as cores"))
        }
        for (index, thread) in threads.enumerated() {
            if !isAutomatic {
                draft.global.coresOfThread[thread] = ordered
            } else if index < ordered.count {
                draft.global.coresOfThread[thread] = [ordered[index]]
            }
        }
    }

    private static func isOpenEnded(_ text: String) -> Bool {
        ["all", "odd", "even"].contains(text) || text.hasSuffix("-")
    }
}

/// Sets of thread and core numbers as the configuration writes them.
enum NumberSet {
    /// `all`, `odd`, `even`, `3`, `1-4`, `5-`: numbers from 1 to `limit`; nil for other texts.
    static func parse(_ text: String, limit: Int) -> [Int]? {
        switch text {
        case "all": return Array(1...limit)
        case "odd": return Array(stride(from: 1, through: limit, by: 2))
        case "even": return Array(stride(from: 2, through: limit, by: 2))
        default: return range(text, 1...limit)
        }
    }

    /// `0`, `0-3`, `2-`: numbers from 0 to below `limit`; nil when it is none of these.
    static func cores(_ text: String, limit: Int) -> [Int]? { range(text, 0...(limit - 1)) }

    private static func range(_ text: String, _ bounds: ClosedRange<Int>) -> [Int]? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = number(ends[0]), bounds.contains(first) else { return nil }
        if ends.count == 1 { return [first] }
        guard let last = ends[1].isEmpty ? bounds.upperBound : number(ends[1]),
            bounds.contains(last), first <= last
        else { return nil }
        return Array(first...last)
    }

    private static func number(_ text: Substring) -> Int? {
        guard case .success(let value) = Units.integer(String(text)), value >= 0 else { return nil }
        return value
    }
}

// The families of keywords, one line each: everything a section can hold is reachable from here.

import ConfigLanguage

/// Every keyword of the configuration by the table that holds it.
public enum Catalog {
    /// `global`.
    static let global = KeywordTable<GlobalDraft>(
        GlobalKeywords.process + GlobalKeywords.limits + GlobalKeywords.logging
            + GlobalKeywords.environment + GlobalKeywords.stats + GlobalKeywords.threads
            + GlobalKeywords.tuning + GlobalKeywords.variables + GlobalKeywords.statuses
            + GlobalKeywords.withoutEffect + GlobalKeywords.later)

    /// `defaults`, `frontend`, `backend` and `listen`.
    static let proxies = KeywordTable<ProxyDraft>(
        ProxyKeywords.general + ProxyKeywords.timeouts + ProxyKeywords.options
            + ProxyKeywords.forwarding + ProxyKeywords.logging + ProxyKeywords.errorFiles
            + ProxyKeywords.clientSide + ProxyKeywords.serverSide + ProxyKeywords.rules
            + ProxyKeywords.standaloneRules + ProxyKeywords.captures + ProxyKeywords.replies
            + ProxyKeywords.identifiers
            + ProxyKeywords.tables + ProxyKeywords.filters + ProxyKeywords.later)

    /// Options of `bind` and of `stats socket`.
    static let bindOptions = KeywordTable<BindDraft>(BindOptions.supported + BindOptions.later)

    /// Options of `server` and `default-server`.
    static let serverOptions = KeywordTable<ServerDraft>(
        ServerOptions.supported + ServerOptions.withoutEffect + ServerOptions.later)

    /// `ring`.
    static let rings = KeywordTable<RingDraft>(RingKeywords.rows)

    /// `userlist`.
    static let userLists = KeywordTable<UserListDraft>(UserListKeywords.rows)

    /// The words that begin a section.
    public static var sectionKeywords: Set<String> { Set(SectionKind.named.keys) }

    /// One line of manual for each keyword: where it belongs, what it takes, what it does.
    public static var manual: [String] {
        lines("global", global) + lines("proxies", proxies) + lines("bind", bindOptions)
            + lines("server", serverOptions) + lines("ring", rings)
            + lines("userlist", userLists)
    }

    private static func lines<Draft>(_ table: String, _ rows: KeywordTable<Draft>) -> [String] {
        rows.rows.map { row in
            let status =
                switch row.status {
                case .supported: ""
                case .acceptedWithoutEffect(let reason): " (no effect: \(reason))"
                case .notYet: " (not supported yet)"
                case .refused(let advice): " (refused: \(advice))"
                }
            return "\(table)\t\(row.notation)\t\(row.summary)\(status)"
        }
    }
}

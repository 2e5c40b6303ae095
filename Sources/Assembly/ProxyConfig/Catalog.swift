// The families of keywords, one line each: everything a section can hold is reachable from here.

import ConfigLanguage
import Fetches
import Proxy
import Samples

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

    /// One line of manual for each sample fetch.
    public static var fetchManual: [String] {
        FetchCatalog.all.families.flatMap(\.rows).map { row in
            "\(row.notation): \(row.output.shortName)\t\(row.sentence)\(remark(on: row.status))"
        }
    }

    /// One line of manual for each converter, with what it gives and what it takes.
    public static var converterManual: [String] {
        ConverterCatalog.all.families.flatMap(\.rows).map { row in
            let types = "\(row.output.shortName) => \(row.input.shortName)"
            return "\(row.notation): \(types)\t\(row.sentence)\(remark(on: row.status))"
        }
    }

    /// What access lists mean by names that say how values are compared.
    public static var criterionManual: [String] {
        let catalog = FetchCatalog.all
        return catalog.criterionNames.compactMap { name in
            guard let (row, method) = catalog.criterion(name), row.name != name,
                let method = method?.name
            else { return nil }
            return "\(name) = \(row.name) -m \(method)"
        }
    }

    private static func remark(on status: Converter.Status) -> String {
        switch status {
        case .supported: ""
        case .notYet: " (not supported yet)"
        case .refused(let advice): " (refused: \(advice))"
        }
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

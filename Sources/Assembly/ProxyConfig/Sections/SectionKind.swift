// The sections of the manual: those that are read, and those that are known and refused.

import ConfigLanguage

/// A section by the word that begins it.
enum SectionKind: Hashable {
    /// Settings of the process.
    case global
    /// Settings that later proxies begin with.
    case defaults
    /// A frontend, a backend or both.
    case proxy(SectionSet)
    /// A set of error files.
    case httpErrors
    /// A ring of log lines.
    case ring
    /// Users with their passwords and groups.
    case userList
    /// A section of the manual that does not work yet.
    case notYet

    /// Every word that begins a section.
    static let named: [String: SectionKind] = {
        var kinds: [String: SectionKind] = [
            "global": .global, "defaults": .defaults, "frontend": .proxy(.frontend),
            "backend": .proxy(.backend), "listen": .proxy(.listen), "http-errors": .httpErrors,
            "ring": .ring, "userlist": .userList,
        ]
        for name in later { kinds[name] = .notYet }
        return kinds
    }()

    /// Sections that do not work yet, in the order of the manual.
    static let later = [
        "resolvers", "cache", "fcgi-app", "peers", "traces", "mailers",
        "log-forward", "log-profile", "crt-store", "acme", "program",
        "healthcheck",
    ]
}

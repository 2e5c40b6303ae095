// All families of actions, one line each.

import Proxy

extension ActionCatalog {
    /// Every action of the manual.
    public static let all = ActionCatalog([
        .silence, .verdicts, .replies, .redirects, .authentication, .fields, .targets, .normalizers,
        .statuses, .captures, .variables, .lists, .streams, .logging, .waiting, .addresses,
        .tracking, .bandwidth, .later,
    ])
}

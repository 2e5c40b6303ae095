// All families of actions, one line each.

import Proxy

extension ActionCatalog {
    /// Every action of the manual.
    public static let all = ActionCatalog([.silence, .lists, .verdicts, .fields, .variables])
}

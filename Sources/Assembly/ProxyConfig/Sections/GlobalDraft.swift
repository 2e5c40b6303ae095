// The global sections while their lines are read; several of them add up.

import ConfigLanguage
import Proxy

/// `global` being built.
struct GlobalDraft {
    /// The values.
    var global = GlobalConfiguration()
    /// Keywords that were given and may be given once only.
    var given: Set<String> = []
    /// Variables that are set at the start.
    var assignments: [StartAssignment] = []
    /// `server-state-file`.
    var stateFile: String?
    /// `server-state-base`.
    var stateBase: String?
    /// Shared with the other sections of this load.
    let session: LoadSession

    /// Reports the second use of a keyword that may be given once; the first one holds.
    mutating func isFirst(
        _ keyword: String, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> Bool {
        if given.insert(keyword).inserted { return true }
        diagnostics.report(
            Diagnostic(
                .alert, at: arguments.location,
                "'\(arguments.keyword)' already specified. Continuing.", isRefusal: false))
        return false
    }
}

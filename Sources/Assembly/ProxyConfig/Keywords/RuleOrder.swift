// Warnings of rules that do not run where they stand: rules run by their kinds, and nothing runs
// behind a rule that always ends its list.

import ConfigLanguage
import Proxy

extension ProxyDraft {
    /// Warns of a rule that stands behind what runs later, or behind what never lets it run. The
    /// rule has not been added yet.
    func warnOfOrder(
        _ rule: Rule, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let step = rule.step
        let previous = lastRules[step]
        if let previous, previous.condition == nil, previous.action.endsList {
            diagnostics.report(
                arguments.warning(
                    "previous '\(step.family)' action is final and has no condition attached, "
                        + "further entries are NOOP."))
        }
        guard let position = Self.order.firstIndex(of: step) else { return }
        let later = Self.order[(position + 1)...].first { lastRules[$0] != nil }
        guard let later else { return }
        let article = later == .httpRequest ? "an" : "a"
        diagnostics.report(
            arguments.warning(
                "a '\(step.family)' rule placed after \(article) '\(later.keyword)' rule will "
                    + "still be processed before."))
    }

    /// The rules of requests as they run.
    private static let order: [RuleStep] = [
        .connection, .session, .contentRequest, .monitorFail, .httpRequest, .redirect, .switching,
        .useServer,
    ]

    /// Warns of the rules that a proxy of TCP mode passes over, but for relays that become HTTP.
    ///
    /// - Parameter mayUpgrade: there are backends that make them so.
    func warnOfMode(mayUpgrade: Bool, _ diagnostics: inout Diagnostics) {
        if proxy.rules.joined().contains(where: { $0.action.upgrades }) { return }
        let isFront = proxy.capability == .frontend
        for step in [RuleStep.httpRequest, .httpResponse, .httpAfterResponse, .redirect] {
            if !ownRules.contains(where: { $0.step == step }) { continue }
            diagnostics.report(
                Diagnostic(
                    .warning, at: nil,
                    "'\(step.keyword)' rules ignored for \(kindName) '\(proxy.name)' as they "
                        + "require HTTP mode"
                        + (isFront && mayUpgrade
                            ? ", but for what its backend makes an exchange of HTTP." : ".")))
        }
    }
}

extension RuleStep {
    /// The first word of the keyword, or all of one that is no family.
    fileprivate var family: String {
        switch self {
        case .connection, .session, .contentRequest: "tcp-request"
        case .contentResponse: "tcp-response"
        default: keyword
        }
    }
}

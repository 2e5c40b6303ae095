// Bandwidth limits of streams (configuration manual: set-bandwidth-limit).

import ConfigLanguage
import Proxy
import Samples

extension ActionFamily {
    /// Bandwidth limits.
    static let bandwidth = ActionFamily(
        "bandwidth",
        [
            ActionRow(
                "set-bandwidth-limit",
                in: [.contentRequest, .contentResponse, .httpRequest, .httpResponse],
                "<name> [limit { <size> | <expr> }] [period { <time> | <expr> }]",
                "Holds the stream to a bandwidth limit that its proxy declares."
            ) { reader throws(ExpressionMistake) in try LimitBandwidth(&reader) }
        ])
}

/// `set-bandwidth-limit`.
///
/// Safety: constants; `limit` is written once, when everything has been read, before any worker
/// sees the action.
private final class LimitBandwidth: Action, @unchecked Sendable {
    private var limit: BandwidthLimit?
    private let bytes: RuleNumber?
    private let milliseconds: RuleNumber?

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        if reader.surroundings.isDefaults {
            throw reader.mistake("a defaults section has no bandwidth limits to name")
        }
        let name = try reader.word("the name of a bandwidth limit")
        var bytes: RuleNumber?
        var milliseconds: RuleNumber?
        while !reader.isAtEnd {
            if reader.skip("limit") {
                bytes = try reader.sizeOrExpression("a size")
            } else if reader.skip("period") {
                milliseconds = try reader.timeOrExpression("a time", from: 0)
            } else {
                throw reader.unexpected("'limit' or 'period'", among: ["limit", "period"])
            }
        }
        self.bytes = bytes
        self.milliseconds = milliseconds
        super.init()
        let limits = reader.surroundings.limits
        let step = reader.step
        reader.surroundings.whenAllIsRead { self.find(name, in: limits, step) }
    }

    private func find(
        _ name: String, in limits: DeclaredLimits, _ step: RuleStep
    ) -> LateFinding? {
        func mistake(_ text: String, suggestion: String? = nil) -> LateFinding {
            LateFinding(
                "'\(step.keyword) set-bandwidth-limit' \(text)", isMistake: true,
                suggestion: suggestion)
        }
        guard let limit = limits[name] else {
            return mistake(
                "names '\(name)', and this proxy has no such filter",
                suggestion: Spelling.nearest(to: name, among: limits.names))
        }
        self.limit = limit
        guard let key = limit.key else { return nil }
        if bytes != nil || milliseconds != nil {
            return mistake(
                "can give neither limit nor period to '\(name)', which streams share")
        }
        let missing = step.place.missing(of: key.needs)
        if missing.isEmpty { return nil }
        return mistake(
            "cannot enable '\(name)': its key '\(key.text)' needs \(missing.names), which "
                + "\(step.place.name) do not have")
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard let limit else { return .goOn }
        let bytes = bytes?.value(subject) ?? 0
        let milliseconds = milliseconds?.value(subject) ?? 0
        subject.enable(
            limit, bytes: UInt32(clamping: bytes),
            milliseconds: UInt32(clamping: min(milliseconds, Int64(Units.longestMilliseconds))))
        return .goOn
    }
}

extension ActionReader {
    /// The next word as a size in bytes below 4 GB, or the expression that begins with it.
    fileprivate mutating func sizeOrExpression(
        _ expected: String
    ) throws(ExpressionMistake) -> RuleNumber {
        guard let text = peek, let first = text.utf8.first, first >= 0x30, first <= 0x39 else {
            return RuleNumber(try numberExpression())
        }
        _ = skip(text)
        guard case .success(let size) = Units.size(text), size <= Int(UInt32.max) else {
            throw wrong("expects \(expected), such as 200k, below 4g")
        }
        return RuleNumber(size)
    }
}

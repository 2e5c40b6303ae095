// What commands show of a list: where it comes from, and what a value would match in it.

import Addresses

/// What a look-up by one method came to.
public struct PatternLookUp {
    /// The method that compared.
    public let method: MatchMethod
    /// Whether letters were compared without regard to case.
    public let ignoresCase: Bool
    /// Whether the method finds by a tree or a table, and not by going through a list.
    public let isIndexed: Bool
    /// What values are read as: `str`, `int` or `ip`.
    public let valueType: String
    /// The entry that matched; nil when none did.
    public let entry: PatternSource.Entry?
}

extension PatternSource {
    /// Where the list comes from, as `show map` and `show acl` say it.
    public var describedAs: String {
        if kind == .words { return "acl '\(use)' \(place)" }
        let user = isMap ? "map" : "acl"
        let places = ([place] + furtherPlaces).map { "by \(user) \($0)" }
        return "pattern loaded from file '\(name)' used \(places.joined(separator: ", "))"
    }

    /// Looks a value up by every method that the list is used with.
    public func lookUps(of value: [UInt8]) -> [PatternLookUp] {
        let ordered = views.values.sorted { $0.method.rawValue < $1.method.rawValue }
        return ordered.map { view in
            PatternLookUp(
                method: view.method, ignoresCase: view.options.ignoresCase,
                isIndexed: view.isIndexed, valueType: view.values.suffix,
                entry: entry(matching: value, in: view))
        }
    }

    private func entry(matching value: [UInt8], in view: PatternView) -> Entry? {
        var expressions = RegularExpressionScratch()
        let number: UInt32?
        switch view.method {
        case .int: number = wholeInteger(value).flatMap { n in view.table.read { $0.find(n) } }
        case .ip:
            number = IPAddress(text: value.span).flatMap { a in view.table.read { $0.find(a) } }
        default: number = view.table.read { $0.find(value.span, &expressions) }
        }
        return number.flatMap { entry(numbered: $0) }
    }
}

extension PatternView {
    /// Whether the method finds by a tree or a table.
    fileprivate var isIndexed: Bool {
        switch method {
        case .str, .beg, .ip, .bin: !options.ignoresCase
        default: false
        }
    }
}

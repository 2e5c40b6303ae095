// The one entry point that fuzzing and ordinary tests share for patterns, lists, conditions and
// variables' names. The converters' own is beside their reader.

/// Reads arbitrary bytes as the lines of a list, as patterns of every method, as a condition and as
/// a variable's name, matches them with themselves, and discards what comes of it.
///
/// Traps only when an invariant of ours is broken. Returns how many patterns matched.
@discardableResult
public func exercisePatterns(_ input: Span<UInt8>) -> Int {
    var bytes: [UInt8] = []
    for index in 0..<min(input.count, 4096) { bytes.append(input[index]) }
    let limited = bytes
    var matched = 0
    var scratch = RegularExpressionScratch(stepLimit: 10_000)
    for method in MatchMethod.allCases {
        for isMap in [false, true] {
            let store = PatternStore { _ in .bytes(limited) }
            guard let source = try? store.open("list", isMap: isMap, use: "fuzz"),
                let view = try? store.view(of: source, method, PatternOptions())
            else { continue }
            matched += matches(source, view, &scratch)
        }
    }
    let words = shown(bytes).split(whereSeparator: \.isWhitespace).map(String.init)
    let lists = AccessLists(store: PatternStore { _ in .missing }) { (words, first) in
        Criterion(expression: 0, type: .string, name: words[first])
    }
    if let condition = try? lists.condition(["if"] + words, from: 0, use: "fuzz") {
        _ = condition.evaluate(in: lists.finish()) { $0.isMultiple(of: 2) ? .pass : .unknown }
    }
    _ = try? VariableNames().reference(to: shown(bytes))
    return matched
}

private func matches(
    _ source: PatternSource, _ view: PatternView, _ scratch: inout RegularExpressionScratch
) -> Int {
    let entries = source.entries()
    var matched = 0
    for entry in entries {
        let found = view.table.read { $0.find(entry.key.span, &scratch) }
        let isText = [.str, .beg, .end, .sub].contains(view.method)
        precondition(found != nil || !isText, "a text does not match itself")
        if found != nil { matched += 1 }
    }
    // Every second goes, and the others must still be found.
    for (place, entry) in entries.enumerated() where place.isMultiple(of: 2) {
        try? source.remove(id: entry.id)
    }
    source.publish()
    source.settle()
    for entry in source.entries() where view.method == .str {
        let found = view.table.read { $0.find(entry.key.span, &scratch) }
        precondition(found != nil, "a text that was kept is not found")
    }
    return matched
}

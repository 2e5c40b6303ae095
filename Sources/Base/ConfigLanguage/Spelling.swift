// The nearest known word for one that is unknown: Damerau-Levenshtein in its restricted form,
// bounded in distance and in length.

/// Finds the known word a misspelt one was probably meant to be.
public enum Spelling {
    /// Words longer than this are not compared.
    public static let longestWord = 64

    /// The candidate closest to `word`, if one is close enough to be worth showing.
    ///
    /// A third of the letters may differ, three at most. Ties go to the earlier candidate.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String?
    {
        let letters = Array(word.utf8)
        guard !letters.isEmpty, letters.count <= longestWord else { return nil }
        var best: (candidate: String, distance: Int)?
        var limit = min(3, max(1, letters.count / 3))
        for candidate in candidates {
            let other = Array(candidate.utf8)
            guard other.count <= longestWord, abs(other.count - letters.count) <= limit else {
                continue
            }
            let found = distance(letters, other)
            if found <= limit && found < letters.count {
                best = (candidate, found)
                limit = found - 1
                if limit <= 0 { break }
            }
        }
        return best?.candidate
    }

    /// Insertions, removals, replacements and swaps of neighbours that turn one word into another.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        var older = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var cost = min(
                    previous[column] + 1, current[column - 1] + 1,
                    previous[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    cost = min(cost, older[column - 2] + 1)
                }
                current[column] = cost
            }
            older = previous
            previous = current
        }
        return previous[right.count]
    }
}

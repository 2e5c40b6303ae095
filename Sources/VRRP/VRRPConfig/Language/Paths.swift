// Paths and the patterns of `include`: `*`, `?`, `[...]` and `{a,b}`, over an injected world.

/// Puts paths together.
enum Paths {
    /// `path` seen from `directory`; an absolute path stays.
    static func join(_ directory: String, _ path: String) -> String {
        if path.hasPrefix("/") || directory.isEmpty || directory == "." { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }

    /// Everything before the last slash; `/` for a path at the root, empty without a slash.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// What an include insists on. keepalived.conf(5): include_check.
struct IncludeChecks: OptionSet {
    /// The bits.
    let rawValue: UInt8

    /// Checks from bits.
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A file that matches can be read.
    static let readable = IncludeChecks(rawValue: 1)
    /// A name without wildcards exists.
    static let match = IncludeChecks(rawValue: 2)
    /// A pattern matches something.
    static let wildcard = IncludeChecks(rawValue: 4)
    /// Each alternative in braces matches something.
    static let brace = IncludeChecks(rawValue: 8)
    /// All of them.
    static let all: IncludeChecks = [.readable, .match, .wildcard, .brace]

    /// What a spelling of the keyword insists on; nil: it is another keyword.
    init?(keyword: String) {
        switch keyword {
        case "include": self = []
        case "includer": self = .readable
        case "includem": self = [.readable, .match]
        case "includew": self = [.readable, .wildcard]
        case "includeb": self = [.readable, .brace]
        case "includea": self = .all
        default: return nil
        }
    }

    /// The check of a word behind `include_check`; nil: there is none of that name.
    static func named(_ name: some StringProtocol) -> IncludeChecks? {
        switch name {
        case "readable": .readable
        case "match": [.readable, .match]
        case "wildcard_match": [.readable, .wildcard]
        case "brace_match": [.readable, .brace]
        default: nil
        }
    }

    /// Whether it is a mistake that nothing matches. A file that must be readable may still be
    /// absent: `includer` is for optional ones.
    func requiresMatch(hasWildcard: Bool) -> Bool {
        contains(.wildcard) || !hasWildcard && contains(.match)
    }

    /// Changes by the words behind `include_check`.
    mutating func apply(_ text: String) {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        if words.isEmpty {
            self = .all
            return
        }
        var isFirst = true
        for word in words {
            let sign = word.first == "+" || word.first == "-" ? word.first : nil
            guard let check = IncludeChecks.named(sign == nil ? word : word.dropFirst()) else {
                continue
            }
            switch sign {
            case "+": formUnion(check)
            case "-": subtract(check == .readable ? .all : check.subtracting(.readable))
            default: self = isFirst ? check : union(check)
            }
            isFirst = false
        }
    }
}

/// Finds the files that a pattern names.
enum Glob {
    /// What was found.
    struct Matches {
        /// The files, in the order of the pattern's alternatives and then of their names.
        var paths: [String] = []
        /// Alternatives that matched nothing.
        var missing: [String] = []
        /// Whether the pattern had `*`, `?` or `[`.
        var hasWildcard = false
        /// Whether there was more than is looked at.
        var wasCut = false
    }

    /// The files of a pattern, relative to `directory` when the pattern is.
    static func matches(
        _ pattern: String, from directory: String, in surroundings: VRRPSurroundings
    ) -> Matches {
        var found = Matches()
        var visited = 0
        for alternative in alternatives(pattern) {
            let hasWildcard = alternative.contains { "*?[".contains($0) }
            found.hasWildcard = found.hasWildcard || hasWildcard
            let before = found.paths.count
            if hasWildcard {
                let parts = alternative.split(separator: "/", omittingEmptySubsequences: true)
                let root = alternative.hasPrefix("/") ? "/" : ""
                walk(root, parts[...], directory, surroundings, &found, &visited)
            } else if surroundings.kind(Paths.join(directory, alternative)) != nil {
                found.paths.append(alternative)
            }
            if found.paths.count == before { found.missing.append(alternative) }
            if found.paths.count >= Bounds.matches {
                found.wasCut = true
                break
            }
        }
        return found
    }

    private static func walk(
        _ base: String, _ parts: ArraySlice<Substring>, _ directory: String,
        _ surroundings: VRRPSurroundings, _ found: inout Matches, _ visited: inout Int
    ) {
        guard let part = parts.first else {
            if surroundings.kind(Paths.join(directory, base)) != nil { found.paths.append(base) }
            return
        }
        guard found.paths.count < Bounds.matches, visited < Bounds.directories else {
            found.wasCut = true
            return
        }
        visited += 1
        guard part.contains(where: { "*?[".contains($0) }) else {
            let next = Paths.join(base, String(part))
            return walk(next, parts.dropFirst(), directory, surroundings, &found, &visited)
        }
        let folder = base.isEmpty ? directory : Paths.join(directory, base)
        for name in surroundings.entries(folder) ?? [] {
            if name.hasPrefix("."), !part.hasPrefix(".") { continue }
            guard doesMatch(Array(name.utf8)[...], Array(part.utf8)[...]) else { continue }
            walk(
                Paths.join(base, name), parts.dropFirst(), directory, surroundings, &found,
                &visited)
        }
    }

    /// A pattern with its braces multiplied out, the leftmost first; bounded.
    static func alternatives(_ pattern: String) -> [String] {
        var done: [String] = []
        var open = [Array(pattern.utf8)]
        while let next = open.popLast(), done.count + open.count < Bounds.matches {
            guard let (before, choices, after) = firstBrace(next) else {
                done.append(String(decoding: next, as: UTF8.self))
                continue
            }
            for choice in choices.reversed() { open.append(before + choice + after) }
        }
        return done
    }

    private static func firstBrace(
        _ text: [UInt8]
    ) -> (before: [UInt8], choices: [[UInt8]], after: [UInt8])? {
        guard let open = text.firstIndex(of: Letter.openBrace) else { return nil }
        var depth = 0
        var choices: [[UInt8]] = [[]]
        for index in open..<text.count {
            let byte = text[index]
            if byte == Letter.openBrace {
                depth += 1
                if depth == 1 { continue }
            }
            if byte == Letter.closeBrace {
                depth -= 1
                if depth == 0 {
                    return (Array(text[..<open]), choices, Array(text[(index + 1)...]))
                }
            }
            if byte == Letter.comma, depth == 1 {
                choices.append([])
            } else {
                choices[choices.count - 1].append(byte)
            }
        }
        return nil
    }

    /// Whether a name fits a pattern of one part of a path; the star goes back at most once a byte.
    static func doesMatch(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var at = name.startIndex
        var part = pattern.startIndex
        var star: (part: Int, at: Int)?
        while at < name.endIndex {
            if part < pattern.endIndex, pattern[part] == 0x2A {
                star = (part + 1, at)
                part += 1
                continue
            }
            if let next = step(name[at], pattern, part) {
                at += 1
                part = next
                continue
            }
            guard let (back, from) = star else { return false }
            star = (back, from + 1)
            at = from + 1
            part = back
        }
        while part < pattern.endIndex, pattern[part] == 0x2A { part += 1 }
        return part == pattern.endIndex
    }

    /// Behind the one item of a pattern that a byte fits; nil when it does not.
    private static func step(_ byte: UInt8, _ pattern: ArraySlice<UInt8>, _ part: Int) -> Int? {
        guard part < pattern.endIndex else { return nil }
        switch pattern[part] {
        case 0x3F: return part + 1
        case 0x5B:
            let isNegative =
                part + 1 < pattern.endIndex
                && (pattern[part + 1] == Letter.bang || pattern[part + 1] == Letter.caret)
            let start = part + (isNegative ? 2 : 1)
            guard start < pattern.endIndex,
                let close = pattern[(start + 1)...].firstIndex(of: 0x5D)
            else { return byte == 0x5B ? part + 1 : nil }
            var isIn = false
            var index = start
            while index < close {
                if index + 2 < close, pattern[index + 1] == 0x2D {
                    isIn = isIn || (pattern[index] <= byte && byte <= pattern[index + 2])
                    index += 3
                } else {
                    isIn = isIn || pattern[index] == byte
                    index += 1
                }
            }
            return isIn != isNegative ? close + 1 : nil
        case Letter.backslash where part + 1 < pattern.endIndex:
            return pattern[part + 1] == byte ? part + 2 : nil
        default: return pattern[part] == byte ? part + 1 : nil
        }
    }
}

// From files to plain lines: comments, includes, conditional lines, definitions, sequences and
// lists. keepalived.conf(5): ADVANCED CONFIGURATION. Every loop has a bound; what is beyond ends in
// a message.

import ConfigLanguage
import Structures

/// A line after everything was put in, with the place of the line in the file that made it.
struct LogicalLine {
    /// The text without comment, never empty.
    var text: [UInt8]
    /// Where it comes from; for bodies of definitions where they are used.
    var place: SourceLocation
}

/// Reads files and puts in what they include and define.
struct Preprocessor {
    /// The value of a parameter.
    private enum Definition {
        case text([UInt8])
        case body([[UInt8]])
    }

    private let surroundings: VRRPSurroundings
    private var definitions: [[UInt8]: Definition] = [:]
    private var random: RandomNumbers
    private var fileCount = 0
    private var byteCount = 0
    private var stepCount = 0
    private let stepLimit: Int
    private var directory = "/"
    private var hasStopped = false
    private var includeChecks = IncludeChecks()
    /// Whether the main file could not be read.
    private(set) var lacksMainFile = false
    /// The lines of all files.
    private(set) var lines: [LogicalLine] = []

    /// A reader in a world that looks at so many lines.
    init(_ surroundings: VRRPSurroundings, stepLimit: Int = Bounds.steps) {
        self.stepLimit = stepLimit
        self.surroundings = surroundings
        random = RandomNumbers(seed: surroundings.randomSeed)
    }

    /// Reads the main file; a file that is not there makes the configuration unusable.
    mutating func readMain(_ path: String, _ remarks: inout Remarks) {
        let full = Paths.join(surroundings.currentDirectory, path)
        switch surroundings.read(full, Bounds.fileBytes) {
        case .success(let bytes):
            read(bytes, named: path, in: Paths.directory(of: full), depth: 0, &remarks)
        case .failure(.tooLong(let limit)):
            lacksMainFile = true
            remarks.refuse("'\(path)' is longer than \(limit) bytes", at: nil)
        case .failure(.failed(let failure)):
            lacksMainFile = true
            remarks.refuse("'\(path)' cannot be read: \(failure.text)", at: nil)
        }
    }

    // MARK: Files

    private mutating func read(
        _ bytes: [UInt8], named name: String, in folder: String, depth: Int,
        _ remarks: inout Remarks
    ) {
        fileCount += 1
        let outer = directory
        let checks = includeChecks
        directory = folder
        defer {
            directory = outer
            includeChecks = checks
        }
        var body: (name: [UInt8], lines: [[UInt8]])?
        var number = 0
        for raw in bytes.split(separator: Letter.lineFeed, omittingEmptySubsequences: false) {
            number += 1
            if hasStopped { return }
            let place = SourceLocation(file: name, line: number)
            let line = trimmed(withoutComment(raw))
            // An empty line ends the body of a definition, one with a comment alone does not.
            if body != nil, line.isEmpty, !trimmed(raw).isEmpty { continue }
            if body != nil {
                if let done = extend(&body, with: line, at: place, &remarks) {
                    define(done.name, .body(done.lines))
                }
                continue
            }
            if line.isEmpty { continue }
            if let opened = opensBody(line) {
                body = opened
                continue
            }
            process(Array(line), at: place, depth: 0, includeDepth: depth, &remarks)
        }
        if let open = body { define(open.name, .body(open.lines)) }
    }

    /// Adds a line to the body of a definition; the body when this was its last line.
    private func extend(
        _ body: inout (name: [UInt8], lines: [[UInt8]])?, with line: ArraySlice<UInt8>,
        at place: SourceLocation, _ remarks: inout Remarks
    ) -> (name: [UInt8], lines: [[UInt8]])? {
        let goesOn = line.last == Letter.backslash
        let text = trimmed(goesOn ? line.dropLast() : line)
        if !text.isEmpty {
            if body?.lines.count ?? 0 < Bounds.definitionLines {
                body?.lines.append(Array(text))
            } else {
                remarks.repair("a definition is too long; the line is left out", at: place)
            }
        }
        if goesOn { return nil }
        defer { body = nil }
        return body
    }

    /// The name and first line of a definition that goes on in the next line.
    private func opensBody(
        _ line: ArraySlice<UInt8>
    ) -> (name: [UInt8], lines: [[UInt8]])? {
        guard line.last == Letter.backslash else { return nil }
        var rest = line
        if rest.first == Letter.at {
            guard let kept = condition(rest) else { return nil }
            rest = kept
        }
        guard let (name, value) = definition(in: rest) else { return nil }
        let first = trimmed(value.dropLast())
        return (name, first.isEmpty ? [] : [Array(first)])
    }

    private mutating func include(
        _ kind: IncludeChecks, _ pattern: String, at place: SourceLocation, depth: Int,
        _ remarks: inout Remarks
    ) {
        let checks = kind.union(includeChecks)
        guard depth < Bounds.includeDepth else {
            remarks.refuse(
                "more than \(Bounds.includeDepth) includes inside one another", at: place)
            hasStopped = true
            return
        }
        let found = Glob.matches(pattern, from: directory, in: surroundings)
        if found.wasCut { remarks.repair("'\(pattern)' matches too many files", at: place) }
        if !found.missing.isEmpty {
            let text = "include '\(pattern)': there is no '\(found.missing[0])'"
            let isError =
                found.paths.isEmpty
                ? checks.requiresMatch(hasWildcard: found.hasWildcard)
                : checks.contains(.brace)
            if surroundings.needsAllFiles {
                remarks.refuse(text, at: place)
            } else if isError {
                remarks.repair(text, at: place)
            } else if !found.hasWildcard {
                remarks.warn("\(text); nothing is included", at: place)
            }
        }
        for path in found.paths {
            if hasStopped { return }
            includeFile(path, checks, at: place, depth: depth, &remarks)
        }
    }

    private mutating func includeFile(
        _ path: String, _ checks: IncludeChecks, at place: SourceLocation, depth: Int,
        _ remarks: inout Remarks
    ) {
        let full = Paths.join(directory, path)
        guard fileCount < Bounds.files else {
            remarks.refuse("more than \(Bounds.files) files", at: place)
            hasStopped = true
            return
        }
        let reason: String
        if surroundings.kind(full) == .directory {
            reason = "is a directory"
        } else {
            switch surroundings.read(full, Bounds.fileBytes - min(byteCount, Bounds.fileBytes)) {
            case .success(let bytes):
                byteCount += bytes.count
                let name = Paths.join(Paths.directory(of: place.file), path)
                read(
                    bytes, named: name, in: Paths.directory(of: full), depth: depth + 1, &remarks)
                return
            case .failure(.tooLong): reason = "is too long"
            case .failure(.failed(let failure)): reason = "cannot be read: \(failure.text)"
            }
        }
        if surroundings.needsAllFiles {
            remarks.refuse("include '\(path)' \(reason)", at: place)
        } else if checks.contains(.readable) {
            remarks.repair("include '\(path)' \(reason)", at: place)
        } else {
            remarks.warn("include '\(path)' \(reason); it is left out", at: place)
        }
    }

    // MARK: Lines

    private mutating func process(
        _ text: [UInt8], at place: SourceLocation, depth: Int, includeDepth: Int,
        _ remarks: inout Remarks
    ) {
        guard depth < Bounds.expansionDepth else {
            return stop("definitions are nested too deeply", place, &remarks)
        }
        stepCount += 1
        guard stepCount <= stepLimit else {
            return stop("the configuration becomes too long", place, &remarks)
        }
        var line = text[...]
        var count = 0
        while !hasStopped {
            line = trimmed(line)
            guard let first = line.first else { return }
            if first == Letter.at {
                guard let kept = condition(line) else { return }
                line = kept
                continue
            }
            if first == Letter.dollar, let (name, value) = definition(in: line) {
                return define(name, .text(Array(value)))
            }
            if first == Letter.tilde, let repetition = Repetition.Kind(line) {
                let depths = (depth, includeDepth)
                return repeatLine(line, repetition, at: place, depths, &remarks)
            }
            count += 1
            if count > Bounds.substitutions || line.count > Bounds.lineBytes {
                remarks.repair(
                    "substitution has no end; the line is left out", at: place)
                return
            }
            switch substituteFirst(in: line) {
            case .none:
                return finish(Array(line), at: place, includeDepth, &remarks)
            case .text(let changed):
                line = changed[...]
            case .body(let body):
                for inner in body {
                    if hasStopped { return }
                    process(
                        inner, at: place, depth: depth + 1, includeDepth: includeDepth, &remarks)
                }
                return
            case .embeddedBody(let name):
                remarks.repair(
                    "'$\(name)' has several lines and must stand alone; the line is left out",
                    at: place)
                return
            }
        }
    }

    private mutating func finish(
        _ line: [UInt8], at place: SourceLocation, _ includeDepth: Int, _ remarks: inout Remarks
    ) {
        let word = line.prefix { !Letter.isBlank($0) }
        let rest = trimmed(line[word.endIndex...])
        let name = String(decoding: word, as: UTF8.self)
        if let kind = IncludeChecks(keyword: name), !rest.isEmpty {
            let pattern = String(decoding: rest, as: UTF8.self)
            return include(kind, pattern, at: place, depth: includeDepth, &remarks)
        }
        // The two keywords that already count while files are being read.
        if name == "include_check" {
            includeChecks.apply(String(decoding: rest, as: UTF8.self))
        } else if name == "random_seed", let seed = UInt64(String(decoding: rest, as: UTF8.self)) {
            random = RandomNumbers(seed: seed)
        }
        byteCount += line.count
        guard lines.count < Bounds.lines, byteCount < Bounds.totalBytes else {
            return stop("the configuration becomes too long", place, &remarks)
        }
        lines.append(LogicalLine(text: line, place: place))
    }

    private mutating func stop(_ text: String, _ place: SourceLocation, _ remarks: inout Remarks) {
        if !hasStopped { remarks.refuse(text, at: place) }
        hasStopped = true
    }

    /// What stands behind `@id` or `@^id`; nil when the line does not count here.
    private func condition(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let isNegative = line.dropFirst().first == Letter.caret
        let behind = line.dropFirst(isNegative ? 2 : 1)
        let word = behind.prefix { !Letter.isBlank($0) }
        let isOurs = word.elementsEqual(surroundings.configurationID.utf8)
        return isOurs != isNegative ? trimmed(behind[word.endIndex...]) : nil
    }

    // MARK: Definitions

    /// Name and value of `$NAME=value`.
    private func definition(
        in line: ArraySlice<UInt8>
    ) -> (name: [UInt8], value: ArraySlice<UInt8>)? {
        guard line.first == Letter.dollar else { return nil }
        let name = line.dropFirst().prefix(while: Letter.isName)
        guard let first = name.first, !Letter.isDigit(first), name.endIndex < line.endIndex,
            line[name.endIndex] == Letter.equals
        else { return nil }
        return (Array(name), trimmed(line[(name.endIndex + 1)...]))
    }

    private mutating func define(_ name: [UInt8], _ definition: Definition) {
        guard definitions.count < Bounds.definitionLines || definitions[name] != nil else {
            return
        }
        definitions[name] = definition
    }

    private enum Substitution {
        case none
        case text([UInt8])
        case body([[UInt8]])
        case embeddedBody(String)
    }

    /// Puts in the first parameter of a line that is defined.
    private mutating func substituteFirst(in line: ArraySlice<UInt8>) -> Substitution {
        var index = line.startIndex
        while let start = line[index...].firstIndex(of: Letter.dollar) {
            index = start + 1
            guard let (name, arguments, end) = parameter(line, behind: start) else { continue }
            if let value = predefined(name, arguments) {
                return .text(line[..<start] + Array(value.utf8) + line[end...])
            }
            guard arguments.isEmpty, let definition = definitions[name] else { continue }
            switch definition {
            case .text(let value):
                return .text(line[..<start] + value + line[end...])
            case .body(let body):
                let isAlone = start == line.startIndex && trimmed(line[end...]).isEmpty
                return isAlone ? .body(body) : .embeddedBody(String(decoding: name, as: UTF8.self))
            }
        }
        return .none
    }

    /// The parameter whose dollar is at `start`: name, words behind it, and where it ends.
    private func parameter(
        _ line: ArraySlice<UInt8>, behind start: Int
    ) -> (name: [UInt8], arguments: [String], end: Int)? {
        let isBraced = start + 1 < line.endIndex && line[start + 1] == Letter.openBrace
        let from = start + (isBraced ? 2 : 1)
        let name = line[from...].prefix(while: Letter.isName)
        guard let first = name.first, !Letter.isDigit(first) else { return nil }
        let behind = name.endIndex
        if !isBraced {
            guard behind == line.endIndex || Letter.isBlank(line[behind]) else { return nil }
            return (Array(name), [], behind)
        }
        guard let close = line[behind...].firstIndex(of: Letter.closeBrace) else { return nil }
        let inner = line[behind..<close]
        guard inner.isEmpty || Letter.isBlank(inner[inner.startIndex]) else { return nil }
        let words = inner.split(whereSeparator: Letter.isBlank)
        return (Array(name), words.map { String(decoding: $0, as: UTF8.self) }, close + 1)
    }

    /// The value of a parameter that the language itself defines.
    private mutating func predefined(_ name: [UInt8], _ arguments: [String]) -> String? {
        switch (String(decoding: name, as: UTF8.self), arguments.count) {
        case ("_PWD", 0): return directory
        case ("_INSTANCE", 0): return surroundings.configurationID
        case ("_HASH", 0): return "#"
        case ("_BANG", 0): return "!"
        case ("_ENV", 1): return surroundings.environment(arguments[0]) ?? ""
        case ("_RANDOM", 0...2):
            let bounds = arguments.compactMap { UInt32($0) }
            guard bounds.count == arguments.count else { return nil }
            let low = bounds.first ?? 0
            let high = bounds.count > 1 ? bounds[1] : 32767
            guard low <= high else { return nil }
            return String(UInt64(low) + random.next() % (UInt64(high - low) + 1))
        default: return nil
        }
    }

    // MARK: Sequences and lists

    private mutating func repeatLine(
        _ line: ArraySlice<UInt8>, _ kind: Repetition.Kind, at place: SourceLocation,
        _ depths: (expansion: Int, include: Int), _ remarks: inout Remarks
    ) {
        guard let repetition = Repetition(line, kind) else {
            let shown = String(decoding: line.prefix(60), as: UTF8.self)
            remarks.repair("'\(shown)' is no sequence; the line is left out", at: place)
            return
        }
        for values in repetition.rounds {
            if hasStopped { return }
            for (name, value) in zip(repetition.names, values) { define(name, .text(value)) }
            process(
                Array(repetition.rest), at: place, depth: depths.expansion + 1,
                includeDepth: depths.include, &remarks)
        }
    }
}

/// A line up to its comment; `#` and `!` inside double quotes start none.
private func withoutComment(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var isQuoted = false
    for index in line.indices {
        switch line[index] {
        case Letter.doubleQuote: isQuoted.toggle()
        case Letter.hash where !isQuoted, Letter.bang where !isQuoted: return line[..<index]
        default: break
        }
    }
    return line
}

/// A line without blanks at its ends.
func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var start = line.startIndex
    var end = line.endIndex
    while start < end, Letter.isBlank(line[start]) { start += 1 }
    while start < end, Letter.isBlank(line[end - 1]) { end -= 1 }
    return line[start..<end]
}

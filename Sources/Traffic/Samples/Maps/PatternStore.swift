// All lists of patterns of a configuration by name and number, and how their files are read
// (configuration manual: name format for maps and ACLs). Control thread only.

import Addresses

/// What reading a file gave.
public enum PatternFile: Sendable {
    /// Its bytes.
    case bytes([UInt8])
    /// There is no such file.
    case missing
    /// It cannot be read, and why.
    case unreadable(String)
}

/// Why a list cannot be used.
public struct PatternStoreMistake: Error, Hashable, Sendable {
    /// What is wrong, with the file's line where it has one.
    public let text: String
}

/// The lists of a configuration.
///
/// Safety: used by the thread that loads, and then by the control thread alone.
public final class PatternStore: @unchecked Sendable {

    /// All lists in the order in which they were named.
    public private(set) var sources: [PatternSource] = []
    /// Gives host names their addresses; absent where names are not resolved.
    public var resolve: (@Sendable (_ name: String) -> IPAddress?)?
    /// The line that is being read, such as `file 'a.cfg' line 3`.
    public var place = ""
    private var byName: [String: PatternSource] = [:]
    private let readFile: (_ path: String) -> PatternFile

    /// A store that reads files through a function.
    public init(
        resolve: (@Sendable (_ name: String) -> IPAddress?)? = nil,
        readFile: @escaping (_ path: String) -> PatternFile
    ) {
        self.resolve = resolve
        self.readFile = readFile
    }

    /// The list that a name of the configuration names, read when it is named first.
    ///
    /// - Parameters:
    ///   - name: a path, perhaps behind `file@` or `opt@`, or `virt@` and any name.
    ///   - isMap: whether entries have values; all uses of a list must agree.
    ///   - use: what uses it, for `show`.
    public func open(
        _ name: String, isMap: Bool, use: String
    ) throws(PatternStoreMistake) -> PatternSource {
        let (kind, path) = Self.split(name)
        if path.isEmpty { throw PatternStoreMistake(text: "a list of patterns needs a name") }
        if let source = byName[path] {
            if source.isMap == isMap {
                source.noteUse("at " + place)
                return source
            }
            let columns = source.isMap ? "keys with values" : "patterns without values"
            throw PatternStoreMistake(
                text: "'\(path)' is already used as a list of \(columns); it cannot be both")
        }
        let source = PatternSource(
            name: path, kind: kind, isMap: isMap, use: use, place: "at " + place)
        if kind != .virtual {
            switch readFile(path) {
            case .bytes(let bytes): Self.load(bytes, into: source)
            case .missing where kind == .optionalFile: break
            case .missing:
                throw PatternStoreMistake(text: "cannot open the pattern file '\(path)'")
            case .unreadable(let reason):
                throw PatternStoreMistake(text: "cannot read the pattern file '\(path)': \(reason)")
            }
        }
        byName[path] = source
        sources.append(source)
        return source
    }

    /// A list for the words of an access list.
    func makeWords(use: String, id: Int?) -> PatternSource {
        let source = PatternSource(
            name: "", kind: .words, isMap: false, use: use, place: place, id: id)
        source.isUsedByAccessList = true
        sources.append(source)
        return source
    }

    /// Whether a number is given to a list already.
    func isUsed(id: Int) -> Bool { sources.contains { $0.id == id } }

    /// Gives numbers to the lists that have none.
    public func finishLoading() {
        var used = Set(sources.compactMap(\.id))
        var next = 0
        for source in sources where source.id == nil {
            while used.contains(next) { next += 1 }
            source.id = next
            used.insert(next)
        }
    }

    /// The list with that name, or with that number behind `#`.
    public func find(_ reference: String) -> PatternSource? {
        if reference.hasPrefix("#"), let id = Int(reference.dropFirst()) {
            return sources.first { $0.id == id }
        }
        return byName[Self.split(reference).path]
    }

    /// Lets workers see the changes of all lists that are not settling; says whether any are now.
    public func publish() -> Bool {
        var isSettling = false
        for source in sources {
            source.publish()
            isSettling = isSettling || source.isSettling
        }
        return isSettling
    }

    /// To be called when every worker has ended the turn in which changes were published.
    public func settle() {
        for source in sources { source.settle() }
    }

    private static func split(_ name: String) -> (kind: PatternSource.Kind, path: String) {
        if name.hasPrefix("virt@") { return (.virtual, name) }
        if name.hasPrefix("opt@") { return (.optionalFile, String(name.dropFirst(4))) }
        if name.hasPrefix("file@") { return (.file, String(name.dropFirst(5))) }
        return (.file, name)
    }

    /// Reads lines: comments begin with `#` in the first column, blanks before a line's text do not
    /// count, and neither do empty lines. Map keys end at the first blank; blanks behind a value
    /// do not count.
    static func load(_ bytes: [UInt8], into source: PatternSource) {
        var line = 0
        for text in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            line += 1
            if text.first == 0x23 { continue }
            let body = text.prefix { $0 != 0x0D && $0 != 0 }.drop(while: isBlank)
            if body.isEmpty { continue }
            guard source.isMap else {
                source.load(key: Array(body), value: nil, line: line)
                continue
            }
            let key = body.prefix { !isBlank($0) }
            var value = body[key.endIndex...].drop(while: isBlank)
            while let last = value.last, isBlank(last) { value.removeLast() }
            source.load(key: Array(key), value: Array(value), line: line)
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension PatternStore {
    /// A map for one method and one type of values.
    public func map(
        _ name: String, _ method: MatchMethod, values: MapValueType, captures: Bool = false,
        use: String
    ) throws(PatternStoreMistake) -> PatternView {
        let source = try open(name, isMap: true, use: use)
        source.isUsedByMap = true
        let options = PatternOptions(captures: captures, resolve: resolve)
        return try view(of: source, method, options, values: values)
    }

    /// A view whose mistakes name the file and its line.
    func view(
        of source: PatternSource, _ method: MatchMethod, _ options: PatternOptions,
        values: MapValueType = .none
    ) throws(PatternStoreMistake) -> PatternView {
        do throws(PatternEntryMistake) {
            return try source.view(method, options, values: values)
        } catch {
            let place = error.line > 0 ? " at line \(error.line) of '\(source.name)'" : ""
            throw PatternStoreMistake(text: error.text + place)
        }
    }
}

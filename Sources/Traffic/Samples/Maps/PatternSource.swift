// A named list of patterns or of keys with values: what a file, `virt@name` or the words of one
// access list hold. Access lists and maps that name it share it, each through its own view.
// Control thread only; views are what workers see.

/// A list of patterns with what is needed to show and edit it.
public final class PatternSource {
    /// Where a list comes from.
    public enum Kind: Sendable, Hashable {
        /// A file that must exist.
        case file
        /// A file that may be missing (`opt@`).
        case optionalFile
        /// No file; filled at run time (`virt@`).
        case virtual
        /// Words of an access list.
        case words
    }

    /// One pattern or key.
    public struct Entry: Sendable {
        /// Names the entry for `del` and `set`; never used again.
        public let id: UInt32
        /// The text as it was read.
        public let key: [UInt8]
        /// The value's text; nil in access lists.
        public internal(set) var value: [UInt8]?
        /// The version it belongs to.
        public let version: UInt32
        /// The line of the file, counted from 1; 0 for words and entries made at run time.
        public let line: Int
        /// Whether letters are compared without regard to case; for words of access lists.
        let ignoresCase: Bool
    }

    /// The most entries of one list.
    public static let entryLimit = 20_000_000
    /// The most places of its use beside the first that are known of a list.
    static let placeLimit = 1000
    /// The most bytes of one key or value.
    public static let textLimit = 65_536
    /// The most changes that wait for workers.
    public static let waitingLimit = 1_000_000
    /// The most entries of a list whose changes never wait: it is made anew for them.
    public static let shortLimit = 512
    /// The most sides of a view that are made anew before workers have turned.
    public static let renewalLimit = 64

    /// What it is called in the configuration, without `file@` and `opt@`; empty for words.
    public let name: String
    /// Where it comes from.
    public let kind: Kind
    /// Whether entries have values.
    public let isMap: Bool
    /// The number that names it (`#n`); given at the end of loading unless `-u` says it.
    public internal(set) var id: Int?
    /// What it was first used by, for `show`.
    public let use: String
    /// Where that stands, such as `at file 'a.cfg' line 3`.
    public let place: String
    /// Where else it is used; no more than ``placeLimit``.
    private(set) var furtherPlaces: [String] = []
    /// Whether an access list uses it.
    public internal(set) var isUsedByAccessList = false
    /// Whether a map uses it.
    public internal(set) var isUsedByMap = false
    /// The version that is matched against.
    public private(set) var currentVersion: UInt32 = 0
    /// The last version that was prepared.
    public private(set) var nextVersion: UInt32 = 0

    /// Entries by number; nil is a number to be used again.
    private var entries: [Entry?] = []
    private var freeNumbers: [UInt32] = []
    /// Numbers that are freed when all workers have turned.
    private var numbersToFree: [UInt32] = []
    private var byKey: [Key: [UInt32]] = [:]
    private var byID: [UInt32: UInt32] = [:]
    private var lastID: UInt32 = 0
    /// How methods look at it.
    private(set) var views: [PatternViewKey: PatternView] = [:]
    private var edits: [Edit] = []
    private var unsettled: [Edit] = []
    /// Whether workers may still read what was replaced; no changes are published meanwhile, but
    /// for those of short lists.
    public private(set) var isSettling = false
    /// How often views were made anew since workers have turned.
    private var renewals = 0
    /// Views were made anew since workers were asked to turn.
    private var isRenewed = false

    private struct Key: Hashable {
        let version: UInt32
        let text: [UInt8]
    }

    private enum Edit {
        case insert(UInt32)
        case remove(UInt32)
        case set(UInt32)
        case rebuild
    }

    init(
        name: String, kind: Kind, isMap: Bool, use: String, place: String = "", id: Int? = nil
    ) {
        self.place = place
        self.name = name
        self.kind = kind
        self.isMap = isMap
        self.use = use
        self.id = id
    }

    /// Remembers a further line that uses the list.
    func noteUse(_ place: String) {
        let last = furtherPlaces.last ?? self.place
        if place != last, furtherPlaces.count < Self.placeLimit { furtherPlaces.append(place) }
    }

    /// How many entries there are, of all versions.
    public var count: Int { entries.count - freeNumbers.count - numbersToFree.count }

    /// The entry with a number of the views; nil when it is gone.
    func entry(numbered number: UInt32) -> Entry? {
        Int(number) < entries.count ? entries[Int(number)] : nil
    }

    /// Entries of a version in their order; the current one unless said otherwise.
    public func entries(version: UInt32? = nil) -> [Entry] {
        let wanted = version ?? currentVersion
        return entries.compactMap { $0 }.filter { $0.version == wanted }.sorted { $0.id < $1.id }
    }
}

// MARK: Loading

extension PatternSource {
    /// The view of a method, made from all entries when it is new.
    func view(
        _ method: MatchMethod, _ options: PatternOptions, values: MapValueType
    ) throws(PatternEntryMistake) -> PatternView {
        let key = PatternViewKey(
            method: method, ignoresCase: options.ignoresCase, readsVersions: options.readsVersions,
            captures: options.captures, values: values)
        if let view = views[key] { return view }
        let view = PatternView(method, options, values: values)
        var mistake: PatternEntryMistake?
        view.fill { index in
            for number in ordered() {
                guard let entry = entries[Int(number)], entry.version == currentVersion else {
                    continue
                }
                do throws(PatternEntryMistake) {
                    let parsed = try Self.parse(entry, for: view)
                    index.insert(number, parsed.pattern, value: parsed.value)
                } catch {
                    mistake = error
                    return
                }
            }
        }
        if let mistake { throw mistake }
        views[key] = view
        return view
    }

    /// Adds an entry while loading; views made later see it.
    func load(key: [UInt8], value: [UInt8]?, line: Int, ignoresCase: Bool = false) {
        precondition(views.isEmpty, "entries are loaded before views are made")
        _ = place(key, value, version: 0, line: line, ignoresCase: ignoresCase)
    }

    private func place(
        _ key: [UInt8], _ value: [UInt8]?, version: UInt32, line: Int, ignoresCase: Bool
    ) -> UInt32 {
        lastID += 1
        let entry = Entry(
            id: lastID, key: key, value: value, version: version, line: line,
            ignoresCase: ignoresCase)
        let number: UInt32
        if let free = freeNumbers.popLast() {
            number = free
            entries[Int(free)] = entry
        } else {
            number = UInt32(entries.count)
            entries.append(entry)
        }
        byKey[Key(version: version, text: key), default: []].append(number)
        byID[entry.id] = number
        return number
    }

    /// Numbers of entries by age.
    private func ordered() -> [UInt32] {
        let used = entries.indices.filter { entries[$0] != nil }.map { UInt32($0) }
        return used.sorted { entries[Int($0)]!.id < entries[Int($1)]!.id }
    }

    private static func parse(
        _ entry: Entry, for view: PatternView
    ) throws(PatternEntryMistake) -> (pattern: Pattern, value: MapValue) {
        var options = view.options
        options.ignoresCase = options.ignoresCase || entry.ignoresCase
        let pattern: Pattern
        do {
            pattern = try Pattern(entry.key, for: view.method, options)
        } catch {
            throw PatternEntryMistake(line: entry.line, text: error.text, range: error.range)
        }
        guard let value = view.values.read(entry.value ?? [], key: entry.key) else {
            let text = "the value '\(shown(entry.value ?? []))' is not \(view.values.expectation)"
            throw PatternEntryMistake(line: entry.line, text: text, range: nil)
        }
        return (pattern, value)
    }
}

/// An entry that a method or a type of values cannot take.
public struct PatternEntryMistake: Error, Hashable, Sendable {
    /// The line of the file; 0 when it has none.
    public let line: Int
    /// What is wrong.
    public let text: String
    /// The wrong bytes of the key; nil when the value is wrong.
    public let range: Range<Int>?
}

// MARK: Changes at run time

/// Why a change of a list was refused.
public enum PatternChangeRefusal: Error, Hashable, Sendable {
    /// The pattern or value cannot be used by a view of the list.
    case wrong(PatternEntryMistake)
    /// There is no such entry.
    case noEntry
    /// The version is not among those between the current and the last prepared.
    case noVersion
    /// A limit is reached: of entries, of text, or of changes that wait.
    case full
    /// A map's entry needs a value and an access list's has none.
    case needsValue, hasNoValues
}

extension PatternSource {
    /// Begins a new version and returns its number.
    public func prepare() -> UInt32 {
        nextVersion &+= 1
        return nextVersion
    }

    /// Adds an entry to a version; the current one unless said otherwise.
    public func add(
        key: [UInt8], value: [UInt8]?, version: UInt32? = nil
    ) throws(PatternChangeRefusal) {
        let version = try checked(version)
        guard (value != nil) == isMap else { throw isMap ? .needsValue : .hasNoValues }
        guard count < Self.entryLimit, edits.count < Self.waitingLimit,
            key.count <= Self.textLimit, (value?.count ?? 0) <= Self.textLimit
        else { throw .full }
        let trial = Entry(
            id: 0, key: key, value: value, version: version, line: 0, ignoresCase: false)
        try check(trial)
        let number = place(key, value, version: version, line: 0, ignoresCase: false)
        if version == currentVersion { edits.append(.insert(number)) }
    }

    /// Gives all entries with a key another value; returns how many there are.
    @discardableResult
    public func set(key: [UInt8], value: [UInt8]) throws(PatternChangeRefusal) -> Int {
        let numbers = byKey[Key(version: currentVersion, text: key)] ?? []
        guard !numbers.isEmpty else { throw .noEntry }
        for number in numbers { try set(number, value) }
        return numbers.count
    }

    /// Gives the entry with an id another value.
    public func set(id: UInt32, value: [UInt8]) throws(PatternChangeRefusal) {
        guard let number = byID[id] else { throw .noEntry }
        try set(number, value)
    }

    private func set(_ number: UInt32, _ value: [UInt8]) throws(PatternChangeRefusal) {
        guard isMap else { throw .hasNoValues }
        guard value.count <= Self.textLimit, edits.count < Self.waitingLimit else { throw .full }
        var entry = entries[Int(number)]!
        entry.value = value
        try check(entry)
        entries[Int(number)] = entry
        if entry.version == currentVersion { edits.append(.set(number)) }
    }

    /// Removes all entries of the current version with a key; returns how many there were.
    @discardableResult
    public func remove(key: [UInt8]) throws(PatternChangeRefusal) -> Int {
        let numbers = byKey[Key(version: currentVersion, text: key)] ?? []
        guard !numbers.isEmpty else { throw .noEntry }
        guard edits.count + numbers.count <= Self.waitingLimit else { throw .full }
        byKey[Key(version: currentVersion, text: key)] = nil
        for number in numbers {
            forget(number)
            edits.append(.remove(number))
        }
        return numbers.count
    }

    /// Removes the entry with an id.
    public func remove(id: UInt32) throws(PatternChangeRefusal) {
        guard let number = byID[id] else { throw .noEntry }
        guard edits.count < Self.waitingLimit else { throw .full }
        drop(number)
    }

    /// Removes all entries of a version; the current one unless said otherwise.
    public func clear(version: UInt32? = nil) throws(PatternChangeRefusal) {
        let version = try checked(version)
        forgetAll { $0 == version }
        if version == currentVersion { edits = [.rebuild] }
    }

    /// Makes a prepared version the current one and removes all others before it.
    public func commit(version: UInt32) throws(PatternChangeRefusal) {
        guard version != currentVersion else { throw .noVersion }
        let version = try checked(version)
        forgetAll { Int32(bitPattern: $0 &- version) < 0 }
        currentVersion = version
        edits = [.rebuild]
    }

    /// The entries of a version with a key.
    public func find(key: [UInt8], version: UInt32? = nil) -> [Entry] {
        let numbers = byKey[Key(version: version ?? currentVersion, text: key)] ?? []
        return numbers.compactMap { entries[Int($0)] }
    }

    private func checked(_ version: UInt32?) throws(PatternChangeRefusal) -> UInt32 {
        guard let version else { return currentVersion }
        guard version &- currentVersion <= nextVersion &- currentVersion else { throw .noVersion }
        return version
    }

    private func check(_ entry: Entry) throws(PatternChangeRefusal) {
        for view in views.values {
            do throws(PatternEntryMistake) {
                _ = try Self.parse(entry, for: view)
            } catch {
                throw .wrong(error)
            }
        }
    }

    private func drop(_ number: UInt32) {
        let entry = entries[Int(number)]!
        let key = Key(version: entry.version, text: entry.key)
        byKey[key]?.removeAll { $0 == number }
        if byKey[key]?.isEmpty == true { byKey[key] = nil }
        forget(number)
        if entry.version == currentVersion { edits.append(.remove(number)) }
    }

    /// Removes all entries of some versions at once.
    private func forgetAll(where isGone: (_ version: UInt32) -> Bool) {
        for case let entry? in entries where isGone(entry.version) { forget(byID[entry.id]!) }
        byKey = byKey.filter { !isGone($0.key.version) }
    }

    /// Removes an entry but for its key; its number is used again when no side knows it any more.
    private func forget(_ number: UInt32) {
        byID[entries[Int(number)]!.id] = nil
        entries[Int(number)] = nil
        numbersToFree.append(number)
    }
}

// MARK: Publishing

extension PatternSource {
    /// Whether changes wait to be published.
    public var hasChanges: Bool { !edits.isEmpty }

    /// Lets workers see all changes made so far; false while the last ones are settling.
    ///
    /// Afterwards ``settle()`` must be called when every worker has ended the turn it was in.
    @discardableResult
    public func publish() -> Bool {
        if isSettling { return renew() }
        guard hasChanges else { return true }
        for view in views.values {
            apply(edits, to: view)
            view.swapSides()
        }
        unsettled = edits
        edits = []
        isSettling = true
        return true
    }

    /// Lets workers see the changes of a short list before they have turned.
    private func renew() -> Bool {
        if !hasChanges { return true }
        // Regular expressions are compiled where a side is made.
        guard count <= Self.shortLimit, renewals < Self.renewalLimit,
            !views.keys.contains(where: { $0.method == .reg })
        else { return false }
        let numbers = ordered()
        for view in views.values {
            view.replace { index in
                for number in numbers { insert(number, view, &index) }
            }
        }
        edits = []
        renewals += 1
        isRenewed = true
        return true
    }

    /// Repeats the published changes where no worker reads any more.
    ///
    /// Where views were made anew since workers were asked to turn, they must turn once more.
    public func settle() {
        guard isSettling else { return }
        if isRenewed {
            isRenewed = false
            return
        }
        if renewals > 0 {
            for view in views.values { view.retire() }
            renewals = 0
        } else {
            for view in views.values { apply(unsettled, to: view) }
        }
        freeRemoved()
        unsettled = []
        isSettling = false
    }

    /// Lets numbers of removed entries be used again, but for those that changes name which came
    /// meanwhile.
    private func freeRemoved() {
        var named: Set<UInt32> = []
        for edit in edits {
            switch edit {
            case .insert(let number), .remove(let number), .set(let number): named.insert(number)
            case .rebuild: return
            }
        }
        if named.isEmpty {
            freeNumbers += numbersToFree
            numbersToFree = []
            return
        }
        freeNumbers += numbersToFree.filter { !named.contains($0) }
        numbersToFree.removeAll { !named.contains($0) }
    }

    private func apply(_ edits: [Edit], to view: PatternView) {
        var rebuilds = !view.isIdleSideKept
        for case .rebuild in edits { rebuilds = true }
        view.edit { index in
            if index.wastedBytes > 4096 && index.wastedBytes > index.textBytes / 2 {
                rebuilds = true
            }
        }
        if rebuilds {
            view.rebuild { index in
                for number in ordered() { insert(number, view, &index) }
            }
            return
        }
        view.edit { index in
            for edit in edits {
                switch edit {
                case .insert(let number): insert(number, view, &index)
                case .remove(let number): index.remove(number)
                case .set(let number): change(number, view, &index)
                case .rebuild: break
                }
            }
        }
    }

    private func insert(_ number: UInt32, _ view: PatternView, _ index: inout PatternIndex) {
        // An entry that was removed by a later change of the same batch is not there any more.
        // A side that was rebuilt knows entries before their changes are published.
        guard let entry = entries[Int(number)], entry.version == currentVersion,
            !index.holds(number), let parsed = try? Self.parse(entry, for: view)
        else { return }
        index.insert(number, parsed.pattern, value: parsed.value)
    }

    private func change(_ number: UInt32, _ view: PatternView, _ index: inout PatternIndex) {
        guard let entry = entries[Int(number)], index.holds(number),
            let parsed = try? Self.parse(entry, for: view)
        else { return }
        index.set(number, parsed.value)
    }
}

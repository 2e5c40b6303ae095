// Follows the sections of the files: opens them, hands their lines to the right table, keeps what
// they built.

import ConfigLanguage
import Proxy

/// Everything the files have said so far.
struct SectionAssembly {
    /// Shared by everything that is built.
    let session: LoadSession
    /// The global sections.
    var global: GlobalDraft
    /// The proxies in the order of the files.
    private(set) var proxies: [ProxyDraft] = []

    private var open = OpenSection.none
    private var namedDefaults: [String: [ProxyDraft]] = [:]
    /// The `http-errors` sections so far.
    private var errorSetNames: Set<String> = []
    private var currentDefaults: ProxyDraft?
    /// Who uses the sections of `defaults`, by the place where they begin.
    private var uses: [SourcePlace: DefaultsUse] = [:]

    /// How proxies use a section of `defaults`.
    private struct DefaultsUse {
        /// What those that use it are.
        var heirs: ProxyCapability = []
        /// One of them names it.
        var isNamed = false
        /// One of them uses it because it is the last one.
        var isImplied = false
    }

    private enum OpenSection {
        case none
        case global
        case proxy(ProxyDraft)
        case errorSet(ErrorSetDraft)
        case ring(RingDraft)
        case userList(UserListDraft)
        /// A section that was refused; its lines are passed over.
        case refused
    }

    /// Nothing said yet.
    init(session: LoadSession) {
        self.session = session
        global = GlobalDraft(session: session)
    }

    /// A new file: no section is open, and what `defaults` said still holds.
    mutating func beginFile() { endSection() }

    /// Takes one statement.
    mutating func take(_ statement: Statement, _ diagnostics: inout Diagnostics) {
        if statement.opensSection {
            endSection()
            begin(statement, &diagnostics)
            return
        }
        switch open {
        case .none:
            diagnostics.report(
                Diagnostic(
                    .alert, at: statement.location,
                    "unknown keyword '\(statement.words[0])' out of section."))
        case .refused:
            break
        case .global:
            Catalog.global.apply(
                statement, in: .init(kind: .global, title: "global section"), to: &global,
                &diagnostics)
        case .proxy(var draft):
            // Moved out while it changes, so that its arrays are not copied.
            open = .none
            Catalog.proxies.apply(
                statement, in: .init(kind: draft.sectionSet, title: draft.title), to: &draft,
                &diagnostics)
            open = .proxy(draft)
        case .errorSet(var draft):
            draft.take(statement, &diagnostics)
            open = .errorSet(draft)
        case .ring(var draft):
            draft.take(statement, &diagnostics)
            open = .ring(draft)
        case .userList(var draft):
            draft.take(statement, &diagnostics)
            open = .userList(draft)
        }
    }

    /// Keeps what the open section has built.
    mutating func endSection() {
        switch open {
        case .none, .global, .refused:
            break
        case .proxy(var draft) where draft.isDefaults:
            draft.finishRules()
            currentDefaults = draft
            if !draft.proxy.name.isEmpty {
                namedDefaults[draft.proxy.name, default: []].append(draft)
            }
        case .proxy(var draft):
            draft.finishRules()
            draft.finishStickRules()
            proxies.append(draft)
        case .errorSet(let draft):
            session.errorSets[draft.name] = draft.replies
        case .ring(let draft):
            session.rings.append(draft.finished)
        case .userList(let draft):
            session.userListDrafts[draft.name] = draft
        }
        open = .none
    }

    // MARK: Beginning a section

    private mutating func begin(_ statement: Statement, _ diagnostics: inout Diagnostics) {
        let keyword = statement.words[0]
        open = .refused
        switch SectionKind.named[keyword] {
        case .global?:
            if statement.words.count > 1 {
                return alert(
                    "'global' cannot handle unexpected argument '\(statement.words[1])'.",
                    statement,
                    &diagnostics)
            }
            open = .global
        case .defaults?:
            beginDefaults(statement, &diagnostics)
        case .proxy(let kind)?:
            beginProxy(statement, kind, &diagnostics)
        case .httpErrors?:
            guard statement.words.count > 1, !statement.words[1].isEmpty else {
                return alert("'http-errors' expects <name> as argument.", statement, &diagnostics)
            }
            let name = statement.words[1]
            guard errorSetNames.insert(name).inserted else {
                return alert(
                    "http-errors section '\(name)' already exists.", statement, &diagnostics)
            }
            open = .errorSet(ErrorSetDraft(name: name, session: session))
        case .ring?:
            if let draft = RingDraft(statement, session, &diagnostics) { open = .ring(draft) }
        case .userList?:
            if let draft = UserListDraft(statement, session, &diagnostics) {
                open = .userList(draft)
            }
        case .notYet?, nil:
            alert("section '\(keyword)' is not supported yet", statement, &diagnostics)
        }
    }

    private mutating func beginDefaults(
        _ statement: Statement, _ diagnostics: inout Diagnostics
    ) {
        let words = statement.words.filter { !$0.isEmpty }
        let isNamed = words.count > 1 && words[1] != "from"
        let name = isNamed ? words[1] : ""
        var draft = ProxyDraft(
            keyword: "defaults", name: name, capability: .listen, isDefaults: true,
            location: statement.location, session: session)
        guard isValid(name, statement, &diagnostics) else { return }
        let rest = words.dropFirst(isNamed ? 2 : 1)
        switch parent(rest, of: "defaults '\(name)'", statement, &diagnostics) {
        case .nothing: break
        case .section(let parent):
            draft.inherit(from: parent)
            checkInherited(by: draft, of: parent, statement, &diagnostics)
        case .refused: return
        }
        open = .proxy(draft)
    }

    private mutating func beginProxy(
        _ statement: Statement, _ kind: SectionSet, _ diagnostics: inout Diagnostics
    ) {
        let words = statement.words.filter { !$0.isEmpty }
        let keyword = words[0]
        guard words.count > 1 else {
            return alert("'\(keyword)' expects an <id> argument", statement, &diagnostics)
        }
        let name = words[1]
        guard isValid(name, statement, &diagnostics) else { return }
        let capability: ProxyCapability =
            kind == .listen ? .listen : kind == .frontend ? .frontend : .backend
        if let twin = proxies.first(where: {
            $0.proxy.name == name && !$0.proxy.capability.isDisjoint(with: capability)
                && $0.keyword == keyword
        }) {
            alert(
                "\(keyword) '\(name)' has the same name as \(twin.keyword) '\(name)' declared at "
                    + "\(twin.location.file):\(twin.location.line).", statement, &diagnostics)
        }
        var draft = ProxyDraft(
            keyword: keyword, name: name, capability: capability, isDefaults: false,
            location: statement.location, session: session)
        var source = currentDefaults
        var isNamed = false
        switch parent(words.dropFirst(2), of: "\(keyword) '\(name)'", statement, &diagnostics) {
        case .nothing: break
        case .section(let parent):
            source = parent
            isNamed = true
        case .refused: return
        }
        if let source {
            draft.inherit(from: source)
            noteUse(of: source, isNamed: isNamed, statement, &diagnostics)
            checkInherited(by: draft, of: source, statement, &diagnostics)
        }
        open = .proxy(draft)
    }

    /// Notes that a proxy uses a section of `defaults`, and warns where one names it and another
    /// uses it because it is the last.
    private mutating func noteUse(
        of parent: ProxyDraft, isNamed: Bool, _ statement: Statement,
        _ diagnostics: inout Diagnostics
    ) {
        let place = SourcePlace(parent.location)
        var use = uses[place] ?? DefaultsUse()
        if isNamed { use.isNamed = true } else { use.isImplied = true }
        uses[place] = use
        guard use.isNamed && use.isImplied else { return }
        let ways =
            isNamed
            ? "named here and used by another proxy because it is the last one: name it there, too"
            : "named by another proxy and used here because it is the last one: name it here, too"
        diagnostics.report(
            Diagnostic(
                .warning, at: statement.location,
                "defaults section '\(parent.proxy.name)' (\(place.file):\(place.line)) is \(ways), "
                    + "or end with a section of defaults that no proxy names."))
    }

    /// Rules of `defaults` come before those of the proxy itself. Which proxies they would run in
    /// has to be clear: those of frontends, or those of backends.
    private mutating func checkInherited(
        by draft: ProxyDraft, of parent: ProxyDraft, _ statement: Statement,
        _ diagnostics: inout Diagnostics
    ) {
        let inheritable: [RuleStep] = [
            .connection, .session, .contentRequest, .contentResponse, .httpRequest, .httpResponse,
            .httpAfterResponse,
        ]
        let first = inheritable.lazy.compactMap {
            parent.proxy.rules[Int($0.rawValue)].first
        }.first
        guard let first else { return }
        let rule = "TCP or HTTP rules, such as that at \(first.place.file):\(first.place.line)"
        if draft.isDefaults || draft.proxy.capability == .listen {
            return alert(
                "a \(draft.keyword) section cannot inherit from a defaults section with \(rule).",
                statement, &diagnostics)
        }
        let place = SourcePlace(parent.location)
        uses[place, default: DefaultsUse()].heirs.formUnion(draft.proxy.capability)
        if uses[place]?.heirs == .listen {
            uses[place]?.heirs = draft.proxy.capability
            alert(
                "frontends and backends cannot inherit from the same defaults section with "
                    + "\(rule).", statement, &diagnostics)
        }
        checkSteps(of: draft, statement, &diagnostics)
    }

    /// Rules that a section cannot have itself would have no effect where it inherits them.
    private func checkSteps(
        of draft: ProxyDraft, _ statement: Statement, _ diagnostics: inout Diagnostics
    ) {
        let steps: [RuleStep] =
            switch draft.keyword {
            case "frontend": [.contentResponse]
            case "backend": [.connection, .session]
            default: []
            }
        for step in steps {
            guard let rule = draft.proxy.rules[Int(step.rawValue)].first else { continue }
            alert(
                "a \(draft.keyword) section cannot inherit from a defaults section with "
                    + "'\(step.keyword)' rules, such as that at "
                    + "\(rule.place.file):\(rule.place.line).", statement, &diagnostics)
        }
    }

    /// What stands behind a section's name.
    private enum Inheritance {
        /// No `from`.
        case nothing
        /// The settings of this section.
        case section(ProxyDraft)
        /// A mistake that was reported.
        case refused
    }

    private func parent(
        _ words: ArraySlice<String>, of title: String, _ statement: Statement,
        _ diagnostics: inout Diagnostics
    ) -> Inheritance {
        guard let first = words.first else { return .nothing }
        guard first == "from", words.count >= 2 else {
            alert(
                statement.words[0] == "defaults" || first == "from"
                    ? "'\(statement.words[0])' expects 'from <defaults>' behind the name."
                    : "please use the 'bind' keyword for listening addresses.", statement,
                &diagnostics)
            return .refused
        }
        let name = words[words.startIndex + 1]
        if words.count > 2 {
            alert(
                "'\(statement.words[0])' cannot handle unexpected argument "
                    + "'\(words[words.startIndex + 2])'.", statement, &diagnostics)
        }
        let candidates = namedDefaults[name] ?? []
        if candidates.count > 1 {
            let places = candidates.map { "\($0.location.file):\($0.location.line)" }
            alert(
                "ambiguous defaults section name '\(name)' referenced by \(title) exists at least at "
                    + places.joined(separator: " and ") + ".", statement, &diagnostics)
            return .refused
        }
        guard let found = candidates.first else {
            let near = Spelling.nearest(to: name, among: namedDefaults.keys.sorted())
            diagnostics.report(
                Diagnostic(
                    .alert, at: statement.location,
                    "defaults section '\(name)' not found for \(title)", suggestion: near))
            return .refused
        }
        return .section(found)
    }

    private func isValid(
        _ name: String, _ statement: Statement, _ diagnostics: inout Diagnostics
    ) -> Bool {
        guard let bad = firstForbidden(in: name) else { return true }
        alert(
            "character '\(bad)' is not permitted in '\(statement.words[0])' name '\(name)'.",
            statement, &diagnostics)
        return false
    }

    private func alert(_ text: String, _ statement: Statement, _ diagnostics: inout Diagnostics) {
        diagnostics.report(Diagnostic(.alert, at: statement.location, text))
    }
}

/// The first character that a proxy's or server's name may not hold; letters, digits, `_:.-` may.
func firstForbidden(in name: String) -> Character? {
    name.first { character in
        guard character.isASCII else { return true }
        return !(character.isLetter || character.isNumber || "_:.-".contains(character))
    }
}

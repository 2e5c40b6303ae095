// Names of proxies, servers and tables in expressions and rules. They may be used before their
// section is read, so they are collected, and found when everything is there.

import ConfigLanguage
import Samples
import StickTables

/// A proxy that an expression or a rule names.
///
/// Safety: `index` is written once by the loading thread, before any worker sees the reference.
public final class ProxyReference: @unchecked Sendable {
    /// What kind of thing is named.
    public enum Kind: Sendable {
        /// A frontend, or a listen.
        case frontend
        /// A backend, or a listen.
        case backend
        /// A server, as `backend/server` or by its name in the proxy that names it.
        case server
        /// A stick table, by the name of its proxy or peers section.
        case table
    }

    /// What kind of thing is named.
    public let kind: Kind
    /// The name as written; empty means the proxy in which the reference stands.
    public let name: String
    /// Where it is named.
    public internal(set) var place = SourcePlace()
    /// Who names it, for messages.
    public internal(set) var user = ""
    /// The proxy in which it is named; nil in sections that are none.
    public internal(set) var proxyName: String?
    /// Index in the configuration's proxies, or tables; -1 until it is found.
    public internal(set) var index: Int32 = -1
    /// Position in the proxy's servers, for servers.
    public internal(set) var server: Int32 = -1
    /// What the keys of a table are made of; `any` where nothing is known of that.
    public var keySource = SampleType.any
    /// Whether traffic is sent there, which a backend in TCP mode cannot take from HTTP.
    public var isTarget = false
    /// What a table must store, so that stick rules can use it.
    public var storesServer = false
    /// What else a table must store.
    public var storedRate: StickDataType?

    init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }
}

/// A `userlist` section that an expression names.
///
/// Safety: `list` is written once by the loading thread, before any worker sees the reference.
@safe
public final class UserListReference: @unchecked Sendable {
    /// The name as written.
    public let name: String
    /// Where it is named.
    public let place: SourcePlace
    /// Groups that users of the list are compared with.
    var groups: [String] = []
    /// Keeps the list.
    private var list: UserList?
    /// The list for those who do not count references.
    private var borrowed: Unmanaged<UserList>?

    init(_ name: String, _ place: SourcePlace) {
        self.name = name
        self.place = place
    }

    fileprivate func refer(to list: UserList) {
        self.list = list
        // Safety: this object keeps the list.
        unsafe borrowed = Unmanaged.passUnretained(list)
    }

    /// Hands the list to `body` without counting a reference; nil where it was never found.
    @inline(__always)
    public func withList<R>(_ body: (UserList) -> R?) -> R? {
        // Safety: as in `refer(to:)`.
        guard let borrowed = unsafe borrowed else { return nil }
        return unsafe borrowed._withUnsafeGuaranteedRef(body)
    }
}

/// Collects the references of one load.
///
/// Safety: used by the thread that loads, and by none other.
public final class References: @unchecked Sendable {
    /// All references, in the order in which they were made.
    public private(set) var all: [ProxyReference] = []
    /// All references to user lists, in the order in which they were made.
    public private(set) var userLists: [UserListReference] = []
    /// Where the line stands that is being read.
    public var place = SourcePlace()
    /// The proxy whose lines are being read.
    public var proxyName: String?
    /// The access lists of the section whose lines are being read; nil where there are none.
    public var lists: AccessLists?
    /// The environment as the lines read so far have left it.
    public var environment: (_ name: String) -> String? = { _ in nil }
    /// Some expression asks how long streams are worked on.
    public var measuresStreams = false
    /// Some expression asks for the server or the connection to it.
    public internal(set) var readsServers = false
    /// Access lists that expressions name, by number.
    private(set) var listUses: [AccessListUse] = []
    /// Event sinks that expressions name, by number, and where each is named first.
    private(set) var sinks: [(name: String, place: SourcePlace)] = []
    private var mistakes: [(place: SourcePlace, text: String, suggestion: String?)] = []
    /// `tune.stick-counters` as far as it is known.
    public var stickCounters = 3

    init() {}

    /// The number of the event sink of that name, which is found when everything has been read.
    func sink(_ name: String) -> Int {
        if let known = sinks.firstIndex(where: { $0.name == name }) { return known }
        sinks.append((name, place))
        return sinks.count - 1
    }

    /// Where the event sinks write to, by number.
    public var sinkTargets: [LogConfiguration.Target] {
        sinks.map { LogConfiguration.Target(sink: $0.name) }
    }

    /// Access lists that must all match, by their names, each perhaps behind `!`; nil where there
    /// are no access lists. They are found when their section has been read.
    public func use(lists names: [String]) -> AccessListUse? {
        guard let lists else { return nil }
        let use = AccessListUse(names, of: lists, place: place, number: listUses.count)
        listUses.append(use)
        return use
    }

    /// A section is about to end: finds the access lists that its expressions name.
    public func finish(_ lists: AccessLists) {
        for use in listUses where use.lists === lists { find(use) }
    }

    private func find(_ use: AccessListUse) {
        do throws(ExpressionMistake) {
            try use.find()
        } catch {
            mistakes.append((use.place, error.text, error.suggestion))
        }
    }

    /// A section has been read.
    public func finish(_ lists: AccessLists, _ table: AccessTable) {
        for use in listUses where use.lists === lists { use.finish(table) }
        self.lists = nil
    }

    /// Everything has been read: finds the access lists of expressions that were compiled when
    /// their section was over, such as those of log lines.
    public func finishLate() {
        for use in listUses {
            guard let lists = use.lists else { continue }
            find(use)
            use.finish(lists.finish())
        }
        lists = nil
    }

    /// A reference to be found later, for a user that messages name.
    public func make(
        _ kind: ProxyReference.Kind, _ name: String, for user: String = ""
    ) -> ProxyReference {
        let reference = ProxyReference(kind, name)
        reference.user = user
        reference.place = place
        reference.proxyName = proxyName
        all.append(reference)
        return reference
    }

    /// A reference to a user list, to be found later.
    public func makeUserList(_ name: String) -> UserListReference {
        let reference = UserListReference(name, place)
        userLists.append(reference)
        return reference
    }

    /// Finds what is named; returns the mistakes with their places.
    ///
    /// A `defaults` section's references without a name mean the proxy in which they run, which is
    /// found at run time; they stay at -1.
    public func resolve(
        in configuration: Configuration
    ) -> [(place: SourcePlace, text: String, suggestion: String?)] {
        var mistakes = mistakes
        for reference in all {
            if let mistake = find(reference, in: configuration) {
                mistakes.append((reference.place, mistake.text, mistake.suggestion))
            }
        }
        mistakes += sinks.compactMap { name, place in
            let names = configuration.rings.map(\.name) + LogConfiguration.Target.streamNames
            if names.contains(name) { return nil }
            return (
                place, "there is no event sink '\(name)'", Spelling.nearest(to: name, among: names)
            )
        }
        for reference in userLists {
            if let list = configuration.userLists.first(where: { $0.name == reference.name }) {
                reference.refer(to: list)
                for group in reference.groups where !list.groups.contains(group) {
                    mistakes.append(
                        (
                            reference.place, "userlist '\(list.name)' has no group '\(group)'",
                            Spelling.nearest(to: group, among: list.groups)
                        ))
                }
                continue
            }
            mistakes.append(
                (
                    reference.place, "there is no userlist '\(reference.name)'",
                    Spelling.nearest(
                        to: reference.name, among: configuration.userLists.map(\.name))
                ))
        }
        return mistakes
    }

    private func find(
        _ reference: ProxyReference, in configuration: Configuration
    ) -> (text: String, suggestion: String?)? {
        switch reference.kind {
        case .frontend: return findProxy(reference, .frontend, "frontend", in: configuration)
        case .backend: return findProxy(reference, .backend, "backend", in: configuration)
        case .server: return findServer(reference, in: configuration)
        case .table: return findTable(reference, in: configuration)
        }
    }

    private func findProxy(
        _ reference: ProxyReference, _ capability: ProxyCapability, _ word: String,
        in configuration: Configuration
    ) -> (text: String, suggestion: String?)? {
        let name = reference.name.isEmpty ? reference.proxyName : reference.name
        guard let name else { return nil }
        let found = configuration.proxies.firstIndex {
            $0.name == name && $0.capability.contains(capability)
        }
        if let found {
            reference.index = Int32(found)
            return reference.isTarget ? mismatch(reference, found, in: configuration) : nil
        }
        if reference.name.isEmpty {
            return ("'\(name)' is no \(word): the name of one is needed here", nil)
        }
        let names = configuration.proxies.filter { $0.capability.contains(capability) }.map(\.name)
        return (
            "there is no \(word) '\(name)'", Spelling.nearest(to: name, among: names)
        )
    }

    /// A frontend that speaks HTTP cannot send its exchanges to a backend that relays bytes.
    private func mismatch(
        _ reference: ProxyReference, _ backend: Int, in configuration: Configuration
    ) -> (text: String, suggestion: String?)? {
        let front = configuration.proxies.first {
            $0.name == reference.proxyName && $0.capability.contains(.frontend)
        }
        guard let front, front.mode == .http, configuration.proxies[backend].mode == .tcp
        else { return nil }
        return (
            "http frontend '\(front.name)' tries to use incompatible tcp backend "
                + "'\(reference.name)' in a 'use_backend' rule (see 'mode')", nil
        )
    }

    private func findServer(
        _ reference: ProxyReference, in configuration: Configuration
    ) -> (text: String, suggestion: String?)? {
        let parts = reference.name.split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false
        ).map(String.init)
        let proxyName = parts.count == 2 ? parts[0] : reference.proxyName
        let name = parts[parts.count - 1]
        guard let proxyName else {
            return ("server '\(name)' needs the name of its backend before it here", nil)
        }
        guard
            let proxy = configuration.proxies.firstIndex(where: {
                $0.name == proxyName && $0.capability.contains(.backend)
            })
        else { return ("there is no backend '\(proxyName)'", nil) }
        let servers = configuration.proxies[proxy].servers
        guard let server = servers.firstIndex(where: { $0.name == name }) else {
            return (
                "backend '\(proxyName)' has no server '\(name)'",
                Spelling.nearest(to: name, among: servers.map(\.name))
            )
        }
        reference.index = Int32(proxy)
        reference.server = Int32(server)
        return nil
    }

    private func findTable(
        _ reference: ProxyReference, in configuration: Configuration
    ) -> (text: String, suggestion: String?)? {
        let name = reference.name.isEmpty ? reference.proxyName : reference.name
        guard let name else { return ("the stick table must be named here", nil) }
        if let found = configuration.tables.firstIndex(where: { $0.name == name }) {
            reference.index = Int32(found)
            let type = configuration.tables[found].configuration.keyType
            if let rate = reference.storedRate,
                !configuration.tables[found].configuration.stores(rate)
            {
                return ("stick table '\(name)' must store \(rate.name) for this", nil)
            }
            if reference.keySource == .any || type.takes(reference.keySource) { return nil }
            return (
                "stick table '\(name)' has keys of type \(type.name), which a sample of type "
                    + "\(reference.keySource) cannot be", nil
            )
        }
        if reference.name.isEmpty && configuration.proxies.contains(where: { $0.name == name }) {
            let user = reference.user.isEmpty ? "" : reference.user + ": "
            return ("\(user)proxy '\(name)' has no stick table, so one must be named here", nil)
        }
        return (
            "there is no stick table '\(name)'",
            Spelling.nearest(to: name, among: configuration.tables.map(\.name))
        )
    }
}

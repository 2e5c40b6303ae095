// A proxy or a defaults section while its lines are read, with what the checks behind parsing need
// to know besides the values.

import ConfigLanguage
import Proxy
import Samples

/// A proxy being built.
struct ProxyDraft {
    /// The values.
    var proxy: ProxyConfiguration
    /// Whether this is a `defaults` section.
    let isDefaults: Bool
    /// The keyword that began the section: `frontend`, `backend`, `listen` or `defaults`.
    let keyword: String
    /// Where it began.
    let location: SourceLocation
    /// Shared with the other sections of this load.
    let session: LoadSession

    /// What `server` lines begin with, from `default-server`.
    var serverTemplate = ServerDraft.template
    /// `load-server-state-from-file`.
    var stateSource = StateSource.none
    /// `server-state-file-name`; nil means the proxy's name.
    var stateFileName: String?
    /// Servers whose names have no address unless a state file knows one, with what to say then.
    var unresolved: [String: Diagnostic] = [:]
    /// The line of each server by its name.
    var serverPlaces: [String: Int] = [:]
    /// `default_backend`, until its section is found.
    var defaultBackendName: String?
    /// Where `default_backend` stands.
    var defaultBackendLocation: SourceLocation?
    /// The line that has chosen the log format: `log-format`, or an option.
    var logFormatLine: KeywordArguments?
    /// The line of `error-log-format`.
    var errorFormatLine: KeywordArguments?
    /// The line of `log-format-sd`.
    var structuredDataLine: KeywordArguments?
    /// `stick-table`.
    var table: DeclaredTable?
    /// Where a stick rule stands that stores servers.
    var storesServers: SourcePlace?
    /// Lines that force HTTP/1, which only `mode http` can use: their place and what they are.
    var forcedHTTP: [(location: SourceLocation, title: String)] = []

    /// The access lists of the section; its rules get them when it has been read.
    let lists: AccessLists
    /// The rules of this section, without those it has inherited.
    var ownRules: [Rule] = []
    /// The last of them of each step.
    var lastRules: [RuleStep: Rule] = [:]
    /// A rule that always ends its list, by its step: what comes behind it never runs.
    var finalRules: [RuleStep: SourceLocation] = [:]
    /// The capture slots of requests.
    let requestCaptures = CaptureAllocation()
    /// The capture slots of responses.
    let responseCaptures = CaptureAllocation()
    /// Its bandwidth limits.
    let limits = DeclaredLimits()

    /// An empty section.
    init(
        keyword: String, name: String, capability: ProxyCapability, isDefaults: Bool,
        location: SourceLocation, session: LoadSession
    ) {
        proxy = ProxyConfiguration(
            name: name, capability: capability, place: SourcePlace(location))
        self.keyword = keyword
        self.isDefaults = isDefaults
        self.location = location
        self.session = session
        let compiler = session.compiler
        lists = AccessLists(store: session.patterns) {
            words, first throws(ExpressionMistake) in
            try compiler.criterion(words, first, nil)
        }
    }

    /// Takes over everything a `defaults` section says that can be inherited.
    mutating func inherit(from defaults: ProxyDraft) {
        let name = proxy.name
        let capability = proxy.capability
        let place = proxy.place
        proxy = defaults.proxy
        proxy.name = name
        proxy.capability = capability
        proxy.place = place
        serverTemplate = defaults.serverTemplate
        stateSource = defaults.stateSource
        logFormatLine = defaults.logFormatLine
        errorFormatLine = defaults.errorFormatLine
        structuredDataLine = defaults.structuredDataLine
        defaultBackendName = defaults.defaultBackendName
        defaultBackendLocation = defaults.defaultBackendLocation
    }

    /// Reports the servers that are nowhere.
    mutating func reportUnresolved(_ diagnostics: inout Diagnostics) {
        for server in proxy.servers {
            if let mistake = unresolved[server.name] { diagnostics.report(mistake) }
        }
        unresolved = [:]
    }

    /// A `defaults` section without a name, in which no rules stand.
    var isUnnamedDefaults: Bool { isDefaults && proxy.name.isEmpty }

    /// The section in messages: `frontend 'web'`, or `defaults section` without a name.
    var title: String {
        isUnnamedDefaults ? "defaults section" : "\(keyword) '\(proxy.name)'"
    }

    /// The proxy as HAProxy calls it: `frontend`, `backend`, or `proxy` for both at once.
    var kindName: String { keyword == "listen" ? "proxy" : keyword }

    /// The kind of section for the keyword table.
    var sectionSet: SectionSet {
        switch keyword {
        case "defaults": .defaults
        case "frontend": .frontend
        case "backend": .backend
        default: .listen
        }
    }
}

extension SourcePlace {
    /// The place of a line.
    init(_ location: SourceLocation) {
        self.init(file: location.file, line: location.line)
    }
}

extension SourceLocation {
    /// The line of a place.
    init(_ place: SourcePlace) {
        self.init(file: place.file, line: place.line)
    }
}

/// A `server` line while its options are read.
struct ServerDraft {
    /// How the first address of a name is found.
    enum InitialAddress: Hashable {
        /// From a saved state.
        case last
        /// From the C library's resolver.
        case libc
        /// None at first; the server waits for one.
        case none
        /// This one.
        case fixed(String)
    }

    /// The values.
    var server: ServerConfiguration
    /// `proto h1`.
    var forcesHTTP = false
    /// How the first address of a name is found, in order.
    var initialAddress: [InitialAddress] = [.last, .libc]
    /// What to say when no saved state knows the address, either.
    var unresolved: Diagnostic?
    /// Shared with the other sections of this load.
    var session: LoadSession?

    /// A server nothing was said about.
    static var template: ServerDraft {
        ServerDraft(
            server: ServerConfiguration(
                name: "", place: SourcePlace(), hostText: "", address: .init()))
    }
}

/// A `bind` or `stats socket` line while its options are read.
struct BindDraft {
    /// The values.
    var bind: BindConfiguration
    /// `level` of a stats socket.
    var level: StatsSocketConfiguration.Level?
    /// `expose-fd listeners`.
    var exposesListeners = false
    /// `proto h1`.
    var forcesHTTP = false
    /// Shared with the other sections of this load.
    let session: LoadSession
}

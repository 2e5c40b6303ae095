// What can be said only when everything has been read: names that nobody has, numbers given twice,
// settings that do not go together. Warnings are those HAProxy gives, for `-dW` makes them
// failures.

import ConfigLanguage
import Kernel
import Logs
import Proxy
import Samples
import StickTables

/// Checks over the whole configuration.
enum ConfigurationChecks {
    /// The finished configuration; mistakes are reported.
    static func complete(
        _ assembly: SectionAssembly, _ diagnostics: inout Diagnostics
    ) -> Configuration {
        var configuration = Configuration()
        configuration.global = assembly.global.global
        finishGlobal(&configuration.global, assembly.session)
        var drafts = assembly.proxies
        finishListeners(&drafts, assembly.session)
        resolveBackends(&drafts, &diagnostics)
        // The proxy of the Runtime API's sockets takes the first number, as in HAProxy.
        let first = configuration.global.statsSockets.isEmpty ? 1 : 2
        numberProxies(&drafts, from: first, &diagnostics)
        let states = SavedStates(assembly.global, assembly.session, &diagnostics)
        let mayUpgrade = drafts.contains {
            $0.proxy.mode == .http && $0.proxy.capability.contains(.backend)
        }
        for index in drafts.indices {
            states.apply(to: &drafts[index], &diagnostics)
            numberParts(&drafts[index], &diagnostics)
            if !drafts[index].proxy.isDisabled {
                checkMode(
                    &drafts[index], configuration.global, mayUpgrade: mayUpgrade, &diagnostics)
                checkParts(drafts[index], &diagnostics)
            }
        }
        checkGUIDs(drafts.map(\.proxy), &diagnostics)
        configuration.proxies = drafts.map(\.proxy)
        configuration.tables = drafts.compactMap(\.table)
        checkTables(&configuration, &diagnostics)
        configuration.rings = [.buf0] + assembly.session.rings
        checkRings(&configuration, &diagnostics)
        finishRules(&configuration, assembly.session, &diagnostics)
        setVariables(assembly.global.assignments, &configuration, &diagnostics)
        return configuration
    }

    /// Works out the variables that the global section sets.
    private static func setVariables(
        _ assignments: [StartAssignment], _ configuration: inout Configuration,
        _ diagnostics: inout Diagnostics
    ) {
        if diagnostics.hasAlerts { return }
        do throws(Errno) {
            configuration.startVariables = try StartVariables.evaluate(
                assignments, under: configuration)
        } catch {
            diagnostics.report(
                Diagnostic(
                    .alert, "variables of the global section cannot be set : \(error.text)."))
        }
    }

    /// Finds what rules and expressions have named before it was there.
    private static func finishRules(
        _ configuration: inout Configuration, _ session: LoadSession,
        _ diagnostics: inout Diagnostics
    ) {
        session.finishLate(&diagnostics)
        session.compiler.references.finishLate()
        session.handOver(to: &configuration)
        let references = session.compiler.references
        configuration.sinks = references.sinkTargets
        configuration.measuresStreams = references.measuresStreams
        configuration.logsServerConnections =
            references.readsServers
            || configuration.proxies.contains {
                let needs: [LogNeeds?] = [$0.logFormat?.needs, $0.structuredDataFormat?.needs]
                return needs.contains { $0?.contains(.serverConnection) == true }
            }
        let lists = session.userListDrafts.values.sorted { $0.name < $1.name }
        configuration.userLists = lists.map { $0.finished(&diagnostics) }
        for mistake in session.compiler.references.resolve(in: configuration) {
            diagnostics.report(
                Diagnostic(
                    .alert, at: SourceLocation(mistake.place), mistake.text,
                    suggestion: mistake.suggestion))
        }
        for reference in session.compiler.references.all
        where reference.storesServer && reference.index >= 0 {
            let index = Int(reference.index)
            configuration.tables[index].configuration.store(StickStoredData(.serverID))
            configuration.tables[index].configuration.store(StickStoredData(.serverKey))
        }
    }

    /// Tables of one name: a frontend and a backend may share a name, but not each have a table.
    private static func checkTables(
        _ configuration: inout Configuration, _ diagnostics: inout Diagnostics
    ) {
        for (index, table) in configuration.tables.enumerated() {
            guard let twin = configuration.tables[..<index].first(where: { $0.name == table.name })
            else { continue }
            diagnostics.report(
                Diagnostic(
                    .alert, at: SourceLocation(table.place),
                    "there is a stick table '\(table.name)' already, declared at "
                        + "\(twin.place.file):\(twin.place.line)."))
        }
    }

    /// Rings that cannot be as they are described, and names of rings nobody has declared.
    private static func checkRings(
        _ configuration: inout Configuration, _ diagnostics: inout Diagnostics
    ) {
        for index in configuration.rings.indices {
            let ring = configuration.rings[index]
            if ring.maxBytes > ring.bytes {
                diagnostics.report(
                    Diagnostic(
                        .warning,
                        "ring '\(ring.name)' event max length '\(ring.maxBytes)' exceeds size, "
                            + "forced to size '\(ring.bytes)'."))
                configuration.rings[index].maxBytes = ring.bytes
            }
            let lacksTime = ring.connectMilliseconds == 0 || ring.serverMilliseconds == 0
            if !ring.servers.isEmpty && lacksTime {
                diagnostics.report(missingTimeouts("backend '\(ring.name)'"))
            }
        }
        let known = Set(configuration.rings.map(\.name))
        for log in configuration.global.logs + configuration.proxies.flatMap(\.logs) {
            guard case .ring(let name) = log.target, !known.contains(name) else { continue }
            diagnostics.report(
                Diagnostic(
                    .alert, at: log.place.map { SourceLocation($0) },
                    "log target '\(log.targetText)' uses unknown ring named '\(name)'.",
                    suggestion: Spelling.nearest(to: name, among: known.sorted())))
        }
    }

    private static func finishGlobal(_ global: inout GlobalConfiguration, _ session: LoadSession) {
        // More than half of a buffer kept free would leave no room for heads.
        let tuning = global.tuning
        global.tuning.maxRewriteBytes = min(tuning.maxRewriteBytes, tuning.bufferBytes / 2)
        for index in global.statsSockets.indices {
            apply(session.unixBind, to: &global.statsSockets[index].bind)
        }
    }

    private static func finishListeners(_ drafts: inout [ProxyDraft], _ session: LoadSession) {
        for proxy in drafts.indices {
            for line in drafts[proxy].proxy.binds.indices {
                apply(session.unixBind, to: &drafts[proxy].proxy.binds[line])
            }
        }
    }

    private static func apply(_ defaults: UNIXBindDefaults, to bind: inout BindConfiguration) {
        guard case .unix(let address)? = bind.target, address.kind == .path else { return }
        bind.mode = bind.mode ?? defaults.mode
        bind.userID = bind.userID ?? defaults.userID
        bind.groupID = bind.groupID ?? defaults.groupID
    }
}

// MARK: Names and numbers

extension ConfigurationChecks {
    /// Finds each `default_backend` and checks that both sides speak the same protocol.
    private static func resolveBackends(
        _ drafts: inout [ProxyDraft], _ diagnostics: inout Diagnostics
    ) {
        for index in drafts.indices {
            let draft = drafts[index]
            guard draft.proxy.capability.contains(.frontend),
                let name = draft.defaultBackendName
            else { continue }
            if draft.proxy.isDisabled { continue }
            let place = draft.defaultBackendLocation
            guard
                let found = drafts.firstIndex(where: {
                    $0.proxy.name == name && $0.proxy.capability.contains(.backend)
                })
            else {
                let known = drafts.filter { $0.proxy.capability.contains(.backend) }.map(
                    \.proxy.name)
                diagnostics.report(
                    Diagnostic(
                        .alert, at: place,
                        "Proxy '\(draft.proxy.name)': unable to find required default_backend: "
                            + "'\(name)'",
                        suggestion: Spelling.nearest(to: name, among: known)))
                continue
            }
            if found == index {
                diagnostics.report(
                    Diagnostic(
                        .alert, at: place,
                        "Proxy '\(draft.proxy.name)': loop detected for default_backend: '\(name)'."
                    ))
            }
            checkModes(draft, drafts[found], &diagnostics)
            drafts[index].proxy.defaultBackend = found
        }
    }

    private static func checkModes(
        _ front: ProxyDraft, _ back: ProxyDraft, _ diagnostics: inout Diagnostics
    ) {
        // A TCP frontend may hand its bytes to an HTTP backend, not the other way round.
        guard front.proxy.mode == .http && back.proxy.mode == .tcp else { return }
        diagnostics.report(
            Diagnostic(
                .alert, at: front.defaultBackendLocation,
                "http \(front.kindName) '\(front.proxy.name)' (\(text(front.location))) tries "
                    + "to use incompatible tcp backend '\(back.proxy.name)' "
                    + "(\(text(back.location))) as its default backend (see 'mode')."))
    }

    /// Gives numbers to proxies that have none, in the order of the files.
    private static func numberProxies(
        _ drafts: inout [ProxyDraft], from firstNumber: Int, _ diagnostics: inout Diagnostics
    ) {
        var holders: [Int: Int] = [:]
        for (index, draft) in drafts.enumerated() where draft.proxy.id > 0 {
            if let first = holders[draft.proxy.id] {
                let twin = drafts[first]
                diagnostics.report(
                    Diagnostic(
                        .alert, at: draft.location,
                        "\(draft.keyword) \(draft.proxy.name) reuses same custom id as "
                            + "\(twin.keyword) \(twin.proxy.name) (declared at \(text(twin.location)))."
                    ))
            } else {
                holders[draft.proxy.id] = index
            }
        }
        // As in HAProxy, those with a number of their own advance the count, too.
        var next = firstNumber
        for index in drafts.indices {
            if drafts[index].proxy.id == 0 {
                while holders[next] != nil { next += 1 }
                drafts[index].proxy.id = next
            }
            next += 1
        }
    }

    /// Gives numbers to listeners and servers that have none.
    private static func numberParts(_ draft: inout ProxyDraft, _ diagnostics: inout Diagnostics) {
        var binds = draft.proxy.binds.map {
            NumberedPart(id: $0.id, place: $0.place, title: "bind \($0.addressText)")
        }
        number(&binds, in: draft, &diagnostics)
        for (index, part) in binds.enumerated() { draft.proxy.binds[index].id = part.id }
        var servers = draft.proxy.servers.map {
            NumberedPart(id: $0.id, place: $0.place, title: "server \(draft.proxy.name)/\($0.name)")
        }
        number(&servers, in: draft, &diagnostics)
        for (index, part) in servers.enumerated() { draft.proxy.servers[index].id = part.id }
    }

    private struct NumberedPart {
        var id: Int
        let place: SourcePlace
        let title: String
    }

    private static func number(
        _ parts: inout [NumberedPart], in draft: ProxyDraft, _ diagnostics: inout Diagnostics
    ) {
        var holders: [Int: NumberedPart] = [:]
        for part in parts where part.id > 0 {
            if let first = holders[part.id], first.place != part.place {
                diagnostics.report(
                    Diagnostic(
                        .alert, at: SourceLocation(part.place),
                        "'\(part.title)' : 'id' : custom id \(part.id) already used at "
                            + "\(first.place.file):\(first.place.line) ('\(first.title)')."))
            }
            holders[part.id] = holders[part.id] ?? part
        }
        var next = 1
        var given: Set<Int> = []
        for index in parts.indices {
            // Several addresses of one line share its text; only the first keeps the number.
            if parts[index].id == 0 || !given.insert(parts[index].id).inserted {
                while holders[next] != nil || given.contains(next) { next += 1 }
                parts[index].id = next
                given.insert(next)
            }
            next += 1
        }
    }

    /// No two objects of any kind may have the same `guid`.
    private static func checkGUIDs(
        _ proxies: [ProxyConfiguration], _ diagnostics: inout Diagnostics
    ) {
        var seen: Set<String> = []
        for proxy in proxies {
            // A bind line's is a prefix, to which each of its addresses adds a number.
            var given = [(proxy.guid, proxy.place)]
            given += proxy.binds.map { ($0.guid.map { "\($0)-0" }, $0.place) }
            given += proxy.servers.map { ($0.guid, $0.place) }
            var ownLines: Set<String> = []
            for (guid, place) in given {
                guard let guid else { continue }
                // Several addresses of one line share its text.
                if !ownLines.insert("\(guid) \(place.file):\(place.line)").inserted { continue }
                if seen.insert(guid).inserted { continue }
                diagnostics.report(
                    Diagnostic(.alert, at: SourceLocation(place), "guid '\(guid)' is used twice"))
            }
        }
    }

    private static func text(_ location: SourceLocation) -> String {
        "\(location.file):\(location.line)"
    }
}

// MARK: Settings that belong together

extension ConfigurationChecks {
    /// Options that need HTTP, and logs that go nowhere.
    private static func checkMode(
        _ draft: inout ProxyDraft, _ global: GlobalConfiguration, mayUpgrade: Bool,
        _ diagnostics: inout Diagnostics
    ) {
        let title = "\(draft.kindName) '\(draft.proxy.name)'"
        func warn(_ text: String, at location: SourceLocation? = nil) {
            diagnostics.report(Diagnostic(.warning, at: location, text))
        }
        if draft.proxy.mode != .http {
            draft.warnOfMode(mayUpgrade: mayUpgrade, &diagnostics)
            let headers: [(Bool, String)] = [
                (draft.proxy.forwardFor != nil, "forwardfor"),
                (draft.proxy.originalTo != nil, "originalto"),
            ]
            let options = HTTPOnlyOption.all.filter { $0.isSet(in: draft.proxy) }.map {
                (true, $0.name)
            }
            for (isSet, name) in options + headers where isSet {
                warn("'option \(name)' ignored for \(title) as it requires HTTP mode.")
            }
            if draft.proxy.monitorURI != nil, draft.proxy.capability.contains(.frontend) {
                warn("monitor-uri will be ignored for \(title) (needs 'mode http').")
            }
            draft.proxy.monitorURI = nil
            checkForcedProtocol(draft, &diagnostics)
            draft.proxy.forwardFor = nil
            draft.proxy.originalTo = nil
            if draft.proxy.options.contains(.httpLog), draft.proxy.capability.contains(.frontend) {
                warn(
                    "'\(draft.logFormatLine?.keyword ?? "option httplog")' not usable with \(title) "
                        + "(needs 'mode http'). Falling back to 'option tcplog'.",
                    at: draft.logFormatLine?.location)
                draft.proxy.options.subtract([.httpLog, .httpsLog, .clfLog])
                draft.proxy.options.insert(.tcpLog)
            }
        }
        compileFormats(&draft, &diagnostics)
        guard draft.proxy.capability.contains(.frontend), draft.logFormatLine != nil else {
            return
        }
        let reachesSomething = draft.proxy.logs.contains { !$0.isGlobal || !global.logs.isEmpty }
        if !reachesSomething {
            warn("log format ignored for \(title) since it has no log address.")
        }
    }

    /// Log formats, which depend on the mode the proxy ended up with.
    private static func compileFormats(
        _ draft: inout ProxyDraft, _ diagnostics: inout Diagnostics
    ) {
        guard draft.proxy.capability.contains(.frontend) else { return }
        let isHTTP = draft.proxy.mode == .http
        if let line = draft.logFormatLine, line.keyword == "log-format" {
            draft.proxy.logFormat = format(of: line, draft, &diagnostics)
        } else if let chosen = StandardFormat.chosen(by: draft.proxy.options, isHTTP: isHTTP) {
            draft.proxy.logFormat = standardFormat(chosen, draft)
        } else {
            draft.proxy.logsAtAccept = true
            draft.proxy.logFormat = standardFormat(
                isHTTP ? StandardFormat.connectHTTP : StandardFormat.connectTCP, draft)
        }
        if let line = draft.structuredDataLine {
            draft.proxy.structuredDataFormat = format(of: line, draft, &diagnostics)
        }
        if let line = draft.errorFormatLine {
            draft.proxy.errorLogFormat = format(of: line, draft, &diagnostics)
        }
    }

    /// The format that a line sets, or nil after saying what is wrong with it.
    private static func format(
        of line: KeywordArguments, _ draft: ProxyDraft, _ diagnostics: inout Diagnostics
    ) -> LogFormat? {
        draft.note(line)
        do throws(ExpressionMistake) {
            return try draft.session.compiler.format(
                line.word(0), word: 0, in: .log, isHTTP: draft.proxy.mode == .http)
        } catch {
            diagnostics.report(Diagnostic(.alert, error, in: line))
            return nil
        }
    }

    /// A format of ours.
    private static func standardFormat(_ text: String, _ draft: ProxyDraft) -> LogFormat {
        do throws(ExpressionMistake) {
            return try draft.session.compiler.format(
                text, word: 0, in: .log, isHTTP: draft.proxy.mode == .http)
        } catch {
            preconditionFailure("log format '\(text)': \(error.text)")
        }
    }

    /// `proto h1` where no HTTP is spoken.
    private static func checkForcedProtocol(
        _ draft: ProxyDraft, _ diagnostics: inout Diagnostics
    ) {
        for (location, title) in draft.forcedHTTP {
            diagnostics.report(
                Diagnostic(
                    .alert, at: location,
                    "\(draft.kindName) '\(draft.proxy.name)' : MUX protocol 'h1' is not usable for "
                        + "\(title)."))
        }
    }

    /// Proxies that lack what they cannot do without.
    private static func checkParts(_ draft: ProxyDraft, _ diagnostics: inout Diagnostics) {
        let proxy = draft.proxy
        let isFront = proxy.capability.contains(.frontend)
        let isBack = proxy.capability.contains(.backend)
        func warn(_ text: String) { diagnostics.report(Diagnostic(.warning, text)) }
        if isFront && proxy.binds.isEmpty {
            warn(
                "\(draft.kindName) '\(proxy.name)' has no 'bind' directive. "
                    + "Please declare it as a backend if this was intended.")
        }
        checkServers(draft, &diagnostics)
        let lacksClient = isFront && proxy.timeouts.client == 0
        let needsServer = proxy.mode == .http || proxy.timeouts.tunnel == 0
        let lacksServer =
            isBack && !proxy.servers.isEmpty
            && (proxy.timeouts.connect == 0 || (proxy.timeouts.server == 0 && needsServer))
        if lacksClient || lacksServer {
            diagnostics.report(missingTimeouts("\(draft.kindName) '\(proxy.name)'"))
        }
    }

    private static func missingTimeouts(_ title: String) -> Diagnostic {
        Diagnostic(
            .warning,
            "missing timeouts for \(title).\n"
                + "   | While not properly invalid, you will certainly encounter various problems\n"
                + "   | with such a configuration. To fix this, please ensure that all following\n"
                + "   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.")
    }

    /// Server options that the rest of the backend makes useless.
    private static func checkServers(_ draft: ProxyDraft, _ diagnostics: inout Diagnostics) {
        for server in draft.proxy.servers {
            if server.cookie != nil && draft.proxy.mode != .http {
                diagnostics.report(
                    Diagnostic(
                        .warning,
                        "\(draft.kindName) '\(draft.proxy.name)' : ignoring cookie for server "
                            + "'\(server.name)' as HTTP mode is disabled."))
            }
            if server.usesFastOpen {
                diagnostics.report(
                    Diagnostic(
                        .warning, at: SourceLocation(server.place),
                        "'server \(draft.proxy.name)/\(server.name)' : server has tfo activated, the "
                            + "backend should be configured with at least 'conn-failure', "
                            + "'empty-response' and 'response-timeout' or we wouldn't be able to "
                            + "retry the connection on failure."))
            }
        }
    }
}

/// An option that means nothing without HTTP.
private struct HTTPOnlyOption {
    let name: String
    let bit: ProxyOptions
    let side: ProxyCapability

    /// Whether a proxy has it on the side where it counts.
    func isSet(in proxy: ProxyConfiguration) -> Bool {
        proxy.options.contains(bit) && !proxy.capability.isDisjoint(with: side)
    }

    static let all = [
        HTTPOnlyOption(name: "prefer-last-server", bit: .preferLastServer, side: .backend),
        HTTPOnlyOption(name: "http-buffer-request", bit: .httpBufferRequest, side: .listen),
        HTTPOnlyOption(name: "http-no-delay", bit: .httpNoDelay, side: .listen),
        HTTPOnlyOption(name: "http-ignore-probes", bit: .ignoreProbes, side: .frontend),
        HTTPOnlyOption(name: "idle-close-on-response", bit: .idleCloseOnResponse, side: .frontend),
        HTTPOnlyOption(name: "disable-h2-upgrade", bit: .disableH2Upgrade, side: .frontend),
        HTTPOnlyOption(
            name: "accept-invalid-http-request", bit: .acceptUnsafeRequest, side: .frontend),
        HTTPOnlyOption(
            name: "accept-invalid-http-response", bit: .acceptUnsafeResponse, side: .backend),
        HTTPOnlyOption(name: "http-pretend-keepalive", bit: .httpPretendKeepAlive, side: .backend),
    ]
}

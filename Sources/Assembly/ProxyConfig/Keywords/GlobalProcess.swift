// Global keywords about the process: identity, privileges, files, limits, life.
// configuration manual: 3.1 Process management and security.

import ConfigLanguage
import Proxy

/// Rows of the global section.
enum GlobalKeywords {
    typealias Row = Keyword<GlobalDraft>

    static let process: [Row] = [
        Row(
            "chroot", .global, takes: [.word("<directory>")],
            "Changes the root directory before serving."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("chroot", arguments, &diagnostics) {
                draft.global.chrootPath = arguments.word(0)
            }
        },
        Row("daemon", .global, "Continues in the background.") { draft, _, _ in
            draft.global.isDaemon = true
        },
        Row(
            "default-path", .global,
            takes: [.choice("current", "config", "parent", "origin"), .word("<path>").optional],
            "Chooses where relative paths in the configuration begin."
        ) { draft, arguments, diagnostics in
            defaultPath(&draft, arguments, &diagnostics)
        },
        Row(
            "description", .global, takes: [.word("<text>"), .rest("<text>")],
            "Describes this instance for statistics."
        ) {
            draft, arguments, _ in
            draft.global.describedAs = arguments.words.joined(separator: " ")
        },
        Row(
            "gid", .global, takes: [.integer(0...Int(UInt32.max - 1))],
            "Runs as the group with this number."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("group", arguments, &diagnostics) {
                draft.global.groupID = UInt32(arguments.number(0))
            }
        },
        Row("group", .global, takes: [.word("<name>")], "Runs as the group with this name.") {
            draft, arguments, diagnostics in
            group(&draft, arguments, &diagnostics)
        },
        Row(
            "uid", .global, takes: [.integer(0...Int(UInt32.max - 1))],
            "Runs as the user with this number."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("user", arguments, &diagnostics) {
                draft.global.userID = UInt32(arguments.number(0))
            }
        },
        Row("user", .global, takes: [.word("<name>")], "Runs as the user with this name.") {
            draft, arguments, diagnostics in
            user(&draft, arguments, &diagnostics)
        },
        Row(
            "grace", .global, takes: [.time],
            "Keeps listening for this long after a soft stop was asked for."
        ) {
            draft, arguments, _ in
            draft.global.graceMilliseconds = arguments.number(0)
        },
        Row(
            "hard-stop-after", .global, takes: [.time],
            "Ends what still runs this long after a soft stop."
        ) {
            draft, arguments, _ in
            draft.global.hardStopAfterMilliseconds = arguments.number(0)
        },
        Row(
            "close-spread-time", .global, takes: [.word("<time>")],
            "Spreads the closing of clients in a soft stop over this time, or 'infinite'."
        ) {
            draft, arguments, diagnostics in
            let text = arguments.word(0)
            if text == "infinite" { return draft.global.closeSpreadMilliseconds = .max }
            switch Units.milliseconds(text) {
            case .success(let time): draft.global.closeSpreadMilliseconds = time
            case .failure:
                diagnostics.report(arguments.expects("a time or 'infinite'", found: text))
            }
        },
        Row("localpeer", .global, takes: [.word("<name>")], "Names this instance among its peers.")
        {
            draft, arguments, _ in
            draft.global.localPeer = arguments.word(0)
        },
        Row(
            "server-state-base", .global, takes: [.word("<directory>")],
            "Names the directory of files with saved server states."
        ) { draft, arguments, diagnostics in
            if draft.isFirst("server-state-base", arguments, &diagnostics) {
                draft.stateBase = arguments.word(0)
            }
        },
        Row(
            "server-state-file", .global, takes: [.word("<file>")],
            "Names the file of server states that 'show servers state' has written."
        ) { draft, arguments, diagnostics in
            if draft.isFirst("server-state-file", arguments, &diagnostics) {
                draft.stateFile = arguments.word(0)
            }
        },
        Row("node", .global, takes: [.word("<name>")], "Names this node for statistics.") {
            draft, arguments, diagnostics in
            node(&draft, arguments, &diagnostics)
        },
        Row(
            "pidfile", .global, takes: [.word("<path>")],
            "Writes the process number into this file."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("pidfile", arguments, &diagnostics) {
                draft.global.pidFilePath = arguments.word(0)
            }
        },
        Row("quiet", .global, "Says nothing at start but for warnings and mistakes.") {
            draft, _, _ in
            draft.global.isQuiet = true
        },
        Row(
            "strict-limits", .global, prefixes: .both,
            "Fails to start when the limits of the system are too low."
        ) {
            draft, arguments, _ in
            draft.global.strictLimits = arguments.isOn
        },
        Row("zero-warning", .global, "Refuses a configuration that causes a warning.") {
            draft, _, _ in
            draft.global.zeroWarning = true
        },
        Row(
            "unix-bind", .global, takes: [.word("<setting>"), .rest("<settings>")],
            "Gives every UNIX listener a path prefix, a mode and an owner."
        ) { draft, arguments, diagnostics in
            unixBind(&draft, arguments, &diagnostics)
        },
    ]

    static let limits: [Row] = [
        Row(
            "fd-hard-limit", .global, takes: [.integer(1...Int(Int32.max))],
            "Bounds the descriptors this process will use."
        ) {
            draft, arguments, _ in
            draft.global.descriptorHardLimit = arguments.number(0)
        },
        Row(
            "maxconn", .global, takes: [.count],
            "Bounds the client connections of the whole process."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("maxconn", arguments, &diagnostics) {
                draft.global.maxConnections = arguments.number(0)
            }
        },
        Row("maxconnrate", .global, takes: [.count], "Bounds the connections accepted in a second.")
        {
            draft, arguments, diagnostics in
            if draft.isFirst("maxconnrate", arguments, &diagnostics) {
                draft.global.maxConnectionRate = arguments.number(0)
            }
        },
        Row("maxpipes", .global, takes: [.count], "Bounds the pipes used for splicing.") {
            draft, arguments, diagnostics in
            if draft.isFirst("maxpipes", arguments, &diagnostics) {
                draft.global.maxPipes = arguments.number(0)
            }
        },
        Row("maxsessrate", .global, takes: [.count], "Bounds the sessions begun in a second.") {
            draft, arguments, diagnostics in
            if draft.isFirst("maxsessrate", arguments, &diagnostics) {
                draft.global.maxSessionRate = arguments.number(0)
            }
        },
        Row(
            "ulimit-n", .global, takes: [.count],
            "Sets the number of descriptors the process asks the system for."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("ulimit-n", arguments, &diagnostics) {
                draft.global.descriptorLimit = arguments.number(0)
            }
        },
    ]

    static let environment: [Row] = [
        Row(
            "setenv", .global, takes: [.word("<name>"), .word("<value>")],
            "Sets an environment variable."
        ) { _, _, _ in },
        Row(
            "presetenv", .global, takes: [.word("<name>"), .word("<value>")],
            "Sets an environment variable unless it exists."
        ) {
            _, _, _ in
        },
        Row(
            "unsetenv", .global, takes: [.word("<name>"), .rest("<names>")],
            "Removes environment variables."
        ) { _, _, _ in },
        Row(
            "resetenv", .global, takes: [.rest("<names>")],
            "Removes every environment variable but the named ones."
        ) {
            _, _, _ in
        },
    ]

    private static func defaultPath(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        switch (arguments.word(0), arguments.optionalWord(1)) {
        case ("current", nil): draft.session.pathPolicy = .current
        case ("config", nil): draft.session.pathPolicy = .config
        case ("parent", nil): draft.session.pathPolicy = .parent
        case ("origin", let path?): draft.session.pathPolicy = .origin(path)
        case ("origin", nil):
            diagnostics.report(arguments.expects("<path> behind 'origin'", found: nil))
        case (_, let extra?):
            diagnostics.report(arguments.mistake("unexpected argument '\(extra)'"))
        case (let policy, nil): preconditionFailure("policy \(policy) has no case")
        }
    }

    private static func user(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        guard draft.isFirst("user", arguments, &diagnostics) else { return }
        let name = arguments.word(0)
        guard let number = draft.session.surroundings.userID(name) else {
            return diagnostics.report(arguments.mistake("cannot find user id for '\(name)'"))
        }
        draft.global.userName = name
        draft.global.userID = number
    }

    private static func group(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        guard draft.isFirst("group", arguments, &diagnostics) else { return }
        let name = arguments.word(0)
        guard let number = draft.session.surroundings.groupID(name) else {
            return diagnostics.report(arguments.mistake("cannot find group id for '\(name)'"))
        }
        draft.global.groupName = name
        draft.global.groupID = number
    }

    private static func node(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let name = arguments.word(0)
        if firstForbidden(in: name) != nil || name.contains(":") {
            return diagnostics.report(
                arguments.expects("letters, digits, dots, hyphens and underscores", found: name))
        }
        draft.global.node = name
    }

    private static func unixBind(
        _ draft: inout GlobalDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let known = ["prefix", "mode", "user", "uid", "group", "gid"]
        var words = arguments.words[...]
        while let setting = words.popFirst() {
            guard known.contains(setting) else {
                return diagnostics.report(
                    arguments.expects(
                        "'prefix', 'mode', 'user', 'uid', 'group' or 'gid'", found: setting,
                        suggestion: Spelling.nearest(to: setting, among: known)))
            }
            guard let value = words.popFirst() else {
                return diagnostics.report(
                    arguments.expects("a value behind '\(setting)'", found: nil))
            }
            if setting == "prefix" {
                draft.session.unixBind.prefix = value
                continue
            }
            guard let number = Ownership.number(of: setting, value, draft.session) else {
                return diagnostics.report(
                    arguments.mistake("'\(setting)' : \(Ownership.complaint(setting, value))"))
            }
            switch setting {
            case "mode": draft.session.unixBind.mode = number
            case "user", "uid": draft.session.unixBind.userID = number
            default: draft.session.unixBind.groupID = number
            }
        }
    }
}

/// Modes, users and groups of UNIX sockets.
enum Ownership {
    /// The number behind `mode`, `user`, `uid`, `group` or `gid`; nil when the value is no good.
    static func number(of setting: String, _ value: String, _ session: LoadSession) -> UInt32? {
        switch setting {
        case "mode": UInt32(value, radix: 8).flatMap { $0 <= 0o7777 ? $0 : nil }
        case "user": session.surroundings.userID(value)
        case "group": session.surroundings.groupID(value)
        default: UInt32(value).flatMap { $0 == .max ? nil : $0 }
        }
    }

    /// What to say about a value that is no good.
    static func complaint(_ setting: String, _ value: String) -> String {
        switch setting {
        case "mode": "missing or invalid mode '\(value)' (octal integer expected)"
        case "user": "unknown user name '\(value)'"
        case "group": "unknown group name '\(value)'"
        default: "expects a number, found '\(value)'"
        }
    }
}

// `log` lines, the same in global and proxy sections, and the keywords around them.
// configuration manual: log.
//
//     log <address> [len <n>] [format <f>] [sample <ranges>:<size>] <facility> [<level> [<min>]]
//     log global

import Addresses
import ConfigLanguage
import Kernel
import Proxy

extension GlobalKeywords {
    static let logging: [Row] = [
        Row(
            "log", .global,
            takes: [
                .rest("<address> [len <n>] [format <f>] [sample <s>] <facility> [<level> [<min>]]")
            ], "Sends log lines to a target."
        ) {
            draft, arguments, diagnostics in
            guard arguments.words.first != "global" else {
                return diagnostics.report(arguments.mistake("'global' is for the logs of proxies"))
            }
            if let log = LogLine.read(arguments, draft.session, &diagnostics) {
                draft.global.logs.append(log)
            }
        },
        Row(
            "log-send-hostname", .global, takes: [.word("<name>").optional],
            "Puts this or the system's host name into log lines."
        ) {
            draft, arguments, diagnostics in
            if draft.isFirst("log-send-hostname", arguments, &diagnostics) {
                draft.global.logSendHostname = arguments.optionalWord(0) ?? ""
            }
        },
        Row("log-tag", .global, takes: [.word("<tag>")], "Sets the program name in log lines.") {
            draft, arguments, _ in
            draft.global.logTag = arguments.word(0)
        },
    ]
}

extension ProxyKeywords {
    static let logging: [Row] = [
        Row(
            "log", .proxies,
            takes: [
                .rest(
                    "global | <address> [len <n>] [format <f>] [sample <s>] <facility> [<level> [<min>]]"
                )
            ], prefixes: .no, "Sends log lines to a target, or to those of the global section."
        ) {
            draft, arguments, diagnostics in
            log(&draft, arguments, &diagnostics)
        },
        Row(
            "log-steps", .clientSide, takes: [.word("{all|<step>[,<step>]...}").optional],
            "Chooses at which points of a stream lines are written."
        ) { draft, arguments, diagnostics in
            draft.proxy.logSteps = LogSteps.read(arguments, &diagnostics)
        },
        Row(
            "log-tag", .proxies, takes: [.word("<tag>")],
            "Sets the program name in this proxy's log lines."
        ) { draft, arguments, _ in
            draft.proxy.logTag = arguments.word(0)
        },
        Row(
            "option httplog", .proxies, takes: [.choice("clf").optional],
            "Logs HTTP requests with timers, captures and status."
        ) {
            draft, arguments, diagnostics in
            format(
                arguments.has(0) ? [.httpLog, .clfLog] : .httpLog, &draft, arguments, &diagnostics)
        },
        Row(
            "option httpslog", .proxies,
            "Logs HTTP requests as httplog does, with details of TLS behind the line."
        ) { draft, arguments, diagnostics in
            format([.httpLog, .httpsLog], &draft, arguments, &diagnostics)
        },
        Row(
            "option tcplog", .proxies, takes: [.choice("clf").optional],
            "Logs connections with timers and byte counts."
        ) {
            draft, arguments, diagnostics in
            format(
                arguments.has(0) ? [.tcpLog, .clfLog] : .tcpLog, &draft, arguments, &diagnostics)
        },
        Row(
            "log-format", .proxies, takes: [.word("<format>")],
            "Sets the format of log lines."
        ) { draft, arguments, diagnostics in
            ownFormat(&draft, arguments, &diagnostics)
        },
        Row(
            "error-log-format", .proxies, takes: [.word("<format>")],
            "Sets the format of lines about connections that failed early."
        ) { draft, arguments, diagnostics in
            if isIgnored(draft, arguments, &diagnostics) { return }
            draft.errorFormatLine = arguments
        },
        Row(
            "log-format-sd", .clientSide, takes: [.word("<format>")], elsewhere: .ignored,
            "Sets the structured data of log lines for targets of format rfc5424."
        ) { draft, arguments, diagnostics in
            if isIgnored(draft, arguments, &diagnostics) { return }
            draft.structuredDataLine = arguments
        },
    ]

    private static func log(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        if !arguments.isOn {
            if let extra = arguments.words.first {
                diagnostics.report(
                    arguments.mistake("cannot handle unexpected argument '\(extra)'"))
            }
            draft.proxy.logs = []
        } else if arguments.words == ["global"] {
            // Each of the global targets once, however often it is said.
            if draft.proxy.logs.contains(where: \.isGlobal) { return }
            draft.proxy.logs.append(LogConfiguration(target: .global, targetText: "global"))
        } else if let line = LogLine.read(arguments, draft.session, &diagnostics) {
            draft.proxy.logs.append(line)
        }
    }

    /// Chooses the format of the log; the last choice holds.
    private static func format(
        _ option: ProxyOptions, _ draft: inout ProxyDraft, _ arguments: KeywordArguments,
        _ diagnostics: inout Diagnostics
    ) {
        if isIgnored(draft, arguments, &diagnostics) { return }
        replace(&draft, arguments, &diagnostics)
        draft.proxy.options.formUnion(option)
    }

    private static func ownFormat(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        if isIgnored(draft, arguments, &diagnostics) { return }
        replace(&draft, arguments, &diagnostics)
    }

    /// A backend's traffic is logged by the frontend it came through.
    private static func isIgnored(
        _ draft: ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> Bool {
        guard draft.keyword == "backend" else { return false }
        diagnostics.report(
            arguments.warning(
                "\(draft.title) : '\(arguments.keyword)' directive is ignored in backends."))
        return true
    }

    /// Forgets the format chosen before, with a warning within one defaults section.
    private static func replace(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        if draft.isDefaults, let earlier = draft.logFormatLine,
            earlier.keyword != arguments.keyword
        {
            diagnostics.report(
                arguments.warning(
                    "'\(arguments.keyword)' overrides previous '\(earlier.keyword)' in 'defaults' "
                        + "section."))
        }
        draft.proxy.options.subtract([.httpLog, .httpsLog, .tcpLog, .clfLog])
        draft.logFormatLine = arguments
    }
}

/// Reads what follows `log`.
enum LogLine {
    static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2",
        "ftp",
        "ntp", "audit", "alert", "cron2", "local0", "local1", "local2", "local3", "local4",
        "local5",
        "local6", "local7",
    ]
    static let levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
    static let formats = [
        "local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw",
    ]

    /// The line, or nil after reporting what is wrong with it.
    static func read(
        _ arguments: KeywordArguments, _ session: LoadSession, _ diagnostics: inout Diagnostics
    ) -> LogConfiguration? {
        var words = arguments.words[...]
        guard words.count >= 2, let address = words.popFirst() else {
            diagnostics.report(
                arguments.expects(
                    "<address> and <facility> as arguments", found: arguments.words.first))
            return nil
        }
        do throws(LogMistake) {
            let (target, isStream) = try target(address, session)
            var log = LogConfiguration(target: target, targetText: address)
            log.place = SourcePlace(arguments.location)
            try settings(&words, &log)
            try facility(&words, &log)
            if isStream { putRing(before: &log, arguments.location, session) }
            return log
        } catch {
            diagnostics.report(arguments.mistake(error.text))
            return nil
        }
    }

    private struct LogMistake: Error { let text: String }

    private static func target(
        _ text: String, _ session: LoadSession
    ) throws(LogMistake) -> (LogConfiguration.Target, isStream: Bool) {
        switch text {
        case "stdout": return (.stdout, false)
        case "stderr": return (.stderr, false)
        default: break
        }
        if text.hasPrefix("ring@") { return (.ring(String(text.dropFirst(5))), false) }
        if text.hasPrefix("backend@") {
            throw LogMistake(text: "target '\(text)' is not supported yet")
        }
        let address: AddressSpecification
        switch session.parse(text, .log) {
        case .success(let parsed): address = parsed
        case .failure(let mistake): throw LogMistake(text: mistake.description)
        }
        if address.transport != .plain {
            throw LogMistake(text: "the protocol of '\(text)' is not supported yet")
        }
        return (try socket(address, text, session), address.socketType == .stream)
    }

    /// A target that is a stream stands behind a ring of its own.
    private static func putRing(
        before log: inout LogConfiguration, _ location: SourceLocation, _ session: LoadSession
    ) {
        guard case .datagram(let address) = log.target else { return }
        var ring = RingConfiguration(name: "ring#\(session.rings.count + 1)")
        ring.describedAs =
            "created from logserver declared into '\(location.file)' at line \(location.line)"
        ring.format = log.format
        ring.maxBytes = log.maxBytes
        ring.bytes = max(ring.bytes, 2 * log.maxBytes)
        ring.connectMilliseconds = 1000
        ring.serverMilliseconds = 5000
        ring.servers = [
            ServerConfiguration(
                name: ring.name, place: SourcePlace(location), hostText: log.targetText,
                address: address)
        ]
        session.rings.append(ring)
        log.target = .ring(ring.name)
    }

    private static func socket(
        _ address: AddressSpecification, _ text: String, _ session: LoadSession
    ) throws(LogMistake) -> LogConfiguration.Target {
        var port: UInt16 = 514
        if case .fixed(let range) = address.port { port = range.first }
        switch address.place {
        case .wildcard(let family):
            let here: IPAddress = family == .v4 ? .anyV4 : .anyV6
            return .datagram(RawSocketAddress(.ip(IPSocketAddress(here, port: port))))
        case .address(let ip):
            return .datagram(RawSocketAddress(.ip(IPSocketAddress(ip, port: port))))
        case .name(let name, let family):
            guard let ip = session.address(of: name, family: family) else {
                throw LogMistake(text: "invalid address: '\(name)' in '\(text)'")
            }
            return .datagram(RawSocketAddress(.ip(IPSocketAddress(ip, port: port))))
        case .unix(let path):
            return .datagram(RawSocketAddress(.unix(path)))
        case .descriptor(let number):
            return .descriptor(number)
        case .socketPair, .reverse:
            throw LogMistake(text: "address '\(text)' cannot take log lines")
        }
    }

    /// `len`, `format`, `sample` and `profile`, in any order.
    private static func settings(
        _ words: inout ArraySlice<String>, _ log: inout LogConfiguration
    ) throws(LogMistake) {
        while let setting = words.first, ["len", "format", "sample", "profile"].contains(setting) {
            words.removeFirst()
            let value = words.popFirst() ?? ""
            switch setting {
            case "len":
                guard case .success(let bytes) = Units.integer(value), (80...65535).contains(bytes)
                else {
                    throw LogMistake(
                        text: "invalid log length '\(value)', must be between 80 and 65535")
                }
                log.maxBytes = bytes
            case "format":
                guard formats.contains(value) else {
                    throw LogMistake(text: "unknown log format '\(value)'" + advice(value, formats))
                }
                log.format = value
            case "sample":
                try sample(value, &log)
            default:
                throw LogMistake(text: "'profile' is not supported yet")
            }
        }
    }

    /// `1,3-5:7`: which of each 7 lines are sent.
    private static func sample(
        _ text: String, _ log: inout LogConfiguration
    ) throws(LogMistake) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, case .success(let size) = Units.integer(String(parts[1])), size > 0
        else { throw LogMistake(text: "missing sample size in '\(text)'") }
        var ranges: [ClosedRange<Int>] = []
        for part in parts[0].split(separator: ",", omittingEmptySubsequences: false) {
            guard let numbers = NumberSet.parse(String(part), limit: 1_000_000),
                let first = numbers.first, let last = numbers.last, part.first?.isNumber == true
            else { throw LogMistake(text: "invalid sample range '\(part)'") }
            guard last <= size else {
                throw LogMistake(
                    text: "sample size \(size) should be greater or equal to \(last), "
                        + "the highest number of its ranges")
            }
            ranges.append(first...last)
        }
        log.sampleRanges = ranges
        log.sampleSize = size
    }

    private static func facility(
        _ words: inout ArraySlice<String>, _ log: inout LogConfiguration
    ) throws(LogMistake) {
        guard let name = words.popFirst() else {
            throw LogMistake(text: "expects <address> and <facility> as arguments")
        }
        guard let facility = facilities.firstIndex(of: name) else {
            throw LogMistake(text: "unknown log facility '\(name)'" + advice(name, facilities))
        }
        log.facility = facility
        if let name = words.popFirst() {
            guard let level = levels.firstIndex(of: name) else {
                throw LogMistake(
                    text: "unknown optional log level '\(name)'" + advice(name, levels))
            }
            log.maxLevel = level
        }
        if let name = words.popFirst() {
            guard let level = levels.firstIndex(of: name) else {
                throw LogMistake(
                    text: "unknown optional minimum log level '\(name)'" + advice(name, levels))
            }
            log.minLevel = level
        }
        if let extra = words.first {
            throw LogMistake(text: "cannot handle unexpected argument '\(extra)'")
        }
    }

    private static func advice(_ word: String, _ known: [String]) -> String {
        Spelling.nearest(to: word, among: known).map { "; did you mean '\($0)'?" } ?? ""
    }
}

extension LogSteps {
    /// What `log-steps` can name. The rules that log (`do-log`) may be named; they do so anyway.
    private static let steps: [(name: String, origin: LogOrigin)] = [
        ("accept", .accept), ("request", .request), ("connect", .connect),
        ("response", .response), ("close", .close), ("tcp-req-conn", .connectionRule),
        ("tcp-req-sess", .sessionRule), ("tcp-req-cont", .contentRequestRule),
        ("tcp-res-cont", .contentResponseRule), ("http-req", .requestRule),
        ("http-res", .responseRule), ("http-after-res", .afterResponseRule),
    ]

    /// The steps of a line; all without a word.
    fileprivate static func read(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> LogSteps? {
        guard let list = arguments.words.first, list != "all" else { return .all }
        var read: LogSteps = []
        for name in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let step = steps.first(where: { $0.name == name }) else {
                let names = steps.map(\.name)
                diagnostics.report(
                    Diagnostic(
                        .alert, at: arguments.location,
                        "'log-steps' in \(arguments.section) has no step '\(name)': it takes 'all', "
                            + "or some of \(names.joined(separator: ", "))",
                        suggestion: Spelling.nearest(to: String(name), among: names)))
                return nil
            }
            read.insert(LogSteps(step.origin))
        }
        return read
    }
}

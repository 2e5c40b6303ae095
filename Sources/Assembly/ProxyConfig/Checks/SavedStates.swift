// State files: what `show servers state` wrote before a restart, given back to the servers.
// configuration manual: load-server-state-from-file, server-state-file, server-state-base,
// server-state-file-name; management manual: show servers state (version 1).

import Addresses
import ConfigLanguage
import Kernel
import Proxy

/// Where a backend's saved states come from.
enum StateSource: Hashable {
    /// Nowhere.
    case none
    /// `global`: from `server-state-file`.
    case global
    /// `local`: from a file of the backend's own.
    case local
}

/// Gives servers the states that files remember.
///
/// Differs: the operational state is not taken over, for without health checks nothing would bring
/// a server back that was down.
struct SavedStates {
    /// `server-state-file`.
    let file: String?
    /// `server-state-base`.
    let base: String?
    private let session: LoadSession
    private var global: SavedStateFile?

    /// What the settings of the global section give.
    init(_ draft: GlobalDraft, _ session: LoadSession, _ diagnostics: inout Diagnostics) {
        file = draft.stateFile
        base = draft.stateBase
        self.session = session
        if let file {
            global = read(path(file), "global server state file", "config", &diagnostics)
        }
    }

    /// Applies what is known to a backend's servers, and reports those that are nowhere yet.
    func apply(to draft: inout ProxyDraft, _ diagnostics: inout Diagnostics) {
        if draft.proxy.capability.contains(.backend), let states = states(of: draft, &diagnostics) {
            for index in draft.proxy.servers.indices {
                let name = draft.proxy.servers[index].name
                guard let line = states[draft.proxy.name, name] else { continue }
                let isFound = apply(line, to: &draft.proxy.servers[index])
                if isFound { draft.unresolved[name] = nil }
            }
        }
        draft.reportUnresolved(&diagnostics)
    }

    private func states(
        of draft: ProxyDraft, _ diagnostics: inout Diagnostics
    ) -> SavedStateFile? {
        let name = draft.proxy.name
        switch draft.stateSource {
        case .none: return nil
        case .global:
            if file == nil {
                diagnostics.report(
                    Diagnostic(
                        .warning,
                        "backend '\(name)' configured to load server state file from global "
                            + "section 'server-state-file' directive. Unfortunately, "
                            + "'server-state-file' is not set!"))
            }
            return global
        case .local where draft.proxy.servers.isEmpty: return nil
        case .local:
            return read(
                path(draft.stateFileName ?? name), "server state file", "Proxy '\(name)'",
                &diagnostics)
        }
    }

    private func path(_ name: String) -> String {
        guard !name.hasPrefix("/"), let base else { return name }
        return base + "/" + name
    }

    /// Reads a file; says why it cannot be used.
    private func read(
        _ path: String, _ kind: String, _ title: String, _ diagnostics: inout Diagnostics
    ) -> SavedStateFile? {
        switch session.surroundings.readFile(path, Surroundings.listFileByteLimit) {
        case .failure(let failure):
            let reason =
                switch failure {
                case .tooLong(let limit): "more than \(limit) bytes"
                case .failed(let code): code.text
                }
            diagnostics.report(
                Diagnostic(.warning, "\(title): Can't open \(kind) '\(path)': \(reason)"))
            return nil
        case .success(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            guard let states = SavedStateFile(text) else {
                diagnostics.report(
                    Diagnostic(.warning, "\(title): Can't get version of the \(kind) '\(path)'."))
                return nil
            }
            if let line = states.brokenLine {
                diagnostics.report(
                    Diagnostic(.warning, "\(title): corrupted \(kind) '\(path)' at line \(line)."))
            }
            return states
        }
    }

    /// Takes a line over. True when it gave an address to a server known by its name.
    private func apply(_ line: SavedStateLine, to server: inout ServerConfiguration) -> Bool {
        // A server that was disabled only for want of an address has one now.
        let lacksAddress = server.hostName != nil && server.address.ip == nil
        if lacksAddress && server.keepsSavedAddress && line.address != nil {
            server.isDisabled = false
        }
        var admin: ServerAdminState = server.isDisabled ? .configuredMaintenance : []
        switch (line.admin.contains(.configuredMaintenance), server.isDisabled) {
        case (false, true): admin.insert(.forcedMaintenance)
        case (true, false): admin.formUnion(line.admin.intersection(.forcedDrain))
        default: admin.formUnion(line.admin.intersection([.forcedMaintenance, .forcedDrain]))
        }
        server.savedState = SavedServerState(
            admin: admin, weight: line.weight, initialWeight: line.initialWeight,
            secondsSinceChange: line.seconds)
        // An address that is written is the configuration's, but its port is the file's, as in
        // HAProxy.
        let isFixed = !server.usesClientPort && server.portOffset == nil
        let port = isFixed && line.port > 0 ? line.port : server.address.port
        guard server.keepsSavedAddress, let ip = line.address else {
            if server.address.ip != nil { server.address = server.address.with(port: port) }
            return false
        }
        server.address = RawSocketAddress(.ip(IPSocketAddress(ip, port: port)))
        return true
    }
}

/// One server of a state file.
struct SavedStateLine {
    /// `srv_addr`; nil where the server had none of IP.
    let address: IPAddress?
    /// `srv_port`.
    let port: UInt16
    /// `srv_admin_state`, as far as it says what an admin wanted.
    let admin: ServerAdminState
    /// `srv_uweight`.
    let weight: Int
    /// `srv_iweight`.
    let initialWeight: Int
    /// `srv_time_since_last_change`.
    let seconds: Int64

    /// The line's fields; nil where they are not as they should be.
    init?(_ words: [Substring]) {
        guard words.count >= 19, let admin = UInt8(words[6]), let weight = Int(words[7]),
            let initialWeight = Int(words[8]), let seconds = Int64(words[9]), seconds >= 0,
            (0...256).contains(weight), (0...256).contains(initialWeight),
            let port = UInt16(words[18])
        else { return nil }
        address = IPAddress(String(words[4]))
        self.port = port
        self.admin = ServerAdminState(rawValue: admin & 0x0D)
        self.weight = weight
        self.initialWeight = initialWeight
        self.seconds = seconds
    }
}

/// The servers of a state file, by the names of backend and server.
struct SavedStateFile {
    private var lines: [String: SavedStateLine] = [:]
    /// The number of the line at which reading ended; nil when it went to the end.
    private(set) var brokenLine: Int?

    /// Reads a file's text; nil when it is not of version 1.
    init?(_ text: String) {
        var rows = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard rows.popFirst() == "1" else { return nil }
        var number = 1
        for row in rows {
            number += 1
            let words = row.split(separator: " ")
            if words.isEmpty || row.hasPrefix("#") { continue }
            guard let line = SavedStateLine(words) else {
                brokenLine = number
                return
            }
            lines["\(words[1])/\(words[3])"] = line
        }
    }

    /// What is known of a server.
    subscript(backend: String, server: String) -> SavedStateLine? { lines["\(backend)/\(server)"] }
}

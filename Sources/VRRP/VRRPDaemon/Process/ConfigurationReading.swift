// Reads the configuration from this machine's files, and turns what there is to say about it into
// lines of the log. keepalived(8): --config-test.

import ConfigLanguage
import Kernel
import Netlink
import VRRPConfig
import VRRPTracking

/// Reads the configuration that the command line names.
struct ConfigurationReading {
    /// A line about the configuration.
    struct Line: Equatable {
        var level: LogLevel
        var text: String
    }

    private let options: Options

    init(_ options: Options) { self.options = options }

    /// Reads and checks; changes nothing.
    ///
    /// - Parameter names: keeps what is found of accounts and hosts.
    func load(_ names: NameBook = NameBook()) -> LoadedVRRPConfiguration {
        var world = surroundings(names)
        world.interfaces = Self.interfaces(in: options.networkNamespace)
        let loaded = VRRPConfigurationLoader.load(
            path: options.configurationPath, surroundings: world)
        // Interfaces are those of the namespace that the daemon runs in, which the file may name.
        guard options.networkNamespace == nil,
            let namespace = loaded.configuration?.global.networkNamespace
        else { return loaded }
        world.interfaces = Self.interfaces(in: namespace)
        return VRRPConfigurationLoader.load(
            path: options.configurationPath, surroundings: world)
    }

    /// What there is to say, in the order of the file.
    func lines(of loaded: LoadedVRRPConfiguration) -> [Line] {
        var lines = loaded.diagnostics.map { diagnostic in
            let place = diagnostic.location.map { "(\($0.file): Line \($0.line)) " } ?? ""
            return Line(level: diagnostic.level.logLevel, text: place + diagnostic.text)
        }
        if loaded.droppedCount > 0 {
            lines.append(Line(level: .warning, text: "and \(loaded.droppedCount) messages more"))
        }
        if !options.foreign.isEmpty {
            let names = options.foreign.joined(separator: ", ")
            lines.append(
                Line(
                    level: .warning,
                    text: "no effect: \(names), of subsystems that martlet-vrrp does not have"))
        }
        return lines
    }

    /// `-t`: says everything and gives the grade as exit status.
    func check(logPath: String?) -> Int32 {
        let loaded = load()
        let text = lines(of: loaded).map { "\($0.level.word): \($0.text)\n" }.joined()
        if let logPath {
            let bytes = Array(text.utf8)
            do throws(Errno) {
                try Files.write(bytes.span, to: logPath)
            } catch {
                StandardStream.error.write("cannot write \(logPath): \(error.text)\n\(text)")
            }
        } else {
            StandardStream.error.write(text)
        }
        if options.dumpsConfiguration, let configuration = loaded.configuration {
            StandardStream.output.write(dump(configuration))
        }
        return loaded.grade.rawValue
    }

    /// The configuration in its own language.
    func dump(_ configuration: VRRPConfiguration) -> String {
        VRRPConfigurationDump.text(of: configuration, hidesSecrets: true)
    }

    /// What a reload changes, for people.
    func changes(from previous: VRRPConfiguration, to next: VRRPConfiguration) -> [String] {
        guard previous != next else { return ["nothing has changed"] }
        var changes: [String] = []
        for instance in previous.instances where next.instance(named: instance.name) == nil {
            changes.append("instance \(instance.name) removed")
        }
        for instance in next.instances {
            guard let before = previous.instance(named: instance.name) else {
                changes.append("instance \(instance.name) added")
                continue
            }
            if before != instance { changes.append("instance \(instance.name) changed") }
        }
        if previous.syncGroups != next.syncGroups { changes.append("sync groups changed") }
        return changes.isEmpty ? ["other settings changed"] : changes
    }

    // MARK: Surroundings

    private func surroundings(_ names: NameBook) -> VRRPSurroundings {
        let host = CurrentProcess.hostName.prefix { $0 != "." }
        var world = VRRPSurroundings(configurationID: options.configurationID ?? String(host))
        world.read = { path, limit in
            do throws(FileFailure) {
                return .success(try Files.read(path, atMost: limit))
            } catch {
                return .failure(error)
            }
        }
        world.kind = { path in
            switch try? Files.kind(of: path) {
            case .regular: .file
            case .directory: .directory
            case nil: nil
            default: .special
            }
        }
        world.entries = { try? Files.entries(of: $0) }
        world.environment = { ProcessEnvironment.value(of: $0) }
        world.currentDirectory = CurrentProcess.directory ?? "/"
        world.userExists = { names.user(named: $0) != nil }
        world.groupExists = { names.group(named: $0) != nil }
        world.scriptFile = Self.scriptFile
        world.isPrivate = { Files.isPrivate($0) }
        world.isRoot = CurrentProcess.isRoot
        world.needsAllFiles = options.needsAllFiles
        world.randomSeed = Clock.monotonic().nanoseconds
        return world
    }

    /// The interfaces of a named namespace. Where it cannot be entered: those of the one we are in,
    /// which is the same for a daemon that has given up its rights.
    private static func interfaces(in name: String?) -> [VRRPSurroundings.Interface]? {
        guard let name, let own = try? NetworkNamespace.current(),
            let namespace = try? NetworkNamespace.named(name), (try? namespace.enter()) != nil
        else { return interfaces }
        let found = interfaces
        do throws(Errno) {
            try own.enter()
        } catch {
            fatalError("no way back from network namespace \(name): \(error.text)")
        }
        return found
    }

    /// The interfaces of the network namespace the process is in; nil when the kernel does not
    /// tell.
    private static var interfaces: [VRRPSurroundings.Interface]? {
        guard var socket = try? NetlinkSocket(), let messages = try? socket.dump(.links) else {
            return nil
        }
        return messages.compactMap { Link($0) }.map { link in
            VRRPSurroundings.Interface(
                name: link.name, isLoopback: link.flags.contains(.loopback), mtu: Int(link.mtu))
        }
    }

    private static func scriptFile(_ path: String) -> VRRPSurroundings.ScriptFile? {
        guard (try? Files.kind(of: path)) == .regular else { return nil }
        var part: String?
        switch ScriptSecurity.flaw(of: path) {
        case .foreignOwner(let path, _), .writableByOthers(let path): part = path
        case .missing, .endlessLinks, nil: part = nil
        }
        return VRRPSurroundings.ScriptFile(
            isExecutable: Files.isExecutable(path), writablePart: part)
    }
}

extension Diagnostic.Level {
    /// The level in the daemon's log.
    var logLevel: LogLevel {
        switch self {
        case .diag: .debug
        case .notice: .notice
        case .warning: .warning
        case .alert: .error
        }
    }
}

extension LogLevel {
    /// The level for people.
    var word: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .notice, .info: "notice"
        case .debug: "remark"
        }
    }
}

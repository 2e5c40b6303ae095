// A script of the configuration: its words, whose rights it runs with, and the environment it sees.

import Kernel

/// A command that is run without a shell.
public struct ScriptCommand: Equatable, Sendable {
    /// The program, a path or a name to look up, then its arguments; never empty.
    public let words: [String]
    /// Nil runs it with the daemon's own rights.
    public let identity: ProcessIdentity?
    /// The mask of new files' permissions; nil keeps the daemon's.
    public let fileModeMask: UInt32?
    /// Whether it is started by the path as configured, with its symbolic links, instead of that of
    /// the file itself. keepalived.conf(5): use_symlink_paths.
    public let keepsLinks: Bool

    /// A command of at least one word; nil for none.
    public init?(
        words: [String], identity: ProcessIdentity? = nil, fileModeMask: UInt32? = nil,
        keepsLinks: Bool = false
    ) {
        self.keepsLinks = keepsLinks
        guard let first = words.first, !first.isEmpty else { return nil }
        self.words = words
        self.identity = identity
        self.fileModeMask = fileModeMask
    }

    /// What a message calls it.
    public var name: String { words[0] }

    /// The file that would run now, found by PATH when the name has no slash; nil for none.
    public var file: String? {
        let path = ProcessEnvironment.value(of: "PATH") ?? ScriptCommand.usualSearchPath
        return Files.program(words[0], searchPath: path)
    }

    /// Where programs are sought without a PATH.
    public static let usualSearchPath =
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Variables by which a service manager speaks to the daemon alone. A script that inherits them
    /// could report the daemon ready or feed its watchdog.
    private static let ownVariables: Set<String> = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID",
        "LISTEN_FDNAMES", "MAINPID", "FDSTORE", "INVOCATION_ID", "JOURNAL_STREAM",
    ]

    /// The daemon's environment without what is meant for the daemon alone.
    static func environment() -> [String] {
        ProcessEnvironment.entries.filter { entry in
            !ownVariables.contains(String(entry.prefix { $0 != "=" }))
        }
    }

    /// What is to be started, with arguments behind the configured ones; nil when no file is found.
    func plan(adding arguments: [String] = []) -> ProgramPlan? {
        guard let file else { return nil }
        let path = keepsLinks ? file : ScriptSecurity.resolved(file) ?? file
        return ProgramPlan(
            path: path, arguments: words + arguments, environment: Self.environment(),
            identity: identity, fileModeMask: fileModeMask)
    }
}

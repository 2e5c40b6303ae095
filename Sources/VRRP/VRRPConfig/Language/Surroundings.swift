// What the world looks like to a configuration: files, accounts, interfaces, environment. Injected,
// so that reading is pure and tests can make any world.

import Kernel

/// The world around a configuration, as far as reading it asks.
public struct VRRPSurroundings {
    /// What a path names.
    public enum PathKind: Equatable, Sendable {
        case file, directory, special
    }

    /// What is known about an interface.
    public struct Interface: Equatable, Sendable {
        /// The interface's name.
        public var name: String
        /// Whether it is a loopback interface, on which no instance runs.
        public var isLoopback: Bool
        /// The most bytes of a packet.
        public var mtu: Int

        /// An interface.
        public init(name: String, isLoopback: Bool = false, mtu: Int = 1500) {
            self.name = name
            self.isLoopback = isLoopback
            self.mtu = mtu
        }
    }

    /// What a path is as far as running it as a script is concerned.
    public struct ScriptFile: Equatable, Sendable {
        /// Whether it can be executed by somebody.
        public var isExecutable: Bool
        /// The first part of the path that somebody other than root can write; nil: none.
        public var writablePart: String?

        /// A script's file.
        public init(isExecutable: Bool, writablePart: String? = nil) {
            self.isExecutable = isExecutable
            self.writablePart = writablePart
        }
    }

    /// Reads a file, at most so many bytes.
    public var read: (_ path: String, _ limitBytes: Int) -> Result<[UInt8], FileFailure>
    /// What a path names; nil: nothing.
    public var kind: (_ path: String) -> PathKind?
    /// The names in a directory in order; nil: it cannot be read.
    public var entries: (_ directory: String) -> [String]?
    /// A variable of the environment, for `${_ENV NAME}`.
    public var environment: (_ name: String) -> String?
    /// Where relative paths begin.
    public var currentDirectory: String
    /// The name that `@id` lines are compared with, and `${_INSTANCE}`.
    public var configurationID: String
    /// All interfaces of the host; nil: not looked at, and no message about missing ones.
    public var interfaces: [Interface]?
    /// Whether there is a user of that name.
    public var userExists: (_ name: String) -> Bool
    /// Whether there is a group of that name.
    public var groupExists: (_ name: String) -> Bool
    /// The file of a script by full path; nil: there is none.
    public var scriptFile: (_ path: String) -> ScriptFile?
    /// Whether only its owner can read and write a file.
    public var isPrivate: (_ path: String) -> Bool
    /// Whether the daemon would run scripts as root when no other user is named.
    public var isRoot: Bool
    /// Whether a file that is missing or cannot be read makes the whole configuration unusable.
    /// keepalived(8): --all-config.
    public var needsAllFiles = false
    /// Where `${_RANDOM}` begins when no seed is configured.
    public var randomSeed: UInt64

    /// A world without files, where every account and no script exists.
    public init(configurationID: String = "localhost") {
        read = { _, _ in .failure(.failed(Errno(2))) }
        kind = { _ in nil }
        entries = { _ in nil }
        environment = { _ in nil }
        currentDirectory = "/"
        self.configurationID = configurationID
        interfaces = nil
        userExists = { _ in true }
        groupExists = { _ in true }
        scriptFile = { _ in nil }
        isPrivate = { _ in true }
        isRoot = true
        randomSeed = 1
    }
}

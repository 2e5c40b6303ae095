// A whole configuration as one value: what a file in keepalived's language says, with every default
// filled in. The daemon reads nothing else; two values that are equal ask for the same daemon.

import Addresses
import ConfigLanguage

/// Where a block begins. Never counts when definitions are compared: a block that only moved down a
/// line is the same definition, and a reload must leave its instance alone.
public struct DefinitionPlace: Equatable, Sendable, CustomStringConvertible {
    /// File and line, nil for a definition that no file holds.
    public var location: SourceLocation?

    /// A place in a file, or none.
    public init(_ location: SourceLocation? = nil) { self.location = location }

    /// Always true.
    public static func == (left: DefinitionPlace, right: DefinitionPlace) -> Bool { true }

    /// `file:line`.
    public var description: String {
        location.map { "\($0.file):\($0.line)" } ?? "nowhere"
    }
}

/// Everything that a configuration file of the virtual-address daemon can say.
public struct VRRPConfiguration: Equatable, Sendable {
    /// `global_defs` and the keywords outside all blocks.
    public var global = GlobalDefinitions()
    /// `interface_up_down_delays`: debouncing by interface, in the order of the file.
    public var interfaceDelays: [InterfaceDelays] = []
    /// `linkbeat_interfaces`: interfaces whose carrier is polled.
    public var polledInterfaces: [PolledInterface] = []
    /// `track_group`: instances that follow static addresses, routes and rules.
    public var trackGroups: [TrackGroup] = []
    /// `static_ipaddress`: addresses that stay for the daemon's life.
    public var staticAddresses: [VirtualAddress] = []
    /// `static_routes`: routes that stay for the daemon's life.
    public var staticRoutes: [VirtualRoute] = []
    /// `static_rules`: rules that stay for the daemon's life.
    public var staticRules: [VirtualRule] = []
    /// `track_file`.
    public var trackFiles: [TrackFileDefinition] = []
    /// `vrrp_track_process`.
    public var trackProcesses: [TrackProcessDefinition] = []
    /// `vrrp_script`.
    public var scripts: [ScriptDefinition] = []
    /// `bfd_instance`.
    public var bfdInstances: [BFDDefinition] = []
    /// `track_martlet`: the health of a proxy.
    public var martlets: [MartletDefinition] = []
    /// `track_check`: built-in checks.
    public var checks: [CheckDefinition] = []
    /// `garp_group`.
    public var announcementGroups: [AnnouncementGroup] = []
    /// `vrrp_sync_group`.
    public var syncGroups: [SyncGroupDefinition] = []
    /// `vrrp_instance`, in the order of the file.
    public var instances: [InstanceDefinition] = []

    /// An empty configuration.
    public init() {}

    /// The instance of that name.
    public func instance(named name: String) -> InstanceDefinition? {
        instances.first { $0.name == name }
    }

    /// The sync group that holds an instance, if one does.
    public func syncGroup(of instance: String) -> SyncGroupDefinition? {
        syncGroups.first { $0.members.contains(instance) }
    }

    /// All scripts that are named somewhere.
    public var commands: [ScriptCommand] {
        let alone = [
            global.startupScript, global.shutdownScript, global.notifyFifo?.script,
            global.vrrpNotifyFifo?.script,
        ]
        return alone.compactMap { $0 } + scripts.map(\.command)
            + instances.flatMap(\.notify.commands) + syncGroups.flatMap(\.notify.commands)
    }
}

/// A line of `interface_up_down_delays`.
public struct InterfaceDelays: Equatable, Sendable {
    /// The interface's name.
    public var interface: String
    /// How long a link must be down before it counts as down.
    public var downNanoseconds: UInt64
    /// How long a link must be up before it counts as up.
    public var upNanoseconds: UInt64

    /// Delays of one interface.
    public init(interface: String, downNanoseconds: UInt64, upNanoseconds: UInt64) {
        self.interface = interface
        self.downNanoseconds = downNanoseconds
        self.upNanoseconds = upNanoseconds
    }
}

/// A line of `linkbeat_interfaces`.
public struct PolledInterface: Equatable, Sendable {
    /// How the carrier is asked for.
    public enum Method: String, Equatable, Sendable, CaseIterable {
        /// SIOCGMIIREG.
        case mii = "MII"
        /// ETHTOOL_GLINK.
        case ethtool = "ETHTOOL"
        /// SIOCGIFFLAGS.
        case flags = "IOCTL"
    }

    /// The interface's name.
    public var interface: String
    /// The preferred way; nil tries them in order.
    public var method: Method?

    /// An interface that is polled.
    public init(interface: String, method: Method? = nil) {
        self.interface = interface
        self.method = method
    }
}

/// `track_group`: instances that follow static addresses, routes and rules.
public struct TrackGroup: Equatable, Sendable {
    /// The group's name.
    public var name: String
    /// Names of instances.
    public var members: [String] = []
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// An empty group.
    public init(name: String) { self.name = name }
}

/// `garp_group`: interfaces that share spacing between their announcements.
public struct AnnouncementGroup: Equatable, Sendable {
    /// Time between two gratuitous ARPs; nil leaves the global value.
    public var arpIntervalNanoseconds: UInt64?
    /// Time between two unsolicited neighbour advertisements; nil leaves the global value.
    public var neighbourIntervalNanoseconds: UInt64?
    /// The interfaces that share the spacing.
    public var interfaces: [String] = []
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// An empty group.
    public init() {}
}

/// A script or program with its arguments and the account it runs under.
public struct ScriptCommand: Equatable, Sendable {
    /// The program and its arguments, quotes and escapes resolved. Never empty.
    public var arguments: [String]
    /// The user, resolved from the keyword, `script_user` or the default; nil: the daemon's own.
    public var user: String?
    /// The group; nil: the user's group.
    public var group: String?

    /// A command.
    public init(arguments: [String], user: String? = nil, group: String? = nil) {
        self.arguments = arguments
        self.user = user
        self.group = group
    }
}

/// A `*_notify_fifo` with the script that reads it.
public struct NotifyFifo: Equatable, Sendable {
    /// The fifo's path.
    public var path: String
    /// Who owns the fifo; nil: the default script user.
    public var user: String?
    /// The fifo's group; nil: the user's group.
    public var group: String?
    /// Started with the fifo's path as last argument.
    public var script: ScriptCommand?

    /// A fifo.
    public init(path: String) { self.path = path }
}

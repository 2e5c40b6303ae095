// What `global_defs` and the keywords outside all blocks say about the daemon as a whole. Defaults
// for instances are here only until loading ends: instances then hold resolved values.

import Addresses
import ConfigLanguage

/// `global_defs`. keepalived.conf(5): Global definitions.
public struct GlobalDefinitions: Equatable, Sendable {
    // Outside of all blocks.

    /// `net_namespace`: the network namespace to run in.
    public var networkNamespace: String?
    /// `instance`: a name that pid and state files carry.
    public var instanceName: String?
    /// `use_pid_dir`: pid files stand in a directory of their own.
    public var usesPIDDirectory = false
    /// `child_wait_time`: seconds that children may take to end.
    public var childWaitSeconds = 5
    /// `linkbeat_use_polling`: carriers are polled on all interfaces.
    public var pollsAllLinks = false

    // Identity and mail.

    /// `router_id`; nil: the host's name.
    public var routerID: String?
    /// `notification_email`, `smtp_server` and what belongs to them.
    public var mail = MailSettings()

    // Scripts.

    /// `script_user`: the account of scripts that name none; nil: `keepalived_script` or our own.
    public var scriptUser: String?
    /// The group given with `script_user`.
    public var scriptGroup: String?
    /// `enable_script_security`: refuses root scripts whose path others can write.
    public var enforcesScriptSecurity = false
    /// `use_symlink_paths`: script paths keep their symbolic links.
    public var keepsSymbolicLinks = false
    /// `startup_script`, run once before instances start.
    public var startupScript: ScriptCommand?
    /// `startup_script_timeout`, seconds.
    public var startupScriptTimeoutSeconds = 10
    /// `shutdown_script`, run once when all has ended.
    public var shutdownScript: ScriptCommand?
    /// `shutdown_script_timeout`, seconds.
    public var shutdownScriptTimeoutSeconds = 10

    // Notification.

    /// `notify_fifo`.
    public var notifyFifo: NotifyFifo?
    /// `vrrp_notify_fifo`.
    public var vrrpNotifyFifo: NotifyFifo?
    /// `fifo_write_vrrp_states_on_reload`.
    public var writesStatesOnReload = false

    // Protocol.

    /// `vrrp_mcast_group4`.
    public var multicastGroup4 = IPAddress(v4: 0xE000_0012)
    /// `vrrp_mcast_group6`.
    public var multicastGroup6 = IPAddress(v6High: 0xFF02_0000_0000_0000, low: 0x12)
    /// `default_interface`: for static addresses that name none; `eth0` by default.
    public var defaultInterface = "eth0"
    /// `vrrp_garp_interval`: spacing of gratuitous ARPs on an interface; 0: none.
    public var arpIntervalNanoseconds: UInt64 = 0
    /// `vrrp_gna_interval`: spacing of neighbour advertisements on an interface; 0: none.
    public var neighbourIntervalNanoseconds: UInt64 = 0
    /// `vrrp_startup_delay`: instances wait so long after the start.
    public var startupDelayNanoseconds: UInt64 = 0
    /// `vrrp_delay_after_boot`: instances wait until the host has been up for so long.
    public var delayAfterBootNanoseconds: UInt64 = 0
    /// `log_unknown_vrids`.
    public var logsUnknownVRIDs = false
    /// `dynamic_interfaces`: interfaces may be missing at the start.
    public var allowsMissingInterfaces = false
    /// `vmac_prefix`: beginning of the names of generated macvlans.
    public var virtualMACPrefix = "vrrp"
    /// `vmac_addr_prefix`: the same for macvlans of addresses on other interfaces.
    public var addressVirtualMACPrefix = "vrrp"
    /// `disable_local_igmp`.
    public var disablesLocalIGMP = false

    // Firewall.

    /// `nftables`: the table's name.
    public var nftablesTable = "keepalived"
    /// `nftables_priority`.
    public var nftablesPriority = -1
    /// `nftables_counters`.
    public var nftablesCounters = false

    // Scheduling and memory.

    /// `vrrp_priority`: nice value, -20 to 19.
    public var niceValue: Int?
    /// `vrrp_rt_priority`: real-time priority, 1 to 99.
    public var realTimePriority: Int?
    /// `vrrp_rlimit_rttime`, microseconds.
    public var realTimeLimitMicroseconds: Int?
    /// `max_auto_priority`: highest real-time priority taken when timers come late; 0: none.
    public var automaticPriorityLimit = 0
    /// `min_auto_priority_delay`, microseconds.
    public var automaticPriorityDelayMicroseconds = 1_000_000
    /// `vrrp_no_swap`: memory stays in memory.
    public var locksMemory = false
    /// `vrrp_cpu_affinity`: numbers of processors; empty: all.
    public var processors: [Int] = []
    /// `vrrp_netlink_cmd_rcv_bufs`, bytes.
    public var netlinkCommandBufferBytes: Int?
    /// `vrrp_netlink_cmd_rcv_bufs_force`.
    public var forcesNetlinkCommandBuffer = false
    /// `vrrp_netlink_monitor_rcv_bufs`, bytes.
    public var netlinkMonitorBufferBytes: Int?
    /// `vrrp_netlink_monitor_rcv_bufs_force`.
    public var forcesNetlinkMonitorBuffer = false
    /// `process_monitor_rcv_bufs`, bytes.
    public var processMonitorBufferBytes: Int?
    /// `process_monitor_rcv_bufs_force`.
    public var forcesProcessMonitorBuffer = false
    /// `vrrp_rx_bufs_policy`.
    public var receiveBufferPolicy = ReceiveBufferPolicy.system
    /// `vrrp_rx_bufs_multiplier`.
    public var receiveBufferMultiplier = 3
    /// `umask`; nil: the command line's or the default.
    public var fileModeMask: Int?

    // Reload and state files.

    /// `reload_check_config`: validate before reloading (always done here).
    public var checksBeforeReload = false
    /// The log file of `reload_check_config`.
    public var reloadCheckLog: String?
    /// `reload_time_file`.
    public var reloadTimeFile: String?
    /// `reload_repeat`.
    public var repeatsReload = false
    /// `reload_file`: locks out writers while files are read; empty: the default name.
    public var reloadFile: String?
    /// `data_use_instance`: state files carry the instance's name.
    public var stateFilesCarryInstance = false
    /// `state_file_location`.
    public var stateFilePath: String?
    /// `stats_file_location`.
    public var statsFilePath: String?
    /// `json_file_location`.
    public var jsonFilePath: String?
    /// `json_version`, 1 or 2.
    public var jsonVersion = 1
    /// `random_seed`: what `${_RANDOM}` starts from.
    public var randomSeed: UInt64?
    /// `iproute_usr_dir`: where names of tables, protocols and scopes stand.
    public var iprouteUserDirectory: String?
    /// `iproute_etc_dir`.
    public var iprouteSystemDirectory: String?

    // Ours.

    /// `status_socket PATH [MODE]`: where `martlet-vrrp status` asks.
    public var statusSocket: StatusSocket?
    /// `metrics_listen ADDR:PORT`: Prometheus metrics over HTTP, loopback only.
    public var metricsAddress: IPSocketAddress?
    /// `events_file PATH`: one JSON object a line for each event.
    public var eventsFile: String?

    /// The defaults of the manual.
    public init() {}
}

/// How large receive buffers of VRRP sockets are. keepalived.conf(5): vrrp_rx_bufs_policy.
public enum ReceiveBufferPolicy: Equatable, Sendable {
    /// The kernel's default.
    case system
    /// The interface's MTU times the multiplier, for each instance.
    case mtu
    /// The advertisement's size times the multiplier, for each instance.
    case advert
    /// So many bytes.
    case bytes(Int)
}

/// `status_socket`.
public struct StatusSocket: Equatable, Sendable {
    /// The socket's path.
    public var path: String
    /// Permission bits, 0600 by default.
    public var mode: UInt32

    /// A socket at a path.
    public init(path: String, mode: UInt32 = 0o600) {
        self.path = path
        self.mode = mode
    }
}

/// Mail at transitions.
public struct MailSettings: Equatable, Sendable {
    /// `notification_email`: who gets mail, each as `a@b` or `Name <a@b>`.
    public var recipients: [String] = []
    /// `notification_email_from`; nil: `keepalived@HOST`.
    public var sender: String?
    /// `smtp_server`: an address or name; nil: 127.0.0.1.
    public var server: String?
    /// Where mail goes: an address or a name.
    public var host: String { server ?? "127.0.0.1" }
    /// The port behind `smtp_server`.
    public var port: UInt16 = 25
    /// `smtp_helo_name`; nil: the host's name.
    public var heloName: String?
    /// `smtp_connect_timeout`.
    public var timeoutNanoseconds: UInt64 = 30_000_000_000
    /// `no_email_faults`: no mail about faults.
    public var omitsFaults = false

    /// No mail.
    public init() {}
}

// Which scripts a transition runs, and with which arguments. keepalived.conf(5): notify_master,
// notify; the order and the arguments as keepalived 2.2.7 has them.

/// What a notification is about.
public enum NotifySubject: Equatable, Sendable {
    case instance(String)
    case group(String)

    /// The word of scripts and lines: `INSTANCE` or `GROUP`.
    public var word: String {
        switch self {
        case .instance: "INSTANCE"
        case .group: "GROUP"
        }
    }

    /// The name in the configuration.
    public var name: String {
        switch self {
        case .instance(let name), .group(let name): name
        }
    }
}

/// What has happened.
public enum NotifyEvent: Equatable, Sendable {
    ///
    /// An instance that a reload removes is `deleted` only where `notify_deleted` is given; without
    /// it keepalived tells `fault`, and so must whoever adds events.
    case master, backup, fault, stop, deleted
    /// A master has heard an advert of lower priority.
    case masterHeardLowerPriority
    /// The priority has changed while master or backup; only for fifos.
    case masterPriority, backupPriority

    /// The word of scripts and lines.
    public var word: String {
        switch self {
        case .master: "MASTER"
        case .backup: "BACKUP"
        case .fault: "FAULT"
        case .stop: "STOP"
        case .deleted: "DELETED"
        case .masterHeardLowerPriority: "MASTER_RX_LOWER_PRI"
        case .masterPriority: "MASTER_PRIORITY"
        case .backupPriority: "BACKUP_PRIORITY"
        }
    }

    /// Whether it is one of the states an instance or group can be left in.
    public var isState: Bool {
        switch self {
        case .master, .backup, .fault, .stop, .deleted: true
        case .masterHeardLowerPriority, .masterPriority, .backupPriority: false
        }
    }
}

/// The scripts of one instance or group.
public struct NotifyScripts: Equatable, Sendable {
    /// `notify_master`.
    public var master: ScriptCommand?
    /// `notify_backup`.
    public var backup: ScriptCommand?
    /// `notify_fault`.
    public var fault: ScriptCommand?
    /// `notify_stop`.
    public var stop: ScriptCommand?
    /// `notify_deleted`.
    public var deleted: ScriptCommand?
    /// `notify_master_rx_lower_pri`.
    public var masterHeardLowerPriority: ScriptCommand?
    /// Runs behind the others, with four arguments more.
    public var any: ScriptCommand?

    /// No scripts.
    public init() {}

    /// The script of an event alone; nil for none.
    func script(of event: NotifyEvent) -> ScriptCommand? {
        switch event {
        case .master: master
        case .backup: backup
        case .fault: fault
        case .stop: stop
        case .deleted: deleted
        case .masterHeardLowerPriority: masterHeardLowerPriority
        case .masterPriority, .backupPriority: nil
        }
    }

    /// What a transition runs, in order, each with the arguments to add.
    ///
    /// - Parameter priority: of the instance; keepalived has 0 for groups.
    public func commands(
        for event: NotifyEvent, of subject: NotifySubject, priority: Int
    ) -> [(command: ScriptCommand, added: [String])] {
        var list: [(command: ScriptCommand, added: [String])] = []
        if let own = script(of: event) { list.append((own, [])) }
        if let any, event.isState {
            list.append((any, [subject.word, subject.name, event.word, String(priority)]))
        }
        return list
    }
}

// Tells scripts, fifos and people what happens to instances and groups: one queue for each, so that
// the order of scripts is the order of events. keepalived.conf(5): notify_*, *_fifo, smtp_*.

import Addresses
import Daemon
import Kernel
import VRRPConfig
import VRRPProtocol
import VRRPTracking

/// Runs notify scripts, writes to fifos, sends mail.
final class Notifier {
    private unowned let routers: VirtualRouters
    private var queues: [String: NotifyQueue] = [:]
    private var fifos: [(definition: VRRPConfig.NotifyFifo, fifo: VRRPTracking.NotifyFifo)] = []
    private var mail: MailSender?
    private var mailDefinition: VRRPConfig.MailSettings?
    /// Mails that were given up, by whom they were about.
    private var lostMails: [String: UInt64] = [:]

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// Opens and closes what a configuration names; what is the same stays open.
    func follow(_ global: GlobalDefinitions) {
        let wanted = [global.notifyFifo, global.vrrpNotifyFifo].compactMap { $0 }
        for entry in fifos where !wanted.contains(entry.definition) { entry.fifo.stop() }
        fifos.removeAll { entry in !wanted.contains(entry.definition) }
        for definition in wanted where !fifos.contains(where: { $0.definition == definition }) {
            open(definition)
        }
        let configuration = routers.configuration
        // Accounts that are missing are said now, and known when something happens.
        for settings in configuration.instances.map(\.notify)
            + configuration.syncGroups.map(\.notify)
        {
            _ = NotifyScripts(settings, rules: routers.scriptRules)
        }
        let named = Set(
            configuration.instances.map { NotifySubject.instance($0.name).key }
                + configuration.syncGroups.map { NotifySubject.group($0.name).key })
        queues = queues.filter { named.contains($0.key) || !$0.value.isIdle }
        lostMails = lostMails.filter { named.contains($0.key) }
        followMail(global)
    }

    private func open(_ definition: VRRPConfig.NotifyFifo) {
        var settings = NotifyFifoSettings(path: definition.path)
        let book = routers.scriptRules.book
        settings.userID = definition.user.flatMap { book.user(named: $0)?.id }
        settings.groupID =
            definition.group.flatMap { book.group(named: $0)?.id }
            ?? definition.user.flatMap { book.user(named: $0)?.groupID }
        settings.script = definition.script.flatMap { routers.scriptRules.runnable($0) }
        let fifo = VRRPTracking.NotifyFifo(settings, on: routers.loop, log: routers.log.tracking)
        do throws(NamedPipeFailure) {
            try fifo.start()
            fifos.append((definition, fifo))
        } catch {
            routers.log.say(.error, "cannot open fifo \(definition.path): \(error.text)")
        }
    }

    private func followMail(_ global: GlobalDefinitions) {
        // A host that was not found may be known by now.
        guard mailDefinition != global.mail || mail == nil else { return }
        mailDefinition = global.mail
        mail?.cancel()
        mail = nil
        guard !global.mail.recipients.isEmpty else { return }
        guard let address = routers.scriptRules.book.address(of: global.mail.host) else {
            return routers.log.say(
                .error, "no address for the mail server \(global.mail.host): no mail")
        }
        let own = global.mail.heloName ?? CurrentProcess.hostName
        mail = MailSender(
            VRRPTracking.MailSettings(
                server: .ip(IPSocketAddress(address, port: global.mail.port)), helloName: own,
                sender: global.mail.sender ?? "keepalived@\(CurrentProcess.hostName)",
                recipients: global.mail.recipients, connectTimeout: global.mail.timeoutNanoseconds),
            on: routers.loop, log: routers.log.tracking)
    }

    /// Something happened to an instance.
    func tell(_ event: NotifyEvent, _ instance: Instance) {
        tell(
            event, .instance(instance.name), instance.definition.notify,
            Int(instance.election.runningPriority))
    }

    /// Tells fifos the states of instances and groups as they are:
    /// `fifo_write_vrrp_states_on_reload`.
    func tellStates() {
        for instance in routers.instances {
            guard let event = NotifyEvent(instance.election.state) else { continue }
            let priority = Int(instance.election.runningPriority)
            for entry in fifos {
                entry.fifo.tell(event, of: .instance(instance.name), priority: priority)
            }
        }
        for group in routers.groups {
            guard let event = NotifyEvent(group.state) else { continue }
            for entry in fifos { entry.fifo.tell(event, of: .group(group.name), priority: 0) }
        }
    }

    /// Something happened to a group.
    func tell(_ event: NotifyEvent, _ group: Group) {
        tell(event, .group(group.name), group.definition.notify, 0)
    }

    private func tell(
        _ event: NotifyEvent, _ subject: NotifySubject, _ settings: NotifySettings, _ priority: Int
    ) {
        if event.isState || event == .masterHeardLowerPriority || settings.tellsPriorityChanges {
            for entry in fifos { entry.fifo.tell(event, of: subject, priority: priority) }
        }
        if settings.sendsMail { sendMail(event, subject, priority) }
        let scripts = NotifyScripts(settings, rules: routers.scriptRules)
        let key = subject.key
        if queues[key] == nil, scripts == NotifyScripts() { return }
        let queue =
            queues[key]
            ?? NotifyQueue(subject, scripts, on: routers.loop, log: routers.log.tracking)
        queues[key] = queue
        queue.scripts = scripts
        queue.add(event, priority: priority)
    }

    private func sendMail(_ event: NotifyEvent, _ subject: NotifySubject, _ priority: Int) {
        let global = routers.configuration.global
        if event == .fault, global.mail.omitsFaults { return }
        let message = MailMessage.about(
            event, of: subject, priority: priority,
            host: global.routerID ?? CurrentProcess.hostName,
            time: Clock.calendarMicroseconds() / 1_000_000)
        guard let message else { return }
        let lose = { [unowned self] in lostMails[subject.key, default: 0] += 1 }
        if let mail {
            mail.send(message, onLoss: lose)
        } else if !global.mail.recipients.isEmpty {
            // That its server has no address was said when it was looked for.
            lose()
        }
    }

    /// How many scripts of an instance have run, and how many notifications came to nothing:
    /// scripts that failed or were not run, events that were not told, mails that were given up.
    func counters(of instance: Instance) -> (runs: UInt64, failures: UInt64) {
        let subject = NotifySubject.instance(instance.name)
        let lost = lostMails[subject.key, default: 0]
        guard let queue = queues[subject.key]?.counters else { return (0, lost) }
        return (queue.runs, queue.failures + queue.dropped + lost)
    }

    /// Whether all scripts have ended, and no mail is under way to a server that answers.
    var isIdle: Bool {
        guard queues.values.allSatisfy(\.isIdle) else { return false }
        return mail.map { $0.isIdle || $0.isResting } ?? true
    }

    /// Lets fifos take their last lines and closes them.
    func close(_ body: @escaping () -> Void) {
        guard let last = fifos.popLast() else { return body() }
        last.fifo.stop { [unowned self] in close(body) }
    }

    /// Ends what still runs.
    func cancel() {
        for queue in queues.values { queue.cancel() }
        mail?.cancel()
    }
}

extension NotifySubject {
    /// What it is found by.
    fileprivate var key: String { "\(word) \(name)" }
}

extension NamedPipeFailure {
    /// Why, in a few words.
    fileprivate var text: String {
        switch self {
        case .isNoPipe: "it is no pipe"
        case .failed(let error): error.text
        }
    }
}

extension NotifyEvent {
    /// The event of having come to a state; nil for none.
    init?(_ state: Election.State) {
        switch state {
        case .master: self = .master
        case .backup: self = .backup
        case .fault: self = .fault
        case .initial: return nil
        }
    }
}

extension NotifyScripts {
    /// The scripts of a configuration.
    init(_ settings: NotifySettings, rules: ScriptRules) {
        self.init()
        master = settings.master.flatMap { rules.runnable($0) }
        backup = settings.backup.flatMap { rules.runnable($0) }
        fault = settings.fault.flatMap { rules.runnable($0) }
        stop = settings.stop.flatMap { rules.runnable($0) }
        deleted = settings.deleted.flatMap { rules.runnable($0) }
        any = settings.any.flatMap { rules.runnable($0) }
        masterHeardLowerPriority = settings.masterHearsLowerPriority.flatMap { rules.runnable($0) }
    }
}

extension DaemonLog {
    /// The log as trackers know it.
    var tracking: TrackingLog {
        { [unowned self] level, text in
            switch level {
            case .notice: say(.info, text)
            case .warning: say(.warning, text)
            case .error: say(.error, text)
            }
        }
    }
}

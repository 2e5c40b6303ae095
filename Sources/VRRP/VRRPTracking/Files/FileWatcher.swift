// Hears of changes to files that may not exist yet, in directories that may not exist yet: one
// inotify instance for all tracked files, because the kernel gives a user few of them.

import Daemon
import Kernel

/// Watches directories and files for whoever subscribes; belongs to the loop's thread.
public final class FileWatcher {
    /// Takes an event of a watched path. The name is empty for the path itself.
    typealias Handler = (FileChanges, String) -> Void

    /// Names a subscription.
    struct Subscription: Hashable {
        fileprivate let watch: Int32
        fileprivate let serial: UInt64
    }

    private let loop: ControlLoop
    private let inotify: Inotify
    private var handlers: [Int32: [UInt64: Handler]] = [:]
    private var lastSerial: UInt64 = 0
    /// What to do when events were lost or a watch has ended: look at everything again.
    private var overflowHandlers: [ObjectIdentifier: () -> Void] = [:]

    /// Opens the instance and joins the loop.
    public init(on loop: ControlLoop) throws(Errno) {
        self.loop = loop
        inotify = try Inotify()
        try loop.watch(inotify.number, for: .readable) { [weak self] _ in self?.read() }
    }

    deinit { loop.unwatch(inotify.number) }

    /// Subscribes to a directory or file that exists.
    func subscribe(to path: String, _ handler: @escaping Handler) throws(Errno) -> Subscription {
        let watch = try inotify.watch(path, for: .all)
        lastSerial += 1
        handlers[watch, default: [:]][lastSerial] = handler
        return Subscription(watch: watch, serial: lastSerial)
    }

    /// Ends a subscription.
    func unsubscribe(_ subscription: Subscription) {
        guard handlers[subscription.watch]?.removeValue(forKey: subscription.serial) != nil
        else { return }
        if handlers[subscription.watch]?.isEmpty == true {
            handlers[subscription.watch] = nil
            inotify.unwatch(subscription.watch)
        }
    }

    /// Calls `body` whenever events were lost.
    func onOverflow(of owner: AnyObject, _ body: (() -> Void)?) {
        overflowHandlers[ObjectIdentifier(owner)] = body
    }

    private func read() {
        for event in inotify.read() {
            if event.changes.contains(.overflow) {
                for body in Array(overflowHandlers.values) { body() }
                continue
            }
            let serials = (handlers[event.watch] ?? [:]).keys.sorted()
            for serial in serials {
                // A handler may have ended the subscription of the next.
                handlers[event.watch]?[serial]?(event.changes, event.name)
            }
            if event.changes.contains(.ended) { handlers[event.watch] = nil }
        }
    }
}

// A file that holds a number, followed by inotify. keepalived.conf(5): track_file.

import Bytes
import Daemon
import Kernel

/// How a file is tracked.
public struct FileTrackerSettings: Equatable, Sendable {
    /// What `init_file` asks for.
    public struct Initial: Equatable, Sendable {
        /// The number that is written.
        public var value: Int32
        /// Whether a file that exists is written as well.
        public var isOverwriting: Bool

        public init(value: Int32 = 0, isOverwriting: Bool = false) {
            self.value = value
            self.isOverwriting = isOverwriting
        }
    }

    /// The name in the configuration.
    public var name: String
    /// Where the file is, or will be.
    public var path: String
    /// What is written at the start; nil writes nothing.
    public var initial: Initial?

    public init(name: String, path: String, initial: Initial? = nil) {
        self.name = name
        self.path = path
        self.initial = initial
    }
}

/// Tells the number in a file, 0 while there is no file, whenever it changes.
///
/// The file is read when a writer closes it and when a file is moved to its name, so a value is
/// never seen half written. While its directory is missing the nearest one above is watched. What
/// no event tells (a directory above is given another name, a file server's files) is found by a
/// look at the file's stamp once a second.
public final class FileTracker {
    /// How it is tracked.
    public let settings: FileTrackerSettings
    /// The number; 0 before the start.
    public private(set) var value: Int32 = 0
    /// Whether the file was there when last looked at.
    public private(set) var exists = false
    /// Figures for status: a run is a look into the file, a failure one that found no number.
    public private(set) var counters = TrackingCounters()

    private let loop: ControlLoop
    private let watcher: FileWatcher
    private let log: TrackingLog
    private let onChange: (Int32) -> Void
    private var isRunning = false
    private var isKnown = false
    private var directory: FileWatcher.Subscription?
    private var watchedDirectory = ""
    private var file: FileWatcher.Subscription?
    private var series: ControlTimer?
    private var stamp: FileStamp?
    private let fileDirectory: String
    private let fileName: String

    /// A tracker that does nothing before ``start()``.
    ///
    /// - Parameter onChange: called with the first number and with each that differs.
    public init(
        _ settings: FileTrackerSettings, watcher: FileWatcher, on loop: ControlLoop,
        log: @escaping TrackingLog, onChange: @escaping (Int32) -> Void
    ) {
        self.settings = settings
        self.watcher = watcher
        self.loop = loop
        self.log = log
        self.onChange = onChange
        (fileDirectory, fileName) = FileTracker.split(settings.path)
    }

    /// Writes the first value if asked to, reads the file and begins to watch it.
    public func start() {
        if isRunning { return }
        isRunning = true
        writeInitial()
        watcher.onOverflow(of: self) { [weak self] in self?.lookAgain() }
        lookAgain()
        series = loop.every(milliseconds: FileTracker.pollMilliseconds) { [weak self] in
            self?.compareStamp()
        }
    }

    /// Milliseconds between two looks at the file's stamp.
    static let pollMilliseconds = 1000
    /// Nanoseconds a file is left alone after it was written to.
    static let settleNanoseconds: Int64 = 200_000_000

    /// Ends watching.
    public func stop() {
        if !isRunning { return }
        isRunning = false
        isKnown = false
        watcher.onOverflow(of: self, nil)
        if let series { loop.cancel(series) }
        series = nil
        endWatches()
    }

    private func endWatches() {
        if let directory { watcher.unsubscribe(directory) }
        if let file { watcher.unsubscribe(file) }
        directory = nil
        file = nil
        watchedDirectory = ""
    }

    private func writeInitial() {
        guard let initial = settings.initial else { return }
        let isThere = (try? Files.kind(of: settings.path)) != nil
        if isThere && !initial.isOverwriting { return }
        let text = Array("\(initial.value)\n".utf8)
        do throws(Errno) {
            try Files.write(text.span, to: settings.path)
        } catch {
            log(
                .error,
                "track_file '\(settings.name)': cannot write \(settings.path): \(error.text)")
        }
    }

    // MARK: Watching

    /// Sets up the watches for what there is now, then reads.
    private func lookAgain() {
        guard isRunning else { return }
        watchDirectory()
        watchFile()
        read()
    }

    /// Watches the file's directory, or the nearest above it that exists.
    private func watchDirectory() {
        // A directory can appear between a look and the watch of the one above: look until two
        // looks agree. The depth of the path bounds how often that can happen usefully.
        for _ in 0..<16 {
            let wanted = nearestDirectory()
            if wanted == watchedDirectory && directory != nil { return }
            if let directory { watcher.unsubscribe(directory) }
            directory = nil
            do throws(Errno) {
                directory = try watcher.subscribe(to: wanted) { [weak self] changes, name in
                    self?.directoryChanged(changes, name)
                }
                watchedDirectory = wanted
            } catch {
                watchedDirectory = ""
                if error.code == Errno.noSuchEntry.code { continue }
                log(
                    .error,
                    "track_file '\(settings.name)': cannot watch \(wanted): \(error.text)")
                return
            }
        }
    }

    private func nearestDirectory() -> String {
        var path = fileDirectory
        while (try? Files.kind(of: path)) != .directory && path != "/" && path != "." {
            path = FileTracker.split(path).directory
        }
        return path
    }

    /// Watches the file itself, which finds the target of a link wherever that is.
    private func watchFile() {
        if let file { watcher.unsubscribe(file) }
        file = try? watcher.subscribe(to: settings.path) { [weak self] changes, name in
            self?.fileChanged(changes, name)
        }
    }

    private func directoryChanged(_ changes: FileChanges, _ name: String) {
        guard isRunning else { return }
        let isOurDirectory = watchedDirectory == fileDirectory
        if !changes.isDisjoint(with: [.selfRemoved, .selfMoved, .ended]) {
            if let directory { watcher.unsubscribe(directory) }
            directory = nil
            return lookAgain()
        }
        if !isOurDirectory { return lookAgain() }
        if name == fileName {
            // A new empty file is about to be written: its writer will close it. A link is not.
            if changes == .created && isEmptyFile() { return watchFile() }
            return lookAgain()
        }
        // Another name may be what a link in our path points at (`..data` of Kubernetes).
        if !changes.isDisjoint(with: [.movedHere, .created]) { lookAgain() }
    }

    private func fileChanged(_ changes: FileChanges, _ name: String) {
        guard isRunning, name.isEmpty else { return }
        if changes.contains(.written) { read() }
        if !changes.isDisjoint(with: [.selfRemoved, .selfMoved, .ended]) { lookAgain() }
    }

    private func isEmptyFile() -> Bool {
        (try? Files.readBeginning(settings.path, atMost: 1))?.isEmpty == true
    }

    private func compareStamp() {
        guard isRunning else { return }
        let found = Files.fingerprint(of: settings.path)
        if found == stamp { return }
        // It may be about to be written: then an event follows, or the next look finds it calm.
        let now = Clock.calendarMicroseconds() * 1000
        if let found, abs(now - found.modified) < FileTracker.settleNanoseconds { return }
        lookAgain()
    }

    // MARK: Reading

    private func read() {
        let start = Clock.monotonic()
        stamp = Files.fingerprint(of: settings.path)
        let found: Int32?
        do throws(Errno) {
            let bytes = try Files.readBeginning(
                settings.path, atMost: TrackedNumber.longestText)
            exists = true
            found = TrackedNumber.parse(bytes.span)
            if found == nil {
                log(.warning, "track_file '\(settings.name)': the number is too large, ignored")
            }
        } catch {
            exists = false
            found = 0
            if error.code != Errno.noSuchEntry.code && error.code != Errno.notDirectory.code {
                log(
                    .warning,
                    "track_file '\(settings.name)': cannot read \(settings.path): \(error.text)")
            }
        }
        let detail = exists ? found.map(String.init) ?? "too large" : "no file"
        counters.note(success: exists && found != nil, since: start, detail)
        take(found ?? value)
    }

    private func take(_ found: Int32) {
        if isKnown && found == value { return }
        isKnown = true
        value = found
        counters.changes += 1
        onChange(found)
    }

    /// The directory of a path and the name in it.
    static func split(_ path: String) -> (directory: String, name: String) {
        var bytes = Array(path.utf8)
        while bytes.count > 1 && bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let name = String(decoding: bytes[(slash + 1)...], as: UTF8.self)
        var end = slash
        while end > 0 && bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
        return (end == 0 ? "/" : String(decoding: bytes[..<end], as: UTF8.self), name)
    }
}

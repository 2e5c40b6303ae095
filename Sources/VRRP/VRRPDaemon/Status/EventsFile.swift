// The file of events: one line of JSON each, appended. A file that was renamed or removed is made
// anew at the next event, so that rotating needs no signal; a file that takes nothing loses lines
// and is tried again after a while, and nothing ever waits for it.

import Kernel

/// Appends events to a file.
final class EventsFile {
    /// How long a file that failed is left alone, nanoseconds.
    static let pauseNanoseconds: UInt64 = 5_000_000_000
    /// How often it is looked at whether the path still names the file, nanoseconds.
    static let lookNanoseconds: UInt64 = 1_000_000_000

    let path: String
    /// Lines that no file took.
    private(set) var lost: UInt64 = 0
    private let report: (String) -> Void
    private var file = Descriptor()
    private var identity: Files.Node?
    /// Whether the last line of ``identity`` was cut.
    private var hasTornLine = false
    private var isFailing = false
    private var tryAfter: UInt64 = 0
    private var lookAfter: UInt64 = 0
    private var lostSinceReport: UInt64 = 0

    /// Events for a path.
    ///
    /// - Parameter report: told once each time the file begins or stops to fail.
    init(path: String, report: @escaping (String) -> Void) {
        self.path = path
        self.report = report
    }

    /// Opens the file now, so that a mistake is seen at the start.
    func open(at now: UInt64) { reopen(at: now) }

    /// Closes the file; the next event opens whatever the path names then. For SIGHUP.
    func release() {
        file = Descriptor()
        tryAfter = 0
    }

    /// Appends one event's line.
    func append(_ event: StampedEvent) { append(event.line, at: event.monotonicNanoseconds) }

    /// Appends a line at a time of the monotonic clock.
    func append(_ line: [UInt8], at now: UInt64) {
        if file.isOpen, now >= lookAfter {
            lookAfter = now + Self.lookNanoseconds
            if (try? Files.node(of: path)) != identity { release() }
        }
        if !file.isOpen, now >= tryAfter { reopen(at: now) }
        guard file.isOpen else {
            lost += 1
            lostSinceReport += 1
            return
        }
        // A line that was cut is ended first, so that only that one is spoiled.
        write(hasTornLine ? [0x0A] + line : line, at: now)
    }

    private func write(_ bytes: [UInt8], at now: UInt64) {
        switch file.write(bytes.span) {
        case .bytes(let count) where count == bytes.count:
            hasTornLine = false
            sayRecovered()
        case .bytes(let count):
            hasTornLine = hasTornLine || count > 0
            fail("it is full", at: now)
        case .wouldBlock: fail("its reader is too slow", at: now)
        case .failed(let failure): fail(failure.text, at: now)
        }
    }

    private func reopen(at now: UInt64) {
        do throws(Errno) {
            file = try Files.openJournal(path)
            let opened = try Files.node(of: file)
            if opened != identity { hasTornLine = false }
            identity = opened
            lookAfter = now + Self.lookNanoseconds
        } catch {
            fail(error.text, at: now, countsLine: false)
        }
    }

    private func fail(_ problem: String, at now: UInt64, countsLine: Bool = true) {
        if !isFailing { report("events file \(path): \(problem)") }
        if countsLine {
            lost += 1
            lostSinceReport += 1
        }
        isFailing = true
        file = Descriptor()
        tryAfter = now + Self.pauseNanoseconds
    }

    private func sayRecovered() {
        guard isFailing else { return }
        isFailing = false
        report("events file \(path): writing again, \(lostSinceReport) lines were lost")
        lostSinceReport = 0
    }
}

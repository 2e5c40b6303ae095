// A reload at a time that a file names, so that several hosts change together. keepalived.conf(5):
// reload_time_file, reload_repeat.

import Bytes
import Daemon
import Kernel

/// A time as the file has it.
struct ReloadTime: Equatable {
    /// The day, or nil for the next time the clock shows the rest.
    var day: (year: Int, month: Int, day: Int)?
    /// Seconds since midnight.
    var second: Int
    var isUTC: Bool

    static func == (left: ReloadTime, right: ReloadTime) -> Bool {
        left.second == right.second && left.isUTC == right.isUTC
            && left.day?.year == right.day?.year && left.day?.month == right.day?.month
            && left.day?.day == right.day?.day
    }

    /// Reads `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, each perhaps with a `Z`; nil
    /// for everything else.
    init?(_ line: some StringProtocol) {
        isUTC = line.hasSuffix("Z")
        let text = isUTC ? line.dropLast() : line[...]
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 1 || words.count == 2, let last = words.last,
            let time = Self.numbers(last, ":", widths: [2, 2, 2]), time[0] < 24, time[1] < 60,
            time[2] < 60
        else { return nil }
        second = time[0] * 3600 + time[1] * 60 + time[2]
        guard words.count == 2 else { return }
        guard
            let date = Self.numbers(words[0], "-", widths: [2, 2, 2])
                ?? Self.numbers(words[0], "-", widths: [4, 2, 2]), (1...12).contains(date[1]),
            (1...31).contains(date[2])
        else { return nil }
        day = (date[0] < 100 ? 2000 + date[0] : date[0], date[1], date[2])
    }

    private static func numbers(
        _ text: some StringProtocol, _ separator: Character, widths: [Int]
    ) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == widths.count else { return nil }
        var numbers: [Int] = []
        for (part, width) in zip(parts, widths) {
            guard part.utf8.count == width, part.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let number = Int(part)
            else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The moment that is meant, seconds since 1970; nil for a day that has passed.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - offset: seconds that the local zone is east of UTC.
    func next(after now: Int64, offset: Int) -> Int64? {
        let zone = Int64(isUTC ? 0 : offset)
        if let day {
            let days = Int64(CivilTime.days(day.year, day.month, day.day))
            let moment = days * 86400 + Int64(second) - zone
            return moment > now ? moment : nil
        }
        let midnight = (now + zone) / 86400 * 86400 - zone
        let today = midnight + Int64(second)
        return today > now ? today : today + 86400
    }
}

/// Watches the file and asks for the reload.
final class ReloadSchedule {
    private let path: String
    private let repeats: Bool
    private let log: DaemonLog
    private unowned let loop: ControlLoop
    private let reload: () -> Void
    private var zone = LocalZone()
    private var seen: FileIdentity?
    private var due: Int64?
    private var series: ControlTimer?

    init(
        path: String, repeats: Bool, _ loop: ControlLoop, _ log: DaemonLog,
        reload: @escaping () -> Void
    ) {
        self.path = path
        self.repeats = repeats
        self.loop = loop
        self.log = log
        self.reload = reload
        series = loop.every(milliseconds: 250) { [unowned self] in look() }
        look()
    }

    /// Whether it is the one for these settings.
    func isMade(for path: String, repeats: Bool) -> Bool {
        self.path == path && self.repeats == repeats
    }

    /// Ends watching.
    func stop() {
        if let series { loop.cancel(series) }
        series = nil
    }

    private var now: Int64 { Clock.calendarMicroseconds() / 1_000_000 }

    private func look() {
        let found = Files.fingerprint(of: path)
        if found != seen {
            seen = found
            schedule()
        }
        guard let due, now >= due else { return }
        self.due = nil
        if repeats {
            schedule()
        } else {
            try? Files.remove(path)
            seen = nil
        }
        reload()
    }

    private func schedule() {
        due = nil
        guard seen != nil, let bytes = try? Files.read(path, atMost: 1024) else { return }
        let line = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        guard let time = ReloadTime(line) else {
            return log.say(.warning, "\(path): '\(line.prefix(40))' is no time for a reload")
        }
        due = time.next(after: now, offset: zone.civil(now).offset)
        if let due {
            log.say(.info, "a reload is scheduled in \(due - now) s")
        } else {
            log.say(.warning, "\(path): its time has passed")
        }
    }
}

// Collects messages while a configuration is read. Reading goes on after a mistake, to the
// twentieth; what is said besides is bounded too, so a hostile file cannot fill memory.

/// The messages of one reading, in the order they were found.
public struct Diagnostics: Sendable {
    /// Mistakes after which reading stops.
    public static let alertLimit = 20
    /// Messages below an alert that are kept; later ones are only counted.
    public static let remarkLimit = 1000

    /// The messages, in the order they were found.
    public private(set) var entries: [Diagnostic] = []
    /// How many mistakes were found that refuse the configuration.
    public private(set) var alertCount = 0
    /// How many warnings were found.
    public private(set) var warningCount = 0
    /// Messages below an alert that were counted but not kept.
    public private(set) var droppedCount = 0

    /// An empty collection.
    public init() {}

    /// Whether so many mistakes were found that reading should stop.
    public var isFull: Bool { alertCount >= Diagnostics.alertLimit }

    /// Whether the configuration cannot be used.
    public var hasAlerts: Bool { alertCount > 0 }

    /// Adds a message; an alert beyond the limit is dropped, for reading has stopped by then.
    public mutating func report(_ diagnostic: Diagnostic) {
        switch diagnostic.level {
        case .alert where diagnostic.isRefusal:
            if isFull { return }
            alertCount += 1
            entries.append(diagnostic)
            if isFull {
                entries.append(
                    Diagnostic(
                        .alert, "\(alertCount) mistakes found, the rest was not read"))
            }
        case .warning:
            warningCount += 1
            keep(diagnostic)
        case .alert, .notice, .diag:
            keep(diagnostic)
        }
    }

    private mutating func keep(_ remark: Diagnostic) {
        if entries.count < Diagnostics.remarkLimit {
            entries.append(remark)
        } else {
            droppedCount += 1
        }
    }
}

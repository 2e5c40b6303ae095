// Collects what is said while a configuration is read, with a bound, and grades the whole.

import ConfigLanguage

/// How usable a configuration is; the number is the exit status of `-t`, as keepalived 2.3 has it.
public enum ConfigurationGrade: Int32, Sendable, CaseIterable {
    /// Nothing was wrong.
    case clean = 0
    /// It cannot be used.
    case unusable = 3
    /// It can be used after mistakes were repaired: values replaced or statements left out.
    case repaired = 4
    /// A script is insecure or nothing secures scripts.
    case insecure = 5
}

/// The messages of one reading.
struct Remarks {
    /// What was said, in the order of finding.
    private(set) var entries: [Diagnostic] = []
    /// Messages beyond the bound.
    private(set) var droppedCount = 0
    private var hasRefusal = false
    private var hasRepair = false
    private var hasInsecurity = false

    /// What they amount to.
    var grade: ConfigurationGrade {
        if hasRefusal { return .unusable }
        if hasRepair { return .repaired }
        return hasInsecurity ? .insecure : .clean
    }

    /// The configuration cannot be used.
    mutating func refuse(_ text: String, at place: SourceLocation?, suggestion: String? = nil) {
        hasRefusal = true
        keep(Diagnostic(.alert, at: place, text, isRefusal: true, suggestion: suggestion))
    }

    /// A mistake after which reading goes on with something sensible, which the text names.
    mutating func repair(_ text: String, at place: SourceLocation?, suggestion: String? = nil) {
        hasRepair = true
        keep(Diagnostic(.alert, at: place, text, isRefusal: false, suggestion: suggestion))
    }

    /// A script that others can change.
    mutating func distrust(_ text: String, at place: SourceLocation?) {
        hasInsecurity = true
        keep(Diagnostic(.warning, at: place, text))
    }

    /// Probably not what is meant; the text says what will happen.
    mutating func warn(_ text: String, at place: SourceLocation?) {
        keep(Diagnostic(.warning, at: place, text))
    }

    /// Worth knowing.
    mutating func note(_ text: String, at place: SourceLocation?) {
        keep(Diagnostic(.notice, at: place, text))
    }

    private mutating func keep(_ diagnostic: Diagnostic) {
        if entries.count < Bounds.messages {
            entries.append(diagnostic)
        } else {
            droppedCount += 1
        }
    }
}

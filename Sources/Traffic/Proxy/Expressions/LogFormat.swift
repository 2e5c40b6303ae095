// Formats: text with `%` aliases and `%[expressions]` (configuration manual: custom log format).
// Log lines, values of fields, variables and replies are made by them. Compiled at load.

import Bytes
import ConfigLanguage
import Samples

/// Flags of an item.
public struct LogFlags: OptionSet, BitwiseCopyable, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Flags from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `Q`: quotes around strings.
    public static let quoted = LogFlags(rawValue: 1)
    /// `X`: addresses, ports and counters in hexadecimal.
    public static let hexadecimal = LogFlags(rawValue: 2)
    /// `E`: a backslash before quotes, backslashes and closing brackets.
    public static let escaped = LogFlags(rawValue: 4)
}

/// One `%` alias.
public struct LogAlias: Sendable {
    /// Writes what the alias stands for.
    public typealias Function =
        @Sendable (_ subject: Subject, _ flags: LogFlags, _ output: inout OutputBytes) -> Void

    /// The name behind `%`.
    public let name: String
    /// Only for proxies in HTTP mode.
    public let isHTTPOnly: Bool
    /// One sentence of manual.
    public let sentence: String
    /// What it does.
    public let write: Function

    /// A row.
    public init(
        _ name: String, http isHTTPOnly: Bool = false, _ sentence: String,
        _ write: @escaping Function
    ) {
        self.name = name
        self.isHTTPOnly = isHTTPOnly
        self.sentence = sentence
        self.write = write
    }
}

/// All aliases by name.
public struct LogAliasCatalog: Sendable {
    /// The rows in the manual's order.
    public let rows: [LogAlias]
    private let byName: [String: LogAlias]

    /// A catalog; traps when two rows have one name.
    public init(_ rows: [LogAlias]) {
        self.rows = rows
        byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }

    /// The row with that name.
    public subscript(name: String) -> LogAlias? { byName[name] }
}

/// A compiled format.
public final class LogFormat: Sendable {
    /// A piece of a format.
    enum Part: Sendable {
        /// Text as it stands.
        case text([UInt8])
        /// An expression.
        case expression(Expression, LogFlags)
        /// An alias.
        case alias(LogAlias, LogFlags)
    }

    /// As it was written.
    public let text: String
    private let parts: [Part]

    init(text: String, parts: [Part]) {
        self.text = text
        self.parts = parts
    }

    /// The text where it holds neither alias nor expression.
    public var constant: [UInt8]? {
        if parts.isEmpty { return [] }
        guard parts.count == 1, case .text(let bytes) = parts[0] else { return nil }
        return bytes
    }

    /// Writes the format for a stream.
    func write(for subject: Subject, to output: inout OutputBytes) {
        for part in parts {
            switch part {
            case .text(let bytes): output.append(bytes.span)
            case .alias(let row, let flags): row.write(subject, flags, &output)
            case .expression(let expression, let flags):
                write(expression, flags, for: subject, to: &output)
            }
        }
    }

    private func write(
        _ expression: Expression, _ flags: LogFlags, for subject: Subject,
        to output: inout OutputBytes
    ) {
        // Safety: the scratch is a block of its own that the worker keeps for life.
        let scratch = unsafe subject.worker.pointee.scratch
        let mark = unsafe scratch.pointee.mark
        if let sample = unsafe subject.text(expression, &scratch.pointee) {
            if flags.contains(.quoted) { output.append(0x22) }
            output.append(unsafe scratch.pointee.bytes(of: sample))
            if flags.contains(.quoted) { output.append(0x22) }
        } else if flags.contains(.quoted) {
            output.append("\"\"")
        }
        unsafe scratch.pointee.rewind(to: mark)
    }
}

// Which processes a track_process means. keepalived.conf(5): vrrp_track_process; where the manual
// leaves room, as measured with keepalived 2.2.7.

import Kernel

/// Which processes are meant.
public struct ProcessPattern: Equatable, Sendable {
    /// How parameters are compared.
    public enum Parameters: Equatable, Sendable {
        /// All must be the same, none more.
        case exact
        /// Those given are the first ones.
        case partial
        /// Those given are the first ones, and the last of them may be longer.
        case initial
    }

    /// The process's name, or the first word of its command line.
    public let command: [UInt8]
    /// Parameters to compare; nil compares none.
    public let parameters: [[UInt8]]?
    /// How the parameters are compared.
    public let comparison: Parameters
    /// Whether command lines are looked at, which costs more than names.
    public let usesCommandLine: Bool

    /// - Parameters:
    ///   - words: the command, then its parameters; the first must be there.
    ///   - match: what `param_match` says; nil without it.
    ///   - fullCommand: whether `full_command` is given.
    ///
    /// Without parameters, `param_match` and `full_command` the command is compared with the
    /// process's name, which the kernel cuts to 15 bytes; a path never matches then.
    public init?(words: [String], match: Parameters? = nil, fullCommand: Bool = false) {
        guard let first = words.first, !first.isEmpty else { return nil }
        command = Array(first.utf8)
        comparison = match ?? .exact
        let rest = words.dropFirst().map { Array($0.utf8) }
        // Differs: the manual has `param_match` without parameters mean "none at all"; keepalived
        // takes any, and configurations that work with it must go on to.
        parameters = rest.isEmpty ? nil : rest
        usesCommandLine = fullCommand || match != nil || !rest.isEmpty
    }

    /// Whether a process of that name is meant; only for patterns without command lines.
    func matches(name: [UInt8]) -> Bool { name == command }

    /// Whether a process of that command line is meant.
    func matches(commandLine words: [[UInt8]]) -> Bool {
        guard let first = words.first, first == command else { return false }
        guard let parameters else { return true }
        let found = words.dropFirst()
        switch comparison {
        case .exact: return Array(found) == parameters
        case .partial: return found.starts(with: parameters)
        case .initial:
            guard found.count >= parameters.count, let last = parameters.last else { return false }
            return found.starts(with: parameters.dropLast())
                && words[parameters.count].starts(with: last)
        }
    }
}

// What a command of the Runtime API is. Rows live with the feature that owns the noun; the Admin
// feature reads lines, checks levels and writes answers. Commands run on the control thread.

/// One command of the Runtime API.
public struct Command: Sendable {
    /// The words that name it, such as `["show", "stat"]`. The longest match wins.
    public let words: [String]
    /// The least level that may use it.
    public let level: StatsSocketConfiguration.Level
    /// Arguments as shown by `help`, such as `"<backend>/<server>"`.
    public let arguments: String
    /// One sentence for `help` and the manual.
    public let sentence: String
    /// nil: known by name, answered as not supported yet.
    public let run: (@Sendable (CommandRequest) -> CommandAnswer)?
    /// Works under `experimental-mode on` only.
    public let isExperimental: Bool

    public init(
        _ words: [String], level: StatsSocketConfiguration.Level, arguments: String = "",
        _ sentence: String, isExperimental: Bool = false,
        run: (@Sendable (CommandRequest) -> CommandAnswer)?
    ) {
        self.words = words
        self.level = level
        self.arguments = arguments
        self.sentence = sentence
        self.run = run
        self.isExperimental = isExperimental
    }
}

/// One use of a command.
public struct CommandRequest: Sendable {
    /// The words after the command's own.
    public var arguments: [String]
    /// The payload after `<<`; nil when there is none.
    public var payload: String?
    public var level: StatsSocketConfiguration.Level
    public var engine: Engine

    public init(
        arguments: [String], payload: String?, level: StatsSocketConfiguration.Level,
        engine: Engine
    ) {
        self.arguments = arguments
        self.payload = payload
        self.level = level
        self.engine = engine
    }
}

/// What comes back.
public enum CommandAnswer: Sendable {
    /// The answer's text without the prompt's empty line; empty means done.
    case text(String)
    /// The command asks the workers: the closure gets a function to call once, from any thread,
    /// with the text.
    case later(@Sendable (@escaping @Sendable (String) -> Void) -> Void)
    /// A long answer, or long work: made in pieces, as fast as the client takes them.
    case pieces(any PiecedAnswer)
}

/// An answer that is made in pieces, so that it need not be kept as a whole and others have their
/// turn between them.
public protocol PiecedAnswer: Sendable {
    /// Does a bounded piece of the work and adds its text; false when all is done.
    mutating func addPiece(to text: inout [UInt8]) -> Bool
}

// A line of the Runtime API: commands between semicolons, words between blanks, a backslash before
// what is meant literally, and perhaps the announcement of a payload at its end.

/// A line taken apart.
struct CommandLine: Equatable, Sendable {
    /// The words of each command; a command without words stands for itself.
    var commands: [[String]]
    /// What ends the payload that follows (`<<` alone: an empty line); nil when none follows.
    var payloadEnd: [UInt8]?

    /// The most words of a command that are kept.
    static let mostWords = 64

    /// Takes a line without its line feed apart.
    init(_ line: some Collection<UInt8>) {
        var reader = CommandLineReader()
        for byte in line { reader.take(byte) }
        commands = reader.finish()
        payloadEnd = nil
        if let last = commands.last?.last, last.hasPrefix("<<"), last.utf8.count <= 9 {
            payloadEnd = Array(last.utf8.dropFirst(2))
            commands[commands.count - 1].removeLast()
        }
    }
}

/// Reads a line byte by byte.
private struct CommandLineReader {
    private var commands: [[String]] = []
    private var words: [String] = []
    private var word: [UInt8] = []
    private var isInWord = false
    private var isEscaped = false

    mutating func take(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
            word.append(byte)
            return
        }
        switch byte {
        case UInt8(ascii: "\\"):
            isEscaped = true
            isInWord = true
        case UInt8(ascii: " "), UInt8(ascii: "\t"): endWord()
        case UInt8(ascii: ";"):
            endWord()
            commands.append(words)
            words = []
        default:
            isInWord = true
            word.append(byte)
        }
    }

    /// The commands. Differs: nothing behind the last semicolon is no command; HAProxy answers it
    /// as an unknown one.
    mutating func finish() -> [[String]] {
        endWord()
        if !words.isEmpty || commands.isEmpty { commands.append(words) }
        return commands
    }

    private mutating func endWord() {
        if isInWord && words.count < CommandLine.mostWords {
            words.append(String(anyBytes: word))
        }
        word = []
        isInWord = false
    }
}

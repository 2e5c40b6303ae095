// Commands about stick tables.
// Source: management manual, `show table`, `clear table`, `set table`.

import Kernel
import Proxy
import StickTables

/// The rows of stick tables.
enum TableCommands {
    static let commands = [
        Command(
            ["show", "table"], level: .operator_,
            arguments: "[<table> [data.<type> <op> <value>]*|key <key>]",
            "list stick tables or what one holds"
        ) { run(.show, $0) },
        Command(
            ["clear", "table"], level: .operator_,
            arguments: "<table> [data.<type> <op> <value>]*|key <key>",
            "remove entries from a stick table"
        ) { run(.clear, $0) },
        Command(
            ["set", "table"], level: .operator_,
            arguments: "<table> key <key> [data.<type> <value>]*",
            "change an entry of a stick table"
        ) { run(.set, $0) },
    ]

    /// Carries a command out, piece by piece: locks are held for one piece at a time, so traffic
    /// goes on, and no answer is kept as a whole.
    private static func run(
        _ verb: StickTableCommand.Verb, _ request: CommandRequest
    ) -> CommandAnswer {
        do throws(StickCommandRefusal) {
            let command = try StickTableCommand(
                verb, request.arguments, tables: request.engine.generation.tables)
            return .pieces(TableAnswer(command: command))
        } catch {
            return .text(error.text)
        }
    }
}

/// The answer to a command about tables.
private struct TableAnswer: PiecedAnswer {
    var command: StickTableCommand

    mutating func addPiece(to text: inout [UInt8]) -> Bool {
        command.run(now: Clock.monotonic().milliseconds, into: &text)
    }
}

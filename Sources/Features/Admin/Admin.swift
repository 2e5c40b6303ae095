// The feature's face: its commands, for the catalog.

import Proxy

/// The general commands of the Runtime API.
public enum Admin {
    /// The rows of this feature; those of others are added by the catalog.
    ///
    /// - Parameters:
    ///   - setVariable: does what `set var` asks for; absent where nothing can be compiled.
    ///   - notify: where changes of servers' states are logged.
    public static func commands(
        setVariable: VariableCommands.SetVariable? = nil,
        notify: @escaping @Sendable (Notice) -> Void
    ) -> [Command] {
        ServerCommands(notify: notify).commands + FrontendCommands.commands + ShowCommands.commands
            + SessionCommands.commands + PatternCommands.commands + TableCommands.commands
            + VariableCommands(setVariable: setVariable).commands + LaterCommands.commands
    }
}

// The name the program was started under, which messages and logs carry.

/// The running program.
enum Program {
    /// What the program was started as: messages of the start name it so.
    static let path: String = CommandLine.arguments.first ?? "martlet"

    /// The last part of the path the program was started by: a link called `haproxy` logs as that.
    static let name: String = {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return name.isEmpty ? "martlet" : name
    }()
}

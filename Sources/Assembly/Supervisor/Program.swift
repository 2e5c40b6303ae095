// The name the program was started under, which messages and logs carry.

/// The running program.
enum Program {
    /// The last part of the path the program was started by: a link called `haproxy` logs as that.
    static let name: String = {
        let path = CommandLine.arguments.first ?? ""
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return name.isEmpty ? "martlet" : name
    }()
}

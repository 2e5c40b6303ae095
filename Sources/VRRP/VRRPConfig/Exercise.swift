// The one entry point that fuzzing and ordinary tests share.

/// Reads arbitrary bytes as a configuration and, when it can be used, prints and reads it again.
///
/// Traps only when an invariant of ours is broken. Returns the number of messages.
@discardableResult
public func exercise(_ input: Span<UInt8>) -> Int {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(input.count)
    for index in 0..<input.count { bytes.append(input[index]) }
    var surroundings = VRRPSurroundings(configurationID: "main")
    let content = bytes
    surroundings.read = { path, limit in
        // What it includes is its own beginning, which bounds must end.
        let found = path == "/fuzz.conf" ? content : Array(content.prefix(100))
        return found.count > limit ? .failure(.tooLong(limitBytes: limit)) : .success(found)
    }
    surroundings.kind = { path in path.hasSuffix("/") ? .directory : .file }
    surroundings.entries = { _ in ["a.conf", "b.conf"] }
    surroundings.userExists = { $0 != "keepalived_script" }
    let loaded = VRRPConfigurationLoader.load(
        path: "/fuzz.conf", surroundings: surroundings, stepLimit: 5000)
    precondition((loaded.configuration == nil) == (loaded.grade == .unusable))
    if let configuration = loaded.configuration {
        let text = VRRPConfigurationDump.text(of: configuration)
        precondition(!text.isEmpty)
    }
    return loaded.diagnostics.count
}

// The one entry point that fuzzing and ordinary tests share.

/// Reads arbitrary bytes as a configuration file and as a condition, and discards what comes of it.
///
/// Traps only when an invariant of ours is broken. Returns the number of statements.
@discardableResult
public func exercise(_ input: Span<UInt8>) -> Int {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(input.count)
    for index in 0..<input.count { bytes.append(input[index]) }
    let environment = Environment(["A": "value", "LIST": "one two  three", "EMPTY": ""])
    let facts = ConfigurationFacts(version: ProgramVersion("3.5-dev0"), features: ["THREAD"])
    var reader = ConfigurationReader(
        files: [ConfigurationFile(name: "fuzz.cfg", bytes: bytes)],
        sectionKeywords: ["global", "defaults", "frontend", "backend", "listen"],
        environment: environment, facts: facts, showsDiagnosis: true)
    var diagnostics = Diagnostics()
    var count = 0
    while let statement = reader.next(&diagnostics) {
        precondition(!statement.words.isEmpty && statement.words.count <= Lexer.wordLimit)
        count += 1
    }
    for entry in diagnostics.entries { precondition(!entry.rendered(processID: 1).isEmpty) }
    _ = Condition.evaluate(bytes, environment: environment, facts: facts)
    let text = String(decoding: bytes.prefix(256), as: UTF8.self)
    _ = Units.milliseconds(text)
    _ = Units.size(text)
    return count
}

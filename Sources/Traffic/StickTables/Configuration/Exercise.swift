// Feeds arbitrary bytes to the readers of this target, for fuzzing and for the tests that mutate
// corpora.

/// Reads bytes as data types, as a declaration, and as the arguments of admin commands; any bytes
/// must do.
public func exerciseStickTables(_ input: Span<UInt8>) {
    var bytes: [UInt8] = []
    for index in 0..<input.count { bytes.append(input[index]) }
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
    var reader = StickDataReader()
    try? reader.read(bytes)
    for stored in reader.data { assert(stored.count >= 1 && stored.periodMilliseconds >= 0) }
    if let read = try? StickTableReader.read(words, name: "t") {
        assert(read.configuration.size >= 1 && read.configuration.bytesPerEntry >= 44)
    }
    for type in [StickKeyType.ipv4, .integer, .string(length: 3)] {
        var configuration = StickTableConfiguration(name: "t", keyType: type, size: 2)
        configuration.store(StickStoredData(.gpc, count: 2))
        configuration.store(StickStoredData(.requestRate, periodMilliseconds: 1000))
        run(words, on: StickTable(configuration, seed: 1))
    }
}

private func run(_ words: [String], on table: StickTable) {
    for verb in [StickTableCommand.Verb.set, .show, .clear] {
        guard
            var command = try? StickTableCommand(verb, ["t"] + words.dropFirst(), tables: [table])
        else { continue }
        var text: [UInt8] = []
        while command.run(now: 1, into: &text) {}
        assert(table.count <= 2)
    }
}

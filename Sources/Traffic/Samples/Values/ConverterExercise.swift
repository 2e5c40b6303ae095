// The one entry point that fuzzing and ordinary tests share.

/// Reads arbitrary bytes as an expression and, cut in two at the first line feed, runs the
/// converters of the first part over the second. Returns how many bytes came out.
///
/// Traps only when an invariant of ours is broken.
@discardableResult
public func exerciseConverters(_ input: Span<UInt8>) -> Int {
    var parts: ([UInt8], [UInt8]) = ([], [])
    var isBehind = false
    for index in 0..<min(input.count, 4096) {
        if input[index] == 0x0A && !isBehind {
            isBehind = true
        } else if isBehind {
            parts.1.append(input[index])
        } else {
            parts.0.append(input[index])
        }
    }
    let loading = ExpressionLoading(variables: { _ in VariableReference(scope: 0, slot: 0) })
    var reader = ExpressionReader(words: [String(decoding: parts.0, as: UTF8.self)])
    guard
        let converters = try? CompiledConverters(
            &reader, after: "the input", of: .string, in: .standard, loading)
    else { return 0 }
    var scratch = SampleScratch(valueLimit: 1024)
    guard var sample = scratch.copy(parts.1.span),
        converters.apply(to: &sample, from: 0, &scratch, ConverterEnvironment()),
        scratch.cast(&sample, to: .binary)
    else { return 0 }
    return scratch.bytes(of: sample).count
}

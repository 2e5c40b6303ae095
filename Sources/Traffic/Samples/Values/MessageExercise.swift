// The entry point that fuzzing and ordinary tests share for converters of others' protocols: FIX,
// MQTT, protocol buffers, gRPC, JSON, tokens, the Forwarded header.

/// Reads arbitrary bytes by each of these converters. Returns how many of them gave a value.
///
/// Traps only when an invariant of ours is broken.
@discardableResult
public func exerciseMessages(_ input: Span<UInt8>) -> Int {
    let input = input.extracting(0..<min(input.count, 4096))
    var scratch = SampleScratch(valueLimit: 8192)
    let environment = ConverterEnvironment()
    var count = 0
    for reader in MessageReader.all {
        scratch.reset()
        guard var sample = scratch.copy(input, as: reader.input),
            reader.chain.apply(to: &sample, from: 0, &scratch, environment),
            scratch.cast(&sample, to: .binary)
        else { continue }
        // Reading the bytes traps unless they are inside of what was written.
        precondition(scratch.bytes(of: sample).count <= scratch.valueLimit)
        count += 1
    }
    check(input, &scratch, environment)
    return count
}

/// What must be true of messages that are right.
private func check(
    _ input: Span<UInt8>, _ scratch: inout SampleScratch, _ environment: ConverterEnvironment
) {
    for (valid, field) in MessageReader.pairs {
        scratch.reset()
        guard let sample = scratch.copy(input, as: .binary) else { return }
        let mark = scratch.mark
        var answer = sample
        guard valid.apply(to: &answer, from: mark, &scratch, environment), answer.isTrue else {
            continue
        }
        var value = sample
        precondition(
            field.apply(to: &value, from: mark, &scratch, environment),
            "a right message lacks a field")
    }
}

/// Chains of converters that are compiled once.
private enum MessageReader {
    static let all: [(input: SampleType, chain: CompiledConverters)] =
        [
            "fix_is_valid", "fix_tag_value(35)", "fix_tag_value(CheckSum)", "mqtt_is_valid",
            "mqtt_field_value(connect,flags)", "mqtt_field_value(connect,username)",
            "mqtt_field_value(connect,will_payload)", "mqtt_field_value(connect,39)",
            "mqtt_field_value(connect,9)", "mqtt_field_value(connack,31)",
            "mqtt_field_value(connack,36)", "protobuf(1)", "protobuf(2.1,sint64)",
            "protobuf(1,double)", "protobuf(3.1.2)", "ungrpc(1.2)", "ungrpc(1,fixed32)",
        ].map { (.binary, chain($0)) }
        + [
            "json_query('$.a')", "json_query('$.a[1].b',int)", "jwt_header_query",
            "jwt_header_query('$.alg')", "jwt_payload_query('$.a.b')",
            "jwt_verify(HS256,secret)", "jwt_verify(HS512,secret)", "jwt_verify(ES256,key)",
            "jwt_verify(none,x)", "rfc7239_is_valid", "rfc7239_field(for),rfc7239_n2np",
            "rfc7239_field(host),host_only", "rfc7239_n2nn", "language(fr;en,de)", "date",
            "url_dec", "ub64dec", "param(a)",
        ].map { (.string, chain($0)) }

    /// Messages that are right have these fields.
    static let pairs = [
        (chain("fix_is_valid"), chain("fix_tag_value(8)")),
        (chain("fix_is_valid"), chain("fix_tag_value(10)")),
    ]

    private static func chain(_ text: String) -> CompiledConverters {
        var reader = ExpressionReader(words: [text])
        let loading = ExpressionLoading(readFile: { _ in Array(key.utf8) })
        do {
            return try CompiledConverters(
                &reader, after: "the input", of: .any, in: .standard, loading)
        } catch {
            preconditionFailure("\(text): \(error.message)")
        }
    }
}

/// A public key whose private one nobody kept.
private let key =
    """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMhyZEk5eX0Xq0z4BlILp+xCB5qv2
    3N6BwbGLPnwUCf3CL9xIN11x/t9gj9Kkdz4O53vCiqJNe0i57M9B/RMoNw==
    -----END PUBLIC KEY-----
    """

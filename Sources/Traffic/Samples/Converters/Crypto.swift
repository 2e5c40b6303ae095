// Digests and message codes through OpenSSL. Names of algorithms and constant keys are resolved at
// load.

import COpenSSL

extension ConverterFamily {
    static let crypto = ConverterFamily(
        "cryptography",
        [
            Converter(
                "sha1", .binary, to: .binary, "Digests by SHA-1.",
                prepare: { values, _ in
                    values = [.object(Digest(name: "sha1")!)]
                    return nil
                }, Crypto.digest),
            Converter(
                "sha2", .binary, to: .binary, takes: [.integer("bits").optional],
                "Digests by SHA-2 with 224, 256, 384 or 512 bits.",
                prepare: Crypto.prepareSHA2, Crypto.digest),
            Converter(
                "digest", .binary, to: .binary, takes: [.text("algorithm")],
                "Digests by an algorithm OpenSSL knows.", prepare: Crypto.prepareDigest,
                Crypto.digest),
            Converter(
                "hmac", .binary, to: .binary,
                takes: [.text("algorithm"), .textOrVariable("key")],
                "Gives the message code by a digest and a key in base64.",
                prepare: Crypto.prepareHMAC, Crypto.hmac),
        ])
}

/// One of OpenSSL's digests.
///
/// Safety: OpenSSL's algorithm tables are constant and live as long as the process.
@safe
struct DigestAlgorithm: BitwiseCopyable, @unchecked Sendable {
    let pointer: OpaquePointer

    /// Looks a name up; nil when it is unknown.
    init?(name: String) {
        guard let found = unsafe EVP_get_digestbyname(name) else { return nil }
        unsafe pointer = found
    }

    /// SHA-2 with 256, 384 or 512 bits.
    init(sha2Bits bits: Int64) {
        switch bits {
        case 384: unsafe pointer = EVP_sha384()
        case 512: unsafe pointer = EVP_sha512()
        default: unsafe pointer = EVP_sha256()
        }
    }
}

/// A digest as an argument.
final class Digest: Sendable {
    let algorithm: DigestAlgorithm

    /// Looks a name up; nil when it is unknown.
    init?(name: String) {
        guard let algorithm = DigestAlgorithm(name: name) else { return nil }
        self.algorithm = algorithm
    }
}

private enum Crypto {
    // MARK: Preparation

    static let prepareSHA2: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        let bits: Int64 = if case .integer(let value)? = arguments[0] { value } else { 256 }
        guard [224, 256, 384, 512].contains(bits), let digest = Digest(name: "sha\(bits)") else {
            throw ArgumentMistake(expected: "224, 256, 384 or 512 bits", at: 0)
        }
        arguments[0] = .object(digest)
        return nil
    }

    static let prepareDigest: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let name)? = arguments[0],
            let digest = Digest(name: String(decoding: name, as: UTF8.self))
        else {
            throw ArgumentMistake(expected: "the name of a digest, such as sha256", at: 0)
        }
        arguments[0] = .object(digest)
        return nil
    }

    static let prepareHMAC: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        _ = try prepareDigest(&arguments, loading)
        try decodeConstant(&arguments, 1)
        return nil
    }

    // MARK: Digests

    static let digest: Converter.Function = { sample, arguments, scratch, _ in
        arguments.withObject(0, as: Digest.self) { digest in
            scratch.convert(&sample, to: .binary) { input, output in
                // Safety: the digest is written only when the longest one fits.
                unsafe output.withUnsafeRoom { room in
                    guard room.count >= Int(EVP_MAX_MD_SIZE) else { return nil }
                    var count: UInt32 = 0
                    let status = unsafe input.withUnsafeBufferPointer { input in
                        unsafe EVP_Digest(
                            input.baseAddress, input.count, room.baseAddress, &count,
                            digest.algorithm.pointer, nil)
                    }
                    return status == 1 ? Int(count) : nil
                }
            }
        }
    }

    static let hmac: Converter.Function = { sample, arguments, scratch, environment in
        guard let key = secret(arguments, 1, &scratch, environment) else { return false }
        let input = sample
        var isDone = false
        let made = scratch.makeFrom(as: .binary) { scratch, output in
            isDone = arguments.withObject(0, as: Digest.self) { digest in
                messageCode(
                    digest.algorithm, key: scratch.bytes(of: key), scratch.bytes(of: input),
                    into: &output)
            }
        }
        guard isDone, let made else { return false }
        sample.become(made)
        return true
    }
}

/// Replaces a constant in base64 by its bytes.
func decodeConstant(
    _ arguments: inout [ConverterConstant?], _ index: Int
) throws(ArgumentMistake) {
    guard case .bytes(let text)? = arguments[index] else { return }
    var scratch = SampleScratch(valueLimit: max(64, text.count))
    var isRight = false
    let decoded = scratch.make(as: .binary) { output in
        isRight = Base64.decode(text.span, into: &output, .standard)
    }
    guard isRight, let decoded else {
        throw ArgumentMistake(expected: "base64 or a variable", at: index)
    }
    let bytes = scratch.bytes(of: decoded)
    arguments[index] = .bytes((0..<bytes.count).map { bytes[$0] })
}

/// A key, nonce or tag: a constant's bytes, or a variable's decoded from base64.
func secret(
    _ arguments: ConverterArguments, _ index: Int, _ scratch: inout SampleScratch,
    _ environment: ConverterEnvironment
) -> Sample? {
    guard arguments.isVariable(index) else {
        return scratch.copy(arguments.bytes(index), as: .binary)
    }
    let variable = arguments.variable(index)
    guard var value = environment.value(of: variable, as: .string, into: &scratch),
        scratch.convert(
            &value, to: .binary, { Base64.decode($0, into: &$1, .standard) })
    else { return nil }
    return value
}

/// Adds the message code of `input`; false when OpenSSL fails or there is no room.
func messageCode(
    _ digest: DigestAlgorithm, key: Span<UInt8>, _ input: Span<UInt8>,
    into output: inout OutputBytes
) -> Bool {
    // Safety: the code is written only when the longest one fits.
    unsafe output.withUnsafeRoom { room in
        guard room.count >= Int(EVP_MAX_MD_SIZE) else { return nil }
        var count: UInt32 = 0
        let result = unsafe key.withUnsafeBufferPointer { key in
            unsafe input.withUnsafeBufferPointer { input in
                // An empty key must not be no key.
                var none: UInt8 = 0
                return unsafe withUnsafePointer(to: &none) { none in
                    unsafe HMAC(
                        digest.pointer, key.baseAddress ?? none, Int32(key.count),
                        input.baseAddress, input.count, room.baseAddress, &count)
                }
            }
        }
        return unsafe result == nil ? nil : Int(count)
    }
}

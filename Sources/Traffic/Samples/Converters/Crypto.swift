// Digests, message codes and authenticated encryption through OpenSSL. Names of algorithms and
// constant keys are resolved at load.

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
            Converter(
                "aes_gcm_enc", .binary, to: .binary,
                takes: [
                    .integer("bits"), .textOrVariable("nonce"), .textOrVariable("key"),
                    .variable("aead_tag"),
                ],
                "Encrypts by AES-GCM and puts the tag in base64 into a variable.",
                prepare: Crypto.prepareCipher, Crypto.encrypt),
            Converter(
                "aes_gcm_dec", .binary, to: .binary,
                takes: [
                    .integer("bits"), .textOrVariable("nonce"), .textOrVariable("key"),
                    .textOrVariable("aead_tag"),
                ],
                "Decrypts by AES-GCM; gives nothing when the tag is wrong.",
                prepare: Crypto.prepareCipher, Crypto.decrypt),
        ])
}

/// A digest OpenSSL knows.
///
/// Safety: OpenSSL's algorithm tables are constant.
@safe
final class Digest: @unchecked Sendable {
    let algorithm: OpaquePointer

    /// Looks a name up; nil when it is unknown.
    init?(name: String) {
        // Safety: the table's entries live as long as the process.
        guard let found = unsafe EVP_get_digestbyname(name) else { return nil }
        unsafe algorithm = found
    }
}

/// A cipher OpenSSL knows.
///
/// Safety: OpenSSL's algorithm tables are constant.
@safe
private final class Cipher: @unchecked Sendable {
    let algorithm: OpaquePointer
    let keyBytes: Int

    init?(bits: Int64) {
        // Safety: the table's entries live as long as the process.
        switch bits {
        case 128: unsafe algorithm = EVP_aes_128_gcm()
        case 192: unsafe algorithm = EVP_aes_192_gcm()
        case 256: unsafe algorithm = EVP_aes_256_gcm()
        default: return nil
        }
        keyBytes = Int(bits / 8)
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

    static let prepareCipher: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .integer(let bits)? = arguments[0], let cipher = Cipher(bits: bits) else {
            throw ArgumentMistake(expected: "128, 192 or 256 bits", at: 0)
        }
        arguments[0] = .object(cipher)
        for index in 1...3 { try decodeConstant(&arguments, index) }
        return nil
    }

    /// Replaces a constant in base64 by its bytes.
    private static func decodeConstant(
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
                            digest.algorithm, nil)
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
                    digest, key: scratch.bytes(of: key), scratch.bytes(of: input), into: &output)
            }
        }
        guard isDone, let made else { return false }
        sample.become(made)
        return true
    }

    /// A key, nonce or tag: a constant's bytes, or a variable's decoded from base64.
    private static func secret(
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

    // MARK: AES-GCM

    static let encrypt: Converter.Function = { sample, arguments, scratch, environment in
        guard let nonce = secret(arguments, 1, &scratch, environment),
            let key = secret(arguments, 2, &scratch, environment)
        else { return false }
        var tag = InlineArray<16, UInt8>(repeating: 0)
        guard
            let made = run(
                sample, arguments, nonce, key, &tag, &scratch, isEncrypting: true),
            let text = scratch.make(
                as: .string, { Base64.encode(tag.span, into: &$0, .standard) }),
            environment.set(arguments.variable(3), to: text, in: scratch, if: [])
        else { return false }
        sample.become(made)
        return true
    }

    static let decrypt: Converter.Function = { sample, arguments, scratch, environment in
        guard let nonce = secret(arguments, 1, &scratch, environment),
            let key = secret(arguments, 2, &scratch, environment),
            let given = secret(arguments, 3, &scratch, environment), given.byteCount == 16
        else { return false }
        var tag = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<16 { tag[index] = scratch.bytes(of: given)[index] }
        guard
            let made = run(
                sample, arguments, nonce, key, &tag, &scratch, isEncrypting: false)
        else { return false }
        sample.become(made)
        return true
    }

    private static func run(
        _ sample: Sample, _ arguments: ConverterArguments, _ nonce: Sample, _ key: Sample,
        _ tag: inout InlineArray<16, UInt8>, _ scratch: inout SampleScratch, isEncrypting: Bool
    ) -> Sample? {
        guard nonce.byteCount > 0 else { return nil }
        var isDone = false
        let made = scratch.makeFrom(as: .binary) { scratch, output in
            isDone = arguments.withObject(0, as: Cipher.self) { cipher in
                apply(
                    cipher, scratch.bytes(of: sample), nonce: scratch.bytes(of: nonce),
                    key: scratch.bytes(of: key), &tag, &output, isEncrypting: isEncrypting)
            }
        }
        return isDone ? made : nil
    }

    private static func apply(
        _ cipher: Cipher, _ input: Span<UInt8>, nonce: Span<UInt8>, key: Span<UInt8>,
        _ tag: inout InlineArray<16, UInt8>, _ output: inout OutputBytes, isEncrypting: Bool
    ) -> Bool {
        // Differs: a key of another length fails; HAProxy reads what lies behind a short one.
        guard key.count == cipher.keyBytes, input.count <= output.room - 16,
            let context = unsafe EVP_CIPHER_CTX_new()
        else { return false }
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        // Safety: every pointer is used within its borrow; GCM writes as many bytes as it reads,
        // and the room was checked.
        let direction: Int32 = isEncrypting ? 1 : 0
        let isReady = unsafe nonce.withUnsafeBufferPointer { nonce in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe EVP_CipherInit_ex(context, cipher.algorithm, nil, nil, nil, direction) == 1
                    && EVP_CIPHER_CTX_ctrl(
                        context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1
                    && EVP_CipherInit_ex(
                        context, nil, nil, key.baseAddress, nonce.baseAddress, direction) == 1
            }
        }
        guard isReady else { return false }
        var span = tag.mutableSpan
        return unsafe span.withUnsafeMutableBufferPointer { tag in
            unsafe output.withUnsafeRoom { room in
                var count: Int32 = 0
                var rest: Int32 = 0
                let isRead = unsafe input.withUnsafeBufferPointer { input in
                    unsafe input.isEmpty
                        || EVP_CipherUpdate(
                            context, room.baseAddress, &count, input.baseAddress,
                            Int32(input.count)) == 1
                }
                guard isRead else { return nil }
                if !isEncrypting,
                    unsafe EVP_CIPHER_CTX_ctrl(
                        context, EVP_CTRL_AEAD_SET_TAG, 16, tag.baseAddress) != 1
                {
                    return nil
                }
                guard
                    unsafe EVP_CipherFinal_ex(
                        context, room.baseAddress! + Int(count), &rest) == 1
                else { return nil }
                if isEncrypting,
                    unsafe EVP_CIPHER_CTX_ctrl(
                        context, EVP_CTRL_AEAD_GET_TAG, 16, tag.baseAddress) != 1
                {
                    return nil
                }
                return Int(count + rest)
            }
        }
    }
}

/// Adds the message code of `input`; false when OpenSSL fails or there is no room.
func messageCode(
    _ digest: Digest, key: Span<UInt8>, _ input: Span<UInt8>, into output: inout OutputBytes
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
                        digest.algorithm, key.baseAddress ?? none, Int32(key.count),
                        input.baseAddress, input.count, room.baseAddress, &count)
                }
            }
        }
        return unsafe result == nil ? nil : Int(count)
    }
}

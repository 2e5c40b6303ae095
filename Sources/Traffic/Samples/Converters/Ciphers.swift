// Encryption by AES through OpenSSL: GCM, which notices changes, and CBC, which does not. Keys,
// nonces and tags are written in base64; constants are decoded at load.

import COpenSSL

extension ConverterFamily {
    static let ciphers = ConverterFamily(
        "ciphers",
        [
            Converter(
                "aes_gcm_enc", .binary, to: .binary,
                takes: Ciphers.shapes + [
                    .variable("aead_tag"), .textOrVariable("aad").optional,
                ],
                "Encrypts by AES-GCM and puts the tag in base64 into a variable.",
                prepare: Ciphers.prepareGCM, Ciphers.encryptGCM),
            Converter(
                "aes_gcm_dec", .binary, to: .binary,
                takes: Ciphers.shapes + [
                    .textOrVariable("aead_tag"), .textOrVariable("aad").optional,
                ],
                "Decrypts by AES-GCM; gives nothing when the tag is wrong.",
                prepare: Ciphers.prepareGCM, Ciphers.decryptGCM),
            Converter(
                "aes_cbc_enc", .binary, to: .binary, takes: Ciphers.shapes,
                "Encrypts by AES-CBC, filled up to whole blocks as PKCS #7 has it.",
                prepare: Ciphers.prepareCBC, Ciphers.encryptCBC),
            Converter(
                "aes_cbc_dec", .binary, to: .binary, takes: Ciphers.shapes,
                "Decrypts by AES-CBC; gives nothing when the last block is filled up wrongly.",
                prepare: Ciphers.prepareCBC, Ciphers.decryptCBC),
        ])
}

/// A cipher OpenSSL knows.
///
/// Safety: OpenSSL's algorithm tables are constant.
@safe
private final class Cipher: @unchecked Sendable {
    /// The modes of AES that are used.
    enum Mode {
        case gcm, cbc
    }

    let algorithm: OpaquePointer
    let mode: Mode
    let keyBytes: Int

    init?(_ mode: Mode, bits: Int64) {
        self.mode = mode
        // Safety: the table's entries live as long as the process.
        switch (mode, bits) {
        case (.gcm, 128): unsafe algorithm = EVP_aes_128_gcm()
        case (.gcm, 192): unsafe algorithm = EVP_aes_192_gcm()
        case (.gcm, 256): unsafe algorithm = EVP_aes_256_gcm()
        case (.cbc, 128): unsafe algorithm = EVP_aes_128_cbc()
        case (.cbc, 192): unsafe algorithm = EVP_aes_192_cbc()
        case (.cbc, 256): unsafe algorithm = EVP_aes_256_cbc()
        default: return nil
        }
        keyBytes = Int(bits / 8)
    }

    /// Whether a nonce of so many bytes can be used; CBC's is a whole block.
    func takes(nonceBytes count: Int) -> Bool { mode == .gcm ? count > 0 : count == 16 }
}

/// The tag of GCM.
private typealias Tag = InlineArray<16, UInt8>

private enum Ciphers {
    // MARK: Preparation

    static let shapes: [ConverterArgumentShape] = [
        .integer("bits"), .textOrVariable("nonce"), .textOrVariable("key"),
    ]

    static let prepareGCM: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        try prepare(&arguments, .gcm)
        return nil
    }

    static let prepareCBC: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        try prepare(&arguments, .cbc)
        return nil
    }

    private static func prepare(
        _ arguments: inout [ConverterConstant?], _ mode: Cipher.Mode
    ) throws(ArgumentMistake) {
        guard case .integer(let bits)? = arguments[0], let cipher = Cipher(mode, bits: bits) else {
            throw ArgumentMistake(expected: "128, 192 or 256 bits", at: 0)
        }
        arguments[0] = .object(cipher)
        for index in 1..<arguments.count { try decodeConstant(&arguments, index) }
        // Differs: HAProxy takes constants of any length, and reads what lies behind a short one.
        if case .bytes(let nonce)? = arguments[1], !cipher.takes(nonceBytes: nonce.count) {
            throw ArgumentMistake(
                "<nonce> has \(nonce.count) bytes, which is a wrong length", at: 1)
        }
        if case .bytes(let key)? = arguments[2], key.count != cipher.keyBytes {
            throw ArgumentMistake(
                "<key> has \(key.count) bytes, \(bits) bits are \(cipher.keyBytes) bytes", at: 2)
        }
    }

    // MARK: Modes

    static let encryptGCM: Converter.Function = { sample, arguments, scratch, environment in
        var tag = Tag(repeating: 0)
        guard
            let made = run(
                sample, arguments, &tag, aad: 4, &scratch, environment, isEncrypting: true),
            let text = scratch.make(
                as: .string, { Base64.encode(tag.span, into: &$0, .standard) }),
            environment.set(arguments.variable(3), to: text, in: scratch, if: [])
        else { return false }
        sample.become(made)
        return true
    }

    static let decryptGCM: Converter.Function = { sample, arguments, scratch, environment in
        var tag = Tag(repeating: 0)
        guard let given = secret(arguments, 3, &scratch, environment), given.byteCount == 16
        else { return false }
        for index in 0..<16 { tag[index] = scratch.bytes(of: given)[index] }
        guard
            let made = run(
                sample, arguments, &tag, aad: 4, &scratch, environment, isEncrypting: false)
        else { return false }
        sample.become(made)
        return true
    }

    static let encryptCBC: Converter.Function = { sample, arguments, scratch, environment in
        var tag = Tag(repeating: 0)
        guard
            let made = run(
                sample, arguments, &tag, aad: nil, &scratch, environment, isEncrypting: true)
        else { return false }
        sample.become(made)
        return true
    }

    static let decryptCBC: Converter.Function = { sample, arguments, scratch, environment in
        var tag = Tag(repeating: 0)
        guard
            let made = run(
                sample, arguments, &tag, aad: nil, &scratch, environment, isEncrypting: false)
        else { return false }
        sample.become(made)
        return true
    }

    /// - Parameter aad: which argument says what is authenticated beside the text; nil for none.
    private static func run(
        _ sample: Sample, _ arguments: ConverterArguments, _ tag: inout Tag, aad: Int?,
        _ scratch: inout SampleScratch, _ environment: ConverterEnvironment, isEncrypting: Bool
    ) -> Sample? {
        guard let nonce = secret(arguments, 1, &scratch, environment),
            let key = secret(arguments, 2, &scratch, environment)
        else { return nil }
        var beside: Sample?
        if let aad, arguments.has(aad) {
            beside = secret(arguments, aad, &scratch, environment)
            if beside == nil { return nil }
        }
        var isDone = false
        let made = scratch.makeFrom(as: .binary) { scratch, output in
            isDone = arguments.withObject(0, as: Cipher.self) { cipher in
                guard key.byteCount == cipher.keyBytes, cipher.takes(nonceBytes: nonce.byteCount)
                else { return false }
                var run = CipherRun(
                    cipher, nonce: scratch.bytes(of: nonce), key: scratch.bytes(of: key),
                    isEncrypting: isEncrypting)
                guard run.isReady else { return false }
                if let beside, !run.authenticate(scratch.bytes(of: beside)) { return false }
                return run.convert(scratch.bytes(of: sample), &tag, into: &output)
            }
        }
        return isDone ? made : nil
    }
}

/// One text on its way through a cipher.
///
/// Safety: the context is this value's own and freed once.
@safe
private struct CipherRun: ~Copyable {
    private let context: OpaquePointer?
    private let mode: Cipher.Mode
    private let isEncrypting: Bool
    /// Whether OpenSSL took everything so far.
    let isReady: Bool

    /// Makes ready. The lengths must be those that the cipher takes.
    init(_ cipher: Cipher, nonce: Span<UInt8>, key: Span<UInt8>, isEncrypting: Bool) {
        let context = unsafe EVP_CIPHER_CTX_new()
        unsafe self.context = context
        mode = cipher.mode
        self.isEncrypting = isEncrypting
        let direction: Int32 = isEncrypting ? 1 : 0
        // Safety: the pointers are used within their borrows, and their lengths were checked.
        isReady = unsafe nonce.withUnsafeBufferPointer { nonce in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe context != nil
                    && EVP_CipherInit_ex(context, cipher.algorithm, nil, nil, nil, direction) == 1
                    && (cipher.mode == .cbc
                        || EVP_CIPHER_CTX_ctrl(
                            context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1)
                    && EVP_CipherInit_ex(
                        context, nil, nil, key.baseAddress, nonce.baseAddress, direction) == 1
            }
        }
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
        // What went wrong is said by results; the thread's list of errors must not grow.
        ERR_clear_error()
    }

    /// Adds what is authenticated and not encrypted; for GCM, before the text.
    mutating func authenticate(_ text: Span<UInt8>) -> Bool {
        if text.isEmpty { return true }
        var count: Int32 = 0
        // Safety: the text is read within its borrow and nothing is written.
        return unsafe text.withUnsafeBufferPointer { text in
            unsafe EVP_CipherUpdate(context, nil, &count, text.baseAddress, Int32(text.count)) == 1
        }
    }

    /// Adds the converted text; for GCM the tag is made, or must be right.
    mutating func convert(
        _ input: Span<UInt8>, _ tag: inout Tag, into output: inout OutputBytes
    ) -> Bool {
        guard input.count <= output.room - 16 else { return false }
        var span = tag.mutableSpan
        // Safety: at most a block more than was read is written, for which there is room.
        return unsafe span.withUnsafeMutableBufferPointer { tag in
            unsafe output.withUnsafeRoom { room in
                unsafe convert(input, tag.baseAddress!, room.baseAddress!)
            }
        }
    }

    /// Returns how many bytes were written; nil on failure.
    private func convert(
        _ input: Span<UInt8>, _ tag: UnsafeMutablePointer<UInt8>,
        _ room: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var count: Int32 = 0
        var rest: Int32 = 0
        // Safety: the caller has room for the input and a block; the tag has 16 bytes.
        let isRead = unsafe input.withUnsafeBufferPointer { input in
            unsafe input.isEmpty
                || EVP_CipherUpdate(
                    context, room, &count, input.baseAddress, Int32(input.count)) == 1
        }
        guard isRead else { return nil }
        if mode == .gcm && !isEncrypting {
            let status = unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, tag)
            guard status == 1 else { return nil }
        }
        guard unsafe EVP_CipherFinal_ex(context, room + Int(count), &rest) == 1 else {
            return nil
        }
        if mode == .gcm && isEncrypting {
            let status = unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag)
            guard status == 1 else { return nil }
        }
        return Int(count + rest)
    }
}

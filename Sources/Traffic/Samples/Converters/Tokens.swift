// Verification of JSON Web Tokens (RFC 7515, RFC 7518 §3; configuration manual: jwt_verify).

import COpenSSL

extension ConverterFamily {
    static let tokens = ConverterFamily(
        "tokens",
        [
            Converter(
                "jwt_verify", .string, to: .integer,
                takes: [.textOrVariable("alg"), .textOrVariable("key")],
                "Verifies the signature of a JSON Web Token: 1 is right, 0 wrong, below 0 an error.",
                prepare: Tokens.prepare, Tokens.verify)
        ])
}

/// What verifying a token gives; the numbers are the manual's.
private enum TokenResult: Int64 {
    case wrong = 0
    case right = 1
    case unknownAlgorithm = -1
    case invalidToken = -3
    case unknownKey = -5
}

/// An algorithm of RFC 7518 §3.1.
struct TokenAlgorithm {
    /// How the signature is made.
    enum Family: Int64 {
        case none, hmac, rsa, pss, elliptic
    }

    /// How the signature is made.
    let family: Family
    /// The length of its digest: 256, 384 or 512.
    let bits: Int64

    /// The algorithm of a name; nil when there is none.
    init?(_ name: Span<UInt8>) {
        if isWord(name, "none") {
            self.init(.none, 0)
            return
        }
        guard name.count == 5, name[1] == 0x53 else { return nil }
        let family: Family
        switch name[0] {
        case 0x48: family = .hmac
        case 0x52: family = .rsa
        case 0x50: family = .pss
        case 0x45: family = .elliptic
        default: return nil
        }
        let digits = name.extracting(2..<5)
        if isWord(digits, "256") {
            self.init(family, 256)
        } else if isWord(digits, "384") {
            self.init(family, 384)
        } else if isWord(digits, "512") {
            self.init(family, 512)
        } else {
            return nil
        }
    }

    /// The algorithm that ``code`` stands for.
    init(code: Int64) {
        self.init(Family(rawValue: code >> 16)!, code & 0xFFFF)
    }

    private init(_ family: Family, _ bits: Int64) {
        self.family = family
        self.bits = bits
    }

    /// A number for arguments.
    var code: Int64 { family.rawValue << 16 | bits }

    /// Whether a key of that kind belongs to it.
    func takes(_ kind: PublicKey.Kind) -> Bool {
        switch family {
        case .none, .hmac: false
        case .rsa, .pss: kind == .rsa
        case .elliptic: kind == .elliptic
        }
    }

    /// The digest.
    var digest: DigestAlgorithm { DigestAlgorithm(sha2Bits: bits) }
}

private enum Tokens {
    /// Leaves the algorithm's code or variable, the key's text or variable, a key that was read at
    /// load and the keys of the configuration.
    static let prepare: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        var algorithm: TokenAlgorithm?
        if case .bytes(let name)? = arguments[0] {
            algorithm = TokenAlgorithm(name.span)
            guard let algorithm else {
                throw ArgumentMistake(
                    expected: "a variable, 'none' or one of HS, RS, ES and PS with 256, 384 or 512",
                    at: 0)
            }
            arguments[0] = .integer(algorithm.code)
        }
        var key: PublicKey?
        if case .bytes(let path)? = arguments[1], algorithm?.family != .hmac {
            key = loading.readFile.flatMap { loading.tokenKeys.load(path, $0) }
            try check(key, path, algorithm)
        }
        arguments += [key.map { .object($0) }, .object(loading.tokenKeys)]
        return nil
    }

    /// With an algorithm of variables the text may be a secret: only then need it be no file.
    private static func check(
        _ key: PublicKey?, _ path: [UInt8], _ algorithm: TokenAlgorithm?
    ) throws(ArgumentMistake) {
        guard let algorithm, algorithm.family != .none else { return }
        // Differs: HAProxy loads a configuration whose key is missing or of another kind and then
        // verifies nothing.
        guard let key else {
            throw ArgumentMistake("there is no public key in the file '\(shown(path))'", at: 1)
        }
        guard algorithm.takes(key.reference.kind) else {
            throw ArgumentMistake(
                "the key in '\(shown(path))' is not of the kind that <alg> needs", at: 1)
        }
    }

    static let verify: Converter.Function = { sample, arguments, scratch, environment in
        let mark = scratch.mark
        guard let result = result(sample, arguments, &scratch, environment) else { return false }
        scratch.rewind(to: mark)
        sample.become(.integer(result.rawValue))
        return true
    }

    /// Nil when a variable has no value.
    private static func result(
        _ token: Sample, _ arguments: ConverterArguments, _ scratch: inout SampleScratch,
        _ environment: ConverterEnvironment
    ) -> TokenResult? {
        var algorithm: TokenAlgorithm?
        if arguments.isVariable(0) {
            let variable = arguments.variable(0)
            guard let name = environment.value(of: variable, as: .string, into: &scratch) else {
                return nil
            }
            algorithm = TokenAlgorithm(scratch.bytes(of: name))
        } else {
            algorithm = TokenAlgorithm(code: arguments.integer(0))
        }
        guard let key = text(of: 1, arguments, &scratch, environment) else { return nil }
        guard let algorithm else { return .unknownAlgorithm }
        guard let parts = TokenParts(scratch.bytes(of: token)) else { return .invalidToken }
        if algorithm.family == .none {
            return parts.count < 3 || parts[2].isEmpty ? .right : .wrong
        }
        guard parts.count == 3 else { return .invalidToken }
        var signature = token.part(parts[2].lowerBound, parts[2].count)
        let isDecoded = scratch.convert(&signature, to: .binary) { input, output in
            Base64.decode(input, into: &output, .url)
        }
        guard isDecoded, signature.byteCount > 0 else { return .invalidToken }
        let signed = token.part(0, parts[1].upperBound)
        if algorithm.family == .hmac {
            return compare(algorithm, key: key, signed, signature, &scratch)
        }
        return check(algorithm, key: key, arguments, signed, signature, &scratch)
    }

    /// A constant or a variable's value as text; nil when the variable has none.
    private static func text(
        of index: Int, _ arguments: ConverterArguments, _ scratch: inout SampleScratch,
        _ environment: ConverterEnvironment
    ) -> Sample? {
        guard arguments.isVariable(index) else { return scratch.copy(arguments.bytes(index)) }
        return environment.value(of: arguments.variable(index), as: .string, into: &scratch)
    }

    // MARK: Shared secrets

    private static func compare(
        _ algorithm: TokenAlgorithm, key: Sample, _ signed: Sample, _ signature: Sample,
        _ scratch: inout SampleScratch
    ) -> TokenResult {
        var isDone = false
        let made = scratch.makeFrom(as: .binary) { scratch, output in
            isDone = messageCode(
                algorithm.digest, key: scratch.bytes(of: key), scratch.bytes(of: signed),
                into: &output)
        }
        guard isDone, let made, made.byteCount == signature.byteCount else { return .wrong }
        let right = scratch.bytes(of: made)
        let given = scratch.bytes(of: signature)
        var difference: UInt8 = 0
        for index in 0..<right.count { difference |= right[index] ^ given[index] }
        return difference == 0 ? .right : .wrong
    }

    // MARK: Public keys

    private static func check(
        _ algorithm: TokenAlgorithm, key path: Sample, _ arguments: ConverterArguments,
        _ signed: Sample, _ signature: Sample, _ scratch: inout SampleScratch
    ) -> TokenResult {
        let found: PublicKey.Reference?
        if arguments.has(2) {
            found = arguments.withObject(2, as: PublicKey.self) { $0.reference }
        } else {
            found = arguments.withObject(3, as: TokenKeys.self) {
                $0.find(scratch.bytes(of: path))
            }
        }
        guard let found else { return .unknownKey }
        guard algorithm.family == .elliptic else {
            return verify(
                algorithm, found, scratch.bytes(of: signed), scratch.bytes(of: signature))
        }
        guard signature.byteCount.isMultiple(of: 2) else { return .invalidToken }
        let converted = scratch.makeFrom(as: .binary) { scratch, output in
            writeSequence(of: scratch.bytes(of: signature), into: &output)
        }
        guard let converted else { return .wrong }
        return verify(algorithm, found, scratch.bytes(of: signed), scratch.bytes(of: converted))
    }

    /// The most bytes of one of the two numbers that a curve's signature is made of: more than any
    /// curve has, and few enough for lengths of one byte.
    private static let numberLimit = 120

    /// Writes the two numbers of `r s` as a DER sequence of integers.
    private static func writeSequence(of numbers: Span<UInt8>, into output: inout OutputBytes) {
        let half = numbers.count / 2
        let first = significant(numbers, 0..<half)
        let second = significant(numbers, half..<numbers.count)
        let count = encodedCount(numbers, first) + encodedCount(numbers, second)
        guard max(first.count, second.count) <= numberLimit, count < 256 else { return }
        output.append(0x30)
        if count > 127 { output.append(0x81) }
        output.append(UInt8(count))
        writeInteger(numbers, first, into: &output)
        writeInteger(numbers, second, into: &output)
    }

    private static func writeInteger(
        _ numbers: Span<UInt8>, _ range: Range<Int>, into output: inout OutputBytes
    ) {
        output.append(0x02)
        output.append(UInt8(encodedCount(numbers, range) - 2))
        if range.isEmpty || numbers[range.lowerBound] > 0x7F { output.append(0) }
        output.append(numbers.extracting(range))
    }

    /// Where a number's bytes are without leading zeros.
    private static func significant(_ numbers: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        while start < range.upperBound && numbers[start] == 0 { start += 1 }
        return start..<range.upperBound
    }

    /// How many bytes the integer takes with its tag and its length.
    private static func encodedCount(_ numbers: Span<UInt8>, _ range: Range<Int>) -> Int {
        2 + range.count + (range.isEmpty || numbers[range.lowerBound] > 0x7F ? 1 : 0)
    }

    private static func verify(
        _ algorithm: TokenAlgorithm, _ key: PublicKey.Reference, _ signed: Span<UInt8>,
        _ signature: Span<UInt8>
    ) -> TokenResult {
        guard algorithm.takes(key.kind), let context = unsafe EVP_MD_CTX_new() else {
            return .wrong
        }
        defer {
            unsafe EVP_MD_CTX_free(context)
            // What went wrong is said by the result; the thread's list of errors must not grow.
            ERR_clear_error()
        }
        var settings: OpaquePointer?
        // Safety: the spans outlive the call, which reads them only; the settings belong to the
        // context, which is freed above.
        let isRight = unsafe signed.withUnsafeBufferPointer { signed in
            unsafe signature.withUnsafeBufferPointer { signature in
                unsafe EVP_DigestVerifyInit(
                    context, &settings, algorithm.digest.pointer, nil, key.pointer) == 1
                    && (algorithm.family != .pss || martlet_use_pss(settings) == 1)
                    && EVP_DigestVerify(
                        context, signature.baseAddress, signature.count, signed.baseAddress,
                        signed.count) == 1
            }
        }
        return isRight ? .right : .wrong
    }
}

// The public keys that verify tokens: read from files while a configuration is loaded, and found by
// their paths afterwards (configuration manual: jwt_verify).

import COpenSSL
import Structures

/// A public key in OpenSSL's form.
///
/// Safety: the key is made once, never changed and freed by this object alone; OpenSSL counts
/// references to it atomically, so that several threads can verify with it.
@safe
public final class PublicKey: @unchecked Sendable {
    /// What the key can verify.
    enum Kind: UInt8, BitwiseCopyable {
        case rsa, elliptic, other
    }

    /// A key that can stand in flat tables; the ``PublicKey`` keeps it alive.
    @safe
    struct Reference: BitwiseCopyable, @unchecked Sendable {
        let pointer: OpaquePointer
        let kind: Kind
    }

    /// The most bytes a file with a key may have.
    static let fileLimit = 1 << 20

    let reference: Reference

    /// The first public key or certificate of a PEM text; nil when there is none that can be read.
    ///
    /// Private keys are not taken.
    init?(pem: [UInt8]) {
        guard pem.count <= Self.fileLimit, let found = unsafe Self.read(pem) else { return nil }
        let kind: Kind =
            switch unsafe EVP_PKEY_get_base_id(found) {
            case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .rsa
            case EVP_PKEY_EC: .elliptic
            default: .other
            }
        unsafe reference = Reference(pointer: found, kind: kind)
    }

    deinit {
        // Safety: owned by this object alone.
        unsafe EVP_PKEY_free(reference.pointer)
    }

    private static func read(_ pem: [UInt8]) -> OpaquePointer? {
        defer { ERR_clear_error() }
        // Safety: the text outlives the BIO, which reads it in place; each block is freed.
        return unsafe pem.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress,
                let input = unsafe BIO_new_mem_buf(start, Int32(bytes.count))
            else { return nil }
            defer { unsafe BIO_free(input) }
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var block: UnsafeMutablePointer<UInt8>?
            var count = 0
            while unsafe PEM_read_bio(input, &name, &header, &block, &count) == 1 {
                let key = unsafe key(of: block!, count, named: String(cString: name!))
                unsafe martlet_free(name)
                unsafe martlet_free(header)
                unsafe martlet_free(block)
                if let key = unsafe key { return unsafe key }
            }
            return nil
        }
    }

    /// The key in one block of a PEM text.
    private static func key(
        of block: UnsafePointer<UInt8>, _ count: Int, named name: String
    ) -> OpaquePointer? {
        // Safety: the readers stay inside `count` bytes and move only their copy of the pointer.
        var start: UnsafePointer<UInt8>? = unsafe block
        switch name {
        case "PUBLIC KEY": return unsafe d2i_PUBKEY(nil, &start, count)
        case "RSA PUBLIC KEY":
            return unsafe d2i_PublicKey(EVP_PKEY_RSA, nil, &start, count)
        case "CERTIFICATE":
            guard let certificate = unsafe d2i_X509(nil, &start, count) else { return nil }
            defer { unsafe X509_free(certificate) }
            return unsafe X509_get_pubkey(certificate)
        default: return nil
        }
    }
}

/// The keys of a configuration by the paths that `jwt_verify` names.
///
/// Variables can name only what some `jwt_verify` names too, so that no file is read at run time.
///
/// Safety: filled by the thread that loads; workers read it when it is filled.
@safe
public final class TokenKeys: @unchecked Sendable {
    private var keys: [PublicKey] = []
    private var references = FlatList<PublicKey.Reference>()
    private var paths = TextStore()
    private var index = TextIndex()

    /// No keys yet.
    public init() {}

    /// The key in a file, read when it is named first; nil when there is none.
    func load(_ path: [UInt8], _ readFile: (String) -> [UInt8]?) -> PublicKey? {
        if let known = index.find(path.span, in: paths) { return keys[Int(known)] }
        guard let text = readFile(shown(path)), let key = PublicKey(pem: text) else { return nil }
        index.insert(paths.add(path.span), UInt32(keys.count), in: paths)
        keys.append(key)
        references.append(key.reference)
        return key
    }

    /// The key of a path that was loaded.
    func find(_ path: Span<UInt8>) -> PublicKey.Reference? {
        index.find(path, in: paths).map { references[Int($0)] }
    }
}

// Passwords against hashes of crypt(3). Each worker has one checker, whose memory is taken once;
// how long a check takes is up to the method and the rounds of the hash.

import CCrypt
import Glibc

/// Checks passwords against hashes.
///
/// Used by one thread at a time.
@safe
public final class PasswordCheck {
    /// The longest password that can match, as of crypt(3).
    public static let longestPassword = 511
    /// The longest hash that can be matched, as of crypt(3).
    public static let longestHash = 383

    private static let textBytes = 512
    private let memory: UnsafeMutableRawPointer
    private let password: UnsafeMutablePointer<CChar>
    private let hash: UnsafeMutablePointer<CChar>

    /// Takes the memory.
    public init() {
        // Safety: all three blocks are owned by this object and freed in `deinit`; crypt(3) wants
        // its own zeroed.
        let bytes = martlet_crypt_bytes()
        unsafe memory = .allocate(byteCount: bytes, alignment: 16)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        unsafe password = .allocate(capacity: Self.textBytes)
        unsafe password.initialize(repeating: 0, count: Self.textBytes)
        unsafe hash = .allocate(capacity: Self.textBytes)
        unsafe hash.initialize(repeating: 0, count: Self.textBytes)
    }

    deinit {
        // Safety: allocated by `init`, and nobody else knows them.
        unsafe memory.deallocate()
        unsafe password.deallocate()
        unsafe hash.deallocate()
    }

    /// Whether a hash is that of a password. A password with a zero byte is none.
    public func matches(_ password: Span<UInt8>, hash: Span<UInt8>) -> Bool {
        guard password.count <= Self.longestPassword, hash.count <= Self.longestHash,
            !password.isEmpty || !hash.isEmpty,
            // Safety: both blocks have room for the limits above and the zero behind.
            unsafe Self.copy(password, to: self.password),
            unsafe Self.copy(hash, to: self.hash)
        else { return false }
        defer {
            // Nothing secret is left behind.
            unsafe self.password.update(repeating: 0, count: Self.textBytes)
        }
        // Safety: both texts end with a zero; the memory is as large as crypt(3) wants it.
        guard
            let made = unsafe martlet_crypt(
                UnsafePointer(self.password), UnsafePointer(self.hash), memory)
        else { return false }
        if unsafe made[0] == 0x2A { return false }
        var difference: UInt8 = 0
        var index = 0
        while index < hash.count {
            // Safety: a byte behind the text's zero is not looked at.
            let byte = unsafe UInt8(bitPattern: made[index])
            if byte == 0 { return false }
            difference |= byte ^ hash[index]
            index &+= 1
        }
        // Safety: no zero was met before this byte.
        return unsafe difference == 0 && made[index] == 0
    }

    /// Whether a text is a hash that crypt(3) can check.
    public func understands(_ hash: Span<UInt8>) -> Bool {
        guard hash.count <= Self.longestHash, !hash.isEmpty,
            // Safety: as in `matches`; so below.
            unsafe Self.copy(hash, to: self.hash)
        else { return false }
        unsafe password[0] = 0
        guard
            let made = unsafe martlet_crypt(
                UnsafePointer(password), UnsafePointer(self.hash), memory)
        else { return false }
        return unsafe made[0] != 0x2A && strlen(made) == hash.count
    }

    /// Copies a text and a zero behind it; false where it holds a zero itself.
    private static func copy(_ text: Span<UInt8>, to place: UnsafeMutablePointer<CChar>) -> Bool {
        var index = 0
        while index < text.count {
            if text[index] == 0 { return false }
            // Safety: callers have compared the count with the block's room.
            unsafe place[index] = CChar(bitPattern: text[index])
            index &+= 1
        }
        unsafe place[index] = 0
        return true
    }
}

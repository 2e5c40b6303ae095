// Socket addresses as words of a command line: 127.0.0.1:80, [::1]:80, *:80, localhost:80,
// unix@/path.

import CLinux
import Glibc
import Kernel

extension RawSocketAddress {
    /// Reads an address; `nil` when it is none. Names other than `localhost` are not resolved:
    /// load goes to addresses that were meant.
    public init?(commandLineWord word: String) {
        self.init()
        if word.hasPrefix("unix@") {
            self.init(unixPath: String(word.dropFirst(5)))
            return
        }
        guard let colon = word.lastIndex(of: ":"),
            let port = UInt16(word[word.index(after: colon)...])
        else { return nil }
        var host = String(word[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        switch host {
        case "", "*": host = "0.0.0.0"
        case "localhost": host = "127.0.0.1"
        default: break
        }
        var four = sockaddr_in()
        // Safety: `inet_pton` fills the address of the family it is told.
        if unsafe inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            store(four)
            return
        }
        var six = sockaddr_in6()
        // Safety: as above.
        if unsafe inet_pton(AF_INET6, host, &six.sin6_addr) == 1 {
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            store(six)
            return
        }
        return nil
    }

    /// The address of a UNIX socket; `nil` when the path is too long.
    private init?(unixPath path: String) {
        self.init()
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return nil
        }
        address.sun_family = sa_family_t(AF_UNIX)
        // Safety: the path is shorter than the field, which was zeroed.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        store(address)
    }

    private mutating func store<Address>(_ address: Address) {
        length = UInt32(MemoryLayout<Address>.size)
        // Safety: every socket address is plain memory that fits at the start of the storage.
        unsafe withUnsafeMutableBytes(of: &storage) { room in
            unsafe withUnsafeBytes(of: address) { unsafe room.copyMemory(from: $0) }
        }
    }

    /// The address as a word that `init(commandLineWord:)` reads.
    public var commandLineWord: String {
        switch family {
        case AF_INET:
            let four = load(sockaddr_in.self)
            return "\(numeric(AF_INET, four.sin_addr)):\(UInt16(bigEndian: four.sin_port))"
        case AF_INET6:
            let six = load(sockaddr_in6.self)
            return "[\(numeric(AF_INET6, six.sin6_addr))]:\(UInt16(bigEndian: six.sin6_port))"
        case AF_UNIX:
            let path = load(sockaddr_un.self).sun_path
            // Safety: the bytes of a tuple are read while it lives.
            let bytes = unsafe withUnsafeBytes(of: path) { unsafe Array($0.prefix { $0 != 0 }) }
            return "unix@" + String(decoding: bytes, as: UTF8.self)
        default: return "(family \(family))"
        }
    }

    /// The port, or zero where there is none.
    public var port: Int {
        switch family {
        case AF_INET: Int(UInt16(bigEndian: load(sockaddr_in.self).sin_port))
        case AF_INET6: Int(UInt16(bigEndian: load(sockaddr_in6.self).sin6_port))
        default: 0
        }
    }

    private func load<Address>(_ type: Address.Type) -> Address {
        // Safety: every socket address is plain memory that fits at the start of the storage,
        // which is aligned for all of them.
        unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: Address.self) }
    }

    private func numeric<Address>(_ family: Int32, _ address: Address) -> String {
        var text = [CChar](repeating: 0, count: 64)
        // Safety: `text` is longer than any numeric address, which is read while it lives.
        let written = unsafe withUnsafeBytes(of: address) {
            unsafe inet_ntop(family, $0.baseAddress, &text, 64) != nil
        }
        guard written else { return "?" }
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

// Host names to addresses through the C library. Blocks; for the control path at load time only.

import Addresses
import CLinux
import Glibc

/// Asks the C library's resolver.
public enum NameResolution {
    /// The first address of a host name, in one family or in either with IPv4 first.
    ///
    /// Nil when the name has none. Blocks until the resolver answers or gives up.
    public static func address(of name: String, family: IPAddress.Family?) -> IPAddress? {
        guard let family else {
            return address(of: name, family: .v4) ?? address(of: name, family: .v6)
        }
        // Safety: a structure of zeros and null pointers; it is read during the call only.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = family == .v4 ? AF_INET : AF_INET6
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // Safety: the name is read during the call; the list is freed below.
        guard unsafe getaddrinfo(name, nil, &hints, &list) == 0, let first = unsafe list else {
            return nil
        }
        defer { unsafe freeaddrinfo(first) }
        // Safety: the entry and its address live until the list is freed; `ai_addrlen` bounds it.
        let bytes = unsafe UnsafeRawBufferPointer(
            start: first.pointee.ai_addr, count: Int(first.pointee.ai_addrlen))
        let copy = unsafe [UInt8](bytes)
        return IPSocketAddress(sockaddr: copy.span)?.address
    }
}

extension RawSocketAddress {
    /// The kernel's form of an address.
    public init(_ address: SocketAddress) {
        self.init()
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var target = bytes.mutableSpan
        length = UInt32(address.writeSockaddr(into: &target))
        // Safety: both sides are exactly the size of sockaddr_storage.
        unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.copyBytes(from: bytes) }
    }

    /// The address as a value; nil when it is neither IP nor UNIX.
    public var socketAddress: SocketAddress? {
        // Safety: `length` never exceeds the storage.
        let bytes = unsafe withUnsafeBytes(of: storage) {
            unsafe [UInt8]($0.prefix(Int(length)))
        }
        return SocketAddress(sockaddr: bytes.span)
    }
}

extension Descriptor {
    /// Why a number this process inherited is no socket; nil when it is one. Takes no ownership.
    public static func flawOfSocket(_ number: Int32) -> Errno? {
        let borrowed = Descriptor(owning: number)
        var flaw: Errno?
        do throws(Errno) {
            _ = try borrowed.localAddress()
        } catch {
            flaw = error
        }
        // The number stays open: it is only looked at here.
        _ = borrowed.surrender()
        return flaw
    }
}

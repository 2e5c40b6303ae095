// Between the kernel's socket addresses and ours.

import Addresses
import Bytes
import CLinux
import Glibc

extension RawSocketAddress {
    /// The kernel's form of an IP socket address.
    public init(_ address: IPSocketAddress) {
        self.init()
        length = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            // Safety: sockaddr_storage is 128 bytes of plain memory and holds every family.
            var span = unsafe MutableSpan<UInt8>(
                _unsafeElements: bytes.bindMemory(to: UInt8.self))
            return UInt32(address.writeSockaddr(into: &span))
        }
    }

    /// The IP socket address it holds; nil for other families.
    public var ip: IPSocketAddress? {
        let held = Int(length)
        return unsafe withUnsafeBytes(of: storage) { bytes in
            if storage.ss_family == SocketFamily.inet, held >= IPSocketAddress.sockaddrBytesV4 {
                // Safety: the storage has 128 bytes; the port lies at 2, the address at 4.
                let port = unsafe bytes.load(fromByteOffset: 2, as: UInt16.self)
                let address = unsafe bytes.load(fromByteOffset: 4, as: UInt32.self)
                return IPSocketAddress(
                    IPAddress(v4: UInt32(bigEndian: address)), port: UInt16(bigEndian: port))
            }
            // Safety: the first `length` bytes were filled in by the kernel or by `init`.
            let span = unsafe Span<UInt8>(
                _unsafeElements: UnsafeBufferPointer(
                    rebasing: bytes.bindMemory(to: UInt8.self)[..<min(held, bytes.count)]))
            return IPSocketAddress(sockaddr: span)
        }
    }

    /// The UNIX address it holds; nil for other families.
    public var unix: UNIXSocketAddress? {
        let held = Int(length)
        return unsafe withUnsafeBytes(of: storage) { bytes in
            // Safety: as in `ip`.
            let span = unsafe Span<UInt8>(
                _unsafeElements: UnsafeBufferPointer(
                    rebasing: bytes.bindMemory(to: UInt8.self)[..<min(held, bytes.count)]))
            return UNIXSocketAddress(sockaddr: span)
        }
    }

    /// The port of an IP address in host order; 0 for other families.
    public var port: UInt16 { ip?.port ?? 0 }

    /// The same IP address with another port; other families are returned as they are.
    public func with(port: UInt16) -> RawSocketAddress {
        ip.map { RawSocketAddress($0.with(port: port)) } ?? self
    }
}

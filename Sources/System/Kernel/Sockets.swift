// Making, binding, connecting and accepting sockets.

import Addresses
import Bytes
import CLinux
import Glibc

/// Storage for any socket address with its length, as the kernel wants and gives it.
@frozen
public struct RawSocketAddress: Sendable {
    public var storage: sockaddr_storage
    public var length: UInt32

    public init() {
        storage = sockaddr_storage()
        length = UInt32(MemoryLayout<sockaddr_storage>.size)
    }

    /// The address family (AF_INET, AF_INET6, AF_UNIX).
    public var family: Int32 { Int32(storage.ss_family) }

    /// Calls `body` with the address as the socket calls take it.
    @inlinable
    public func withSocketAddress<R>(_ body: (UnsafePointer<sockaddr>, UInt32) -> R) -> R {
        // Safety: every sockaddr type is laid out at the start of sockaddr_storage.
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, length)
            }
        }
    }

    /// Calls `body` with room for an address to be filled in; `length` is updated by the call.
    @inlinable
    public mutating func withMutableSocketAddress<R>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<UInt32>) -> R
    ) -> R {
        length = UInt32(MemoryLayout<sockaddr_storage>.size)
        // Safety: as above; the two stored properties do not overlap.
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe withUnsafeMutablePointer(to: &length) { unsafe body(address, $0) }
            }
        }
    }
}

/// What an accept did.
public enum AcceptResult: ~Copyable {
    case accepted(Descriptor)
    case wouldBlock
    case failed(Errno)
}

extension Descriptor {
    /// Opens a non-blocking, close-on-exec socket.
    public static func socket(
        family: Int32, type: Int32, protocol number: Int32 = 0
    ) throws(Errno) -> Descriptor {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family, type | flags, number)
        if descriptor < 0 { throw Errno.last }
        return Descriptor(owning: descriptor)
    }

    /// Makes two stream sockets that are connected to each other, non-blocking and close-on-exec.
    ///
    /// Returns their numbers; each is to be owned by a descriptor.
    public static func pair() throws(Errno) -> (first: Int32, second: Int32) {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        var numbers: [Int32] = [-1, -1]
        // Safety: room for two numbers for the duration of the call.
        let status = unsafe socketpair(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | flags, 0, &numbers)
        if status < 0 { throw Errno.last }
        return (numbers[0], numbers[1])
    }

    /// Makes a pipe whose ends are close-on-exec; each number is to be owned by a descriptor.
    static func pipe(flags: Int32 = 0) throws(Errno) -> (read: Int32, write: Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        // Safety: `ends` is two adjacent Int32 values, which is what the call fills.
        let status = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) {
                unsafe pipe2($0, flags | O_CLOEXEC)
            }
        }
        if status < 0 { throw Errno.last }
        return (ends.0, ends.1)
    }

    public borrowing func bind(to address: RawSocketAddress) throws(Errno) {
        // Safety: the pointer is used only for the call.
        let status = unsafe address.withSocketAddress { unsafe Glibc.bind(number, $0, $1) }
        if status < 0 { throw Errno.last }
    }

    public borrowing func listen(backlog: Int32) throws(Errno) {
        if Glibc.listen(number, backlog) < 0 { throw Errno.last }
    }

    /// Begins connecting. Returns true when connected at once, false when under way.
    public borrowing func connect(to address: RawSocketAddress) throws(Errno) -> Bool {
        while true {
            // Safety: the pointer is used only for the call.
            let status = unsafe address.withSocketAddress { unsafe Glibc.connect(number, $0, $1) }
            if status == 0 { return true }
            let code = errno
            if code == EINTR { continue }
            if code == EINPROGRESS { return false }
            throw Errno(code)
        }
    }

    /// Accepts one connection, non-blocking and close-on-exec, and stores the client's address.
    public borrowing func accept(from address: inout RawSocketAddress) -> AcceptResult {
        Self.accept(number, from: &address)
    }

    /// Accepts one connection from a listening descriptor that something else owns.
    public static func accept(
        _ number: Int32, from address: inout RawSocketAddress
    ) -> AcceptResult {
        while true {
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            // Safety: the pointers are used only for the call.
            let accepted = unsafe address.withMutableSocketAddress {
                unsafe accept4(number, $0, $1, flags)
            }
            if accepted >= 0 { return .accepted(Descriptor(owning: accepted)) }
            let code = errno
            // A client that gave up while queued is no reason to stop accepting.
            if code == EINTR || code == ECONNABORTED || code == EPROTO { continue }
            if code == EAGAIN { return .wouldBlock }
            return .failed(Errno(code))
        }
    }

    /// The address the socket is bound to.
    public borrowing func localAddress() throws(Errno) -> RawSocketAddress {
        var address = RawSocketAddress()
        // Safety: the pointers are used only for the call.
        let status = unsafe address.withMutableSocketAddress {
            unsafe getsockname(number, $0, $1)
        }
        if status < 0 { throw Errno.last }
        return address
    }

    /// The address of the other side.
    public borrowing func peerAddress() throws(Errno) -> RawSocketAddress {
        var address = RawSocketAddress()
        // Safety: the pointers are used only for the call.
        let status = unsafe address.withMutableSocketAddress {
            unsafe getpeername(number, $0, $1)
        }
        if status < 0 { throw Errno.last }
        return address
    }

    /// Sets a socket option of any plain type; false when the kernel refuses.
    @discardableResult
    public borrowing func setOption<Value: BitwiseCopyable>(
        _ level: Int32, _ option: Int32, _ value: Value
    ) -> Bool {
        // Safety: the pointer covers exactly one `Value` for the duration of the call.
        unsafe withUnsafePointer(to: value) {
            unsafe setsockopt(
                number, level, option, $0, UInt32(MemoryLayout<Value>.size)) == 0
        }
    }

    /// Reads an integer socket option; nil when the kernel refuses.
    public borrowing func option(_ level: Int32, _ option: Int32) -> Int32? {
        var value: Int32 = 0
        var length = UInt32(MemoryLayout<Int32>.size)
        // Safety: both pointers are used only for the call.
        let status = unsafe getsockopt(number, level, option, &value, &length)
        return status == 0 ? value : nil
    }

    /// Sends small writes at once (TCP_NODELAY).
    @discardableResult
    public borrowing func setNoDelay() -> Bool {
        setOption(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
    }

    /// Switches to non-blocking mode, for descriptors that were inherited.
    public borrowing func setNonBlocking() throws(Errno) {
        let flags = martlet_fcntl(number, F_GETFL, 0)
        if flags < 0 || martlet_fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0 { throw Errno.last }
    }

    /// Sends one datagram without blocking.
    public borrowing func sendDatagram(
        _ bytes: Span<UInt8>, to address: RawSocketAddress
    ) -> WriteResult {
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
        // Safety: both pointers are used only for the call.
        let put = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe address.withSocketAddress {
                unsafe sendto(number, buffer.baseAddress, buffer.count, flags, $0, $1)
            }
        }
        if put >= 0 { return .bytes(put) }
        let code = errno
        return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
    }

    /// Writes bytes to any descriptor once.
    public borrowing func write(_ bytes: Span<UInt8>) -> WriteResult {
        while true {
            // Safety: the pointer is used only for the call.
            let put = unsafe bytes.withUnsafeBufferPointer {
                unsafe Glibc.write(number, $0.baseAddress, $0.count)
            }
            if put >= 0 { return .bytes(put) }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
        }
    }

    /// Reads once from any descriptor into the room behind the buffer's tail.
    public borrowing func read(into buffer: inout Buffer) -> ReadResult {
        precondition(buffer.room > 0)
        while true {
            // Safety: `room` bytes are free behind the tail.
            let got = unsafe Glibc.read(number, buffer.unsafeRoom, buffer.room)
            if got > 0 {
                buffer.advanceTail(got)
                return .bytes(got)
            }
            if got == 0 { return .ended }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN { return .wouldBlock }
            return .failed(Errno(code))
        }
    }
}

extension Descriptor {
    /// Ties the socket to a network interface (SO_BINDTODEVICE); false when the kernel refuses.
    @discardableResult
    public borrowing func bind(toDevice interface: String) -> Bool {
        var name = interface
        return name.withUTF8 { bytes in
            // Safety: the name is read for the duration of the call.
            unsafe setsockopt(
                number, SOL_SOCKET, Int32(MARTLET_SO_BINDTODEVICE), bytes.baseAddress,
                UInt32(bytes.count)) == 0
        }
    }
}

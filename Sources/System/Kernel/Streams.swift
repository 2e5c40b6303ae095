// Reading and writing connected stream sockets, without blocking and without signals.

import Bytes
import CLinux
import Glibc

extension Descriptor {
    /// Reads once into the room behind the buffer's tail, at most `limit` bytes.
    ///
    /// The room must not be empty.
    public borrowing func receive(into buffer: inout Buffer, atMost limit: Int = .max) -> ReadResult
    {
        let wanted = min(limit, buffer.room)
        precondition(wanted > 0)
        while true {
            // Safety: `wanted` bytes are free behind the tail.
            let got = unsafe martlet_receive(
                number, buffer.unsafeRoom, wanted, Int32(MSG_DONTWAIT))
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

    /// Sends bytes from the front of the buffer and consumes what was taken.
    ///
    /// - Parameters:
    ///   - length: how many bytes from the front are offered; at least one.
    ///   - more: whether further bytes follow at once (MSG_MORE).
    public borrowing func send(
        from buffer: inout Buffer, length: Int, more: Bool = false
    ) -> WriteResult {
        precondition(length > 0 && length <= buffer.count)
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        while true {
            // Safety: `length` bytes are held from the front on.
            let put = unsafe martlet_send(number, buffer.unsafeStart, length, flags)
            if put >= 0 {
                buffer.consume(put)
                return .bytes(put)
            }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN { return .wouldBlock }
            return .failed(Errno(code))
        }
    }

    /// Takes bytes that have arrived into an array; those behind what was got are left as they
    /// were.
    public borrowing func receive(into bytes: inout [UInt8]) -> ReadResult {
        while true {
            // Safety: the call writes at most the array's count.
            let got = unsafe bytes.withUnsafeMutableBytes {
                unsafe martlet_receive(number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if got > 0 { return .bytes(got) }
            if got == 0 { return .ended }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
        }
    }

    /// Sends bytes once.
    public borrowing func send(_ bytes: Span<UInt8>) -> WriteResult {
        while true {
            // Safety: the pointer is used only for the call.
            let put = unsafe bytes.withUnsafeBufferPointer {
                unsafe Glibc.send(
                    number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            }
            if put >= 0 { return .bytes(put) }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
        }
    }

    /// Reads and drops what has arrived, at most 4 kB.
    public borrowing func discard() -> ReadResult {
        var room = [UInt8](repeating: 0, count: 4096)
        while true {
            // Safety: the room is borrowed exclusively for the call.
            let got = unsafe room.withUnsafeMutableBytes {
                unsafe recv(number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if got > 0 { return .bytes(got) }
            if got == 0 { return .ended }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
        }
    }

    /// Sends all of `first` and then `length` bytes from the front of `second` in one call.
    ///
    /// Consumes what was taken from both; the result counts both.
    public borrowing func send(
        _ first: inout Buffer, then second: inout Buffer, length: Int, more: Bool = false
    ) -> WriteResult {
        let firstLength = first.count
        precondition(firstLength > 0 && length > 0 && length <= second.count)
        let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        var pieces = unsafe (
            iovec(iov_base: first.unsafeStart, iov_len: firstLength),
            iovec(iov_base: second.unsafeStart, iov_len: length)
        )
        while true {
            // Safety: both pieces are held bytes of buffers that are borrowed exclusively for the
            // duration of the call; `message` points at `pieces` only inside the closure.
            let put = unsafe withUnsafeMutablePointer(to: &pieces) { pointer in
                unsafe pointer.withMemoryRebound(to: iovec.self, capacity: 2) { vector in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = vector
                    unsafe message.msg_iovlen = 2
                    return unsafe martlet_send_message(number, &message, flags)
                }
            }
            if put >= 0 {
                let fromFirst = min(put, firstLength)
                first.consume(fromFirst)
                second.consume(put &- fromFirst)
                return .bytes(put)
            }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN { return .wouldBlock }
            return .failed(Errno(code))
        }
    }

    /// Moves up to `length` bytes from this socket into a pipe without copying them.
    public borrowing func splice(intoPipe pipe: Int32, length: Int) -> ReadResult {
        let flags = UInt32(MARTLET_SPLICE_F_MOVE | MARTLET_SPLICE_F_NONBLOCK)
        while true {
            let moved = martlet_splice(number, pipe, length, flags)
            if moved > 0 { return .bytes(moved) }
            if moved == 0 { return .ended }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN { return .wouldBlock }
            return .failed(Errno(code))
        }
    }

    /// Moves up to `length` bytes out of a pipe into this socket without copying them.
    public borrowing func splice(
        fromPipe pipe: Int32, length: Int, more: Bool = false
    ) -> WriteResult {
        let flags =
            UInt32(MARTLET_SPLICE_F_MOVE | MARTLET_SPLICE_F_NONBLOCK)
            | (more ? UInt32(MARTLET_SPLICE_F_MORE) : 0)
        while true {
            let moved = martlet_splice(pipe, number, length, flags)
            if moved >= 0 { return .bytes(moved) }
            let code = errno
            if code == EINTR { continue }
            if code == EAGAIN { return .wouldBlock }
            return .failed(Errno(code))
        }
    }

    /// Ends the sending direction; the other direction goes on.
    public borrowing func shutdownSending() {
        _ = shutdown(number, Int32(SHUT_WR))
    }

    /// Makes the close send a reset instead of a FIN.
    public borrowing func resetOnClose() {
        _ = setOption(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    }

    /// Makes the close silent: the peer gets no packet, as if the connection had never been.
    /// Without the privilege for that, what is sent at the close goes no further than the first
    /// router.
    public borrowing func vanishOnClose() {
        // Taken over "for repair", a socket is closed without a word.
        if setOption(Int32(IPPROTO_TCP), MARTLET_TCP_REPAIR, Int32(1)) { return }
        resetOnClose(timeToLive: 1)
    }

    /// Makes the close a reset that goes no further than `timeToLive` routers.
    public borrowing func resetOnClose(timeToLive: Int32) {
        _ = setOption(Int32(IPPROTO_IP), Int32(IP_TTL), timeToLive)
        _ = setOption(Int32(IPPROTO_IPV6), Int32(IPV6_UNICAST_HOPS), timeToLive)
        resetOnClose()
    }

    /// Marks the packets that are sent, for routing and filters of the system; false where the
    /// process may not.
    @discardableResult
    public borrowing func setMark(_ mark: UInt32) -> Bool {
        setOption(SOL_SOCKET, SO_MARK, mark)
    }

    /// Sets the type of service, or traffic class, of the packets that are sent.
    public borrowing func setTypeOfService(_ value: UInt8) {
        _ = setOption(Int32(IPPROTO_IP), Int32(IP_TOS), Int32(value))
        _ = setOption(Int32(IPPROTO_IPV6), Int32(IPV6_TCLASS), Int32(value))
    }

    /// Whether a read would find nothing: neither bytes nor an end nor an error.
    public borrowing func isQuiet() -> Bool {
        var byte: UInt8 = 0
        // Safety: one byte of room for the duration of the call.
        let got = unsafe martlet_receive(
            number, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return got < 0 && errno == EAGAIN
    }

    /// The pending error of a socket, cleared by reading it; nil when there is none.
    public borrowing func takeSocketError() -> Errno? {
        let code = martlet_socket_error(number)
        return code == 0 ? nil : Errno(code)
    }
}

/// A pipe used as a kernel-side buffer between two sockets.
public struct Pipe: ~Copyable {
    /// Bytes the kernel agreed to hold.
    public let capacity: Int
    private let readEnd: Descriptor
    private let writeEnd: Descriptor

    /// Opens a non-blocking pipe and asks for `capacity` bytes of room.
    public init(capacity wanted: Int) throws(Errno) {
        let ends = try Descriptor.pipe(flags: O_NONBLOCK)
        readEnd = Descriptor(owning: ends.read)
        writeEnd = Descriptor(owning: ends.write)
        let granted = martlet_fcntl(
            ends.write, MARTLET_F_SETPIPE_SZ, Int32(truncatingIfNeeded: wanted))
        capacity = granted > 0 ? Int(granted) : 65536
    }

    /// Gives up both ends; the caller closes the numbers.
    public consuming func surrender() -> (read: Int32, write: Int32) {
        (readEnd.surrender(), writeEnd.surrender())
    }
}

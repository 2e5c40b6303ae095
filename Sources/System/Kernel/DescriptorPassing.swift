// Passing descriptors over a UNIX socket (SCM_RIGHTS), and waiting for a peer that answers at once.

import CLinux
import Glibc

/// What came with one message.
public struct PassedDescriptors: Sendable {
    /// The message's bytes.
    public var bytes: [UInt8]
    /// Numbers of descriptors, which the receiver owns now.
    public var numbers: [Int32]
}

extension Descriptor {
    /// The most descriptors one message may carry (SCM_MAX_FD is 253).
    public static var mostPassedAtOnce: Int { 252 }

    /// Sends bytes and copies of descriptors in one message; false when that fails.
    public borrowing func send(_ bytes: [UInt8], passing numbers: [Int32]) -> Bool {
        precondition(!numbers.isEmpty && numbers.count <= Self.mostPassedAtOnce)
        let size = numbers.count * MemoryLayout<Int32>.size
        var control = [UInt64](repeating: 0, count: martlet_cmsg_space(size) / 8 + 1)
        var bytes = bytes
        // Safety: the message points at storage that is borrowed for the duration of the call, and
        // the control block has room for the header and all numbers.
        let put = unsafe bytes.withUnsafeMutableBytes { data in
            unsafe control.withUnsafeMutableBytes { room in
                var piece = unsafe iovec(iov_base: data.baseAddress, iov_len: data.count)
                return unsafe withUnsafeMutablePointer(to: &piece) { pieces in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = pieces
                    unsafe message.msg_iovlen = 1
                    unsafe message.msg_control = room.baseAddress
                    unsafe message.msg_controllen = martlet_cmsg_space(size)
                    guard let header = unsafe martlet_cmsg_first(&message) else { return -1 }
                    unsafe header.pointee.cmsg_len = martlet_cmsg_len(size)
                    unsafe header.pointee.cmsg_level = SOL_SOCKET
                    unsafe header.pointee.cmsg_type = Int32(0x01)
                    unsafe numbers.withUnsafeBytes {
                        unsafe martlet_cmsg_data(header).copyMemory(
                            from: $0.baseAddress!, byteCount: size)
                    }
                    return unsafe sendmsg(number, &message, Int32(MSG_NOSIGNAL))
                }
            }
        }
        return put == bytes.count
    }

    /// Receives one message with its descriptors; nil when the other side is gone or fails.
    ///
    /// - Parameter limit: the most bytes of the message.
    public borrowing func receivePassed(atMost limit: Int) -> PassedDescriptors? {
        let most = Self.mostPassedAtOnce * MemoryLayout<Int32>.size
        var control = [UInt64](repeating: 0, count: martlet_cmsg_space(most) / 8 + 1)
        var bytes = [UInt8](repeating: 0, count: limit)
        var numbers: [Int32] = []
        // Safety: as in `send(_:passing:)`; the kernel writes no more than the room it is told of,
        // and the numbers read are inside the header's length.
        let got = unsafe bytes.withUnsafeMutableBytes { data in
            unsafe control.withUnsafeMutableBytes { room in
                var piece = unsafe iovec(iov_base: data.baseAddress, iov_len: data.count)
                return unsafe withUnsafeMutablePointer(to: &piece) { pieces in
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = pieces
                    unsafe message.msg_iovlen = 1
                    unsafe message.msg_control = room.baseAddress
                    unsafe message.msg_controllen = room.count
                    let got = unsafe recvmsg(number, &message, Int32(MSG_CMSG_CLOEXEC))
                    var next = unsafe martlet_cmsg_first(&message)
                    while let header = unsafe next {
                        let length = unsafe header.pointee.cmsg_len - martlet_cmsg_len(0)
                        let data = unsafe martlet_cmsg_data(header)
                        if unsafe header.pointee.cmsg_level == SOL_SOCKET
                            && header.pointee.cmsg_type == Int32(0x01)
                        {
                            for index in 0..<(length / MemoryLayout<Int32>.size) {
                                unsafe numbers.append(
                                    data!.loadUnaligned(
                                        fromByteOffset: index * MemoryLayout<Int32>.size,
                                        as: Int32.self))
                            }
                        }
                        unsafe next = martlet_cmsg_next(&message, header)
                    }
                    return got
                }
            }
        }
        if got <= 0 {
            for number in numbers { _ = Glibc.close(number) }
            return nil
        }
        return PassedDescriptors(bytes: Array(bytes[..<got]), numbers: numbers)
    }

    /// Waits until there is something to read; false when the time passes first.
    public borrowing func awaitReadable(milliseconds: Int32) -> Bool {
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        // Safety: one element for the duration of the call.
        return unsafe poll(&wanted, 1, milliseconds) > 0
    }
}

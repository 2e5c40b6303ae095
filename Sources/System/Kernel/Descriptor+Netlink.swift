// Netlink sockets: opening one, multicast groups, datagrams in both directions.

import CLinux
import Glibc

/// What a read from a netlink socket gave.
public enum NetlinkReceipt: Equatable, Sendable {
    /// One datagram of that many bytes from a port; 0 is the kernel.
    case bytes(Int, sender: UInt32)
    /// Nothing to read now.
    case wouldBlock
    /// Datagrams were lost because the receive buffer was full (ENOBUFS).
    case overflowed
    /// A datagram was longer than the room and is lost.
    case tooLong
    case failed(Errno)
}

extension Descriptor {
    /// Opens a non-blocking netlink socket on a port of the kernel's choice.
    ///
    /// - Parameter family: NETLINK_ROUTE (0), NETLINK_NETFILTER (12) and so on.
    public static func netlink(family: Int32) throws(Errno) -> Descriptor {
        let socket = try Descriptor.socket(
            family: AF_NETLINK, type: Int32(SOCK_RAW.rawValue), protocol: family)
        if martlet_netlink_bind(socket.number, 0) < 0 { throw Errno.last }
        return socket
    }

    /// The port the kernel gave a netlink socket; it stands in notifications of changes made by it.
    public borrowing func netlinkPort() -> UInt32 { martlet_netlink_port(number) }

    /// Joins a multicast group (RTNLGRP_…); false when the kernel refuses.
    public borrowing func joinNetlinkGroup(_ group: UInt32) -> Bool {
        setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, Int32(bitPattern: group))
    }

    /// Asks for the kernel's explanation with errors, for acknowledgements without a copy of the
    /// request, and for dumps that obey their filters. Older kernels refuse silently.
    public borrowing func setNetlinkComforts() {
        setOption(SOL_NETLINK, NETLINK_CAP_ACK, Int32(1))
        setOption(SOL_NETLINK, NETLINK_EXT_ACK, Int32(1))
        setOption(SOL_NETLINK, NETLINK_GET_STRICT_CHK, Int32(1))
    }

    /// Makes room for datagrams that wait, in bytes; returns what holds now (the kernel doubles
    /// what it is asked for).
    ///
    /// - Parameter beyondLimit: whether the system's limit (net.core.rmem_max) is passed where we
    ///   are allowed to.
    @discardableResult
    public borrowing func setReceiveBuffer(bytes: Int32, beyondLimit: Bool = true) -> Int32 {
        if !beyondLimit || !setOption(SOL_SOCKET, Int32(MARTLET_SO_RCVBUFFORCE), bytes) {
            setOption(SOL_SOCKET, SO_RCVBUF, bytes)
        }
        return receiveBuffer()
    }

    /// Bytes of datagrams that may wait, with what the kernel keeps with each.
    public borrowing func receiveBuffer() -> Int32 { option(SOL_SOCKET, SO_RCVBUF) ?? 0 }

    /// Makes room for datagrams to be sent, in bytes; returns what holds now.
    @discardableResult
    public borrowing func setSendBuffer(bytes: Int32) -> Int32 {
        if !setOption(SOL_SOCKET, Int32(MARTLET_SO_SNDBUFFORCE), bytes) {
            setOption(SOL_SOCKET, SO_SNDBUF, bytes)
        }
        return option(SOL_SOCKET, SO_SNDBUF) ?? 0
    }

    /// Sends one datagram of one or more messages to the kernel.
    public borrowing func sendNetlink(_ bytes: [UInt8]) throws(Errno) {
        while true {
            // Safety: the bytes are read during the call only.
            let put = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if put >= 0 { return }
            if errno != EINTR { throw Errno.last }
        }
    }

    /// Receives one datagram into the room, without blocking.
    public borrowing func receiveNetlink(into room: inout [UInt8]) -> NetlinkReceipt {
        var sender: UInt32 = 0
        while true {
            let limit = room.count
            // Safety: the kernel writes at most `limit` bytes into the array borrowed here.
            let got = unsafe room.withUnsafeMutableBytes {
                unsafe martlet_netlink_receive(number, $0.baseAddress, limit, &sender)
            }
            if got > limit { return .tooLong }
            if got >= 0 { return .bytes(got, sender: sender) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case ENOBUFS: return .overflowed
            default: return .failed(Errno.last)
            }
        }
    }
}

// linux/socket.h, linux/netlink.h.
private let SOL_NETLINK: Int32 = 270
private let NETLINK_ADD_MEMBERSHIP: Int32 = 1
private let NETLINK_CAP_ACK: Int32 = 10
private let NETLINK_EXT_ACK: Int32 = 11
private let NETLINK_GET_STRICT_CHK: Int32 = 12

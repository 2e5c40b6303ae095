// One thread that sees all: frames that hosts send, addresses that come and go on them; and that
// answers the client's probes in each host's place.

import Addresses
import CLinux
import Glibc
import Kernel
import LoadTesting
import Synchronization

/// An address that came to a host or left it.
public struct AddressEvent: Sendable {
    /// When it was seen, in nanoseconds of the monotonic clock.
    public var time: UInt64
    public var host: String
    public var address: IPAddress
    public var isPresent: Bool
}

/// Everything seen so far, in the order it was seen.
struct Observations: Sendable {
    var adverts: [SeenAdvert] = []
    var announcements: [SeenAnnouncement] = []
    var addresses: [AddressEvent] = []
    /// Which addresses each host has now.
    var present: [String: Set<IPAddress>] = [:]
    /// Entries of each kind that are kept at most.
    static let most = 2_000_000
}

/// Sees what happens in a laboratory.
final class Observer: Sendable {
    /// The port that answers probes.
    static let port: UInt16 = 7777

    /// What one host contributes.
    private struct Watched: Sendable {
        let name: String
        let index: UInt8
        let monitor: Int32
        let responders: [Int32]
    }

    private let packets: Int32
    private let watched: [Watched]
    private let hostOfLink: [Int32: String]
    private let seen = Mutex(Observations())
    /// Room for a frame, lent to one reader of the sockets at a time, so that order is kept.
    private let turn = Mutex([UInt8](repeating: 0, count: 2048))
    private let isStopped = Atomic(false)
    private let thread = Mutex<SystemThread?>(nil)

    /// Opens sockets in every host and on the switch.
    ///
    /// - Parameters:
    ///   - segments: the namespace of the switch.
    ///   - links: the host behind each port of the switch, by the port's index.
    init(
        switch segments: NetworkNamespace, links: [Int32: String],
        hosts: [(name: String, namespace: NetworkNamespace)]
    ) throws(LabFailure) {
        packets = segments.enter { martlet_lab_packet_socket(1) }
        if packets < 0 { throw LabFailure.ofSystem("a packet socket") }
        hostOfLink = links
        watched = hosts.enumerated().map { index, host in
            host.namespace.enter {
                Watched(
                    name: host.name, index: UInt8(index), monitor: martlet_lab_address_monitor(),
                    responders: [
                        martlet_lab_datagrams(AF_INET, Self.port),
                        martlet_lab_datagrams(AF_INET6, Self.port),
                    ])
            }
        }
        if watched.contains(where: { $0.monitor < 0 || $0.responders.contains { $0 < 0 } }) {
            throw LabFailure.ofSystem("the sockets of a host")
        }
        let started = startThread { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Ends the thread and closes all sockets.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        guard let started = thread.withLock({ $0.take() }) else { return }
        started.join()
        // Nobody is in the midst of reading them.
        turn.withLock { _ in
            close(packets)
            for host in watched {
                close(host.monitor)
                for responder in host.responders { close(responder) }
            }
        }
    }

    /// Looks at what was seen so far, with all that has arrived and that the thread has not got to.
    func withSeen<Result: Sendable>(_ body: (borrowing Observations) -> sending Result) -> Result {
        turn.withLock { buffer in
            if isStopped.load(ordering: .acquiring) { return }
            for host in watched { takeAddresses(host) }
            takeFrames(&buffer)
        }
        return seen.withLock { body($0) }
    }

    private func run() {
        var polled = [pollfd(fd: packets, events: Int16(POLLIN), revents: 0)]
        for host in watched {
            for number in [host.monitor] + host.responders {
                polled.append(pollfd(fd: number, events: Int16(POLLIN), revents: 0))
            }
        }
        while !isStopped.load(ordering: .acquiring) {
            // Safety: the list is as long as it says.
            guard unsafe poll(&polled, nfds_t(polled.count), 20) > 0 else { continue }
            for (index, host) in watched.enumerated() {
                let first = 1 + index * 3
                if polled[first].revents != 0 { turn.withLock { _ in takeAddresses(host) } }
                for (offset, responder) in host.responders.enumerated()
                where polled[first + 1 + offset].revents != 0 {
                    martlet_lab_answer(responder, host.index)
                }
            }
            if polled[0].revents != 0 { turn.withLock { takeFrames(&$0) } }
        }
    }

    private func takeFrames(_ buffer: inout [UInt8]) {
        // A bounded number each turn, so that probes are answered in a flood of adverts.
        for _ in 0..<256 {
            var link: Int32 = 0
            var time: UInt64 = 0
            // Safety: the buffer is as long as it says.
            let length = unsafe martlet_lab_receive_frame(
                packets, &buffer, buffer.count, &link, &time)
            if length < 0 { return }
            guard length > 0, let host = hostOfLink[link],
                let frame = SeenFrame(Array(buffer[..<length]), host: host, time: time)
            else { continue }
            seen.withLock { seen in
                switch frame {
                case .advert(let advert):
                    if seen.adverts.count < Observations.most { seen.adverts.append(advert) }
                case .announcement(let announcement):
                    if seen.announcements.count < Observations.most {
                        seen.announcements.append(announcement)
                    }
                }
            }
        }
    }

    private func takeAddresses(_ host: Watched) {
        var found = [martlet_lab_address](repeating: martlet_lab_address(), count: 128)
        while true {
            // Safety: the table has room for as many as it says.
            let count = unsafe martlet_lab_next_addresses(host.monitor, &found, Int32(found.count))
            if count < 0 { return }
            let now = Clock.monotonic().nanoseconds
            for entry in found[..<Int(count)] {
                // Safety: the bytes are a plain array of the record, read while it lives.
                let bytes = unsafe withUnsafeBytes(of: entry.bytes) { unsafe Array($0) }
                guard let address = bytes.address(at: 0, bytes: entry.family == AF_INET ? 4 : 16)
                else { continue }
                let isPresent = entry.is_present != 0
                seen.withLock { seen in
                    let known = seen.present[host.name, default: []].contains(address)
                    if known == isPresent { return }
                    if isPresent {
                        seen.present[host.name, default: []].insert(address)
                    } else {
                        seen.present[host.name, default: []].remove(address)
                    }
                    seen.addresses.append(
                        AddressEvent(
                            time: now, host: host.name, address: address, isPresent: isPresent))
                }
            }
        }
    }
}

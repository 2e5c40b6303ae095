// Sockets that instances share: one for each interface, family and group, or unicast. A filter in
// the kernel lets only adverts for configured numbers through, so that junk costs nothing here.

import Addresses
import Daemon
import Kernel
import VRRPProtocol

/// One socket with the instances that use it.
final class Channel {
    /// What tells channels apart.
    struct Key: Hashable {
        /// The interface's index; 0 for unicast as routed.
        var interface: UInt32
        var family: IPAddress.Family
        /// Nil for unicast.
        var group: IPAddress?
    }

    let key: Key
    /// Whether adverts for numbers that nobody has are let in, to be logged: `log_unknown_vrids`.
    private let hearsUnknown: Bool
    private let socket: RawIPSocket
    /// By the number of the virtual router. Unicast instances with other peers may share one.
    private(set) var members: [UInt8: [Instance]] = [:]

    /// Batches of packets taken in one turn of the loop, at most: timers come in between.
    static let batchLimit = 4

    /// Members from which on packets are taken together.
    private static let crowd = 8
    /// Packets that come closer to each other than this come in a burst.
    private static let burstNanoseconds: UInt64 = 2_000_000
    /// How many adverts of each member find room, and what one takes of it: its bytes and what the
    /// kernel keeps with them.
    private static let roundsOfRoom = 4
    private static let bytesOfRoom = 1024
    /// Bytes of room there are.
    private var room: Int
    private let isRoomChosen: Bool
    /// When packets were last taken.
    private var lastTaken: UInt64 = 0
    /// How long packets of a burst may wait for the next ones; 0 for not at all. Adverts of many
    /// instances come in bursts, which are to wake the daemon a few times and not once for each.
    /// At most half of what separates the takeovers of two backups with adjacent priorities, so
    /// that their order holds.
    private(set) var patience: UInt64 = 0
    /// Whether a burst is under way: packets are fetched every now and then, and wake nobody.
    var isInBurst = false
    /// When the next ones are fetched in a burst.
    var nextLook: ControlTimer?

    /// Whether what was taken now belongs to a burst.
    func notesBurst(at now: UInt64) -> Bool {
        defer { lastTaken = now }
        return patience > 0 && now &- lastTaken < Self.burstNanoseconds
    }

    /// Follows the members and their intervals, configured and learnt.
    func renewPatience() {
        let all = members.values.joined()
        let shortest = all.map(\.shortestInterval).min() ?? 0
        let mayWait =
            all.count >= Self.crowd && shortest >= 100_000_000 && hasRoom(for: all.count)
        patience = mayWait ? min(shortest / 512, 2_000_000) : 0
    }

    /// Whether the adverts of several rounds find room while nobody looks; makes that room unless
    /// how much there is was configured.
    private func hasRoom(for count: Int) -> Bool {
        let wanted = count * Self.roundsOfRoom * Self.bytesOfRoom
        if room < wanted, !isRoomChosen {
            // The kernel counts twice what is asked for.
            room = Int(socket.descriptor.setReceiveBuffer(bytes: Int32(clamping: wanted / 2)))
        }
        return room >= wanted
    }

    init(
        _ key: Key, named interface: String?, receiveBufferBytes: Int32?, hearsUnknown: Bool
    ) throws(Errno) {
        self.key = key
        self.hearsUnknown = hearsUnknown
        isRoomChosen = receiveBufferBytes != nil
        var options = RawIPSocket.Options(interface: interface, filter: PacketFilter.nothing)
        options.receiveBufferBytes = receiveBufferBytes
        socket = try RawIPSocket(key.family, protocol: ProtocolNumbers.ipProtocol, options: options)
        room = Int(socket.descriptor.receiveBuffer())
        if let group = key.group { try socket.join(group, on: key.interface) }
    }

    /// The number to watch.
    var number: Int32 { socket.descriptor.number }

    /// The index of the interface; 0 as routed.
    var interface: UInt32 { key.interface }

    /// Whether nobody uses it.
    var isEmpty: Bool { members.isEmpty }

    func add(_ instance: Instance) throws(Errno) {
        members[instance.definition.virtualRouterID, default: []].append(instance)
        renewPatience()
        try renewFilter()
    }

    func remove(_ instance: Instance) {
        for (number, instances) in members {
            let rest = instances.filter { $0 !== instance }
            members[number] = rest.isEmpty ? nil : rest
        }
        renewPatience()
        // Fails only for a program that is too long; this one became shorter.
        try? renewFilter()
    }

    private func renewFilter() throws(Errno) {
        let versions = Set(members.values.joined().map(\.definition.protocolVersion.rawValue))
        try socket.descriptor.attach(
            PacketFilter.vrrp(
                key.family, versions: hearsUnknown ? [2, 3] : versions.sorted(),
                identifiers: hearsUnknown ? Array(1...255) : members.keys.sorted(),
                hopLimit: key.group == nil ? nil : ProtocolNumbers.hopLimit))
    }

    /// What a look at the socket has brought.
    struct Taken {
        var count = 0
        /// There may be more: the bound was reached.
        var isCut = false
    }

    /// Hands what has arrived to `body`, up to a bound.
    func receive(into batch: ArrivalBatch, _ body: (Arrival) -> Void) throws(Errno) -> Taken {
        var taken = Taken()
        // Adverts mostly come one by one; more are asked for once there are more.
        var wanted = isInBurst ? batch.limit : 2
        for _ in 0..<Self.batchLimit {
            let count = try socket.receive(into: batch, atMost: wanted)
            for index in 0..<count {
                if let arrival = batch.arrival(at: index) { body(arrival) }
            }
            taken.count += count
            if count < wanted { return taken }
            wanted = batch.limit
        }
        taken.isCut = true
        return taken
    }

    /// The instance a packet is for: among several of one number, the one that knows the sender.
    func instance(_ number: UInt8, from source: IPAddress) -> Instance? {
        guard let found = members[number] else { return nil }
        if found.count == 1 { return found[0] }
        return found.first { $0.definition.unicastPeers.contains { $0.address == source } }
            ?? found.first
    }
}

/// All channels of the daemon.
final class Channels {
    private unowned let routers: VirtualRouters
    private var channels: [Channel.Key: Channel] = [:]
    private let batch = ArrivalBatch()
    /// One socket for each family that sends out of any interface and hears nothing: what leaves by
    /// a virtual MAC is heard on the interface below, so that no group is ever joined on a macvlan.
    private var senders: [IPAddress.Family: Sender] = [:]

    private final class Sender {
        let socket: RawIPSocket

        init(_ socket: consuming RawIPSocket) { self.socket = socket }
    }
    private var unknownLines = LogBudget()
    /// Packets for numbers that nobody has; only what the kernel's filter lets through.
    private(set) var unknownVRIDs: UInt64 = 0
    private(set) var strayRejections = RejectionCounters()

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// Sends a message.
    func send(_ message: [UInt8], _ departure: RawIPSocket.Departure) -> WriteResult {
        do throws(Errno) {
            return try sender(departure.destination.family).socket.send(message, departure)
        } catch {
            return .failed(error)
        }
    }

    private func sender(_ family: IPAddress.Family) throws(Errno) -> Sender {
        if let sender = senders[family] { return sender }
        let sender = Sender(
            try RawIPSocket(
                family, protocol: ProtocolNumbers.ipProtocol,
                options: RawIPSocket.Options(filter: PacketFilter.nothing)))
        senders[family] = sender
        return sender
    }

    /// The channel of a key with the instance in it, opened where it is not there yet.
    func join(
        _ key: Channel.Key, named interface: String?, _ instance: Instance
    ) throws(Errno) -> Channel {
        if let channel = channels[key] {
            do throws(Errno) {
                try channel.add(instance)
            } catch {
                channel.remove(instance)
                throw error
            }
            return channel
        }
        let channel = try Channel(
            key, named: interface, receiveBufferBytes: receiveBuffer(instance, interface),
            hearsUnknown: routers.configuration.global.logsUnknownVRIDs)
        try channel.add(instance)
        try routers.loop.watch(channel.number, for: .readable) {
            [unowned self, unowned channel] _ in
            receive(channel)
        }
        channels[key] = channel
        return channel
    }

    /// `kernel_rx_buf_size`, or what `vrrp_rx_bufs_policy` asks for all instances of the interface.
    private func receiveBuffer(_ instance: Instance, _ interface: String?) -> Int32? {
        if let bytes = instance.definition.receiveBufferBytes { return Int32(clamping: bytes) }
        let global = routers.configuration.global
        let sharing = max(
            1, routers.instances.count { $0.definition.interface == instance.definition.interface })
        let each: Int
        switch global.receiveBufferPolicy {
        case .system: return nil
        case .bytes(let bytes): return Int32(clamping: bytes)
        case .mtu:
            each = Int(interface.flatMap { routers.network.link(named: $0)?.mtu } ?? 1500)
        case .advert:
            let definition = instance.definition
            let signature = definition.trailer == nil ? 0 : HMACTrailer.byteCount
            each =
                signature
                + Advertisement.messageBytes(
                    definition.protocolVersion, definition.family,
                    count: definition.virtualAddresses.count)
        }
        return Int32(clamping: each * global.receiveBufferMultiplier * sharing)
    }

    func leave(_ channel: Channel, _ instance: Instance) {
        channel.remove(instance)
        guard channel.isEmpty, channels[channel.key] === channel else { return }
        routers.loop.unwatch(channel.number)
        channels[channel.key] = nil
    }

    private func noteUnknown(_ arrival: Arrival) {
        unknownVRIDs += 1
        let line = unknownLines.take(at: Clock.monotonic().nanoseconds)
        guard line.isAllowed else { return }
        let interface = routers.network.picture.links[arrival.interface]?.name ?? "an interface"
        routers.log.say(
            .info,
            "advert from \(arrival.source) on \(interface) for virtual router "
                + "\(arrival.payload[1]), which is not configured")
    }

    /// Looks at a socket now, whatever else was agreed about it.
    func receive(_ channel: Channel) {
        var taken = Channel.Taken()
        do throws(Errno) {
            taken = try channel.receive(into: batch) { arrival in
                guard arrival.payload.count > 1 else {
                    return strayRejections.count(.tooShort)
                }
                guard
                    let instance = channel.instance(arrival.payload[1], from: arrival.source)
                else {
                    noteUnknown(arrival)
                    return strayRejections.count(.unknownVRID)
                }
                instance.hear(arrival)
            }
        } catch {
            // ENETDOWN comes once when the interface goes down; the monitor tells of that.
            strayRejections.count(.truncated)
        }
        routers.drain()
        followBurst(channel, taken)
    }

    /// In a burst the socket is not watched, and looked at until it is empty once.
    private func followBurst(_ channel: Channel, _ taken: Channel.Taken) {
        let isBurst =
            taken.count > 0
            && (channel.notesBurst(at: Clock.monotonic().nanoseconds) || channel.isInBurst)
        guard isBurst || channel.isInBurst, channels[channel.key] === channel else { return }
        if isBurst != channel.isInBurst {
            let wanted: PollEvents = isBurst ? [] : .readable
            if (try? routers.loop.rewatch(channel.number, for: wanted)) != nil {
                channel.isInBurst = isBurst
            }
        }
        // Also where it could not be watched again, which would leave it unheard.
        guard channel.isInBurst else { return }
        if let pending = channel.nextLook { routers.loop.cancel(pending) }
        // What is left of a large burst waits no longer.
        let wait = taken.isCut ? 0 : channel.patience
        channel.nextLook = routers.loop.after(nanoseconds: wait) { [unowned self, weak channel] in
            // It may be gone, and its number another's.
            guard let channel, channels[channel.key] === channel else { return }
            channel.nextLook = nil
            receive(channel)
        }
    }
}

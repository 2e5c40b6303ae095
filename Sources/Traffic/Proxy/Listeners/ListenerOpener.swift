// Opens one listening socket: options, binding, listening. HAProxy's words for what can go wrong.

import Addresses
import Kernel

/// Opens listening sockets, one at a time.
struct ListenerOpener: Sendable {
    /// A socket that is open, and what it had to go without.
    struct Opened: Sendable {
        let socket: ListenerSocket
        var warnings: [ListenerFailure] = []
        /// The inherited descriptor the socket was copied from.
        var adopted: Int32?
    }

    /// Whether TCP sockets let others listen on the same port (`noreuseport` says no).
    let sharesPorts: Bool
    /// Open sockets of the generation before.
    let earlier: [ListenerIdentity: ListenerSocket]
    /// Sockets that an older process has handed over.
    let taken: TakenSockets?

    /// Whether the generation before has the socket open.
    func holds(_ request: ListenerRequest) -> Bool {
        earlier[request.identity].map { !$0.isRetired } ?? false
    }

    /// Opens one socket, or finds the one an earlier generation holds.
    func open(_ request: ListenerRequest) -> Result<Opened, ListenerFailure> {
        do throws(ListenerFailure) {
            if let socket = earlier[request.identity], !socket.isRetired {
                return .success(Opened(socket: try reuse(socket, request)))
            }
            if let descriptor = taken?.take(for: request.identity) {
                return .success(try carryOn(descriptor, request))
            }
            switch request.identity.place {
            case .inherited(let number): return .success(try adopt(number, request))
            case .address(.ip(let address)): return .success(try openIP(address, request))
            case .address(.unix(let address)):
                return .success(
                    address.kind == .path
                        ? try openPath(address, request) : try openAbstract(address, request))
            }
        } catch {
            return .failure(error)
        }
    }

    // MARK: IP

    private func openIP(
        _ address: IPSocketAddress, _ request: ListenerRequest
    ) throws(ListenerFailure) -> Opened {
        let place = " for [\(address)]"
        let raw = RawSocketAddress(.ip(address))
        let socket = try make(family: raw.family, request)
        var warnings: [ListenerFailure] = []
        socket.setReuseAddress()
        if sharesPorts { socket.setReusePort() }
        if let isV6Only = request.bind.isV6Only, raw.family == Int32(SocketFamily.inet6) {
            socket.setV6Only(isV6Only)
        }
        if request.bind.isTransparent && !socket.setTransparent(family: raw.family) {
            throw failed("cannot make receiver transparent", place, request)
        }
        if let interface = request.bind.interface, !socket.bindToInterface(interface) {
            let text = "cannot bind receiver to device '\(interface)' (\(Errno.last.text))"
            warnings.append(warning(text, place, request))
        }
        do throws(Errno) { try socket.bind(to: raw) } catch {
            throw ListenerRequest.failure(
                "cannot bind socket (\(error.text))\(place)", bind: request.bind,
                frontend: request.frontend, isAddressInUse: error == .addressInUse)
        }
        warnings += setTCPOptions(
            of: socket, isLoopback: address.address.isLoopback, request, place)
        try listen(socket, request, place)
        return Opened(
            socket: ListenerSocket(
                descriptor: socket, frontend: request.frontend, bindIndex: request.bindIndex,
                address: raw, identity: request.identity, backlog: request.backlog),
            warnings: warnings)
    }

    private func setTCPOptions(
        of socket: borrowing Descriptor, isLoopback: Bool, _ request: ListenerRequest,
        _ place: String
    ) -> [ListenerFailure] {
        let bind = request.bind
        var warnings: [ListenerFailure] = []
        // Accepted connections inherit what is set here: one call instead of one a connection.
        socket.setNoDelay()
        if isLoopback { socket.avoidPacing() }
        if bind.mss != 0 && !socket.setMaximumSegment(bytes: abs(bind.mss)) {
            warnings.append(warning("cannot set MSS to \(bind.mss)", place, request))
        }
        if bind.tcpUserTimeoutMilliseconds > 0
            && !socket.setUserTimeout(milliseconds: bind.tcpUserTimeoutMilliseconds)
        {
            warnings.append(warning("cannot set TCP User Timeout", place, request))
        }
        if bind.defersAccept && !socket.setDeferAccept(seconds: 1) {
            warnings.append(warning("cannot enable DEFER_ACCEPT", place, request))
        }
        if bind.usesFastOpen && !socket.setFastOpen(queue: Int(request.backlog)) {
            warnings.append(warning("cannot enable TCP_FASTOPEN", place, request))
        }
        return warnings
    }

    // MARK: UNIX

    /// Binds under a name of its own first, so that clients find either the old socket or the new
    /// one, never none.
    private func openPath(
        _ address: UNIXSocketAddress, _ request: ListenerRequest
    ) throws(ListenerFailure) -> Opened {
        let path = address.description
        let place = " [\(path)]"
        // Differs: HAProxy replaces any file that stands in the way; here only a socket.
        if let kind = try? Files.kind(of: path), kind != .socket {
            throw failed("cannot bind UNIX socket (a file is in the way)", place, request)
        }
        let socket = try make(family: Int32(SocketFamily.unix), request)
        let temporary = temporaryAddress(for: address)
        let temporaryPath = temporary.description
        try? Files.remove(temporaryPath)
        do throws(Errno) { try socket.bind(to: RawSocketAddress(.unix(temporary))) } catch {
            throw failed("cannot bind UNIX socket (\(error.text))", place, request)
        }
        do throws(ListenerFailure) {
            try setOwner(of: temporaryPath, request, place)
            try listen(socket, request, place)
            do throws(Errno) {
                if temporaryPath != path { try Files.rename(temporaryPath, to: path) }
            } catch {
                throw failed(
                    "cannot switch final and temporary UNIX sockets (\(error.text))", place,
                    request)
            }
        } catch {
            try? Files.remove(temporaryPath)
            throw error
        }
        return Opened(
            socket: ListenerSocket(
                descriptor: socket, frontend: request.frontend, bindIndex: request.bindIndex,
                address: RawSocketAddress(.unix(address)), identity: request.identity,
                unixPath: path, backlog: request.backlog))
    }

    /// A name in the same directory that fits in a socket address.
    private func temporaryAddress(for address: UNIXSocketAddress) -> UNIXSocketAddress {
        let suffix = Array(".\(ProcessID.own).tmp".utf8)
        if let long = UNIXSocketAddress(.path, name: address.name + suffix) { return long }
        let directory = address.name.lastIndex(of: UInt8(ascii: "/")).map { address.name[...$0] }
        // The name is free again before the next socket is opened.
        let short = (directory.map(Array.init) ?? []) + suffix
        return UNIXSocketAddress(.path, name: short) ?? address
    }

    private func setOwner(
        of path: String, _ request: ListenerRequest, _ place: String
    ) throws(ListenerFailure) {
        let bind = request.bind
        do throws(Errno) {
            if bind.userID != nil || bind.groupID != nil {
                try Files.setOwner(user: bind.userID, group: bind.groupID, of: path)
            }
            if let mode = bind.mode { try Files.setMode(mode, of: path) }
        } catch {
            throw failed("cannot change UNIX socket ownership (\(error.text))", place, request)
        }
    }

    private func openAbstract(
        _ address: UNIXSocketAddress, _ request: ListenerRequest
    ) throws(ListenerFailure) -> Opened {
        let place = " [\(address)]"
        let raw = RawSocketAddress(.unix(address))
        let socket = try make(family: raw.family, request)
        do throws(Errno) { try socket.bind(to: raw) } catch {
            throw ListenerRequest.failure(
                "cannot bind UNIX socket (\(error.text))\(place)", bind: request.bind,
                frontend: request.frontend, isAddressInUse: error == .addressInUse)
        }
        try listen(socket, request, place)
        return Opened(
            socket: ListenerSocket(
                descriptor: socket, frontend: request.frontend, bindIndex: request.bindIndex,
                address: raw, identity: request.identity, backlog: request.backlog))
    }

    // MARK: Inherited and used again

    private func adopt(
        _ number: Int32, _ request: ListenerRequest
    ) throws(ListenerFailure) -> Opened {
        let place = " [fd@\(number)]"
        do throws(Errno) {
            // A copy, because several lines may name one descriptor. The original is closed when
            // all of them have theirs.
            let socket = try Descriptor.duplicate(of: number)
            guard socket.socketType() == SocketTypeNumber.stream else { throw .notASocket }
            // A connection is no place to listen, whatever its number was taken for.
            if (try? socket.peerAddress()) != nil { throw .notASocket }
            try socket.setNonBlocking()
            let address = try socket.localAddress()
            if !socket.isListening() { try socket.listen(backlog: request.backlog) }
            if address.family != Int32(SocketFamily.unix) { socket.setNoDelay() }
            return Opened(
                socket: ListenerSocket(
                    descriptor: socket, frontend: request.frontend,
                    bindIndex: request.bindIndex, address: address,
                    identity: request.identity, isInherited: true,
                    backlog: request.backlog),
                adopted: number)
        } catch {
            throw failed(
                "cannot use file descriptor '\(number)' (\(error.text))", place, request)
        }
    }

    /// The open socket itself where nothing changed; otherwise one more descriptor for it, so that
    /// clients waiting in its backlog are not lost.
    private func reuse(
        _ socket: ListenerSocket, _ request: ListenerRequest
    ) throws(ListenerFailure) -> ListenerSocket {
        if socket.frontend == request.frontend && socket.bindIndex == request.bindIndex {
            return socket
        }
        do throws(Errno) {
            return ListenerSocket(
                descriptor: try Descriptor.duplicate(of: socket.number),
                frontend: request.frontend, bindIndex: request.bindIndex, address: socket.address,
                identity: request.identity, unixPath: socket.unixPath,
                isInherited: socket.isInherited,
                backlog: request.backlog)
        } catch {
            throw failed("cannot duplicate socket (\(error.text))", "", request)
        }
    }

    /// Goes on listening on a socket that an older process has handed over.
    private func carryOn(
        _ socket: consuming Descriptor, _ request: ListenerRequest
    ) throws(ListenerFailure) -> Opened {
        guard case .address(let address) = request.identity.place else {
            preconditionFailure("an inherited socket was matched by its address")
        }
        let place = " for [\(address)]"
        do throws(Errno) { try socket.setNonBlocking() } catch {
            throw failed("cannot make socket non-blocking (\(error.text))", place, request)
        }
        var warnings: [ListenerFailure] = []
        var path: String?
        switch address {
        case .ip(let ip):
            warnings = setTCPOptions(
                of: socket, isLoopback: ip.address.isLoopback, request, place)
        case .unix(let address): if address.kind == .path { path = address.description }
        }
        if !socket.isListening() { try listen(socket, request, place) }
        return Opened(
            socket: ListenerSocket(
                descriptor: socket, frontend: request.frontend, bindIndex: request.bindIndex,
                address: RawSocketAddress(address), identity: request.identity, unixPath: path,
                backlog: request.backlog),
            warnings: warnings)
    }

    // MARK: Steps

    private func make(
        family: Int32, _ request: ListenerRequest
    ) throws(ListenerFailure) -> Descriptor {
        do throws(Errno) {
            return try Descriptor.socket(family: family, type: SocketTypeNumber.stream)
        } catch {
            throw failed("cannot create receiving socket (\(error.text))", "", request)
        }
    }

    private func listen(
        _ socket: borrowing Descriptor, _ request: ListenerRequest, _ place: String
    ) throws(ListenerFailure) {
        do throws(Errno) { try socket.listen(backlog: request.backlog) } catch {
            // Two sockets may be bound to a port they do not share; only one can listen.
            throw ListenerRequest.failure(
                "cannot listen to socket (\(error.text))\(place)", bind: request.bind,
                frontend: request.frontend, isAddressInUse: error == .addressInUse)
        }
    }

    private func failed(
        _ text: String, _ place: String, _ request: ListenerRequest
    ) -> ListenerFailure {
        ListenerRequest.failure(
            text + place, bind: request.bind, frontend: request.frontend)
    }

    private func warning(
        _ text: String, _ place: String, _ request: ListenerRequest
    ) -> ListenerFailure {
        ListenerRequest.failure(
            text + place, bind: request.bind, frontend: request.frontend, severity: .warning)
    }
}

// Opening what `bind` lines ask for: every address form, options as the kernel confirms them,
// one-step replacement of UNIX sockets, inherited descriptors, use over generations, and HAProxy's
// words.

import Addresses
import FreePorts
import Glibc
import Kernel
@testable import Proxy
import Testing

@Suite struct ListenerSocketsTests {
    // MARK: IP

    @Test func `a port range opens one socket for each port`() throws {
        let first = try FreePorts.take(3)
        let sockets = try opened(bind("127.0.0.1:\(first)-\(first + 2)"))
        #expect(sockets.frontends.count == 3)
        #expect(
            sockets.frontends.map { $0.address.socketAddress?.description }
                == (0..<3).map { "127.0.0.1:\(first + $0)" })
        for socket in sockets.frontends {
            #expect(flag(socket, SOL_SOCKET, SO_ACCEPTCONN) == 1)
            #expect(flag(socket, Int32(IPPROTO_TCP), TCP_NODELAY) == 1)
            #expect(flag(socket, SOL_SOCKET, 15) == 1, "SO_REUSEPORT")
            #expect(fcntl(socket.number, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(socket.number, F_GETFD) & FD_CLOEXEC != 0)
            #expect(socket.frontend == "f" && socket.bindIndex == 0)
        }
    }

    @Test func `accepted connections inherit what was set on the listener`() throws {
        let port = try FreePorts.take(1)
        let sockets = try opened(bind("127.0.0.1:\(port)"))
        let listener = try #require(sockets.frontends.first)
        let client = try #require(connected(to: listener.address))
        defer { close(client) }
        let server = try #require(accepted(from: listener))
        defer { close(server) }
        var value: Int32 = 0
        var length = socklen_t(4)
        getsockopt(server, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length)
        #expect(value == 1)
    }

    @Test func `noreuseport leaves the port to one socket and a second one may be retried`() throws
    {
        let port = try FreePorts.take(1)
        var configuration = configuration(bind("127.0.0.1:\(port)"))
        configuration.global.usesReusePort = false
        var first = ListenerSockets(for: configuration)
        first.open()
        #expect(first.isComplete)
        var second = ListenerSockets(for: configuration)
        second.open()
        #expect(!second.isComplete)
        #expect(second.canRetry)
        #expect(
            second.failures.map(\.text) == [
                "Binding [edge.cfg:7] for frontend f: cannot bind socket "
                    + "(Address already in use) for [127.0.0.1:\(port)]"
            ])
        // What an old process does on SIGTTOU: it stays bound, and the new one gets the port.
        let old = try #require(first.frontends.first)
        try ListeningSocket.suspend(old.number)
        second.open()
        #expect(second.isComplete, "\(second.failures.map(\.text))")
        #expect(second.failures.isEmpty)
        // The port is taken now; giving it back lets the old one go on.
        #expect(throws: Errno.addressInUse) { try ListeningSocket.resume(old.number, backlog: 10) }
        second = ListenerSockets(for: Configuration())
        try ListeningSocket.resume(old.number, backlog: 10)
        #expect(flag(old, SOL_SOCKET, SO_ACCEPTCONN) == 1)
    }

    @Test func `an address the machine does not have is no reason to try again`() throws {
        var sockets = ListenerSockets(for: configuration(bind("192.0.2.1:8080")))
        sockets.open()
        #expect(!sockets.isComplete && !sockets.canRetry)
        #expect(
            sockets.failures.map(\.text) == [
                "Binding [edge.cfg:7] for frontend f: cannot bind socket "
                    + "(Cannot assign requested address) for [192.0.2.1:8080]"
            ])
    }

    @Test func `v6only and v4v6 decide whether IPv4 clients get in`() throws {
        for isV6Only in [true, false] {
            let port = try FreePorts.take(1)
            var bind = bind("[::]:\(port)")
            bind.isV6Only = isV6Only
            let sockets = try opened(bind)
            let listener = try #require(sockets.frontends.first)
            #expect(flag(listener, Int32(IPPROTO_IPV6), IPV6_V6ONLY) == (isV6Only ? 1 : 0))
            let address = try #require(IPAddress("127.0.0.1"))
            let client = connected(
                to: RawSocketAddress(.ip(IPSocketAddress(address, port: UInt16(port)))))
            #expect((client == nil) == isV6Only)
            if let client { close(client) }
        }
    }

    @Test func `a wildcard is written as a star, as nothing, or as zeros`() throws {
        for text in ["*", "", "0.0.0.0"] {
            let port = try FreePorts.take(1)
            let sockets = try opened(bind("\(text):\(port)"))
            #expect(
                sockets.frontends.first?.address.socketAddress?.description == "0.0.0.0:\(port)")
        }
    }

    @Test func `an interface that is not there costs a warning and not the socket`() throws {
        let port = try FreePorts.take(1)
        var bind = bind("127.0.0.1:\(port)")
        bind.interface = "nosuch0"
        var sockets = ListenerSockets(for: configuration(bind))
        sockets.open()
        #expect(sockets.isComplete)
        #expect(sockets.failures.count == 1)
        #expect(sockets.failures.first?.severity == .warning)
        #expect(
            sockets.failures.first?.text.contains("cannot bind receiver to device 'nosuch0'")
                == true)
    }

    @Test func `variables in addresses are expanded`() throws {
        let port = try FreePorts.take(1)
        var sockets = ListenerSockets(
            for: configuration(bind("${HOST}:\(port)")),
            environment: { $0 == "HOST" ? "127.0.0.1" : nil })
        sockets.open()
        #expect(sockets.isComplete, "\(sockets.failures.map(\.text))")
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "sockpair@3", "no.invalid:1"])
    func `an address that makes no sense is a failure and never opens`(text: String) {
        var sockets = ListenerSockets(for: configuration(bind(text)))
        sockets.open()
        #expect(!sockets.isComplete && !sockets.canRetry)
        #expect(sockets.failures.count == 1)
        #expect(
            sockets.failures.first?.text.hasPrefix("Binding [edge.cfg:7] for frontend f: ") == true)
    }

    @Test func `disabled frontends open nothing`() {
        var configuration = configuration(bind("192.0.2.1:80"))
        configuration.proxies[0].isDisabled = true
        let sockets = ListenerSockets(for: configuration)
        #expect(sockets.isComplete && sockets.count == 0)
    }

    // MARK: UNIX

    @Test func `a UNIX socket has the mode and owner asked for`() throws {
        try withDirectory { directory in
            var bind = bind(directory + "/s")
            bind.mode = 0o640
            if geteuid() == 0 {
                bind.userID = 65534
                bind.groupID = 65534
            }
            let sockets = try opened(bind)
            var status = stat()
            #expect(stat(directory + "/s", &status) == 0)
            #expect(status.st_mode & S_IFMT == S_IFSOCK)
            #expect(status.st_mode & 0o777 == 0o640)
            if geteuid() == 0 { #expect(status.st_uid == 65534 && status.st_gid == 65534) }
            #expect(sockets.frontends.first?.unixPath == directory + "/s")
            #expect(try Files.entries(of: directory) == ["s"], "no temporary name is left")
        }
    }

    @Test func `a UNIX socket is replaced in one step and the old one still answers`() throws {
        try withDirectory { directory in
            let old = try opened(bind(directory + "/s"))
            let oldListener = try #require(old.frontends.first)
            let waiting = try #require(connected(to: oldListener.address))
            let new = try opened(bind(directory + "/s"))
            let fresh = try #require(connected(to: oldListener.address))
            let fromOld = try #require(accepted(from: oldListener))
            let fromNew = try #require(accepted(from: only(new)))
            for number in [waiting, fresh, fromOld, fromNew] { close(number) }
            #expect(try Files.entries(of: directory) == ["s"])
        }
    }

    @Test func `a path as long as the kernel allows works`() throws {
        try withDirectory { directory in
            let room = 107 - directory.utf8.count - 1
            let path = directory + "/" + String(repeating: "x", count: room)
            let sockets = try opened(bind(path))
            let client = try #require(connected(to: only(sockets).address))
            close(client)
            #expect(try Files.entries(of: directory) == [String(repeating: "x", count: room)])
        }
    }

    @Test func `a file that is no socket is not replaced`() throws {
        try withDirectory { directory in
            let path = directory + "/file"
            try Files.write(Array("precious".utf8).span, to: path)
            var sockets = ListenerSockets(for: configuration(bind(path)))
            sockets.open()
            #expect(!sockets.isComplete)
            #expect(try Files.read(path, atMost: 100) == Array("precious".utf8))
        }
    }

    @Test func `a UNIX socket keeps its place while something else cannot be opened`() throws {
        try withDirectory { directory in
            let old = try opened(bind(directory + "/s"))
            var next = configuration(bind(directory + "/s"))
            next.proxies[0].binds.append(bind("192.0.2.1:8080"))
            var new = ListenerSockets(for: next)
            new.open()
            #expect(!new.isComplete && new.frontends.isEmpty)
            let client = try #require(connected(to: only(old).address), "the old one answers")
            close(client)
        }
    }

    @Test func `a directory that is not there is named with the path`() {
        var sockets = ListenerSockets(for: configuration(bind("/nonexistent/dir/sock")))
        sockets.open()
        #expect(
            sockets.failures.map(\.text) == [
                "Binding [edge.cfg:7] for frontend f: cannot bind UNIX socket "
                    + "(No such file or directory) [/nonexistent/dir/sock]"
            ])
    }

    @Test(arguments: ["abns@", "abnsz@"])
    func `an abstract socket is reached by its name and can be taken over`(prefix: String) throws {
        let text = "\(prefix)martlet-\(getpid())-\(prefix.utf8.count)"
        let sockets = try opened(bind(text))
        let client = try #require(connected(to: only(sockets).address))
        close(client)
        var second = ListenerSockets(for: configuration(bind(text)))
        second.open()
        #expect(second.canRetry, "somebody else holds the name")
    }

    // MARK: Inherited

    @Test func `an inherited socket is switched to non-blocking and keeps its address`() throws {
        let (number, port) = try listeningSocket()
        var sockets = ListenerSockets(
            for: configuration(bind("fd@${FE}")),
            environment: { $0 == "FE" ? String(number) : nil })
        sockets.open()
        #expect(sockets.isComplete, "\(sockets.failures.map(\.text))")
        let listener = try #require(sockets.frontends.first)
        #expect(listener.isInherited)
        #expect(listener.address.socketAddress?.description == "127.0.0.1:\(port)")
        #expect(fcntl(listener.number, F_GETFL) & O_NONBLOCK != 0)
        sockets.closeInheritedOriginals()
        #expect(fcntl(number, F_GETFD) == -1, "the original is closed")
        let client = try #require(connected(to: listener.address))
        close(client)
        // Nothing but the sockets of the generation keeps the port.
        let address = listener.address
        sockets = ListenerSockets(for: Configuration())
        withExtendedLifetime(listener) {}
        _ = consume listener
        #expect(connected(to: address) == nil)
    }

    @Test func `a bound socket that does not listen is made to`() throws {
        let (number, _) = try listeningSocket(listens: false)
        defer { close(number) }
        let sockets = try opened(bind("fd@\(number)"))
        #expect(flag(only(sockets), SOL_SOCKET, SO_ACCEPTCONN) == 1)
    }

    @Test func `one inherited socket may serve two lines`() throws {
        let (number, _) = try listeningSocket()
        defer { close(number) }
        var configuration = configuration(bind("fd@\(number)"))
        configuration.proxies[0].binds.append(bind("fd@\(number)"))
        var sockets = ListenerSockets(for: configuration)
        sockets.open()
        #expect(sockets.isComplete && sockets.frontends.count == 2)
    }

    @Test func `what is no listening socket is refused`() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let file = open("/dev/null", O_RDONLY)
        defer { for number in ends + [file] { close(number) } }
        for (number, reason) in [
            (ends[0], "Socket operation on non-socket"), (file, "Socket operation on non-socket"),
            (54321, "Bad file descriptor"),
        ] {
            var sockets = ListenerSockets(for: configuration(bind("fd@\(number)")))
            sockets.open()
            #expect(
                sockets.failures.map(\.text) == [
                    "Binding [edge.cfg:7] for frontend f: cannot use file descriptor "
                        + "'\(number)' (\(reason)) [fd@\(number)]"
                ])
        }
    }

    // MARK: Generations

    @Test func `sockets both generations ask for stay the same objects`() throws {
        let ports = try FreePorts.take(2)
        let first = try opened(bind("127.0.0.1:\(ports)"))
        var next = configuration(bind("127.0.0.1:\(ports)"))
        next.proxies[0].binds.append(bind("127.0.0.1:\(ports + 1)"))
        var second = ListenerSockets(for: next, reusing: first.frontends)
        second.open()
        #expect(second.isComplete && second.frontends.count == 2)
        #expect(second.frontends[0] === first.frontends[0])
    }

    @Test func `a socket that moves to another line keeps its waiting clients`() throws {
        let port = try FreePorts.take(1)
        var first: ListenerSockets? = try opened(bind("127.0.0.1:\(port)"))
        let address = try #require(first?.frontends.first).address
        let waiting = try #require(connected(to: address))
        defer { close(waiting) }
        var next = configuration(bind("127.0.0.1:\(port)"))
        next.proxies[0].name = "renamed"
        var second = ListenerSockets(for: next, reusing: first?.frontends ?? [])
        second.open()
        first = nil
        #expect(second.frontends.first?.frontend == "renamed")
        let server = try #require(accepted(from: only(second)))
        close(server)
    }

    @Test func `stats sockets are kept apart and speak for GLOBAL`() throws {
        try withDirectory { directory in
            var configuration = Configuration()
            for path in [directory + "/s", "/nonexistent/s"] {
                configuration.global.statsSockets.append(
                    StatsSocketConfiguration(bind: bind(path)))
            }
            var sockets = ListenerSockets(for: configuration)
            sockets.open()
            #expect(sockets.statistics.map(\.bindIndex) == [0] && sockets.frontends.isEmpty)
            #expect(
                sockets.failures.first?.text.hasPrefix(
                    "Binding [edge.cfg:7] for frontend GLOBAL: cannot bind UNIX socket") == true)
        }
    }

    @Test func `the backlog is the nearest one that is set`() {
        var configuration = configuration(bind("127.0.0.1:1"))
        configuration.global.maxConnections = 50
        #expect(backlog(configuration) == 50)
        configuration.proxies[0].maxConnections = 40
        #expect(backlog(configuration) == 40)
        configuration.proxies[0].backlog = 30
        #expect(backlog(configuration) == 30)
        configuration.proxies[0].binds[0].backlog = 20
        #expect(backlog(configuration) == 20)
    }
}

// MARK: What the tests share

private func bind(_ text: String) -> BindConfiguration {
    BindConfiguration(addressText: text, place: SourcePlace(file: "edge.cfg", line: 7))
}

private func configuration(_ bind: BindConfiguration) -> Configuration {
    var configuration = Configuration()
    var proxy = ProxyConfiguration(name: "f", capability: .frontend)
    proxy.binds = [bind]
    configuration.proxies = [proxy]
    return configuration
}

/// The first frontend's socket of sockets that are known to be open.
private func only(_ sockets: ListenerSockets) -> ListenerSocket { sockets.frontends[0] }

private func opened(_ bind: BindConfiguration) throws -> ListenerSockets {
    var sockets = ListenerSockets(for: configuration(bind))
    sockets.open()
    try #require(sockets.isComplete, "\(sockets.failures.map(\.text))")
    return sockets
}

private func listeningSocket(
    port: Int = 0, listens: Bool = true
) throws -> (number: Int32, port: Int) {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let loopback = try #require(IPAddress("127.0.0.1"))
    // What lately ended there does not count.
    var one: Int32 = 1
    setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    let address = RawSocketAddress(.ip(IPSocketAddress(loopback, port: UInt16(port))))
    guard address.withSocketAddress({ Glibc.bind(number, $0, $1) }) == 0,
        !listens || listen(number, 5) == 0
    else {
        close(number)
        throw Errno.last
    }
    var bound = RawSocketAddress()
    _ = bound.withMutableSocketAddress { getsockname(number, $0, $1) }
    guard case .ip(let found)? = bound.socketAddress else { throw Errno.last }
    return (number, Int(found.port))
}

private func connected(to address: RawSocketAddress) -> Int32? {
    let number = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
    if address.withSocketAddress({ connect(number, $0, $1) }) == 0 { return number }
    close(number)
    return nil
}

private func accepted(from listener: ListenerSocket) -> Int32? {
    var entry = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 5000) == 1 else { return nil }
    let number = accept(listener.number, nil, nil)
    return number < 0 ? nil : number
}

private func flag(_ socket: ListenerSocket, _ level: Int32, _ option: Int32) -> Int32 {
    var value: Int32 = -1
    var length = socklen_t(4)
    getsockopt(socket.number, level, option, &value, &length)
    return value
}

private func withDirectory(_ body: (String) throws -> Void) throws {
    var name = Array("/tmp/martlet-tests-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&name)))
    defer {
        for entry in (try? Files.entries(of: path)) ?? [] { try? Files.remove("\(path)/\(entry)") }
        rmdir(path)
    }
    try body(path)
}

private func backlog(_ configuration: Configuration) -> Int32? {
    ListenerRequest.all(of: configuration, environment: { _ in nil }).requests.first?.backlog
}

@Suite struct ListenerSocketRetirementTests {
    @Test func `a retired socket closes when the last worker lets go of it`() throws {
        let sockets = try opened(bind("127.0.0.1:\(try FreePorts.take(1))"))
        let socket = only(sockets)
        let number = socket.number
        #expect(socket.beginWatch() && socket.beginWatch())
        socket.retire()
        #expect(socket.isRetired && socket.number == number)
        #expect(!socket.beginWatch(), "nobody begins any more")
        #expect(socket.number == number, "and a late comer does not close it")
        socket.endWatch()
        #expect(socket.number == number)
        socket.endWatch()
        #expect(socket.number == -1)
        #expect(connected(to: socket.address) == nil, "clients are refused at once")
    }

    @Test func `a socket nobody watches closes at once and once only`() throws {
        let sockets = try opened(bind("127.0.0.1:\(try FreePorts.take(1))"))
        only(sockets).retire()
        #expect(only(sockets).number == -1)
        only(sockets).retire()
        #expect(only(sockets).number == -1)
    }

    @Test func `a retired socket is opened anew by the next generation`() throws {
        let text = "127.0.0.1:\(try FreePorts.take(1))"
        let first = try opened(bind(text))
        only(first).retire()
        var second = ListenerSockets(for: configuration(bind(text)), reusing: first.frontends)
        second.open()
        #expect(second.isComplete && only(second) !== only(first))
    }
}

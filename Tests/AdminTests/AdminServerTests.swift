// The statistics sockets over real connections.

import Addresses
import Foundation
import Kernel
import Proxy
import ReferenceHAProxy
import Testing

@testable import Admin

@Suite(.serialized) struct AdminServerTests {
    @Test func `Changes of servers are told in haproxy's words`() throws {
        let admin = try RunningAdmin()
        defer { admin.stop() }
        for line in [
            "disable server be/s1", "enable server be/s1", "set server be/s1 state drain",
            "set server be/s1 state ready", "disable server be/s1;disable server be/s2",
        ] {
            #expect(admin.answer(line).allSatisfy { $0 == "\n" })
        }
        let texts = admin.notices.withLock { $0.map(\.text) }
        #expect(texts.count == 7)
        #expect(
            texts.first == """
                Server be/s1 is going DOWN for maintenance. 0 active and 1 backup servers left. \
                Running on backup. 0 sessions active, 0 requeued, 0 remaining in queue.
                """)
        #expect(texts[1] == "Server be/s1 is UP/READY (leaving forced maintenance).")
        #expect(texts[3] == "Server be/s1 is UP (leaving forced drain).")
        #expect(texts.last == "backend 'be' has no server available!")
    }

    @Test func `show cli sockets lists the sockets with their levels`() throws {
        let admin = try RunningAdmin()
        defer { admin.stop() }
        #expect(
            admin.answer("show cli sockets", level: "user") == """
                # socket lvl processes
                unix@\(admin.folder)/admin admin all
                unix@\(admin.folder)/operator operator all
                unix@\(admin.folder)/user user all


                """)
    }

    @Test func `A stream is listed and can be ended`() throws {
        // An origin whose connections stay in its backlog.
        let silent = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        try silent.bind(to: RawSocketAddress(IPSocketAddress(.loopbackV4, port: 0)))
        try silent.listen(backlog: 5)
        let origin = try silent.localAddress()
        let admin = try RunningAdmin { $0.proxies[1].servers[0].address = origin }
        defer { admin.stop() }
        let client = try #require(ReferenceProcess.connect(to: admin.folder + "/fe"))
        defer { close(client) }
        _ = "GET / HTTP/1.0\r\n\r\n".withCString { send(client, $0, 18, 0) }
        var listing = ""
        for _ in 0..<200 where !listing.contains("fe=fe") {
            listing = admin.answer("show sess")
            if !listing.contains("fe=fe") { usleep(5_000) }
        }
        #expect(listing.hasPrefix("0x"))
        #expect(listing.contains("src=unix:1 fe=fe be=be srv=s1"))
        let id = String(listing.prefix { $0 != ":" })
        #expect(admin.answer("show sess \(id)").contains("frontend=fe mode=http"))
        #expect(admin.answer("show sess all frontend nope") == "\n")
        #expect(
            admin.answer("shutdown session 0xffffff") == "No such session (use 'show sess').\n\n")
        #expect(admin.answer("shutdown session \(id)") == "\n")
        var byte: UInt8 = 0
        #expect(recv(client, &byte, 1, 0) <= 0)
    }

    @Test func `Connections beyond the limit wait for a free place`() throws {
        let admin = try RunningAdmin()
        defer { admin.stop() }
        var held: [Int32] = []
        for _ in 0..<4 {
            held.append(try #require(ReferenceProcess.connect(to: admin.folder + "/admin")))
        }
        // Each is known to be served once it has answered.
        for socket in held {
            _ = "prompt i\n".withCString { send(socket, $0, 9, 0) }
            var answer: UInt8 = 0
            #expect(recv(socket, &answer, 1, 0) == 1)
        }
        let waiting = try #require(ReferenceProcess.connect(to: admin.folder + "/admin"))
        defer { close(waiting) }
        _ = "show cli level\n".withCString { send(waiting, $0, 15, 0) }
        var state = pollfd(fd: waiting, events: Int16(POLLIN), revents: 0)
        #expect(poll(&state, 1, 100) == 0)
        for socket in held { close(socket) }
        #expect(poll(&state, 1, 3_000) == 1)
    }

    @Test func `An idle connection is closed after its timeout`() throws {
        let admin = try RunningAdmin { $0.global.statsTimeoutMilliseconds = 50 }
        defer { admin.stop() }
        let socket = try #require(ReferenceProcess.connect(to: admin.folder + "/admin"))
        defer { close(socket) }
        var byte: UInt8 = 0
        #expect(recv(socket, &byte, 1, 0) == 0)
    }

    @Test func `wait answers when its time is over or its condition holds`() throws {
        let admin = try RunningAdmin()
        defer { admin.stop() }
        #expect(admin.answer("wait 10") == "Done.\n\n")
        #expect(
            admin.answer("wait 1 srv-removable be/s1")
                == "Failed.\nOnly servers in maintenance mode can be deleted.\n\n")
        #expect(admin.answer("disable server be/s1;wait 1s srv-removable be/s1") == "\nDone.\n\n")
        #expect(admin.answer("wait 1s srv-removable be/x") == "Failed.\nNo such server.\n\n")
    }

    @Test func `A long answer arrives whole at a slow reader`() throws {
        let admin = try RunningAdmin()
        defer { admin.stop() }
        let socket = try #require(ReferenceProcess.connect(to: admin.folder + "/admin"))
        defer { close(socket) }
        let line = String(repeating: "help;", count: 300) + "show cli level\n"
        _ = line.withCString { send(socket, $0, strlen($0), 0) }
        shutdown(socket, Int32(SHUT_WR))
        var total = 0
        var last: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1_000)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { break }
            total += count
            last = Array((last + chunk[..<count]).suffix(7))
        }
        #expect(total > 300 * 1_000)
        #expect(String(decoding: last, as: UTF8.self) == "admin\n\n")
    }

    @Test func `Rows have names of their own and sentences, and the manual's are all known`() {
        let commands = Admin.commands { _ in }
        #expect(Set(commands.map(\.words)).count == commands.count)
        for command in commands { #expect(!command.sentence.isEmpty) }
        let table = CommandTable(commands)
        for name in [
            "add server", "set ssl cert", "show errors", "trace",
        ] {
            guard
                case .command(let found, _) = table.find(
                    name.split(separator: " ").map(String.init))
            else {
                Issue.record("\(name) is not known")
                continue
            }
            #expect(found.run == nil)
        }
    }
}

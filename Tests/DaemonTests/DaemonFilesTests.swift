// Pid files, readiness datagrams, and privileges that cannot be had.

import Addresses
import Daemon
import Glibc
import Kernel
import Testing

/// A directory of its own for a test, removed at its end.
private func withDirectory(_ body: (String) throws -> Void) throws {
    var name = Array("/tmp/martlet-tests-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&name)))
    defer {
        for entry in (try? Files.entries(of: path)) ?? [] { try? Files.remove("\(path)/\(entry)") }
        rmdir(path)
    }
    try body(path)
}

@Suite struct DaemonFilesTests {
    @Test func `a pid file holds one process a line and replaces what was there`() throws {
        try withDirectory { directory in
            let path = directory + "/pid"
            try Files.write(Array("an older and longer content".utf8).span, to: path)
            try PidFile(path: path).write([ProcessID(12), ProcessID(345)])
            #expect(try Files.read(path, atMost: 100) == Array("12\n345\n".utf8))
        }
    }

    @Test func `a pid file in a missing directory fails with the reason`() {
        #expect(throws: Errno(ENOENT)) { _ = try PidFile(path: "/nonexistent/pid") }
    }

    @Test func `readiness reaches a path socket and an abstract one`() throws {
        try withDirectory { directory in
            let abstract = "martlet-tests-\(ProcessID.own)-\(directory.utf8.count)"
            let places = [
                (
                    directory + "/notify",
                    UNIXSocketAddress(.path, name: Array("\(directory)/notify".utf8))
                ),
                ("@" + abstract, UNIXSocketAddress(.abstractShort, name: Array(abstract.utf8))),
            ]
            for (name, address) in places {
                let receiver = try Descriptor.socket(
                    family: AF_UNIX, type: SocketTypeNumber.datagram)
                try receiver.bind(to: RawSocketAddress(.unix(try #require(address))))
                let notification = try #require(ReadinessNotification(socketName: name))
                try notification.send(.ready(ProcessID(77)), .status("up"))
                var room = [UInt8](repeating: 0, count: 200)
                let got = recv(receiver.number, &room, room.count, 0)
                #expect(
                    String(decoding: room.prefix(max(0, got)), as: UTF8.self)
                        == "READY=1\nMAINPID=77\nSTATUS=up\n")
            }
        }
    }

    @Test(arguments: [nil, "", "relative", "vsock:2:1"] as [String?])
    func `what names no socket is no place to report to`(name: String?) {
        #expect(ReadinessNotification(socketName: name) == nil)
    }

    @Test func `a reload tells when it began in microseconds`() {
        let state = ReadinessNotification.State.reloading(since: Instant(nanoseconds: 5_000_999))
        #expect(state.lines == "RELOADING=1\nMONOTONIC_USEC=5000\n")
    }

    @Test func `a root directory that is not there is named`() {
        let privileges = Privileges(rootDirectory: "/nonexistent")
        #expect(throws: Privileges.Failure.root("/nonexistent")) { try privileges.enterRoot() }
        #expect(Privileges.Failure.root("/x").description == "Cannot chroot(/x).")
    }
}

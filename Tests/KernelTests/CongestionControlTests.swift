// Which congestion control sockets have, on whatever system the tests run.

import Glibc
import Kernel
import Testing

@Suite struct CongestionControlTests {
    @Test func `a socket that is to avoid pacing has an algorithm without it`() throws {
        let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        let known = socket.congestionControl()
        let before = try #require(known)
        socket.avoidPacing()
        let chosen = socket.congestionControl()
        let after = try #require(chosen)
        #expect(!CongestionControl.paces(after))
        if !CongestionControl.paces(before) { #expect(after == before) }
    }

    @Test func `an algorithm that paces is known by its name`() {
        #expect(CongestionControl.paces("bbr"))
        #expect(CongestionControl.paces("bbr3"))
        for name in ["cubic", "reno", "dctcp", ""] { #expect(!CongestionControl.paces(name)) }
    }

    @Test func `a UNIX socket has none, and is left alone`() throws {
        let socket = try Descriptor.socket(family: AF_UNIX, type: Int32(SOCK_STREAM.rawValue))
        let name = socket.congestionControl()
        #expect(name == nil)
        socket.avoidPacing()
    }
}

// The congestion control of TCP sockets: which one a socket has, and doing without pacing.

import CLinux
import Glibc

/// Congestion control of TCP (tcp(7)).
public enum CongestionControl {
    /// Whether an algorithm of that name spreads what it sends over time by timers.
    public static func paces(_ name: String) -> Bool { name.hasPrefix("bbr") }
}

extension Descriptor {
    /// Has a TCP socket, or those that it will accept, send without timers where the system's own
    /// algorithm paces: by the loss-based algorithm that is there, CUBIC first.
    ///
    /// Only before it is connected: the kernel goes on pacing a connection that it began to pace.
    public borrowing func avoidPacing() {
        guard let name = congestionControl(), CongestionControl.paces(name) else { return }
        if !setCongestionControl("cubic") { _ = setCongestionControl("reno") }
    }

    /// The name of a TCP socket's congestion control; nil when it has none.
    public borrowing func congestionControl() -> String? {
        // TCP_CA_NAME_MAX bytes hold any name with the zero behind it.
        var name = InlineArray<16, UInt8>(repeating: 0)
        var length = UInt32(16)
        // Safety: both pointers are used only for the call, which fills at most `length` bytes.
        let status = unsafe getsockopt(
            number, Int32(IPPROTO_TCP), TCP_CONGESTION, &name, &length)
        if status != 0 { return nil }
        var text = ""
        for index in name.indices where name[index] != 0 {
            text.unicodeScalars.append(Unicode.Scalar(name[index]))
        }
        return text
    }

    private borrowing func setCongestionControl(_ name: StaticString) -> Bool {
        // Safety: a static string lives for ever.
        unsafe setsockopt(
            number, Int32(IPPROTO_TCP), TCP_CONGESTION, name.utf8Start,
            UInt32(name.utf8CodeUnitCount)) == 0
    }
}

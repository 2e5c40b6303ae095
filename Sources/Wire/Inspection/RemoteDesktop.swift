// The cookie in the connection request of the Remote Desktop Protocol ([MS-RDPBCGR] §2.2.1.1).
// Configuration manual: req.rdp_cookie, req.rdp_cookie_cnt.

import Bytes

/// Looks at the start of a Remote Desktop stream.
///
///     03 00 00 2a  25 e0 00 00 00 00 00  Cookie: mstshash=user CR LF
///     TPKT         X.224                 name    ^^^^^^^^ ^^^^ value
///
/// As in HAProxy, the eleven bytes in front of the cookie may be any.
public enum RemoteDesktop {
    /// The value of the first cookie when it is called `name`, in either case, or with an empty
    /// name whatever it is called. There is never a second one to look at.
    public static func cookie(
        named name: Span<UInt8>, in bytes: Span<UInt8>
    ) -> Inspected<Range<Int>> {
        var index = headerBytes
        switch match(label.span, bytes, index) {
        case .other: return .other
        case .needsMore: return .needsMore
        case .value(let end): index = end
        }
        while index < bytes.count, bytes[index] == 0x20 { index &+= 1 }
        if name.isEmpty {
            while index < bytes.count, bytes[index] != 0x3D {
                if bytes[index] == 0x0D || bytes[index] == 0x0A { return .other }
                index &+= 1
            }
        } else {
            guard index < bytes.count else { return .needsMore }
            switch match(name, bytes, index) {
            case .other: return .other
            case .needsMore: return .needsMore
            case .value(let end): index = end
            }
        }
        guard index < bytes.count else { return .needsMore }
        if bytes[index] != 0x3D { return .other }
        let start = index &+ 1
        var end = start
        while end < bytes.count, bytes[end] != 0x0D { end &+= 1 }
        guard end &+ 1 < bytes.count else { return .needsMore }
        return bytes[end &+ 1] == 0x0A ? .value(start..<end) : .other
    }

    /// Bytes of the TPKT and X.224 headers.
    private static let headerBytes = 11

    /// `cookie:`
    private static let label: InlineArray<7, UInt8> = [0x63, 0x6F, 0x6F, 0x6B, 0x69, 0x65, 0x3A]

    /// Compares what is at `start` but for the case of letters; where the text ends.
    private static func match(
        _ text: Span<UInt8>, _ bytes: Span<UInt8>, _ start: Int
    ) -> Inspected<Int> {
        var position = 0
        while position < text.count {
            guard start &+ position < bytes.count else { return .needsMore }
            if bytes[start &+ position].asciiLowercased != text[position].asciiLowercased {
                return .other
            }
            position &+= 1
        }
        return .value(start &+ text.count)
    }
}

// Names of network interfaces and their indexes.

import CLinux
import Glibc

/// The network interfaces of the calling thread's network namespace.
public enum NetworkInterfaces {
    /// The most bytes of a name (IFNAMSIZ without the zero).
    public static let longestNameBytes = 15

    /// The index of an interface; nil where there is none of that name.
    public static func index(of name: String) -> UInt32? {
        // Safety: the name is handed over as a C string that lives for the duration of the call.
        let index = unsafe if_nametoindex(name)
        return index == 0 ? nil : index
    }

    /// The name of the interface with an index; nil where there is none.
    public static func name(of index: UInt32) -> String? {
        var room = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        // Safety: the room holds the longest name and its zero.
        let found = unsafe room.withUnsafeMutableBufferPointer {
            unsafe if_indextoname(index, $0.baseAddress) != nil
        }
        guard found else { return nil }
        return String(
            decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

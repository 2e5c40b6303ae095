// One word from a forked child to its parent: "it worked". Silence until the child's end is a no.

import CLinux
import Glibc

/// A report that is made before a fork; each side then keeps its half.
public struct ProcessReport: ~Copyable {
    private let readEnd: Descriptor
    private let writeEnd: Descriptor

    public init() throws(Errno) {
        let ends = try Descriptor.pipe()
        readEnd = Descriptor(owning: ends.read)
        writeEnd = Descriptor(owning: ends.write)
    }

    /// The child's half: how it reports.
    public consuming func childHalf() -> Sender {
        Sender(writeEnd: writeEnd)
    }

    /// The parent's half: waits until the child reports or can no longer; true when it did.
    public consuming func wait() -> Bool {
        writeEnd.close()
        var byte: UInt8 = 0
        while true {
            // Safety: one byte of room, alive during the call.
            let got = unsafe read(readEnd.number, &byte, 1)
            if got >= 0 { return got == 1 }
            if errno != EINTR { return false }
        }
    }

    /// What the child holds.
    public struct Sender: ~Copyable {
        fileprivate let writeEnd: Descriptor

        /// Reports success.
        public consuming func send() {
            var byte: UInt8 = 1
            // Safety: one byte is read from `byte`, alive during the call. A parent that is gone
            // needs no report.
            _ = unsafe write(writeEnd.number, &byte, 1)
        }
    }
}

// The names behind `server_key`: entries keep a number, the text is here once. There are about as
// many as servers; numbers stay what they are for as long as the table lives.

import Samples
import Structures
import Synchronization

/// Gives names numbers, and numbers names.
public final class StickServerNames: Sendable {
    /// The most names a table can hold: enough for servers that change their addresses often.
    public static let capacity = 65536
    /// The longest name.
    public static let longestName = 1024

    private struct Names: ~Copyable, Sendable {
        var store = TextStore()
        var index = TextIndex()
        var ranges = FlatList<TextRange>()
    }

    private let names = Mutex(Names())

    init() {}

    /// The number of a name, which it gets now if it has none; nil when there are too many names,
    /// or when this one is empty or too long.
    ///
    /// Look a server's name up once and keep the number.
    public func number(of name: Span<UInt8>) -> Int64? {
        if name.isEmpty || name.count > Self.longestName { return nil }
        return names.withLock { names in
            if let found = names.index.find(name, in: names.store) { return Int64(found) }
            guard names.ranges.count < Self.capacity else { return nil }
            let range = names.store.add(name)
            names.ranges.append(range)
            // 0 is no name.
            let number = UInt32(names.ranges.count)
            names.index.insert(range, number, in: names.store)
            return Int64(number)
        }
    }

    /// The name with a number, copied into `scratch`; nil when there is none.
    public func name(of number: Int64, into scratch: inout SampleScratch) -> Sample? {
        names.withLock { names in
            guard number >= 1, number <= names.ranges.count else { return nil }
            return scratch.copy(names.store[names.ranges[Int(number) - 1]])
        }
    }

    /// The name with a number; nil when there is none. Control path.
    public func name(of number: Int64) -> [UInt8]? {
        names.withLock { names in
            guard number >= 1, number <= names.ranges.count else { return nil }
            let text = names.store[names.ranges[Int(number) - 1]]
            var bytes: [UInt8] = []
            for index in 0..<text.count { bytes.append(text[index]) }
            return bytes
        }
    }
}

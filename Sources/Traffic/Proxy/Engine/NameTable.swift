// Names and what they stand for, for the few rules that make a name while they run.

import Structures

/// Numbers by name.
struct NameTable: ~Copyable {
    private var store = TextStore()
    private var index = TextIndex()

    init() {}

    /// Adds a name; control path.
    mutating func insert(_ name: String, _ number: Int) {
        let bytes = Array(name.utf8)
        let range = store.add(bytes.span)
        index.insert(range, UInt32(number), in: store)
    }

    /// The number of a name; nil when it is not there.
    func index(of name: Span<UInt8>) -> Int? { index.find(name, in: store).map { Int($0) } }
}

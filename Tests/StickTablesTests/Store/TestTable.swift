// Tables as tests declare and ask them, with keys as text.

import Addresses
import StickTables

/// A table from its declaration.
func table(
    _ declaration: String, name: String = "t", seed: UInt64 = .random(in: 0 ... .max)
) throws -> StickTable {
    let words = declaration.split(separator: " ").map(String.init)
    return StickTable(try StickTableReader.read(words, name: name).configuration, seed: seed)
}

extension StickTable {
    /// A key from its text; traps when it is none.
    func key(_ text: String) -> [UInt8] { configuration.keyType.key(text: text)! }

    @discardableResult
    func change(_ text: String, _ updates: [StickUpdate] = [], now: UInt64) -> StickChange? {
        change(key(text).span, updates.span, now: now)
    }

    /// Touches an entry that is there.
    func touch(_ text: String, now: UInt64) -> StickChange? {
        let updates: [StickUpdate] = []
        return change(key(text).span, updates.span, creating: false, now: now)
    }

    func track(_ text: String, _ updates: [StickUpdate] = [], now: UInt64) -> StickReference? {
        track(key(text).span, updates.span, now: now)
    }

    func find(_ text: String, now: UInt64) -> StickReference? { find(key(text).span, now: now) }

    func value(_ type: StickDataType, _ text: String, index: Int = 0, now: UInt64) -> Int64? {
        value(of: type, index: index, key(text).span, now: now)
    }

    func release(_ reference: StickReference, _ updates: [StickUpdate] = [], now: UInt64) {
        release(reference, updates.span, now: now)
    }

    func facts(_ text: String, now: UInt64) -> StickEntryFacts? { facts(key(text).span, now: now) }

    func match(_ text: String, now: UInt64) -> StickServer? { match(key(text).span, now: now) }

    /// The number of a server's name.
    func serverNumber(_ name: String) -> Int64? {
        serverNames.number(of: Array(name.utf8).span)
    }

    /// All entries, by pieces of an odd size.
    func allEntries(now: UInt64, where filter: StickFilter = StickFilter()) -> [StickEntry] {
        var cursor = StickCursor()
        var all: [StickEntry] = []
        while let piece = entries(&cursor, limit: 7, now: now, where: filter) { all += piece }
        return all
    }
}

extension StickKey {
    /// The bytes as an array, which macros can hold.
    var array: [UInt8] { (0..<count).map { bytes[$0] } }

    /// Whether a table has an entry with this key.
    func isIn(_ table: StickTable, now: UInt64) -> Bool { table.find(bytes, now: now) != nil }

    /// Makes or touches the entry with this key.
    @discardableResult
    func change(_ table: StickTable, _ updates: [StickUpdate] = [], now: UInt64) -> Bool {
        table.change(bytes, updates.span, now: now) != nil
    }

    func track(_ table: StickTable, now: UInt64) -> StickReference? {
        let updates: [StickUpdate] = []
        return table.track(bytes, updates.span, now: now)
    }
}

/// The key of an IPv4 address by its number.
func addressKey(_ number: Int) -> StickKey {
    StickKey(IPAddress(v4: UInt32(truncatingIfNeeded: number)), for: .ipv4)!
}

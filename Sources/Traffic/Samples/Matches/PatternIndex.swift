// All patterns of one method, laid out for look-up. Readers allocate nothing and follow no
// references. Writers have it for themselves: see `PatternView`. Where texts go is in
// `PatternIndex+Texts.swift`.

import Addresses
import Structures
import Synchronization

/// Patterns by number, and what finds the one that matches.
///
///     str, bin       hash of the whole text
///     beg            tree
///     end            tree of the texts read backward, where there are many
///     sub            tree, from each byte of the text on, where there are many
///     dir, dom       hash of parts, where there are many
///     ip             trees, but for IPv4 masks with gaps
///     others         list, one after the other
///
/// With `-i`, texts are in a hash or tree of their own, in small letters. Where one key occurs
/// several times, and where `end`, `sub`, `dir` or `dom` match several keys, the first that was
/// inserted is found.
public struct PatternIndex: ~Copyable, Sendable {
    /// The method that the patterns were read for.
    public let method: MatchMethod
    /// How many patterns there are.
    public private(set) var count = 0
    /// Bytes of keys and values that were removed; who edits builds anew when they are too many.
    public internal(set) var wastedBytes = 0

    /// Up to so many patterns of `end`, `sub`, `dir` and `dom` are faster compared one by one.
    static let listLimit = 8

    /// Which index a pattern is in.
    enum Place: UInt8, BitwiseCopyable {
        case none, hash, hashFolded, tree, treeFolded, v4, v6, list
    }

    /// A pattern's key and value, and its neighbours among the patterns with the same key.
    struct Slot: BitwiseCopyable {
        var text = TextRange.empty
        var value = TextRange.empty
        /// The value when it is a number.
        var number: Int64 = 0
        /// The value when it is an address.
        var address = IPAddress.anyV4
        /// The address of an IPv4 network.
        var network: UInt32 = 0
        /// Grows with each insert.
        var order: UInt32 = 0
        var next: UInt32 = .max
        /// The one before; of the first pattern of a key, the last.
        var previous: UInt32 = .max
        var place = Place.none
        /// How many bits of a network's address count.
        var length: UInt8 = 0
    }

    /// An entry of the list: what can be compared without the slot.
    struct Item: BitwiseCopyable {
        var slot: UInt32
        var ignoresCase = false
        var hasMinimum = false
        var hasMaximum = false
        /// The bounds of a range, or an address and its mask.
        var first: Int64 = 0
        var second: Int64 = 0
        var code: RegularExpression.Code?
    }

    var texts = TextStore()
    var slots = FlatList<Slot>()
    var list = FlatList<Item>()
    var hash = TextIndex()
    var hashFolded = TextIndex()
    var tree = BeginningTree()
    var treeFolded = BeginningTree()
    var v4 = PrefixTree<UInt32>()
    var v6 = PrefixTree<UInt128>()
    /// Whether patterns of `end`, `sub`, `dir` and `dom` are in indexes.
    var isIndexed = false
    /// Of `dir` and `dom`, how many parts patterns have: bit 0 is set for those with one.
    var partCounts: UInt64 = 0
    /// A bit for each number of bytes that a text which matches can have; the last stands for all
    /// greater numbers, too. Bits of patterns that were removed stay.
    private var lengths: UInt64 = 0
    private var expressions: [UInt32: RegularExpression] = [:]
    private var lastOrder: UInt32 = 0
    /// Never used. What holds an atomic is lent by its address; a struct of plain parts, when it is
    /// as large as this one, would be copied for each look-up.
    private let pin = Atomic<UInt8>(0)

    /// An index without patterns.
    public init(method: MatchMethod) {
        self.method = method
    }

    /// Whether there is a pattern under that number.
    public func holds(_ number: UInt32) -> Bool {
        Int(number) < slots.count && slots[Int(number)].place != .none
    }

    /// The value of a pattern whose map gives text.
    @_lifetime(borrow self)
    public func text(of number: UInt32) -> Span<UInt8> { texts[slots[Int(number)].value] }

    /// The value of a pattern whose map gives numbers.
    public func number(of number: UInt32) -> Int64 { slots[Int(number)].number }

    /// The value of a pattern whose map gives addresses.
    public func address(of number: UInt32) -> IPAddress { slots[Int(number)].address }

    /// Whether a text with so many bytes can match; most texts have too few for any pattern, or
    /// other numbers than those that are compared as a whole.
    @inline(__always)
    public func canMatch(byteCount: Int) -> Bool {
        lengths &>> UInt64(truncatingIfNeeded: min(byteCount, 63)) & 1 != 0
    }

    private mutating func noteLengths(of pattern: Pattern) {
        guard case .text(let bytes) = pattern.value else {
            lengths = ~0
            return
        }
        let one: UInt64 = 1 << UInt64(min(bytes.count, 63))
        switch method {
        case .str, .bin, .method, .group: lengths |= one
        case .beg, .end, .sub: lengths |= ~(one - 1)
        default: lengths = ~0
        }
    }

    /// How many bytes texts and values take.
    public var textBytes: Int { texts.count }

    /// How many patterns are compared one after the other.
    public var listCount: Int { list.count }
}

extension PatternIndex {
    /// Adds a pattern under a number that is free, behind all others.
    public mutating func insert(_ number: UInt32, _ pattern: Pattern, value: MapValue = .none) {
        while slots.count <= Int(number) { slots.append(Slot()) }
        precondition(slots[Int(number)].place == .none, "a pattern's number is in use")
        lastOrder += 1
        noteLengths(of: pattern)
        var slot = Slot(order: lastOrder)
        switch pattern.value {
        case .none: return
        case .text(let bytes): insertText(number, bytes, pattern.ignoresCase, &slot)
        case .range(let minimum, let maximum):
            slot.place = .list
            list.append(
                Item(
                    slot: number, hasMinimum: minimum != nil, hasMaximum: maximum != nil,
                    first: minimum ?? 0, second: maximum ?? 0))
        case .networkV4(let address, let mask):
            slot.place = (~mask &+ 1) & ~mask == 0 ? .v4 : .list
            slot.network = address & mask
            if slot.place == .v4 {
                slot.length = UInt8(mask.nonzeroBitCount)
            } else {
                list.append(
                    Item(slot: number, first: Int64(address & mask), second: Int64(mask)))
            }
        case .networkV6(let address, let length):
            slot.place = .v6
            slot.length = UInt8(length)
            var bytes: [UInt8] = []
            for place in 0..<16 {
                bytes.append(UInt8(truncatingIfNeeded: address >> UInt128((15 - place) * 8)))
            }
            slot.text = texts.add(bytes.span)
        case .expression(let expression):
            slot.place = .list
            expressions[number] = expression
            list.append(Item(slot: number, code: expression.code))
        }
        slots[Int(number)] = slot
        set(number, value)
        count += 1
        chain(number)
        if list.count > Self.listLimit && !isIndexed { indexTexts() }
    }

    /// Replaces a pattern's value.
    public mutating func set(_ number: UInt32, _ value: MapValue) {
        var slot = slots[Int(number)]
        wastedBytes += Int(slot.value.count)
        slot.value = .empty
        switch value {
        case .none: break
        case .text(let bytes): slot.value = texts.add(bytes.span)
        case .integer(let number): slot.number = number
        case .address(let address): slot.address = address
        }
        slots[Int(number)] = slot
    }

    /// Removes a pattern and frees its number; nothing happens when it is free.
    public mutating func remove(_ number: UInt32) {
        guard Int(number) < slots.count, slots[Int(number)].place != .none else { return }
        let slot = slots[Int(number)]
        if slot.place == .list {
            for place in 0..<list.count where list[place].slot == number {
                list.remove(at: place)
                break
            }
            expressions[number] = nil
        } else {
            unchain(number)
        }
        wastedBytes += Int(slot.text.count) + Int(slot.value.count)
        slots[Int(number)] = Slot()
        count -= 1
    }
}

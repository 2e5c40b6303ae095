// All patterns of one method, laid out for look-up: hashes for whole texts, trees for beginnings
// and networks, a list in order for everything else. Readers allocate nothing and follow no
// references. Writers have it for themselves: see `PatternView`.

import Addresses
import Structures

/// Patterns by number, and what finds the one that matches.
///
/// Which index holds a pattern: whole texts, data blocks: hash (of small letters with `-i`);
/// beginnings: tree (the same); networks: trees, but for IPv4 masks with gaps; the others: the
/// list.
/// Where one key occurs several times, the first that was inserted is found.
public struct PatternIndex: ~Copyable, Sendable {
    /// The method that the patterns were read for.
    public let method: MatchMethod
    /// How many patterns there are.
    public private(set) var count = 0
    /// Bytes of keys and values that were removed; who edits builds anew when they are too many.
    public private(set) var wastedBytes = 0

    /// Which index a pattern is in.
    enum Place: UInt8, BitwiseCopyable {
        case none, exact, exactFolded, beginning, beginningFolded, v4, v6, list
    }

    /// A pattern's key and value, and the next pattern with the same key.
    struct Slot: BitwiseCopyable {
        var text = TextRange.empty
        var value = TextRange.empty
        /// The value when it is a number.
        var number: Int64 = 0
        /// The value when it is an address.
        var address = IPAddress.anyV4
        /// The address of an IPv4 network.
        var network: UInt32 = 0
        var next: UInt32 = .max
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
    var exact = TextIndex()
    var exactFolded = TextIndex()
    var beginnings = BeginningTree()
    var beginningsFolded = BeginningTree()
    var v4 = PrefixTree<UInt32>()
    var v6 = PrefixTree<UInt128>()
    private var expressions: [UInt32: RegularExpression] = [:]

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
        var slot = Slot()
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
    }

    private mutating func insertText(
        _ number: UInt32, _ bytes: [UInt8], _ ignoresCase: Bool, _ slot: inout Slot
    ) {
        let folds = ignoresCase && method != .bin
        switch method {
        case .str, .bin, .group: slot.place = folds ? .exactFolded : .exact
        case .beg: slot.place = folds ? .beginningFolded : .beginning
        default: slot.place = .list
        }
        slot.text =
            folds && method != .method ? texts.addFolded(bytes.span) : texts.add(bytes.span)
        if slot.place == .list { list.append(Item(slot: number, ignoresCase: folds)) }
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

    // MARK: Keys that occur several times

    /// Appends the pattern to those with the same key, or makes it the first.
    private mutating func chain(_ number: UInt32) {
        guard slots[Int(number)].place != .list else { return }
        guard var last = head(like: number) else {
            setHead(number, like: number)
            return
        }
        while slots[Int(last)].next != .max { last = slots[Int(last)].next }
        slots[Int(last)].next = number
    }

    private mutating func unchain(_ number: UInt32) {
        let next = slots[Int(number)].next
        guard let first = head(like: number), first != number else {
            setHead(next == .max ? nil : next, like: number)
            return
        }
        var before = first
        while slots[Int(before)].next != number { before = slots[Int(before)].next }
        slots[Int(before)].next = next
    }

    /// The first pattern with the key of this one.
    private func head(like number: UInt32) -> UInt32? {
        let slot = slots[Int(number)]
        switch slot.place {
        case .exact: return exact.find(texts[slot.text], in: texts)
        case .exactFolded: return exactFolded.find(texts[slot.text], in: texts)
        case .beginning: return beginnings.value(texts[slot.text], in: texts)
        case .beginningFolded: return beginningsFolded.value(texts[slot.text], in: texts)
        case .v4: return v4[slot.network, Int(slot.length)]
        case .v6: return v6[wide(slot.text), Int(slot.length)]
        case .none, .list: return nil
        }
    }

    private mutating func setHead(_ head: UInt32?, like number: UInt32) {
        let slot = slots[Int(number)]
        switch slot.place {
        case .exact:
            if let head {
                exact.insert(slots[Int(head)].text, head, in: texts)
            } else {
                exact.remove(slot.text, in: texts)
            }
        case .exactFolded:
            if let head {
                exactFolded.insert(slots[Int(head)].text, head, in: texts)
            } else {
                exactFolded.remove(slot.text, in: texts)
            }
        case .beginning:
            if let head {
                beginnings.insert(slots[Int(head)].text, head, in: texts)
            } else {
                beginnings.remove(slot.text, in: texts)
            }
        case .beginningFolded:
            if let head {
                beginningsFolded.insert(slots[Int(head)].text, head, in: texts)
            } else {
                beginningsFolded.remove(slot.text, in: texts)
            }
        case .v4: v4[slot.network, Int(slot.length)] = head
        case .v6: v6[wide(slot.text), Int(slot.length)] = head
        case .none, .list: break
        }
    }

    private func wide(_ text: TextRange) -> UInt128 {
        let bytes = texts[text]
        var value: UInt128 = 0
        for index in 0..<bytes.count { value = value << 8 | UInt128(bytes[index]) }
        return value
    }
}

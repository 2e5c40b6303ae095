// Where texts go: few patterns of `end`, `sub`, `dir` and `dom` into the list, many into the index
// of their method; and the chains of patterns with the same key. Control path.

import Structures

extension PatternIndex {
    /// Keeps the text of a new pattern and says where it belongs.
    mutating func insertText(
        _ number: UInt32, _ bytes: [UInt8], _ ignoresCase: Bool, _ slot: inout Slot
    ) {
        let folds = ignoresCase && method != .bin && method != .method
        slot.place = place(of: bytes, folds: ignoresCase && method != .bin)
        if method == .end && slot.place != .list {
            slot.text = texts.addReversed(bytes.span, folded: folds)
        } else {
            slot.text = folds ? texts.addFolded(bytes.span) : texts.add(bytes.span)
        }
        if slot.place == .list {
            list.append(Item(slot: number, ignoresCase: ignoresCase && method != .bin))
        }
    }

    /// Where a text belongs as things are.
    private mutating func place(of text: [UInt8], folds: Bool) -> Place {
        switch method {
        case .str, .bin, .group: return folds ? .hashFolded : .hash
        case .beg: return folds ? .treeFolded : .tree
        case .end, .sub:
            guard isIndexed else { return .list }
            return folds ? .treeFolded : .tree
        case .dir, .dom:
            guard isIndexed else { return .list }
            let parts = Comparison.parts(of: text.span, method.delimiters)
            // So many parts that they are not worth an index.
            guard parts <= UInt64.bitWidth else { return .list }
            if parts > 0 { partCounts |= 1 << UInt64(parts - 1) }
            return folds ? .hashFolded : .hash
        default: return .list
        }
    }

    /// Moves the texts of the list to the index of the method, if there is one.
    mutating func indexTexts() {
        switch method {
        case .end, .sub, .dir, .dom: break
        default: return
        }
        isIndexed = true
        let older = (0..<list.count).map { list[$0] }
        list.removeAll()
        for item in older {
            var slot = slots[Int(item.slot)]
            let text = copy(of: slot.text)
            slot.place = place(of: text, folds: item.ignoresCase)
            if slot.place == .list {
                list.append(item)
                continue
            }
            if method == .end {
                wastedBytes += text.count
                slot.text = texts.addReversed(text.span, folded: false)
            }
            slots[Int(item.slot)] = slot
            chain(item.slot)
        }
    }

    private func copy(of text: TextRange) -> [UInt8] {
        let bytes = texts[text]
        return (0..<bytes.count).map { bytes[$0] }
    }

    /// What distinguishes a text in a hash or a tree.
    private func key(of slot: Slot) -> TextRange {
        guard method == .dir || method == .dom else { return slot.text }
        let core = Comparison.core(of: texts[slot.text], method.delimiters)
        return TextRange(
            start: slot.text.start + UInt32(core.lowerBound), count: UInt32(core.count))
    }

    // MARK: Keys that occur several times

    /// Appends the pattern to those with the same key, or makes it the first.
    mutating func chain(_ number: UInt32) {
        guard slots[Int(number)].place != .list else { return }
        guard let first = head(like: number) else {
            slots[Int(number)].previous = number
            setHead(number, like: number)
            return
        }
        let last = slots[Int(first)].previous
        slots[Int(last)].next = number
        slots[Int(number)].previous = last
        slots[Int(first)].previous = number
    }

    /// Takes the pattern out of those with the same key.
    mutating func unchain(_ number: UInt32) {
        let slot = slots[Int(number)]
        guard let first = head(like: number), first != number else {
            if slot.next != .max { slots[Int(slot.next)].previous = slot.previous }
            setHead(slot.next == .max ? nil : slot.next, like: number)
            return
        }
        slots[Int(slot.previous)].next = slot.next
        let behind = slot.next == .max ? first : slot.next
        slots[Int(behind)].previous = slot.previous
    }

    /// The first pattern with the key of this one.
    private func head(like number: UInt32) -> UInt32? {
        let slot = slots[Int(number)]
        switch slot.place {
        case .hash: return hash.find(texts[key(of: slot)], in: texts)
        case .hashFolded: return hashFolded.find(texts[key(of: slot)], in: texts)
        case .tree: return tree.value(texts[slot.text], in: texts)
        case .treeFolded: return treeFolded.value(texts[slot.text], in: texts)
        case .v4: return v4[slot.network, Int(slot.length)]
        case .v6: return v6[wide(slot.text), Int(slot.length)]
        case .none, .list: return nil
        }
    }

    private mutating func setHead(_ head: UInt32?, like number: UInt32) {
        let slot = slots[Int(number)]
        let mine = slot.place == .v4 ? .empty : key(of: slot)
        let wanted = head.map { slot.place == .v4 ? .empty : key(of: slots[Int($0)]) }
        switch slot.place {
        case .hash: hash.set(mine, to: wanted, head, in: texts)
        case .hashFolded: hashFolded.set(mine, to: wanted, head, in: texts)
        case .tree: tree.set(mine, to: wanted, head, in: texts)
        case .treeFolded: treeFolded.set(mine, to: wanted, head, in: texts)
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

extension TextIndex {
    /// Makes a text, kept at `wanted`, mean another value, or nothing.
    fileprivate mutating func set(
        _ text: TextRange, to wanted: TextRange?, _ value: UInt32?, in store: borrowing TextStore
    ) {
        guard let wanted, let value else { return remove(text, in: store) }
        insert(wanted, value, in: store)
    }
}

extension BeginningTree {
    /// Makes a text, kept at `wanted`, mean another value, or nothing.
    fileprivate mutating func set(
        _ text: TextRange, to wanted: TextRange?, _ value: UInt32?, in store: borrowing TextStore
    ) {
        guard let wanted, let value else { return remove(text, in: store) }
        insert(wanted, value, in: store)
    }
}

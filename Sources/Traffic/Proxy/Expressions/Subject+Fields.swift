// The field lines of a head as rules see them: also those that end at this hop and are not
// forwarded, such as Upgrade, but none that a rule has taken out.

import Bytes
import HTTP
import Samples

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Whether rules see a line.
    ///
    /// Of `Connection`, whose options `close` and `keep-alive` are about this hop alone, they see
    /// what it says beside them.
    @inline(__always)
    public func isSeen(_ line: FieldLine) -> Bool {
        line.isRemoved ? isSeenThoughRemoved(line) : true
    }

    @inline(never)
    private func isSeenThoughRemoved(_ line: FieldLine) -> Bool {
        if line.flags.contains(.takenOut) || !line.flags.contains(.hopByHop) { return false }
        return line.known != .connection || options(of: line).beyondHop
    }

    /// Whether the value of a line is not to be taken as it stands, because of options that only
    /// ``appendValue(of:to:)`` leaves out.
    @inline(__always)
    public func hasHiddenOptions(_ line: FieldLine) -> Bool {
        line.known == .connection && line.flags.contains([.removed, .hopByHop])
            && options(of: line).ofHop
    }

    /// Whether a `Connection` line has options about this hop alone, and whether it has others.
    private func options(of line: FieldLine) -> (ofHop: Bool, beyondHop: Bool) {
        let value = value(of: line)
        var found = (ofHop: false, beyondHop: false)
        var position = 0
        while let option = value.nextOption(from: &position) {
            if value.isOptionOfHop(option) { found.ofHop = true } else { found.beyondHop = true }
        }
        return found
    }

    /// Writes the value of a line as rules see it.
    public func appendValue(of line: FieldLine, to output: inout OutputBytes) {
        let value = value(of: line)
        guard hasHiddenOptions(line) else { return output.append(value) }
        var position = 0
        var isFirst = true
        while let option = value.nextOption(from: &position) {
            if value.isOptionOfHop(option) { continue }
            if !isFirst { output.append(0x2C) }
            isFirst = false
            output.append(value.extracting(option))
        }
    }

    /// How many bytes ``appendValue(of:to:)`` writes.
    public func seenValueCount(of line: FieldLine) -> Int {
        guard hasHiddenOptions(line) else { return Int(line.valueLength) }
        let value = value(of: line)
        var position = 0
        var count = 0
        while let option = value.nextOption(from: &position) {
            if value.isOptionOfHop(option) { continue }
            count &+= option.count &+ (count > 0 ? 1 : 0)
        }
        return count
    }

    /// Whether rules see a line and it has that name.
    @inline(__always)
    private func isField(_ line: FieldLine, _ name: Span<UInt8>, _ known: KnownField) -> Bool {
        let length = name.count
        let isNamed =
            length == 0
            || line.known == known && Int(line.nameLength) == length
                && (known != .unlisted || self.name(of: line).isSame(ignoringCaseOf: name))
        return isNamed && isSeen(line)
    }

    /// The index of the next line with that name, from `start` on; nil when there is none.
    ///
    /// - Parameters:
    ///   - name: in small letters; empty for any.
    ///   - known: the number of the name, which saves comparing it.
    public func nextField(_ name: Span<UInt8>, _ known: KnownField, from start: Int) -> Int? {
        var index = start
        if name.isEmpty {
            while index < fieldCount {
                if isSeen(field(index)) { return index }
                index &+= 1
            }
            return nil
        }
        // Lines of another length or number are passed over without a look at their names.
        while let found = unsafe worker.pointee.fields.nextIndex(
            of: known, nameLength: name.count, from: index)
        {
            let line = field(found)
            let isNamed = known != .unlisted || self.name(of: line).isSame(ignoringCaseOf: name)
            if isNamed && isSeen(line) { return found }
            index = found &+ 1
        }
        return nil
    }

    /// The index of the last line with that name before `end`; nil when there is none.
    ///
    /// - Parameters: as of ``nextField(_:_:from:)``.
    public func lastField(_ name: Span<UInt8>, _ known: KnownField, before end: Int) -> Int? {
        var index = min(end, fieldCount)
        while index > 0 {
            index &-= 1
            if isField(field(index), name, known) { return index }
        }
        return nil
    }

    /// The index of the next line whose name has that number, from `start` on; nil when there is
    /// none.
    public func nextField(_ known: KnownField, from start: Int = 0) -> Int? {
        assert(known != .unlisted)
        var index = start
        let count = fieldCount
        while index < count {
            let line = field(index)
            if line.known == known && isSeen(line) { return index }
            index &+= 1
        }
        return nil
    }
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The index of the first line of a field that is known by number and forwarded; nil when there
    /// is none.
    public func firstField(_ known: KnownField) -> Int? {
        unsafe worker.pointee.fields.firstIndex(of: known)
    }
}

extension Span where Element == UInt8 {
    /// The next element of a `Connection` value without the blanks before it.
    fileprivate func nextOption(from position: inout Int) -> Range<Int>? {
        while position < count,
            self[position] == 0x20 || self[position] == 0x09 || self[position] == 0x2C
        {
            position &+= 1
        }
        guard position < count else { return nil }
        let start = position
        while position < count, self[position] != 0x2C { position &+= 1 }
        return start..<position
    }

    /// Whether an element is `close` or `keep-alive`.
    fileprivate func isOptionOfHop(_ range: Range<Int>) -> Bool {
        var end = range.upperBound
        while end > range.lowerBound, self[end &- 1] == 0x20 || self[end &- 1] == 0x09 {
            end &-= 1
        }
        let option = extracting(range.lowerBound..<end)
        return option.isSame(ignoringCaseOf: "close") || option.isSame(ignoringCaseOf: "keep-alive")
    }

    /// Whether it is the same text as a literal in small letters, ASCII letters of either case.
    public func isSame(ignoringCaseOf small: StaticString) -> Bool {
        // Safety: a literal's bytes live for ever.
        isSame(
            ignoringCaseOf: unsafe Span(
                _unsafeStart: small.utf8Start, count: small.utf8CodeUnitCount))
    }
}

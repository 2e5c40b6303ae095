// The field lines of one head, in order of arrival. Storage is made once and used again, head
// after head, by whoever owns the table.

/// A reusable list of field lines with a fixed capacity.
@frozen
@safe
public struct FieldTable: ~Copyable {
    @usableFromInline let lines: UnsafeMutablePointer<FieldLine>
    /// Lines the table can hold. `tune.http.maxhdr` counts the start line too, so a table for it
    /// is made with one less.
    public let capacity: Int
    /// Lines held.
    @inlinable @inline(__always)
    public var count: Int { lineCount }
    @usableFromInline var lineCount: Int
    /// A bit for each length, modulo 64, that a name of the lines has or had.
    @usableFromInline var nameLengths: UInt64 = 0

    /// Makes a table for at most `capacity` field lines.
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity <= 32_767)
        // Safety: the table owns the block and gives it back once.
        unsafe lines = .allocate(capacity: capacity)
        self.capacity = capacity
        lineCount = 0
    }

    deinit {
        // Safety: allocated by `init`, owned by this value alone; lines are trivial.
        unsafe lines.deallocate()
    }

    /// The line at `index`, which is below ``count``.
    public subscript(index: Int) -> FieldLine {
        @inlinable @inline(__always)
        get {
            precondition(index >= 0 && index < count)
            // Safety: the precondition keeps the index among the initialised lines.
            return unsafe lines[index]
        }
        @inlinable @inline(__always)
        set {
            precondition(index >= 0 && index < count)
            // Safety: as above.
            unsafe lines[index] = newValue
            nameLengths |= Self.bit(newValue.nameLength)
        }
    }

    /// Forgets all lines; the storage stays.
    @inlinable @inline(__always)
    public mutating func removeAll() {
        lineCount = 0
        nameLengths = 0
    }

    /// The bit of a length.
    @inlinable @inline(__always)
    static func bit(_ nameLength: UInt16) -> UInt64 { 1 &<< UInt64(nameLength) }

    /// Whether a line may have a name of that length; most names that are looked for have another
    /// one than all lines.
    @inlinable @inline(__always)
    public func mayHave(nameLength: Int) -> Bool {
        nameLengths & Self.bit(UInt16(truncatingIfNeeded: nameLength)) != 0
    }

    /// Adds marks to the line at `index`.
    @inlinable @inline(__always)
    public mutating func mark(_ index: Int, _ flags: FieldFlags) {
        precondition(index >= 0 && index < count)
        // Safety: the precondition keeps the index among the initialised lines.
        unsafe lines[index].flags.formUnion(flags)
    }

    /// Index of the first line known as `field` that is not removed, or nil.
    public func firstIndex(of field: KnownField) -> Int? {
        var index = 0
        while index < count {
            // Safety: below `count`.
            let line = unsafe lines[index]
            if line.known == field, !line.isRemoved { return index }
            index &+= 1
        }
        return nil
    }

    /// Index of the next line, from `start` on, whose name has that number and that length, removed
    /// ones included; nil when there is none.
    @inlinable @inline(__always)
    public func nextIndex(of field: KnownField, nameLength: Int, from start: Int) -> Int? {
        var index = max(start, 0)
        let length = UInt16(truncatingIfNeeded: nameLength)
        while index < count {
            // Safety: below `count`.
            if unsafe lines[index].known == field && lines[index].nameLength == length {
                return index
            }
            index &+= 1
        }
        return nil
    }

    /// Forgets the lines that rules have taken out; those behind them move up.
    public mutating func dropTakenOut() {
        var kept = 0
        for index in 0..<count {
            // Safety: both are below `count`.
            let line = unsafe lines[index]
            if line.flags.contains(.takenOut) { continue }
            unsafe lines[kept] = line
            kept &+= 1
        }
        lineCount = kept
    }

    /// Adds a line; false when the table is full.
    @inlinable @inline(__always)
    public mutating func append(_ line: FieldLine) -> Bool {
        guard count < capacity else { return false }
        // Safety: below the capacity allocated.
        unsafe lines.advanced(by: count).initialize(to: line)
        lineCount &+= 1
        nameLengths |= Self.bit(line.nameLength)
        return true
    }
}

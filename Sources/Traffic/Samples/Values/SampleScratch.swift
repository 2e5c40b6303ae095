// The block of bytes in which an expression's values live while a rule is evaluated. Values are put
// behind everything in use, so what a converter reads and what it writes never overlap. Where room
// gets short, a chain of converters keeps its present value alone.

import Bytes

/// The bytes of the samples of one evaluation; one per worker.
///
///     | abc | ABC | 616263 |      free      |
///     0     values so far  used         capacity
///
/// One value is at most `valueLimit` bytes. Nothing is allocated after the start.
@safe
public struct SampleScratch: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private var used = 0
    /// How much can be in use while a converter surely finds room.
    private let ample: Int
    /// The most bytes one value can have (`tune.bufsize`).
    public let valueLimit: Int

    /// How many values of the greatest size one converter may need room for: its result, and the
    /// variables that its arguments name.
    private static let valuesPerConverter = 4

    /// A scratch for values of at most `valueLimit` bytes, with room for six of them by default.
    public init(valueLimit: Int = 16384, capacity: Int? = nil) {
        precondition(valueLimit > 0)
        self.valueLimit = valueLimit
        self.capacity = max(capacity ?? valueLimit * 6, valueLimit)
        ample = self.capacity - valueLimit * Self.valuesPerConverter
        // Safety: the scratch owns the block and frees it once; `initialize` makes every byte
        // readable.
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: self.capacity)
        unsafe base.initialize(repeating: 0, count: self.capacity)
    }

    deinit {
        // Safety: `base` is owned by this value alone.
        unsafe base.deallocate()
    }

    /// Forgets all values.
    @inline(__always)
    public mutating func reset() { used = 0 }

    /// How far the block is in use; give it to `rewind(to:)` to forget what came later.
    public var mark: Int { used }

    /// Forgets values made after `mark` was taken.
    public mutating func rewind(to mark: Int) {
        precondition(mark >= 0 && mark <= used)
        used = mark
    }

    /// Whether a converter may not find the room it needs.
    @inline(__always)
    var isShort: Bool { used > ample }

    /// Forgets values made after `mark` was taken but for one, whose bytes move down to it.
    mutating func keep(_ sample: inout Sample, from mark: Int) {
        precondition(mark >= 0 && mark <= used)
        guard sample.type.isBytes else { return rewind(to: mark) }
        let range = sample.range
        precondition(range.lowerBound >= 0 && range.upperBound <= used)
        // What a fetch keeps for its further values is in front of the mark.
        if range.lowerBound <= mark { return rewind(to: max(mark, range.upperBound)) }
        // Safety: both ranges are inside the block; `update` takes those that overlap.
        unsafe (base + mark).update(from: base + range.lowerBound, count: range.count)
        sample.become(.bytes(mark..<mark + range.count, as: sample.type))
        used = mark + range.count
    }

    /// The bytes of a string, binary or method of this scratch; traps for other types.
    @_lifetime(borrow self)
    public borrowing func bytes(of sample: Sample) -> Span<UInt8> {
        let range = sample.range
        precondition(range.lowerBound >= 0 && range.upperBound <= used)
        // Safety: the range is inside the initialised block, which lives as long as the scratch;
        // the span's lifetime is tied to the borrow of the scratch.
        let bytes = unsafe UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
        let span = unsafe Span(_unsafeElements: bytes)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Copies bytes into the scratch; nil when they are too many.
    public mutating func copy(_ bytes: Span<UInt8>, as type: SampleType = .string) -> Sample? {
        make(as: type) { output in output.append(bytes) }
    }

    /// Makes a value of what `write` puts out; nil when it is too long.
    public mutating func make(
        as type: SampleType, _ write: (inout OutputBytes) -> Void
    ) -> Sample? {
        // Safety: the room behind `used` is inside the block and written by this output alone.
        var output = unsafe OutputBytes(
            base: base + used, capacity: min(valueLimit, capacity - used))
        write(&output)
        return take(output, as: type)
    }

    /// Makes a value of what `write` puts out, cut where it would be longer than `limit` bytes.
    public mutating func makeCut(
        as type: SampleType, atMost limit: Int, _ write: (inout OutputBytes) -> Void
    ) -> Sample {
        // Safety: as in `make`.
        var output = unsafe OutputBytes(
            base: base + used, capacity: max(0, min(limit, valueLimit, capacity - used)),
            isCut: true)
        write(&output)
        let start = used
        used += output.count
        return .bytes(start..<used, as: type)
    }

    /// Makes a value out of others of this scratch; nil when it is too long.
    public mutating func makeFrom(
        as type: SampleType, _ write: (borrowing SampleScratch, inout OutputBytes) -> Void
    ) -> Sample? {
        // Safety: as in `make`; reading never reaches the room behind `used`.
        var output = unsafe OutputBytes(
            base: base + used, capacity: min(valueLimit, capacity - used))
        write(self, &output)
        return take(output, as: type)
    }

    /// Makes a value out of others of this scratch, cut where it would be longer than `limit`
    /// bytes.
    mutating func makeCutFrom(
        as type: SampleType, atMost limit: Int,
        _ write: (borrowing SampleScratch, inout OutputBytes) -> Void
    ) -> Sample {
        // Safety: as in `makeFrom`.
        var output = unsafe OutputBytes(
            base: base + used, capacity: max(0, min(limit, valueLimit, capacity - used)),
            isCut: true)
        write(self, &output)
        let start = used
        used += output.count
        return .bytes(start..<used, as: type)
    }

    /// Replaces a value of bytes by what `write` makes of them.
    ///
    /// Returns false, and leaves the sample as it was, when `write` does or when the result is
    /// longer than a value can be.
    public mutating func convert(
        _ sample: inout Sample, to type: SampleType,
        _ write: (_ input: Span<UInt8>, _ output: inout OutputBytes) -> Bool
    ) -> Bool {
        // Safety: as in `make`.
        var output = unsafe OutputBytes(
            base: base + used, capacity: min(valueLimit, capacity - used))
        guard write(bytes(of: sample), &output), let result = take(output, as: type) else {
            return false
        }
        sample.become(result)
        return true
    }

    /// Replaces a value of bytes by what `write` makes of them, cut where it would be longer than a
    /// value can be, less `spare` bytes.
    ///
    /// Conditions on how a value begins hold however long it is.
    mutating func convertCut(
        _ sample: inout Sample, to type: SampleType, sparing spare: Int = 0,
        _ write: (_ input: Span<UInt8>, _ output: inout OutputBytes) -> Void
    ) {
        // Safety: as in `make`.
        var output = unsafe OutputBytes(
            base: base + used, capacity: max(0, min(valueLimit - spare, capacity - used)),
            isCut: true)
        write(bytes(of: sample), &output)
        let start = used
        used += output.count
        sample.become(.bytes(start..<used, as: type))
    }

    private mutating func take(_ output: consuming OutputBytes, as type: SampleType) -> Sample? {
        if output.hasOverflowed { return nil }
        let start = used
        used += output.count
        return .bytes(start..<used, as: type)
    }
}

/// Where a new value is written, byte by byte, up to the most a value can have.
///
/// What does not fit sets `hasOverflowed` and is dropped; the value then fails as a whole, unless
/// it may be cut: then what fits of it stays.
@safe
public struct OutputBytes: ~Copyable, ~Escapable {
    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private let isCut: Bool
    /// Bytes written so far.
    public private(set) var count = 0
    /// Whether something did not fit.
    public private(set) var hasOverflowed = false

    @_lifetime(immortal)
    fileprivate init(base: UnsafeMutablePointer<UInt8>, capacity: Int, isCut: Bool = false) {
        // Safety: the scratch hands out the room and takes the output back before it changes.
        unsafe self.base = base
        self.capacity = capacity
        self.isCut = isCut
    }

    /// How many more bytes fit.
    public var room: Int { capacity - count }

    /// Adds one byte.
    @inline(__always)
    public mutating func append(_ byte: UInt8) {
        guard count < capacity else {
            hasOverflowed = true
            return
        }
        // Safety: `count` is below the capacity of the room.
        unsafe base[count] = byte
        count &+= 1
    }

    /// Adds bytes, all or none; where the value may be cut, those that fit.
    public mutating func append(_ bytes: Span<UInt8>) {
        guard bytes.count <= room else {
            let kept = isCut ? room : 0
            hasOverflowed = true
            if kept > 0 { append(bytes.extracting(0..<kept)) }
            return
        }
        // Safety: the bytes fit behind `count`; a span never overlaps the room of an output.
        unsafe bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                unsafe (base + count).update(from: start, count: source.count)
            }
        }
        count += bytes.count
    }

    /// Adds each byte as `change` makes it, all or none.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>, changed change: (UInt8) -> UInt8) {
        guard bytes.count <= room else {
            hasOverflowed = true
            return
        }
        for index in 0..<bytes.count {
            // Safety: all bytes fit behind `count`.
            unsafe base[count &+ index] = change(bytes[index])
        }
        count += bytes.count
    }

    /// Adds the bytes of a literal.
    public mutating func append(_ text: StaticString) {
        // Safety: a literal's bytes live forever.
        unsafe append(Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds a number in decimal digits.
    public mutating func append(decimal value: Int64) {
        // Most numbers have one digit.
        if UInt64(bitPattern: value) < 10 {
            return append(0x30 &+ UInt8(truncatingIfNeeded: value))
        }
        if value < 0 { append(0x2D) }
        append(decimal: value.magnitude, digits: 1)
    }

    /// Adds a number in decimal digits.
    public mutating func append(decimal value: UInt64) { append(decimal: value, digits: 1) }

    /// Adds a number in at least `digits` decimal digits, 20 at most, with zeros before it where
    /// needed.
    public mutating func append(decimal value: UInt64, digits: Int) {
        if value < 10 && digits == 1 { return append(0x30 &+ UInt8(truncatingIfNeeded: value)) }
        if value < 100 && digits <= 2 {
            append(0x30 &+ UInt8(truncatingIfNeeded: value / 10))
            return append(0x30 &+ UInt8(truncatingIfNeeded: value % 10))
        }
        var text = InlineArray<20, UInt8>(repeating: 0x30)
        var first = 20
        var rest = value
        repeat {
            first &-= 1
            text[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest != 0
        first = min(first, 20 &- min(digits, 20))
        append(text.span.extracting(first..<20))
    }

    /// Adds at least `digits` capital hexadecimal digits.
    public mutating func append(hexadecimal value: UInt64, digits: Int) {
        let used = (67 &- value.leadingZeroBitCount) / 4
        var place = min(max(used, digits), 16)
        while place > 0 {
            place &-= 1
            append(capitalDigit(UInt8(truncatingIfNeeded: value >> UInt64(place &* 4)) & 15))
        }
    }

    /// Adds the two capital hexadecimal digits of a byte.
    public mutating func append(hexadecimal byte: UInt8) {
        append(capitalDigit(byte >> 4))
        append(capitalDigit(byte & 15))
    }

    /// The byte at `index` of what was written.
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        // Safety: the index is inside what was written.
        return unsafe base[index]
    }

    /// Forgets what was written behind the first `count` bytes.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// Lets C code write into the room; `body` returns how many bytes it wrote, or nil on failure.
    ///
    /// Safety: `body` must write inside the buffer it is given and not keep it.
    @unsafe
    public mutating func withUnsafeRoom(
        _ body: (UnsafeMutableBufferPointer<UInt8>) -> Int?
    ) -> Bool {
        let free = unsafe UnsafeMutableBufferPointer(start: base + count, count: room)
        guard let written = unsafe body(free) else { return false }
        precondition(written >= 0 && written <= room)
        count += written
        return true
    }
}

/// The capital hexadecimal digit of a number below 16.
func capitalDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x37 }

// A fixed number of plain values in zeroed memory that the kernel hands over page by page.
// Every access is bounds-checked; there is no growth, no sharing and no uniqueness check.

import Glibc

/// Owns `count` elements of a trivial type whose all-zero bit pattern is a valid value.
///
/// The memory comes zeroed and large arrays touch only the pages that are used.
@safe @frozen
public struct FixedArray<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline
    let base: UnsafeMutablePointer<Element>
    /// How many elements there are; fixed for life.
    public let count: Int

    /// Reserves `count` zeroed elements.
    @inlinable
    public init(zeroed count: Int) {
        precondition(count >= 0)
        // Safety: calloc gives room for at least one element and zeroes are a value by contract;
        // the pointer is freed only in deinit.
        guard let memory = unsafe calloc(max(count, 1), MemoryLayout<Element>.stride) else {
            fatalError("out of memory for \(count) elements")
        }
        unsafe base = memory.assumingMemoryBound(to: Element.self)
        self.count = count
    }

    @inlinable
    deinit {
        // Safety: allocated by calloc in init, owned alone, elements need no deinitialisation.
        unsafe free(base)
    }

    /// The element at `index`; traps when out of range.
    @inlinable
    public subscript(index: Int) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < count)
            // Safety: index is inside the allocation, which lives as long as self.
            return unsafe UnsafePointer(base + index)
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            // Safety: as above, and self is borrowed exclusively.
            return unsafe base + index
        }
    }

    /// Overwrites the elements from `index` on with those of `source`; traps unless they fit.
    @inlinable
    public mutating func copy(_ source: Span<Element>, at index: Int) {
        precondition(index >= 0 && source.count <= count &- index)
        if source.isEmpty { return }
        // Safety: both sides hold `source.count` elements; self is borrowed exclusively, so that
        // the source is other memory.
        unsafe source.withUnsafeBufferPointer {
            if let from = $0.baseAddress {
                unsafe (base + index).update(from: from, count: $0.count)
            }
        }
    }

    /// All elements, in order.
    @inlinable
    public var span: Span<Element> {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            // Safety: the allocation holds `count` elements; the span's lifetime is tied to the
            // borrow of this array.
            let elements = unsafe UnsafeBufferPointer(start: base, count: count)
            let span = unsafe Span(_unsafeElements: elements)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// All elements, in order, to be changed.
    @inlinable
    public var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self)
        @inline(__always)
        mutating get {
            // Safety: as in `span`, and self is borrowed exclusively.
            let elements = unsafe UnsafeMutableBufferPointer(start: base, count: count)
            let span = unsafe MutableSpan(_unsafeElements: elements)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }
}

extension FixedArray {
    /// Copies an array that will not grow any more.
    public init(_ elements: [Element]) {
        self.init(zeroed: elements.count)
        for index in elements.indices { self[index] = elements[index] }
    }

    /// Copies the elements of a span; they need not have a value of all zeroes.
    public init(copying elements: Span<Element>) {
        self.init(zeroed: elements.count)
        copy(elements, at: 0)
    }
}

// Safety: the memory has one owner and travels with it; nothing else can reach it.
extension FixedArray: @unchecked Sendable where Element: Sendable {}

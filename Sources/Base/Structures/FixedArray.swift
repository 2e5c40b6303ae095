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
}

// Safety: the memory has one owner and travels with it; nothing else can reach it.
extension FixedArray: @unchecked Sendable where Element: Sendable {}

// Blocks of one size, kept by one worker. Blocks beyond the cap go back to the allocator, so a
// burst does not stay resident.

/// A worker's free list of equally sized blocks.
@frozen
@safe
public struct BufferPool: ~Copyable {
    /// Size of every block in bytes.
    public let blockBytes: Int
    /// How many free blocks are kept at most.
    public let keepAtMost: Int
    @usableFromInline var free: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>
    @usableFromInline var freeBlocks: Int
    @usableFromInline var handedOut: Int

    public init(blockBytes: Int, keepAtMost: Int) {
        precondition(blockBytes > 0 && keepAtMost > 0)
        self.blockBytes = blockBytes
        self.keepAtMost = keepAtMost
        // Safety: the pool owns the table; the first `count` entries are initialized.
        unsafe free = .allocate(capacity: keepAtMost)
        freeBlocks = 0
        handedOut = 0
    }

    deinit {
        // Safety: the first `freeBlocks` entries are blocks owned by this pool.
        for index in 0..<freeBlocks { unsafe free[index].deallocate() }
        unsafe free.deallocate()
    }

    /// Blocks handed out and not yet given back.
    @inlinable
    public var inUse: Int { handedOut }

    /// Hands out an empty buffer with a block of ``blockBytes``.
    @inlinable @inline(__always)
    public mutating func take() -> Buffer {
        handedOut &+= 1
        guard freeBlocks > 0 else { return Buffer(capacity: blockBytes) }
        freeBlocks &-= 1
        // Safety: entries below `freeBlocks` are valid blocks; this one now leaves the list.
        return unsafe Buffer(adopting: free[freeBlocks], capacity: blockBytes)
    }

    /// Takes a buffer back. A buffer without storage is accepted and ignored.
    @inlinable @inline(__always)
    public mutating func give(_ buffer: consuming Buffer) {
        guard buffer.hasStorage else { return }
        handedOut &-= 1
        guard freeBlocks < keepAtMost, buffer.capacity == blockBytes else { return }
        // Safety: the block leaves the buffer before the buffer ends, so it has one owner.
        unsafe free[freeBlocks] = buffer.surrender()
        freeBlocks &+= 1
    }

    /// Frees the kept blocks beyond `keep`; returns how many were freed.
    public mutating func trim(keep: Int = 0) -> Int {
        var freed = 0
        while freeBlocks > keep {
            freeBlocks &-= 1
            // Safety: entries below `freeBlocks` are blocks owned by this pool.
            unsafe free[freeBlocks].deallocate()
            freed &+= 1
        }
        return freed
    }
}

extension Buffer {
    /// Safety: `block` must be an allocated block of `capacity` bytes that nothing else owns.
    @inlinable @inline(__always)
    init(adopting block: UnsafeMutablePointer<UInt8>, capacity: Int) {
        unsafe base = block
        blockBytes = capacity
        head = 0
        tail = 0
    }

    /// Gives the block away; the buffer is left without storage.
    ///
    /// Safety: the caller owns the returned block. Only for buffers with storage.
    @inlinable @inline(__always)
    mutating func surrender() -> UnsafeMutablePointer<UInt8> {
        let block = unsafe base.unsafelyUnwrapped
        unsafe base = nil
        blockBytes = 0
        head = 0
        tail = 0
        return unsafe block
    }
}

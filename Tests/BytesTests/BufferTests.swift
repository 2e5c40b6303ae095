// Buffers against a plain array of bytes, and the free list they come from.

@testable import Bytes
import RandomInputs
import Testing

@Suite struct BufferTests {
    @Test func `a buffer without storage holds nothing and takes nothing`() {
        var buffer = Buffer()
        check(buffer.isEmpty && !buffer.hasStorage)
        check(buffer.capacity == 0 && buffer.room == 0 && buffer.freeCount == 0)
        let byte = buffer.append(1 as UInt8)
        let text = buffer.append("text")
        let bytes = buffer.append([1, 2, 3] as [UInt8])
        let number = buffer.append(decimal: 0 as UInt64)
        check(!byte && !text && !bytes && !number)
        let nothing = buffer.append([] as [UInt8])
        check(nothing)
        buffer.compact()
        buffer.remove(at: 0, length: 0)
        #expect(contents(buffer) == [])
    }

    @Test func `what does not fit is refused whole`() {
        var buffer = Buffer(capacity: 4)
        buffer.append("abc")
        let text = buffer.append("de")
        let bytes = buffer.append([100, 101] as [UInt8])
        let decimal = buffer.append(decimal: 10 as UInt64)
        let hexadecimal = buffer.append(hexadecimal: 16)
        let negative = buffer.append(decimal: -1)
        check(!text && !bytes && !decimal && !hexadecimal && !negative)
        check(contents(buffer).starts(with: Array("abc".utf8)))
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 4_294_967_295, 4_294_967_296, UInt64.max])
    func `numbers are written as the standard library writes them`(number: UInt64) {
        var buffer = Buffer(capacity: 64)
        buffer.append(decimal: number)
        #expect(text(buffer) == String(number))
        buffer.removeAll()
        buffer.append(hexadecimal: number)
        #expect(text(buffer) == String(number, radix: 16))
        for signed in [Int(truncatingIfNeeded: number), -Int(truncatingIfNeeded: number / 2)] {
            buffer.removeAll()
            buffer.append(decimal: signed)
            #expect(text(buffer) == String(signed))
        }
    }

    @Test func `a number that fills the room exactly fits`() {
        var buffer = Buffer(capacity: 20)
        let fits = buffer.append(decimal: UInt64.max)
        check(fits && buffer.room == 0)
        buffer.removeAll()
        let least = buffer.append(decimal: Int.min)
        check(least)
        #expect(text(buffer) == String(Int.min))
    }

    @Test func `taking leaves nothing behind and brings everything along`() {
        var buffer = Buffer(capacity: 16)
        buffer.append("0123456789")
        buffer.consume(3)
        let taken = buffer.take()
        #expect(text(taken) == "3456789")
        #expect(taken.capacity == 16)
        check(!buffer.hasStorage && buffer.isEmpty)
    }

    @Test func `consuming the last byte gives the whole block back as room`() {
        var buffer = Buffer(capacity: 8)
        buffer.append("01234567")
        #expect(buffer.room == 0)
        buffer.consume(8)
        #expect(buffer.room == 8)
    }

    @Test(arguments: [0, 2, 5])
    func `bytes dropped from the front are there again when restored`(dropped: Int) {
        var buffer = Buffer(capacity: 8)
        buffer.append("hello")
        check(buffer.isWhole)
        buffer.consume(dropped)
        check(buffer.isWhole == (dropped == 0 || dropped == 5))
        buffer.restore(5)
        #expect(text(buffer) == "hello")
    }

    @Test func `any mix of operations agrees with an array`() {
        var random = Seeded(for: "buffer against an array")
        for _ in 0..<200 {
            let capacity = Int.random(in: 1...200, using: &random)
            var buffer = Buffer(capacity: capacity)
            var model: [UInt8] = []
            // Bytes between the block's start and the front.
            var gone = 0
            for _ in 0..<300 {
                switch Int.random(in: 0..<12, using: &random) {
                case 0, 1, 2:
                    let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                        UInt8.random(in: 0...255, using: &random)
                    }
                    let fits = bytes.count <= capacity - gone - model.count
                    let done = buffer.append(bytes)
                    #expect(done == fits)
                    if fits { model += bytes }
                case 3:
                    let fits = gone + model.count < capacity
                    let done = buffer.append(7 as UInt8)
                    #expect(done == fits)
                    if fits { model.append(7) }
                case 4, 5:
                    let count = Int.random(in: 0...model.count, using: &random)
                    buffer.consume(count)
                    model.removeFirst(count)
                    gone = model.isEmpty ? 0 : gone + count
                case 6:
                    let count = Int.random(in: 0...model.count, using: &random)
                    buffer.dropLast(count)
                    model.removeLast(count)
                case 7:
                    buffer.compact()
                    gone = 0
                case 8:
                    let offset = Int.random(in: 0...model.count, using: &random)
                    let length = Int.random(in: 0...(model.count - offset), using: &random)
                    buffer.remove(at: offset, length: length)
                    model.removeSubrange(offset..<offset + length)
                    if length > 0 { gone = model.isEmpty ? 0 : gone + length }
                case 9 where !model.isEmpty:
                    let index = Int.random(in: model.indices, using: &random)
                    buffer.set(0x55, at: index)
                    model[index] = 0x55
                case 10:
                    let taken = buffer.take()
                    check(!buffer.hasStorage)
                    buffer = taken
                case 11 where Int.random(in: 0..<10, using: &random) == 0:
                    buffer.removeAll()
                    model = []
                    gone = 0
                default: break
                }
                #expect(contents(buffer) == model)
                check(buffer.count == model.count && buffer.isEmpty == model.isEmpty)
                #expect(buffer.capacity == capacity)
                #expect(buffer.freeCount == capacity - model.count)
                if !model.isEmpty { #expect(buffer.room == capacity - gone - model.count) }
            }
        }
    }
}

@Suite struct BufferPoolTests {
    @Test func `a block given back is handed out again`() {
        var pool = BufferPool(blockBytes: 128, keepAtMost: 2)
        var buffer = pool.take()
        check(buffer.capacity == 128 && buffer.isEmpty && pool.inUse == 1)
        buffer.append("left over")
        let address = buffer.unsafeStart
        pool.give(buffer)
        #expect(pool.inUse == 0)
        let again = pool.take()
        #expect(again.unsafeStart == address)
        check(again.isEmpty)
        pool.give(again)
    }

    @Test func `no more blocks are kept than the cap says`() {
        var pool = BufferPool(blockBytes: 64, keepAtMost: 3)
        takeAndGive(5, &pool)
        #expect(pool.inUse == 0)
        let freed = pool.trim()
        #expect(freed == 3)
        let none = pool.trim()
        #expect(none == 0)
    }

    @Test func `trimming keeps as many blocks as it is told`() {
        var pool = BufferPool(blockBytes: 64, keepAtMost: 10)
        takeAndGive(8, &pool)
        let freed = pool.trim(keep: 5)
        #expect(freed == 3)
        let rest = pool.trim(keep: 5)
        #expect(rest == 0)
        let last = pool.trim()
        #expect(last == 5)
    }

    @Test func `a block of another size is not kept`() {
        var pool = BufferPool(blockBytes: 64, keepAtMost: 10)
        let taken = pool.take()
        pool.give(Buffer(capacity: 65))
        let freed = pool.trim()
        #expect(freed == 0)
        _ = taken.count
    }

    @Test func `a buffer without storage is nothing to take back`() {
        var pool = BufferPool(blockBytes: 64, keepAtMost: 10)
        let taken = pool.take()
        pool.give(Buffer())
        #expect(pool.inUse == 1)
        pool.give(taken)
        #expect(pool.inUse == 0)
    }

    /// Holds `count` buffers at once, then gives them all back.
    private func takeAndGive(_ count: Int, _ pool: inout BufferPool) {
        guard count > 0 else { return }
        let buffer = pool.take()
        takeAndGive(count - 1, &pool)
        pool.give(buffer)
    }
}

private func contents(_ buffer: borrowing Buffer) -> [UInt8] {
    let span = buffer.span
    return span.indices.map { span[$0] }
}

private func text(_ buffer: borrowing Buffer) -> String {
    String(decoding: contents(buffer), as: UTF8.self)
}

/// Expects a condition over values that cannot be copied, which the macro cannot take apart.
func check(
    _ holds: Bool, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
) {
    #expect(holds, comment, sourceLocation: place)
}

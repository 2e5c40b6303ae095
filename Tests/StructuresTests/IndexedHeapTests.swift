// The heap against a sorted list.

import Structures
import RandomInputs
import Testing

@Suite struct IndexedHeapTests {
    @Test func `Equal keys leave in the order of arrival`() {
        var heap = IndexedHeap(capacity: 10)
        for element in [4, 2, 9, 0] { heap.set(element, key: 5) }
        heap.set(2, key: 5)
        var order: [Int] = []
        while let first = heap.first {
            order.append(first.element)
            heap.remove(first.element)
        }
        #expect(order == [4, 9, 0, 2])
    }

    @Test func `Any mix of operations agrees with a sorted model`() {
        var random = Seeded(for: "heap against a model")
        for _ in 0..<50 {
            let capacity = Int.random(in: 1...60, using: &random)
            var heap = IndexedHeap(capacity: capacity)
            var model: [Int: (key: UInt64, arrival: Int)] = [:]
            for step in 0..<500 {
                let element = Int.random(in: 0..<capacity, using: &random)
                if Int.random(in: 0..<3, using: &random) > 0 {
                    let key = UInt64.random(in: 0...20, using: &random)
                    heap.set(element, key: key)
                    model[element] = (key, step)
                } else {
                    heap.remove(element)
                    model[element] = nil
                }
                let sorted = model.sorted {
                    ($0.value.key, $0.value.arrival) < ($1.value.key, $1.value.arrival)
                }
                #expect(heap.count == model.count)
                #expect(heap.first?.element == sorted.first?.key)
                #expect(heap.second?.element == sorted.dropFirst().first?.key)
                #expect(heap.key(of: element) == model[element]?.key)
                #expect(heap.contains(element) == (model[element] != nil))
            }
        }
    }
}

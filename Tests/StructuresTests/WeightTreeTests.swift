// The weight tree against plain sums.

import Structures
import RandomInputs
import Testing

@Suite struct WeightTreeTests {
    @Test func `Sums and the element at a point agree with plain addition`() {
        var random = Seeded(for: "weight tree against plain sums")
        for _ in 0..<40 {
            let count = Int.random(in: 1...70, using: &random)
            var tree = WeightTree(count: count)
            var model = [UInt32](repeating: 0, count: count)
            for _ in 0..<100 {
                let element = Int.random(in: 0..<count, using: &random)
                let weight = UInt32.random(in: 0...6, using: &random)
                tree[element] = weight
                model[element] = weight
                #expect(tree.total == model.reduce(0) { $0 + UInt64($1) })
                #expect(tree[element] == weight)
            }
            let shares = model.enumerated().flatMap {
                [Int](repeating: $0.offset, count: Int($0.element))
            }
            for (point, element) in shares.enumerated() {
                #expect(tree.element(at: UInt64(point)) == element)
            }
            for element in 0..<count {
                #expect(
                    tree.sum(before: element) == model[..<element].reduce(0) { $0 + UInt64($1) })
            }
        }
    }
}

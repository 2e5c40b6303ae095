// Random changes of hellos and other first bytes.

import RandomInputs

extension Seeded {
    /// One random change of some bytes at or behind `start`.
    mutating func mutate(_ bytes: inout [UInt8], from start: Int = 0) {
        guard start < bytes.count else { return bytes.append(UInt8(next(below: 256))) }
        let place = start + next(below: bytes.count - start)
        switch next(below: 5) {
        case 0: bytes[place] = UInt8(next(below: 256))
        case 1: bytes[place] = UInt8(next(below: 4))
        case 2: bytes[place] = bytes[place] &+ (next(below: 2) == 0 ? 1 : 255)
        case 3: bytes.remove(at: place)
        default: bytes.insert(UInt8(next(below: 256)), at: place)
        }
    }
}

extension Array where Element == UInt8 {
    /// The bytes of a range as text.
    func text(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: self[$0], as: UTF8.self) }
    }
}

// Cases of hashes: every length at which an algorithm takes another way.

private let lengths = [
    0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 97, 128, 129, 143, 144, 160,
    239, 240, 241, 300, 511, 512, 513,
]

private func bytes(_ count: Int) -> String {
    if count == 0 { return "str()" }
    let digits = (0..<count).map { index in
        let value = (index * 167 + count * 13 + 1) & 255
        return (value < 16 ? "0" : "") + String(value, radix: 16)
    }
    return "bin(\(digits.joined()))"
}

let hashCases: [Case] =
    ["crc32", "crc32c", "djb2", "sdbm", "wt6", "xxh32", "xxh64", "xxh3"].flatMap { name in
        lengths.map { Case.same("\(bytes($0)),\(name)") }
            + lengths.map { Case.same("\(bytes($0)),\(name)(1)") }
    }
    + ["xxh32", "xxh64", "xxh3"].flatMap { name in
        lengths.map { Case.same("\(bytes($0)),\(name)(-81985529216486896)") }
    }
    + [.same("str(abc),crc32()"), .same("str(abc),crc32(0)"), .same("int(5),crc32")]

// Hashes that are not meant for security, bit-exact with HAProxy's.

import Bytes

extension ConverterFamily {
    static let hashes = ConverterFamily(
        "hashes", areSteady: true,
        [
            Converter(
                "crc32", .binary, to: .integer, takes: [.integer("avalanche").optional],
                "Hashes by CRC-32 as gzip has it.", Hashes.crc32),
            Converter(
                "crc32c", .binary, to: .integer, takes: [.integer("avalanche").optional],
                "Hashes by CRC-32C.", Hashes.crc32c),
            Converter(
                "djb2", .binary, to: .integer, takes: [.integer("avalanche").optional],
                "Hashes by DJB2.", Hashes.djb2),
            Converter(
                "sdbm", .binary, to: .integer, takes: [.integer("avalanche").optional],
                "Hashes by SDBM.", Hashes.sdbm),
            Converter(
                "wt6", .binary, to: .integer, takes: [.integer("avalanche").optional],
                "Hashes by WT6.", Hashes.wt6),
            Converter(
                "xxh32", .binary, to: .integer, takes: [.integer("seed").optional],
                "Hashes by XXH32.", Hashes.xxh32),
            Converter(
                "xxh64", .binary, to: .integer, takes: [.integer("seed").optional],
                "Hashes by XXH64 into a signed number.", Hashes.xxh64),
            Converter(
                "xxh3", .binary, to: .integer, takes: [.integer("seed").optional],
                "Hashes by XXH3 with 64 bits into a signed number.", Hashes.xxh3),
        ])
}

private enum Hashes {
    private static func hash(
        _ sample: inout Sample, _ arguments: ConverterArguments,
        _ scratch: borrowing SampleScratch, _ function: (Span<UInt8>) -> UInt32
    ) -> Bool {
        var sum = function(scratch.bytes(of: sample))
        if arguments.integer(0, or: 0) != 0 { sum = Hash32.avalanche(sum) }
        sample.become(.integer(Int64(sum)))
        return true
    }

    static let crc32: Converter.Function = { sample, arguments, scratch, _ in
        hash(&sample, arguments, scratch) { Hash32.crc32($0) }
    }

    static let crc32c: Converter.Function = { sample, arguments, scratch, _ in
        hash(&sample, arguments, scratch) { Hash32.crc32c($0) }
    }

    static let djb2: Converter.Function = { sample, arguments, scratch, _ in
        hash(&sample, arguments, scratch) { Hash32.djb2($0) }
    }

    static let sdbm: Converter.Function = { sample, arguments, scratch, _ in
        hash(&sample, arguments, scratch) { Hash32.sdbm($0) }
    }

    static let wt6: Converter.Function = { sample, arguments, scratch, _ in
        hash(&sample, arguments, scratch) { Hash32.wt6($0) }
    }

    static let xxh32: Converter.Function = { sample, arguments, scratch, _ in
        let seed = UInt32(truncatingIfNeeded: arguments.integer(0, or: 0))
        sample.become(.integer(Int64(XXH32.hash(scratch.bytes(of: sample), seed: seed))))
        return true
    }

    static let xxh64: Converter.Function = { sample, arguments, scratch, _ in
        let seed = UInt64(bitPattern: arguments.integer(0, or: 0))
        let sum = XXH64.hash(scratch.bytes(of: sample), seed: seed)
        sample.become(.integer(Int64(bitPattern: sum)))
        return true
    }

    static let xxh3: Converter.Function = { sample, arguments, scratch, _ in
        let seed = UInt64(bitPattern: arguments.integer(0, or: 0))
        let sum = XXH3.hash(scratch.bytes(of: sample), seed: seed)
        sample.become(.integer(Int64(bitPattern: sum)))
        return true
    }
}

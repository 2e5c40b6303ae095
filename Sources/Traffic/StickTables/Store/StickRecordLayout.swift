// Where things are in the record of an entry, in 32-bit words:
//
//     | generation | uses | touched (2) | [length] key ... | data in the order of the types ... |
//     0            1      2             4                  dataStart                       stride

import Structures

/// Where one element of an entry's data is and how it counts.
struct StickPlace: BitwiseCopyable {
    /// Its first word in the record.
    let word: Int
    let kind: StickDataType.Kind
    /// The period of a rate in milliseconds.
    let period: UInt32
    /// How many bytes one unit stands for; 1 unless it is a rate of bytes.
    let factor: UInt32
}

/// What the shards of a table know of its records.
struct StickRecordShape: BitwiseCopyable, Sendable {
    /// The words that every record begins with.
    static let generation = 0
    static let uses = 1
    static let touched = 2
    static let key = 4

    /// Words of a record.
    var stride = 0
    /// The first word of the data.
    let dataStart: Int
    /// Whether all keys have `longestKey` bytes; if not, a word says how many.
    let keyIsFixed: Bool
    let longestKey: Int

    init(_ type: StickKeyType) {
        keyIsFixed = type.isFixed
        longestKey = type.longestKey
        dataStart = Self.key + (longestKey + 3) / 4 + (keyIsFixed ? 0 : 1)
    }
}

/// Where the data of a table's records is.
struct StickRecordLayout: ~Copyable, Sendable {
    /// Where the elements of one type are. Not private: values without copies that hold it are
    /// released in other files, too.
    struct Column: BitwiseCopyable, Sendable {
        /// The first word of the first element.
        var word: UInt32 = 0
        /// How many elements; 0 is not stored.
        var count: UInt32 = 0
        var period: UInt32 = 0
        var kind = StickDataType.Kind.number
        /// Words of an element.
        var width: UInt8 = 1
        var factor: UInt16 = 1
    }

    let shape: StickRecordShape
    /// By the number of the type.
    private let columns: FixedArray<Column>

    init(_ configuration: StickTableConfiguration) {
        var shape = StickRecordShape(configuration.keyType)
        var columns = FixedArray<Column>(
            Array(repeating: Column(), count: StickDataType.allCases.count))
        var next = shape.dataStart
        for type in StickDataType.allCases {
            guard let stored = configuration.data.first(where: { $0.type == type }) else {
                continue
            }
            let factor = type.isBytesRate ? configuration.bytesRateFactor : 1
            // Behind a rate that counts blocks are the bytes that do not fill one yet.
            let width = Self.width(of: type.kind) + (factor > 1 ? 1 : 0)
            columns[Int(type.rawValue)] = Column(
                word: UInt32(next), count: UInt32(stored.count),
                period: UInt32(stored.periodMilliseconds), kind: type.kind, width: UInt8(width),
                factor: UInt16(factor))
            next += stored.count * width
        }
        shape.stride = next
        self.shape = shape
        self.columns = columns
    }

    /// With the node and the two buckets beside the record.
    static func bytesPerEntry(_ configuration: StickTableConfiguration) -> Int {
        StickRecordLayout(configuration).shape.stride * 4 + MemoryLayout<StickNode>.stride
            + 2 * MemoryLayout<UInt32>.stride
    }

    private static func width(of kind: StickDataType.Kind) -> Int {
        switch kind {
        case .number, .signed, .name: 1
        case .wide: 2
        case .rate: StickRate.words
        }
    }

    /// How many elements of a type are stored under its own name.
    func count(of type: StickDataType) -> Int { Int(columns[Int(type.rawValue)].count) }

    /// The period of a rate in milliseconds; 0 when it is not stored under that name.
    func period(of type: StickDataType) -> Int { Int(columns[Int(type.rawValue)].period) }

    /// Where an element of a type is; nil when it is not stored under that name.
    @inline(__always)
    func place(of type: StickDataType, _ index: Int) -> StickPlace? {
        let column = columns[Int(type.rawValue)]
        guard index >= 0, index < Int(column.count) else { return nil }
        return StickPlace(
            word: Int(column.word) &+ index &* Int(column.width), kind: column.kind,
            period: column.period, factor: UInt32(column.factor))
    }

    /// As ``place(of:_:)``, and `gpc0` and the like may be an element of an array.
    @inline(__always)
    func effectivePlace(of type: StickDataType, _ index: Int) -> StickPlace? {
        if let place = place(of: type, index) { return place }
        guard index == 0, let element = type.element else { return nil }
        return place(of: element.array, element.index)
    }
}

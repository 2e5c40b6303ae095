// Small steps that several families share: numbers at the begin of texts, names in small letters,
// lengths of variable size.

import Bytes
import HTTP
import Samples

extension Sample {
    /// The number that a text of the scratch begins with; 0 where it begins with none. What is
    /// known of the text holds for the number.
    func leadingNumber(in scratch: borrowing SampleScratch) -> Sample {
        var number = Sample.integer(leadingInteger(scratch.bytes(of: self)))
        number.flags = flags
        return number
    }
}

extension ConverterArguments {
    /// The first byte of the text at `index`; nil where it is empty or was left out.
    func firstByte(_ index: Int) -> UInt8? {
        let text = bytes(index)
        return text.isEmpty ? nil : text[0]
    }
}

extension OutputBytes {
    /// Adds bytes with their ASCII capitals made small.
    mutating func append(small bytes: Span<UInt8>) {
        for index in 0..<bytes.count { append(bytes[index].asciiLowercased) }
    }

    /// Adds a number in as many bytes as it needs: one below 240; else four bits of what is above
    /// 240 in the first byte, and seven in each byte behind it, whose top bit says that more
    /// follow.
    mutating func append(variable number: UInt64) {
        if number < 240 { return append(UInt8(truncatingIfNeeded: number)) }
        append(UInt8(truncatingIfNeeded: number) | 240)
        var rest = (number &- 240) &>> 4
        while rest >= 128 {
            append(UInt8(truncatingIfNeeded: rest) | 128)
            rest = (rest &- 128) &>> 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

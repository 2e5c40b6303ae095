// `name=value` pairs of a query string or of an urlencoded body, as ranges of their bytes.
// Configuration manual: url_param, urlp_val, req.body_param.

import Bytes

/// Parameters by name, and their decoding.
///
/// A list ends at `&`, at `;` and at a delimiter of the caller's choice:
///
///     /path ? a = 1 & b = 2 ; a = 3
///           ^     ^       ^
///           where a list begins, and where one parameter ends and the next begins
///
/// A parameter without `=` has no value and is passed over, whatever its name.
public enum QueryParameters {
    /// Where the parameters of a target begin: behind the first `delimiter`, nil without one.
    public static func start(of target: Span<UInt8>, delimiter: UInt8 = 0x3F) -> Int? {
        var index = 0
        while index < target.count {
            if target[index] == delimiter { return index &+ 1 }
            index &+= 1
        }
        return nil
    }

    /// The value of the first parameter called `name` at or after `start`, which is where a list
    /// begins or where the value found before ends. An empty name takes any parameter.
    ///
    /// - Parameters:
    ///   - delimiter: ends a parameter like `&` and `;`; of a body that is `&` itself.
    ///   - ignoringCase: ASCII letters of the name may have either case.
    public static func next(
        named name: Span<UInt8>, in bytes: Span<UInt8>, from start: Int,
        delimiter: UInt8 = 0x3F, ignoringCase: Bool = false
    ) -> Range<Int>? {
        var index = start
        while index < bytes.count {
            let equals = equalsSign(of: name, bytes, at: index, delimiter, ignoringCase)
            if equals >= 0 {
                return equals &+ 1..<end(bytes, from: equals &+ 1, delimiter)
            }
            index = end(bytes, from: index, delimiter) &+ 1
        }
        return nil
    }

    /// The value of the parameter that is the `occurrence`th of its name, from 1; nil when there
    /// are fewer. `start` is where the list begins.
    public static func value(
        named name: Span<UInt8>, occurrence: Int = 1, in bytes: Span<UInt8>, from start: Int = 0,
        delimiter: UInt8 = 0x3F, ignoringCase: Bool = false
    ) -> Range<Int>? {
        var position = start
        var left = occurrence
        while left > 0 {
            guard
                let value = next(
                    named: name, in: bytes, from: position, delimiter: delimiter,
                    ignoringCase: ignoringCase)
            else { return nil }
            left &-= 1
            if left == 0 { return value }
            position = value.upperBound
        }
        return nil
    }

    /// Decodes percent signs, and plus signs into spaces where asked to. Returns how many bytes
    /// it wrote, or nil when a percent sign has no two hexadecimal digits behind it or the output
    /// is too short.
    public static func decode(
        _ input: Span<UInt8>, plusIsSpace: Bool, into output: inout MutableSpan<UInt8>
    ) -> Int? {
        var index = 0
        var count = 0
        while index < input.count {
            var byte = input[index]
            index &+= 1
            if byte == Byte.percent {
                guard let value = Escape.value(input, at: index) else { return nil }
                byte = value
                index &+= 2
            } else if byte == Byte.plus, plusIsSpace {
                byte = Byte.space
            }
            guard count < output.count else { return nil }
            output[count] = byte
            count &+= 1
        }
        return count
    }

    /// Index of the `=` behind `name` at `start`, or a negative number. Of an empty name: the `=`
    /// of the parameter that begins at `start`.
    private static func equalsSign(
        of name: Span<UInt8>, _ bytes: Span<UInt8>, at start: Int, _ delimiter: UInt8,
        _ ignoringCase: Bool
    ) -> Int {
        if name.isEmpty {
            var index = start
            while index < bytes.count, !isEnd(bytes[index], delimiter) {
                if bytes[index] == Byte.equals { return index }
                index &+= 1
            }
            return -1
        }
        let end = start &+ name.count
        guard end < bytes.count, bytes[end] == Byte.equals else { return -1 }
        var position = 0
        while position < name.count {
            let byte = bytes[start &+ position]
            let isSame =
                byte == name[position]
                || ignoringCase && byte.asciiLowercased == name[position].asciiLowercased
            if !isSame { return -1 }
            position &+= 1
        }
        return end
    }

    /// Where the parameter or value that holds `start` ends.
    private static func end(_ bytes: Span<UInt8>, from start: Int, _ delimiter: UInt8) -> Int {
        var index = start
        while index < bytes.count, !isEnd(bytes[index], delimiter) { index &+= 1 }
        return index
    }

    private static func isEnd(_ byte: UInt8, _ delimiter: UInt8) -> Bool {
        byte == Byte.ampersand || byte == Byte.semicolon || byte == delimiter
    }
}

/// Percent-encoded bytes (RFC 3986 §2.1).
enum Escape {
    /// The value of the two hexadecimal digits at `index`; nil when they are not there.
    static func value(_ bytes: Span<UInt8>, at index: Int) -> UInt8? {
        guard index &+ 1 < bytes.count, bytes[index].isIn(CharacterClass.hexadecimal),
            bytes[index &+ 1].isIn(CharacterClass.hexadecimal)
        else { return nil }
        return bytes[index].hexadecimalValue &<< 4 | bytes[index &+ 1].hexadecimalValue
    }
}

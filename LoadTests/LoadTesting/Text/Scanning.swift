// Small searches in message heads, shared by the origin and the generator.

/// The end of a line: where its text ends and where the next line begins; `nil` when the line feed
/// is not there yet.
func endOfLine(_ bytes: Span<UInt8>, from start: Int) -> (text: Int, next: Int)? {
    guard let feed = index(of: 10, in: bytes, from: start, to: bytes.count) else { return nil }
    return (feed > start && bytes[feed - 1] == 13 ? feed - 1 : feed, feed + 1)
}

/// The first place of a byte in a range.
func index(of byte: UInt8, in bytes: Span<UInt8>, from: Int, to: Int) -> Int? {
    var at = from
    while at < to {
        if bytes[at] == byte { return at }
        at &+= 1
    }
    return nil
}

/// The value of the field in `start ..< end` when its name is `name` (small letters), without the
/// blanks around it.
func value(of name: StaticString, in bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Range<Int>? {
    let length = name.utf8CodeUnitCount
    guard end - start > length, bytes[start + length] == UInt8(ascii: ":"),
        matches(name, in: bytes, at: start)
    else { return nil }
    var from = start + length + 1
    var to = end
    while from < to, bytes[from] == 32 || bytes[from] == 9 { from += 1 }
    while to > from, bytes[to - 1] == 32 || bytes[to - 1] == 9 { to -= 1 }
    return from..<to
}

/// Whether a word (small letters) stands in a range, in whatever case.
func contains(_ word: StaticString, in bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard range.count >= word.utf8CodeUnitCount else { return false }
    for start in range.lowerBound...(range.upperBound - word.utf8CodeUnitCount)
    where matches(word, in: bytes, at: start) { return true }
    return false
}

/// A decimal number that fills a range.
func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 18 else { return nil }
    var number = 0
    for at in range {
        guard bytes[at] >= 48, bytes[at] <= 57 else { return nil }
        number = number * 10 + Int(bytes[at] - 48)
    }
    return number
}

/// The text of a range.
func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    String(decoding: range.map { bytes[$0] }, as: UTF8.self)
}

/// Whether a word (small letters) stands at a place, in whatever case.
func matches(_ word: StaticString, in bytes: Span<UInt8>, at start: Int) -> Bool {
    guard bytes.count - start >= word.utf8CodeUnitCount else { return false }
    for offset in 0..<word.utf8CodeUnitCount {
        let byte = bytes[start + offset]
        let small = byte >= 65 && byte <= 90 ? byte | 0x20 : byte
        // Safety: a literal's bytes live as long as the program and are as many as it says.
        if unsafe small != word.utf8Start[offset] { return false }
    }
    return true
}

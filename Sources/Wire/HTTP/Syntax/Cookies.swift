// Cookies of one `Cookie` or `Set-Cookie` field, by name and in order, as ranges of the value.
// Configuration manual: req.cook, req.cook_cnt, req.cook_names, res.cook and their like.

/// Reading `Cookie` and `Set-Cookie` values.
///
///     a=1; b = "2;3" , $Path=/; c=
///     ^ ^  ^   ^       ^ an attribute of RFC 2965: passed over
///     name value, and both without the blanks around them
///
/// As in HAProxy, commas outside of double quotes make a list of the field before it is read. In
/// an element a cookie ends at `;` and at what is left of commas, but for those in quotes that
/// begin in its value; the quotes stay part of it, and a backslash inside of them hides the byte
/// behind it. Names have their case; a name without `=` is none.
public enum Cookies {
    /// Which field a value comes from.
    public enum Field: Sendable {
        /// `Cookie`: any number of cookies.
        case request
        /// `Set-Cookie`: one cookie and its attributes, perhaps more behind commas.
        case response
    }

    /// One cookie.
    public struct Pair: Equatable, Sendable {
        /// The name; may be empty.
        public var name: Range<Int>
        /// The value; may be empty.
        public var value: Range<Int>
    }

    /// How far a field was read.
    public struct Cursor: BitwiseCopyable, Equatable, Sendable {
        /// Where in the element the next cookie is looked for.
        fileprivate var index = 0
        /// Where the element ends, blanks behind it left out.
        fileprivate var end = 0
        /// Where the next element begins.
        fileprivate var next = 0

        /// In front of the first cookie.
        public init() {}

        /// Goes on to the next element; false at the end of the field.
        fileprivate mutating func advance(_ bytes: Span<UInt8>) -> Bool {
            guard let element = FieldValues.next(in: bytes, at: &next) else { return false }
            index = element.lowerBound
            end = element.upperBound
            return true
        }
    }

    /// The value of the next cookie called `name`; with an empty name, of the next one of any.
    ///
    /// As in HAProxy, a name with nothing behind its `=` and no blank in front is not found at the
    /// very end of an element, and the attributes behind a cookie that was found in a `Set-Cookie`
    /// are taken for cookies.
    public static func next(
        named name: Span<UInt8>, in bytes: Span<UInt8>, at cursor: inout Cursor, field: Field
    ) -> Range<Int>? {
        repeat {
            while cursor.index &+ name.count &+ 1 < cursor.end {
                switch step(bytes, cursor.index, cursor.end, field) {
                case .none: cursor.index = cursor.end
                case .passed(let end): cursor.index = end &+ 1
                case .pair(let pair, let end):
                    if name.isEmpty || isEqual(bytes, pair.name, name) {
                        cursor.index = end &+ 1
                        return pair.value
                    }
                    cursor.index = field == .request ? end &+ 1 : cursor.end
                }
            }
        } while cursor.advance(bytes)
        return nil
    }

    /// The next cookie of a `Cookie` field, or the one of the next element of a `Set-Cookie`,
    /// whose attributes are passed over. A cookie without a name is none.
    public static func next(
        in bytes: Span<UInt8>, at cursor: inout Cursor, field: Field
    ) -> Pair? {
        repeat {
            while cursor.index < cursor.end {
                switch step(bytes, cursor.index, cursor.end, field) {
                case .none: cursor.index = cursor.end
                case .passed(let end): cursor.index = end &+ 1
                case .pair(let pair, let end):
                    cursor.index = field == .request ? end &+ 1 : cursor.end
                    if !pair.name.isEmpty { return pair }
                }
            }
        } while cursor.advance(bytes)
        return nil
    }

    /// The value of the last cookie called `name`; with an empty name, of the first of all.
    public static func value(
        named name: Span<UInt8>, in bytes: Span<UInt8>, field: Field
    ) -> Range<Int>? {
        var cursor = Cursor()
        var last = next(named: name, in: bytes, at: &cursor, field: field)
        if name.isEmpty { return last }
        while let value = next(named: name, in: bytes, at: &cursor, field: field) { last = value }
        return last
    }

    /// How many cookies are called `name`; with an empty name, how many there are.
    public static func count(
        named name: Span<UInt8>, in bytes: Span<UInt8>, field: Field
    ) -> Int {
        var count = 0
        var cursor = Cursor()
        while next(named: name, in: bytes, at: &cursor, field: field) != nil {
            count &+= 1
            // Attributes behind a cookie are not counted, though they are looked through for names.
            if field == .response { cursor.index = cursor.end }
        }
        return count
    }

    /// What stands at one place of an element.
    private enum Step {
        /// Nothing up to the end of the element.
        case none
        /// A word without `=` or a `$` attribute, up to the separator at this index.
        case passed(Int)
        /// A cookie, up to the separator at this index or the end of the element.
        case pair(Pair, Int)
    }

    private static func step(
        _ bytes: Span<UInt8>, _ start: Int, _ limit: Int, _ field: Field
    ) -> Step {
        let nameStart = Scanning.skipBlank(bytes, from: start, to: limit)
        var index = nameStart
        while index < limit, bytes[index] != Byte.equals {
            let byte = bytes[index]
            if byte == Byte.semicolon || (byte == Byte.comma && field == .request) {
                return .passed(index)
            }
            index &+= 1
        }
        if index == limit { return .none }
        let name = nameStart..<Scanning.trimBlank(bytes, from: nameStart, to: index)
        let valueStart = Scanning.skipBlank(bytes, from: index &+ 1, to: limit)
        var quotes = Quotes()
        var end = valueStart
        while end < limit {
            let byte = bytes[end]
            if !quotes.hide(byte), byte == Byte.semicolon || byte == Byte.comma { break }
            end &+= 1
        }
        if bytes[nameStart] == Byte.dollar { return .passed(end) }
        let value = valueStart..<Scanning.trimBlank(bytes, from: valueStart, to: end)
        return .pair(Pair(name: name, value: value), end)
    }

    private static func isEqual(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ name: Span<UInt8>
    ) -> Bool {
        guard range.count == name.count else { return false }
        var position = 0
        while position < name.count {
            if bytes[range.lowerBound &+ position] != name[position] { return false }
            position &+= 1
        }
        return true
    }
}

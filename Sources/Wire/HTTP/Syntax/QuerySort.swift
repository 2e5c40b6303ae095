// Sorting the parameters of a query by name, stable and without allocation: a merge sort over the
// places where they begin.

/// The work of ``URINormalizer/querySortByName``.
enum QuerySort {
    private typealias Starts = InlineArray<1024, UInt32>

    /// Writes the path and the sorted query.
    static func write(
        _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> URINormalizer.Result {
        let queryStart = min(
            URINormalizer.first(Byte.questionMark, input) &+ 1, input.count)
        guard URINormalizer.copy(input, 0..<queryStart, &output, &count) else { return .tooLong }
        var starts = Starts(repeating: 0)
        var parameters = 0
        var index = queryStart
        while index < input.count {
            if parameters == URINormalizer.parameterLimit { return .tooLong }
            starts[parameters] = UInt32(truncatingIfNeeded: index)
            parameters &+= 1
            index = URINormalizer.first(Byte.ampersand, input, from: index) &+ 1
        }
        sort(&starts, parameters, input)
        var position = 0
        while position < parameters {
            if position > 0, !URINormalizer.put(Byte.ampersand, &output, &count) {
                return .tooLong
            }
            let start = Int(starts[position])
            let end = URINormalizer.first(Byte.ampersand, input, from: start)
            guard URINormalizer.copy(input, start..<end, &output, &count) else {
                return .tooLong
            }
            position &+= 1
        }
        return .written
    }

    /// Merges runs of 1, 2, 4 ... parameters.
    private static func sort(_ starts: inout Starts, _ count: Int, _ input: Span<UInt8>) {
        var merged = Starts(repeating: 0)
        var width = 1
        while width < count {
            var low = 0
            while low < count {
                let middle = min(low &+ width, count)
                let high = min(low &+ width &* 2, count)
                merge(starts, low, middle, high, &merged, input)
                low = high
            }
            swap(&starts, &merged)
            width &*= 2
        }
    }

    /// Merges the sorted runs `low ..< middle` and `middle ..< high`.
    private static func merge(
        _ starts: borrowing Starts, _ low: Int, _ middle: Int, _ high: Int,
        _ merged: inout Starts, _ input: Span<UInt8>
    ) {
        var left = low
        var right = middle
        var index = low
        while index < high {
            var takesRight = left == middle
            if !takesRight, right < high {
                takesRight = isLess(Int(starts[right]), Int(starts[left]), input)
            }
            merged[index] = takesRight ? starts[right] : starts[left]
            if takesRight { right &+= 1 } else { left &+= 1 }
            index &+= 1
        }
    }

    /// Whether the name at `first` comes before the name at `second`: the first byte that differs
    /// decides, and a name comes before those it begins.
    private static func isLess(_ first: Int, _ second: Int, _ input: Span<UInt8>) -> Bool {
        var offset = 0
        while true {
            let left = nameByte(input, first &+ offset)
            let right = nameByte(input, second &+ offset)
            if left != right || left < 0 { return left < right }
            offset &+= 1
        }
    }

    /// The byte of a name, or -1 behind its end.
    private static func nameByte(_ input: Span<UInt8>, _ index: Int) -> Int {
        guard index < input.count, input[index] != Byte.equals, input[index] != Byte.ampersand
        else { return -1 }
        return Int(input[index])
    }
}

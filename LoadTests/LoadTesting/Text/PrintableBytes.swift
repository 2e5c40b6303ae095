// What bodies are made of.

/// Printable bytes with a line end at each 64th.
func printableBytes(_ count: Int) -> [UInt8] {
    (0..<count).map { index -> UInt8 in
        let column = index % 64
        return column == 63 ? 10 : UInt8(97 + column % 26)
    }
}

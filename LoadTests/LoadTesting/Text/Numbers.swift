// Numbers as people read them.

extension Double {
    /// The number with a fixed count of decimals (`12.30`), rounded half away from zero.
    public func fixed(_ decimals: Int) -> String {
        guard isFinite, magnitude < 1e15 else { return "\(self)" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Int64((magnitude * scale).rounded())
        let sign = self < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(scaled)" }
        let whole = scaled / Int64(scale)
        let part = String(scaled % Int64(scale))
        return "\(sign)\(whole).\(String(repeating: "0", count: decimals - part.count))\(part)"
    }
}

extension Int {
    /// The number with a comma between each three digits (`1,234,567`).
    public var grouped: String {
        let digits = Array(String(magnitude))
        var result = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}

/// A time in microseconds with the unit that suits it (`850 us`, `1.25 ms`, `2.00 s`).
public func duration(microseconds: UInt64) -> String {
    switch microseconds {
    case ..<1000: "\(microseconds) us"
    case ..<1_000_000: "\((Double(microseconds) / 1000).fixed(2)) ms"
    default: "\((Double(microseconds) / 1_000_000).fixed(2)) s"
    }
}

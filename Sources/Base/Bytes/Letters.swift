// ASCII letters without regard to their case.

extension UInt8 {
    /// The small letter of an ASCII capital, and any other byte unchanged.
    @inlinable @inline(__always)
    public var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension UInt64 {
    /// Eight bytes with their ASCII capitals made small, without a branch.
    @inlinable @inline(__always)
    public var asciiLowercased: UInt64 {
        let low = self & 0x7F7F_7F7F_7F7F_7F7F
        let fromA = low &+ 0x3F3F_3F3F_3F3F_3F3F
        let behindZ = low &+ 0x2525_2525_2525_2525
        let capitals = fromA & ~behindZ & ~self & 0x8080_8080_8080_8080
        return self | capitals &>> 2
    }
}

/// The two companding laws of ITU-T G.711.
package enum G711: Hashable, Sendable {
    case muLaw
    case aLaw

    /// One octet of a linear sample of 16 bits.
    package func encoded(_ sample: Int16) -> UInt8 {
        switch self {
        case .muLaw: Self.muLaw(sample)
        case .aLaw: Self.aLaw(sample)
        }
    }

    /// The linear sample of 16 bits that an octet stands for.
    package func decoded(_ octet: UInt8) -> Int16 {
        switch self {
        case .muLaw: Self.fromMuLaw[Int(octet)]
        case .aLaw: Self.fromALaw[Int(octet)]
        }
    }

    private static let fromMuLaw = (0...255).map { octet in
        let bits = ~octet & 0xFF
        let magnitude = ((bits & 0x0F) << 3 + 132) << (bits >> 4 & 7) - 132
        return Int16(bits & 0x80 == 0 ? magnitude : -magnitude)
    }

    private static let fromALaw = (0...255).map { octet in
        let bits = octet ^ 0x55
        let (segment, mantissa) = (bits >> 4 & 7, (bits & 0x0F) << 4 + 8)
        let magnitude = segment == 0 ? mantissa : (mantissa + 256) << (segment - 1)
        return Int16(bits & 0x80 == 0 ? -magnitude : magnitude)
    }

    private static func muLaw(_ sample: Int16) -> UInt8 {
        let sign: UInt8 = sample < 0 ? 0x80 : 0
        // 33 in units of the law's 14 bits, so that the segments begin at powers of two; beyond the last segment it clips.
        let magnitude = min(Int(sample.magnitude), 32_635) + 132
        let segment = Self.segment(magnitude >> 7)
        let mantissa = (magnitude >> (segment + 3)) & 0x0F
        return ~(sign | UInt8(segment << 4) | UInt8(mantissa))
    }

    private static func aLaw(_ sample: Int16) -> UInt8 {
        // A-law has no zero of its own: negative samples are those from -1 on.
        let sign: UInt8 = sample < 0 ? 0 : 0x80
        let magnitude = sample < 0 ? -1 - Int(sample) : Int(sample)
        let segment = Self.segment(magnitude >> 7)
        let mantissa = (magnitude >> (segment == 0 ? 4 : segment + 3)) & 0x0F
        return (sign | UInt8(segment << 4) | UInt8(mantissa)) ^ 0x55
    }

    /// The place of the highest bit, of eight; 0 where there is none.
    private static func segment(_ bits: Int) -> Int {
        min(7, max(0, Int.bitWidth - 1 - bits.leadingZeroBitCount))
    }
}

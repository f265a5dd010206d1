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

    /// The place of the highest bit, of eight.
    private static func segment(_ bits: Int) -> Int {
        var segment = 0
        while segment < 7, bits >> (segment + 1) != 0 { segment += 1 }
        return segment
    }
}

/// How one packet is divided, and where it stands in its stream.
package struct SRTPPart {
    /// What kind of packet it is.
    package enum Kind: Sendable {
        case rtp
        case rtcp
    }

    let kind: Kind
    /// The bytes in front that stay clear.
    let clear: Int
    /// Where its bytes end, and what protects them begins.
    let end: Int
    let ssrc: UInt32
    /// Of RTP the rollovers and the sequence number, 48 bits (RFC 3711 §3.3.1); of RTCP the SRTCP index, 31 bits.
    let index: UInt64

    /// An RTP packet whose header has `clear` bytes.
    package static func rtp(clear: Int, end: Int, ssrc: UInt32, index: UInt64) -> Self {
        Self(kind: .rtp, clear: clear, end: end, ssrc: ssrc, index: index)
    }

    /// An RTCP packet, whose first two words stay clear.
    package static func rtcp(end: Int, ssrc: UInt32, index: UInt32) -> Self {
        Self(kind: .rtcp, clear: Self.controlHeaderLength, end: end, ssrc: ssrc, index: UInt64(index))
    }

    /// An RTCP packet's first two words (RFC 3550 §6.4).
    static let controlHeaderLength = 8
    /// Says in the word behind an RTCP packet that it is encrypted (RFC 3711 §3.4).
    static let encryptionFlag: UInt32 = 0x8000_0000

    /// What is authenticated besides the packet: the rollovers of RTP, which are not sent; the E flag and the index of
    /// RTCP, which are.
    var word: UInt32 {
        switch self.kind {
        case .rtp: UInt32(truncatingIfNeeded: self.index >> 16)
        case .rtcp: UInt32(truncatingIfNeeded: self.index) | Self.encryptionFlag
        }
    }
}

/// The protection of one leg's packets, both ways (RFC 3711, RFC 7714).
///
/// It belongs to the media loop that owns the leg, and is not `Sendable`. Packets are worked on in place; the bytes of
/// a packet that was refused are of no use any more. No packet allocates, but the first of each kind and of an SSRC.
package final class SRTPSession {
    /// The room that a packet may need behind its end, whatever the profile.
    package static let trailerLimit = 20

    private var outbound: SRTPContext
    private var inbound: SRTPContext

    /// Looks up OpenSSL's ciphers, which loads its configuration and is nothing for a media loop; the first packet does
    /// it where nobody else did.
    ///
    /// - Returns: whether packets can be protected at all.
    package static func prepare() -> Bool { SRTPCiphers.areThere }

    /// - Parameter keys: of both sides.
    /// - Throws: `SRTPError.badKey`.
    package init(_ keys: SRTPKeys) throws(SRTPError) {
        self.outbound = try SRTPContext(keys.ours, direction: .outbound)
        self.inbound = try SRTPContext(keys.theirs, direction: .inbound)
    }

    /// The peer writes with another key from now on, while ours stays, as a later description with SDES may have it.
    ///
    /// What we write goes on: a new session would count the rollovers of our sequence numbers from zero, with a key for
    /// which the peer counts on (RFC 3711 §3.3.1).
    ///
    /// - Parameter key: of the peer.
    /// - Throws: as `init`; the former key is used on then.
    package func replacePeer(_ key: SRTPKey) throws(SRTPError) {
        self.inbound = try SRTPContext(key, direction: .inbound)
    }

    /// Turns RTP into SRTP.
    ///
    /// - Parameters:
    ///   - packet: the packet, with `SRTPProfile.tagLength` bytes to spare behind it; 65,535 bytes at most.
    ///   - count: the packet's length in bytes.
    /// - Returns: the length of what has to be sent.
    /// - Throws: `.replayed` where the SSRC's sequence number was protected before, `.noRoom`, `.malformed`,
    ///   `.tooManySources`, `.exhausted`, `.library`.
    package func protect(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        try unsafe self.outbound.protect(packet, count: count)
    }

    /// Turns RTCP into SRTCP, as `protect` does RTP, with `SRTPProfile.controlTrailerLength` bytes to spare.
    package func protectControl(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        try unsafe self.outbound.protectControl(packet, count: count)
    }

    /// Turns SRTP into RTP.
    ///
    /// - Parameters:
    ///   - packet: where the packet lies.
    ///   - count: its length in bytes.
    /// - Returns: the length of the RTP packet.
    /// - Throws: `.notAuthentic`, `.replayed`, `.malformed`, `.tooManySources`, `.library`.
    package func unprotect(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        try unsafe self.inbound.unprotect(packet, count: count)
    }

    /// Turns SRTCP into RTCP, as `unprotect` does SRTP.
    package func unprotectControl(_ packet: UnsafeMutableRawBufferPointer, count: Int) throws(SRTPError) -> Int {
        try unsafe self.inbound.unprotectControl(packet, count: count)
    }

    /// Whether a stream is kept for this SSRC of the peer.
    package func hearsFrom(_ ssrc: UInt32) -> Bool { self.inbound.hasStream(ssrc) }
}

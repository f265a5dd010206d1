/// Why a packet was not protected or not taken; it ends nothing but the packet.
package enum SRTPError: Error, Hashable, Sendable {
    /// It is no RTP or RTCP packet, is too short to have been protected, or is RTCP that is not encrypted.
    case malformed
    /// There is no room for the trailer.
    case noRoom
    /// Its tag is not what the key gives: forged, damaged, or of another key.
    case notAuthentic
    /// It came before, or is older than the window.
    ///
    /// Outbound: this sequence number was protected before.
    case replayed
    /// Its SSRC was given up for newer ones, or there have been too many.
    case tooManySources
    /// The key has protected as many packets as it may.
    case exhausted
    /// The key has not the length of its profile.
    case badKey
    /// OpenSSL failed, with its words.
    case library(String)
}

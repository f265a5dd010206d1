internal import CSRTP

/// Why a packet was not protected or not taken; it ends nothing but the packet.
package enum SRTPError: Error, Hashable, Sendable {
    /// It is no RTP or RTCP packet, or is too short to have been protected.
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
    /// libsrtp failed with this status.
    case library(UInt32)

    @safe
    init(_ status: srtp_err_status_t) {
        switch status {
        case srtp_err_status_bad_param, srtp_err_status_parse_err, srtp_err_status_cipher_fail: self = .malformed
        case srtp_err_status_auth_fail: self = .notAuthentic
        case srtp_err_status_replay_fail, srtp_err_status_replay_old, srtp_err_status_pkt_idx_old: self = .replayed
        case srtp_err_status_key_expired: self = .exhausted
        default: self = .library(UInt32(status.rawValue))
        }
    }
}

import MediaCore
import SIPCore

/// An address from which the peer has proved that it knows our password: a peer-reflexive candidate (RFC 8445 §7.3.1.3).
struct ICERemote {
    var address: MediaAddress
    /// PRIORITY of its last check; 0 where the checks have none.
    var priority: UInt32
    /// When the last valid request came from there.
    var heard: Instant
    /// Whether the peer has nominated it under the credentials that serve now, and nothing else since.
    var isNominated = false
}

/// Why an association came to nothing; it ends the session, and the leg with it.
package enum DTLSFailure: Error, Hashable, Sendable {
    /// The handshake, or the wait for a fingerprint, took too long.
    case timedOut
    /// More came than a handshake can hold.
    case tooMuchInput
    /// The peer's certificate is not the one of its description.
    case wrongFingerprint
    /// The peer showed no certificate.
    case noCertificate
    /// Both sides have no SRTP profile in common.
    case noProfile
    /// The peer closed the association before it was there.
    case closedByPeer
    /// The handshake broke, by the peer's alert or by what it sent; with OpenSSL's words.
    case handshake(String)
    /// OpenSSL could not do what it can always do; with its words.
    case library(String)
}

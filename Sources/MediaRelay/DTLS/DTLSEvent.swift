/// What became of an association.
package enum DTLSEvent: Equatable, Sendable {
    /// It is there, and the peer is the one of the description; told once.
    case connected(SRTPKeys)
    /// It came to nothing, or broke; told once, and the last that is told.
    case failed(DTLSFailure)
    /// The peer closed it after it had been there; told once, and the last that is told.
    ///
    /// Where one datagram brings both, as of a peer that refuses our certificate, `connected` is not told.
    case closed
}

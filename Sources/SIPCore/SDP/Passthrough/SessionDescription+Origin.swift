extension SessionDescription {
    /// This description under an `o=` line of ours.
    ///
    /// Who passes descriptions of different peers on into one dialog must keep one session id throughout, and raise the
    /// version by one each time (RFC 3264 §8).
    ///
    /// - Parameters:
    ///   - sessionID: see `SDPOrigin`.
    ///   - version: see `SDPOrigin`.
    ///   - username: a name without spaces; `-` for none.
    ///   - address: an IP address or a host name of ours.
    /// - Returns: the description to send.
    package func replacingOrigin(
        sessionID: UInt64,
        version: UInt64,
        username: String = "-",
        address: String
    ) -> SessionDescription {
        var result = self
        result.origin = SDPOrigin(sessionID: sessionID, version: version, username: username, address: address)
        return result
    }

    /// Whether both have the same `o=` line, version included: then the description has not changed (RFC 3264 §8).
    package func isSameOrigin(as other: SessionDescription) -> Bool {
        guard let origin = self.origin else { return false }
        return origin == other.origin
    }
}

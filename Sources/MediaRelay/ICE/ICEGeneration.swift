import MediaCore

/// The credentials of one ICE session, from its start or restart to the next restart (RFC 8445 §9).
struct ICEGeneration {
    var key: ICEUfragKey
    /// Our password, as HMAC takes it.
    var password: [UInt8]
    /// The peer's user name fragment; nil until its description is read.
    var peerUfrag: [UInt8]?
    /// One that the peer has told before we restarted on our side; it serves beside the other.
    var nextPeerUfrag: [UInt8]?
    /// Whether a check without USE-CANDIDATE came: the peer nominates when it has made up its mind, not with every
    /// check as the aggressive nomination of RFC 5245 does.
    var nominatesDeliberately = false

    init(ours: ICECredentials, peerUfrag: [UInt8]? = nil) {
        self.key = ICEUfragKey(ours: ours)
        self.password = Array(ours.password.utf8)
        self.peerUfrag = peerUfrag
    }

    /// Whether the request names the peer that these credentials are shared with, as far as that is known.
    func names(_ request: STUNMessage, in bytes: Swift.Span<UInt8>) -> Bool {
        guard let peerUfrag = self.peerUfrag else { return true }
        if request.isSender(peerUfrag, in: bytes) { return true }
        guard let nextPeerUfrag = self.nextPeerUfrag else { return false }
        return request.isSender(nextPeerUfrag, in: bytes)
    }
}

/// The other side of one leg, and what both descriptions agreed on.
package struct MediaPeer: Hashable, Sendable {
    /// How packets are protected.
    package enum Protection: Hashable, Sendable {
        case none
        /// Keys from DTLS; any of the fingerprints may be the peer's, an empty list is nobody's.
        case dtls(role: DTLSRole, fingerprints: [DTLSFingerprint])
        case sdes(ours: SDESKey, theirs: SDESKey)
    }

    /// Where it awaits RTP; with ICE, and where the peer said `0.0.0.0`, nil: what it sends shows that.
    package var address: MediaAddress?
    /// Where it awaits RTCP; nil: where it awaits RTP.
    package var rtcpAddress: MediaAddress?
    /// Whether RTCP goes to and comes from the port of RTP (RFC 5761).
    package var multiplexesRTCP: Bool
    package var ice: ICECredentials?
    package var protection: Protection
    /// Whether we may send to it.
    package var sends: Bool
    /// Whether it may send.
    package var receives: Bool
    /// What both sides take, the one that we send first; never empty.
    package var formats: [AudioFormat]
    /// Empty: the peer takes no telephone-event.
    package var digits: [DigitFormat]
    /// The length of the packets that it asks for (`a=ptime`), 10 to 120 ms; nil: 20.
    package var packetMilliseconds: UInt32?

    /// Whether its silence is a fault: one that holds us may play music, and may as well play none.
    package var owesSound: Bool { self.sends && self.receives }

    package init(
        address: MediaAddress?,
        rtcpAddress: MediaAddress? = nil,
        multiplexesRTCP: Bool,
        ice: ICECredentials? = nil,
        protection: Protection,
        sends: Bool = true,
        receives: Bool = true,
        formats: [AudioFormat],
        digits: [DigitFormat] = [],
        packetMilliseconds: UInt32? = nil
    ) {
        self.address = address
        self.rtcpAddress = rtcpAddress
        self.multiplexesRTCP = multiplexesRTCP
        self.ice = ice
        self.protection = protection
        self.sends = sends
        self.receives = receives
        self.formats = formats
        self.digits = digits
        self.packetMilliseconds = packetMilliseconds
    }
}

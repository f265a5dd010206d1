import MediaCore

/// The way to and from an app: the shared port, ICE and DTLS.
final class AppPath {
    var agent: ICELiteAgent
    /// Nil until the peer's description or its first flight came.
    var dtls: DTLSSession?
    /// What the session was made for; nil where the description has not come yet.
    var agreed: (role: DTLSRole, fingerprints: [DTLSFingerprint])?
    /// The shared socket that the selected pair goes over; until there is one, that of the last check.
    var socket: UDPSocket
    /// Where the peer's flights came from: where ours go while nothing is selected.
    var dtlsSource: MediaAddress?

    init(credentials: ICECredentials, socket: UDPSocket) {
        self.agent = ICELiteAgent(ours: credentials)
        self.socket = socket
    }
}

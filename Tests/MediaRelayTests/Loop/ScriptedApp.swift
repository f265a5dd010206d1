import MediaCore
import MediaRelay
import SIPCore
import Testing

/// An app's side of a leg: it checks, nominates, shakes hands and protects as a browser does.
final class ScriptedApp {
    let id: MediaLegID
    private(set) var endpoint: MediaEndpoint
    let socket: TestSocket
    let certificate: DTLSCertificate
    let session: DTLSSession
    let credentials: ICECredentials
    private(set) var srtp: SRTPSession?
    private(set) var failure: DTLSFailure?

    /// The role is the app's.
    init(id: MediaLegID, endpoint: MediaEndpoint, role: DTLSRole = .client, ufrag: String = "peerufrag") throws {
        self.id = id
        self.endpoint = endpoint
        self.socket = try TestSocket()
        self.certificate = try DTLSCertificate()
        self.credentials = ICECredentials(ufrag: ufrag, password: "a password of the peer's")
        self.session = try DTLSSession(
            self.certificate,
            role: role,
            fingerprints: [try #require(endpoint.fingerprint)]
        )
    }

    var target: MediaAddress {
        get throws { try #require(self.endpoint.addresses.first) }
    }

    /// What its description says; the role is the gateway's.
    func peer(
        role: DTLSRole = .server,
        fingerprints: [DTLSFingerprint]? = nil,
        formats: [AudioFormat] = [AudioFormat(.pcmu, sends: 0, receives: 0)]
    ) -> MediaPeer {
        MediaPeer(
            address: nil,
            multiplexesRTCP: true,
            ice: self.credentials,
            protection: .dtls(role: role, fingerprints: fingerprints ?? [self.certificate.fingerprint]),
            formats: formats
        )
    }

    /// The gateway restarted ICE.
    func adopt(_ endpoint: MediaEndpoint) {
        self.endpoint = endpoint
    }

    /// Sends a check without waiting for its answer.
    func sendCheck(from other: TestSocket? = nil, nominates: Bool = true, password: String? = nil) throws {
        let ice = try #require(self.endpoint.ice)
        let check = BindingCheck(
            username: "\(ice.ufrag):\(self.credentials.ufrag)",
            password: password ?? ice.password,
            usesCandidate: nominates
        )
        (other ?? self.socket).send(check.bytes, to: try self.target)
    }

    /// Checks, and waits for the answer; false where it is none of success that tells the right address.
    func check(from other: TestSocket? = nil, nominates: Bool = true) throws -> Bool {
        let socket = other ?? self.socket
        try self.sendCheck(from: socket, nominates: nominates)
        guard let answer = socket.receive(.stun) else { return false }
        let message = try STUNMessage(answer.bytes.span)
        return message.kind == .success && message.mappedAddress == socket.address
    }

    /// Shakes hands until there are keys or there is a failure; as a client, it begins.
    func shakeHands() throws {
        try self.run(self.session.start(now: Self.now))
        while self.srtp == nil, self.failure == nil, let datagram = self.socket.receive(.dtls) {
            let action = unsafe datagram.bytes.withUnsafeBytes { unsafe self.session.receive($0, now: Self.now) }
            try self.run(action)
        }
    }

    /// Carries a session's action out.
    func run(_ action: DTLSAction) throws {
        for datagram in action.datagrams { self.socket.send(datagram, to: try self.target) }
        switch action.event {
        case .connected(let keys): self.srtp = try SRTPSession(keys)
        case .failed(let failure): self.failure = failure
        case .closed, nil: break
        }
    }

    /// Sends 20 ms of sound.
    func speak(_ sequence: UInt16, payloadType: UInt8 = 0, from other: TestSocket? = nil) throws {
        let srtp = try #require(self.srtp)
        let packet = try srtp.protected(Sound.packet(sequence, payloadType: payloadType, ssrc: 0xAB)).get()
        (other ?? self.socket).send(packet, to: try self.target)
    }

    /// The next packet of sound, in the clear.
    func hear(over other: TestSocket? = nil) throws -> [UInt8]? {
        guard let datagram = (other ?? self.socket).receive(.rtp) else { return nil }
        return try self.srtp?.unprotected(datagram.bytes).get()
    }

    private static let now = Instant(nanoseconds: 1)
}

extension RelayBench {
    /// An app's leg that is open, without its description.
    func app(role: DTLSRole = .client) throws -> ScriptedApp {
        let (id, endpoint) = try self.open(.webRTC)
        return try ScriptedApp(id: id, endpoint: endpoint, role: role)
    }

    /// An app's leg over which sound can go.
    func connectedApp() throws -> ScriptedApp {
        let app = try self.app()
        self.engine.perform([.update(app.id, app.peer())])
        #expect(try app.check())
        try app.shakeHands()
        #expect(self.log.comes(.connected(app.id)))
        return app
    }
}

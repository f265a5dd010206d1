import MediaCore
import MediaRelay
import SIPCore

/// Two sessions, the datagrams between them, and what they told.
final class DTLSPair {
    enum Side: CaseIterable {
        case client
        case server

        var other: Side {
            switch self {
            case .client: .server
            case .server: .client
            }
        }
    }

    /// The certificates of both sides, made once.
    static let clientCertificate = try? DTLSCertificate()
    static let serverCertificate = try? DTLSCertificate()

    struct NoCertificate: Error {}

    let client: DTLSSession
    let server: DTLSSession
    private(set) var events: [Side: [DTLSEvent]] = [.client: [], .server: []]
    /// On the way, oldest first, with the side that they go to.
    var flying: [(to: Side, datagram: [UInt8])] = []
    /// Everything that was ever sent.
    private(set) var sent: [(to: Side, datagram: [UInt8])] = []

    /// Makes both; nil for the fingerprints that a side expects is the truth.
    ///
    /// No timer of OpenSSL, which a test cannot hold, runs out within `retransmission`.
    ///
    /// - Throws: what a session has against it.
    init(
        clientCertificate: DTLSCertificate? = DTLSPair.clientCertificate,
        serverCertificate: DTLSCertificate? = DTLSPair.serverCertificate,
        clientExpects: [DTLSFingerprint]? = nil,
        serverExpects: [DTLSFingerprint]? = nil,
        retransmission: SIPCore.Span = .seconds(20)
    ) throws {
        guard let clientCertificate, let serverCertificate else { throw NoCertificate() }
        self.client = try DTLSSession(
            clientCertificate,
            role: .client,
            fingerprints: clientExpects ?? [serverCertificate.fingerprint],
            retransmission: retransmission
        )
        self.server = try DTLSSession(
            serverCertificate,
            role: .server,
            fingerprints: serverExpects ?? [clientCertificate.fingerprint],
            retransmission: retransmission
        )
    }

    subscript(side: Side) -> DTLSSession {
        switch side {
        case .client: self.client
        case .server: self.server
        }
    }

    /// Notes what one side did.
    func run(_ side: Side, _ action: DTLSAction) {
        if let event = action.event { self.events[side, default: []].append(event) }
        for datagram in action.datagrams {
            self.flying.append((side.other, datagram))
            self.sent.append((side.other, datagram))
        }
    }

    func start(now: Instant = .test) {
        self.run(.server, self.server.start(now: now))
        self.run(.client, self.client.start(now: now))
    }

    /// Delivers the oldest datagram that flies.
    func deliverOne(now: Instant = .test) {
        guard !self.flying.isEmpty else { return }
        let (side, datagram) = self.flying.removeFirst()
        self.deliver(datagram, to: side, now: now)
    }

    func deliver(_ datagram: [UInt8], to side: Side, now: Instant = .test) {
        self.run(side, self[side].received(datagram, now: now))
    }

    /// Delivers until nothing flies.
    func deliverAll(now: Instant = .test) {
        while !self.flying.isEmpty { self.deliverOne(now: now) }
    }

    /// The keys that a side was told; nil where it was not told just that.
    func keys(_ side: Side) -> SRTPKeys? {
        guard let events = self.events[side], events.count == 1, case .connected(let keys) = events[0] else {
            return nil
        }
        return keys
    }
}

extension DTLSSession {
    func received(_ datagram: [UInt8], now: Instant) -> DTLSAction {
        unsafe datagram.withUnsafeBytes { unsafe self.receive($0, now: now) }
    }

    static func beginsAnew(_ datagram: [UInt8]) -> Bool {
        unsafe datagram.withUnsafeBytes { unsafe Self.isClientHello($0) }
    }
}

extension Instant {
    /// When a test begins.
    static let test = Instant(nanoseconds: 1_000_000_000_000)
}

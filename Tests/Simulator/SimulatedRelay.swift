import MediaCore
import SIPCore

/// The media engine of one gateway, without media: it answers each order after a while, tells now and then of digits,
/// silence and quality, and checks what it is ordered.
///
/// Every leg is opened once and closed once, and nothing is ordered for one that is closed. Who is joined has agreed with
/// us, has a codec in common with the other, and is joined with nobody else.
final class SimulatedRelay {
    private struct Leg {
        var kind: MediaLegKind
        var peer: MediaPeer?
        var partner: MediaLegID?
        /// How often its credentials were drawn.
        var generation = 0
        var isConnected = false
        /// Since when it has had nobody to talk to; nil: it is joined.
        var aloneSince: UInt64?
    }

    private unowned let world: World
    private unowned let gateway: GatewayNode
    private var legs: [MediaLegID: Leg] = [:]
    private var opened: Set<MediaLegID> = []
    private let transcodes: Bool
    private var random: SplitMix64
    private(set) var joins = 0

    init(world: World, gateway: GatewayNode, transcodes: Bool, random: SplitMix64) {
        self.transcodes = transcodes
        self.world = world
        self.gateway = gateway
        self.random = random
    }

    private func violate(_ text: String, _ leg: MediaLegID) {
        self.world.violate("gateway \(self.gateway.name), media leg \(leg.number): \(text)", call: nil)
    }

    private func tell(_ event: MediaEvent, after span: UInt64) {
        self.world.schedule(.media(self.gateway, event), after: span)
    }

    /// Whether something may go wrong with media in this run.
    private var isFaulty: Bool { self.world.profile.hasCuts && !self.world.profile.isCooperative }

    // MARK: Orders

    func perform(_ orders: [MediaOrder]) {
        for order in orders { self.perform(order) }
    }

    private func perform(_ order: MediaOrder) {
        switch order {
        case .open(let id, let kind):
            guard self.opened.insert(id).inserted else { return self.violate("opened twice", id) }
            self.legs[id] = Leg(kind: kind, aloneSince: self.world.now)
            let span = self.random.milliseconds(0, self.random.chance(10) ? 400 : 5)
            if self.isFaulty, self.random.chance(2) { return self.tell(.failed(id, .noPort), after: span) }
            self.tell(.opened(id, self.endpoint(id, kind, 0)), after: span)
        case .restartICE(let id):
            guard var leg = self.leg(id, order) else { return }
            if leg.kind != .webRTC || leg.peer == nil { self.violate("an ICE restart of a leg that has no ICE", id) }
            leg.generation += 1
            self.legs[id] = leg
            self.tell(.opened(id, self.endpoint(id, leg.kind, leg.generation)), after: self.random.milliseconds(0, 20))
        case .update(let id, let peer): self.update(id, peer, order)
        case .join(let id, let other):
            guard var leg = self.leg(id, order), var partner = self.leg(other, order) else { return }
            if id == other { self.violate("joined with itself", id) }
            if leg.peer == nil || partner.peer == nil { self.violate("joined before both have agreed", id) }
            if leg.partner != nil || partner.partner != nil { self.violate("joined a second time", id) }
            self.checkLoneliness(id)
            self.checkLoneliness(other)
            leg.partner = other
            leg.aloneSince = nil
            partner.partner = id
            partner.aloneSince = nil
            self.legs[id] = leg
            self.legs[other] = partner
            self.joins += 1
            self.checkCodecs(id)
        case .sendDigits(let id, let digits, _):
            guard let leg = self.leg(id, order) else { return }
            if leg.peer?.digits.isEmpty ?? true { self.violate("\(digits) for a peer that takes no digits", id) }
        case .close(let id):
            guard let leg = self.leg(id, order) else { return }
            self.checkLoneliness(id)
            self.legs[id] = nil
            if let partner = leg.partner {
                self.legs[partner]?.partner = nil
                self.legs[partner]?.aloneSince = self.world.now
            }
        }
    }

    /// Good people are answered in seconds, and so is who stays after a transfer joined with who comes.
    private func checkLoneliness(_ id: MediaLegID) {
        guard self.world.profile.isCooperative, self.world.profile.transfers,
            let since = self.legs[id]?.aloneSince, self.world.now > since + 20_000_000_000
        else { return }
        self.violate("was joined with nobody for \((self.world.now - since) / 1_000_000_000) s", id)
    }

    private func leg(_ id: MediaLegID, _ order: MediaOrder) -> Leg? {
        guard let leg = self.legs[id] else {
            self.violate("\(order) for a leg that is \(self.opened.contains(id) ? "closed" : "unknown")", id)
            return nil
        }
        return leg
    }

    private func update(_ id: MediaLegID, _ peer: MediaPeer, _ order: MediaOrder) {
        guard var leg = self.leg(id, order) else { return }
        if leg.peer == peer { self.violate("an update that is none", id) }
        if peer.formats.isEmpty { self.violate("a peer without codecs", id) }
        switch (leg.kind, peer.protection) {
        case (.webRTC, .dtls(_, let fingerprints)):
            if fingerprints.isEmpty || peer.ice == nil { self.violate("an app without fingerprint or ICE", id) }
        case (.rtp, .none), (.rtp, .sdes): break
        case (.webRTC, .none), (.webRTC, .sdes), (.rtp, .dtls): self.violate("the wrong protection", id)
        }
        leg.peer = peer
        let isFirst = !leg.isConnected
        leg.isConnected = true
        self.legs[id] = leg
        self.checkCodecs(id)
        guard isFirst else { return }
        self.live(id, leg.kind)
    }

    /// What one has to say the other must understand.
    private func checkCodecs(_ id: MediaLegID) {
        guard let leg = self.legs[id], let partner = leg.partner, let own = leg.peer?.formats,
            let others = self.legs[partner]?.peer?.formats
        else { return }
        if self.transcodes, own.contains(where: \.codec.isTranscoded), others.contains(where: \.codec.isTranscoded) {
            return
        }
        if !own.contains(where: { format in others.contains { $0.codec == format.codec } }) {
            self.violate("no codec in common: \(own.map(\.codec)) and \(others.map(\.codec))", id)
        }
    }

    /// Draws what will be heard of a leg that has a peer now; once it is closed nobody minds.
    private func live(_ id: MediaLegID, _ kind: MediaLegKind) {
        let up = kind == .rtp ? 0 : self.random.milliseconds(5, self.random.chance(15) ? 4000 : 400)
        if kind == .rtp || !self.isFaulty || !self.random.chance(5) { self.tell(.connected(id), after: up) }
        if self.random.chance(30) {
            let digits: [Character] = ["0", "5", "#", "*"]
            self.tell(
                .digit(id, self.random.pick(digits), duration: .milliseconds(100)),
                after: up + self.random.milliseconds(0, 12_000)
            )
        }
        let quality = MediaQuality(lossPerMille: UInt16(self.random.below(1000)), jitter: .milliseconds(3))
        for _ in 0..<self.random.below(3) {
            self.tell(.quality(id, quality), after: up + self.random.milliseconds(1000, 20_000))
        }
        if self.random.chance(15) {
            let silent = up + self.random.milliseconds(3000, 15_000)
            self.tell(.heard(id, false), after: silent)
            if self.random.chance(70) { self.tell(.heard(id, true), after: silent + 2_000_000_000) }
        }
        guard self.isFaulty else { return }
        if self.random.chance(2) { self.tell(.lost(id), after: self.random.milliseconds(0, 30_000)) }
        if kind == .webRTC, self.random.chance(2) { self.tell(.failed(id, .dtls), after: up) }
    }

    private func endpoint(_ id: MediaLegID, _ kind: MediaLegKind, _ generation: Int) -> MediaEndpoint {
        let port = UInt16(truncatingIfNeeded: 10_000 + (id.number &* 2) % 20_000)
        let address = MediaAddress(ipv4: 0x0A00_0001, port: port)
        guard kind == .webRTC else { return MediaEndpoint(addresses: [address], rtcpPort: port + 1) }
        return MediaEndpoint(
            addresses: [address],
            ice: ICECredentials(ufrag: "g\(generation)l\(id.number)xx", password: "abcdefghijklmnopqrstuvwx"),
            fingerprint: DTLSFingerprint(algorithm: "sha-256", bytes: Array(repeating: 0xA5, count: 32))
        )
    }

    // MARK: The end

    func auditEnd() {
        for id in self.legs.keys.sorted(by: { $0.number < $1.number }) { self.violate("was never closed", id) }
    }
}

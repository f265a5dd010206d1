import MediaCore
import SIPCore

extension MediaLoop {
    /// The peer's description came.
    func update(_ leg: RelayLeg, _ peer: MediaPeer, now: Instant) {
        guard !leg.hasFailed else { return }
        let before = leg.peer
        leg.describe(peer)
        self.watch(leg, peer, now: now)
        if before == nil {
            // Whatever comes first, sound or a digit, counts by the clock of the format that is sent first.
            let rate = peer.formats.first?.codec.clockRate ?? 8000
            leg.stream = RTPStreamOut(
                ssrc: leg.stream.ssrc,
                sequence: UInt16(truncatingIfNeeded: self.random.next()) >> 1,
                timestamp: UInt32(truncatingIfNeeded: self.random.next()),
                clockRate: rate
            )
        } else if before != peer {
            leg.reception.expectSwitch(now: now)
        }
        // What was held back is no loss: the peer's stream goes on where it stopped.
        if before?.sends == false, peer.sends { leg.stream.endSource() }
        leg.digitSender.update(format: peer.sends ? Self.digitFormat(of: peer) : nil, now: now)

        switch leg.path {
        case .app(let path):
            self.updateApp(leg, path, peer, now: now)
        case .phone:
            self.updatePhone(leg, peer, before: before, now: now)
        }
        leg.mapFormats()
        leg.partner?.mapFormats()
        self.schedule(leg)
    }

    private func watch(_ leg: RelayLeg, _ peer: MediaPeer, now: Instant) {
        guard leg.watch == nil else {
            leg.watch?.update(isExpected: peer.owesSound, now: now)
            return
        }
        self.beginWatch(of: leg, now: now)
        leg.quality = QualityMeter(now: now)
    }

    /// Counts a peer's silence from now on, in place of what was before.
    ///
    /// While it rings, a peer that is described already need not send: what it owes, it owes from the join on.
    func beginWatch(of leg: RelayLeg, now: Instant) {
        guard let peer = leg.peer, !leg.hasFailed else { return }
        let isApp =
            switch leg.path {
            case .app: true
            case .phone: false
            }
        leg.watch = MediaWatch(
            leg: leg.id,
            patience: self.configuration.silence,
            timeout: self.configuration.timeout,
            isAliveOnHold: isApp,
            isExpected: peer.owesSound,
            now: now
        )
    }

    /// The telephone-event beside the format that is sent first (RFC 4733 §2.1), else the first.
    private static func digitFormat(of peer: MediaPeer) -> DigitFormat? {
        let rate = peer.formats.first?.codec.clockRate
        return peer.digits.first { $0.clockRate == rate } ?? peer.digits.first
    }

    private func updateApp(_ leg: RelayLeg, _ path: AppPath, _ peer: MediaPeer, now: Instant) {
        if let credentials = peer.ice { path.agent.receivedPeer(credentials) }
        switch peer.protection {
        case .dtls(let role, let fingerprints):
            self.associate(leg, path, role, fingerprints, now: now)
        case .none, .sdes:
            // An app has nothing but DTLS-SRTP (RFC 8827 §6.5).
            self.fail(leg)
        }
    }

    private func updatePhone(_ leg: RelayLeg, _ peer: MediaPeer, before: MediaPeer?, now: Instant) {
        switch peer.protection {
        case .none:
            leg.srtp = nil
        case .sdes(let ours, let theirs):
            self.protect(leg, ours, theirs, before: before?.protection)
        case .dtls:
            // Toward phones the gateway offers none.
            self.fail(leg)
        }
        leg.latching.update(described: peer.address, isExpected: peer.receives, now: now)
        leg.destination = leg.latching.destination
        if !leg.isConnected, !leg.hasFailed {
            leg.isConnected = true
            self.events.append(.connected(leg.id))
        }
    }

    /// Takes the keys of SDES, if they are others than before.
    private func protect(_ leg: RelayLeg, _ ours: SDESKey, _ theirs: SDESKey, before: MediaPeer.Protection?) {
        if case .some(.sdes(let oursBefore, let theirsBefore)) = before, let srtp = leg.srtp,
            oursBefore.suite == ours.suite, oursBefore.bytes == ours.bytes
        {
            if theirsBefore.suite == theirs.suite, theirsBefore.bytes == theirs.bytes { return }
            if (try? srtp.replacePeer(SRTPKey(theirs))) != nil { return }
        }
        leg.srtp = try? SRTPSession(SRTPKeys(ours: ours, theirs: theirs))
        if leg.srtp == nil { self.fail(leg) }
    }

    /// The leg is of no use any more: nothing passes, and it waits for its end.
    func fail(_ leg: RelayLeg) {
        guard !leg.hasFailed else { return }
        leg.hasFailed = true
        leg.srtp = nil
        leg.watch = nil
        leg.quality = nil
        self.events.append(.failed(leg.id, .dtls))
    }
}

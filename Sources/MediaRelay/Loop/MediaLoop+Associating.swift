import MediaCore
import SIPCore

/// ICE and DTLS of the apps' legs.
extension MediaLoop {
    /// A datagram came to the apps' port.
    func receivedShared(
        _ bytes: UnsafeMutableRawBufferPointer,
        from source: MediaAddress,
        over socket: UDPSocket,
        now: Instant
    ) {
        let kind = DatagramKind(unsafe Swift.Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(bytes)))
        switch kind {
        case .stun:
            unsafe self.receivedCheck(bytes, from: source, over: socket, now: now)
        case .dtls, .rtp, .rtcp:
            guard let leg = self.directory.leg(at: source).flatMap({ self.legs[$0] }), !leg.hasFailed,
                case .app(let path) = leg.path
            else {
                self.counters.dropped.strangers &+= 1
                return
            }
            switch kind {
            case .dtls:
                unsafe self.receivedFlight(UnsafeRawBufferPointer(bytes), from: source, on: leg, path, now: now)
            case .rtp:
                unsafe self.receivedProtected(bytes, from: source, on: leg, now: now)
            case .rtcp:
                unsafe self.receivedProtectedControl(bytes, from: source, on: leg, now: now)
            case .stun, .other:
                break
            }
        case .other:
            self.counters.dropped.malformed &+= 1
        }
    }

    private func receivedCheck(
        _ bytes: UnsafeMutableRawBufferPointer,
        from source: MediaAddress,
        over socket: UDPSocket,
        now: Instant
    ) {
        let span = unsafe Swift.Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(bytes))
        guard let message = try? STUNMessage(span),
            let leg = self.directory.leg(for: message, in: span).flatMap({ self.legs[$0] }),
            case .app(let path) = leg.path
        else {
            self.counters.dropped.malformed &+= 1
            return
        }
        let action = path.agent.received(message, in: span, from: source, now: now, answer: &self.answer)
        if action.answers {
            unsafe self.answer.withUnsafeBytes { unsafe self.appQueue.append($0, to: source, from: socket) }
        }
        // Nothing but a proof binds an address.
        guard action.binds != nil else {
            self.counters.dropped.malformed &+= 1
            return
        }
        leg.watch?.receivedOther(now: now)
        // A flight may come before the nomination, and is to be answered from where it went to.
        if leg.destination == nil { path.socket = socket }
        self.follow(action, on: leg, path, over: socket, now: now)
    }

    private func follow(
        _ action: ICELiteAgent.Action,
        on leg: RelayLeg,
        _ path: AppPath,
        over socket: UDPSocket?,
        now: Instant
    ) {
        self.directory.apply(action, of: leg.slot)
        if action.isLost { leg.destination = nil }
        guard let selected = action.selects else { return }
        leg.destination = selected
        if let socket { path.socket = socket }
        if case .some((.client, _)) = path.agreed, let dtls = path.dtls {
            self.follow(dtls.start(now: now), on: leg, path)
        }
        self.connect(leg)
        self.schedule(leg)
    }

    // MARK: DTLS

    /// The description says who the peer is, and who begins.
    func associate(
        _ leg: RelayLeg,
        _ path: AppPath,
        _ role: DTLSRole,
        _ fingerprints: [DTLSFingerprint],
        now: Instant
    ) {
        if let dtls = path.dtls, let agreed = path.agreed {
            if agreed.role == role, agreed.fingerprints == fingerprints { return }
            // Another list or role, but still the certificate that was shown: the association stays.
            if dtls.matches(fingerprints) == true {
                path.agreed = (agreed.role, fingerprints)
                self.follow(dtls.verify(fingerprints), on: leg, path)
                return
            }
        } else if let dtls = path.dtls, role == .server {
            // The peer's first flight was quicker than its description.
            path.agreed = (role, fingerprints)
            self.follow(dtls.verify(fingerprints), on: leg, path)
            return
        }
        leg.srtp = nil
        leg.isConnected = false
        path.agreed = (role, fingerprints)
        path.dtls = try? DTLSSession(self.certificate, role: role, fingerprints: fingerprints)
        guard let dtls = path.dtls else {
            self.fail(leg)
            return
        }
        if role == .client, leg.destination != nil { self.follow(dtls.start(now: now), on: leg, path) }
    }

    private func receivedFlight(
        _ bytes: UnsafeRawBufferPointer,
        from source: MediaAddress,
        on leg: RelayLeg,
        _ path: AppPath,
        now: Instant
    ) {
        path.dtlsSource = source
        if path.dtls == nil, unsafe DTLSSession.isClientHello(bytes) {
            path.dtls = try? DTLSSession(self.certificate, role: .server)
        }
        guard let dtls = path.dtls else { return }
        self.follow(unsafe dtls.receive(bytes, now: now), on: leg, path)
        self.schedule(leg)
    }

    func follow(_ action: DTLSAction, on leg: RelayLeg, _ path: AppPath) {
        self.send(action.datagrams, of: leg, path)
        switch action.event {
        case .connected(let keys):
            leg.srtp = try? SRTPSession(keys)
            if leg.srtp == nil {
                self.fail(leg)
            } else {
                self.connect(leg)
            }
        case .failed:
            self.fail(leg)
        case .closed:
            // The peer has gone in good order; signalling tells what that means, or the watch does.
            leg.srtp = nil
        case nil:
            break
        }
    }

    func send(_ datagrams: [[UInt8]], of leg: RelayLeg, _ path: AppPath) {
        guard let address = leg.destination ?? path.dtlsSource else { return }
        for datagram in datagrams {
            unsafe datagram.withUnsafeBytes { unsafe self.appQueue.append($0, to: address, from: path.socket) }
        }
    }

    /// Tells that packets can be sent, once ICE and DTLS have both come to their end.
    private func connect(_ leg: RelayLeg) {
        guard !leg.isConnected, leg.srtp != nil, leg.destination != nil else { return }
        leg.isConnected = true
        self.events.append(.connected(leg.id))
    }

    // MARK: Time

    func runAssociationDeadlines(of leg: RelayLeg, _ path: AppPath, now: Instant) {
        if let deadline = path.agent.deadline, deadline <= now {
            self.follow(path.agent.timeoutReached(now: now), on: leg, path, over: nil, now: now)
        }
        if let dtls = path.dtls, let deadline = dtls.deadline, deadline <= now {
            self.follow(dtls.timeoutReached(now: now), on: leg, path)
        }
    }
}

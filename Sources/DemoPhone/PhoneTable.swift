internal import MediaCore
internal import NIOCore
internal import NIOPosix
internal import SIPCore
internal import SIPTransport

/// The calls of the phone, its user agent, and what drives both.
///
/// Not `Sendable`, no locks: it lives on the phone's event loop, as do its sockets.
final class PhoneTable {
    private let configuration: DemoPhone.Configuration
    private let eventLoop: any EventLoop
    private let transport: SIPTransport
    private let userAgent: SIPUserAgent
    private var random = SystemRandomNumberGenerator()
    private var calls: [SessionID: PhoneCall] = [:]
    private var armed: (deadline: Instant, wake: Scheduled<Void>)?
    private var isClosed = false
    private var isSettling = false

    /// - Parameters:
    ///   - configuration: The phone's.
    ///   - listeners: What the transport has bound.
    ///   - eventLoop: The one that we are on.
    ///   - transport: Runs on that loop alone.
    init(
        _ configuration: DemoPhone.Configuration,
        listeners: [SIPListener],
        eventLoop: any EventLoop,
        transport: SIPTransport
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.transport = transport
        self.userAgent = SIPUserAgent(
            configuration: SIPUserAgent.Configuration(
                listeners: listeners,
                product: "Switchhook-Demo-Phone",
                timers: configuration.timers,
                limits: SIPUserAgent.Limits(transactions: configuration.calls * 8, sessions: configuration.calls)
            ),
            tokens: TokenSource(SystemRandomNumberGenerator())
        )
    }

    /// The calls that ring or talk.
    var count: Int { self.calls.count }

    // MARK: In

    func receive(_ inbound: [SIPInbound]) {
        for one in inbound {
            self.userAgent.receive(one, now: .now)
            self.settle()
        }
    }

    /// Ends every call, and takes no more.
    func close() {
        self.isClosed = true
        for id in Array(self.calls.keys) { self.end(id, status: 480) }
        self.settle()
        self.armed?.wake.cancel()
    }

    /// Carries out what the user agent decides, until nothing follows from it.
    ///
    /// What happens meanwhile, as when a socket is open at once, is carried out by the turn that runs.
    private func settle() {
        guard !self.isSettling else { return }
        self.isSettling = true
        defer { self.isSettling = false }
        var outbound: [SIPOutbound] = []
        while let action = self.userAgent.popAction() {
            switch action {
            case .send(let message): outbound.append(message)
            case .invited(let id, let invite): self.invited(id, invite)
            case .session(let id, let event): self.happened(event, to: id)
            case .message(let id, _): self.userAgent.answerMessage(id, status: 480, now: .now)
            case .messageAnswered, .bindings, .registration, .probed, .locate: break
            }
        }
        if !outbound.isEmpty { self.transport.send(outbound) }
        self.arm()
    }

    private func arm() {
        guard let deadline = self.userAgent.nextDeadline, !self.isClosed else { return }
        if let armed = self.armed {
            guard deadline < armed.deadline else { return }
            armed.wake.cancel()
        }
        let at = NIODeadline.uptimeNanoseconds(deadline.nanoseconds)
        let wake = self.eventLoop.assumeIsolated().scheduleTask(deadline: at) { [weak self] in
            guard let self else { return }
            self.armed = nil
            self.userAgent.timeoutReached(now: .now)
            self.settle()
        }
        self.armed = (deadline, wake)
    }

    // MARK: Calls

    private func invited(_ id: SessionID, _ invite: IncomingInvite) {
        guard !self.isClosed else { return self.end(id, status: 480) }
        guard let number = invite.request.uri.unescapedUser.flatMap({ DemoNumber(rawValue: $0) }) else {
            return self.end(id, status: 404)
        }
        switch number {
        case .busy:
            self.end(id, status: 486)
        case .unanswered:
            self.enter(PhoneCall(number, .ringing), as: id, within: self.configuration.ringTime)
            self.userAgent.ring(id, status: 180, sdp: nil, now: .now)
        case .echo, .tone:
            var offer: SessionDescription?
            if let sdp = invite.sdp {
                offer = try? SessionDescription(sdp)
                // Before a socket is opened for it; the answer itself needs that socket's port.
                guard let offer, AgreedAudio(offer, number.choice, isIPv6: self.isIPv6) != nil else {
                    return self.end(id, status: 488, warning: Self.noAudio)
                }
            }
            self.enter(PhoneCall(number, .opening(offer: offer)), as: id, within: self.configuration.callTime)
            self.openSocket(for: id)
        }
    }

    private static let noAudio = "No audio that this number can answer"

    private var isIPv6: Bool { self.configuration.host.utf8.contains(UInt8(ascii: ":")) }

    private func enter(_ call: PhoneCall, as id: SessionID, within time: Span) {
        self.calls[id] = call
        let amount = TimeAmount.nanoseconds(Int64(clamping: time.nanoseconds))
        call.limit = self.eventLoop.assumeIsolated().scheduleTask(in: amount) { [weak self] in
            self?.end(id, status: 480)
            self?.settle()
        }
    }

    private func openSocket(for id: SessionID) {
        DatagramBootstrap(group: self.eventLoop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2_048))
            .bind(host: self.configuration.host, port: 0)
            .assumeIsolated()
            .whenComplete { [weak self] result in
                switch result {
                case .success(let channel):
                    guard let self else { return channel.close(promise: nil) }
                    self.opened(channel, for: id)
                case .failure:
                    self?.end(id, status: 500)
                }
                self?.settle()
            }
    }

    private func opened(_ channel: any Channel, for id: SessionID) {
        guard let call = self.calls[id], case .opening(let offer) = call.stage,
            let port = channel.localAddress?.port.flatMap({ UInt16(exactly: $0) }),
            let address = MediaAddress(self.configuration.host, port: port)
        else {
            // The caller has hung up meanwhile.
            channel.close(promise: nil)
            return self.end(id, status: 500)
        }
        let socket = RTPSocket(channel, at: address, sound: self.sound(of: call.number)) { [weak self] in
            self?.end(id, status: 500)
            self?.settle()
        }
        var negotiation = CallNegotiation(
            call.number.choice,
            at: address,
            sessionID: .random(in: 1..<(1 << 62), using: &self.random)
        )
        let sdp = offer.map { negotiation.answer(to: $0) } ?? negotiation.offer()
        guard let sdp, (try? channel.pipeline.syncOperations.addHandler(socket)) != nil else {
            channel.close(promise: nil)
            return self.end(id, status: 488, warning: Self.noAudio)
        }
        self.talk(call, socket, negotiation)
        self.userAgent.accept(id, sdp: sdp, now: .now)
    }

    private func sound(of number: DemoNumber) -> RTPSocket.Sound {
        let origin = RTPOrigin(using: &self.random)
        switch number {
        case .tone: return .tone(RTPTone(origin))
        case .echo, .busy, .unanswered: return .echo(RTPEcho(origin))
        }
    }

    /// Goes by what is agreed now.
    private func talk(_ call: PhoneCall, _ socket: RTPSocket, _ negotiation: CallNegotiation) {
        call.stage = .talking(socket, negotiation)
        if let agreed = negotiation.agreed { socket.agree(on: agreed) }
    }

    private func happened(_ event: SessionEvent, to id: SessionID) {
        switch event {
        case .cancelled, .ended: self.forget(id)
        case .acknowledged(let sdp): self.acknowledged(id, sdp)
        case .reinvited(let sdp): self.reinvited(id, sdp)
        case .updated(let sdp): self.reinvited(id, sdp)
        case .referred: self.userAgent.rejectRefer(id, status: 603, now: .now)
        // Digits mean nothing to these numbers; the others are of sessions that we would open, and of our own re-INVITEs.
        case .digit, .provisional, .offered, .answered, .refused, .reinviteAnswered, .reinviteRefused: break
        // What no order of ours asks for, and a peer whose media moved: RTP goes where it comes from.
        case .provisionalAcknowledged, .updateAnswered, .updateRefused, .redescribed, .referral: break
        }
    }

    /// The ACK came, with the answer where the offer was ours.
    private func acknowledged(_ id: SessionID, _ sdp: [UInt8]?) {
        guard let call = self.calls[id], case .talking(let socket, var negotiation) = call.stage,
            negotiation.awaitsAnswer
        else { return }
        guard let answer = sdp.flatMap({ try? SessionDescription($0) }), negotiation.received(answer: answer) else {
            return self.end(id, status: 488)
        }
        self.talk(call, socket, negotiation)
    }

    private func reinvited(_ id: SessionID, _ sdp: [UInt8]?) {
        guard let call = self.calls[id], case .talking(let socket, var negotiation) = call.stage else { return }
        guard let sdp else {
            let offer = negotiation.offer()
            self.talk(call, socket, negotiation)
            return self.userAgent.acceptReinvite(id, sdp: offer, now: .now)
        }
        guard let offer = try? SessionDescription(sdp), let answer = negotiation.answer(to: offer) else {
            return self.userAgent.rejectReinvite(id, status: 488, warning: Self.noAudio, now: .now)
        }
        self.talk(call, socket, negotiation)
        self.userAgent.acceptReinvite(id, sdp: answer, now: .now)
    }

    /// Ends a call by our decision; nothing where it is over.
    private func end(_ id: SessionID, status: UInt16, warning: String? = nil) {
        self.userAgent.end(id, SessionEnding(status: status, warning: warning), now: .now)
        self.forget(id)
    }

    private func forget(_ id: SessionID) {
        self.calls.removeValue(forKey: id)?.close()
    }
}

extension Instant {
    /// The loop's clock.
    fileprivate static var now: Instant { Instant(nanoseconds: NIODeadline.now().uptimeNanoseconds) }
}

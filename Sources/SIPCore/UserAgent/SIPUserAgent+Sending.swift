extension SIPUserAgent {
    /// Above this many bytes a request does not go by UDP (RFC 3261 §18.1.1).
    private static let largestDatagram = 1300

    /// How a request leaves: where to, and where to instead if it should not get there.
    struct Passage {
        var hop: Dialog.Hop
        var fallback: Dialog.Hop?
    }

    /// Our first socket of that transport and of the address family of `host`; for a host name of any family.
    func listener(_ transport: SIPTransportKind, toward host: String) -> SIPListener? {
        let isName = !host.isIPv4Literal && !host.isIPv6Literal
        let isIPv6 = SIPAddress(host: host, port: 0).isIPv6
        return self.configuration.listeners.first {
            $0.transport == transport && (isName || $0.address.isIPv6 == isIPv6)
        }
    }

    /// Our socket for a hop: that by which a phone reached us, where its datagrams come back to no other.
    func listener(for hop: Dialog.Hop) -> SIPListener? {
        let listeners = self.configuration.listeners
        if hop.isSource, let index = (hop.preferring?.listener).map({ Int($0) }), listeners.indices.contains(index),
            listeners[index].transport == hop.target.transport
        {
            return listeners[index]
        }
        return self.listener(hop.target.transport, toward: hop.target.host)
    }

    func via(_ listener: SIPListener, branch: String) -> Via {
        Via(
            transport: listener.transport,
            host: listener.address.host,
            port: listener.address.port,
            branch: branch,
            rport: .requested
        )
    }

    /// Our Contact toward a peer on that transport; nil where we have no such socket.
    func contact(_ transport: SIPTransportKind, toward host: String, user: String?, isSecure: Bool) -> Contact? {
        guard let listener = self.listener(transport, toward: host) else { return nil }
        return .address(self.contactAddress(listener, user: user, isSecure: isSecure))
    }

    /// Our Contact in a request to that hop; nil where we have no such socket.
    func contact(for hop: Dialog.Hop, user: String?, isSecure: Bool) -> Contact? {
        self.listener(for: hop).map { .address(self.contactAddress($0, user: user, isSecure: isSecure)) }
    }

    func contactAddress(_ listener: SIPListener, user: String?, isSecure: Bool) -> NameAddress {
        var uri = SIPURI(
            scheme: isSecure ? .sips : .sip,
            user: user,
            host: listener.address.host,
            port: listener.address.port
        )
        switch listener.transport {
        case .udp: break
        case .tcp: uri.parameters = SIPParameters([.init("transport", "tcp")])
        case .tls: if !isSecure { uri.parameters = SIPParameters([.init("transport", "tls")]) }
        case .other(let name): uri.parameters = SIPParameters([.init("transport", name)])
        }
        return NameAddress(uri: uri)
    }

    /// Puts our Via on a request and finds its way: a large one toward a UDP target tries TCP first, unless that was
    /// refused there lately.
    ///
    /// - Returns: nil where we have no socket for the target.
    func address(_ request: inout SIPRequest, to hop: Dialog.Hop, branch: String, now: Instant) -> Passage? {
        guard let listener = self.listener(for: hop) else { return nil }
        request.headers.via = ShortList(self.via(listener, branch: branch))
        // Behind a NAT there is nobody to take a connection.
        guard hop.target.transport == .udp, !hop.isSource, request.writtenSizeBound > Self.largestDatagram,
            let stream = self.listener(.tcp, toward: hop.target.host)
        else { return Passage(hop: hop) }
        var target = hop.target
        target.transport = .tcp
        guard !self.streamRefusals.holds(target, now: now) else { return Passage(hop: hop) }
        request.headers.via = ShortList(self.via(stream, branch: branch))
        return Passage(hop: Dialog.Hop(target: target), fallback: hop)
    }

    /// A branch that no INVITE of ours has.
    func freshBranch() -> String {
        var branch = self.tokens.branch()
        // A source of randomness that is worth the name needs no second attempt; another must not hang us.
        for _ in 0..<4 where self.outgoingInvites[branch] != nil { branch = self.tokens.branch() }
        return branch
    }

    // MARK: INVITE

    /// Opens the client transaction of an INVITE and sends it; nil where we have no socket for the target.
    func send(
        invite request: consuming SIPRequest,
        to hop: Dialog.Hop,
        session: Session,
        isReinvite: Bool,
        now: Instant
    ) -> OutgoingInvite? {
        let branch = self.freshBranch()
        guard let passage = self.address(&request, to: hop, branch: branch, now: now) else { return nil }
        let machine = InviteClientTransaction(
            timers: self.configuration.timers,
            isReliable: passage.hop.target.transport.isReliable,
            now: now
        )
        let invite = OutgoingInvite(
            branch: branch,
            request: request,
            hop: passage.hop,
            fallback: passage.fallback,
            machine: machine,
            session: session,
            digest: session.digest,
            isReinvite: isReinvite
        )
        self.outgoingInvites[branch] = invite
        self.emit(invite)
        self.settle(invite)
        return invite
    }

    func emit(_ invite: OutgoingInvite) {
        self.emit(
            SIPOutbound(
                message: .request(invite.request),
                destination: .target(invite.hop.target, preferring: invite.hop.preferring),
                transaction: ClientTransactionKey(branch: invite.branch, method: .invite)
            )
        )
    }

    /// Waits for the transaction's next deadline, or lets go of it where it has terminated.
    func settle(_ invite: OutgoingInvite) {
        switch invite.machine.state {
        case .calling, .proceeding, .completed, .accepted:
            self.deadlines.set(invite, invite.deadline)
        case .terminated:
            self.remove(invite)
        }
    }

    func remove(_ invite: OutgoingInvite) {
        self.deadlines.set(invite, nil)
        if self.outgoingInvites[invite.branch] === invite { self.outgoingInvites[invite.branch] = nil }
        for ack in invite.acks {
            if let branch = ack.message.transaction?.branch { self.largeAcks[branch] = nil }
        }
        // Where an ACK is still owed the session keeps the INVITE, and not the other way round.
        invite.session = nil
    }

    func timeoutReached(_ invite: OutgoingInvite, now: Instant) {
        if let giveUpAt = invite.giveUpAt, giveUpAt <= now {
            switch invite.machine.state {
            case .calling, .proceeding:
                self.remove(invite)
                return
            case .completed, .accepted, .terminated:
                invite.giveUpAt = nil
            }
        }
        switch invite.machine.timeoutReached(now: now) {
        case .sendRequest: self.emit(invite)
        case .reportTimeout:
            let session = invite.session
            self.remove(invite)
            if let session { self.inviteFailed(session, invite, .noResponse, now: now) }
            return
        case .none, .deliver, .acknowledgeAndDeliver, .acknowledge, .reportFailure: break
        }
        self.settle(invite)
    }

    // MARK: BYE, CANCEL and INFO

    /// Opens the client transaction of a request other than INVITE and sends it.
    ///
    /// - Returns: false where we have no socket for the target.
    func send(
        _ request: consuming SIPRequest,
        to hop: Dialog.Hop,
        purpose: OutgoingRequest.Purpose,
        now: Instant
    ) -> Bool {
        let branch = self.freshBranch()
        guard let passage = self.address(&request, to: hop, branch: branch, now: now) else { return false }
        self.open(request, by: passage, branch: branch, purpose: purpose, now: now)
        return true
    }

    func open(
        _ request: SIPRequest,
        by passage: Passage,
        branch: String,
        purpose: OutgoingRequest.Purpose,
        now: Instant
    ) {
        let machine = NonInviteClientTransaction(
            timers: self.configuration.timers,
            isReliable: passage.hop.target.transport.isReliable,
            now: now
        )
        let outgoing = OutgoingRequest(
            key: ClientTransactionKey(branch: branch, method: request.method),
            request: request,
            hop: passage.hop,
            fallback: passage.fallback,
            machine: machine,
            purpose: purpose
        )
        self.outgoingRequests[outgoing.key] = outgoing
        self.emit(outgoing)
        self.settle(outgoing)
    }

    func emit(_ outgoing: OutgoingRequest) {
        self.emit(
            SIPOutbound(
                message: .request(outgoing.request),
                destination: .target(outgoing.hop.target, preferring: outgoing.hop.preferring),
                transaction: outgoing.key
            )
        )
    }

    func settle(_ outgoing: OutgoingRequest) {
        switch outgoing.machine.state {
        case .trying, .proceeding, .completed:
            self.deadlines.set(outgoing, outgoing.machine.deadline)
        case .terminated:
            self.deadlines.set(outgoing, nil)
            self.outgoingRequests[outgoing.key] = nil
        }
    }

    func timeoutReached(_ outgoing: OutgoingRequest, now: Instant) {
        switch outgoing.machine.timeoutReached(now: now) {
        case .sendRequest: self.emit(outgoing)
        case .reportTimeout: self.unanswered(outgoing, isTimeout: true, now: now)
        case .none, .deliver, .reportFailure: break
        }
        self.settle(outgoing)
    }

    // MARK: Failures

    /// A request could not be sent: one that went to TCP only because of its size now goes by UDP.
    func failed(_ key: ClientTransactionKey, _ failure: SIPTransportFailure, now: Instant) {
        switch key.method {
        case .invite:
            if let invite = self.outgoingInvites[key.branch] { self.failed(invite, failure, now: now) }
        case .ack:
            if let invite = self.largeAcks.removeValue(forKey: key.branch) {
                self.fallBack(invite, ack: key.branch, failure, now: now)
            }
        case .bye, .cancel, .options, .register, .info, .update, .prack, .message, .refer, .notify, .other:
            if let outgoing = self.outgoingRequests[key] { self.failed(outgoing, failure, now: now) }
        }
    }

    private func failed(_ invite: OutgoingInvite, _ failure: SIPTransportFailure, now: Instant) {
        switch invite.machine.state {
        case .calling: break
        case .proceeding, .completed, .accepted, .terminated: return
        }
        if let hop = invite.fallback, let listener = self.listener(.udp, toward: hop.target.host) {
            self.noteRefusal(by: invite.hop.target, failure, now: now)
            invite.fallback = nil
            invite.hop = hop
            invite.request.headers.via = [self.via(listener, branch: invite.branch)]
            invite.machine = InviteClientTransaction(timers: self.configuration.timers, isReliable: false, now: now)
            self.emit(invite)
            self.settle(invite)
            return
        }
        guard invite.machine.transportFailed() == .reportFailure else { return }
        let session = invite.session
        self.settle(invite)
        if let session { self.inviteFailed(session, invite, .transport(failure), now: now) }
    }

    private func failed(_ outgoing: OutgoingRequest, _ failure: SIPTransportFailure, now: Instant) {
        switch outgoing.machine.state {
        case .trying: break
        case .proceeding, .completed, .terminated: return
        }
        if let hop = outgoing.fallback, let listener = self.listener(.udp, toward: hop.target.host) {
            self.noteRefusal(by: outgoing.hop.target, failure, now: now)
            outgoing.fallback = nil
            outgoing.hop = hop
            outgoing.request.headers.via = [self.via(listener, branch: outgoing.key.branch)]
            outgoing.machine = NonInviteClientTransaction(
                timers: self.configuration.timers,
                isReliable: false,
                now: now
            )
            self.emit(outgoing)
            self.settle(outgoing)
            return
        }
        if outgoing.machine.transportFailed() == .reportFailure {
            self.unanswered(outgoing, isTimeout: false, now: now)
        }
        self.settle(outgoing)
    }

    private func fallBack(_ invite: OutgoingInvite, ack branch: String, _ failure: SIPTransportFailure, now: Instant) {
        guard let index = invite.acks.firstIndex(where: { $0.message.transaction?.branch == branch }),
            let hop = invite.acks[index].fallback, let listener = self.listener(.udp, toward: hop.target.host),
            case .request(var request) = invite.acks[index].message.message
        else { return }
        if case .target(let target, _) = invite.acks[index].message.destination {
            self.noteRefusal(by: target, failure, now: now)
        }
        request.headers.via = [self.via(listener, branch: branch)]
        let message = SIPOutbound(
            message: .request(request),
            destination: .target(hop.target, preferring: hop.preferring),
            transaction: nil
        )
        invite.acks[index].message = message
        invite.acks[index].fallback = nil
        self.emit(message)
    }

    /// A request that went to TCP only because of its size did not get there: the next one shall not try.
    private func noteRefusal(by target: SIPTarget, _ failure: SIPTransportFailure, now: Instant) {
        switch failure {
        case .refused: self.streamRefusals.note(target, now: now)
        case .unresolved, .unsupported: break
        }
    }
}

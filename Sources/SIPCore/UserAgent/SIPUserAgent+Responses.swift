extension SIPUserAgent {
    /// A response came: it belongs to a client transaction of ours, or to nobody.
    func received(_ response: SIPResponse, by flow: SIPFlow, now: Instant) {
        // A response with more than our own Via is not for us (RFC 3261 §8.1.3.3).
        guard let via = response.headers.via.first, response.headers.via.count == 1, response.status >= 100,
            response.status < 700
        else { return }
        let cSeq = response.headers.cSeq
        if cSeq.method == .invite {
            guard let invite = self.outgoingInvites[via.branch],
                invite.request.headers.cSeq.number == cSeq.number
            else { return }
            self.received(response, to: invite, by: flow, now: now)
        } else {
            let key = ClientTransactionKey(branch: via.branch, method: cSeq.method)
            guard let outgoing = self.outgoingRequests[key], outgoing.request.headers.cSeq.number == cSeq.number
            else { return }
            self.received(response, to: outgoing, by: flow, now: now)
        }
    }

    private func received(_ response: SIPResponse, to invite: OutgoingInvite, by flow: SIPFlow, now: Instant) {
        let action = invite.machine.receivedResponse(status: response.status, now: now)
        switch action {
        case .deliver:
            self.settle(invite)
            if response.status < 200 {
                self.receivedProvisional(response, to: invite, by: flow, now: now)
            } else {
                self.receivedSuccess(response, to: invite, by: flow, now: now)
            }
        case .acknowledgeAndDeliver:
            self.acknowledgeRefusal(response, of: invite)
            let session = invite.session
            invite.session = nil
            self.settle(invite)
            if let session { self.refused(session, invite, response, now: now) }
        case .acknowledge:
            self.acknowledgeRefusal(response, of: invite)
        case .none, .sendRequest, .reportTimeout, .reportFailure:
            break
        }
    }

    /// The ACK of a 300 to 699, which belongs to the transaction (RFC 3261 §17.1.1.3).
    private func acknowledgeRefusal(_ response: SIPResponse, of invite: OutgoingInvite) {
        let request = invite.request
        let headers = SIPHeaders(
            via: request.headers.via,
            from: request.headers.from,
            to: response.headers.to,
            callID: request.headers.callID,
            cSeq: CSeq(request.headers.cSeq.number, .ack),
            maxForwards: 70,
            route: request.headers.route
        )
        self.emit(
            SIPOutbound(
                message: .request(SIPRequest(method: .ack, uri: request.uri, headers: headers)),
                destination: .target(invite.hop.target, preferring: invite.hop.preferring),
                transaction: nil
            )
        )
    }

    /// A 2xx to an INVITE of ours: the first, a repetition, or another fork's.
    private func receivedSuccess(
        _ response: SIPResponse,
        to invite: OutgoingInvite,
        by flow: SIPFlow,
        now: Instant
    ) {
        let tag = response.headers.to.tag ?? ""
        if let ack = invite.acks.first(where: { $0.tag == tag }) {
            self.emit(ack.message)
            return
        }
        if let session = invite.session {
            if case .inviting = session.stage {
                self.answered(session, invite, response, by: flow, now: now)
                return
            }
            if case .reinviting(let current, let reinvite, _) = session.operation, current === invite {
                self.reinviteAnswered(session, invite, reinvite, response, by: flow, now: now)
                return
            }
            // Its ACK is owed by the call side, and goes out when that gives it.
            if invite.isReinvite || session.dialog?.remoteTag == tag { return }
        }
        guard invite.acks.count < self.configuration.limits.forks else { return }
        if var dialog = invite.endedDialog {
            dialog.refreshTarget(response.headers.contact)
            self.acknowledge(invite, in: dialog, tag: tag, sdp: nil, now: now)
            return
        }
        // Nobody wants this answer (§13.2.2.4): it is ACKed, and then ended.
        let dialog = self.confirmedDialog(of: invite, response, flow: flow)
        self.acknowledge(invite, in: dialog, tag: tag, sdp: nil, now: now)
        _ = self.sendBye(Farewell(dialog: dialog, reason: nil, digest: invite.digest), now: now)
    }

    /// The dialog of a 2xx: it goes on with the numbers of the early dialog of its fork.
    func confirmedDialog(of invite: OutgoingInvite, _ response: SIPResponse, flow: SIPFlow) -> Dialog {
        var dialog = invite.dialog(response, by: flow)
        if let early = invite.early.first(where: { $0.tag == dialog.remoteTag })?.dialog { dialog.resume(early) }
        return dialog
    }

    private func received(
        _ response: SIPResponse,
        to outgoing: OutgoingRequest,
        by flow: SIPFlow,
        now: Instant
    ) {
        let action = outgoing.machine.receivedResponse(status: response.status, now: now)
        self.settle(outgoing)
        guard action == .deliver else { return }
        if case .register(let registration, let attempt) = outgoing.purpose {
            self.registerAnswered(registration, attempt, response, by: flow, now: now)
            return
        }
        guard response.status >= 200 else { return }
        switch outgoing.purpose {
        case .cancel, .register:
            break
        case .probe(let probe):
            self.probeAnswered(probe, outgoing, response.status, now: now)
        case .info(let session):
            self.digitAnswered(session, response, now: now)
        case .message(let message):
            self.messageAnswered(message, response, now: now)
        case .refer(let session):
            self.referAnswered(session, response, now: now)
        case .notify(let session):
            self.notifyAnswered(session, response, now: now)
        case .update(let session, let tag):
            self.updateAnswered(session, tag: tag, response, now: now)
        case .prack(let session, let tag):
            self.prackAnswered(session, tag: tag, outgoing, response, now: now)
        case .bye(var farewell):
            if response.isChallenge, farewell.digest?.receivedChallenge(response) == true,
                self.sendBye(farewell, now: now)
            {
                return
            }
            self.farewellEnded(farewell, now: now)
        }
    }

    /// A request of ours got no response, or could not be sent.
    func unanswered(_ outgoing: OutgoingRequest, isTimeout: Bool, now: Instant) {
        switch outgoing.purpose {
        case .cancel, .prack: break
        case .message(let message): self.messageLost(message, isTimeout: isTimeout)
        case .refer(let session): self.referLost(session, now: now)
        case .notify(let session): self.notifyLost(session, now: now)
        case .probe(let probe): self.probeLost(probe, outgoing, now: now)
        case .update(let session, let tag): self.updateLost(session, tag: tag, isTimeout: isTimeout, now: now)
        case .info(let session): self.digitLost(session, isTimeout: isTimeout, now: now)
        case .bye(let farewell): self.farewellEnded(farewell, now: now)
        case .register(let registration, let attempt):
            self.registerLost(registration, attempt, isTimeout: isTimeout, now: now)
        }
    }
}
